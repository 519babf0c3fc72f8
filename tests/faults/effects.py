"""What the clocks have done, and what settling everything would do: the same, once each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import NamedTuple

import sqlalchemy as sa

from helpdesk.database import db, unit_of_work
from helpdesk.notifications.models import OutboxMessage
from helpdesk.sla.models import Breach, BreachToReview, ClockEvent
from helpdesk.tickets import deadlines, history
from tests.faults.world import numbers_of_all
from tests.helpdesk.tickets.oracle import assert_true
from workflows.vocabulary import ClockChange

ONCE = (ClockChange.WARNED, ClockChange.SKIPPED, ClockChange.BREACHED, ClockChange.LADDERED)


class Effect(NamedTuple):
    clock_id: int
    cycle: int
    change: ClockChange
    level: int
    at: datetime


class Effects(NamedTuple):
    """Every change of a clock that may happen once, and every cause of which somebody was to be told."""

    changes: Counter[Effect]
    causes: Counter[str]


def done() -> Effects:
    db.session.rollback()
    columns = (ClockEvent.clock_id, ClockEvent.cycle, ClockEvent.change, ClockEvent.level, ClockEvent.at)
    rows = db.session.execute(sa.select(*columns).where(ClockEvent.change.in_(ONCE)))
    return Effects(Counter(Effect(*row) for row in rows), _causes())


def _causes() -> Counter[str]:
    return Counter(db.session.scalars(sa.select(OutboxMessage.stable_id).where(OutboxMessage.topic.like("clock_%"))))


def of_settling_everything(at: datetime) -> Effects:
    """What is to be done by ``at``, found by doing it in a transaction of which nothing stays."""
    with _undone():
        deadlines.settle_due_many(numbers_of_all(), at)
        db.session.flush()
        columns = (ClockEvent.clock_id, ClockEvent.cycle, ClockEvent.change, ClockEvent.level, ClockEvent.at)
        rows = db.session.execute(sa.select(*columns).where(ClockEvent.change.in_(ONCE)))
        return Effects(Counter(Effect(*row) for row in rows), _causes())


@contextmanager
def _undone() -> Iterator[None]:
    """A unit of work of which nothing stays."""

    class Undo(Exception):
        pass

    try:
        with unit_of_work():
            yield
            raise Undo
    except Undo:
        db.session.expire_all()


def assert_once(expected: Effects) -> None:
    """Everything ``expected`` was done once and nothing else; every row agrees with its ticket's history."""
    found = done()
    assert found.changes == expected.changes
    assert found.causes == expected.causes
    breached = Counter(one.clock_id for one in found.changes if one.change is ClockChange.BREACHED)
    assert Counter(db.session.scalars(sa.select(Breach.clock_id))) == breached
    assert db.session.scalar(sa.select(sa.func.count()).select_from(BreachToReview)) == len(breached)
    assert [broken for _number, broken in history.verify() if broken] == []
    assert_true(numbers_of_all(), datetime.now(UTC).replace(microsecond=0))
