"""The vendor's list: what it brings forward, what does not follow from it, and the numbers it gives."""

from __future__ import annotations

import time
from typing import Any

import pytest
import sqlalchemy as sa
from flask import current_app

from helpdesk.clock import now
from helpdesk.database import db, unit_of_work
from helpdesk.demo.vendor.faults import Fault
from helpdesk.demo.vendor.world import Status
from helpdesk.escalations import actions as cases
from helpdesk.escalations.models import VendorCase
from helpdesk.escalations.partner_center import matching, polls, vault
from helpdesk.escalations.partner_center.errors import Away, Garbled, Hidden
from helpdesk.escalations.partner_center.models import VendorPoll
from helpdesk.escalations.partner_center.reading import Fields, ServiceRequest
from helpdesk.tickets import history, surveying
from helpdesk.tickets.actions import escalating
from tests.fakes.partner_center import vendor
from tests.helpdesk.escalations.mirrored import POLL, Mirrored, mirrored, notes_of
from tests.helpdesk.tickets.conftest import desk, opened
from workflows.vocabulary import ChannelKind, Severity, VendorCaseState

__all__ = ["desk", "mirrored", "opened", "vendor"]


def state_of(case: VendorCase) -> VendorCaseState:
    return db.session.scalars(sa.select(VendorCase.state).where(VendorCase.id == case.id)).one()


def asked(mirrored: Mirrored, number: str = "") -> int:
    """How often a case was asked after by itself since we looked last."""
    paths = [path for method, path, _headers in mirrored.vendor.seen if method == "GET"]
    mirrored.vendor.seen.clear()
    return sum(path.startswith(f"/v1/servicerequests/{number}") for path in paths)


@pytest.fixture
def slow(mirrored: Mirrored, monkeypatch: pytest.MonkeyPatch) -> Mirrored:
    """So many cases that a case's own turn comes once in a day."""
    monkeypatch.setattr(polls, "SECONDS_A_CASE", 86_400.0)
    return mirrored


def test_only_what_the_list_tells_news_of_is_asked_after(slow: Mirrored) -> None:
    quiet, busy = slow.new_case("1"), slow.new_case("2")
    assert (slow.survey(), slow.poll()) == (True, 2)
    slow.later()
    assert (slow.survey(), slow.poll()) == (True, 0)
    asked(slow)
    slow.world.write("2", "News")
    assert not slow.survey()  # it was read just now
    slow.later()
    assert (slow.survey(), slow.poll()) == (True, 1)
    assert asked(slow) == 1
    assert (notes_of(quiet.id), notes_of(busy.id)) == ([], [(False, "News")])
    slow.later(2 * 86_400)
    slow.survey()
    assert slow.poll() == 2  # their own turn comes all the same


def test_what_goes_from_the_list_is_asked_after_and_is_closed_only_when_it_says_so(slow: Mirrored) -> None:
    closed, hidden = slow.new_case("1"), slow.new_case("2")
    slow.survey()
    slow.poll()
    slow.world.move("1", Status.CLOSED)
    slow.world.requests["2"].is_hidden = True  # the delegated role ended
    slow.later()
    slow.survey()
    slow.poll()
    assert (state_of(closed), state_of(hidden)) == (VendorCaseState.CLOSED, VendorCaseState.OPEN)
    assert "900150" in polls.trouble_of(hidden.id)
    asked(slow)
    slow.later()
    slow.survey()
    slow.poll()
    assert asked(slow) == 0  # a hidden case is no news every time
    slow.world.requests["2"].is_hidden = False
    slow.later()
    slow.survey()
    assert slow.poll() == 1
    assert polls.trouble_of(hidden.id) == ""


def test_news_that_come_while_a_case_is_read_bring_it_forward_again(slow: Mirrored) -> None:
    slow.new_case("1")
    with unit_of_work():
        claim = polls.claim(now(), 1)[0]
    with unit_of_work():
        polls.hasten([claim.case_id], now())
        polls.seen(claim, now(), polls.LEASE * 10, "open")
    assert db.session.scalars(sa.select(VendorPoll.next_poll_at)).one() == now()


@pytest.mark.parametrize("fault", [Fault.THROTTLED, Fault.SERVER_ERROR, Fault.GARBLED])
def test_a_list_that_fails_is_read_again_later(slow: Mirrored, fault: Fault) -> None:
    slow.new_case("1")
    slow.vendor.faults.retry_after = 40
    slow.vendor.faults.next(*[fault] * 3, method="GET")
    assert not slow.survey()
    assert not slow.survey()
    slow.vendor.faults.clear()
    slow.later()
    assert slow.survey()


def test_two_schedulers_read_the_list_once(mirrored: Mirrored) -> None:
    mirrored.new_case("1")
    with unit_of_work():
        assert vault.claim_survey(now(), now() + surveying.usual_pace())
        assert not vault.claim_survey(now(), now() + surveying.usual_pace())
    assert not mirrored.survey()


def test_an_idle_desk_reads_no_list(mirrored: Mirrored) -> None:
    assert not mirrored.survey()
    assert mirrored.vendor.seen == []


def test_a_list_in_part_proves_no_absence(slow: Mirrored, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surveying, "MOST_LISTED", 1)
    for number in ("1", "2"):
        slow.new_case(number)
    slow.survey()
    slow.poll()
    slow.later()
    slow.survey()
    assert slow.poll() == 0


# numbers ----------------------------------------------------------------------------------------------------


def escalated(mirrored: Mirrored) -> VendorCase:
    """A case that waits for its number."""
    ticket_id = mirrored.opened().ticket.id
    with unit_of_work():
        return cases.open_case(ticket_id, ChannelKind.COMMERCIAL, None, Severity.B, {}, now())


def number_of(case: VendorCase) -> str | None:
    return db.session.scalars(sa.select(VendorCase.number).where(VendorCase.id == case.id)).one()


def test_a_case_opened_in_the_portal_gives_its_number(mirrored: Mirrored) -> None:
    case, other = escalated(mirrored), escalated(mirrored)
    mirrored.world.open_request("1", "Something else")
    mirrored.world.open_request("2", "Mail", description=f"Our reference\r\n#{case.ticket_id}\r\n\r\nService")
    assert mirrored.survey()
    assert (number_of(case), state_of(case)) == ("2", VendorCaseState.OPEN)
    assert number_of(other) is None
    mirrored.world.open_request("3", f"Teams [#{other.ticket_id}]")
    mirrored.later()
    mirrored.survey()
    assert number_of(other) == "3"
    mirrored.world.write("2", "Hello")
    assert mirrored.poll() == 2
    assert notes_of(case.id) == [(False, "Hello")]
    assert [broken for _number, broken in history.verify() if broken] == []


def test_a_number_that_stands_is_not_replaced(mirrored: Mirrored) -> None:
    case = escalated(mirrored)
    waiting = surveying.waiting_cases(now())[case.ticket_id]
    with unit_of_work():
        escalating.record_vendor_number(case.ticket_id, case.id, mirrored.desk.ana, "typed", now())
    surveying._give_number(waiting, "found")
    assert number_of(case) == "typed"


def test_numbers_are_neither_guessed_nor_taken_from_old_cases(mirrored: Mirrored) -> None:
    case = escalated(mirrored)
    text = f"Our reference #{case.ticket_id}"
    mirrored.world.open_request("old", description=text).created_at = now() - surveying.OPENED_BEFORE * 2
    mirrored.world.open_request("near", description=text + "0")
    mirrored.survey()
    assert number_of(case) is None
    with unit_of_work():  # a second one of the same ticket: which is meant?
        cases.open_case(case.ticket_id, ChannelKind.COMMERCIAL, None, Severity.B, {}, now())
    mirrored.world.open_request("new", description=text)
    mirrored.later()
    mirrored.survey()
    assert number_of(case) is None


@pytest.mark.parametrize("error", [Hidden("Partner Center answered 403"), Garbled("No JSON."), KeyError("ours")])
def test_a_case_that_cant_be_read_keeps_no_number_from_others(
    mirrored: Mirrored, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    case = escalated(mirrored)
    mirrored.world.open_request("1", "Mail", description=f"Our reference #{case.ticket_id}")
    mirrored.later(60)
    mirrored.world.open_request("2", "Closed to us")
    _shut(mirrored, monkeypatch, {"2": error})
    assert mirrored.survey()
    assert number_of(case) == "1"


def test_where_nobody_answers_no_other_case_is_asked_after(mirrored: Mirrored, monkeypatch: pytest.MonkeyPatch) -> None:
    escalated(mirrored)
    for number in ("1", "2"):
        mirrored.world.open_request(number)
    asked_for = _shut(mirrored, monkeypatch, {"1": Away("Nobody answers."), "2": Away("Nobody answers.")})
    assert not mirrored.survey()
    assert len(asked_for) == 1


def _shut(mirrored: Mirrored, monkeypatch: pytest.MonkeyPatch, errors: dict[str, Exception]) -> list[str]:
    """Let the vendor answer so when asked after these; the numbers it will be asked after."""
    asked_for, read = [], mirrored.line.case

    def case(number: str) -> ServiceRequest:
        asked_for.append(number)
        if number in errors:
            raise errors[number]
        return read(number)

    monkeypatch.setattr(mirrored.line, "case", case)
    return asked_for


def test_one_number_that_cant_be_given_keeps_none_from_others(
    mirrored: Mirrored, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = escalated(mirrored), escalated(mirrored)
    bad_id, record = bad.id, escalating.record_vendor_number

    def fail(ticket_id: int, case_id: int, *rest: Any) -> None:
        if case_id == bad_id:
            raise ZeroDivisionError
        record(ticket_id, case_id, *rest)

    monkeypatch.setattr(escalating, "record_vendor_number", fail)
    mirrored.world.open_request("1", f"Mail [#{good.ticket_id}]")
    mirrored.later(60)
    mirrored.world.open_request("2", f"Mail [#{bad.ticket_id}]")
    mirrored.survey()
    assert (number_of(bad), number_of(good)) == (None, "1")


def test_a_number_that_the_column_cant_hold_is_refused(mirrored: Mirrored) -> None:
    """Only PostgreSQL would refuse it, and with it the whole survey."""
    assert VendorCase.__table__.c.number.type.length == surveying.LONGEST_NUMBER
    case, other = escalated(mirrored), escalated(mirrored)
    for place, one in enumerate((other, case)):
        mirrored.world.open_request(f"{place}", f"Mail [#{one.ticket_id}]")
        mirrored.later(60)
    mirrored.world.open_request("9" * 41, f"Mail [#{case.ticket_id}]")
    mirrored.survey()
    assert (number_of(case), number_of(other)) == ("1", "0")


def test_a_title_is_read_however_many_newer_strangers_there_are(slow: Mirrored) -> None:
    case = escalated(slow)
    slow.world.open_request("1", f"Mail [#{case.ticket_id}]")
    slow.later(60)
    for place in range(surveying.MOST_STRANGERS):
        slow.world.open_request(f"{100 + place}")
    slow.survey()
    assert number_of(case) == "1"


def test_each_stranger_has_its_turn(slow: Mirrored, monkeypatch: pytest.MonkeyPatch) -> None:
    """New ones first, those that can't be read last, and none twice that could."""
    monkeypatch.setattr(surveying, "MOST_STRANGERS", 2)
    monkeypatch.setattr(surveying, "MOST_COMPARED", 2)
    case, _other = escalated(slow), escalated(slow)
    slow.world.open_request("1", description=f"Our reference #{case.ticket_id}")
    for place in range(2, 7):
        slow.later(1)
        slow.world.open_request(f"{place}")
    slow.new_case("7")  # no stranger
    asked_for = _shut(slow, monkeypatch, {"6": Hidden("Partner Center answered 403")})
    for _survey in range(5):
        slow.survey()
        slow.later()
    assert asked_for == ["6", "5", "4", "3", "2", "1", "6", "6"]
    assert number_of(case) == "1"


def test_what_a_stranger_was_found_to_name_is_remembered(mirrored: Mirrored) -> None:
    """Opened in the portal first: nobody waits for the number yet when the text is read."""
    escalated(mirrored)
    ticket_id = mirrored.opened().ticket.id
    mirrored.world.open_request("1", description=f"Our reference #{ticket_id}")
    mirrored.survey()
    asked(mirrored)
    with unit_of_work():
        case = cases.open_case(ticket_id, ChannelKind.COMMERCIAL, None, Severity.B, {}, now())
    mirrored.later()
    mirrored.survey()
    assert (number_of(case), asked(mirrored, "1")) == ("1", 0)


def test_a_list_without_an_end_is_read_as_far_as_it_goes(slow: Mirrored, monkeypatch: pytest.MonkeyPatch) -> None:
    """A vendor that overlooks the offset shows the same page for ever; what it doesn't show is not gone."""
    page = Fields({"totalCount": 10**9, "items": [{"id": "1", "status": 1}]})
    pages = []
    monkeypatch.setattr(slow.line._client, "get", lambda *_asked: pages.append(page) or page)
    found = surveying.read_list(slow.line)
    assert (list(found.cases), found.is_whole, len(pages)) == (["1"], False, 4)


@pytest.mark.parametrize(
    ("title", "text", "ticket"),
    [
        ("Mail", "Our reference\n#1042\n\nService", 1042),
        ("Mail", "please. our reference: #7", None),
        ("Mail", "Our reference: #7.", 7),
        ("[#12] Mail", "", 12),
        ("Mail #12", "#12", None),
        ("", "Our reference #99999999999", None),
    ],
)
def test_how_a_case_names_our_ticket(title: str, text: str, ticket: int | None) -> None:
    assert matching.ticket_in(title, text) == ticket


# ten thousand open cases ------------------------------------------------------------------------------------

MANY = 10_000


def test_what_ten_thousand_open_cases_cost(mirrored: Mirrored) -> None:
    """A list of fifty pages, the cases with news, and one transaction of moderate length: never ten thousand calls."""
    _multiply(mirrored)
    mirrored.survey()
    with unit_of_work() as session:
        session.execute(sa.update(VendorPoll).values(next_poll_at=now() + polls.LEASE * 20))
    mirrored.later()
    for place in range(1, 11):
        mirrored.world.move(f"n{place}", Status.ATTENTION_NEEDED)
    mirrored.vendor.seen.clear()
    began = time.process_time()
    assert mirrored.survey()
    spent = time.process_time() - began
    calls = [path for method, path, _headers in mirrored.vendor.seen if method == "GET"]
    assert MANY / 200 <= len(calls) <= MANY / 200 + 3
    assert len(db.session.scalars(polls.due_now(now(), 100)).all()) == 10
    assert polls.pace(surveying.usual_pace()).total_seconds() == MANY
    print(f"{len(calls)} calls, {spent:.1f} s of this process, which plays the vendor too")
    assert current_app.config["VENDOR_POLL_SECONDS"] == POLL


def test_looking_for_numbers_reads_an_index(mirrored: Mirrored) -> None:
    """Of ten thousand open cases nearly all have theirs."""
    _multiply(mirrored)
    compiled = surveying.waiting_query(now()).compile(db.engine, compile_kwargs={"literal_binds": True})
    is_sqlite = db.engine.dialect.name == "sqlite"
    with db.engine.connect() as session:
        session.execute(sa.text("ANALYZE vendor_case"))
        explained = session.execute(sa.text(f"EXPLAIN {'QUERY PLAN ' if is_sqlite else ''}{compiled}"))
        plan = " ".join(str(line) for line in explained)
    assert "ix_vendor_case_number" in plan, plan


def _multiply(mirrored: Mirrored) -> None:
    first = mirrored.new_case("n0")
    row = db.session.execute(sa.select(VendorCase.__table__)).mappings().one()
    more = [{**row, "id": first.id + place, "number": f"n{place}"} for place in range(1, MANY)]
    poll = {"next_poll_at": now() + polls.LEASE, "attempts": 0, "failures": 0, "vendor_state": "", "last_error": ""}
    with unit_of_work() as session:
        session.execute(sa.insert(VendorCase), more)
        session.execute(sa.insert(VendorPoll), [{"vendor_case_id": one["id"], **poll} for one in more])
    for place in range(1, MANY):
        mirrored.world.open_request(f"n{place}")
