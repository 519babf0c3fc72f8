"""Schedulers that are killed in the middle of their work: every effect happens once, no ticket is half moved."""

from __future__ import annotations

import json
import random
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from helpdesk.clock import Hand
from helpdesk.database import db, unit_of_work
from helpdesk.sla.models import Breach, BreachToReview, ClockEvent, SlaClock
from helpdesk.tickets import deadlines, history
from helpdesk.tickets.actions.opening import Opened
from helpdesk.tickets.models import Ticket, TicketEvent
from tests.faults.processes import kill, start
from workflows.vocabulary import ClockChange, ClockKind, EventKind, Level

DUE_CLOCKS = 1000
SCHEDULERS = 3
CLOCKS_BETWEEN_KILLS = 160
SECONDS_TO_DRAIN = 120

EVENTS = {ClockChange.WARNED: EventKind.CLOCK_WARNED, ClockChange.BREACHED: EventKind.CLOCK_BREACHED}
Effect = tuple[int, int, ClockChange, int]  # clock, cycle, what, level

pytestmark = pytest.mark.faults


@pytest.fixture
def due_clocks(opened: Callable[..., Opened], hand: Hand, today: datetime) -> int:
    """At least a thousand clocks that are due today: most of them breached long ago, some only to be warned of."""
    _open_until(opened, lambda: _due(today) >= DUE_CLOCKS * 9 // 10)
    hand.at = _moment_that_only_warns(opened, hand, today)
    _open_until(opened, lambda: _due(today) >= DUE_CLOCKS)
    return _due(today)


def _open_until(opened: Callable[..., Opened], is_enough: Callable[[], bool]) -> None:
    while not is_enough():
        for _ticket in range(25):
            opened(impact=Level.MEDIUM, urgency=Level.MEDIUM)


def _moment_that_only_warns(opened: Callable[..., Opened], hand: Hand, today: datetime) -> datetime:
    """A moment of opening whose resolution is to be warned of today but neither breached nor near to either."""
    hour = timedelta(hours=1)
    for hours in range(24, 30 * 24):
        hand.at = today - hours * hour
        clock = _resolution_of(opened(impact=Level.MEDIUM, urgency=Level.MEDIUM).ticket)
        assert clock.warns_at is not None
        assert clock.due_at is not None
        if clock.warns_at < today - hour and today + hour < clock.due_at:
            return hand.at
    raise AssertionError("no such moment in a month")


def _resolution_of(ticket: Ticket) -> SlaClock:
    rows = sa.select(SlaClock).where(SlaClock.ticket_id == ticket.id, SlaClock.kind == ClockKind.RESOLUTION)
    return db.session.scalars(rows).one()


def test_killed_schedulers_do_everything_once(
    due_clocks: int, env: dict[str, str], tmp_path: Path, today: datetime
) -> None:
    expected = _effects_of_settling_everything(today)
    assert {what for _clock, _cycle, what, _level in expected} >= {ClockChange.WARNED, ClockChange.BREACHED}

    kills = _drain_while_killing(env, tmp_path / "schedulers.log")

    assert kills >= 3, "they were never caught at work"
    done = _effects()
    assert Counter(done) == Counter(expected)
    _assert_breaches_match(done)
    _assert_timeline_matches(done)
    assert [broken for _number, broken in history.verify() if broken] == []
    assert _projections() == _replayed()


def _drain_while_killing(env: dict[str, str], log: Path) -> int:
    """Three schedulers, some of them killed whenever some clocks are done, until nothing is due; the kills."""
    chance = random.Random(42)
    with ExitStack() as stack:
        running = [start(("scheduler",), env, log) for _number in range(SCHEDULERS)]
        stack.callback(_kill_all, running)
        kills, before = 0, _due()
        deadline = time.monotonic() + SECONDS_TO_DRAIN
        while remaining := _due():
            assert time.monotonic() < deadline, f"{remaining} clocks still due; {log.read_text()[-2000:]}"
            if remaining <= before - CLOCKS_BETWEEN_KILLS:
                time.sleep(chance.uniform(0, 0.02))  # else they would always be caught right after a commit
                for victim in chance.sample(range(SCHEDULERS), chance.randint(1, SCHEDULERS)):
                    kill(running[victim])
                    running[victim] = start(("scheduler",), env, log)
                    kills += 1
                before = remaining
    return kills


def _kill_all(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        kill(process)


def _due(at: datetime | None = None) -> int:
    moment = at or datetime.now(UTC)
    db.session.rollback()
    rows = sa.select(sa.func.count()).select_from(SlaClock).where(SlaClock.next_fire_at <= moment)
    return db.session.scalar(rows) or 0


# what should have happened, and what did -------------------------------------------------------------------


def _effects() -> list[Effect]:
    columns = (ClockEvent.clock_id, ClockEvent.cycle, ClockEvent.change, ClockEvent.level)
    once = (ClockChange.WARNED, ClockChange.SKIPPED, ClockChange.BREACHED)
    return [tuple(row) for row in db.session.execute(sa.select(*columns).where(ClockEvent.change.in_(once)))]  # type: ignore[misc]


def _effects_of_settling_everything(at: datetime) -> list[Effect]:
    with _undone():
        for number in _numbers():
            deadlines.settle_due(number, at)
        db.session.flush()
        return _effects()


def _assert_breaches_match(done: Sequence[Effect]) -> None:
    breached = Counter((clock, cycle) for clock, cycle, what, _level in done if what == ClockChange.BREACHED)
    rows = db.session.execute(sa.select(Breach.clock_id, Breach.cycle)).all()
    assert Counter(tuple(row) for row in rows) == breached
    assert db.session.scalar(sa.select(sa.func.count()).select_from(BreachToReview)) == len(rows)


def _assert_timeline_matches(done: Sequence[Effect]) -> None:
    """Each breach stands once in its ticket's history, each warning too unless its breach came due with it (R7)."""
    ticket_and_kind = {clock.id: (clock.ticket_id, clock.kind) for clock in db.session.scalars(sa.select(SlaClock))}
    breached = {(clock, cycle) for clock, cycle, what, _level in done if what == ClockChange.BREACHED}
    told = Counter(
        (*ticket_and_kind[clock], cycle, EVENTS[what])
        for clock, cycle, what, _level in done
        if what == ClockChange.BREACHED or (what == ClockChange.WARNED and (clock, cycle) not in breached)
    )
    rows = sa.select(TicketEvent.ticket_id, TicketEvent.what, TicketEvent.particulars)
    written: Counter[Any] = Counter()
    for number, what, text in db.session.execute(rows.where(TicketEvent.what.in_(EVENTS.values()))):
        particulars = json.loads(text)
        written[number, particulars["clock"], particulars["cycle"], what] += 1
    assert written == told


def _numbers() -> list[int]:
    return list(db.session.scalars(sa.select(Ticket.id).order_by(Ticket.id)))


def _projections() -> list[Any]:
    clock = (SlaClock.ticket_id, SlaClock.kind, SlaClock.cycle, SlaClock.state, SlaClock.due_at, SlaClock.warns_at)
    happened = (SlaClock.late_from_at, SlaClock.warned_at, SlaClock.breached_at, SlaClock.next_fire_at)
    queue = (Ticket.id, Ticket.state, Ticket.next_due_at, Ticket.next_due_clock, Ticket.is_paused, Ticket.event_count)
    clocks = db.session.execute(sa.select(*clock, *happened).order_by(SlaClock.id)).all()
    return [*clocks, *db.session.execute(sa.select(*queue).order_by(Ticket.id)).all()]


def _replayed() -> list[Any]:
    """The projections after every ticket's history was replayed once more up to now: they must stand as they stood."""
    with _undone():
        for number in _numbers():
            ticket = deadlines.lock(number)
            assert ticket is not None
            deadlines.settle(ticket, datetime.now(UTC).replace(microsecond=0))
        db.session.flush()
        return _projections()


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
