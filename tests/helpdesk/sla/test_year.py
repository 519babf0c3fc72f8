"""A calendar's year: every day looks like what it is, in the calendar's own zone, and its page says so in words."""

from __future__ import annotations

import re
from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.sla.year import Look, year_of
from tests.helpdesk.sla.conftest import Promised
from workflows.business_time import BusinessCalendar

WEEK = {day: [("08:00", "18:00")] for day in ("mon", "tue", "wed", "thu")} | {"fri": [("08:00", "14:00")]}
CALENDAR = BusinessCalendar(
    timezone="Europe/Budapest",
    week=WEEK,
    holidays={"2026-12-25": "Christmas Day", "2026-12-26": ""},
    breaks=[{"date": "2026-12-23", "from": "10:00", "to": "11:30"}],
    shifts={"2026-12-12": [("09:00", "13:00")], "2026-12-24": []},
)


@pytest.fixture(autouse=True)
def _speaking(app: Flask) -> None:
    """Names of days are said in the reader's language."""


@pytest.mark.parametrize(
    ("day", "look", "text"),
    [
        ("2026-12-21", Look.OPEN, "8:00–18:00"),
        ("2026-12-18", Look.SHORT, "8:00–14:00"),
        ("2026-12-20", Look.CLOSED, ""),
        ("2026-12-25", Look.HOLIDAY, ""),
        ("2026-12-23", Look.BREAK, "8:00–10:00, 11:30–18:00"),
        ("2026-12-12", Look.REPLACED, "9:00–13:00"),
        ("2026-12-24", Look.REPLACED, ""),
    ],
)
def test_what_a_day_looks_like(day: str, look: Look, text: str) -> None:
    found = days_of(CALENDAR, 2026)[date.fromisoformat(day)]
    assert (found.look, found.hours_text) == (look, text)


def days_of(calendar: BusinessCalendar, number: int):  # type: ignore[no-untyped-def]
    months = year_of(calendar, number).months
    return {day.date: day for month in months for week in month.weeks for day in week if day is not None}


@pytest.mark.parametrize(("number", "length"), [(2026, 365), (2028, 366)])
def test_a_year_has_all_its_days_and_all_its_open_time(number: int, length: int) -> None:
    year = year_of(CALENDAR, number)
    assert len(days_of(CALENDAR, number)) == length
    begin, end = (f"{each}-01-01T00:00:00+01:00" for each in (number, number + 1))
    assert year.open_seconds == CALENDAR.between(begin, end)
    assert sum(year.counts.values()) == length


def test_nights_are_cut_at_midnight_and_clock_changes_count_as_they_are() -> None:
    nights = BusinessCalendar(
        timezone="Europe/Budapest", week={"sat": [("22:00", "06:00")], "mon": [("00:00", "24:00")]}
    )
    days = days_of(nights, 2026)
    assert days[date(2026, 3, 28)].hours_text == "22:00–24:00"
    assert (days[date(2026, 3, 29)].hours_text, days[date(2026, 3, 29)].open_seconds) == ("0:00–6:00", 5 * 3600)
    assert days[date(2026, 10, 25)].open_seconds == 7 * 3600
    assert days[date(2026, 3, 30)].hours_text == "0:00–24:00"


def test_the_page_says_in_words_what_its_colours_say(max_: FlaskClient, promised: Promised) -> None:
    page = max_.get(f"/admin/calendars/{promised.desk_hours.id}/2026").text
    assert page.count('<table class="month">') == 12
    assert 'data-exact="Fri 23 Oct 2026: National Day, closed"' in page
    assert 'data-exact="Tue 24 Nov 2026: 8:00–18:00" aria-current="date"' in page
    told = re.findall(r'<th scope="row"[^>]*>(.*?)</th><td>(.*?)</td>', page)
    assert ("Fri 23 Oct 2026", "National Day") in told
    assert f"/admin/calendars/{promised.desk_hours.id}/2025" in page
    assert f"/admin/calendars/{promised.desk_hours.id}/2027" in page


@pytest.mark.parametrize("number", [1999, 2101, 99999])
def test_years_end_somewhere(max_: FlaskClient, promised: Promised, number: int) -> None:
    assert max_.get(f"/admin/calendars/{promised.desk_hours.id}/{number}").status_code == 404
