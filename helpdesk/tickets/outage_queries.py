"""What is known of vendor incidents: lists, the tickets they caused, and what their customers were told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any, NamedTuple

import sqlalchemy as sa
from flask_babel import gettext as _

from helpdesk.database import db
from helpdesk.errors import NotFound
from helpdesk.escalations.outages.models import IncidentTelling, IncidentTicket, IncidentUpdate, VendorIncident
from helpdesk.tickets.models import IS_OPEN, Ticket
from workflows.vocabulary import ENDED_STATES, Kind

PAGE = 50
CHOICES = 20
COUNT_TO = 1000
"""Tickets of an incident are counted up to here in lists."""

PUT_OFF = timedelta(minutes=1)
LONGEST_PUT_OFF = timedelta(hours=1)

FITS_BEFORE = timedelta(hours=24)
"""A ticket may come so long before the vendor's own beginning and still speak of its incident ..."""

FITS_AFTER = timedelta(hours=24)
"""... and so long after its end."""


class Show(StrEnum):
    """Which incidents a list holds, as its address says it."""

    RUNNING = "running"
    OVER = "over"


class Listed(NamedTuple):
    """An incident in a list; ``tickets`` are counted up to COUNT_TO and one more."""

    incident: VendorIncident
    tickets: int


class Belonging(NamedTuple):
    """The incident of a ticket, and those it may belong to while it has none."""

    incident: VendorIncident | None
    suggested: Sequence[VendorIncident]


def incidents_statement(show: Show | None = None, before: int | None = None) -> sa.Select[VendorIncident]:
    """The newest first, a page and one more; ``before`` is the id of the last one shown. Its plan is tested."""
    rows = sa.select(VendorIncident).order_by(VendorIncident.id.desc()).limit(PAGE + 1)
    if show is Show.RUNNING:
        rows = rows.where(VendorIncident.ended_at.is_(None))
    elif show is Show.OVER:
        rows = rows.where(VendorIncident.ended_at.is_not(None))
    return rows.where(VendorIncident.id < before) if before else rows


def incidents(show: Show | None = None, before: int | None = None) -> list[Listed]:
    found = db.session.scalars(incidents_statement(show, before)).all()
    if not found:
        return []
    some = [
        sa.select(sa.literal(row.id), sa.select(sa.func.count()).select_from(_bounded(row.id)).scalar_subquery())
        for row in found
    ]
    counts = {incident_id: count for incident_id, count in db.session.execute(sa.union_all(*some))}  # noqa: C416
    return [Listed(row, counts[row.id]) for row in found]


def _bounded(incident_id: int) -> sa.Subquery:
    rows = sa.select(IncidentTicket.ticket_id).where(IncidentTicket.incident_id == incident_id)
    return rows.limit(COUNT_TO + 1).subquery()


def count_of(incident_id: int) -> int:
    """How many tickets it caused, counted up to COUNT_TO and one more."""
    return db.session.scalar(sa.select(sa.func.count()).select_from(_bounded(incident_id))) or 0


def incident(incident_id: int) -> VendorIncident:
    """Raises NotFound."""
    found = db.session.get(VendorIncident, incident_id)
    if found is None:
        raise NotFound(_("There is no such incident."))
    return found


def is_anybody_told(incident_id: int) -> bool:
    """Whether an update would reach somebody: one of its tickets has not ended."""
    rows = sa.select(IncidentTicket.ticket_id).join(Ticket, Ticket.id == IncidentTicket.ticket_id)
    rows = rows.where(IncidentTicket.incident_id == incident_id, Ticket.state.not_in(ENDED_STATES))
    return db.session.scalar(rows.limit(1)) is not None


def linked_statement(incident_id: int, after: int = 0) -> sa.Select[*tuple[Any, ...]]:
    """(id, subject, state, customer_id, is_customer_confirmed) of its tickets by number, a page and one more."""
    rows: sa.Select[*tuple[Any, ...]] = sa.select(
        Ticket.id, Ticket.subject, Ticket.state, Ticket.customer_id, Ticket.is_customer_confirmed
    )
    rows = rows.join(IncidentTicket, IncidentTicket.ticket_id == Ticket.id)
    rows = rows.where(IncidentTicket.incident_id == incident_id, IncidentTicket.ticket_id > after)
    return rows.order_by(IncidentTicket.ticket_id).limit(PAGE + 1)


def linked(found: VendorIncident, after: int = 0) -> Sequence[Any]:
    return db.session.execute(linked_statement(found.id, after)).all()


def suggested(found: VendorIncident) -> Sequence[Any]:
    """(id, subject) of open technical tickets of the same service, opened around it, that have no incident."""
    rows = sa.select(Ticket.id, Ticket.subject).outerjoin(IncidentTicket, IncidentTicket.ticket_id == Ticket.id)
    rows = rows.where(
        IS_OPEN,
        Ticket.kind == Kind.TECHNICAL,
        Ticket.service == found.service,
        Ticket.created_at >= found.started_at - FITS_BEFORE,
        IncidentTicket.ticket_id.is_(None),
    )
    if found.ended_at is not None:
        rows = rows.where(Ticket.created_at <= found.ended_at + FITS_AFTER)
    return db.session.execute(rows.order_by(Ticket.id.desc()).limit(PAGE)).all()


# a ticket's own ---------------------------------------------------------------------------------------

_BEGAN, _OVER = (sa.bindparam(name, type_=VendorIncident.started_at.type) for name in ("began", "over"))
_AROUND = (
    sa.select(VendorIncident)
    .where(
        VendorIncident.service == sa.bindparam("service", type_=VendorIncident.service.type),
        VendorIncident.started_at <= _BEGAN,
        sa.or_(VendorIncident.ended_at.is_(None), VendorIncident.ended_at >= _OVER),
    )
    .order_by(VendorIncident.started_at.desc(), VendorIncident.id.desc())
)


def _spot(ticket: Ticket) -> dict[str, Any]:
    """What ``_AROUND`` asks of a ticket: its service, and the latest beginning and earliest end that fit it."""
    began, over = ticket.created_at + FITS_BEFORE, ticket.created_at - FITS_AFTER
    return {"ticket_id": ticket.id, "service": ticket.service, "began": began, "over": over}


def belonging(ticket: Ticket) -> Belonging:
    """Its incident, or those that it may belong to: of its service, going on around the time it came.

    One statement; none for a billing ticket, which no outage causes.
    """
    if ticket.kind is not Kind.TECHNICAL:
        return Belonging(None, ())
    rows = db.session.execute(_belonging(), _spot(ticket)).all()
    own = next((found for found, is_own in rows if is_own), None)
    return Belonging(own, [found for found, _is_own in rows] if own is None and ticket.is_open else ())


def belonging_statement(ticket: Ticket) -> sa.Select[*tuple[Any, ...]]:
    """(incident, whether it is the ticket's own). Its plan is tested."""
    return _belonging().params(**_spot(ticket))


@cache  # each technical ticket's page asks, and composing it costs more than running it
def _belonging() -> sa.Select[*tuple[Any, ...]]:
    own = sa.select(VendorIncident.id, sa.true().label("is_own")).join(
        IncidentTicket, IncidentTicket.incident_id == VendorIncident.id
    )
    own = own.where(IncidentTicket.ticket_id == sa.bindparam("ticket_id", type_=sa.Integer))
    around = _AROUND.with_only_columns(VendorIncident.id, sa.false().label("is_own")).limit(3).subquery()
    both = sa.union_all(own, sa.select(around)).subquery()
    return sa.select(VendorIncident, both.c.is_own).join(both, both.c.id == VendorIncident.id)


def choices(ticket: Ticket) -> tuple[Sequence[VendorIncident], Sequence[VendorIncident]]:
    """Incidents to choose from on a ticket: those that fit by service and time, and others that go on."""
    fitting = db.session.scalars(_AROUND.limit(CHOICES), _spot(ticket)).all()
    known = {found.id for found in fitting}
    return fitting, [found for found in running() if found.id not in known]


def running() -> Sequence[VendorIncident]:
    """The newest that go on."""
    rows = sa.select(VendorIncident).where(VendorIncident.ended_at.is_(None))
    return db.session.scalars(rows.order_by(VendorIncident.id.desc()).limit(CHOICES)).all()


# what was told ------------------------------------------------------------------------------------------


def updates(found: VendorIncident) -> Sequence[Any]:
    """(update, tickets it is for so far, told so far), the newest first."""
    counts = (sa.func.count(IncidentTelling.ticket_id), sa.func.count(IncidentTelling.told_at))
    rows = sa.select(IncidentUpdate, *counts).outerjoin(IncidentTelling, IncidentTelling.update_id == IncidentUpdate.id)
    rows = rows.where(IncidentUpdate.incident_id == found.id).group_by(IncidentUpdate.id)
    return db.session.execute(rows.order_by(IncidentUpdate.id.desc()).limit(20)).all()


def is_to_spread() -> bool:
    """Whether an update waits to be noted for its tickets."""
    rows = sa.select(IncidentUpdate.id).where(IncidentUpdate.spread_at.is_(None)).order_by(IncidentUpdate.id)
    return db.session.scalar(rows.limit(1)) is not None


def due_to_tell_statement(now: datetime, limit: int) -> sa.Select[*tuple[Any, ...]]:
    rows = sa.select(IncidentTelling.ticket_id)
    rows = rows.where(IncidentTelling.told_at.is_(None), IncidentTelling.next_attempt_at <= now)
    return rows.order_by(IncidentTelling.next_attempt_at).limit(limit)


def due_to_tell(now: datetime, limit: int = 100) -> list[int]:
    """Tickets on which an update is still to be told."""
    return list(dict.fromkeys(db.session.scalars(due_to_tell_statement(now, limit))))


def put_off(ticket_id: int, now: datetime) -> None:
    """A ticket that failed is tried again later and ever later, so that it never blocks the others."""
    rows = sa.select(IncidentTelling).where(IncidentTelling.ticket_id == ticket_id, IncidentTelling.told_at.is_(None))
    for telling in db.session.scalars(rows):
        telling.attempts += 1
        telling.next_attempt_at = now + min(PUT_OFF * 2 ** min(telling.attempts, 10), LONGEST_PUT_OFF)
