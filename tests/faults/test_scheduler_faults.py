"""Schedulers that are killed or stopped in the middle of their work: every effect happens once, none is lost."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from multiprocessing.process import BaseProcess

import pytest
import sqlalchemy as sa
from flask import Flask

from helpdesk.clock import Hand
from helpdesk.database import db, unit_of_work
from helpdesk.notifications.models import DeliveryState, Notification, OutboxMessage
from helpdesk.tickets.actions.opening import Opened
from tests.faults import effects, world
from tests.faults.processes import Fork, end, is_stopped
from tests.faults.runner import Halt
from tests.helpdesk.notifications.mailserver import MailServer
from tests.helpdesk.tickets.conftest import Desk
from workflows.vocabulary import ClockChange

TICKETS = 400
"""With about three due clocks each."""

SCHEDULERS = 5
STANDS_STILL = 2.0
PATIENCE = 60

pytestmark = pytest.mark.faults


@pytest.fixture
def due_clocks(
    app: Flask,
    desk: Desk,
    opened: Callable[..., Opened],
    hand: Hand,
    today: datetime,
) -> int:
    """More than a thousand clocks that are due today: most of them breached long ago, some only to be warned of."""
    long_ago = world.open_at(opened, hand, [today - timedelta(days=60, hours=hours) for hours in range(12)], desk)
    lately = world.open_at(opened, hand, [world.that_only_warn(opened, hand, today)] * 12, desk)
    world.copy(app, (*long_ago, *lately), TICKETS)
    return world.due(today)


# killed at random -----------------------------------------------------------------------------------------


def test_killed_schedulers_do_everything_once(due_clocks: int, fork: Fork, today: datetime) -> None:
    expected = effects.of_settling_everything(today)
    assert {one.change for one in expected.changes} >= {ClockChange.WARNED, ClockChange.BREACHED}

    chance, running = random.Random(42), [fork("scheduler") for _number in range(3)]
    kills, before = 0, due_clocks
    _until(lambda: world.due(today) < due_clocks)
    while remaining := world.due(today):
        if remaining <= before - due_clocks // 8:
            for place in chance.sample(range(3), chance.randint(1, 3)):
                end(running[place])
                running[place] = fork("scheduler")
                kills += 1
            before = remaining
        time.sleep(chance.uniform(0, 0.02))  # else they would always be caught right after a commit

    assert kills >= 3, "they were never caught at work"
    effects.assert_once(expected)


# stopped in the middle of a transaction ---------------------------------------------------------------------


def test_a_scheduler_that_stands_still_for_a_while_does_no_harm(due_clocks: int, fork: Fork, today: datetime) -> None:
    """On PostgreSQL it keeps its tickets meanwhile, on SQLite the whole database: the others go on or wait."""
    expected = effects.of_settling_everything(today)
    stopped = fork("scheduler", halt=Halt("before the commit", 2, signal.SIGSTOP))
    _until(lambda: is_stopped(stopped))
    others = [fork("scheduler") for _number in range(SCHEDULERS - 1)]
    time.sleep(STANDS_STILL)
    assert world.due(today) > 0, "it was stopped after everything was done"
    assert all(other.is_alive() for other in others)

    os.kill(stopped.pid or 0, signal.SIGCONT)
    _until(lambda: not world.due(today))
    effects.assert_once(expected)


# killed at named points ---------------------------------------------------------------------------------------

SWEEP = ("before the claim", "after the claim", "before the commit", "after the commit")
OUTBOX = ("with rows of the outbox claimed", "between bell and commit", "before a letter", "after a letter")


def test_whatever_point_a_scheduler_is_killed_at(
    due_clocks: int, fork: Fork, env: dict[str, str], today: datetime
) -> None:
    expected = effects.of_settling_everything(today)
    with MailServer() as post:
        env["HELPDESK_SMTP_URL"] = post.url
        for point in SWEEP:
            _dies(fork("scheduler", halt=Halt(point, 2, signal.SIGKILL)), point)
            assert world.due(today), f"nothing was left to do after {point}"
        for point in OUTBOX:
            _dies(fork("scheduler", halt=Halt(point, 1, signal.SIGKILL)), point)
            _let_leases_end(today)
        fork("scheduler")
        _until(lambda: not world.due(today) and not _waiting(today))

    effects.assert_once(expected)
    _assert_everybody_was_told(post)


def _dies(process: BaseProcess, point: str) -> None:
    process.join(timeout=PATIENCE)
    assert process.exitcode == -signal.SIGKILL, f"{point}: {process.exitcode}"


def _let_leases_end(today: datetime) -> None:
    """As time would: what a dead scheduler had claimed is due again, and what waits for people's hours too."""
    with unit_of_work() as session:
        waiting = sa.update(OutboxMessage).where(OutboxMessage.delivery_state == DeliveryState.PENDING)
        session.execute(waiting.values(next_attempt_at=today - timedelta(seconds=1)))


def _waiting(today: datetime) -> int:
    db.session.rollback()
    is_due = sa.or_(OutboxMessage.next_attempt_at <= today, OutboxMessage.attempts > 0)
    rows = sa.select(sa.func.count()).select_from(OutboxMessage)
    return db.session.scalar(rows.where(OutboxMessage.delivery_state == DeliveryState.PENDING, is_due)) or 0


def _assert_everybody_was_told(post: MailServer) -> None:
    """Under the bell each line hangs once; no letter is lost, and each kill doubles one at most: the one on its way."""
    states = set(db.session.scalars(sa.select(OutboxMessage.delivery_state).distinct()))
    assert DeliveryState.FAILED not in states
    stable_ids = list(db.session.scalars(sa.select(Notification.stable_id)))
    assert len(stable_ids) == len(set(stable_ids)) > 0
    letters = post.message_ids()
    assert 1 <= len(letters) - len(set(letters)) <= len(SWEEP + OUTBOX)
    assert len(set(letters)) > 10


def _until(is_so: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)
