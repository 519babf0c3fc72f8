"""One's own password, invitation and settings."""

from __future__ import annotations

import threading

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.accounts import invitations
from helpdesk.accounts.actions import Profile, add_user, invite
from helpdesk.accounts.actor import COMMAND_LINE
from helpdesk.accounts.models import User
from helpdesk.clock import Hand, now
from helpdesk.database import db, unit_of_work
from helpdesk.sla.editing import create_calendar
from tests.people import PASSWORD, add_person, signed_in
from workflows.vocabulary import Role

NEW = "another fine long one"


@pytest.fixture
def ana(app: Flask, hand: Hand) -> User:
    return add_person("Ana", Role.AGENT)


@pytest.fixture
def invited(app: Flask, hand: Hand) -> User:
    with unit_of_work():
        return add_user("bea@desk.example", Profile("Bea"), [Role.AGENT], COMMAND_LINE, now())


def test_changing_the_password_keeps_this_session_and_ends_the_others(app: Flask, ana: User) -> None:
    here, elsewhere = signed_in(app, ana), signed_in(app, ana)
    changed = here.post("/account/password", data={"current": PASSWORD, "password": NEW, "again": NEW})
    assert (changed.status_code, changed.location) == (303, "/queue")
    assert here.get("/account/settings").status_code == 200
    assert elsewhere.get("/account/settings").status_code == 302
    assert app.test_client().post("/login", data={"email": ana.email, "password": NEW}).status_code == 303


@pytest.mark.parametrize(
    ("current", "password", "again", "sentence"),
    [
        ("not mine", NEW, NEW, "This is not your password."),
        (PASSWORD, "short", "short", "Use at least 12 characters"),
        (PASSWORD, NEW, "typed otherwise", "The two differ"),
        (PASSWORD, "ana@desk.example", "ana@desk.example", "something other than the e-mail address"),
        (PASSWORD, "aaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaa", "more than one or two different characters"),
    ],
)
def test_what_a_new_password_must_be(
    app: Flask, ana: User, current: str, password: str, again: str, sentence: str
) -> None:
    data = {"current": current, "password": password, "again": again}
    answer = signed_in(app, ana).post("/account/password", data=data)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert db.session.get_one(User, ana.id).session_epoch == 0


def test_nobody_signs_in_before_choosing_a_password(app: Flask, invited: User) -> None:
    assert app.test_client().post("/login", data={"email": invited.email, "password": "!"}).status_code == 422


def test_an_invitation_works_once(app: Flask, invited: User, client: FlaskClient) -> None:
    address = f"/account/invitation/{invitations.token_for(invited)}"
    assert "Welcome, Bea" in client.get(address).text
    chosen = client.post(address, data={"password": NEW, "again": NEW})
    assert (chosen.status_code, chosen.location) == (303, "/queue")
    assert client.get("/account/settings").status_code == 200
    assert app.test_client().get(address).status_code == 404
    assert app.test_client().post(address, data={"password": NEW, "again": NEW}).status_code == 404


def test_an_invitation_sent_twice_at_once_is_used_once(app: Flask, invited: User) -> None:
    address = f"/account/invitation/{invitations.token_for(invited)}"
    together, answers = threading.Barrier(2), []

    def choose(password: str) -> None:
        together.wait()
        answers.append(app.test_client().post(address, data={"password": password, "again": password}).status_code)

    threads = [threading.Thread(target=choose, args=(f"{NEW} {number}",)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [303, 404]


def test_an_invitation_lives_three_days(client: FlaskClient, invited: User, monkeypatch: pytest.MonkeyPatch) -> None:
    token = invitations.token_for(invited)
    assert invitations.invited(token) is not None
    monkeypatch.setattr(invitations, "LIFE", -1)
    assert invitations.invited(token) is None


def test_a_newer_invitation_ends_the_older(client: FlaskClient, invited: User) -> None:
    old = invitations.token_for(invited)
    with unit_of_work():
        invite(invited, COMMAND_LINE, now())
    assert client.get(f"/account/invitation/{old}").status_code == 404
    assert client.get(f"/account/invitation/{invitations.token_for(invited)}").status_code == 200


def test_a_forged_invitation_is_nothing(client: FlaskClient, invited: User) -> None:
    token = invitations.token_for(invited)
    signed, _dot, signature = token.rpartition(".")
    other = "A" if signature[0] != "A" else "B"  # the first letter: the last one carries bits that don't count
    for forged in (f"{signed}.{other}{signature[1:]}", f"WzIsMF0{token[7:]}", "x", "W10.x.y"):
        assert client.get(f"/account/invitation/{forged}").status_code == 404


def test_a_disabled_person_accepts_no_invitation(client: FlaskClient, invited: User) -> None:
    token = invitations.token_for(invited)
    with unit_of_work():
        db.session.get_one(User, invited.id).is_enabled = False
    assert client.get(f"/account/invitation/{token}").status_code == 404


def test_settings_change_how_the_desk_speaks(app: Flask, ana: User) -> None:
    browser = signed_in(app, ana)
    browser.post("/language", data={"language": "en"})
    data = {"name": "Kovács Anna", "language": "hu", "timezone": "Europe/Helsinki"}
    assert browser.post("/account/settings", data=data).status_code == 303
    assert 'lang="hu"' in browser.get("/account/settings").text
    person = db.session.get_one(User, ana.id)
    assert (person.name, person.timezone, person.roles) == ("Kovács Anna", "Europe/Helsinki", {Role.AGENT})


def test_settings_refuse_zones_that_are_none(app: Flask, ana: User) -> None:
    data = {"name": "Ana", "language": "en", "timezone": "Mars/Olympus"}
    assert signed_in(app, ana).post("/account/settings", data=data).status_code == 422


def test_working_hours_are_chosen_by_oneself_and_by_whoever_edits_people(app: Flask, ana: User) -> None:
    with unit_of_work():
        hours = create_calendar(
            "Mornings", {"timezone": "Europe/Budapest", "week": {"mon": [("08:00", "12:00")]}}, None, now()
        )
    browser = signed_in(app, ana)
    data = {"name": "Ana", "language": "en", "timezone": "Europe/Budapest", "calendar_id": str(hours.id)}
    assert browser.post("/account/settings", data=data).status_code == 303
    db.session.rollback()
    assert db.session.get_one(User, ana.id).calendar_id == hours.id
    assert f'<option selected value="{hours.id}">Mornings' in browser.get("/account/settings").text
    assert browser.post("/account/settings", data=data | {"calendar_id": "999"}).status_code == 422
    admin = signed_in(app, add_person("Adam Nagy", Role.ADMIN))
    data |= {"roles": ["agent"], "calendar_id": ""}
    assert admin.post(f"/admin/users/{ana.id}", data=data).status_code == 303
    db.session.rollback()
    assert db.session.get_one(User, ana.id).calendar_id is None
