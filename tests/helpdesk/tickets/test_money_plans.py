"""What is asked of money deadlines is read off their indexes on both databases, however many there were once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from helpdesk.clock import now
from helpdesk.database import db, is_sqlite, unit_of_work
from helpdesk.escalations.money.models import MoneyDeadline
from helpdesk.management import queries as management
from helpdesk.tickets import money_sweep, queries
from helpdesk.tickets.actions.money import told_statement
from helpdesk.tickets.actions.opening import Opened
from helpdesk.tickets.filters import QueueFilter
from helpdesk.tickets.models import Ticket
from tests.doubling import spread
from workflows.vocabulary import Kind, MoneyState, State

from .conftest import Desk
from .test_money import DAY, HOURS, billing, put, ticket, wait
from .test_query_plans import plan, scans

__all__ = ["billing"]

TICKETS, ENDED, RUNNING = 5_000, 40_000, 2_000


@pytest.fixture
def many(app: Flask, billing: int, desk: Desk) -> int:
    """A ticket with a deadline, thousands more like it, and tens of thousands of deadlines that are over."""
    put(billing, desk)
    spread(Ticket, TICKETS, state=lambda n: sa.case((n % 10 == 0, State.INTAKE.value), else_=State.CLOSED.value))
    ended = sa.literal(now(), MoneyDeadline.ended_at.type)
    spread(
        MoneyDeadline, ENDED, ticket_id=lambda n: billing + n % TICKETS, state=lambda _n: sa.literal("met"),
        ended_at=lambda _n: ended, next_fire_at=lambda _n: sa.null(),
    )  # fmt: skip
    with unit_of_work() as session:
        first = session.scalars(sa.select(MoneyDeadline).where(MoneyDeadline.state == MoneyState.OPEN)).one()
        names = [column.name for column in MoneyDeadline.__table__.columns if column.name != "id"]
        row = {name: getattr(first, name) for name in names}
        more = [
            row | {"ticket_id": billing + 1 + n, "next_fire_at": now() + timedelta(hours=n)} for n in range(RUNNING)
        ]
        session.execute(sa.insert(MoneyDeadline), more)
    if not is_sqlite():
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE")
    return billing


def test_the_sweep_asks_the_index_of_what_comes_next(many: int) -> None:
    text = plan(money_sweep.due_statement(now(), 100))
    assert "ix_money_deadline_fires" in text, text
    assert not scans(text, "money_deadline"), text


def test_one_tickets_deadlines_are_looked_up_by_its_number(many: int) -> None:
    for statement in (money_sweep.due_on_statement(many, now()), told_statement(many)):
        text = plan(statement)
        assert "ix_money_deadline_" in text, text
        assert "SCAN money_deadline" not in text, text
        assert "Seq Scan on money_deadline" not in text, text


def test_queue_and_today_sort_by_money_without_asking_for_it(many: int, desk: Desk) -> None:
    """The projection on the ticket is all they read: no join, no further index."""
    for statement in (
        queries.queue_statement(QueueFilter(kind=Kind.BILLING), desk.ana.id, now()),
        management.near_tickets(False).params(management.given(now(), None)),
        management.late_tickets(False).params(management.given(now(), None)),
    ):
        text = plan(statement)
        assert "money_deadline" not in text, text
        assert "ix_ticket_" in text, text


def test_a_window_near_its_end_leads_the_queue_and_today(
    billing: int, opened: Callable[..., Opened], desk: Desk
) -> None:
    late = opened(subject="Everything stands still").ticket.id
    wait(billing, desk)
    before = [row.id for row in queries.queue_page(QueueFilter(), desk.ana.id, now()).rows]
    assert before == [late, billing]  # one waits for its customer
    put(billing, desk, HOURS, ago=timedelta(seconds=DAY - 60))
    assert ticket(billing).next_due_at < ticket(late).next_due_at
    after = [row.id for row in queries.queue_page(QueueFilter(), desk.ana.id, now()).rows]
    assert after == [billing, late]
    assert db.session.execute(management.near_tickets(False), management.given(now(), None)).first().id == billing  # type: ignore[union-attr]
