"""The strip of the day: which hours it shows, where the present stands, and that counts stop honestly."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask_babel import Babel

from helpdesk.clock import Hand
from helpdesk.management.days import HOUR, Days
from helpdesk.management.queries import COUNT_TO, Undecided
from helpdesk.management.strip import Strip, strip_of
from helpdesk.sla.tally import Kept

NOON = datetime(2026, 11, 24, 11, tzinfo=UTC)  # in Budapest


@pytest.fixture
def zone(request: pytest.FixtureRequest) -> str:
    return str(getattr(request, "param", "Europe/Budapest"))


@pytest.fixture(autouse=True)
def reader(zone: str) -> Iterator[None]:
    app = Flask("reader")
    Babel(app, locale_selector=lambda: "en", timezone_selector=lambda: zone)
    with app.test_request_context(), Hand(NOON).at_work():
        yield


def drawn(kept: dict[datetime, Kept], undecided: dict[datetime, Undecided], desk: set[datetime]) -> Strip:
    return strip_of(Days.around(NOON), kept, undecided, desk)


def test_it_shows_the_desks_hours_and_reaches_out_to_any_deadline() -> None:
    desk = {NOON + hour * HOUR for hour in (-1, 0, 1)}

    strip = drawn({NOON - 4 * HOUR: Kept(2, 1)}, {}, desk)

    assert [column.text for column in strip.hours] == ["8–9", "9–10", "10–11", "11–12", "12–13", "13–14"]
    assert strip.hours[0].tones == {"met": "2", "late": "1", "warn": "0", "plain": "0"}


def test_the_present_stands_where_it_is() -> None:
    desk = {NOON + hour * HOUR for hour in (-2, -1, 0, 1)}

    strip = strip_of(Days.around(NOON + timedelta(minutes=30)), {}, {}, desk)

    assert strip.now_share == 62.5  # two and a half of four hours
    assert drawn({}, {}, {NOON + 3 * HOUR}).now_share is None


def test_undecided_promises_are_at_risk_or_to_come() -> None:
    strip = drawn({NOON: Kept(4, 0)}, {NOON: Undecided(5, 2)}, set())

    assert strip.hours[0].total == 9
    assert [text for _tone, text in strip.key] == ["met 4", "late 0", "at risk 2", "to come 3"]


def test_a_count_that_stopped_says_so() -> None:
    column = drawn({}, {NOON: Undecided(COUNT_TO + 1, 10)}, set()).hours[0]

    assert column.tones["plain"] == "990+"
    assert column.total_text == "1,000+"


def test_an_empty_day_has_no_hours() -> None:
    assert drawn({}, {}, set()).hours == []


@pytest.mark.parametrize(
    ("day", "hours"),
    [(datetime(2026, 3, 29, 12, tzinfo=UTC), 23), (datetime(2026, 10, 25, 12, tzinfo=UTC), 25), (NOON, 24)],
)
def test_a_day_has_the_hours_it_has(day: datetime, hours: int) -> None:
    days = Days.around(day)

    assert len(days.hours) == hours
    assert days.hours[-1] + HOUR == days.tomorrow


@pytest.mark.parametrize("zone", ["Asia/Kolkata"], indirect=True)
def test_half_hour_zones_find_the_tallies_of_whole_hours() -> None:
    days = Days.around(NOON)

    strip = drawn({days.hours[10]: Kept(1, 0)}, {}, set())

    assert all(hour.minute == 0 for hour in days.hours)
    assert len(days.hours) == 24
    assert [column.text for column in strip.hours] == ["9:30–10:30"]
    assert days.this_week_day.isoformat() == "2026-11-23"


def test_the_week_begins_on_the_readers_monday() -> None:
    days = Days.around(datetime(2026, 11, 22, 23, 30, tzinfo=UTC))  # Mon 00:30 in Budapest

    assert days.this_week == days.today == datetime(2026, 11, 22, 23, tzinfo=UTC)
    assert days.this_week - days.last_week == timedelta(days=7)
