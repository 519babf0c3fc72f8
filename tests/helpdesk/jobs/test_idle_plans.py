"""A scheduler with nothing to do asks every few seconds: none of its questions walks through a large table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from helpdesk.clock import Hand, now
from helpdesk.database import db, is_sqlite, unit_of_work
from helpdesk.escalations.money.models import MoneyDeadline, MoneyWindow
from helpdesk.jobs.schedule import SCHEDULE
from helpdesk.notifications.models import DeliveryState, OutboxMessage
from helpdesk.sla.models import PromiseRevision, SlaClock
from helpdesk.tickets.actions.opening import Opened
from helpdesk.tickets.models import Ticket
from tests.doubling import spread
from tests.helpdesk.tickets.conftest import Desk, desk, opened
from workflows.vocabulary import MoneyPurpose, RevisionState, State

__all__ = ["desk", "opened"]

ROWS, TICKETS = 60_000, 10_000
LARGE = ("ticket", "sla_clock", "outbox_message", "promise_revision", "money_deadline")

Asked = tuple[str, Any]


@pytest.fixture
def large(desk: Desk, opened: Callable[..., Opened], hand: Hand) -> None:
    """Much that is over, much that is to come another day, and nothing that is due."""
    number = opened().ticket.id
    with unit_of_work() as session:
        session.add(_deadline_to_come(number))
    with unit_of_work() as session:
        session.execute(sa.update(OutboxMessage).values(delivery_state=DeliveryState.SENT, sent_at=now()))
        session.add(
            PromiseRevision(
                state=RevisionState.APPLIED, draft={}, counts={}, ticket_count=0, seen_count=0, created_at=now()
            )
        )
    spread(Ticket, TICKETS, state=lambda _n: sa.literal(State.CLOSED.value))
    spread(SlaClock, ROWS, cycle=lambda n: n + 1, ticket_id=lambda n: 1001 + n % TICKETS)
    spread(OutboxMessage, ROWS, stable_id=lambda n: _text(n, "sent"))
    tomorrow = sa.literal(now() + timedelta(days=1), OutboxMessage.next_attempt_at.type)
    pending = sa.literal(DeliveryState.PENDING.value)
    spread(
        OutboxMessage,
        ROWS // 20,
        stable_id=lambda n: _text(n, "deferred"),
        delivery_state=lambda _n: pending,
        next_attempt_at=lambda _n: tomorrow,
    )
    spread(PromiseRevision, ROWS // 20)
    spread(MoneyDeadline, ROWS, ticket_id=lambda n: 1001 + n % TICKETS)


def _deadline_to_come(number: int) -> MoneyDeadline:
    window_id, tomorrow = db.session.scalars(sa.select(MoneyWindow.id)).first(), now() + timedelta(days=1)
    return MoneyDeadline(
        ticket_id=number, window_id=window_id, name="Seats", purpose=MoneyPurpose.CANCELLATION, created_at=now(),
        begins_at=now(), due_at=tomorrow, next_fire_at=tomorrow,
    )  # fmt: skip


def _text(number: sa.ColumnElement[int], prefix: str) -> sa.ColumnElement[str]:
    return sa.literal(prefix) + sa.cast(number, sa.String)


def test_no_question_of_an_idle_scheduler_walks_a_large_table(app: Flask, large: None) -> None:
    asked = 0
    for job in SCHEDULE:
        with _heard() as questions:
            list(job.run())
        for statement, parameters in questions:
            asked += 1
            plan = _plan(statement, parameters)
            walked = [table for table in LARGE if _walks(plan, table)]
            assert not walked, f"{job.name} walks {walked}:\n{statement}\n{plan}"
    assert asked > len(SCHEDULE), "somebody was not listened to"


@contextmanager
def _heard() -> Iterator[list[Asked]]:
    """What is read or changed inside the block, with its parameters."""
    heard: list[Asked] = []

    def hear(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        if not many and statement.lstrip().upper().startswith(("SELECT", "WITH", "UPDATE", "DELETE")):
            heard.append((statement, parameters))

    sa.event.listen(db.engine, "before_cursor_execute", hear)
    try:
        yield heard
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", hear)


def _plan(statement: str, parameters: Any) -> str:
    explain = "EXPLAIN QUERY PLAN " if is_sqlite() else "EXPLAIN "
    with db.engine.connect() as connection:
        rows = connection.exec_driver_sql(explain + statement, parameters or None)
        return "\n".join(str(row[-1]) for row in rows)


def _walks(plan: str, table: str) -> bool:
    if is_sqlite():
        return any(line.startswith(f"SCAN {table}") and "INDEX" not in line for line in plan.splitlines())
    return f"Seq Scan on {table} " in f"{plan} "
