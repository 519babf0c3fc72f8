"""The connection's page, the import of cases, notes that leave from the ticket's page, and what the check says."""

from __future__ import annotations

import io

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.clock import now
from helpdesk.database import db, unit_of_work
from helpdesk.demo.vendor.faults import Fault
from helpdesk.escalations.models import VendorCase, VendorNote
from helpdesk.escalations.partner_center import connection, vault
from helpdesk.escalations.partner_center.models import PostState, VendorConnection, VendorPost
from helpdesk.jobs.readiness import examine
from helpdesk.tickets import case_import
from helpdesk.tickets.case_import import Outcome
from helpdesk.tickets.models import TicketEvent
from tests.fakes.partner_center import vendor
from tests.helpdesk.escalations.mirrored import Mirrored, mirrored, notes_of
from tests.helpdesk.tickets.conftest import ana, desk, opened
from tests.people import add_person, signed_in
from workflows.vocabulary import EventKind, Role, VendorCaseState

__all__ = ["ana", "desk", "mirrored", "opened", "vendor"]

HERE = "/admin/channels/connection"
IMPORT = "/admin/channels/import"


@pytest.fixture
def adam(app: Flask, mirrored: Mirrored) -> FlaskClient:
    return signed_in(app, add_person("Adam", Role.ADMIN))


def vendor_finding(app: Flask) -> tuple[bool, str]:
    found = next(finding for finding in examine(app) if finding.name == "vendor")
    return found.is_well, found.sentence


# the connection ---------------------------------------------------------------------------------------------


def test_a_token_is_kept_and_never_shown(app: Flask, adam: FlaskClient, mirrored: Mirrored) -> None:
    with unit_of_work():
        vault.disconnect()
    assert vendor_finding(app)[0] is False
    token = mirrored.world.consent()
    assert adam.post(HERE, data={"token": f"{token[:9]}\n{token[9:]}"}).status_code == 303
    assert token not in adam.get(HERE).text
    assert token not in str(db.session.execute(sa.select(VendorConnection.sealed)).all())
    assert adam.post(f"{HERE}/trial", follow_redirects=True).text.count("It answers: 0 cases.") == 1
    assert vendor_finding(app)[0] is True


def test_an_empty_token_is_an_error_at_its_field(adam: FlaskClient) -> None:
    page = adam.post(HERE, data={"token": "  "})
    assert page.status_code == 422
    assert 'id="token-error"' in page.text


def test_a_failed_trial_says_why(adam: FlaskClient, mirrored: Mirrored) -> None:
    mirrored.world.revoke_consent()
    assert "consent has to be renewed" in adam.post(f"{HERE}/trial", follow_redirects=True).text


def test_disconnecting_forgets_the_tokens(app: Flask, adam: FlaskClient) -> None:
    assert adam.post(f"{HERE}/end").status_code == 303
    assert not connection.is_connected(app.config)


@pytest.mark.parametrize("kind", ["off", "console"])
def test_other_kinds_of_desk_say_what_they_do(app: Flask, adam: FlaskClient, kind: str) -> None:
    app.config["VENDOR_DESK"] = kind
    page = adam.get(HERE)
    assert page.status_code == 200
    assert 'name="token"' not in page.text
    assert vendor_finding(app)[0] is True


@pytest.mark.parametrize("path", [HERE, IMPORT])
def test_these_pages_are_the_admins(ana: FlaskClient, mirrored: Mirrored, path: str) -> None:
    assert ana.get(path).status_code in (403, 404)


def test_the_check_tells_of_a_long_silence_and_of_given_up_notes(app: Flask, mirrored: Mirrored) -> None:
    case = mirrored.new_case("1")
    mirrored.poll()
    assert vendor_finding(app) == (
        True,
        f"1 cases are asked after, 0 notes wait; last answer {now():%Y-%m-%d %H:%M} UTC.",
    )
    mirrored.vendor.faults.chance, mirrored.vendor.faults.kinds = 1.0, (Fault.SERVER_ERROR,)
    mirrored.later(3600)
    mirrored.poll()
    is_well, sentence = vendor_finding(app)
    assert not is_well
    assert "500" in sentence
    mirrored.vendor.faults.chance = 0
    mirrored.later(3600)
    mirrored.say(case, "x" * 20_000)
    mirrored.poll()
    mirrored.send()
    assert "1 notes could not be sent" in vendor_finding(app)[1]


# from the ticket's page -------------------------------------------------------------------------------------


def test_a_note_is_sent_from_the_tickets_page(ana: FlaskClient, mirrored: Mirrored) -> None:
    case = mirrored.new_case("1")
    page = f"/tickets/{case.ticket_id}"
    assert 'value="send"' in ana.get(page).text
    notes = f"{page}/vendor-cases/{case.id}/notes"
    assert ana.post(notes, data={"by": "send", "body": "Any news?"}).status_code in (302, 303)
    assert "On its way to Microsoft" in ana.get(page).text
    mirrored.send()
    assert mirrored.arrived("1") == ["Any news?"]
    assert "On its way to Microsoft" not in ana.get(page).text


def test_what_only_was_pasted_is_not_sent(ana: FlaskClient, mirrored: Mirrored) -> None:
    case = mirrored.new_case("1")
    ana.post(f"/tickets/{case.ticket_id}/vendor-cases/{case.id}/notes", data={"by": "desk", "body": "By phone"})
    assert (mirrored.send(), notes_of(case.id)) == (0, [(True, "By phone")])


def test_a_given_up_note_is_shown_with_its_reason_and_sent_again(ana: FlaskClient, mirrored: Mirrored) -> None:
    case = mirrored.new_case("1")
    held = mirrored.world.requests.pop("1")
    mirrored.say(case, "Hello")
    mirrored.send()
    page = ana.get(f"/tickets/{case.ticket_id}").text
    assert "Not sent:" in page
    assert "There is no such service request" in page
    mirrored.world.requests["1"] = held
    note_id = db.session.scalars(sa.select(VendorPost.note_id)).one()
    again = f"/tickets/{case.ticket_id}/vendor-cases/{case.id}/notes/{note_id}/sending"
    assert ana.post(again).status_code in (302, 303)
    assert ana.post(again).status_code == 404
    mirrored.send()
    assert mirrored.arrived("1") == ["Hello"]
    assert db.session.scalars(sa.select(VendorPost.post_state)).all() == [PostState.SENT]


def test_without_a_connection_only_pasting_is_offered(app: Flask, ana: FlaskClient, mirrored: Mirrored) -> None:
    case = mirrored.new_case("1")
    app.config["VENDOR_DESK"] = "off"
    assert 'value="send"' not in ana.get(f"/tickets/{case.ticket_id}").text


# a file of cases --------------------------------------------------------------------------------------------

FILE = """Request ID;Title;Status;Last Updated;Note
1;Mail;Action required;2026-11-24T10:00:00Z;"Which tenant?
And which user?"
2;Teams;Open;;
3;Not ours;Closed;;
="4";Done;Cancelled;;
5;Odd;Frozen;;
;;;;
"""


@pytest.fixture
def four(mirrored: Mirrored) -> dict[str, VendorCase]:
    return {number: mirrored.new_case(number) for number in ("1", "2", "4", "5")}


def upload(client: FlaskClient, content: bytes) -> str:
    page = client.post(IMPORT, data={"file": (io.BytesIO(content), "cases.csv")})
    assert page.status_code == 200, page.text
    return page.text


def states(cases: dict[str, VendorCase]) -> dict[str, VendorCaseState]:
    db.session.expire_all()
    return {number: case.state for number, case in cases.items()}


def test_a_file_is_compared_first_and_changes_nothing(adam: FlaskClient, four: dict[str, VendorCase]) -> None:
    page = upload(adam, FILE.encode("utf-8-sig"))
    assert "Bring 2 cases up to date" in page
    for text in ("No ticket has this number", "As we have it", "Status not understood", "Frozen"):
        assert text in page
    assert set(states(four).values()) == {VendorCaseState.OPEN}


def test_a_confirmed_file_is_applied_once_in_the_persons_name(adam: FlaskClient, four: dict[str, VendorCase]) -> None:
    for said in ("2 cases brought up to date.", "0 cases brought up to date."):
        answer = adam.post(IMPORT, data={"content": FILE, "confirm": "1"}, follow_redirects=True)
        assert said in answer.text
    assert states(four) == {
        "1": VendorCaseState.ATTENTION_NEEDED,
        "2": VendorCaseState.OPEN,
        "4": VendorCaseState.CLOSED,
        "5": VendorCaseState.OPEN,
    }
    assert notes_of(four["1"].id) == [(False, "Which tenant?\nAnd which user?")]
    changed = sa.select(TicketEvent.actor).where(TicketEvent.what == EventKind.VENDOR_CASE_CHANGED)
    assert len(set(db.session.scalars(changed))) == 1
    assert all(actor.startswith("staff:") for actor in db.session.scalars(changed))


@pytest.mark.parametrize(
    "content", [b"", b"Title;Owner\nx;y\n", b"Number,Status\n" + b"1,open\n" * 2001, b"x" * 50_001]
)
def test_what_is_no_such_file_is_said_at_its_field(
    adam: FlaskClient, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(case_import, "MOST_BYTES", 50_000)
    page = adam.post(IMPORT, data={"file": (io.BytesIO(content), "cases.csv")})
    assert page.status_code == 422
    assert 'id="file-error"' in page.text


def test_no_file_at_all(adam: FlaskClient) -> None:
    assert adam.post(IMPORT, data={}).status_code == 422


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_files_as_programs_write_them(encoding: str, delimiter: str) -> None:
    text = delimiter.join(("Service request ID", "STATUS", "Subject")) + "\r\n"
    text += delimiter.join(("616122292874576", "In progress", "Küldés")) + "\r\n"
    [line] = case_import.read(case_import.decode(text.encode(encoding)))
    assert (line.number, line.state, line.title) == ("616122292874576", VendorCaseState.OPEN, "Küldés")


def test_a_case_closed_here_stays_closed(mirrored: Mirrored) -> None:
    case = mirrored.new_case("1")
    with unit_of_work():
        case.state, case.closed_at = VendorCaseState.CLOSED, now()
        db.session.merge(case)
    [planned] = case_import.plan(case_import.read("Number,Status,Note\n1,Open,Hello\n"))
    assert (planned.outcome, planned.adds_note) == (Outcome.FINISHED, False)
    assert db.session.scalars(sa.select(VendorNote)).all() == []
