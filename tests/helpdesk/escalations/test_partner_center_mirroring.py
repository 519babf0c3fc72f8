"""Notes and states both ways, over real HTTP, stored on both databases."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, current_app
from sqlalchemy.exc import IntegrityError

from helpdesk.clock import now
from helpdesk.customers.models import Customer
from helpdesk.database import db, unit_of_work
from helpdesk.demo.vendor.faults import Fault
from helpdesk.demo.vendor.world import HeldFile, Status
from helpdesk.demo.vendor.world import Severity as TheirSeverity
from helpdesk.errors import Invalid
from helpdesk.escalations import actions as cases
from helpdesk.escalations.models import VendorCase, VendorNote
from helpdesk.escalations.partner_center import connection, matching, polls, posts, vault
from helpdesk.escalations.partner_center.models import PostState, VendorPoll
from helpdesk.sla.models import SlaClock
from helpdesk.tickets import history, mirroring
from helpdesk.tickets.actions import escalating
from helpdesk.tickets.models import Ticket, TicketEvent
from tests.fakes.partner_center import KEY, line_to, vendor
from tests.helpdesk.escalations.mirrored import Mirrored, mirrored, notes_of, post_of
from tests.helpdesk.tickets.conftest import desk, opened
from workflows.vocabulary import ChannelKind, EventKind, Severity, VendorCaseState

__all__ = ["desk", "mirrored", "opened", "vendor"]

NUMBER = "616122292874576"


def fresh(case: VendorCase) -> VendorCase:
    found = db.session.get(VendorCase, case.id, populate_existing=True)
    assert found is not None
    return found


# what leaves ------------------------------------------------------------------------------------------------


def test_a_note_leaves_after_the_commit_under_its_own_mark(mirrored: Mirrored) -> None:
    case = mirrored.new_case(NUMBER)
    mirrored.say(case, "The customer confirmed.")
    assert mirrored.world.texts(NUMBER) == []
    assert mirrored.send() == 1
    post = post_of("The customer confirmed.")
    assert post.post_state is PostState.SENT
    assert mirrored.world.texts(NUMBER) == [matching.signed("The customer confirmed.", post.stable_id)]
    patched = next(headers for method, _path, headers in mirrored.vendor.seen if method == "PATCH")
    assert patched["MS-RequestId"] == post.stable_id
    assert (mirrored.send(), len(mirrored.world.texts(NUMBER))) == (0, 1)


def test_a_note_that_was_rolled_back_never_leaves(mirrored: Mirrored) -> None:
    case = mirrored.new_case(NUMBER)
    with pytest.raises(ZeroDivisionError), unit_of_work():
        _note_and_fail(mirrored, case)
    assert mirrored.send() == 0


def _note_and_fail(mirrored: Mirrored, case: VendorCase) -> None:
    escalating.note_vendor(case.ticket_id, case.id, mirrored.desk.ana, "No", now(), is_ours=True, is_to_send=True)
    raise ZeroDivisionError


def test_a_case_without_a_number_takes_no_notes(mirrored: Mirrored) -> None:
    ticket_id = mirrored.opened().ticket.id
    with unit_of_work():
        case = cases.open_case(ticket_id, ChannelKind.COMMERCIAL, None, Severity.B, {}, now())
    with pytest.raises(Invalid):
        mirrored.say(case, "Hello")


@pytest.mark.parametrize("fault", [Fault.LOST_ANSWER, Fault.ERROR_AFTER_WORK, Fault.GARBLED, Fault.LOST_REQUEST])
def test_an_unheard_answer_makes_no_second_note(mirrored: Mirrored, fault: Fault) -> None:
    case = mirrored.new_case(NUMBER)
    mirrored.poll()  # signs in
    mirrored.say(case, "Any news?")
    mirrored.vendor.faults.next(fault, method="PATCH")
    assert mirrored.send() == 0
    assert post_of("Any news?").last_error
    mirrored.vendor.seen.clear()
    mirrored.vendor.world.answered.clear()  # even a vendor who forgets what it has answered
    mirrored.later()
    assert mirrored.send() == 1
    assert len(mirrored.world.texts(NUMBER)) == 1
    assert mirrored.vendor.seen[0][0] == "GET"  # it looked first


def test_notes_of_a_case_leave_in_order_and_hold_up_no_other_case(mirrored: Mirrored) -> None:
    first, second = mirrored.new_case(NUMBER), mirrored.new_case("2")
    mirrored.poll()
    for case in (first, second):
        mirrored.say(case, f"one of {case.id}")
        mirrored.say(case, f"two of {case.id}")
    mirrored.vendor.faults.next(Fault.LOST_REQUEST, method="PATCH")
    mirrored.send()
    mirrored.send()
    assert mirrored.world.texts(NUMBER) == []
    assert [matching.plain(text) for text in mirrored.world.texts("2")] == [
        f"one of {second.id}",
        f"two of {second.id}",
    ]
    mirrored.later()
    mirrored.send()
    mirrored.send()
    assert [matching.plain(text) for text in mirrored.world.texts(NUMBER)] == [
        f"one of {first.id}",
        f"two of {first.id}",
    ]


def test_what_the_vendor_refuses_is_given_up_and_can_be_sent_again(mirrored: Mirrored) -> None:
    case = mirrored.new_case(NUMBER)
    mirrored.say(case, "x" * 20_000)
    assert mirrored.send() == 1
    post = post_of("x" * 20_000)
    assert post.post_state is PostState.FAILED
    assert "2001" in post.last_error
    mirrored.say(case, "Short")
    assert mirrored.send() == 1  # the one that was given up blocks nobody
    with unit_of_work():
        assert posts.again(post.note_id, case.id, now())
        assert not posts.again(post.note_id + 1, case.id, now())
    assert post_of("x" * 20_000).post_state is PostState.PENDING


def test_a_throttled_vendor_is_left_alone_by_all(mirrored: Mirrored) -> None:
    case = mirrored.new_case(NUMBER)
    mirrored.say(case, "Hello")
    mirrored.vendor.faults.retry_after = 57
    mirrored.vendor.faults.next(Fault.THROTTLED)
    assert mirrored.send() == 0
    mirrored.vendor.seen.clear()
    assert (mirrored.send(), mirrored.poll(), mirrored.vendor.seen) == (0, 0, [])
    row = vault.connection()
    assert row is not None
    assert "429" in row.last_error
    mirrored.later(57)
    assert (mirrored.poll(), mirrored.send()) == (1, 1)
    row = vault.connection()
    assert row is not None
    assert (row.last_error, row.failed_at, row.answered_at) == ("", None, now())


def test_a_lost_consent_stops_the_talk_and_says_so(mirrored: Mirrored) -> None:
    case = mirrored.new_case(NUMBER)
    mirrored.say(case, "Hello")
    mirrored.world.revoke_consent()
    assert mirrored.send() == 0
    row = vault.connection()
    assert row is not None
    assert "vendor connect" in row.last_error
    assert post_of("Hello").attempts == 0  # no fault of the note's
    with unit_of_work():
        vault.connect(mirrored.world.consent(), current_app.config, now())
    mirrored.later(60)
    assert mirrored.send() == 1


def test_two_senders_share_the_notes(mirrored: Mirrored) -> None:
    for number in ("1", "2", "3"):
        mirrored.say(mirrored.new_case(number), "Hello")
    with unit_of_work():
        mine = posts.claim(now(), 2)
        others = posts.claim(now(), 2)
    assert {claim.number for claim in mine} | {claim.number for claim in others} == {"1", "2", "3"}
    assert (len(mine), len(others)) == (2, 1)
    assert mirrored.send() == 0  # all are leased


# what comes in ----------------------------------------------------------------------------------------------


def test_the_vendors_notes_come_in_once(mirrored: Mirrored) -> None:
    case = mirrored.new_case(NUMBER)
    written = mirrored.world.write(NUMBER, "We are looking.\r\nPlease wait.").written_at
    for _time in range(3):
        mirrored.later()
        assert mirrored.poll() == 1
    assert notes_of(case.id) == [(False, "We are looking.\nPlease wait.")]
    note = db.session.scalars(sa.select(VendorNote)).one()
    assert (note.written_at, note.at, note.user_id) == (written, written + timedelta(seconds=300), None)
    events = db.session.scalars(sa.select(TicketEvent.what).where(TicketEvent.ticket_id == case.ticket_id)).all()
    assert events.count(EventKind.VENDOR_NOTED) == 1
    assert [broken for _number, broken in history.verify() if broken] == []


def test_our_own_note_does_not_come_back(mirrored: Mirrored) -> None:
    case = mirrored.new_case(NUMBER)
    mirrored.say(case, "Any news?")
    mirrored.send()
    mirrored.world.write(NUMBER, "Any news?", author="Ana Kovács")  # a colleague, in the portal
    mirrored.later()
    mirrored.poll()
    assert notes_of(case.id) == [(True, "Any news?"), (True, "Any news?")]


def test_what_was_pasted_before_is_not_doubled(mirrored: Mirrored) -> None:
    case = mirrored.new_case(NUMBER)
    with unit_of_work():
        escalating.note_vendor(case.ticket_id, case.id, mirrored.desk.ana, "Restart it, please.", now(), is_ours=False)
    mirrored.world.write(NUMBER, "Restart it, please.\r\n")
    mirrored.poll()
    assert notes_of(case.id) == [(False, "Restart it, please.")]


def test_what_was_mirrored_before_is_not_pasted(mirrored: Mirrored) -> None:
    case = mirrored.new_case(NUMBER)
    mirrored.world.write(NUMBER, "Restart it, please.")
    mirrored.poll()
    with pytest.raises(Invalid), unit_of_work():
        escalating.note_vendor(
            case.ticket_id, case.id, mirrored.desk.ana, " Restart it, please.\n", now(), is_ours=False
        )
    assert notes_of(case.id) == [(False, "Restart it, please.")]


def test_a_note_that_arrived_unheard_is_known_by_the_poll(mirrored: Mirrored) -> None:
    case = mirrored.new_case(NUMBER)
    mirrored.poll()
    mirrored.say(case, "Hello")
    mirrored.vendor.faults.next(Fault.LOST_ANSWER, method="PATCH")
    mirrored.send()
    mirrored.later()
    mirrored.poll()
    assert post_of("Hello").post_state is PostState.SENT
    assert notes_of(case.id) == [(True, "Hello")]


def test_a_question_gives_us_the_ball_and_our_answer_returns_it(mirrored: Mirrored) -> None:
    case = mirrored.new_case(NUMBER)
    mirrored.world.write(NUMBER, "Which tenant?")
    mirrored.world.move(NUMBER, Status.ATTENTION_NEEDED)
    mirrored.poll()
    assert fresh(case).state is VendorCaseState.ATTENTION_NEEDED
    mirrored.say(case, "alpina.example")
    mirrored.send()
    mirrored.later()
    mirrored.poll()
    assert fresh(case).state is VendorCaseState.OPEN  # their word has not changed, ours came later
    mirrored.world.write(NUMBER, "And which user?")
    mirrored.later()
    mirrored.poll()
    assert fresh(case).state is VendorCaseState.ATTENTION_NEEDED


def test_closing_there_closes_here_and_ends_the_asking(mirrored: Mirrored) -> None:
    case = mirrored.new_case(NUMBER)
    mirrored.world.write(NUMBER, "Solved.")
    mirrored.world.move(NUMBER, Status.CLOSED)
    mirrored.poll()
    assert fresh(case).state is VendorCaseState.CLOSED
    assert notes_of(case.id) == [(False, "Solved.")]
    assert db.session.scalars(sa.select(VendorPoll)).all() == []
    ticket = db.session.get(Ticket, case.ticket_id)
    assert ticket is not None


def test_the_vendors_severity_is_followed(mirrored: Mirrored) -> None:
    case = mirrored.new_case(NUMBER)
    mirrored.world.requests[NUMBER].severity = TheirSeverity.CRITICAL
    mirrored.poll()
    assert fresh(case).severity is Severity.A


@pytest.mark.parametrize("trouble", ["hidden", "gone"])
def test_a_case_that_cant_be_read_is_put_off_and_blocks_none(mirrored: Mirrored, trouble: str) -> None:
    bad, good = mirrored.new_case("1"), mirrored.new_case("2")
    mirrored.world.write("2", "Hello")
    if trouble == "hidden":
        mirrored.world.requests["1"].is_hidden = True
    else:
        del mirrored.world.requests["1"]
    assert mirrored.poll() == 1
    assert notes_of(good.id) == [(False, "Hello")]
    waits = []
    for _time in range(4):
        poll = db.session.get(VendorPoll, bad.id, populate_existing=True)
        assert poll is not None
        waits.append((poll.next_poll_at - now()).total_seconds())
        mirrored.hand.at = poll.next_poll_at
        mirrored.poll()
    assert waits == [600, 1200, 2400, 4800]
    assert poll.last_error


@pytest.mark.parametrize("odd", ["\ud83d", "\0"])
def test_characters_that_are_none_stop_no_case(mirrored: Mirrored, odd: str) -> None:
    """Half of a surrogate pair can't be encoded, and PostgreSQL keeps no NUL."""
    case = mirrored.new_case(NUMBER)
    mirrored.world.write(NUMBER, f"It is {odd}mended")
    mirrored.world.attach(NUMBER, f"trace{odd}.har", 10)
    mirrored.say(case, "Thanks")
    assert (mirrored.poll(), mirrored.send()) == (1, 1)
    assert post_of("Thanks").post_state is PostState.SENT
    mirrored.world.move(NUMBER, Status.CLOSED)
    mirrored.later()
    assert mirrored.poll() == 1
    shown = "\ufffd" if odd != "\0" else ""
    assert notes_of(case.id) == [(True, "Thanks"), (False, f"It is {shown}mended")]
    assert [file["name"] for file in fresh(case).files] == [f"trace{shown}.har"]
    assert fresh(case).state is VendorCaseState.CLOSED


def test_two_pollers_write_a_note_once(mirrored: Mirrored) -> None:
    case = mirrored.new_case(NUMBER)
    mirrored.world.write(NUMBER, "Hello")
    with unit_of_work():
        claim = polls.claim(now(), 5)[0]
    with closing(line_to(mirrored.vendor, vault.Vault((KEY,)))) as line:
        request = line.case(NUMBER)
    for _poller in range(2):
        with unit_of_work():
            mirroring.mirror(claim, request, now())
    assert notes_of(case.id) == [(False, "Hello")]


def test_two_pollers_at_the_same_moment(app: Flask, mirrored: Mirrored, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever comes second waits for the ticket and then reads what the first has written."""
    case_id = mirrored.new_case(NUMBER).id
    mirrored.world.write(NUMBER, "Hello")
    with unit_of_work():
        claim = polls.claim(now(), 5)[0]
    request = mirrored.line.case(NUMBER)
    db.session.remove()
    known = mirroring._known
    monkeypatch.setattr(mirroring, "_known", lambda case_id: (known(case_id), time.sleep(0.4))[0])

    def poll() -> None:
        with app.app_context(), unit_of_work():
            mirroring.mirror(claim, request, now())

    with ThreadPoolExecutor(2) as both:
        for done in [both.submit(poll), both.submit(poll)]:
            done.result()
    assert notes_of(case_id) == [(False, "Hello")]


def test_the_database_itself_refuses_a_second_copy(mirrored: Mirrored) -> None:
    case = mirrored.new_case(NUMBER)
    note = {"vendor_case_id": case.id, "at": now(), "is_ours": False, "body": "x", "external_id": "same"}
    with unit_of_work() as session:
        session.execute(sa.insert(VendorNote).values(**note))
    with pytest.raises(IntegrityError), unit_of_work() as session:
        session.execute(sa.insert(VendorNote).values(**note))


# the connection ---------------------------------------------------------------------------------------------


def test_tokens_are_kept_under_seal_and_rotate(mirrored: Mirrored) -> None:
    mirrored.new_case(NUMBER)
    mirrored.poll()
    row = vault.connection()
    assert row is not None
    assert "refresh-" not in row.sealed
    assert row.renewed_at == now()
    kept = vault.Vault((KEY,)).load()
    assert kept is not None
    assert kept.refresh != mirrored.world.first_refresh_token
    assert mirrored.world.refresh_tokens[kept.refresh]


def test_an_older_key_still_opens_and_a_wrong_one_says_what_to_do(mirrored: Mirrored) -> None:
    other = "b" * 43 + "="
    assert vault.Vault((other, KEY)).load() is not None
    with pytest.raises(connection.NotConnected) as caught:
        vault.Vault((other,)).load()
    assert "HELPDESK_VENDOR_KEY" in caught.value.sentence


def test_without_a_connection_nobody_is_asked(mirrored: Mirrored, vendor: object) -> None:
    case = mirrored.new_case(NUMBER)
    mirrored.say(case, "Hello")
    with unit_of_work():
        vault.disconnect()
    mirrored.vendor.seen.clear()
    assert (mirrored.send(), mirrored.poll(), mirrored.vendor.seen) == (0, 0, [])


def test_the_twin_on_the_console_takes_notes_and_changes_nothing(mirrored: Mirrored) -> None:
    connection._console.cache_clear()
    case = mirrored.new_case(NUMBER)
    current_app.config["VENDOR_DESK"] = "console"
    mirrored.say(case, "Hello")
    assert (mirroring.send_due(now()), mirroring.poll_due(now())) == (1, 1)
    mirrored.later()
    assert mirroring.poll_due(now()) == 1
    assert notes_of(case.id) == [(True, "Hello")]
    assert fresh(case).state is VendorCaseState.OPEN


def test_idle_jobs_read_by_their_index(mirrored: Mirrored) -> None:
    is_sqlite = db.engine.dialect.name == "sqlite"
    for query in (posts.due_now(now(), 10), polls.due_now(now(), 10)):
        compiled = query.compile(db.engine, compile_kwargs={"literal_binds": True})
        with db.engine.connect() as session:
            if not is_sqlite:
                session.execute(sa.text("SET enable_seqscan = off"))
            explained = f"EXPLAIN {'QUERY PLAN ' if is_sqlite else ''}{compiled}"
            plan = " ".join(str(line) for line in session.execute(sa.text(explained)))
        assert "_due" in plan, plan
        assert "SCAN vendor_post" not in plan.replace("SCAN vendor_post USING", ""), plan


# files ------------------------------------------------------------------------------------------------------


def files_said(case: VendorCase) -> list[list[str]]:
    rows = sa.select(TicketEvent.particulars).where(
        TicketEvent.ticket_id == case.ticket_id, TicketEvent.what == EventKind.VENDOR_CASE_CHANGED
    )
    said = [json.loads(text) for text in db.session.scalars(rows.order_by(TicketEvent.seq))]
    return [each["files"] for each in said if "files" in each]


def clocks_of(case: VendorCase) -> list[tuple[Any, ...]]:
    rows = sa.select(SlaClock.kind, SlaClock.state, SlaClock.due_at, SlaClock.ended_at)
    return [tuple(row) for row in db.session.execute(rows.where(SlaClock.case_id == case.id).order_by(SlaClock.id))]


def test_files_at_the_vendor_are_listed_once_and_are_nobodys_word(mirrored: Mirrored) -> None:
    case = mirrored.new_case(NUMBER)
    mirrored.poll()
    clocks, word_at = clocks_of(case), fresh(case).last_word_at
    assert clocks
    mirrored.world.attach(NUMBER, "trace.tar.gz", 1_234_567, "https://files.example/1")
    mirrored.later()
    assert mirrored.poll() == 1
    mirrored.world.attach(NUMBER, "root-cause.pdf", 500)
    for _again in range(3):
        mirrored.later()
        assert mirrored.poll() == 1
    shown = [(file["name"], file["size_bytes"], file["url"]) for file in fresh(case).files]
    assert shown == [("trace.tar.gz", 1_234_567, "https://files.example/1"), ("root-cause.pdf", 500, "")]
    assert files_said(case) == [["trace.tar.gz"], ["root-cause.pdf"]]
    assert (clocks_of(case), fresh(case).last_word_at) == (clocks, word_at)
    assert all(broken is None for _number, broken in history.verify())


def test_a_file_that_the_vendor_lists_no_more_stays(mirrored: Mirrored) -> None:
    case = mirrored.new_case(NUMBER)
    mirrored.world.attach(NUMBER, "trace.zip", 10, "https://files.example/1")
    mirrored.poll()
    mirrored.world.requests[NUMBER].files.clear()
    mirrored.world.attach(NUMBER, "other.zip", 10).key = "another"
    mirrored.later()
    mirrored.poll()
    assert [file["name"] for file in fresh(case).files] == ["trace.zip", "other.zip"]


def touched(case: VendorCase) -> tuple[Any, ...]:
    return tuple(
        db.session.execute(sa.select(Ticket.updated_at, Ticket.event_count).filter_by(id=case.ticket_id)).one()
    )


def test_files_of_one_name_and_addresses_signed_anew_leave_the_ticket_alone(mirrored: Mirrored) -> None:
    case = mirrored.new_case(NUMBER)
    pictures = [HeldFile("", "image001.png", size) for size in (10, 20)]
    mirrored.world.requests[NUMBER].files = [*pictures, HeldFile("k", "a.png", 30, "https://v.example/a?sig=0")]
    mirrored.poll()
    told, word_at = touched(case), fresh(case).last_word_at
    assert files_said(case) == [["image001.png", "image001.png", "a.png"]]
    for signature in range(1, 3):
        mirrored.world.requests[NUMBER].files[-1].url = f"https://v.example/a?sig={signature}"
        mirrored.later()
        assert mirrored.poll() == 1
        assert [file["size_bytes"] for file in fresh(case).files] == [10, 20, 30]
        assert fresh(case).files[-1]["url"] == f"https://v.example/a?sig={signature}"
    assert (touched(case), fresh(case).last_word_at) == (told, word_at)


def test_files_do_not_pile_up_and_the_latest_is_shown(mirrored: Mirrored) -> None:
    """Neither where each reading gives them other ids, nor where each has others."""
    case = mirrored.new_case(NUMBER)
    for reading in range(3):
        mirrored.world.requests[NUMBER].files = [HeldFile(f"{reading}-{place}", "a.png", 10) for place in range(60)]
        mirrored.later()
        mirrored.poll()
    assert len(fresh(case).files) == 60
    assert len(files_said(case)) == 1
    mirrored.world.requests[NUMBER].files = [HeldFile("", f"{place}.png", 10) for place in range(160)]
    mirrored.later()
    mirrored.poll()
    assert len(fresh(case).files) == matching.MOST_FILES
    assert fresh(case).files[-1]["name"] == "159.png"
    told = touched(case)
    mirrored.later()
    mirrored.poll()
    assert touched(case) == told


# a number that was wrong ------------------------------------------------------------------------------------


def test_a_mended_number_is_read_from_scratch(mirrored: Mirrored) -> None:
    case = mirrored.new_case("1")
    held = mirrored.world.open_request(NUMBER, tenant="", severity=TheirSeverity.CRITICAL)
    for number in ("1", NUMBER):
        mirrored.world.write(number, f"This is {number}.")
        mirrored.world.requests[number].files.append(HeldFile(number, f"{number}.log", 9))
    held.status = mirrored.world.requests["1"].status = Status.ATTENTION_NEEDED
    mirrored.poll()
    with unit_of_work():
        escalating.change_vendor_case(case.ticket_id, case.id, mirrored.desk.ana, VendorCaseState.OPEN, now())
    with unit_of_work():
        escalating.record_vendor_number(case.ticket_id, case.id, mirrored.desk.ana, NUMBER, now())
    assert fresh(case).files == []
    assert mirrored.poll() == 1  # at once
    mended = fresh(case)
    assert [file["name"] for file in mended.files] == [f"{NUMBER}.log"]
    assert notes_of(case.id) == [(False, "This is 1."), (False, f"This is {NUMBER}.")]
    assert mended.severity is Severity.A
    assert mended.state is VendorCaseState.ATTENTION_NEEDED  # though the vendor's word is what the old case's was


def test_what_is_being_read_under_the_wrong_number_goes_nowhere(mirrored: Mirrored) -> None:
    case = mirrored.new_case("1")
    mirrored.world.open_request(NUMBER, tenant="")
    mirrored.world.write("1", "Somebody else’s.")
    with unit_of_work():
        (claim,) = polls.claim(now(), 1)
    request = mirrored.line.case("1")
    with unit_of_work():
        escalating.record_vendor_number(case.ticket_id, case.id, mirrored.desk.ana, NUMBER, now())
    with unit_of_work():
        mirroring.mirror(claim, request, now())
        polls.seen(claim, now(), timedelta(hours=4), request.raw_state)
    assert notes_of(case.id) == []
    assert mirrored.poll() == 1  # the new number's turn was not put off


TENANT = "5F0C1D2E-0000-4000-8000-000000000001"


@pytest.mark.parametrize(
    ("is_theirs", "held_for", "is_read"),
    [(True, TENANT, True), (False, TENANT.lower(), False), (False, "a tenant of nobody’s", True), (None, TENANT, True)],
)
def test_another_customers_case_is_not_read(
    mirrored: Mirrored, is_theirs: bool | None, held_for: str, *, is_read: bool
) -> None:
    """``is_theirs``: whether the tenant is the ticket's customer's; None while nobody knows whose the ticket is."""
    case = mirrored.new_case(NUMBER)
    with unit_of_work() as session:
        other = Customer(name="Lipa", search_name="lipa", created_at=now())
        session.add(other)
        session.flush()
        tenant_of = mirrored.desk.customer_id if is_theirs else other.id
        session.get_one(Customer, tenant_of).tenant_id = TENANT
        session.get_one(Ticket, case.ticket_id).customer_id = None if is_theirs is None else mirrored.desk.customer_id
    mirrored.world.requests[NUMBER].tenant = held_for
    mirrored.world.write(NUMBER, "Send the logs.")
    assert mirrored.poll() == int(is_read)
    assert notes_of(case.id) == ([(False, "Send the logs.")] if is_read else [])
    assert ("another customer: check the number" in polls.trouble_of(case.id)) is not is_read
