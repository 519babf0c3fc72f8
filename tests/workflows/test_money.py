"""Date arithmetic of the windows that money hangs on: ends of months, leap years, changes of clocks."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.money import begins_at, day_begins_at, ends_at, months_on, next_moment, span, warnings
from workflows.vocabulary import MoneyStart, MoneyUnit

BUDAPEST = ZoneInfo("Europe/Budapest")
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)).map(
    lambda moment: moment.replace(microsecond=0)
)


def here(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BUDAPEST)


@pytest.mark.parametrize(
    ("begin", "length", "unit", "end"),
    [
        ("2026-11-24 10:30", 7, MoneyUnit.DAYS, "2026-12-01 10:30"),
        ("2026-03-25 10:30", 7, MoneyUnit.DAYS, "2026-04-01 10:30"),  # an hour shorter: the clocks went on
        ("2026-10-22 10:30", 7, MoneyUnit.DAYS, "2026-10-29 10:30"),  # an hour longer
        ("2026-03-22 02:30", 7, MoneyUnit.DAYS, "2026-03-29 03:30"),  # half past two was left out
        ("2028-02-22 12:00", 7, MoneyUnit.DAYS, "2028-02-29 12:00"),
        ("2026-12-18 09:00", 14, MoneyUnit.DAYS, "2027-01-01 09:00"),
        ("2026-03-28 12:00", 24, MoneyUnit.HOURS, "2026-03-29 13:00"),
        ("2026-01-31 08:00", 1, MoneyUnit.MONTHS, "2026-02-28 08:00"),
        ("2028-01-31 08:00", 1, MoneyUnit.MONTHS, "2028-02-29 08:00"),
        ("2026-12-31 08:00", 2, MoneyUnit.MONTHS, "2027-02-28 08:00"),
        ("2026-11-01 00:00", 1, MoneyUnit.MONTHS, "2026-12-01 00:00"),
    ],
)
def test_a_window_ends_by_the_desks_own_calendar(begin: str, length: int, unit: MoneyUnit, end: str) -> None:
    assert ends_at(here(begin), length, unit, BUDAPEST) == here(end).astimezone(UTC)


def test_an_hour_that_comes_twice_is_taken_the_first_time() -> None:
    assert ends_at(here("2026-10-18 02:30"), 7, MoneyUnit.DAYS, BUDAPEST) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "begin"),
    [
        ("2026-10-25 13:00", "2026-11-01 00:00"),
        ("2026-12-31 23:59", "2027-01-01 00:00"),
        ("2026-11-01 00:00", "2026-12-01 00:00"),
    ],
)
def test_the_billing_month_ends_at_midnight_of_the_desk(start: str, begin: str) -> None:
    assert begins_at(here(start), MoneyStart.BILLING_MONTH_END, BUDAPEST) == here(begin)


def test_a_purchase_counts_from_its_moment() -> None:
    assert begins_at(here("2026-10-25 13:00"), MoneyStart.MOMENT, BUDAPEST) == here("2026-10-25 13:00")


def test_warnings_come_at_half_and_a_day_before_the_end() -> None:
    begin = here("2026-11-24 10:00")
    week = ends_at(begin, 7, MoneyUnit.DAYS, BUDAPEST)
    assert warnings(begin, week) == (here("2026-11-27 22:00"), here("2026-11-30 10:00"))
    day = ends_at(begin, 24, MoneyUnit.HOURS, BUDAPEST)
    assert warnings(begin, day) == (here("2026-11-24 22:00"),)


@given(MOMENTS, st.integers(1, 150), st.sampled_from(list(MoneyUnit)))
def test_each_next_moment_lies_behind_the_one_before_and_the_last_is_the_end(
    begin: datetime, length: int, unit: MoneyUnit
) -> None:
    end = ends_at(begin, length, unit, BUDAPEST)
    assert end > begin
    seen, at = [], begin
    while (following := next_moment(begin, end, at)) is not None:
        assert following > at
        seen.append(following)
        at = following
    assert seen[-1] == end
    assert 2 <= len(seen) <= 3
    assert next_moment(begin, end, end + timedelta(seconds=1)) is None


@given(MOMENTS, st.integers(1, 400))
def test_days_end_at_the_same_time_of_day_unless_it_was_left_out(begin: datetime, days: int) -> None:
    end = ends_at(begin, days, MoneyUnit.DAYS, BUDAPEST).astimezone(BUDAPEST)
    wanted = begin.astimezone(BUDAPEST).replace(tzinfo=None) + timedelta(days=days)
    assert end.replace(tzinfo=None) - wanted in (timedelta(0), timedelta(hours=1))


# whose clock: the vendor names none ---------------------------------------------------------------------------

ZONES = [
    ZoneInfo(name)
    for name in ("Europe/Budapest", "America/New_York", "Asia/Tokyo", "Australia/Lord_Howe", "Pacific/Kiritimati")
]


@given(MOMENTS, st.integers(1, 150), st.sampled_from(MoneyUnit), st.sampled_from(MoneyStart), st.sampled_from(ZONES))
def test_a_deadline_is_never_after_the_vendors_whichever_clock_counts(
    start: datetime, length: int, unit: MoneyUnit, counts_from: MoneyStart, zone: ZoneInfo
) -> None:
    runs = span(start, counts_from, length, unit, zone)
    both = [ends_at(begins_at(start, counts_from, clock), length, unit, clock) for clock in (zone, UTC)]
    assert runs.ends_at == min(both)
    assert runs.begins_at < runs.ends_at
    assert (runs.begins_at.utcoffset(), runs.ends_at.utcoffset()) == (timedelta(0), timedelta(0))


@given(MOMENTS, st.integers(1, 150), st.sampled_from(ZONES))
def test_hours_are_real_ones_and_days_never_longer(start: datetime, length: int, zone: ZoneInfo) -> None:
    hours = span(start, MoneyStart.MOMENT, length, MoneyUnit.HOURS, zone)
    assert hours.ends_at - hours.begins_at == timedelta(hours=length)
    days = span(start, MoneyStart.MOMENT, length, MoneyUnit.DAYS, zone)
    assert timedelta(days=length, hours=-1) <= days.ends_at - days.begins_at <= timedelta(days=length)


@given(MOMENTS, st.integers(1, 30), st.sampled_from(ZONES))
def test_a_claim_ends_with_a_month_however_short_the_months_before(
    start: datetime, months: int, zone: ZoneInfo
) -> None:
    """Told apart by walking the days of a calendar: the first day that is ``months`` + 1 months on."""
    end = span(start, MoneyStart.BILLING_MONTH_END, months, MoneyUnit.MONTHS, zone).ends_at
    expected = min(_after_months(start, months + 1, clock) for clock in (zone, UTC))
    assert end == expected


def _after_months(start: datetime, months: int, zone: tzinfo) -> datetime:
    day, seen = start.astimezone(zone).date(), 0
    while seen < months:
        day += timedelta(days=1)
        seen += day.day == 1
    return datetime.combine(day, time(), zone).astimezone(UTC)


@pytest.mark.parametrize(
    ("day", "zone", "begin"),
    [
        ("2026-11-24", "Europe/Budapest", "2026-11-23T23:00"),
        ("2026-11-24", "America/New_York", "2026-11-24T00:00"),
        ("2026-07-01", "Europe/Budapest", "2026-06-30T22:00"),
    ],
)
def test_of_a_day_alone_the_first_instant_counts(day: str, zone: str, begin: str) -> None:
    found = day_begins_at(date.fromisoformat(day), ZoneInfo(zone))
    assert found == datetime.fromisoformat(begin).replace(tzinfo=UTC)


@given(st.dates(date(2020, 3, 1), date(2035, 1, 1)), st.integers(-60, 60))
def test_months_on_and_back_keep_the_day_or_take_the_last(day: date, months: int) -> None:
    found = months_on(day, months)
    assert (found.year * 12 + found.month) - (day.year * 12 + day.month) == months
    assert found.day == day.day or (found.day < day.day and (found + timedelta(days=1)).day == 1)
