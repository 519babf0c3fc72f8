"""Time as people say it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from flask import Flask
from flask_babel import Babel

from helpdesk.clock import NEVER, Hand
from helpdesk.web import moments

ROOT = Path(moments.__file__).parents[1]
NOW = datetime(2026, 11, 24, 13, 12, tzinfo=UTC)  # Tue 14:12 in Budapest


@pytest.fixture(params=["en"])
def language(request: pytest.FixtureRequest) -> str:
    word: str = request.param
    return word


@pytest.fixture(autouse=True)
def reader(language: str) -> Iterator[None]:
    """A reader in Budapest with the desk's catalogues."""
    app = Flask("reader")
    Babel(
        app,
        default_translation_directories=str(ROOT / "translations"),
        locale_selector=lambda: language,
        timezone_selector=lambda: "Europe/Budapest",
    )
    with app.test_request_context(), Hand(NOW).at_work():
        yield


def after(**span: int) -> datetime:
    return NOW + timedelta(**span)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (42, "42 s"),
        (60, "1 min"),
        (1080, "18 min"),
        (4800, "1 h 20 min"),
        (3900, "1 h 05 min"),
        (7200, "2 h"),
        (93_600, "1 day 2 h"),
        (259_200, "3 days"),
    ],
)
def test_duration(seconds: int, said: str) -> None:
    assert moments.duration(seconds) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (42, "42 s"),
        (1080, "18 min"),
        (46_260, "12 h 51 min"),
        (86_400, "24 h"),
        (126_600, "35 h 10 min"),
        (359_999, "99 h 59 min"),
        (360_000, "100 h"),
        (362_400, "100 h"),
        (604_800, "168 h"),
        (-126_600, "35 h 10 min"),
    ],
)
def test_open_time_is_said_in_hours_and_never_in_days(seconds: int, said: str) -> None:
    assert moments.open_time(seconds) == said


@pytest.mark.parametrize("language", ["hu"], indirect=True)
def test_open_time_in_hungarian() -> None:
    assert [moments.open_time(seconds) for seconds in (360_000, 126_300)] == ["100 óra", "35 ó 5 p"]
    assert moments.open_time_to_the_second(180_012) == "50 óra 0 perc 12 mp"


@pytest.mark.parametrize(
    ("seconds", "said", "open_time"),
    [
        (0, "0 s", "0 s"),
        (90, "1 min 30 s", "1 min 30 s"),
        (3605, "1 h 00 min 05 s", "1 h 00 min 05 s"),
        (86_400, "1 day", "24 h"),
        (86_490, "1 day 0 h 01 min 30 s", "24 h 01 min 30 s"),
        (86_460, "1 day 0 h 01 min", "24 h 01 min"),
        (180_012, "2 days 2 h 00 min 12 s", "50 h 00 min 12 s"),
    ],
)
def test_lengths_in_full_leave_out_no_unit_between_two(seconds: int, said: str, open_time: str) -> None:
    assert moments.to_the_second(seconds) == said
    assert moments.open_time_to_the_second(seconds) == open_time


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (after(hours=1, minutes=20), "in 1 h 20 min"),
        (after(minutes=17, seconds=40), "in 18 min"),
        (after(seconds=59), "in 59 s"),
        (NOW, "in 0 s"),
        (after(minutes=-35), "late by 35 min"),
        (datetime(2026, 11, 25, 8, 40, tzinfo=UTC), "tomorrow 09:40"),
        (datetime(2026, 11, 25, 15, 12, tzinfo=UTC), "tomorrow 16:12"),
        (datetime(2026, 11, 27, 15, 12, tzinfo=UTC), "Fri 16:12"),
        (datetime(2026, 12, 3, 8, 40, tzinfo=UTC), "3 Dec, 09:40"),
        (None, ""),
        (NEVER, ""),
    ],
)
def test_due_phrase(at: datetime | None, said: str) -> None:
    assert moments.due_phrase(at) == said


def test_due_phrase_of_a_paused_promise() -> None:
    assert moments.due_phrase(None, seconds_left=7200) == "paused, 2 h left"
    assert moments.due_phrase(after(hours=-9), seconds_left=-7200) == "late by 2 h, paused"


def test_lateness_counts_open_seconds_where_they_are_known() -> None:
    assert moments.due_phrase(after(hours=-20), late_for=2100) == "late by 35 min"
    assert moments.due_phrase(after(days=-12), late_for=288_000) == "late by 80 h"
    assert moments.due_phrase(None, seconds_left=100_800) == "paused, 28 h left"


def test_a_deadline_at_closing_is_not_late_while_the_desk_is_closed() -> None:
    assert moments.due_phrase(after(hours=-3), closes_at=after(hours=-3)) == "today 11:12"
    assert moments.due_phrase(after(hours=-15), closes_at=after(hours=-15)) == "yesterday 23:12"
    assert moments.due_phrase(after(hours=-3), closes_at=NOW) == "late by 3 h"
    assert moments.due_phrase(after(hours=-3), late_for=60, closes_at=after(hours=-3)) == "late by 1 min"


def test_what_runs_day_and_night_is_late_by_days() -> None:
    assert moments.due_phrase(after(days=-3), is_calendar_time=True) == "late by 3 days"
    assert moments.due_phrase(after(hours=2), is_calendar_time=True) == "in 2 h"


def test_beyond_todays_closing_a_moment_is_said_and_never_open_hours() -> None:
    closes_at = after(minutes=30)
    assert moments.due_phrase(after(minutes=30), closes_at=closes_at) == "in 30 min"
    assert moments.due_phrase(after(minutes=31), closes_at=closes_at) == "today 14:43"


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (after(minutes=30), "today 14:42"),
        (after(days=1), "tomorrow 14:12"),
        (after(days=-1), "yesterday 14:12"),
        (after(days=6), "Mon 14:12"),
        (after(days=7), "1 Dec, 14:12"),
    ],
)
def test_moment(at: datetime, said: str) -> None:
    assert moments.moment(at) == said


@pytest.mark.parametrize("language", ["hu"], indirect=True)
def test_hungarian_dates_have_no_leading_zero_for_hours() -> None:
    assert moments.moment(datetime(2026, 11, 28, 7, 6, tzinfo=UTC)) == "11. 28. 8:06"
    assert moments.moment(datetime(2027, 1, 4, 15, 12, tzinfo=UTC)) == "2027. 1. 4. 16:12"
    assert moments.moment(datetime(2026, 11, 24, 7, 40, tzinfo=UTC)).endswith(" 8:40")
    assert moments.day(NOW) == "2026. 11. 24."


def test_a_letter_names_the_day_and_the_zone_of_its_recipient() -> None:
    at = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)
    assert moments.written(at, "Europe/Budapest", "en") == "Wed 25 Nov, 10:30 CET"
    assert moments.written(at, "Europe/Budapest", "hu") == "2026. 11. 25. 10:30 (CET)"
    assert moments.written(at, "Europe/London", "en") == "Wed 25 Nov, 09:30 GMT"
    assert moments.written(at, "Europe/London", "hu") == "2026. 11. 25. 9:30 (GMT)"


SAID_TWICE = {
    "in": ("in %(time)s", {"t": "time"}),
    "late": ("late by %(time)s", {"t": "time"}),
    "today": ("today %(time)s", {"t": "time"}),
    "yesterday": ("yesterday %(time)s", {"t": "time"}),
    "second": ("%(n)s s", {"n": "n"}),
    "minute": ("%(n)s min", {"n": "n"}),
}
"""A word of countdown.js, the text it must agree with, and what its variables are called there."""


@pytest.mark.parametrize("word", list(SAID_TWICE))
def test_the_browser_counts_down_in_the_same_words(word: str) -> None:
    text, names = SAID_TWICE[word]
    script = (ROOT / "static/js/countdown.js").read_text("utf-8")
    with (ROOT / "translations/hu/LC_MESSAGES/messages.po").open("rb") as file:
        catalogue = read_po(file)
    blocks = dict(re.findall(r"\n  (en|hu): \{\n(.*?)\n  \}", script, re.DOTALL))
    said = {language: _template(block, word) for language, block in blocks.items()}
    for name, there in names.items():
        said = {language: phrase.replace(f"${{{name}}}", f"%({there})s") for language, phrase in said.items()}
    message = catalogue.get(text)
    assert message is not None
    if not message.string:  # `make check` names every text that lacks a translation
        pytest.skip(f"{text!r} is not translated yet")
    assert said == {"en": text, "hu": message.string}


def _template(block: str, word: str) -> str:
    found = re.search(rf"\b{word}: \(\w+\) => `([^`]*)`", block)
    assert found is not None
    return found[1]


def test_a_page_says_its_day_and_time() -> None:
    assert moments.day_and_time(NOW) == "Tue 24 Nov, 14:12"


@pytest.mark.parametrize("language", ["hu"], indirect=True)
def test_hungarian_needs_no_comma_between_day_and_time_and_bends_units() -> None:
    assert moments.day_and_time(NOW) == "2026. 11. 24. 14:12"
    assert moments.exact(datetime(2026, 11, 2, 7, 6, 5, tzinfo=UTC)) == "2026. 11. 2. 8:06:05 CET"
    assert moments.duration(3900) == "1 ó 5 p"
    assert [moments.ago(after(seconds=-s)) for s in (30, 2880, 3900, 18_000, 259_200)] == [
        "az imént",
        "48 perce",
        "1 óra 5 perce",
        "5 órája",
        "3 napja",
    ]
