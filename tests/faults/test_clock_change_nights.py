"""The nights in which clocks change, through everything that is stored: a deadline is real hours away."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from helpdesk.clock import Hand, now
from helpdesk.database import db, unit_of_work
from helpdesk.jobs import jobs
from helpdesk.sla.models import Breach
from helpdesk.tickets.actions.opening import Opened
from tests.faults import world
from tests.helpdesk.tickets.conftest import Desk
from tests.helpdesk.tickets.oracle import assert_true

HOUR = 3600
ALWAYS = world.ALWAYS
NIGHTS = {day: [["22:00", "06:00"]] for day in ALWAYS}


def at(zone: str, text: str) -> datetime:
    """A local time as UTC; of the two hours called 02 in autumn, the first."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


# zone, opening hours, opened at, hours promised, and when that is over by the clock on the wall
CASES = (
    ("Europe/Budapest", ALWAYS, "2026-03-28 22:00", 8, "2026-03-29 07:00"),
    ("Europe/Budapest", NIGHTS, "2026-03-28 22:00", 7, "2026-03-29 06:00"),
    ("Europe/Budapest", NIGHTS, "2026-03-28 22:00", 8, "2026-03-29 23:00"),
    ("Europe/Budapest", ALWAYS, "2026-10-24 22:00", 8, "2026-10-25 05:00"),
    ("Europe/Budapest", NIGHTS, "2026-10-24 22:00", 9, "2026-10-25 06:00"),
    ("Europe/Budapest", NIGHTS, "2026-10-24 22:00", 10, "2026-10-25 23:00"),
    ("America/New_York", ALWAYS, "2026-03-07 22:00", 8, "2026-03-08 07:00"),
    ("America/New_York", NIGHTS, "2026-03-07 22:00", 7, "2026-03-08 06:00"),
    ("America/New_York", ALWAYS, "2026-10-31 22:00", 8, "2026-11-01 05:00"),
    ("America/New_York", NIGHTS, "2026-10-31 22:00", 9, "2026-11-01 06:00"),
)


@pytest.mark.parametrize(("zone", "week", "opened_at", "hours", "due_at"), CASES)
def test_a_deadline_of_that_night_is_real_hours_away(
    desk: Desk,
    opened: Callable[..., Opened],
    hand: Hand,
    zone: str,
    week: dict[str, Any],
    opened_at: str,
    hours: int,
    due_at: str,
) -> None:
    with unit_of_work():
        world.promise_only(hours * HOUR, zone, week)
    hand.at = at(zone, opened_at)
    ticket = opened().ticket
    deadline = at(zone, due_at)
    assert world.resolution_of(ticket).due_at == deadline

    late_from = world.resolution_of(ticket).next_fire_at
    assert late_from is not None
    for moment in (hand.at + timedelta(hours=1), deadline, late_from - timedelta(seconds=1)):
        hand.at = moment
        assert not list(jobs.sweep_clocks()), f"noticed at {moment.astimezone(ZoneInfo(zone))}, before it was late"
    hand.at = late_from
    assert all(jobs.sweep_clocks())
    (breach,) = db.session.scalars(sa.select(Breach))
    assert (breach.deadline_at, breach.late_from_at, breach.noticed_at) == (deadline, late_from, late_from)
    assert_true([ticket.id], now())
