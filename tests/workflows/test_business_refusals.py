"""Everything a calendar refuses: a ValueError with its code and a sentence."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from workflows.business_errors import BusinessTimeError
from workflows.business_time import BusinessCalendar

WEEK = {"mon": [("09:00", "17:00")]}
CALENDAR = BusinessCalendar(timezone="Europe/Budapest", week=WEEK)
NOON = "2026-01-05T12:00:00+01:00"
LATER = "2026-01-05T13:00:00+01:00"
NAIVE = datetime(2026, 1, 5, 12)


def assert_refused(code: str, question: Callable[[], object]) -> None:
    with pytest.raises(BusinessTimeError) as caught:
        question()
    assert isinstance(caught.value, ValueError)
    assert caught.value.code == code
    sentence = str(caught.value)
    assert sentence[0].isupper()
    assert sentence.endswith(".")


@pytest.mark.parametrize("seconds", [-1, True, False, 1.0, "1one", None])
def test_durations(seconds: Any) -> None:
    assert_refused("invalid_seconds", lambda: CALENDAR.add(NOON, seconds))
    assert_refused("invalid_seconds", lambda: CALENDAR.subtract(NOON, seconds))


@pytest.mark.parametrize(
    ("code", "moment"),
    [
        ("naive_moment", NAIVE),
        ("naive_moment", "2026-01-05T12:00:00"),
        ("naive_moment", "2026-01-05"),
        ("invalid_moment", "yesterday"),
        ("invalid_moment", 1767610800),
        ("invalid_moment", None),
    ],
)
def test_moments(code: str, moment: Any) -> None:
    questions: list[Callable[[], object]] = [
        lambda: CALENDAR.add(moment, 60),
        lambda: CALENDAR.between(NOON, moment),
        lambda: CALENDAR.between(moment, NOON),
        lambda: CALENDAR.is_open(moment),
        lambda: CALENDAR.explain(moment, NOON),
        lambda: CALENDAR.add(NOON, 60, [(moment, LATER)]),
        lambda: CALENDAR.next_open(moment),
        lambda: CALENDAR.closes_at(moment),
    ]
    for question in questions:
        assert_refused(code, question)


@pytest.mark.parametrize(
    "pause", [(LATER, NOON), (NOON,), (NOON, LATER, "customer", 1), (NOON, LATER, ""), (NOON, LATER, 7), "no"]
)
def test_pauses(pause: Any) -> None:
    assert_refused("invalid_pause", lambda: CALENDAR.add(NOON, 0, [pause]))
    assert_refused("invalid_pause", lambda: CALENDAR.between(NOON, LATER, [pause]))
    assert_refused("invalid_pause", lambda: CALENDAR.explain(LATER, NOON, [pause]))
    assert_refused("invalid_pause", lambda: CALENDAR.subtract(NOON, 0, [pause]))


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", None, "../etc/passwd", "/etc/localtime", "Europe", 7])
def test_zones(zone: Any) -> None:
    assert_refused("unknown_zone", lambda: BusinessCalendar(timezone=zone, week=WEEK))


@pytest.mark.parametrize(
    "interval",
    [
        ("25:00", "26:00"),
        ("09:00", "25:00"),
        ("09:00", "24:01"),
        ("24:00", "06:00"),
        ("9:00", "17:00"),
        ("09:60", "17:00"),
        ("09:00", "17:00\n"),
        ("٠٩:00", "17:00"),
        ("", "17:00"),
        (9, 17),
        ("09:00",),
        ("09:00", "12:00", "17:00"),
        "09",
    ],
)
def test_intervals(interval: Any) -> None:
    assert_refused("invalid_interval", lambda: BusinessCalendar(timezone="UTC", week={"mon": [interval]}))
    assert_refused("invalid_interval", lambda: BusinessCalendar(timezone="UTC", shifts={"2026-01-05": [interval]}))


@pytest.mark.parametrize(
    "week",
    [
        {"mon": [("09:00", "12:00"), ("11:00", "13:00")]},
        {"mon": [("09:00", "12:00"), ("09:00", "12:00")]},
        {"mon": [("22:00", "06:00")], "tue": [("05:00", "09:00")]},
        {"sun": [("22:00", "06:00")], "mon": [("05:59:59", "09:00")]},
        {"mon": [("22:00", "06:00"), ("23:00", "24:00")]},
    ],
)
def test_overlaps_after_splitting_at_midnight(week: Any) -> None:
    assert_refused("overlapping_intervals", lambda: BusinessCalendar(timezone="UTC", week=week))


def test_overlapping_shifts() -> None:
    shifts = {"2026-01-05": [("22:00", "06:00")], "2026-01-06": [("05:00", "09:00")]}
    assert_refused("overlapping_intervals", lambda: BusinessCalendar(timezone="UTC", shifts=shifts))


def test_touching_intervals_are_fine() -> None:
    week = {"mon": [("09:00", "12:00"), ("12:00", "00:00")], "tue": [("00:00", "01:00")]}
    assert BusinessCalendar(timezone="UTC", week=week).is_open("2026-01-06T00:30:00Z")


@pytest.mark.parametrize("day", ["2026-02-30", "20260105", "2026-W01-1", "soon", 5, None, datetime(2026, 1, 5)])
def test_dates(day: Any) -> None:
    assert_refused("invalid_date", lambda: BusinessCalendar(timezone="UTC", week=WEEK, holidays=[day]))
    assert_refused("invalid_date", lambda: BusinessCalendar(timezone="UTC", shifts={day: [("09:00", "10:00")]}))
    breaks = [{"date": day, "from": "09:00", "to": "10:00"}]
    assert_refused("invalid_date", lambda: BusinessCalendar(timezone="UTC", week=WEEK, breaks=breaks))
    assert_refused("invalid_date", lambda: CALENDAR.holiday_name(day))


@pytest.mark.parametrize(
    "more",
    [{}, {"week": {}}, {"week": {"mon": []}}, {"week": None, "shifts": {"2026-01-05": []}}],
)
def test_no_hours_at_all(more: Any) -> None:
    assert_refused("never_open", lambda: BusinessCalendar(timezone="UTC", **more))


def test_holidays_on_every_open_day_for_ten_years() -> None:
    calendar = BusinessCalendar(timezone="UTC", shifts={"2020-01-05": [("09:00", "10:00")]})
    assert_refused("never_open", lambda: calendar.add(NOON, 1))


@pytest.mark.parametrize(
    "mapping",
    [
        {"week": WEEK},
        {"timezone": "UTC", "week": WEEK, "hours": {}},
        {"timezone": "UTC", "week": {"monday": [("09:00", "17:00")]}},
        {"timezone": "UTC", "week": [("09:00", "17:00")]},
        {"timezone": "UTC", "week": {"mon": 7}},
        {"timezone": "UTC", "week": WEEK, "holidays": "2026-12-25"},
        {"timezone": "UTC", "week": WEEK, "holidays": {"2026-12-25": 7}},
        {"timezone": "UTC", "week": WEEK, "breaks": [{"date": "2026-01-05", "from": "09:00"}]},
        {"timezone": "UTC", "week": WEEK, "breaks": ["2026-01-05"]},
        {"timezone": "UTC", "week": WEEK, "shifts": ["2026-01-05"]},
        "UTC",
    ],
)
def test_mappings(mapping: Any) -> None:
    assert_refused("invalid_definition", lambda: BusinessCalendar.from_mapping(mapping))
    assert_refused("invalid_definition", lambda: BusinessCalendar.of(mapping))


def test_answers_past_the_last_year() -> None:
    assert_refused("out_of_range", lambda: CALENDAR.add("9999-12-20T12:00:00Z", 10**6))
    assert_refused("out_of_range", lambda: CALENDAR.subtract("0001-01-10T12:00:00Z", 10**6))
    assert_refused("out_of_range", lambda: CALENDAR.add(NOON, 10**15))
    assert_refused("out_of_range", lambda: CALENDAR.explain("0001-01-01T00:00:00Z", "0001-01-03T00:00:00Z"))
    assert_refused("out_of_range", lambda: CALENDAR.explain("9999-12-29T00:00:00Z", "9999-12-31T12:00:00Z"))
