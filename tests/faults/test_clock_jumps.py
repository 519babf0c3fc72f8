"""The machine's clock is set forward and back under a running scheduler: it goes on, nothing twice, nothing lost.

A real process under libfaketime (the one for programs with threads), which leaves the monotonic clock alone: that one
no administrator can set. The process is told the time by a file, so the test turns its clock while it runs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from helpdesk.clock import Hand
from helpdesk.database import db, unit_of_work
from helpdesk.sla.models import Breach
from helpdesk.tickets.actions.opening import Opened
from tests.faults import world
from tests.faults.processes import running
from tests.helpdesk.tickets.oracle import assert_true

LIBRARY = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
GOES_ON_WITHIN = 10
PROMISED = timedelta(hours=8)
HALF_AN_HOUR, TWENTY_HOURS, FOUR_DAYS = timedelta(minutes=30), timedelta(hours=20), timedelta(days=4)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
JUMPS = ((HOUR, "+1h"), (-HOUR, "-1h"), (DAY, "+1d"), (timedelta(0), "+0"), (-DAY, "-1d"))
"""From one to the next by one and two hours and by a day and an hour, forward and back."""

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(LIBRARY is None, reason="no libfaketime (Debian: libfaketime): nobody can set its clock"),
]


@pytest.fixture
def fake_time(env: dict[str, str], tmp_path: Path) -> Callable[[str], None]:
    """Sets the clock of processes started with ``env``, as an offset from the real one."""
    told = tmp_path / "time"

    def set_to(offset: str) -> None:
        fresh = tmp_path / "time.new"
        fresh.write_text(f"{offset}\n")
        fresh.rename(told)  # whole, or not at all: the process reads it at any moment

    env |= {
        "LD_PRELOAD": str(LIBRARY),
        "FAKETIME_TIMESTAMP_FILE": str(told),
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "HELPDESK_LOG_LEVEL": "WARNING",
    }
    set_to("+0")
    return set_to


def test_the_clock_is_set_by_an_hour_and_a_day_both_ways(
    opened: Callable[..., Opened],
    hand: Hand,
    env: dict[str, str],
    fake_time: Callable[[str], None],
    today: datetime,
    tmp_path: Path,
) -> None:
    """After each setting a ticket that is late by the new time is noticed soon, and no other before its moment."""

    def late_from(moment: datetime) -> int:
        hand.at = moment - PROMISED - timedelta(seconds=1)
        return opened().ticket.id

    with unit_of_work():
        world.promise_only(int(PROMISED.total_seconds()))
    soon, later, much_later = (late_from(today + wait) for wait in (HALF_AN_HOUR, TWENTY_HOURS, FOUR_DAYS))
    with running("scheduler", env=env, log=tmp_path / "scheduler.log"):
        noticed = [_noticed(late_from(today), 3 * GOES_ON_WITHIN)]  # it has to start first
        for offset, name in JUMPS:
            fake_time(name)
            noticed.append(_noticed(late_from(today + offset), GOES_ON_WITHIN))
            _assert_noticed_by(offset, soon=soon, later=later)
            assert not _breaches(much_later)

    numbers = [soon, later, much_later, *noticed]
    assert all(found.late_from_at <= found.noticed_at for number in numbers for found in _breaches(number))
    assert [len(_breaches(number)) for number in numbers] == [1, 1, 0, *[1] * len(noticed)]
    assert_true(numbers, today + timedelta(days=1, minutes=5))


def _assert_noticed_by(offset: timedelta, *, soon: int, later: int) -> None:
    """What was to be late in half an hour is so since the clock said so, and stays so when it is set back."""
    furthest = max(jump for jump, _name in JUMPS[: [jump for jump, _name in JUMPS].index(offset) + 1])
    _until(lambda: len(_breaches(soon)) == 1, GOES_ON_WITHIN)
    assert len(_breaches(later)) == (furthest > TWENTY_HOURS)


def _noticed(number: int, seconds: float) -> int:
    _until(lambda: _breaches(number), seconds)
    return number


def _breaches(number: int) -> Sequence[Breach]:
    db.session.rollback()
    return db.session.scalars(sa.select(Breach).where(Breach.ticket_id == number)).all()


def _until(is_so: Callable[[], object], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "the scheduler stands still"
        time.sleep(0.05)
