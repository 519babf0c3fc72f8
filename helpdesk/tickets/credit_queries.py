"""What is known of service credits: their lists, sums and steps, and the tickets that claim them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple, Self

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from helpdesk.accounts.models import User
from helpdesk.customers.models import Customer
from helpdesk.database import Moment, db
from helpdesk.escalations.money.models import MoneyDeadline
from helpdesk.escalations.outages.crediting import PENDING
from helpdesk.escalations.outages.models import (
    IncidentCredit,
    IncidentCreditStep,
    IncidentDowntime,
    IncidentTicket,
    VendorIncident,
)
from helpdesk.tickets.models import IS_OPEN, Ticket
from helpdesk.web.incoming import is_row_number
from workflows.vocabulary import CreditState, Kind, MoneyPurpose, MoneyState

PAGE = 50
WAITING = frozenset({CreditState.TO_REQUEST, CreditState.REQUESTED, CreditState.GRANTED})
"""Somebody has still to do something: the one that waits longest comes first. Of the others the latest."""


class Place(NamedTuple):
    """Behind which credit a page begins."""

    at: datetime
    id: int

    @classmethod
    def read(cls, text: str) -> Self | None:
        """As an address carries it: "2026-11-24T13:12:00+00:00,17"; None for anything else."""
        at, _comma, number = text.partition(",")
        try:
            moment = datetime.fromisoformat(at)
            utc = moment.astimezone(UTC)
        except (ValueError, OverflowError):  # the years 1 and 9999 have moments that UTC has not
            return None
        return cls(utc, int(number)) if moment.tzinfo and is_row_number(number) else None

    def __str__(self) -> str:
        return f"{self.at.isoformat()},{self.id}"

    @property
    def key(self) -> Any:
        """To compare with; typed, since SQLite would compare the text of a plain moment."""
        return sa.tuple_(sa.literal(self.at, Moment), sa.literal(self.id))


def credits_statement(state: CreditState, after: Place | None = None) -> sa.Select[*tuple[Any, ...]]:
    """(credit, customer's name, incident) of one state, a page and one more. Its plan is tested."""
    some = sa.select(IncidentCredit).where(IncidentCredit.state == state).limit(PAGE + 1)
    if after is not None:
        key = sa.tuple_(IncidentCredit.updated_at, IncidentCredit.id)
        some = some.where(key > after.key if state in WAITING else key < after.key)
    # the page first: the names of these alone are looked up
    credit = aliased(IncidentCredit, some.order_by(*_in_order(IncidentCredit, state)).subquery())
    rows: sa.Select[*tuple[Any, ...]] = sa.select(credit, Customer.name, VendorIncident)
    rows = rows.join(Customer, Customer.id == credit.customer_id)
    return rows.join(VendorIncident, VendorIncident.id == credit.incident_id).order_by(*_in_order(credit, state))


def _in_order(credit: Any, state: CreditState) -> list[Any]:
    columns = [credit.updated_at, credit.id]
    return columns if state in WAITING else [column.desc() for column in columns]


def credits(state: CreditState, after: Place | None = None) -> Sequence[Any]:
    return db.session.execute(credits_statement(state, after)).all()


@dataclass(slots=True)
class Sums:
    """Credits counted by state, and money in hundredths by currency: granted in all, passed on, to be passed on."""

    counts: dict[CreditState, int] = field(default_factory=dict)
    granted: dict[str, int] = field(default_factory=dict)
    passed_on: dict[str, int] = field(default_factory=dict)

    @property
    def to_pass_on(self) -> dict[str, int]:
        left = {currency: cents - self.passed_on.get(currency, 0) for currency, cents in self.granted.items()}
        return {currency: cents for currency, cents in left.items() if cents}


def sums_of(incident_id: int) -> Sums:
    """The credits of one incident together."""
    return _sums(IncidentCredit.incident_id == incident_id)


def sums_to_pass_on() -> Sums:
    """All credits that were granted and that a customer still waits for."""
    return _sums(IncidentCredit.state == CreditState.GRANTED)


def _sums(condition: sa.ColumnElement[bool]) -> Sums:
    counts = (sa.func.count(), sa.func.coalesce(sa.func.sum(IncidentCredit.amount_cents), 0))
    rows = sa.select(IncidentCredit.state, IncidentCredit.currency, *counts).where(condition)
    sums = Sums()
    for state, currency, count, cents in db.session.execute(
        rows.group_by(IncidentCredit.state, IncidentCredit.currency).order_by(IncidentCredit.currency)
    ):
        sums.counts[state] = sums.counts.get(state, 0) + count
        if state in (CreditState.GRANTED, CreditState.PASSED_ON):
            sums.granted[currency] = sums.granted.get(currency, 0) + int(cents or 0)
        if state is CreditState.PASSED_ON:
            sums.passed_on[currency] = sums.passed_on.get(currency, 0) + int(cents or 0)
    return sums


def steps(credit: IncidentCredit) -> Sequence[Any]:
    """(step, who) of a credit, the latest first."""
    rows = sa.select(IncidentCreditStep, User.name).outerjoin(User, User.id == IncidentCreditStep.user_id)
    rows = rows.where(IncidentCreditStep.credit_id == credit.id)
    return db.session.execute(rows.order_by(IncidentCreditStep.id.desc()).limit(50)).all()


def downtimes(incident_id: int, customer_id: int) -> Sequence[Any]:
    """(row, who) of everything people wrote of a customer's downtime, the latest first."""
    rows = sa.select(IncidentDowntime, User.name).join(User, User.id == IncidentDowntime.user_id)
    rows = rows.where(IncidentDowntime.incident_id == incident_id, IncidentDowntime.customer_id == customer_id)
    return db.session.execute(rows.order_by(IncidentDowntime.id.desc()).limit(20)).all()


# claiming -----------------------------------------------------------------------------------------------


def claim_tickets(customer_id: int) -> Sequence[Any]:
    """(id, subject) of the customer's open billing tickets, by any of which a credit may be claimed."""
    rows = sa.select(Ticket.id, Ticket.subject).where(
        IS_OPEN, Ticket.kind == Kind.BILLING, Ticket.customer_id == customer_id, Ticket.is_customer_confirmed
    )
    return db.session.execute(rows.order_by(Ticket.id.desc()).limit(20)).all()


def claims_of(ticket_id: int) -> Sequence[Any]:
    """(credit, incident) of the service credits that a ticket claims."""
    rows = sa.select(IncidentCredit, VendorIncident).join(
        VendorIncident, VendorIncident.id == IncidentCredit.incident_id
    )
    return db.session.execute(
        rows.where(IncidentCredit.ticket_id == ticket_id).order_by(IncidentCredit.id).limit(10)
    ).all()


def is_claimed(credit: IncidentCredit | None) -> bool:
    """Whether an open ticket claims the credit; once it has ended, another may."""
    if credit is None or credit.ticket_id is None:
        return False
    return db.session.get_one(Ticket, credit.ticket_id).is_open


def pending_claims(incident: VendorIncident) -> list[int]:
    """Customers for whom nobody has asked, nor said that nobody will, and no ticket runs its own claim deadline."""
    runs = sa.select(MoneyDeadline.id).where(
        MoneyDeadline.ticket_id == IncidentCredit.ticket_id,
        MoneyDeadline.purpose == MoneyPurpose.CREDIT_CLAIM,
        MoneyDeadline.state == MoneyState.OPEN,
    )
    done = sa.select(IncidentCredit.customer_id).where(
        IncidentCredit.incident_id == incident.id,
        sa.or_(IncidentCredit.state.not_in([state for state in PENDING if state is not None]), runs.exists()),
    )
    hit = sa.select(Ticket.customer_id).join(IncidentTicket, IncidentTicket.ticket_id == Ticket.id).distinct()
    hit = hit.where(IncidentTicket.incident_id == incident.id, Ticket.is_customer_confirmed)
    return [found for found in db.session.scalars(hit.where(Ticket.customer_id.not_in(done))) if found is not None]


def due_to_warn(now: datetime, limit: int = 100) -> list[int]:
    """Incidents whose claims are to be warned of, or to be dated, the longest overdue first."""
    rows = sa.select(VendorIncident.id).where(VendorIncident.claim_fires_at <= now)
    return list(db.session.scalars(rows.order_by(VendorIncident.claim_fires_at).limit(limit)))
