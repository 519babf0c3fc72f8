"""Whom an incident hit, and how long each was without the service, with how the minutes came about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from helpdesk.customers.models import Customer
from helpdesk.database import db
from helpdesk.errors import NotFound
from helpdesk.escalations.outages.models import IncidentCredit, IncidentDowntime, IncidentTicket, VendorIncident
from helpdesk.tickets.models import Ticket

PAGE = 25

EARLY = timedelta(hours=24)
"""A ticket so long before the vendor's own beginning speaks of the outage; an older one was about something else."""


@dataclass(frozen=True, slots=True)
class Downtime:
    """How long one customer was without the service. ``ended_at`` is None while it goes on; ``minutes`` are whole.

    ``first_id`` and ``first_at`` are the customer's first ticket, if it counts as evidence; ``is_earlier`` says that
    it came before the vendor's own beginning, so that it counts from there. ``written`` is what people wrote instead.
    """

    began_at: datetime
    ended_at: datetime | None
    minutes: int
    first_id: int | None
    first_at: datetime | None
    is_earlier: bool
    written: IncidentDowntime | None


@dataclass(frozen=True, slots=True)
class Hit:
    """A customer whom an incident hit, by ``tickets`` confirmed ones of theirs."""

    customer: Customer
    tickets: int
    downtime: Downtime
    credit: IncidentCredit | None


@dataclass(frozen=True, slots=True)
class Totals:
    """All customers of an incident together; ``unconfirmed`` tickets belong to nobody yet."""

    customers: int
    minutes: int
    unconfirmed: int


def counted(
    incident: VendorIncident, first: tuple[int, datetime] | None, written: IncidentDowntime | None, now: datetime
) -> Downtime:
    """From the vendor's own beginning, or from the customer's first ticket where that came before it.

    The vendor compares a claim with its own record of the outage (Partner Center, Request a credit): that is the
    stronger evidence. A ticket that came before the vendor had noticed proves more; one that came after it proves
    only that somebody wrote late. It ends with the incident, else now. What people wrote with a reason goes before.
    """
    first_id, first_at = first if first is not None else (None, None)
    is_earlier = first_at is not None and first_at < incident.started_at
    began_at = first_at if first_at is not None and is_earlier else incident.started_at
    ended_at = incident.ended_at
    if written is not None:
        began_at, ended_at = written.began_at or began_at, written.ended_at or ended_at
    minutes = max(0, int(((ended_at or now) - began_at).total_seconds() // 60))
    return Downtime(began_at, ended_at, minutes, first_id, first_at, is_earlier, written)


def customers_hit(
    incident: VendorIncident, now: datetime, after: int | None = None, limit: int = PAGE + 1
) -> list[Hit]:
    """Customers by name, those after the customer ``after``; only confirmed ones, since credits are theirs."""
    firsts = _firsts(incident).subquery()
    rows = sa.select(Customer, *firsts.c).join(firsts, firsts.c.customer_id == Customer.id)
    last = db.session.get(Customer, after) if after is not None else None
    if last is not None:
        rows = rows.where(sa.tuple_(Customer.search_name, Customer.id) > (last.search_name, last.id))
    return _hits(incident, rows.order_by(Customer.search_name, Customer.id).limit(limit), now)


def customer_hit(incident: VendorIncident, customer_id: int, now: datetime) -> Hit:
    """One of them. Raises NotFound where the incident did not hit this customer."""
    firsts = _firsts(incident).where(Ticket.customer_id == customer_id).subquery()
    rows = sa.select(Customer, *firsts.c).join(firsts, firsts.c.customer_id == Customer.id)
    found = _hits(incident, rows, now)
    if not found:
        raise NotFound(_("There is no such customer."))
    return found[0]


def totals(incident: VendorIncident, now: datetime) -> Totals:
    """Customers and minutes of the whole incident, however many there are."""
    found = db.session.execute(_firsts(incident)).all()
    written = _written(incident.id)
    minutes = sum(
        counted(incident, _first(row.first_id, row.first_at), written.get(row.customer_id), now).minutes
        for row in found
    )
    nobodys = sa.select(sa.func.count()).select_from(IncidentTicket).join(Ticket, Ticket.id == IncidentTicket.ticket_id)
    nobodys = nobodys.where(IncidentTicket.incident_id == incident.id, ~Ticket.is_customer_confirmed)
    return Totals(len(found), minutes, db.session.scalar(nobodys) or 0)


def names_hit(incident_id: int) -> Iterable[tuple[str, str | None]]:
    """(name, domain) of every customer of the incident, for finding them in a text that all of them will read.

    Also what guests say whom they write for: others must not read that either.
    """
    rows = sa.select(Customer.name, Customer.domain).join(Ticket, Ticket.customer_id == Customer.id)
    rows = rows.join(IncidentTicket, IncidentTicket.ticket_id == Ticket.id)
    rows = rows.where(IncidentTicket.incident_id == incident_id).distinct()
    says = sa.select(Ticket.claimed_company).join(IncidentTicket, IncidentTicket.ticket_id == Ticket.id)
    says = says.where(IncidentTicket.incident_id == incident_id, ~Ticket.is_customer_confirmed).distinct()
    known = [(name, domain) for name, domain in db.session.execute(rows)]
    return [*known, *((name, None) for name in db.session.scalars(says))]


def _firsts(incident: VendorIncident) -> sa.Select[*tuple[Any, ...]]:
    """(customer_id, tickets, first_id, first_at) of its confirmed tickets. Numbers are given in the order of time."""
    counts = Ticket.created_at >= incident.started_at - EARLY
    rows: sa.Select[*tuple[Any, ...]] = sa.select(
        Ticket.customer_id.label("customer_id"),
        sa.func.count().label("tickets"),
        sa.func.min(sa.case((counts, Ticket.id))).label("first_id"),
        sa.func.min(sa.case((counts, Ticket.created_at))).label("first_at"),
    ).join(IncidentTicket, IncidentTicket.ticket_id == Ticket.id)
    rows = rows.where(IncidentTicket.incident_id == incident.id, Ticket.is_customer_confirmed)
    return rows.group_by(Ticket.customer_id)


def _hits(incident: VendorIncident, rows: sa.Select[*tuple[Any, ...]], now: datetime) -> list[Hit]:
    found = db.session.execute(rows).all()
    ids = [row.customer_id for row in found]
    written = _written(incident.id, ids)
    credits = sa.select(IncidentCredit).where(
        IncidentCredit.incident_id == incident.id, IncidentCredit.customer_id.in_(ids)
    )
    known = {credit.customer_id: credit for credit in db.session.scalars(credits)}
    return [
        Hit(
            row.Customer,
            row.tickets,
            counted(incident, _first(row.first_id, row.first_at), written.get(row.customer_id), now),
            known.get(row.customer_id),
        )
        for row in found
    ]


def _first(first_id: int | None, first_at: datetime | None) -> tuple[int, datetime] | None:
    return (first_id, first_at) if first_id is not None and first_at is not None else None


def _written(incident_id: int, customer_ids: Sequence[int] | None = None) -> dict[int, IncidentDowntime]:
    """The newest row of each customer; of those named, or of all."""
    rows = sa.select(IncidentDowntime).where(IncidentDowntime.incident_id == incident_id)
    if customer_ids is not None:
        rows = rows.where(IncidentDowntime.customer_id.in_(customer_ids))
    return {row.customer_id: row for row in db.session.scalars(rows.order_by(IncidentDowntime.id))}
