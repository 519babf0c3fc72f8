"""An outage that began ninety minutes ago, a ticket of Alpina’s that it caused, and what is done with both."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from helpdesk.clock import now
from helpdesk.customers.models import Customer
from helpdesk.database import db, unit_of_work
from helpdesk.escalations.money.models import MoneyDeadline
from helpdesk.escalations.outages.crediting import CreditStep
from helpdesk.escalations.outages.editing import IncidentDraft
from helpdesk.escalations.outages.models import IncidentCredit, VendorIncident
from helpdesk.tickets import affected, claims
from helpdesk.tickets.actions import crediting, outages, triaging
from helpdesk.tickets.actions.opening import Opened
from workflows.vocabulary import CreditState, MoneyState, Service

from .conftest import Desk

BEGAN = timedelta(minutes=90)


@pytest.fixture
def incident_id(desk: Desk) -> int:
    with unit_of_work():
        draft = IncidentDraft("EX25194", Service.MICROSOFT365, "Mail is late", now() - BEGAN)
        return crediting.save_incident(None, draft, desk.ana, now()).id


@pytest.fixture
def hit(opened: Callable[..., Opened], desk: Desk, incident_id: int) -> int:
    """Alpina's ticket of the outage."""
    return linked(opened(contact_email="rita@alpina.example").ticket.id, desk, incident_id, desk.customer_id)


def linked(number: int, desk: Desk, incident_id: int, customer_id: int) -> int:
    with unit_of_work():
        triaging.confirm_customer(number, desk.ana, customer_id, now())
        outages.link(number, desk.ana, incident_id, now())
    return number


def another_customer(name: str) -> int:
    with unit_of_work() as session:
        row = Customer(name=name, search_name=name.lower(), created_at=now())
        session.add(row)
        session.flush()
        return row.id


def incident(incident_id: int) -> VendorIncident:
    return db.session.get_one(VendorIncident, incident_id, populate_existing=True)


def downtime(incident_id: int, customer_id: int) -> affected.Downtime:
    return affected.customer_hit(incident(incident_id), customer_id, now()).downtime


def drafts(incident_id: int, desk: Desk) -> list[claims.Draft]:
    found = incident(incident_id)
    return claims.drafts(found, affected.customer_hit(found, desk.customer_id, now()))


def track(incident_id: int, desk: Desk, state: CreditState, cents: int | None = None, **more: str) -> None:
    with unit_of_work():
        step = CreditStep(state, date(2026, 11, 24), cents, **more)
        crediting.track(incident_id, desk.customer_id, desk.ana, step, now())


def claim(incident_id: int, desk: Desk) -> int:
    with unit_of_work():
        return crediting.claim_by_new(incident_id, desk.customer_id, desk.ana, now())


def credit(incident_id: int) -> IncidentCredit:
    rows = sa.select(IncidentCredit).where(IncidentCredit.incident_id == incident_id)
    return db.session.scalars(rows.execution_options(populate_existing=True)).one()


def deadlines(number: int) -> list[MoneyState]:
    rows = sa.select(MoneyDeadline.state).where(MoneyDeadline.ticket_id == number)
    return list(db.session.scalars(rows.order_by(MoneyDeadline.id)))
