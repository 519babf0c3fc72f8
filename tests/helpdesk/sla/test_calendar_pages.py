"""Calendars under Admin: hours as text, errors at their field, holidays brought in, the tester."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from helpdesk.clock import Hand, now
from helpdesk.database import db, unit_of_work
from helpdesk.jobs import jobs
from helpdesk.sla import hours, ics, queries
from helpdesk.sla.models import Calendar
from helpdesk.tickets.actions.opening import Opening, open_ticket
from tests.helpdesk.sla.conftest import Promised
from workflows.vocabulary import Kind, Level, Service

WEEK = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "08:00-18:00")
FIELDS: dict[str, Any] = {"name": "New hours", "timezone": "Europe/Budapest"} | WEEK


def send(browser: FlaskClient, address: str = "/admin/calendars/new", **changes: str) -> TestResponse:
    return browser.post(address, data=FIELDS | changes)


def error_at(page: TestResponse, field: str) -> str:
    found = re.search(rf'id="{field}-error">.*?<span>(.*?)</span>', page.text, re.DOTALL)
    return found[1] if found else ""


def stored(name: str) -> dict[str, Any]:
    db.session.rollback()
    calendar = next(each for each in queries.calendars() if each.name == name)
    assert calendar.version is not None
    return calendar.version.definition


def test_several_intervals_a_day_and_nights(max_: FlaskClient) -> None:
    saved = send(max_, mon="8:00-12:00, 13:00-18:00", sat="22:00-06:00", fri="")
    assert (saved.status_code, saved.location) == (303, "/admin/calendars")
    week = stored("New hours")["week"]
    assert week["mon"] == [["08:00", "12:00"], ["13:00", "18:00"]]
    assert week["sat"] == [["22:00", "06:00"]]
    assert week["fri"] == []


def test_different_days(max_: FlaskClient) -> None:
    send(
        max_,
        holidays="2026-12-25 Christmas Day\n2026-12-26",
        shifts="2026-12-12 08:00-14:00\n2026-12-24 closed",
        breaks="2026-12-01 10:00-11:30, 15:00-15:30",
    )
    definition = stored("New hours")
    assert definition["holidays"] == {"2026-12-25": "Christmas Day", "2026-12-26": ""}
    assert definition["shifts"] == {"2026-12-12": [["08:00", "14:00"]], "2026-12-24": []}
    assert [each["from"] for each in definition["breaks"]] == ["10:00", "15:00"]


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("tue", "08:00 to 18:00", "Write opening and closing as 08:00-18:00"),
        ("wed", "08:00-25:00", "no time from 00:00 to 24:00"),
        ("wed", "09:00-9", "opens and closes at the same time"),
        ("mon", "12:00-12:00", "opens and closes at the same time"),
        ("breaks", "2026-12-01 10:00-10:00", "opens and closes at the same time"),
        ("thu", "08:00-12:00, 11:00-18:00", "The hours on Thursday overlap from 11:00."),
        ("holidays", "2026-13-01 Nothing", "not one like 2026-01-31"),
        ("shifts", "2026-12-12 8-14-16", "Write opening and closing"),
        ("shifts", "tomorrow 08:00-12:00", "not one like 2026-01-31"),
        ("breaks", "2026-12-01 10:00-25:00", "no time from 00:00 to 24:00"),
        ("timezone", "Mars/Olympus", "There is no such time zone"),
        ("name", "", "This is needed."),
        ("name", "Desk hours", "This name is taken."),
    ],
)
def test_an_error_stands_at_its_field_and_nothing_typed_is_lost(
    max_: FlaskClient, field: str, typed: str, sentence: str
) -> None:
    page = send(max_, **{field: typed, "sun": "10:00-11:00"})
    assert page.status_code == 422
    assert sentence in error_at(page, field)
    assert 'value="10:00-11:00"' in page.text
    assert len(queries.calendars()) == 3


def test_a_whole_day_may_be_written_from_midnight_to_midnight(max_: FlaskClient) -> None:
    assert send(max_, sat="00:00-24:00", sun="0-0").status_code == 303
    week = stored("New hours")["week"]
    assert (week["sat"], week["sun"]) == ([["00:00", "24:00"]], [["00:00", "00:00"]])


def test_a_night_that_reaches_into_the_next_morning_may_not_overlap_it(max_: FlaskClient) -> None:
    page = send(max_, mon="22:00-09:00", tue="08:00-18:00")
    assert "overlap from 08:00" in error_at(page, "tue")


def test_hours_that_never_open_are_refused(max_: FlaskClient) -> None:
    nothing = send(max_, **dict.fromkeys(WEEK, ""))
    assert "never opens" in error_at(nothing, "mon")
    only_past = send(max_, **dict.fromkeys(WEEK, ""), shifts="2020-01-01 08:00-12:00")
    assert only_past.status_code == 422
    assert len(queries.calendars()) == 3


def test_every_save_makes_a_version_and_says_who(max_: FlaskClient, promised: Promised) -> None:
    address = f"/admin/calendars/{promised.desk_hours.id}"
    first = promised.desk_hours.version_id
    assert send(max_, address, name="Desk hours", fri="08:00-14:00").status_code == 303
    db.session.rollback()
    versions = queries.calendar_history(promised.desk_hours.id)
    assert [version.id for version in versions][1:] == [first]
    assert db.session.get_one(Calendar, promised.desk_hours.id).version_id == versions[0].id
    assert versions[1].definition["week"]["fri"] == [["08:00", "18:00"]]
    assert "Max" in max_.get(address).text


def test_the_form_shows_what_is_stored(max_: FlaskClient, promised: Promised) -> None:
    page = max_.get(f"/admin/calendars/{promised.desk_hours.id}").text
    monday = re.search(r'<input[^>]*name="mon"[^>]*>', page)
    assert monday
    assert 'value="08:00-18:00"' in monday[0]
    assert "2026-10-23 National Day" in page
    typed = hours.read_holidays(re.search(r"<textarea[^>]*name=\"holidays\"[^>]*>(.*?)</textarea>", page, re.S)[1])  # type: ignore[index]
    assert promised.desk_hours.version is not None
    assert typed.keys() == promised.desk_hours.version.definition["holidays"].keys()


def offered(page: TestResponse) -> list[str]:
    """The lines that may be ticked."""
    return re.findall(r'name="pick" value="([^"]*)"', page.text)


@pytest.mark.parametrize("country", ["de", "Germany"])
def test_holidays_are_shown_then_added_and_never_saved(max_: FlaskClient, country: str) -> None:
    asked = {"country": country, "first_year": "2026", "last_year": "2026", "holidays": "2026-10-03 Ours"}
    page = send(max_, do="import", **asked)
    assert page.status_code == 200
    picks = offered(page)
    assert "2026-12-25 Christmas Day" in picks
    assert not any(line.startswith("2026-10-03") for line in picks)  # a duplicate is marked, not offered
    assert "already there as “Ours”" in page.text
    added = send(max_, do="add", **asked, pick=picks[-1])
    assert "1 holiday added below. Nothing is saved yet." in added.text
    typed = re.search(r"<textarea[^>]*name=\"holidays\"[^>]*>(.*?)</textarea>", added.text, re.S)
    assert typed
    assert typed[1].split("\n")[-2:] == ["2026-10-03 Ours", picks[-1]]
    assert len(queries.calendars()) == 3


def test_a_region_keeps_holidays_of_its_own(max_: FlaskClient) -> None:
    asked = {"country": "DE", "first_year": "2026", "last_year": "2026"}
    everywhere, bavaria = (offered(send(max_, do="import", **asked, region=region)) for region in ("", "Bayern"))
    assert set(everywhere) < set(bavaria)
    assert offered(send(max_, do="import", **asked, region="by")) == bavaria


def test_several_years_come_at_once(max_: FlaskClient) -> None:
    picks = offered(send(max_, do="import", country="HU", first_year="2026", last_year="2030"))
    assert {line[:4] for line in picks} == {"2026", "2027", "2028", "2029", "2030"}


FILE = b"""BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20261231\r\nSUMMARY:Company\r\n  day\r\nEND:VEVENT\r
BEGIN:VEVENT\r\nDTSTART:20261201T100000Z\r\nSUMMARY:Meeting\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"""


def upload(max_: FlaskClient, content: bytes, **changes: str) -> TestResponse:
    sent = FIELDS | {"do": "read", "ics": (io.BytesIO(content), "holidays.ics")} | changes
    return max_.post("/admin/calendars/new", data=sent, content_type="multipart/form-data")


def test_a_calendar_file_is_read(max_: FlaskClient) -> None:
    page = upload(max_, FILE)
    assert page.status_code == 200
    assert offered(page) == ["2026-12-31 Company day"]
    assert "1 event was left out" in page.text
    assert 'value="08:00-18:00"' in page.text


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "There is no event in this file."),
        (b"<html>", "Line 1: This is no line of a calendar file."),
        (b"x" * 3000, "larger than 2 KiB"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(
    max_: FlaskClient, content: bytes, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ics, "MAX_BYTES", 2048)
    page = upload(max_, content)
    assert page.status_code == 422
    assert said in error_at(page, "ics")


def test_a_file_has_to_be_chosen(max_: FlaskClient) -> None:
    assert error_at(send(max_, do="read"), "ics") == "Choose a file first."


def test_a_zone_is_known_however_it_is_typed(max_: FlaskClient) -> None:
    assert send(max_, timezone=" america/new york ").status_code == 303
    assert stored("New hours")["timezone"] == "America/New_York"


def test_nights_written_in_halves_are_shown_whole(max_: FlaskClient) -> None:
    send(max_, mon="22:00-24:00", tue="00:00-06:00, 22:00-24:00", wed="00:00-06:00", thu="", fri="")
    calendar = next(each for each in queries.calendars() if each.name == "New hours")
    page = max_.get(f"/admin/calendars/{calendar.id}").text
    shown = {day: re.search(rf'<input[^>]*name="{day}"[^>]*value="([^"]*)"', page) for day in ("mon", "tue", "wed")}
    assert [found[1] if found else "" for found in shown.values()] == ["22:00-06:00", "22:00-06:00", ""]


def test_a_change_that_touches_no_open_ticket_is_in_force_at_once(max_: FlaskClient, promised: Promised) -> None:
    address = f"/admin/calendars/{promised.desk_hours.id}"
    assert send(max_, address, name="Desk hours", sat="09:00-12:00").location == "/admin/calendars"
    assert stored("Desk hours")["week"]["sat"] == [["09:00", "12:00"]]


def test_a_change_that_touches_open_tickets_is_shown_first(
    app: Flask, max_: FlaskClient, promised: Promised, hand: Hand
) -> None:
    with unit_of_work():
        opening = Opening(
            kind=Kind.TECHNICAL,
            service=Service.AZURE,
            impact=Level.LOW,
            urgency=Level.LOW,
            subject="Slow",
            description="Since Monday.",
            contact_name="Rita",
            contact_email="rita@alpina.example",
        )
        open_ticket(opening, None, now())
    address = f"/admin/calendars/{promised.desk_hours.id}"
    answer = send(max_, address, name="Desk hours", **dict.fromkeys(WEEK, "10:00-12:00"))
    assert answer.location.startswith("/admin/revisions/")
    assert stored("Desk hours")["week"]["mon"] == [["08:00", "18:00"]]  # nothing is in force before it is confirmed
    draft_id = answer.location.rpartition("/")[2]
    again = max_.get(f"{address}?draft={draft_id}").text
    assert again.count('value="10:00-12:00"') == 5
    max_.post(f"{answer.location}/confirmation")
    list(jobs.apply_revisions())
    assert stored("Desk hours")["week"]["mon"] == [["10:00", "12:00"]]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"country": "XX"}, "country"),
        ({"country": "DE", "region": "Somewhere"}, "region"),
        ({"country": "HU", "region": "BY"}, "region"),
        ({"country": "HU", "first_year": "2027", "last_year": "2026"}, "last_year"),
        ({"country": "HU", "first_year": "26"}, "first_year"),
    ],
)
def test_what_can_be_brought_in(max_: FlaskClient, changes: dict[str, str], field: str) -> None:
    page = send(max_, do="import", **changes)
    assert page.status_code == 422
    assert error_at(page, field)


@pytest.mark.parametrize(
    ("at", "add", "said"),
    [
        (
            "2026-11-24T14:12",
            "2h",
            [
                "Tue 24 Nov 2026, 14:12: open. Closes Tue 24 Nov 2026, 18:00.",
                "2 h of open time end Tue 24 Nov 2026, 16:12",
            ],
        ),
        ("2026-11-24T17:00", "2h", ["Wed 25 Nov 2026, 09:00"]),
        ("2026-11-24T17:00", "1d", ["10 h of open time end Wed 25 Nov 2026, 17:00"]),
        ("2026-11-22T12:00", "", ["Sun 22 Nov 2026, 12:00: closed, outside our hours. Opens Mon 23 Nov 2026, 08:00"]),
        ("2026-12-25T10:00", "", ["closed, Christmas Day. Opens Mon 28 Dec 2026, 08:00"]),
        ("", "", ["Tue 24 Nov 2026, 14:12: open."]),
    ],
)
def test_the_tester_asks_what_is_typed(max_: FlaskClient, at: str, add: str, said: list[str]) -> None:
    page = send(max_, do="try", at=at, add=add, holidays="2026-12-25 Christmas Day")
    assert page.status_code == 200
    assert all(each in page.text for each in said)
    assert len(queries.calendars()) == 3


def test_the_tester_lays_out_the_time_between_two_moments(max_: FlaskClient) -> None:
    days = {"holidays": "2026-12-25 Christmas Day\n2026-12-26 Boxing Day", "breaks": "2026-12-24 12:00-13:00"}
    page = send(max_, do="try", at="2026-12-24T11:00", until="2026-12-28T09:30", **days)
    assert "Until Mon 28 Dec 2026, 09:30, 7 h 30 min are open of 3 days 22 h 30 min." in page.text
    rows = re.findall(r"<tr(?: class.*?)?>(<td.*?)</tr>", page.text)
    assert [re.findall(r"<td[^>]*>(.*?)</td>", row)[2] for row in rows] == [
        "open hours",
        "break",
        "open hours",
        "outside our hours",
        "Christmas Day, Boxing Day",
        "outside our hours",
        "open hours",
    ]
    assert "T11:00:00" not in page.text  # no machine's moments for people


@pytest.mark.parametrize(
    ("until", "said"),
    [("2026-11-24T14:12", "comes after the first"), ("2028-11-24T14:12", "At most a year")],
)
def test_the_second_moment_lies_after_the_first(max_: FlaskClient, until: str, said: str) -> None:
    page = send(max_, do="try", at="2026-11-24T14:12", until=until)
    assert page.status_code == 422
    assert said in error_at(page, "until")


def test_the_tester_refuses_what_it_cannot_read(max_: FlaskClient) -> None:
    page = send(max_, do="try", add="soon")
    assert page.status_code == 422
    assert "30m, 4h, 2d" in error_at(page, "add")


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("shifts", "2026-12-12 08:00-12:00\n2026-12-12 13:00-17:00", "2026-12-12 stands there twice"),
        ("holidays", "2026-12-25 Christmas\n2026-12-25 Day off", "2026-12-25 stands there twice"),
        ("shifts", "2026-12-12", "Write hours after 2026-12-12"),
        ("breaks", "2026-12-14", "which hours fall out"),
    ],
)
def test_no_line_is_passed_over_in_silence(max_: FlaskClient, field: str, typed: str, said: str) -> None:
    page = send(max_, **{field: typed})
    assert page.status_code == 422
    assert said in error_at(page, field)


def test_a_date_and_its_name_may_stand_apart_by_a_tab(max_: FlaskClient) -> None:
    page = send(max_, do="try", at="2026-12-25T10:00", holidays="2026-12-25\tChristmas Day")
    assert "closed, Christmas Day." in page.text


def test_two_who_edit_a_calendar_are_told_of_each_other(max_: FlaskClient) -> None:
    send(max_, name="Shop hours")
    address = f"/admin/calendars/{max(calendar.id for calendar in queries.calendars())}"
    seen = re.search(r'name="seen" type="hidden" value="(.*?)"', max_.get(address).text)
    assert seen is not None
    first = send(max_, address, name="Shop hours", seen=seen[1], holidays="2026-12-28 First")
    assert first.status_code == 303
    mine = {"name": "Shop hours", "mon": "09:00-17:00", "holidays": ""}
    second = send(max_, address, seen=seen[1], **mine)
    assert (second.status_code, "Somebody changed this calendar meanwhile" in second.text) == (422, True)
    assert 'value="09:00-17:00"' in second.text
    assert stored("Shop hours")["holidays"] == {"2026-12-28": "First"}
    seen = re.search(r'name="seen" type="hidden" value="(.*?)"', second.text)
    assert seen is not None
    assert send(max_, address, seen=seen[1], **mine).status_code == 303
    assert stored("Shop hours")["holidays"] == {}


@pytest.mark.parametrize("at", ["0001-01-01T00:00", "9999-12-31T23:59"])
def test_the_tester_says_that_time_has_ends(max_: FlaskClient, at: str) -> None:
    page = send(max_, do="try", at=at)
    assert page.status_code == 422
    assert "years 1 to 9999" in error_at(page, "at")


def test_the_tester_reads_the_last_second_that_a_clock_change_skips(max_: FlaskClient) -> None:
    page = send(max_, do="try", at="2027-03-28T02:59:59")
    assert page.status_code == 200
    assert "closed, outside our hours. Opens Mon 29 Mar 2027, 08:00" in page.text


def test_web_workers_carry_no_holidays(max_: FlaskClient) -> None:
    import subprocess
    import sys

    code = "import helpdesk.wiring, sys; assert 'holidays' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
