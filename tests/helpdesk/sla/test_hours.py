"""Hours as text: what is read is written again, and nights survive being split and joined."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from helpdesk.sla import hours
from workflows.business_definition import WEEKDAYS
from workflows.business_time import BusinessCalendar

Week = dict[str, list[tuple[str, str]]]
QUARTERS = 96  # of a day
MONDAY = datetime(2026, 6, 1, tzinfo=UTC)


def clock(quarter: int) -> str:
    return "24:00" if quarter == QUARTERS else f"{quarter // 4:02}:{quarter % 4 * 15:02}"


@st.composite
def nights(draw: st.DrawFn) -> Week:
    """Hours by day that never overlap; the last of a day may go on past midnight, up to the next day's first."""
    cuts = {day: sorted(draw(st.sets(st.integers(1, QUARTERS), max_size=6))) for day in WEEKDAYS}
    week: Week = {
        day: [(clock(a), clock(b)) for a, b in zip(cut[::2], cut[1::2], strict=False)] for day, cut in cuts.items()
    }
    days = list(WEEKDAYS)
    for number, day in enumerate(days):
        last, following = cuts[day][-1:], cuts[days[(number + 1) % 7]]
        if len(cuts[day]) % 2 and last and last[0] < QUARTERS:
            latest = min(last[0] - 1, following[0] if following else QUARTERS)
            week[day].append((clock(last[0]), clock(draw(st.integers(0, latest)))))
    return week


def split(week: Week) -> Week:
    """The same hours cut at midnight, as somebody might write them."""
    halves: Week = {day: [] for day in week}
    days = list(week)
    for number, day in enumerate(days):
        for opening, closing in week[day]:
            if closing > opening:
                halves[day].append((opening, closing))
                continue
            halves[day].append((opening, "24:00"))
            if closing != "00:00":
                halves[days[(number + 1) % 7]].append(("00:00", closing))
    return {day: sorted(intervals) for day, intervals in halves.items()}


def open_hours(week: Week) -> list[bool]:
    calendar = BusinessCalendar(timezone="UTC", week=week)
    return [calendar.is_open(MONDAY + timedelta(minutes=15 * quarter)) for quarter in range(7 * QUARTERS)]


@given(nights().filter(lambda week: any(week.values())))
def test_nights_split_at_midnight_and_joined_again_are_the_same_hours(week: Week) -> None:
    halves = split(week)
    joined = hours.joined(halves)
    assert open_hours(joined) == open_hours(week) == open_hours(halves)
    assert hours.joined(split(joined)) == joined
    assert sum(map(len, joined.values())) <= sum(map(len, halves.values()))


@given(nights())
def test_what_is_written_is_read_again(week: Week) -> None:
    for intervals in week.values():
        assert hours.read_intervals(hours.write_intervals(intervals)) == intervals


def test_a_night_is_written_in_one_piece_but_a_day_and_a_night_are_not() -> None:
    always = {day: [("00:00", "24:00")] for day in WEEKDAYS}
    assert hours.joined(always) == always
    shop = {day: [] for day in WEEKDAYS} | {
        "sun": [("22:00", "24:00")],
        "mon": [("00:00", "06:00"), ("08:00", "12:00")],
    }
    assert hours.joined(shop)["sun"] == [("22:00", "06:00")]
    assert hours.joined(shop)["mon"] == [("08:00", "12:00")]
    long = {day: [] for day in WEEKDAYS} | {"mon": [("05:00", "24:00")], "tue": [("00:00", "06:00")]}
    assert hours.joined(long) == long  # 05:00-06:00 would be one hour
