"""What every address keeps to: headers, tokens, who may knock, and friendly pages for what goes wrong."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, abort
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError
from werkzeug.routing import Rule

from helpdesk import logs
from helpdesk.accounts.models import User
from helpdesk.database import db
from helpdesk.extensions import limiter
from helpdesk.portal import queries
from helpdesk.tickets.actions.opening import Opened
from helpdesk.tickets.models import Attachment, Ticket
from tests.conftest import _create, keep_requests_apart
from tests.helpdesk.tickets.conftest import Desk, desk, opened
from tests.people import PASSWORD, add_person, signed_in
from workflows.vocabulary import Role

__all__ = ["Desk", "desk", "opened"]

OPEN_TO_STRANGERS = {
    "static", "accounts.home", "accounts.login", "accounts.logout", "accounts.language", "accounts.invitation",
    "portal.submit", "portal.promise", "portal.submitted", "portal.submitted_nothing", "portal.link_renewed",
    "portal.track", "portal.file", "portal.renew", "portal.solved", "portal.withdraw", "notifications.unread",
    "jobs.healthz", "jobs.readyz",
}  # fmt: skip
"""Every other address is for staff: a new one is closed unless somebody writes it down here. The bell is silent."""

IN_LINE = re.compile(r"<style\b|\sstyle\s*=|\son[a-z]+\s*=\s*[\"']|<script(?![^>]*\bsrc=)|\bjavascript:", re.IGNORECASE)
FORM = {
    "name": "Rita Fehér", "email": "rita.feher@alpina.example",
    "kind": "technical", "impact": "high", "urgency": "high",
    "subject": "Outlook keeps asking", "description": "Since about eight, words that took long.",
}  # fmt: skip


def _rules(app: Flask, method: str) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if method in (rule.methods or ())]


def _address(rule: Rule) -> str:
    """An address of ``rule`` with 1 or a word in each of its gaps."""
    return re.sub(r"<int:[^>]+>", "1", re.sub(r"<(?!int:)[^>]+>", "A" * 43, rule.rule))


@pytest.fixture
def another(app: Flask, tmp_path: Path) -> Iterator[Callable[..., Flask]]:
    """Another application on the same database, with settings of its own."""
    made: list[Flask] = []

    def make(**overrides: Any) -> Flask:
        made.append(_create(app.config["DATABASE_URL"], tmp_path, **overrides))
        keep_requests_apart(made[-1])
        return made[-1]

    yield make
    for one in made:
        with one.app_context():
            db.session.remove()
            db.engine.dispose()


@pytest.fixture
def rita(client: FlaskClient, desk: Desk, opened: Callable[..., Opened]) -> Opened:
    return opened()


@pytest.fixture
def adam(app: Flask, desk: Desk) -> FlaskClient:
    return signed_in(app, add_person("Adam Szabó", Role.ADMIN))


# headers and pages ------------------------------------------------------------------------------------


def test_every_answer_carries_the_headers(app: Flask, client: FlaskClient, adam: FlaskClient, rita: Opened) -> None:
    number = rita.ticket.number
    adam_sees = ("/queue", f"/tickets/{number}", "/today", "/breaches", "/customers", "/admin", "/admin/users")
    anybody = ("/submit", "/login", f"/track/{rita.token}", "/healthz", "/nothing", "/queue", "/submitted/1")
    answers = [adam.get(address) for address in adam_sees] + [client.get(address) for address in anybody]
    answers += [client.post("/submit", data={}), client.delete("/submit"), client.post("/queue")]
    for answer in answers:
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy, answer.request.path
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert answer.headers["Cache-Control"] == "no-store", answer.request.path
        assert "Strict-Transport-Security" not in answer.headers
    assert client.get(f"/track/{rita.token}").headers["X-Robots-Tag"] == "noindex, nofollow"


def test_static_files_may_be_kept(client: FlaskClient) -> None:
    answer = client.get("/static/css/base.css", buffered=True)
    assert "max-age=31536000" in answer.headers["Cache-Control"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_https_turns_on_secure_cookies_and_hsts(another: Callable[..., Flask]) -> None:
    secure = another(BASE_URL="https://desk.example")
    answer = secure.test_client().get("/submit", base_url="https://desk.example")
    assert "max-age=31536000" in answer.headers["Strict-Transport-Security"]
    assert all("Secure" in cookie and "HttpOnly" in cookie for cookie in answer.headers.getlist("Set-Cookie"))


def test_no_page_holds_script_or_style_in_line(
    app: Flask, client: FlaskClient, adam: FlaskClient, rita: Opened, desk: Desk
) -> None:
    """Every page there is, also those of refusals, as the browser gets it; what people wrote stays text."""
    db.session.execute(sa.update(Ticket).values(subject="<script>alert(1)</script> <b style='x' onclick='y'>"))
    db.session.commit()
    lea = signed_in(app, db.session.get_one(User, desk.lea.id))
    seen = 0
    for rule in _rules(app, "GET"):
        if rule.endpoint in ("static", "portal.track"):
            continue
        address = _address(rule).replace("/tickets/1", f"/tickets/{rita.ticket.number}")
        for browser in (client, lea, adam):
            answer = browser.get(address)
            assert answer.status_code < 500 or rule.endpoint == "jobs.readyz", address  # no scheduler runs here
            if answer.mimetype == "text/html" and answer.status_code not in (301, 302, 303, 308):
                assert IN_LINE.search(_without_text(answer.text)) is None, address
                assert "<script>alert(1)" not in answer.text, address
                seen += answer.status_code == 200
    assert seen > 60
    assert IN_LINE.search(_without_text(client.get(f"/track/{rita.token}").text)) is None


def _without_text(page: str) -> str:
    """The page's tags alone: what people wrote may contain anything."""
    return "".join(re.findall(r"<[^>]*>", re.sub(r'"[^"]*"', '""', page)))


# who may knock ----------------------------------------------------------------------------------------


def test_every_form_wants_its_token(app: Flask, rita: Opened, desk: Desk) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    lea = signed_in(app, db.session.get_one(User, desk.lea.id))
    posted = _rules(app, "POST")
    assert len(posted) > 40
    for rule in posted:
        answer = lea.post(_address(rule), data={"subject": "words", "body": "words"})
        assert answer.status_code == 400, rule.rule
        assert "too old to be sent" in answer.text


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_strangers_are_sent_to_sign_in(app: Flask, client: FlaskClient, rita: Opened, method: str) -> None:
    for rule in _rules(app, method):
        if rule.endpoint not in OPEN_TO_STRANGERS:
            answer = client.open(_address(rule), method=method)
            assert answer.status_code == 302, rule.rule
            assert answer.location.startswith("/login"), rule.rule


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_people_without_tickets_find_none(app: Flask, rita: Opened, method: str) -> None:
    sven = signed_in(app, add_person("Sven", Role.USER_ADMIN))
    rooms = ("tickets", "management", "customers")
    rules = [rule for rule in _rules(app, method) if rule.endpoint.split(".")[0] in rooms]
    rules = [rule for rule in rules if rule.endpoint != "management.workflows"]  # how tickets move is no secret
    assert len(rules) > 10
    for rule in rules:
        address = _address(rule).replace("/tickets/1", f"/tickets/{rita.ticket.number}")
        assert sven.open(address, method=method).status_code in (403, 404), (method, rule.rule)


def test_a_missing_ticket_and_one_not_shown_look_alike(app: Flask, rita: Opened) -> None:
    sven = signed_in(app, add_person("Sven", Role.USER_ADMIN))
    there, missing = (sven.get(f"/tickets/{number}") for number in (rita.ticket.number, 999999))
    assert (there.status_code, missing.status_code) == (404, 404)
    assert _main(there.text) == _main(missing.text)


def _main(page: str) -> str:
    return page.partition("<main")[2].partition("</main>")[0]


# sessions ---------------------------------------------------------------------------------------------


def test_a_new_password_ends_every_other_session(app: Flask, desk: Desk) -> None:
    person = add_person("Olga", Role.AGENT)
    here, elsewhere = signed_in(app, person), signed_in(app, person)
    assert elsewhere.get("/queue").status_code == 200
    fields = {"current": PASSWORD, "password": "another fine long password", "again": "another fine long password"}
    answer = here.post("/account/password", data=fields)
    assert answer.status_code == 303, answer.text
    assert here.get("/queue").status_code == 200
    assert elsewhere.get("/queue").location.startswith("/login")


@pytest.mark.parametrize(
    "address",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)",
     "/\n/evil.example", "///evil.example"],
)  # fmt: skip
def test_signing_in_leads_nowhere_else(app: Flask, client: FlaskClient, desk: Desk, address: str) -> None:
    add_person("Olga", Role.AGENT)
    answer = client.post("/login", data={"email": "olga@desk.example", "password": PASSWORD, "next": address})
    assert (answer.status_code, answer.location) == (303, "/queue")
    answer = client.post("/language", data={"language": "hu", "next": address})
    assert answer.location == "/"


# files and links --------------------------------------------------------------------------------------


@pytest.fixture
def file_key(client: FlaskClient, rita: Opened) -> str:
    upload = (io.BytesIO(b"<script>alert(1)</script>"), "page.txt")
    fields = {"body": "Here it is.", "attachments": upload}
    answer = client.post(f"/track/{rita.token}", data=fields, content_type="multipart/form-data")
    assert answer.status_code == 303, answer.text
    return db.session.scalars(sa.select(Attachment.key)).one()


def test_a_file_belongs_to_its_ticket(
    app: Flask, client: FlaskClient, desk: Desk, rita: Opened, opened: Callable[..., Opened], file_key: str
) -> None:
    number, other = rita.ticket.number, opened(contact_email="sven@elsewhere.example", subject="Another")
    ana = signed_in(app, db.session.get_one(User, desk.ana.id))
    downloads = (
        ana.get(f"/tickets/{number}/files/{file_key}", buffered=True),
        client.get(f"/track/{rita.token}/files/{file_key}", buffered=True),
    )
    for answer in downloads:
        assert answer.status_code == 200
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert answer.headers["Content-Security-Policy"].startswith("sandbox")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"].startswith("no-")
    assert ana.get(f"/tickets/{other.ticket.number}/files/{file_key}").status_code == 404
    assert client.get(f"/track/{other.token}/files/{file_key}").status_code == 404
    assert client.get(f"/tickets/{number}/files/{file_key}").status_code == 302
    assert client.get(f"/track/{'A' * 43}/files/{file_key}").status_code == 404
    for key in ("../tests.db", "..%2ftests.db", "%2e%2e", "."):
        assert ana.get(f"/tickets/{number}/files/{key}").status_code == 404


def test_the_trackers_link_is_never_logged(
    app: Flask, client: FlaskClient, rita: Opened, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(secret: str, *_rest: Any) -> None:
        raise RuntimeError(f"cannot read /track/{secret}")

    logs.configure(app)  # to where this test listens
    monkeypatch.setattr(queries, "find_tracked", fail)
    assert client.get(f"/track/{rita.token}").status_code == 500
    logged = capsys.readouterr()
    assert "unexpected_error" in logged.err
    assert rita.token not in logged.err + logged.out


# what goes wrong --------------------------------------------------------------------------------------


@pytest.fixture
def limited(another: Callable[..., Flask], desk: Desk) -> Iterator[FlaskClient]:
    """A browser whose address is counted, from nothing."""
    counted = another(RATE_LIMITS=True)
    limiter.reset()
    yield counted.test_client()
    limiter.reset()
    limiter.enabled = False


@pytest.mark.parametrize("address", ["/submit", "/track/" + "A" * 43, "/login"])
def test_who_knocks_too_often_waits_and_loses_nothing(limited: FlaskClient, address: str) -> None:
    typed = {"body": "words that took long", "email": "rita@alpina.example", "password": "hush-hush"}
    answers = [limited.post(address, data=typed) for _knock in range(21)]
    assert all(answer.status_code != 429 for answer in answers[:4])
    last = answers[-1]
    assert last.status_code == 429
    assert int(last.headers["Retry-After"]) > 0
    assert "hush-hush" not in last.text
    for word in ("A little slower, please", "words that took long", "rita@alpina.example"):
        assert word in last.text


def test_a_form_without_a_fresh_token_keeps_the_text(app: Flask, client: FlaskClient, desk: Desk) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    answer = client.post("/submit", data=FORM)
    assert answer.status_code == 400
    for word in ("Since about eight, words that took long.", "Outlook keeps asking", "Rita Fehér"):
        assert word in answer.text


@pytest.mark.parametrize("status", [400, 403, 404, 405, 409, 413, 422, 429, 500, 503])
@pytest.mark.parametrize("language", ["en", "hu"])
def test_errors_have_a_page_in_the_readers_language(
    app: Flask, monkeypatch: pytest.MonkeyPatch, status: int, language: str
) -> None:
    monkeypatch.setitem(app.view_functions, "jobs.healthz", lambda: abort(status))
    answer = app.test_client().get("/healthz", headers={"Accept-Language": language, "Accept": "text/html"})
    assert answer.status_code == status
    assert f'<html lang="{language}"' in answer.text
    assert re.search(r"<h1>[^<]+</h1>", answer.text)
    assert app.config["DESK_PHONE"] in answer.text
    told = app.test_client().get("/healthz", headers={"Accept": "application/json"})

    assert (told.status_code, told.mimetype) == (status, "application/problem+json")


def test_a_part_of_a_page_gets_a_part(client: FlaskClient, desk: Desk) -> None:
    answer = client.get("/nothing", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Retarget"]) == (404, "#notices")
    assert "<html" not in answer.text


def test_a_form_that_is_too_large_is_refused(app: Flask, client: FlaskClient, desk: Desk) -> None:
    answer = client.post("/submit", data=FORM | {"description": "x" * 3_000_000})
    assert answer.status_code == 413
    assert "too large" in answer.text
    app.config["MAX_CONTENT_LENGTH"] = 100_000
    upload = {"attachments": (io.BytesIO(b"x" * 200_000), "large.log")}
    answer = client.post("/submit", data=FORM | upload, content_type="multipart/form-data")
    assert answer.status_code == 413
    assert "too large" in answer.text


@pytest.mark.parametrize("address", ["/submit", "/login", "/queue", "/account/settings"])
def test_the_database_may_be_away(app: Flask, desk: Desk, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """Also for somebody who is signed in, whose language and right to look stand in the database."""
    olga = signed_in(app, add_person("Olga", Role.AGENT))

    def away(*_args: Any, **_kwargs: Any) -> Any:
        raise OperationalError("SELECT 1", {}, Exception("connection refused"))

    with monkeypatch.context() as gone:
        gone.setattr(db.session, "get", away)
        gone.setattr(db.session, "scalars", away)
        gone.setattr(db.session, "scalar", away)
        gone.setattr(db.session, "execute", away)
        answer = olga.get(address, headers={"Accept-Language": "hu"})
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "10"
    assert '<html lang="hu"' in answer.text
    assert app.config["DESK_PHONE"] in answer.text
    assert olga.get("/queue").status_code == 200


# hosts ------------------------------------------------------------------------------------------------


def test_only_the_desks_own_host_is_answered_in_production(another: Callable[..., Flask]) -> None:
    production = another(HELPDESK_ENV="production", BASE_URL="https://desk.example").test_client()
    assert production.get("/login", base_url="https://desk.example").status_code == 200
    assert production.get("/healthz", base_url="http://127.0.0.1:8000").status_code == 200
    strange = production.get("/login", base_url="https://evil.example")
    assert strange.status_code == 400
    assert "evil.example" not in strange.text
    assert strange.headers["X-Frame-Options"] == "DENY"


def test_development_answers_every_host(app: Flask, client: FlaskClient) -> None:
    assert client.get("/login", base_url="http://anything.example").status_code == 200


def test_an_error_of_the_database_keeps_what_was_written_to_itself(app: Flask) -> None:
    """It ends in the log: there nobody reads a customer's text, or a token."""
    with pytest.raises(sa.exc.DBAPIError) as caught:
        db.session.execute(sa.text("SELECT :secret FROM nowhere"), {"secret": "very-secret"})
    assert "nowhere" in str(caught.value)
    assert "very-secret" not in str(caught.value)
