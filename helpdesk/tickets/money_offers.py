"""Windows that run by what the desk knows already: of the subscription, of the outage. Nobody types their dates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import current_app
from flask_babel import gettext as _

from helpdesk.customers.models import Subscription
from helpdesk.database import db
from helpdesk.escalations.money.models import MoneyDeadline, MoneyWindow
from helpdesk.escalations.money.windows import span_of, windows_for
from helpdesk.escalations.outages.models import IncidentTicket, VendorIncident
from helpdesk.tickets.facts import desk_day
from helpdesk.tickets.models import Ticket
from helpdesk.web import moments
from workflows.money import Span, day_begins_at
from workflows.vocabulary import ENDED_STATES, Kind, MoneyPurpose, MoneyState


@dataclass(frozen=True, slots=True)
class MoneyOffer:
    """A window that is running: from when, by whose word; ``until`` is the vendor's own end, aware UTC."""

    window: MoneyWindow
    start: datetime
    runs: Span
    until: datetime | None
    basis: str


def windows_of(ticket: Ticket) -> list[MoneyWindow]:
    """A technical ticket knows credits alone: what was bought is a billing matter."""
    rows = windows_for(ticket.service)
    return [row for row in rows if ticket.kind is Kind.BILLING or row.purpose is MoneyPurpose.CREDIT_CLAIM]


def offers_for(ticket: Ticket, running: Sequence[MoneyDeadline], now: datetime) -> list[MoneyOffer]:
    """What the desk could let run on the ticket at ``now`` (aware UTC), the next to end first.

    ``running`` are its deadlines: one that is on the ticket, open or not, is not offered again.
    """
    if ticket.state in ENDED_STATES:
        return []
    had = {(row.window_id, row.due_at) for row in running if row.state is not MoneyState.LAPSED}
    offers = [
        offer
        for offer in _all_for(ticket, now)
        if offer.start <= now < offer.runs.ends_at and (offer.window.id, offer.runs.ends_at) not in had
    ]
    return sorted(offers, key=lambda offer: offer.runs.ends_at)


def _all_for(ticket: Ticket, now: datetime) -> Iterator[MoneyOffer]:
    zone, own = ZoneInfo(current_app.config["TIMEZONE"]), ticket.subscription
    by_purpose: dict[MoneyPurpose, list[MoneyWindow]] = {}
    for row in windows_of(ticket):
        by_purpose.setdefault(row.purpose, []).append(row)
    if own is not None:
        yield from _of_cancelling(own, by_purpose.get(MoneyPurpose.CANCELLATION, []), zone, desk_day(now))
    if own is not None and own.bought_on is not None:
        for row in by_purpose.get(MoneyPurpose.REFUND, []):
            yield _counted(row, own.bought_on, _bought(own.bought_on), zone)
    yield from _of_outage(ticket, by_purpose.get(MoneyPurpose.CREDIT_CLAIM, []), zone)


def _of_cancelling(own: Subscription, rows: Sequence[MoneyWindow], zone: ZoneInfo, today: date) -> Iterator[MoneyOffer]:
    """The vendor's own date speaks for all families of products; without it each has its figures."""
    began = own.term_began_on(today)
    if began is None:
        return
    basis = _bought(began) if began == own.bought_on else _("renewed on %(day)s", day=moments.calendar_date(began))
    if own.cancellable_until is None:
        yield from (_counted(row, began, basis, zone) for row in rows)
    elif rows:
        start, until = day_begins_at(began, zone), own.cancellable_until
        yield MoneyOffer(rows[0], start, span_of(rows[0], start, zone, until), until, _("Microsoft’s own date"))


def _counted(row: MoneyWindow, day: date, basis: str, zone: ZoneInfo) -> MoneyOffer:
    start = day_begins_at(day, zone)
    return MoneyOffer(row, start, span_of(row, start, zone), None, basis)


def _of_outage(ticket: Ticket, rows: Sequence[MoneyWindow], zone: ZoneInfo) -> Iterator[MoneyOffer]:
    if not rows:
        return
    linked = sa.select(VendorIncident).join(IncidentTicket, IncidentTicket.incident_id == VendorIncident.id)
    incident = db.session.scalars(linked.where(IncidentTicket.ticket_id == ticket.id)).one_or_none()
    if incident is not None:
        basis, start = _("outage %(number)s", number=incident.number), incident.started_at
        yield from (MoneyOffer(row, start, span_of(row, start, zone), None, basis) for row in rows)


def _bought(day: date) -> str:
    return _("bought on %(day)s", day=moments.calendar_date(day))
