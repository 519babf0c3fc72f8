"""Writing incidents and how long they lasted for whom. The caller writes in its unit of work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from flask_babel import gettext as _

from helpdesk.database import db
from helpdesk.errors import Invalid
from helpdesk.escalations.outages.claiming import date_claim
from helpdesk.escalations.outages.models import IncidentDowntime, VendorIncident
from helpdesk.web.moments import moment
from workflows.vocabulary import Service

OLDEST = timedelta(days=366)
"""An outage that is written down later gives no credit any more: the vendor takes claims for two months at most,
and a year leaves room for contracts that bear more. An older date is a slip of the keyboard."""

AROUND = timedelta(days=1)
"""A customer may have felt an outage so long before the vendor saw it, and after; beyond that it is another one."""


@dataclass(frozen=True, slots=True)
class IncidentDraft:
    """An incident as its form says it. Moments are aware; ``ended_at`` is None while it goes on."""

    number: str
    service: Service
    title: str
    started_at: datetime | None
    ended_at: datetime | None = None


def save_incident(
    row: VendorIncident | None, draft: IncidentDraft, user_id: int | None, now: datetime
) -> VendorIncident:
    """Write an incident, a new one where ``row`` is None. Raises Invalid at the field that is wrong."""
    started_at, number = _checked(draft, row.created_at if row is not None else now, now), draft.number.strip().upper()
    with db.session.no_autoflush:
        taken = db.session.scalar(sa.select(VendorIncident.id).where(VendorIncident.number == number))
    if taken is not None and (row is None or taken != row.id):
        raise Invalid(_("This incident is known already."), "number")
    if row is None:
        row = VendorIncident(created_at=now, created_by_id=user_id)
        db.session.add(row)
    row.number, row.service, row.title = number, draft.service, draft.title
    row.started_at, row.ended_at = started_at, draft.ended_at
    date_claim(row, now)
    db.session.flush()
    return row


def _checked(draft: IncidentDraft, written_at: datetime, now: datetime) -> datetime:
    """When it began. Raises Invalid where the moments can't be."""
    if draft.started_at is None:
        raise Invalid(_("Write a date and a time."), "started")
    if draft.started_at > now:
        raise Invalid(_("This lies ahead."), "started")
    if draft.started_at < written_at - OLDEST:
        raise Invalid(_("This is more than a year ago."), "started")
    if draft.ended_at is not None and draft.ended_at < draft.started_at:
        raise Invalid(_("It can’t end before it began."), "ended")
    if draft.ended_at is not None and draft.ended_at > now:
        raise Invalid(_("This lies ahead. Leave it empty until it is over."), "ended")
    return draft.started_at


def write_downtime(
    incident_id: int,
    customer_id: int,
    began_at: datetime | None,
    ended_at: datetime | None,
    reason: str,
    user_id: int,
    now: datetime,
) -> None:
    """Say how long the customer was without the service; None for what the desk counts by itself.

    Raises Invalid at ``began``, ``ended`` or ``reason``.
    """
    incident = db.session.get_one(VendorIncident, incident_id)
    for at, field in ((began_at, "began"), (ended_at, "ended")):
        if at is not None and at > now:
            raise Invalid(_("This lies ahead."), field)
        if at is not None:
            _demand_around(incident, at, field)
    if began_at is not None and ended_at is not None and ended_at < began_at:
        raise Invalid(_("It can’t end before it began."), "ended")
    if not reason.strip():
        raise Invalid(_("Say why; the reason is kept."), "reason")
    row = IncidentDowntime(incident_id=incident_id, customer_id=customer_id, at=now, user_id=user_id)
    row.began_at, row.ended_at, row.reason = began_at, ended_at, reason.strip()[:300]
    db.session.add(row)


def _demand_around(incident: VendorIncident, at: datetime, field: str) -> None:
    """A claim that counts from years before the outage would be the desk's shame: refuse what can't be of it."""
    if at < incident.started_at - AROUND:
        began = moment(incident.started_at)
        raise Invalid(_("This is more than a day before the outage, which began %(moment)s.", moment=began), field)
    if incident.ended_at is not None and at > incident.ended_at + AROUND:
        ended = moment(incident.ended_at)
        raise Invalid(_("This is more than a day after the outage, which ended %(moment)s.", moment=ended), field)
