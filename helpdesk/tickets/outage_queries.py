"""What is known of vendor incidents: lists, their tickets, whom they hit and for how long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from helpdesk.customers.models import Customer
from helpdesk.database import db
from helpdesk.errors import NotFound
from helpdesk.escalations.outages.models import (
    IncidentCredit,
    IncidentTelling,
    IncidentTicket,
    IncidentUpdate,
    VendorIncident,
)
from helpdesk.tickets.models import IS_OPEN, Ticket
from workflows.vocabulary import CreditState, Kind, Service

PAGE = 50
MOST_TICKETS = 500
PUT_OFF = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Affected:
    """A customer whom an incident hit. ``minutes`` are whole, from its stated start to its end or now."""

    customer: Customer
    tickets: list[int]
    minutes: int
    credit: IncidentCredit | None


def incidents(before: int | None = None) -> Sequence[VendorIncident]:
    """The newest first, a page and one more; ``before`` is the id of the last one shown."""
    rows = sa.select(VendorIncident).order_by(VendorIncident.id.desc()).limit(PAGE + 1)
    return db.session.scalars(rows.where(VendorIncident.id < before) if before else rows).all()


def incident(incident_id: int) -> VendorIncident:
    """Raises NotFound."""
    found = db.session.get(VendorIncident, incident_id)
    if found is None:
        raise NotFound(_("There is no such incident."))
    return found


def candidates(service: Service) -> Sequence[VendorIncident]:
    """The newest incidents of a service, to choose from on a ticket."""
    rows = sa.select(VendorIncident).where(VendorIncident.service == service)
    return db.session.scalars(rows.order_by(VendorIncident.id.desc()).limit(20)).all()


def linked(found: VendorIncident) -> Sequence[Any]:
    """(id, subject, state, customer_id) of its tickets."""
    rows = sa.select(Ticket.id, Ticket.subject, Ticket.state, Ticket.customer_id).join(
        IncidentTicket, IncidentTicket.ticket_id == Ticket.id
    )
    rows = rows.where(IncidentTicket.incident_id == found.id)
    return db.session.execute(rows.order_by(Ticket.id).limit(MOST_TICKETS)).all()


def suggested(found: VendorIncident) -> Sequence[Any]:
    """(id, subject) of open technical tickets of the same service, opened since it began, that have no incident."""
    rows = sa.select(Ticket.id, Ticket.subject).outerjoin(IncidentTicket, IncidentTicket.ticket_id == Ticket.id)
    rows = rows.where(
        IS_OPEN,
        Ticket.kind == Kind.TECHNICAL,
        Ticket.service == found.service,
        Ticket.created_at >= found.started_at,
        IncidentTicket.ticket_id.is_(None),
    )
    return db.session.execute(rows.order_by(Ticket.id.desc()).limit(PAGE)).all()


def affected(found: VendorIncident, now: datetime) -> list[Affected]:
    """The customers of its tickets, by name; only confirmed ones, since credits are theirs."""
    rows = sa.select(Customer, Ticket.id).join(Ticket, Ticket.customer_id == Customer.id)
    rows = rows.join(IncidentTicket, IncidentTicket.ticket_id == Ticket.id)
    rows = rows.where(IncidentTicket.incident_id == found.id, Ticket.is_customer_confirmed)
    tickets: dict[Customer, list[int]] = {}
    for customer, ticket_id in db.session.execute(
        rows.order_by(Customer.search_name, Customer.id, Ticket.id).limit(MOST_TICKETS)
    ):
        tickets.setdefault(customer, []).append(ticket_id)
    credits = sa.select(IncidentCredit).where(IncidentCredit.incident_id == found.id)
    known = {credit.customer_id: credit for credit in db.session.scalars(credits)}
    minutes = int(((found.ended_at or now) - found.started_at).total_seconds() // 60)
    return [Affected(one, ids, minutes, known.get(one.id)) for one, ids in tickets.items()]


def updates(found: VendorIncident) -> Sequence[Any]:
    """(update, tickets, told so far), the newest first."""
    counts = (sa.func.count(IncidentTelling.ticket_id), sa.func.count(IncidentTelling.told_at))
    rows = sa.select(IncidentUpdate, *counts).outerjoin(IncidentTelling, IncidentTelling.update_id == IncidentUpdate.id)
    rows = rows.where(IncidentUpdate.incident_id == found.id).group_by(IncidentUpdate.id)
    return db.session.execute(rows.order_by(IncidentUpdate.id.desc()).limit(20)).all()


def to_pass_on() -> Sequence[Any]:
    """(credit, customer's name, incident) of credits that were granted and still belong in a customer's account."""
    rows = sa.select(IncidentCredit, Customer.name, VendorIncident)
    rows = rows.join(Customer, Customer.id == IncidentCredit.customer_id)
    rows = rows.join(VendorIncident, VendorIncident.id == IncidentCredit.incident_id)
    rows = rows.where(IncidentCredit.state == CreditState.GRANTED)
    return db.session.execute(rows.order_by(IncidentCredit.decided_on, IncidentCredit.id).limit(200)).all()


# the scheduler's part ---------------------------------------------------------------------------------


def due_to_tell(now: datetime, limit: int = 100) -> list[int]:
    """Tickets on which an update is still to be told."""
    rows = sa.select(IncidentTelling.ticket_id)
    rows = rows.where(IncidentTelling.told_at.is_(None), IncidentTelling.next_attempt_at <= now)
    return list(dict.fromkeys(db.session.scalars(rows.order_by(IncidentTelling.next_attempt_at).limit(limit))))


def put_off(ticket_id: int, now: datetime) -> None:
    """A ticket that failed is tried again later, so that it never blocks the others."""
    untold = sa.update(IncidentTelling).where(IncidentTelling.ticket_id == ticket_id, IncidentTelling.told_at.is_(None))
    db.session.execute(untold.values(attempts=IncidentTelling.attempts + 1, next_attempt_at=now + PUT_OFF))
