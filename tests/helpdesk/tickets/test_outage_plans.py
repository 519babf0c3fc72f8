"""Lists of incidents, their tickets and credits are read off their indexes: from the plans of both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from helpdesk.clock import now
from helpdesk.customers.models import Customer
from helpdesk.database import db, is_sqlite
from helpdesk.escalations.outages.models import (
    IncidentCredit,
    IncidentTelling,
    IncidentTicket,
    IncidentUpdate,
    VendorIncident,
)
from helpdesk.tickets import credit_queries, outage_queries
from helpdesk.tickets.actions.opening import Opened
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.outage_queries import Show
from workflows.vocabulary import CreditState, Service

from .conftest import Desk
from .test_query_plans import plan, scans

INCIDENTS = 3000
TICKETS = 4000


@pytest.fixture
def many(desk: Desk, opened: Callable[..., Opened]) -> int:
    """Thousands of incidents, one in fifty going on; thousands of tickets in one of them; a credit of each customer."""
    opened()
    at = now()
    names = [column.name for column in Ticket.__table__.columns if column.name not in ("id", "draft_id")]
    with db.engine.begin() as connection:
        row = dict(connection.execute(sa.select(*(Ticket.__table__.c[name] for name in names))).mappings().one())
        connection.execute(Ticket.__table__.insert(), [row for _number in range(TICKETS)])
        connection.execute(VendorIncident.__table__.insert(), [_incident(number) for number in range(INCIDENTS)])
        customers = [
            {"name": f"C{n}", "search_name": f"c{n}", "language": "en", "country": "HU", "timezone": "UTC",
             "is_active": True, "created_at": at} for n in range(INCIDENTS)
        ]  # fmt: skip
        connection.execute(Customer.__table__.insert(), customers)
        numbers = connection.scalars(sa.select(Ticket.id)).all()
        links = [{"ticket_id": number, "incident_id": 7, "linked_at": at} for number in numbers]
        connection.execute(IncidentTicket.__table__.insert(), links)
        update = {"incident_id": 7, "form_id": "f", "at": at, "user_id": desk.ana.id, "text_en": "", "text_hu": ""}
        connection.execute(IncidentUpdate.__table__.insert(), update | {"spread_to": 0, "spread_at": at})
        told = [{"update_id": 1, "ticket_id": n, "next_attempt_at": at, "attempts": 0, "told_at": at} for n in numbers]
        told[5]["told_at"] = None
        connection.execute(IncidentTelling.__table__.insert(), told)
        ids = connection.scalars(sa.select(Customer.id).order_by(Customer.id)).all()[-INCIDENTS:]
        connection.execute(IncidentCredit.__table__.insert(), [_credit(place, one) for place, one in enumerate(ids)])
    if not is_sqlite():
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE")
    return numbers[-1]


def _incident(number: int) -> dict[str, object]:
    began = now() - timedelta(hours=number)
    ended = None if number % 50 == 0 else began + timedelta(minutes=40)
    row = {"number": f"EX{number}", "service": list(Service)[number % 4], "title": "Slow", "claim_attempts": 0}
    return row | {"started_at": began, "ended_at": ended, "created_at": began, "claim_fires_at": None}


def _credit(place: int, customer_id: int) -> dict[str, object]:
    state = list(CreditState)[place % 6] if place % 10 == 0 else CreditState.PASSED_ON
    row = {"incident_id": 7, "customer_id": customer_id, "state": state, "requested_on": date(2026, 11, 1)}
    row |= {"amount_cents": 100, "currency": "EUR", "invoice_reference": "I", "reason": ""}
    return row | {"updated_at": now() - timedelta(minutes=place)}


def test_incidents_are_listed_off_an_index(many: int) -> None:
    for show in (None, Show.RUNNING, Show.OVER):
        for before in (None, 1500):
            text = plan(outage_queries.incidents_statement(show, before))
            assert "TEMP B-TREE" not in text, text
            assert "Sort" not in text, text
            assert not is_sqlite() or show is not Show.RUNNING or "ix_vendor_incident_running" in text, text


def test_the_tickets_of_an_incident_are_read_in_their_order(many: int) -> None:
    for after in (0, many - 1000):
        text = plan(outage_queries.linked_statement(7, after))
        assert not scans(text, "incident_ticket"), text
        assert "TEMP B-TREE" not in text, text
        assert not is_sqlite() or "ix_incident_ticket_incident" in text, text


def test_what_a_ticket_belongs_to_is_looked_up(many: int) -> None:
    text = plan(outage_queries.belonging_statement(db.session.get_one(Ticket, many)))
    assert not scans(text.replace("TEMP B-TREE FOR ORDER", ""), "vendor_incident"), text
    assert "ix_vendor_incident_service" in text, text


def test_credits_are_listed_off_an_index(many: int) -> None:
    for state in CreditState:
        for after in (None, credit_queries.Place(now() - timedelta(minutes=50), 20)):
            text = plan(credit_queries.credits_statement(state, after))
            assert "ix_incident_credit_" in text, f"{state}:\n{text}"
            assert not is_sqlite() or "ix_incident_credit_state" in text, text
            # PostgreSQL hashes a small table of customers as a whole rather than look fifty of them up
            assert "Seq Scan on incident_credit" not in text, text
            for table in ("incident_credit", "customer", "vendor_incident"):
                assert f"SCAN {table}" not in text, text


def test_an_idle_scheduler_reads_next_to_nothing(many: int) -> None:
    text = plan(outage_queries.due_to_tell_statement(now(), 100))
    assert "ix_incident_telling_untold" in text, text
    rows = sa.select(IncidentUpdate.id).where(IncidentUpdate.spread_at.is_(None)).order_by(IncidentUpdate.id).limit(1)
    assert not is_sqlite() or "ix_incident_update_to_spread" in plan(rows)
    fires = sa.select(VendorIncident.id).where(VendorIncident.claim_fires_at <= now())
    text = plan(fires.order_by(VendorIncident.claim_fires_at).limit(100))
    assert "ix_vendor_incident_claims" in text, text
