"""The sign-in page: the same answer for everybody, counted tries, sessions that end."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from helpdesk import create_app
from helpdesk.accounts import passwords
from helpdesk.accounts.models import SignInAttempt, User
from helpdesk.accounts.views import own_path
from helpdesk.clock import Hand
from helpdesk.database import db, unit_of_work
from tests.people import PASSWORD, add_person, signed_in
from workflows.vocabulary import Role

WRONG = "The e-mail address or the password is wrong."


@pytest.fixture
def ana(app: Flask, hand: Hand) -> User:
    return add_person("Ana", Role.AGENT)


def sign_in(client: FlaskClient, email: str, password: str, **more: str) -> TestResponse:
    return client.post("/login", data={"email": email, "password": password} | more)


@pytest.mark.parametrize(
    ("role", "home"),
    [
        (Role.AGENT, "/queue"),
        (Role.LEAD, "/queue"),
        (Role.BILLING_ADMIN, "/queue"),
        (Role.MANAGER, "/today"),
        (Role.SALES_AGENT, "/customers"),
        (Role.USER_ADMIN, "/admin"),
        (Role.ADMIN, "/admin"),
    ],
)
def test_a_right_password_leads_home(app: Flask, hand: Hand, client: FlaskClient, role: Role, home: str) -> None:
    add_person("Somebody", role)
    answer = sign_in(client, " Somebody@Desk.example ", PASSWORD)
    assert (answer.status_code, answer.location) == (303, home)
    assert client.get("/").location == home


def test_strangers_begin_at_the_form(client: FlaskClient) -> None:
    assert client.get("/").location == "/submit"


def test_after_signing_in_the_page_asked_for_comes(ana: User, client: FlaskClient) -> None:
    asked = client.get("/account/settings")
    assert asked.status_code == 302
    assert asked.location.startswith("/login?next=")
    assert b'value="/account/settings"' in client.get(asked.location).data
    assert sign_in(client, ana.email, PASSWORD, next="/account/settings").location == "/account/settings"


@pytest.mark.parametrize(
    "address", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "queue", "/a\nb"]
)
def test_other_places_are_no_next_page(address: str) -> None:
    assert own_path(address) == ""


def test_a_path_with_a_query_is_a_next_page() -> None:
    assert own_path("/queue?mine=1") == "/queue?mine=1"


def test_unknown_disabled_and_mistaken_get_one_answer(ana: User, client: FlaskClient) -> None:
    max_ = add_person("Max", Role.MANAGER)
    with unit_of_work():
        db.session.get_one(User, max_.id).is_enabled = False
    answers = [
        sign_in(client, ana.email, "not the password"),
        sign_in(client, "nobody@desk.example", "not the password"),
        sign_in(client, max_.email, PASSWORD),
    ]
    assert {answer.status_code for answer in answers} == {422}
    assert all(WRONG in answer.text for answer in answers)


def test_an_unknown_account_costs_a_verification_too(
    app: Flask, client: FlaskClient, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at: list[str] = []
    real = passwords._hasher.verify

    class Watched:
        def verify(self, known: str, password: str) -> bool:
            looked_at.append(known)
            return bool(real(known, password))

        def check_needs_rehash(self, known: str) -> bool:
            return False

        hash = passwords._hasher.hash

    monkeypatch.setattr(passwords, "_hasher", Watched())
    sign_in(client, "nobody@desk.example", "whatever it may be")
    assert len(looked_at) == 1


def test_five_failures_block_the_account_and_say_until_when(ana: User, client: FlaskClient, hand: Hand) -> None:
    for _try in range(4):
        assert "try again at" not in sign_in(client, ana.email, "wrong").text
    assert "try again at 14:13" in sign_in(client, ana.email, "wrong").text
    blocked = sign_in(client, ana.email, PASSWORD)
    assert blocked.status_code == 429
    assert blocked.headers["Retry-After"] == "60"
    assert "14:13" in blocked.text
    assert WRONG not in blocked.text
    hand.advance(60)
    assert sign_in(client, ana.email, PASSWORD).status_code == 303


def test_an_unknown_account_is_blocked_alike(app: Flask, client: FlaskClient, hand: Hand) -> None:
    for _try in range(5):
        sign_in(client, "nobody@desk.example", "wrong")
    assert sign_in(client, "nobody@desk.example", "wrong").status_code == 429


def test_blocks_double(ana: User, client: FlaskClient, hand: Hand) -> None:
    for _try in range(5):
        sign_in(client, ana.email, "wrong")
    waits = []
    for _try in range(3):
        hand.advance(int(sign_in(client, ana.email, "wrong").headers["Retry-After"]))
        sign_in(client, ana.email, "wrong")
        waits.append(int(sign_in(client, ana.email, "wrong").headers["Retry-After"]))
    assert waits == [120, 240, 480]


def test_a_quarter_of_an_hour_forgets(ana: User, client: FlaskClient, hand: Hand) -> None:
    for _try in range(4):
        sign_in(client, ana.email, "wrong")
    hand.advance(15 * 60)
    for _try in range(4):
        sign_in(client, ana.email, "wrong")
    assert sign_in(client, ana.email, PASSWORD).status_code == 303


def test_a_right_password_clears_the_account(ana: User, app: Flask, client: FlaskClient) -> None:
    for _try in range(4):
        sign_in(client, ana.email, "wrong")
    sign_in(client, ana.email, PASSWORD)
    for _try in range(4):
        assert sign_in(app.test_client(), ana.email, "wrong").status_code == 422


def test_one_address_may_not_try_many_accounts(app: Flask, client: FlaskClient, hand: Hand) -> None:
    answers = [sign_in(client, f"person{number}@desk.example", "wrong") for number in range(21)]
    assert [answer.status_code for answer in answers] == [422] * 20 + [429]


def test_no_address_is_kept_in_the_clear(ana: User, client: FlaskClient) -> None:
    sign_in(client, ana.email, "wrong")
    subjects = db.session.scalars(sa.select(SignInAttempt.subject)).all()
    assert len(subjects) == 2
    assert not [subject for subject in subjects if "ana" in subject or "127" in subject]


def test_an_outdated_hash_is_renewed(ana: User, client: FlaskClient) -> None:
    weaker = passwords.PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1)
    with unit_of_work():
        db.session.get_one(User, ana.id).password_hash = weaker.hash(PASSWORD)
    assert sign_in(client, ana.email, PASSWORD).status_code == 303
    db.session.expire_all()
    renewed = db.session.get_one(User, ana.id)
    assert not passwords.is_outdated(renewed.password_hash)
    assert renewed.session_epoch == 0


def test_signing_out_ends_the_session(app: Flask, ana: User) -> None:
    browser = signed_in(app, ana)
    assert browser.get("/account/settings").status_code == 200
    assert browser.post("/logout").location == "/login"
    assert browser.get("/account/settings").status_code == 302
    assert browser.get("/logout").status_code == 405


def test_what_stood_in_the_session_before_is_gone_but_the_language(ana: User, client: FlaskClient) -> None:
    with client.session_transaction() as session:
        session["planted"], session["language"] = "by a stranger", "hu"
    sign_in(client, ana.email, PASSWORD)
    with client.session_transaction() as session:
        assert "planted" not in session
        assert session["language"] == "hu"


def test_the_language_can_be_switched_by_anybody(client: FlaskClient) -> None:
    assert client.post("/language", data={"language": "hu", "next": "/login"}).location == "/login"
    assert 'lang="hu"' in client.get("/login").text
    assert client.post("/language", data={"language": "tlh", "next": "//evil.example"}).location == "/"
    assert 'lang="hu"' in client.get("/login").text


def test_forms_without_a_token_are_refused(ana: User, app: Flask, client: FlaskClient) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    assert sign_in(client, ana.email, PASSWORD).status_code == 400


def test_the_page_itself_is_limited(app: Flask) -> None:
    same = {key: app.config[key] for key in ("DATABASE_URL", "SECRET_KEY", "AUDIT_KEY")}
    limited = create_app(same | {"RATE_LIMITS": True})
    limited.config["WTF_CSRF_ENABLED"] = False
    browser = limited.test_client()
    answers = [browser.post("/login", data={}).status_code for _try in range(21)]
    assert answers == [422] * 20 + [429]
    assert browser.get("/login").status_code == 200
