"""The calendar's rules, one by one, on dates small enough to check by hand."""

import copy
import json
import pickle
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from workflows.business_errors import NeverOpen
from workflows.business_time import BusinessCalendar
from workflows.vocabulary import SpanReason

HOUR = 3600
DAY = 24 * HOUR
BUDAPEST = ZoneInfo("Europe/Budapest")
OFFICE = {day: [("09:00", "17:00")] for day in ("mon", "tue", "wed", "thu", "fri")}
ALWAYS = {day: [("00:00", "24:00")] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
NIGHTS = {day: [("22:00", "06:00")] for day in ALWAYS}


def office(**more: Any) -> BusinessCalendar:
    return BusinessCalendar(**{"timezone": "Europe/Budapest", "week": OFFICE, **more})


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BUDAPEST)


def told(calendar: BusinessCalendar, start: str, end: str, pauses: Any = ()) -> list[tuple[str, str, str]]:
    """Return the explanation as (from, to, reason) in local time."""
    spans = calendar.explain(local(start), local(end), pauses)
    assert [span.counted for span in spans] == [span.reason == SpanReason.OPEN for span in spans]
    return [(f"{span.start:%m-%d %H:%M}", f"{span.end:%m-%d %H:%M}", span.reason) for span in spans]


# adding and counting ---------------------------------------------------------------------------


def test_deadline_at_closing_stays_at_closing() -> None:
    assert office().add(local("2026-01-05 09:00"), 8 * HOUR) == local("2026-01-05 17:00")


def test_one_second_past_closing_is_after_the_next_opening() -> None:
    assert office().add(local("2026-01-05 09:00"), 8 * HOUR + 1) == local("2026-01-06 09:00:01")


def test_weekend_does_not_count() -> None:
    assert office().add(local("2026-01-09 16:00"), 2 * HOUR) == local("2026-01-12 10:00")


def test_zero_seconds_leave_a_closed_and_paused_start_alone() -> None:
    start = local("2026-01-10 12:00")
    pauses = [(start - timedelta(hours=1), start + timedelta(days=5))]
    assert office().add(start, 0, pauses) == start
    assert office().subtract(start, 0, pauses) == start


def test_results_are_in_the_calendars_zone() -> None:
    end = office().add(datetime(2026, 1, 5, 8, tzinfo=UTC), HOUR)
    assert (end.tzinfo, end.isoformat()) == (BUDAPEST, "2026-01-05T10:00:00+01:00")


def test_moments_may_be_texts_with_an_offset() -> None:
    assert office().add("2026-01-05T08:00:00Z", HOUR) == local("2026-01-05 10:00")
    assert office().between("2026-01-05T09:00:00+01:00", "2026-01-05T18:00:00+09:00") == HOUR


def test_between_is_zero_backwards() -> None:
    assert office().between(local("2026-01-05 12:00"), local("2026-01-05 10:00")) == 0


@pytest.mark.parametrize(
    ("start", "end", "seconds"),
    [("10:00:00.900", "10:00:02.100", 1), ("10:00:00", "10:00:01.999999", 1), ("16:59:59.5", "18:00", 0)],
)
def test_fractions_of_the_sum_are_floored(start: str, end: str, seconds: int) -> None:
    assert office().between(local(f"2026-01-05 {start}"), local(f"2026-01-05 {end}")) == seconds


def test_fractions_survive_an_addition_over_night() -> None:
    assert office().add(local("2026-01-05 16:59:59.25"), 1) == local("2026-01-06 09:00:00.25")


def test_subtract_is_the_latest_moment() -> None:
    assert office().subtract(local("2026-01-12 10:00"), HOUR) == local("2026-01-12 09:00")
    assert office().subtract(local("2026-01-12 10:00"), HOUR + 1) == local("2026-01-09 16:59:59")


# dates -------------------------------------------------------------------------------------------


def test_holiday_stops_the_part_of_a_night_on_its_own_date() -> None:
    calendar = office(week=NIGHTS, holidays=["2026-01-06"])
    assert told(calendar, "2026-01-05 21:00", "2026-01-07 07:00") == [
        ("01-05 21:00", "01-05 22:00", "closed"),
        ("01-05 22:00", "01-06 00:00", "open"),
        ("01-06 00:00", "01-07 00:00", "holiday"),
        ("01-07 00:00", "01-07 06:00", "open"),
        ("01-07 06:00", "01-07 07:00", "closed"),
    ]


def test_break_is_told_only_where_it_would_have_been_open() -> None:
    breaks = [
        {"date": "2026-01-05", "from": "16:00", "to": "20:00"},
        {"date": "2026-01-05", "from": "15:30", "to": "16:30"},
    ]
    assert told(office(breaks=breaks), "2026-01-05 15:00", "2026-01-05 21:00") == [
        ("01-05 15:00", "01-05 15:30", "open"),
        ("01-05 15:30", "01-05 17:00", "break"),
        ("01-05 17:00", "01-05 21:00", "closed"),
    ]


def test_break_past_midnight_acts_on_both_dates() -> None:
    calendar = office(week=NIGHTS, breaks=[{"date": "2026-01-05", "from": "23:00", "to": "01:00"}])
    assert calendar.between(local("2026-01-05 22:00"), local("2026-01-06 06:00")) == 6 * HOUR


def test_shift_replaces_the_hours_of_its_date() -> None:
    calendar = office(shifts={"2026-01-10": [("10:00", "12:00")], "2026-01-09": []})
    assert calendar.add(local("2026-01-08 16:30"), HOUR) == local("2026-01-10 10:30")


def test_shift_takes_away_the_tail_of_the_evening_before() -> None:
    calendar = office(week=NIGHTS, shifts={"2026-01-06": [("12:00", "13:00")]})
    assert told(calendar, "2026-01-05 23:00", "2026-01-07 01:00") == [
        ("01-05 23:00", "01-06 00:00", "open"),
        ("01-06 00:00", "01-06 12:00", "closed"),
        ("01-06 12:00", "01-06 13:00", "open"),
        ("01-06 13:00", "01-07 00:00", "closed"),
        ("01-07 00:00", "01-07 01:00", "open"),  # the part of Tuesday night that is Wednesday's
    ]


def test_tail_of_a_shift_is_added_to_the_next_dates_hours() -> None:
    shifts = {"2026-01-05": [("20:00", "10:00")]}  # over the opening hours of the sixth
    assert office(shifts=shifts).between(local("2026-01-05 00:00"), local("2026-01-07 00:00")) == 21 * HOUR
    closed = office(shifts=shifts, holidays=["2026-01-06"])
    assert closed.between(local("2026-01-05 00:00"), local("2026-01-07 00:00")) == 4 * HOUR


def test_holiday_beats_shift() -> None:
    calendar = office(holidays=["2026-01-10"], shifts={"2026-01-10": [("10:00", "12:00")]})
    assert calendar.next_open(local("2026-01-10 09:00")) == local("2026-01-12 09:00")


def test_literal_2359_leaves_a_minute_closed() -> None:
    almost = {day: [("00:00", "23:59")] for day in ALWAYS}
    assert office(week=almost).between(local("2026-01-05 00:00"), local("2026-01-07 00:00")) == 2 * DAY - 120


def test_closing_equal_to_opening_is_a_whole_day() -> None:
    calendar = office(week={"mon": [("09:00", "09:00")]})
    assert calendar.closes_at(local("2026-01-05 12:00")) == local("2026-01-06 09:00")


# clock changes -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-03-30", 24)])
def test_day_of_a_clock_change_has_its_real_length(day: str, hours: int) -> None:
    midnight = local(f"{day} 00:00")
    calendar = office(week=ALWAYS)
    assert calendar.between(midnight, midnight + timedelta(days=1)) == hours * HOUR
    assert calendar.add(midnight, hours * HOUR) == midnight + timedelta(days=1)


def test_time_in_a_gap_is_read_by_the_offset_before() -> None:
    calendar = office(week={"sun": [("02:30", "05:00")]})
    assert calendar.next_open("2026-03-29T00:00:00Z") == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("opening", "closing", "hours"), [("01:00", "02:45", 2), ("02:30", "02:50", 1), ("02:30", "03:00", 1)]
)
def test_intervals_that_a_gap_lays_over_each_other_count_once(opening: str, closing: str, hours: int) -> None:
    calendar = office(week={"sun": [(opening, closing), ("03:00", "04:00")]})
    assert calendar.between("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z") == hours * HOUR


def test_time_that_happens_twice_is_the_first() -> None:
    calendar = office(week={"sun": [("02:30", "03:00")]})
    # in UTC: Python never calls a moment in an overlap equal to one of another zone
    opening = calendar.next_open("2026-10-25T00:00:00Z").astimezone(UTC)
    assert opening == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert calendar.between("2026-10-24T22:00:00Z", "2026-10-25T22:00:00Z") == 90 * 60


def test_date_the_zone_left_out_holds_nothing() -> None:
    samoa = BusinessCalendar(timezone="Pacific/Apia", week={"fri": [("09:00", "17:00")]})
    assert samoa.between("2011-12-25T00:00:00Z", "2012-01-05T00:00:00Z") == 0
    friday = office(timezone="Pacific/Apia", holidays=["2011-12-30"])
    around = ("2011-12-30T00:00:00-10:00", "2012-01-01T00:00:00+14:00")
    assert [span.reason for span in friday.explain(*around)] == ["closed"]


# pauses ------------------------------------------------------------------------------------------


def test_pause_moves_the_deadline_by_its_open_time() -> None:
    pauses = [(local("2026-01-05 16:00"), local("2026-01-06 10:00"))]
    assert office().add(local("2026-01-05 15:00"), 2 * HOUR, pauses) == local("2026-01-06 11:00")


def test_pause_from_the_deadline_on_moves_nothing() -> None:
    pauses = [(local("2026-01-05 17:00"), local("2026-01-08 10:00"))]
    assert office().add(local("2026-01-05 09:00"), 8 * HOUR, pauses) == local("2026-01-05 17:00")


def test_longest_pause_does_not_make_it_never_open() -> None:
    pauses = [(local("2026-01-05 10:00"), local("2041-01-07 10:00"))]
    assert office().add(local("2026-01-05 09:00"), 2 * HOUR, pauses) == local("2041-01-07 11:00")


def test_subtract_mirrors_pauses() -> None:
    pauses = [(local("2026-01-05 16:00"), local("2026-01-06 10:00"))]
    assert office().subtract(local("2026-01-06 11:00"), 2 * HOUR, pauses) == local("2026-01-05 15:00")


def test_earliest_started_of_overlapping_pauses_names_the_cause() -> None:
    pauses = [
        (local("2026-01-05 11:00"), local("2026-01-05 13:00"), "vendor"),
        (local("2026-01-05 10:00"), local("2026-01-05 12:00"), "customer"),
        (local("2026-01-05 13:00"), local("2026-01-05 14:00"), "approval"),
        (local("2026-01-05 15:00"), local("2026-01-05 15:00"), "scheduled"),
    ]
    assert told(office(), "2026-01-05 09:00", "2026-01-05 17:00", pauses) == [
        ("01-05 09:00", "01-05 10:00", "open"),
        ("01-05 10:00", "01-05 13:00", "customer"),
        ("01-05 13:00", "01-05 14:00", "approval"),
        ("01-05 14:00", "01-05 17:00", "open"),
    ]
    assert office().between(local("2026-01-05 09:00"), local("2026-01-05 17:00"), pauses) == 4 * HOUR


def test_pause_inside_another_adds_nothing() -> None:
    pauses = [
        (local("2026-01-05 10:00"), local("2026-01-05 15:00"), "customer"),
        (local("2026-01-05 11:00"), local("2026-01-05 12:00"), "vendor"),
    ]
    assert office().between(local("2026-01-05 09:00"), local("2026-01-05 17:00"), pauses) == 3 * HOUR
    assert office().add(local("2026-01-05 09:00"), 2 * HOUR, pauses) == local("2026-01-05 16:00")
    assert office().subtract(local("2026-01-05 16:00"), 2 * HOUR, pauses) == local("2026-01-05 09:00")


def test_cause_of_pauses_that_start_together_does_not_hang_on_their_order() -> None:
    noon, one = local("2026-01-05 12:00"), local("2026-01-05 13:00")
    pauses = [(noon, one, "vendor"), (noon, one, "customer")]
    for each in (pauses, pauses[::-1]):
        assert [span.reason for span in office().explain(noon, one, each)] == ["customer"]


def test_closed_holiday_and_break_win_over_paused() -> None:
    calendar = office(holidays=["2026-01-06"], breaks=[{"date": "2026-01-05", "from": "16:00", "to": "16:30"}])
    pauses = [(local("2026-01-05 15:00"), local("2026-01-07 09:30"))]
    assert told(calendar, "2026-01-05 14:00", "2026-01-07 10:00", pauses) == [
        ("01-05 14:00", "01-05 15:00", "open"),
        ("01-05 15:00", "01-05 16:00", "pause"),
        ("01-05 16:00", "01-05 16:30", "break"),
        ("01-05 16:30", "01-05 17:00", "pause"),
        ("01-05 17:00", "01-06 00:00", "closed"),
        ("01-06 00:00", "01-07 00:00", "holiday"),
        ("01-07 00:00", "01-07 09:00", "closed"),
        ("01-07 09:00", "01-07 09:30", "pause"),
        ("01-07 09:30", "01-07 10:00", "open"),
    ]


def test_nothing_to_explain_backwards() -> None:
    assert office().explain(local("2026-01-05 12:00"), local("2026-01-05 12:00")) == []


def test_span_tells_its_real_seconds_over_a_clock_change() -> None:
    (span,) = office(week=ALWAYS).explain(local("2026-10-25 00:00"), local("2026-10-26 00:00"))
    assert span.seconds == 25 * HOUR


# asking about a moment -----------------------------------------------------------------------------


def test_open_at_the_opening_and_not_at_the_closing() -> None:
    assert office().is_open(local("2026-01-05 09:00"))
    assert not office().is_open(local("2026-01-05 17:00"))


def test_next_open_is_the_moment_itself_or_the_next_opening() -> None:
    assert office().next_open(local("2026-01-05 10:00")) == local("2026-01-05 10:00")
    assert office().next_open(local("2026-01-09 17:00")) == local("2026-01-12 09:00")


def test_closes_at_the_end_of_joined_intervals() -> None:
    calendar = office(week={**OFFICE, "mon": [("09:00", "12:00"), ("12:00", "24:00")], "tue": [("00:00", "02:00")]})
    assert calendar.closes_at(local("2026-01-05 09:00")) == local("2026-01-06 02:00")
    assert calendar.closes_at(local("2026-01-06 02:00")) is None


def test_what_never_closes_has_no_closing() -> None:
    assert office(week=ALWAYS).closes_at(local("2026-01-05 09:00")) is None


def test_closing_years_ahead_is_found() -> None:
    calendar = office(week=ALWAYS, holidays=["2034-05-01"])
    assert calendar.closes_at(local("2026-01-05 09:00")) == local("2034-05-01 00:00")


def test_holiday_names() -> None:
    calendar = office(holidays={"2026-12-25": "Karácsony", date(2026, 12, 26): ""})
    assert calendar.holiday_name("2026-12-25") == "Karácsony"
    assert calendar.holiday_name(date(2026, 12, 26)) == ""
    assert calendar.holiday_name(date(2026, 12, 27)) is None


# never open ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("opens", "reached"), [("2035-06-01", True), ("2036-06-01", False)])
def test_ten_years_without_an_open_moment_are_never(opens: str, reached: bool) -> None:
    calendar = office(week=None, shifts={opens: [("10:00", "12:00")]})
    start = local("2026-01-05 09:00")
    if reached:
        assert calendar.add(start, HOUR) == local(f"{opens} 11:00")
        assert calendar.next_open(start) == local(f"{opens} 10:00")
        return
    for question in (calendar.next_open, lambda at: calendar.add(at, HOUR)):
        with pytest.raises(NeverOpen):
            question(start)


def test_ten_years_before_count_likewise_backwards() -> None:
    calendar = office(week=None, shifts={"2026-01-05": [("10:00", "12:00")]})
    assert calendar.subtract(local("2035-01-01 00:00"), HOUR) == local("2026-01-05 11:00")
    with pytest.raises(NeverOpen):
        calendar.subtract(local("2037-01-01 00:00"), HOUR)


def test_gap_between_open_days_may_add_up_past_ten_years() -> None:
    calendar = office(week=None, shifts={f"{year}-06-01": [("10:00", "12:00")] for year in (2026, 2034, 2042)})
    assert calendar.add(local("2026-01-05 09:00"), 5 * HOUR) == local("2042-06-01 11:00")


# being a value -------------------------------------------------------------------------------------

MAPPING: dict[str, Any] = {
    "timezone": "Europe/Budapest",
    "week": {"mon": [["13:00", "17:00"], ["09:00", "12:00"]]},
    "holidays": {"2026-12-25": "Karácsony"},
    "breaks": [{"date": "2026-01-05", "from": "10:00", "to": "11:30"}],
    "shifts": {"2026-01-10": [["09:00", "11:00:30"]], "2026-01-12": []},
}


def test_definition_is_canonical_and_builds_the_same_calendar() -> None:
    calendar = BusinessCalendar.from_mapping(MAPPING)
    definition = calendar.definition
    assert definition["week"]["mon"] == [["09:00", "12:00"], ["13:00", "17:00"]]
    assert definition["week"]["tue"] == []
    assert {key: definition[key] for key in definition if key != "week"} == {
        key: MAPPING[key] for key in MAPPING if key != "week"
    }
    assert BusinessCalendar.from_mapping(json.loads(json.dumps(definition))) == calendar


def test_equal_definitions_make_equal_calendars() -> None:
    one = office(holidays=["2026-12-25", "2026-12-25"], shifts={})
    other = office(holidays={date(2026, 12, 25): ""}, shifts=None)
    assert one == other
    assert hash(one) == hash(other)
    assert one != office()
    assert one != "a calendar"


def test_of_keeps_the_calendar_of_a_mapping() -> None:
    assert BusinessCalendar.of(MAPPING) is BusinessCalendar.of(copy.deepcopy(MAPPING))
    dated = {"timezone": "UTC", "shifts": {date(2026, 1, 5): [("09:00", "10:00")]}}
    assert BusinessCalendar.of(dated).is_open("2026-01-05T09:30:00Z")


def test_pickles_and_copies() -> None:
    calendar = BusinessCalendar.from_mapping(MAPPING)
    assert pickle.loads(pickle.dumps(calendar)) == calendar
    assert copy.deepcopy(calendar) == calendar


def test_does_not_change() -> None:
    calendar = BusinessCalendar.from_mapping(MAPPING)
    calendar.definition["week"]["mon"].clear()
    assert calendar.definition["week"]["mon"]
    with pytest.raises(AttributeError, match="does not change"):
        calendar.zone = ZoneInfo("UTC")
    with pytest.raises(AttributeError, match="does not change"):
        del calendar.zone
    assert calendar.timezone == "Europe/Budapest"
