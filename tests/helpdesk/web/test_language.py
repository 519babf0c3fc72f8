"""Which language a page speaks, and that a Hungarian page speaks nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date
from html.parser import HTMLParser
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, current_app
from flask.testing import FlaskClient
from flask_babel import force_locale
from wtforms import (
    DateField,
    DateTimeLocalField,
    DecimalField,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from helpdesk.accounts.models import User
from helpdesk.clock import Hand
from helpdesk.customers.models import Subscription
from helpdesk.database import Base, db, unit_of_work
from helpdesk.notifications.wording import PORTALS
from helpdesk.sla import holidays, wording
from helpdesk.tickets.actions.conversation import reply
from helpdesk.tickets.actions.opening import Opened
from helpdesk.web.forms import Form
from helpdesk.web.formwords import SENTENCES
from tests.helpdesk.tickets.conftest import Desk, browser_of, desk, opened, topic_id
from tests.people import add_person, signed_in
from workflows.business_time import BusinessCalendar, BusinessTimeError
from workflows.vocabulary import Role, Service

__all__ = ["desk", "opened", "topic_id"]


def speaks(client: FlaskClient, path: str = "/login", **headers: str) -> str:
    answer = client.get(path, headers=headers, follow_redirects=True)
    found = re.search(r'<html lang="(\w+)"', answer.get_data(as_text=True))
    assert found
    return found[1]


# the choice ---------------------------------------------------------------------------------------


def test_the_browser_chooses_for_a_stranger(client: FlaskClient) -> None:
    assert speaks(client, accept_language="hu-HU,hu;q=0.9,en;q=0.5") == "hu"
    assert speaks(client, accept_language="en-GB,en;q=0.9,hu;q=0.5") == "en"


def test_the_desk_chooses_where_the_browser_speaks_neither(app: Flask, client: FlaskClient) -> None:
    app.config["LANGUAGE"] = "hu"
    assert speaks(client, accept_language="fi") == speaks(client) == "hu"
    app.config["LANGUAGE"] = "en"
    assert speaks(client, accept_language="fi") == speaks(client) == "en"


def test_a_link_chooses_for_the_whole_session(client: FlaskClient) -> None:
    assert speaks(client, "/login?lang=hu", accept_language="en") == "hu"
    assert speaks(client, "/submit", accept_language="en") == "hu"
    assert speaks(client, "/login?lang=de", accept_language="en") == "hu"
    assert speaks(client, "/login?lang=en", accept_language="hu") == "en"


def test_the_person_wins_over_the_browser_and_the_session_over_the_person(app: Flask, desk: Desk) -> None:
    ana = browser_of(app, desk.ana)
    with unit_of_work() as session:
        session.get_one(User, desk.ana.id).language = "hu"
    assert speaks(ana, "/queue", accept_language="en") == "hu"
    assert speaks(ana, "/queue?lang=en") == "en"
    assert speaks(ana, "/queue") == "en"


@pytest.mark.parametrize("language", ["en", "hu"])
def test_an_answer_names_its_language(client: FlaskClient, language: str) -> None:
    answer = client.get("/login", headers={"Accept-Language": language})
    assert answer.headers["Content-Language"] == language
    assert "Accept-Language" in answer.headers["Vary"]


# the whole page ---------------------------------------------------------------------------------------

SPOKEN = ("aria-label", "alt", "placeholder", "title", "data-draft", "data-copied", "data-remove", "data-too-large")
SILENT = ("script", "style", "option", "code", "kbd")
"""Choices are names of places and of our own data, or labels that tests of labels cover."""
SAME_IN_BOTH = re.compile(
    r"Microsoft( 365)?|Azure|Dynamics 365|Premier|Advanced|Signature|English|Magyar|Helpdesk|Azure|Dynamics"
    r"|\b[\w.]+@[\w.]+\b|https?://\S+|\bP[1-4]\b|\b\w+/\w+\b|\bCET\b|\bmin\b|\.zip|PDF|Office|SLA|Ctrl|Enter"
)


class Words(HTMLParser):
    """Collects what a reader or a screen reader gets of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.said: set[str] = set()
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in SILENT
        self.said |= {value for name, value in attrs if name in SPOKEN and value}

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in SILENT

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.said.add(" ".join(data.split()))


def said(page: str, names: Iterable[str]) -> set[str]:
    """Every text of ``page`` that has words once names, data of the desk and addresses are taken out."""
    words = Words()
    words.feed(page)
    texts = set()
    for text in words.said:
        for name in names:
            text = text.replace(name, "")
        text = SAME_IN_BOTH.sub("", text).strip()
        if re.search(r"[^\W\d_]{3}", text):
            texts.add(text)
    return texts


def known_names() -> list[str]:
    """Every text the database holds, longest first: data is in the language somebody wrote it in.

    The vendor's portals are called as the vendor calls them.
    """
    names = {current_app.config["DESK_NAME"], *(name for name, _address in PORTALS.values())}
    for table in Base.metadata.sorted_tables:
        for row in db.session.execute(sa.select(table)):
            names |= {text for value in row for text in _texts(value) if len(text) > 2}
    return sorted(names, key=len, reverse=True)


def _texts(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for inner in value.values() for text in _texts(inner)]
    return [value] if isinstance(value, str) else []


def mixed(client: FlaskClient, paths: Iterable[str]) -> dict[str, set[str]]:
    """{path: what it says alike in both languages}, of those that say something alike."""
    names, found = known_names(), {}
    for path in paths:
        pages = {}
        for language in ("en", "hu"):
            joint = "&" if "?" in path else "?"
            answer = client.get(f"{path}{joint}lang={language}", follow_redirects=True)
            assert answer.status_code == 200, path
            pages[language] = said(answer.get_data(as_text=True), names)
        assert pages["en"], path
        if alike := pages["en"] & pages["hu"]:
            found[path] = alike
    return found


@pytest.fixture
def story(desk: Desk, opened: Callable[..., Opened], hand: Hand) -> Opened:
    """A ticket with something of everything on its page."""
    with unit_of_work() as session:
        own = Subscription(customer_id=desk.customer_id, name="Business Premium", service=Service.MICROSOFT365)
        own.seats, own.ends_on = 40, date(2027, 1, 31)
        session.add(own)
    intake = {"since": "Eight this morning", "affected": "27 people", "error_text": "AADSTS50058"}
    ticket = opened(intake=intake)
    hand.advance(1200)
    with unit_of_work():
        reply(ticket.ticket.id, desk.ana, "We look into it.", hand())
    hand.advance(3 * 3600)
    return ticket


def test_no_customers_page_mixes_languages(client: FlaskClient, story: Opened) -> None:
    assert mixed(client, ("/submit", "/login", f"/track/{story.token}")) == {}


def test_no_error_of_a_form_is_left_in_english(client: FlaskClient, story: Opened) -> None:
    """Not those of WTForms and Flask-WTF either, which bring catalogues of their own."""
    wrong = {"email": "no address", "kind": "neither", "impact": "x", "urgency": "", "service": "none"}
    pages = {}
    for language in ("en", "hu"):
        answer = client.post("/submit", data=wrong, headers={"Accept-Language": language})
        assert answer.status_code == 422
        pages[language] = said(answer.get_data(as_text=True), [*known_names(), "no address"])
    assert pages["en"] & pages["hu"] == set()


STAFF_PAGES = (
    "/queue",
    "/queue?view=late",
    "/tickets/{number}",
    "/tickets/{number}/customer",
    "/tickets/{number}/classification",
    "/tickets/{number}/diagnosis",
    "/tickets/{number}/events",
    "/tickets/{number}/escalate",
    "/tickets/new",
    "/search?q=nothing+like+it",
    "/today",
    "/breaches",
    "/reports/returns",
    "/customers",
    "/customers/{customer}",
    "/notifications",
    "/workflows",
)
ADMIN_PAGES = (
    "/admin",
    "/admin/users",
    "/admin/users/new",
    "/admin/permissions",
    "/admin/teams",
    "/admin/plans",
    "/admin/calendars",
    "/admin/policies",
    "/admin/topics",
    "/admin/channels",
    "/admin/jobs",
    "/admin/calendars/1",
    "/admin/policies/1",
    "/account/settings",
    "/account/password",
)


def test_no_page_of_the_desk_mixes_languages(app: Flask, story: Opened, desk: Desk) -> None:
    person = signed_in(app, add_person("Olga", Role.LEAD, Role.MANAGER, Role.SALES_AGENT))
    paths = (path.format(number=story.ticket.id, customer=desk.customer_id) for path in STAFF_PAGES)
    assert mixed(person, paths) == {}


def test_no_page_of_the_administration_mixes_languages(app: Flask, desk: Desk) -> None:
    assert mixed(signed_in(app, add_person("Adam", Role.ADMIN, Role.MANAGER)), ADMIN_PAGES) == {}


# sentences of others --------------------------------------------------------------------------------


def refused(**parts: Any) -> BusinessTimeError:
    with pytest.raises(BusinessTimeError) as caught:
        BusinessCalendar(timezone=parts.pop("timezone", "UTC"), **parts)
    return caught.value


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ({"timezone": "Mars/Olympus", "week": {"mon": [("08:00", "18:00")]}}, "unknown_zone"),
        ({"week": {"mon": [("08:00", "25:00")]}}, "invalid_interval"),
        ({"week": {"mon": [("08:00", "12:00"), ("11:00", "18:00")]}}, "overlapping_intervals"),
        ({"week": {"mon": [("08:00", "18:00")]}, "holidays": {"2026-02-30": ""}}, "invalid_date"),
        ({"week": {}}, "never_open"),
    ],
)
def test_a_calendars_refusals_are_said_in_the_readers_language(app: Flask, parts: dict[str, Any], code: str) -> None:
    error = refused(**parts)
    assert error.code == code
    with app.test_request_context():
        with force_locale("en"):
            assert wording.sentence(error) == str(error)
        with force_locale("hu"):
            hungarian = wording.sentence(error)
            assert hungarian.startswith(str(wording.SENTENCES[code]))
    assert hungarian != str(error)
    assert not re.search(r"\b(the|hours|calendar)\b", hungarian)


@pytest.mark.parametrize(("language", "name"), [("en", "Good Friday"), ("hu", "Nagypéntek")])
def test_public_holidays_are_named_in_the_readers_language(app: Flask, language: str, name: str) -> None:
    with app.test_request_context(), force_locale(language):
        assert holidays.of_country("HU", [2026])["2026-04-03"] == name
        assert holidays.of_country("GB", [2026])["2026-04-03"] == "Good Friday"


class Everything(Form):
    """A field of every type of WTForms that our forms use."""

    one = SelectField(choices=[SelectChoice("a", "A")])
    several = SelectMultipleField(choices=[SelectChoice("a", "A")])
    whole = IntegerField()
    part = DecimalField()
    day = DateField()
    at = DateTimeLocalField()
    needed = StringField(validators=[InputRequired()])


@pytest.mark.parametrize(("language", "needed"), [("en", "This is needed."), ("hu", "Ezt meg kell adni.")])
def test_what_wtforms_says_is_said_in_our_words(app: Flask, language: str, needed: str) -> None:
    typed = dict.fromkeys(("one", "several", "whole", "part", "day", "at"), "x")
    with app.test_request_context(method="POST", data=typed), force_locale(language):
        form = Everything()
        assert not form.is_accepted()
        said_of = {name: errors[0] for name, errors in form.errors.items()}
    assert set(said_of) == {*typed, "needed"}
    assert said_of["needed"] == needed
    with app.test_request_context(), force_locale(language):
        assert set(said_of.values()) <= {str(sentence) for sentence in SENTENCES.values()}
