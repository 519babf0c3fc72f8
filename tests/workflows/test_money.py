"""Date arithmetic of the windows that money hangs on: ends of months, leap years, changes of clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.money import begins_at, ends_at, next_moment, warnings
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
