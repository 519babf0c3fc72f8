"""Writing incidents and how long they lasted for whom. The caller writes in its unit of work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext as _

from helpdesk.database import db
from helpdesk.errors import Invalid
from helpdesk.escalations.outages.claiming import date_claim
from helpdesk.escalations.outages.models import IncidentDowntime, VendorIncident
from workflows.vocabulary import Service


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
    started_at, number = _checked(draft, now), draft.number.strip().upper()
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


def _checked(draft: IncidentDraft, now: datetime) -> datetime:
    """When it began. Raises Invalid where the moments can't be."""
    if draft.started_at is None:
        raise Invalid(_("Write a date and a time."), "started")
    if draft.started_at > now:
        raise Invalid(_("This lies ahead."), "started")
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
    for moment, field in ((began_at, "began"), (ended_at, "ended")):
        if moment is not None and moment > now:
            raise Invalid(_("This lies ahead."), field)
    if began_at is not None and ended_at is not None and ended_at < began_at:
        raise Invalid(_("It can’t end before it began."), "ended")
    if not reason.strip():
        raise Invalid(_("Say why; the reason is kept."), "reason")
    row = IncidentDowntime(incident_id=incident_id, customer_id=customer_id, at=now, user_id=user_id)
    row.began_at, row.ended_at, row.reason = began_at, ended_at, reason.strip()[:300]
    db.session.add(row)
