"""Holidays out of a calendar file: what is read, what is left out, and that junk is refused clearly or read."""

from __future__ import annotations

import time
from datetime import date

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpdesk.errors import Invalid
from helpdesk.sla import ics
from helpdesk.sla.ics_rules import UnknownRule, read_rule

YEARS = range(2026, 2029)


@pytest.fixture(autouse=True)
def _speaking(app: Flask) -> None:
    """Refusals are said in the reader's language."""


def calendar(*events: str) -> bytes:
    body = "".join(f"BEGIN:VEVENT\r\n{event}\r\nEND:VEVENT\r\n" for event in events)
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{body}END:VCALENDAR\r\n".encode()


def days(*events: str) -> dict[str, str]:
    return ics.read(calendar(*events), YEARS).days


def event(*lines: str) -> str:
    return "\r\n".join(("UID:1@x", *lines))


def test_whole_days_with_their_names() -> None:
    one = event("DTSTART;VALUE=DATE:20261225", "DTEND;VALUE=DATE:20261227", "SUMMARY:Christmas\\, twice")
    other = event("SUMMARY;LANGUAGE=en:New Year", "DTSTART;VALUE=DATE:20270101")
    assert days(one, other) == {
        "2026-12-25": "Christmas, twice",
        "2026-12-26": "Christmas, twice",
        "2027-01-01": "New Year",
    }


def test_lines_are_unfolded_and_alarms_and_zones_passed_over() -> None:
    folded = 'SUMMARY;X-A="b;c:d":The longest\r\n  day\r\n\tof all'
    alarm = "BEGIN:VALARM\r\nSUMMARY:Wake up\r\nDTSTART:nonsense\r\nEND:VALARM"
    zone = "BEGIN:VTIMEZONE\r\nBEGIN:STANDARD\r\nDTSTART:19701025T030000\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
    raw = calendar(event("DTSTART;VALUE=DATE:20260621", folded, alarm)).replace(
        b"BEGIN:VEVENT", zone.encode() + b"BEGIN:VEVENT"
    )
    assert ics.read(raw, YEARS).days == {"2026-06-21": "The longest day\tof all".replace("\t", "")}


@pytest.mark.parametrize(
    ("start", "rule", "expected"),
    [
        ("19700501", "FREQ=YEARLY", ["2026-05-01", "2027-05-01", "2028-05-01"]),
        ("20270501", "FREQ=YEARLY", ["2027-05-01", "2028-05-01"]),
        ("20200229", "FREQ=YEARLY", ["2028-02-29"]),
        ("20240501", "FREQ=YEARLY;INTERVAL=2", ["2026-05-01", "2028-05-01"]),
        ("20240501", "FREQ=YEARLY;COUNT=4", ["2026-05-01", "2027-05-01"]),
        ("20240501", "FREQ=YEARLY;UNTIL=20270501", ["2026-05-01", "2027-05-01"]),
        ("20240501", "FREQ=YEARLY;UNTIL=20270430T235959Z", ["2026-05-01"]),
        ("19981126", "FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", ["2026-11-26", "2027-11-25", "2028-11-23"]),
        ("19980525", "FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO", ["2026-05-25", "2027-05-31", "2028-05-29"]),
        ("20200131", "FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=-1", ["2026-01-31", "2027-01-31", "2028-01-31"]),
    ],
)
def test_yearly_days(start: str, rule: str, expected: list[str]) -> None:
    assert list(days(event(f"DTSTART;VALUE=DATE:{start}", f"RRULE:{rule}", "SUMMARY:x"))) == expected


def test_a_yearly_day_may_fall_out_once_and_reach_into_the_year() -> None:
    new_year = event(
        "DTSTART;VALUE=DATE:20201231", "DTEND;VALUE=DATE:20210102", "RRULE:FREQ=YEARLY", "EXDATE;VALUE=DATE:20261231"
    )
    assert list(days(new_year)) == ["2026-01-01", "2027-12-31", "2028-01-01", "2028-12-31"]


@pytest.mark.parametrize(
    "lines",
    [
        ("DTSTART:20261224T120000Z",),
        ("DTSTART;TZID=Europe/Budapest:20261224T120000", "DTEND;TZID=Europe/Budapest:20261224T130000"),
        ("DTSTART;VALUE=DATE:20260101", "DTEND;VALUE=DATE:20260601"),
        ("DTSTART;VALUE=DATE:20260101", "DURATION:PT4H"),
        ("DTSTART;VALUE=DATE:20260101", "RRULE:FREQ=DAILY"),
        ("DTSTART;VALUE=DATE:20260101", "RRULE:FREQ=YEARLY;BYWEEKNO=20"),
        ("DTSTART;VALUE=DATE:20260101", "RRULE:FREQ=YEARLY;BYEASTER=0"),
        ("DTSTART;VALUE=DATE:00010101", "RRULE:FREQ=YEARLY;COUNT=9999"),
        ("DTSTART;VALUE=DATE:20260101", "RECURRENCE-ID;VALUE=DATE:20260102"),
    ],
)
def test_what_is_no_holiday_is_left_out_and_counted(lines: tuple[str, ...]) -> None:
    kept = event("DTSTART;VALUE=DATE:20261225", "SUMMARY:Christmas")
    found = ics.read(calendar(event(*lines), kept), YEARS)
    assert (found.days, found.left_out) == ({"2026-12-25": "Christmas"}, 1)


def test_cancelled_and_other_years_are_no_holidays() -> None:
    gone = event("DTSTART;VALUE=DATE:20261225", "STATUS:CANCELLED")
    assert ics.read(calendar(gone, event("DTSTART;VALUE=DATE:20301225")), YEARS) == ics.Found({})


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "no event"),
        (b"BEGIN:VCALENDAR\nEND:VCALENDAR", "no event"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"Dear Sir,", "Line 1: This is no line"),
        (b"SUMMARY:x", "Line 1: A calendar file begins with"),
        (b"BEGIN:VEVENT\nEND:VEVENT", "Line 1: A calendar file begins with"),
        (b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20261225\n", "END:VEVENT is missing"),
        (b"BEGIN:VCALENDAR\nEND:VEVENT", "Line 2: END doesn"),
        (calendar("SUMMARY:x"), "Line 3: An event says no day"),
        (calendar("DTSTART;VALUE=DATE:20261332"), "Line 4: “20261332” is no date"),
        (calendar("DTSTART;VALUE=DATE:Christmas"), "Line 4: “Christmas” is no date"),
        (calendar("DTSTART;VALUE=DATE:20261225\nDTSTART;VALUE=DATE:20261226"), "Line 5: An event says DTSTART twice"),
        (calendar(*["DTSTART;VALUE=DATE:20261225"] * (ics.MAX_EVENTS + 1)), "More than 5000 events"),
        (b"BEGIN:VCALENDAR\n" + b"X" * ics.MAX_BYTES, "larger than 512 KiB"),
    ],
)  # fmt: skip
def test_a_broken_file_is_refused_with_the_place(raw: bytes, said: str) -> None:
    with pytest.raises(Invalid) as refused:
        ics.read(raw, YEARS)
    assert said in refused.value.sentence
    assert refused.value.field == "ics"


WORDS = st.sampled_from(
    ["BEGIN:VCALENDAR", "END:VCALENDAR", "BEGIN:VEVENT", "END:VEVENT", "DTSTART;VALUE=DATE:20260229",
     "DTSTART:20261225",
     "DTSTART;VALUE=DATE:99991231", "DTSTART;VALUE=DATE:00010101", "DTEND;VALUE=DATE:99991231", "DURATION:P9999W",
     "RRULE:FREQ=YEARLY", "RRULE:FREQ=YEARLY;BYMONTH=02;BYMONTHDAY=30", "RRULE:FREQ=YEARLY;INTERVAL=1000",
     "RRULE:FREQ=YEARLY;BYMONTH=2;BYDAY=5MO", "EXDATE:20261225,x,99999999", "SUMMARY:\\\\", " ", "\t", "BEGIN:VALARM",
     "END:VALARM", "SUMMARY;A=\"", "STATUS:CANCELLED", "RRULE:", "DTSTART:٢٠٢٦١٢٢٥", "\x00"]
)  # fmt: skip
JUNK = st.one_of(
    st.binary(max_size=400),
    st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")),
    st.lists(st.one_of(WORDS, st.text(max_size=20)), max_size=30).map(
        lambda lines: "\n".join(lines).encode("utf-8", "replace")
    ),
    st.lists(WORDS, max_size=8).map(
        lambda lines: calendar("\r\n".join(["DTSTART;VALUE=DATE:20261225", *lines])),
    ),
)


@settings(max_examples=600, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=JUNK)
def test_junk_is_refused_or_read_and_nothing_else(app: Flask, raw: bytes) -> None:
    try:
        found = ics.read(raw, YEARS)
    except Invalid:
        return
    assert all(date.fromisoformat(day).year in YEARS and "\n" not in name for day, name in found.days.items())


@given(st.text(max_size=60))
def test_rules_are_read_or_unknown(text: str) -> None:
    try:
        rule = read_rule(text)
    except UnknownRule:
        return
    assert all(
        date(2026, 1, 1) <= day <= date(2028, 12, 31)
        for day in rule.dates(date(2020, 2, 29), date(2026, 1, 1), date(2028, 12, 31))
    )


def test_the_largest_file_is_read_in_a_moment() -> None:
    begun = time.process_time()
    ics.read(calendar(*["DTSTART;VALUE=DATE:00010101\nRRULE:FREQ=YEARLY;INTERVAL=1"] * 5000), YEARS)
    assert time.process_time() - begun < 3
