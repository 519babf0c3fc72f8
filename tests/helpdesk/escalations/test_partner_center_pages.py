"""The connection's page, the import of cases, notes that leave from the ticket's page, and what the check says."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.clock import now
from helpdesk.customers.models import Customer
from helpdesk.database import db, unit_of_work
from helpdesk.demo.vendor.faults import Fault
from helpdesk.demo.vendor.world import Status
from helpdesk.escalations import actions as cases
from helpdesk.escalations.models import VendorCase, VendorNote
from helpdesk.escalations.partner_center import connection, vault
from helpdesk.escalations.partner_center.models import PostState, VendorConnection, VendorPost
from helpdesk.jobs.readiness import examine
from helpdesk.tickets import case_import
from helpdesk.tickets.case_import import Outcome
from helpdesk.tickets.models import Ticket, TicketEvent
from tests.fakes.partner_center import vendor
from tests.helpdesk.escalations.mirrored import Mirrored, mirrored, notes_of
from tests.helpdesk.tickets.conftest import Desk, ana, desk, opened
from tests.people import add_person, signed_in
from workflows.vocabulary import ChannelKind, EventKind, Role, Severity, VendorCaseState

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
    assert "renew the consent by" in adam.post(f"{HERE}/trial", follow_redirects=True).text
    told = adam.get(f"{HERE}?lang=hu", follow_redirects=True).text  # what is kept is said in the reader's language
    assert "A bejelentkezési szolgáltatás válasza: 400 (invalid_grant). Újítsa meg a hozzájárulást" in told
    assert "answered" not in told


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
    assert vendor_finding(app)[0]  # it may pass
    mirrored.later(1801)
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


AN_HOUR, MONTHS = timedelta(hours=1), timedelta(days=80)


@pytest.mark.parametrize(
    ("row", "title", "more"),
    [
        ({"answered_at": None}, "Not tried yet", "Try it now"),
        ({}, "Connected", "come and go by themselves"),
        ({"failing_since": -AN_HOUR, "last_error": "Gone away."}, "Failing since", "Next try: within seconds."),
        ({"failing_since": -AN_HOUR, "quiet_until": AN_HOUR, "last_error": "Gone"}, "Failing since", "Next try: today"),
        ({"renewed_at": -MONTHS, "answered_at": -MONTHS}, "The token ends on", "unused it would end"),
        ({"sealed": "x"}, "The token can’t be read", "HELPDESK_VENDOR_KEY"),
        ({"sealed": ""}, "No consent yet", "Give the consent"),
    ],
)
def test_the_page_says_how_it_stands(adam: FlaskClient, row: dict[str, Any], title: str, more: str) -> None:
    given = {"answered_at": now(), "renewed_at": now()} | row
    with unit_of_work():
        vault.write(**{key: now() + at if isinstance(at, timedelta) else at for key, at in given.items()})
    page = adam.get(HERE).text
    assert title in page
    assert more in page
    assert page.count('<p class="strong">') == 1


def test_a_trial_notes_its_failure_and_a_later_answer_clears_it(adam: FlaskClient, mirrored: Mirrored) -> None:
    mirrored.vendor.faults.next(Fault.SERVER_ERROR, method="GET")
    failed = adam.post(f"{HERE}/trial", follow_redirects=True).text
    assert "Failing since" in failed
    assert "500" in failed
    mirrored.later(60)
    assert "Failing since" not in adam.post(f"{HERE}/trial", follow_redirects=True).text
    assert "Connected" in adam.get(HERE).text


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
    assert ana.get(f"/tickets/{case.ticket_id}").text.count("sent a note to Microsoft once more") == 1


def test_without_a_connection_only_pasting_is_offered(app: Flask, ana: FlaskClient, mirrored: Mirrored) -> None:
    case = mirrored.new_case("1")
    app.config["VENDOR_DESK"] = "off"
    assert 'value="send"' not in ana.get(f"/tickets/{case.ticket_id}").text


# asked of the vendor ----------------------------------------------------------------------------------------


def asked_of(case: VendorCase, what: str) -> str:
    return f"/tickets/{case.ticket_id}/vendor-cases/{case.id}/{what}"


def test_closing_goes_through_the_connector_and_is_mirrored(ana: FlaskClient, mirrored: Mirrored) -> None:
    case = mirrored.new_case("1")
    mirrored.poll()
    page, here = f"/tickets/{case.ticket_id}", asked_of(case, "closing")
    assert here in ana.get(page).text
    assert "please close this case" in ana.get(here).text
    assert ana.post(here, data={"by": "send", "body": "Solved, thank you."}).status_code in (302, 303)
    assert states({"1": case}) == {"1": VendorCaseState.OPEN}  # not before they have
    shown = ana.get(page).text
    assert "Closing at Microsoft" in shown
    assert here not in shown
    again = ana.post(here, data={"by": "send", "body": "And again"})
    assert again.status_code == 422
    assert "And again" in again.text
    assert (mirrored.send(), mirrored.poll()) == (1, 1)
    assert mirrored.arrived("1") == ["Solved, thank you."]
    assert mirrored.world.requests["1"].status is Status.CLOSED
    assert states({"1": case}) == {"1": VendorCaseState.CLOSED}
    assert "asked Microsoft to move the case" in ana.get(f"{page}/events").text


def test_a_closing_whose_answer_was_lost_is_not_sent_twice(ana: FlaskClient, mirrored: Mirrored) -> None:
    case = mirrored.new_case("1")
    mirrored.poll()
    ana.post(asked_of(case, "closing"), data={"by": "send", "body": "Solved."})
    mirrored.vendor.faults.next(Fault.LOST_ANSWER, method="PATCH")
    mirrored.send()
    mirrored.later()
    mirrored.send()
    mirrored.poll()
    assert mirrored.arrived("1") == ["Solved."]
    assert states({"1": case}) == {"1": VendorCaseState.CLOSED}


def test_a_closing_that_is_refused_says_so_and_leaves_the_case_open(ana: FlaskClient, mirrored: Mirrored) -> None:
    case = mirrored.new_case("1")
    page = f"/tickets/{case.ticket_id}"
    ana.post(asked_of(case, "closing"), data={"by": "send", "body": "Solved."})
    for _note in range(6):  # a refusal is shown however many notes came after it
        mirrored.world.write("1", "Still here.")
        mirrored.later()
        mirrored.poll()
    mirrored.world.refuses = True
    mirrored.send()
    shown = ana.get(page).text
    assert "Not sent:" in shown
    assert "800040" in shown
    assert "Send again" in shown
    assert asked_of(case, "closing") in shown
    assert states({"1": case}) == {"1": VendorCaseState.OPEN}


def test_a_note_that_was_taken_while_the_state_was_not_says_so(ana: FlaskClient, mirrored: Mirrored) -> None:
    case = mirrored.new_case("1")
    ana.post(asked_of(case, "closing"), data={"by": "send", "body": "Solved."})
    mirrored.world.ignores = True
    mirrored.send()
    assert mirrored.arrived("1") == ["Solved."]
    assert "left the case’s state as it was" in ana.get(f"/tickets/{case.ticket_id}").text
    assert mirrored.send() == 0


def test_what_has_happened_at_the_vendor_is_only_written_down(ana: FlaskClient, mirrored: Mirrored) -> None:
    case = mirrored.new_case("1")
    ana.post(asked_of(case, "closing"), data={"by": "known", "body": ""})
    assert states({"1": case}) == {"1": VendorCaseState.CLOSED}
    assert mirrored.send() == 0


def test_severity_is_asked_for_and_followed(ana: FlaskClient, mirrored: Mirrored) -> None:
    case = mirrored.new_case("1")
    here = asked_of(case, "severity")
    for sent in ({"severity": "critical", "body": ""}, {"severity": "moderate", "body": "Why not"}, {"severity": "x"}):
        refused = ana.post(here, data={"by": "send", **sent})
        assert refused.status_code == 422
        assert "-error" in refused.text
        assert sent.get("body", "") in refused.text
    assert ana.post(here, data={"by": "send", "severity": "critical", "body": "Nobody works."}).status_code in (
        302,
        303,
    )
    mirrored.send()
    mirrored.poll()
    assert mirrored.world.requests["1"].severity.name == "CRITICAL"
    db.session.expire_all()
    assert db.session.scalars(sa.select(VendorCase.severity)).one() is Severity.A


def test_without_a_connection_both_are_written_down_by_hand(app: Flask, ana: FlaskClient, mirrored: Mirrored) -> None:
    case = mirrored.new_case("1")
    app.config["VENDOR_DESK"] = "off"
    page = ana.get(f"/tickets/{case.ticket_id}").text
    assert asked_of(case, "closing") not in page
    assert 'name="body"' not in ana.get(asked_of(case, "severity")).text
    assert ana.post(asked_of(case, "severity"), data={"severity": "minimal"}).status_code in (302, 303)
    db.session.expire_all()
    assert db.session.scalars(sa.select(VendorCase.severity)).one() is Severity.C
    ana.post(asked_of(case, "state"), data={"state": "closed"})
    assert states({"1": case}) == {"1": VendorCaseState.CLOSED}


@pytest.mark.parametrize("what", ["closing", "severity", "portal"])
def test_a_case_of_another_ticket_is_not_found(ana: FlaskClient, mirrored: Mirrored, what: str) -> None:
    case, other = mirrored.new_case("1"), mirrored.new_case("2")
    assert ana.get(f"/tickets/{other.ticket_id}/vendor-cases/{case.id}/{what}").status_code == 404


# the page that opens a case -----------------------------------------------------------------------------------


def test_the_way_to_a_new_case_leads_to_the_customers_page(
    app: Flask, ana: FlaskClient, mirrored: Mirrored, desk: Desk
) -> None:
    case = waiting_case(mirrored, desk)
    page = ana.get(f"/tickets/{case.ticket_id}").text
    assert asked_of(case, "portal") in page
    assert "the number comes by itself" in page
    to = ana.get(asked_of(case, "portal")).location
    assert to == f"https://portal.office.example/?tid={TENANT}"
    mirrored.vendor.faults.next(Fault.SERVER_ERROR, Fault.SERVER_ERROR)
    assert ana.get(asked_of(case, "portal")).location.startswith("https://partner.microsoft.com/")
    app.config["VENDOR_DESK"] = "off"
    assert ana.get(asked_of(case, "portal")).location.startswith("https://partner.microsoft.com/")


@pytest.mark.parametrize(("portal", "leads"), [("http://evil.example/", False), ("javascript:alert(1)//", False)])
def test_no_address_in_the_clear_is_followed(
    ana: FlaskClient, mirrored: Mirrored, desk: Desk, portal: str, leads: bool
) -> None:
    case = waiting_case(mirrored, desk)
    mirrored.world.portal = portal
    assert ana.get(asked_of(case, "portal")).location.startswith("https://partner.microsoft.com/") is not leads


TENANT = "11111111-0000-4000-8000-000000000001"


def waiting_case(mirrored: Mirrored, desk: Desk) -> VendorCase:
    """A case to be opened, of a customer whom the vendor knows."""
    mirrored.world.add_customer("Alpina", "alpina.example", TENANT)
    ticket_id = mirrored.opened().ticket.id
    with unit_of_work() as session:
        ticket = session.get_one(Ticket, ticket_id)
        ticket.customer = ticket.customer or session.scalars(sa.select(Customer)).first()
        ticket.customer.tenant_id = TENANT
        return cases.open_case(ticket_id, ChannelKind.PREMIER, None, Severity.B, {}, now())


# a file of cases --------------------------------------------------------------------------------------------

FILE = """Request ID;Title;Status;Last Updated;Note
1;Mail;Action required;2026-11-24T14:00:00Z;"Which tenant?
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


@pytest.mark.parametrize(
    ("updated", "is_news"),
    [("2020-01-01", False), ("{day}", True), ("{day}T00:00:01Z", False), ("{day}T23:59:59Z", True), ("soon", True)],
)
def test_a_line_from_before_the_cases_last_word_is_no_news(
    adam: FlaskClient, four: dict[str, VendorCase], updated: str, is_news: bool
) -> None:
    """A date alone may be any moment of its day."""
    said = updated.format(day=f"{four['1'].last_word_at:%Y-%m-%d}")
    page = upload(adam, f"Number,Status,Last updated\n1,Closed,{said}\n".encode())
    assert ("Older than what we have" in page, "Bring 1 case up to date" in page) == (not is_news, is_news)


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


def test_files_at_the_vendor_stand_on_the_case(ana: FlaskClient, mirrored: Mirrored) -> None:
    case = mirrored.new_case("n1")
    mirrored.world.attach("n1", "<b>trace</b>.har", 2048, "https://files.example/1?a=1&b=2")
    mirrored.world.attach("n1", "root-cause.pdf", 500, "http://files.example/2")
    mirrored.poll()
    page = ana.get(f"/tickets/{case.ticket_id}").text
    assert 'href="https://files.example/1?a=1&amp;b=2" target="_blank" rel="noopener noreferrer">&lt;b&gt;trace' in page
    assert "<span>root-cause.pdf</span>" in page
    assert "2 files at Microsoft" in page
    assert "found files on Microsoft’s case: &lt;b&gt;trace&lt;/b&gt;.har, root-cause.pdf" in page
