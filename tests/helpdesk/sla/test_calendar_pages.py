"""Calendars under Admin: hours as text, errors at their field, holidays brought in, the tester."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from helpdesk.database import db
from helpdesk.sla import hours, queries
from helpdesk.sla.models import Calendar
from tests.helpdesk.sla.conftest import Promised

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
        ("thu", "08:00-12:00, 11:00-18:00", "The hours on Thursday overlap from 11:00."),
        ("holidays", "2026-13-01 Nothing", "not one like 2026-01-31"),
        ("shifts", "2026-12-12 8-14-16", "Write opening and closing"),
        ("shifts", "tomorrow 08:00-12:00", "not one like 2026-01-31"),
        ("breaks", "2026-12-01 10:00-25:00", "no time from 00:00 to 24:00"),
        ("timezone", "Mars/Olympus", "Choose one of the list"),
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


def test_holidays_come_in_without_saving(max_: FlaskClient) -> None:
    page = send(max_, do="import", country="de", first_year="2026", last_year="2026", holidays="2026-10-03 Ours")
    assert page.status_code == 200
    assert "2026-12-25" in page.text
    assert "2026-10-03 Ours" in page.text
    assert "Nothing is saved yet" in page.text
    assert len(queries.calendars()) == 3


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"country": "XX"}, "country"),
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
        ("2026-11-24T14:12", "2h", ["Open then.", "2 h of open time end 2026-11-24 16:12"]),
        ("2026-11-24T17:00", "2h", ["Open then.", "2026-11-25 09:00"]),
        ("2026-11-24T17:00", "1d", ["10 h of open time end 2026-11-25 17:00"]),
        ("2026-11-22T12:00", "", ["Closed then.", "Opens 2026-11-23 08:00"]),
        ("2026-12-25T10:00", "", ["Closed then: Christmas Day."]),
        ("", "", ["Open then."]),
    ],
)
def test_the_tester_asks_what_is_typed(max_: FlaskClient, at: str, add: str, said: list[str]) -> None:
    page = send(max_, do="try", at=at, add=add, holidays="2026-12-25 Christmas Day")
    assert page.status_code == 200
    assert all(each in page.text for each in said)
    assert len(queries.calendars()) == 3


def test_the_tester_refuses_what_it_cannot_read(max_: FlaskClient) -> None:
    page = send(max_, do="try", add="soon")
    assert page.status_code == 422
    assert "30m, 4h, 2d" in error_at(page, "add")


def test_web_workers_carry_no_holidays(max_: FlaskClient) -> None:
    import subprocess
    import sys

    code = "import helpdesk.wiring, sys; assert 'holidays' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
