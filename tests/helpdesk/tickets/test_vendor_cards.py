"""The card of a vendor's case on a ticket: its number mended, its notes read in full, and nothing typed lost."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from helpdesk.clock import Hand, now
from helpdesk.database import db, unit_of_work
from helpdesk.errors import Invalid
from helpdesk.escalations import actions as cases
from helpdesk.escalations.models import VendorCase, VendorNote
from helpdesk.tickets import sheet
from helpdesk.tickets.actions import escalating, moving
from helpdesk.tickets.actions.opening import Opened
from helpdesk.tickets.models import TicketEvent
from workflows.vocabulary import ChannelKind, EventKind, Severity, Trigger, VendorCaseState

from .conftest import Desk

WRONG, RIGHT = "2611240040009999", "2611240040001234"


@pytest.fixture
def case(worked: int, desk: Desk) -> VendorCase:
    """A case at the vendor with its number."""
    with unit_of_work():
        moving.move(worked, desk.ana, Trigger.ESCALATE_TO_PREMIER, now(), {"severity": Severity.B.value})
    return numbered(newest(), desk, WRONG)


@pytest.fixture
def waiting(opened: Callable[..., Opened], desk: Desk) -> VendorCase:
    """Another ticket's case, which has no number yet."""
    ticket_id = opened().ticket.id
    with unit_of_work():
        return cases.open_case(ticket_id, ChannelKind.PREMIER, None, Severity.B, {}, now())


def newest() -> VendorCase:
    db.session.expire_all()
    return db.session.scalars(sa.select(VendorCase).order_by(VendorCase.id.desc()).limit(1)).one()


def numbered(case: VendorCase, desk: Desk, number: str) -> VendorCase:
    with unit_of_work():
        escalating.record_vendor_number(case.ticket_id, case.id, desk.ana, number, now())
    return case


def write(case: VendorCase, desk: Desk, body: str, **how: Any) -> None:
    with unit_of_work():
        escalating.note_vendor(case.ticket_id, case.id, desk.ana, body, now(), **({"is_ours": False} | how))


def address(case: VendorCase) -> str:
    return f"/tickets/{case.ticket_id}/vendor-cases/{case.id}"


def numbers_recorded() -> list[str]:
    events = sa.select(TicketEvent.particulars).where(TicketEvent.what == EventKind.VENDOR_NUMBER_RECORDED)
    return list(db.session.scalars(events.order_by(TicketEvent.id)))


def state_of(case: VendorCase) -> VendorCaseState:
    db.session.expire_all()
    return db.session.get_one(VendorCase, case.id).state


def fold(page: str, part: str) -> str:
    """The opening tag of a fold on the card."""
    found = re.search(rf'<details class="[^"]*" id="case-\d+-{part}"[^>]*>', page)
    return found[0] if found else ""


class TestTheNumber:
    def test_it_is_mended_on_the_card_while_the_case_is_open(self, ana: FlaskClient, case: VendorCase) -> None:
        page = ana.get(f"/tickets/{case.ticket_id}").text
        assert f'value="{WRONG}"' in page
        assert "open" not in fold(page, "correction")
        assert ana.post(f"{address(case)}/number", data={"number": f" {RIGHT} "}).status_code == 303
        assert newest().number == RIGHT
        assert "corrected Microsoft’s number: 2611240040001234 instead of 2611240040009999" in (
            ana.get(f"/tickets/{case.ticket_id}").text
        )

    def test_one_who_may_not_write_to_the_vendor_sees_no_form(
        self, ana: FlaskClient, case: VendorCase, desk: Desk
    ) -> None:
        with unit_of_work():
            escalating.change_vendor_case(case.ticket_id, case.id, desk.ana, VendorCaseState.CLOSED, now())
        assert fold(ana.get(f"/tickets/{case.ticket_id}").text, "correction") == ""
        refused = ana.post(f"{address(case)}/number", data={"number": RIGHT})
        assert refused.status_code == 422
        assert newest().number == WRONG

    @pytest.mark.parametrize("typed", ["😀", "no digit", "abc-def", "26 11", "1" * 41, "２６１１"])
    def test_nonsense_is_refused_at_the_field_and_stays_there(
        self, ana: FlaskClient, case: VendorCase, typed: str
    ) -> None:
        answer = ana.post(f"{address(case)}/number", data={"number": typed})
        assert answer.status_code == 422
        assert f'id="case-{case.id}-new-number-error"' in answer.text
        assert f'value="{typed}"' in answer.text
        assert " open" in fold(answer.text, "correction")
        assert newest().number == WRONG

    def test_the_same_again_is_no_news(self, case: VendorCase, desk: Desk) -> None:
        numbered(case, desk, WRONG)
        assert len(numbers_recorded()) == 1

    @pytest.mark.parametrize("is_closed", [False, True])
    @pytest.mark.parametrize("spelled", [str.upper, str.lower])
    def test_another_ticket_s_is_refused_with_its_number(
        self,
        ana: FlaskClient,
        case: VendorCase,
        waiting: VendorCase,
        desk: Desk,
        spelled: Callable[[str], str],
        *,
        is_closed: bool,
    ) -> None:
        numbered(case, desk, "TR-26112400")
        with unit_of_work():
            case = db.session.get_one(VendorCase, case.id)
            case.number = spelled("TR-26112400")
            if is_closed:
                cases.change_state(case, VendorCaseState.CLOSED, now())
        answer = ana.post(f"{address(waiting)}/number", data={"number": "TR-26112400"})
        assert answer.status_code == 422
        assert f"#{case.ticket_id} has this number." in answer.text
        assert f'id="case-{waiting.id}-new-number-error"' in answer.text
        assert newest().number is None

    def test_every_door_is_refused(self, case: VendorCase, waiting: VendorCase, desk: Desk) -> None:
        with pytest.raises(Invalid) as refused:
            numbered(waiting, desk, WRONG)
        assert refused.value.field == "number"

    def test_another_case_of_the_same_ticket_may_have_it(self, case: VendorCase, desk: Desk) -> None:
        with unit_of_work():
            second = cases.open_case(case.ticket_id, ChannelKind.PREMIER, None, Severity.B, {}, now())
        assert numbered(second, desk, WRONG).number == WRONG


class TestTheNotes:
    LONG = f"First line.\n\n{'word ' * 400}<b>\nLast line."

    def test_one_is_read_in_full_with_its_lines(self, ana: FlaskClient, case: VendorCase, desk: Desk) -> None:
        write(case, desk, self.LONG)
        page = ana.get(f"/tickets/{case.ticket_id}").text
        assert f'<div class="message-body">First line.\n\n{"word " * 400}&lt;b&gt;\nLast line.</div>' in page

    def test_the_card_counts_all_and_leads_to_them(self, ana: FlaskClient, case: VendorCase, desk: Desk) -> None:
        for place in range(7):
            write(case, desk, f"Word {place}.")
        page = ana.get(f"/tickets/{case.ticket_id}").text
        assert "7 notes" in page
        assert [f"Word {place}." in page for place in range(7)] == [False, False, True, True, True, True, True]
        assert f'<a href="{address(case)}">All 7 notes</a>' in page
        whole = ana.get(address(case)).text
        assert re.findall(r"Word \d\.", whole) == [f"Word {place}." for place in range(7)]

    def test_very_many_come_by_the_page(
        self, ana: FlaskClient, case: VendorCase, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sheet, "NOTES_A_PAGE", 3)
        for place in range(7):
            write(case, desk, f"Word {place}.")
        seen, url = [], address(case)
        for _page in range(3):
            text = ana.get(url).text
            seen.append(re.findall(r"Word (\d)\.", text))
            url = next(iter(re.findall(r'<a href="([^"]*)">Earlier</a>', text)), "")
        assert seen == [["4", "5", "6"], ["1", "2", "3"], ["0"]]
        assert url == ""

    def test_a_case_without_any_says_so(self, ana: FlaskClient, case: VendorCase) -> None:
        assert "Nothing was written yet" in ana.get(address(case)).text

    def test_those_of_another_ticket_s_case_are_not_found_here(
        self, ana: FlaskClient, case: VendorCase, waiting: VendorCase
    ) -> None:
        assert ana.get(f"/tickets/{waiting.ticket_id}/vendor-cases/{case.id}").status_code == 404

    def test_the_page_of_the_ticket_reads_no_more_for_more_notes(
        self,
        ana: FlaskClient,
        case: VendorCase,
        desk: Desk,
        statements: Callable[[], AbstractContextManager[list[str]]],
    ) -> None:
        ticket_id, rows = case.ticket_id, sa.select(sa.func.count()).select_from(VendorNote)
        for _place in range(3):
            write(case, desk, "Word.", is_ours=True)
        with statements() as few:
            ana.get(f"/tickets/{ticket_id}")
        for _place in range(9):
            write(case, desk, "Word.", is_ours=True)
        with statements() as many:
            ana.get(f"/tickets/{ticket_id}")
        assert len(many) == len(few)
        assert db.session.scalar(rows) == 12
        assert len(sheet.noted_of([case.id])[case.id].notes) == 5


class TestWhatIsTyped:
    LONG = "x" * 20_001

    def test_a_note_too_long_comes_back_whole(self, ana: FlaskClient, case: VendorCase) -> None:
        answer = ana.post(f"{address(case)}/notes", data={"body": self.LONG, "by": "desk", "needs_us": "1"})
        assert answer.status_code == 422
        assert self.LONG in answer.text
        assert " open" in fold(answer.text, "note")
        assert "Use at most 20000 characters." in answer.text
        assert f'id="case-{case.id}-note-body-error"' in answer.text
        assert re.search(r'<input checked class="form-check-input"[^>]*value="desk"', answer.text)
        assert re.search(r'<input checked [^>]*name="needs_us"', answer.text)

    def test_the_box_takes_no_more(self, ana: FlaskClient, case: VendorCase) -> None:
        page = ana.get(f"/tickets/{case.ticket_id}").text
        assert re.search(rf'<textarea [^>]*id="case-{case.id}-note-body" maxlength="20000"', page)
        assert " open" not in fold(page, "note")

    @pytest.mark.parametrize("body", ["", " \n "])
    def test_an_empty_note_is_told_at_its_field(self, ana: FlaskClient, case: VendorCase, body: str) -> None:
        answer = ana.post(f"{address(case)}/notes", data={"body": body})
        assert answer.status_code == 422
        assert f'id="case-{case.id}-note-body-error"' in answer.text

    def test_a_note_that_is_here_already_comes_back(self, ana: FlaskClient, case: VendorCase, desk: Desk) -> None:
        write(case, desk, "Send the logs.", seen=cases.Seen("a name", now()))
        answer = ana.post(f"{address(case)}/notes", data={"body": "Send the logs.", "by": "vendor"})
        assert answer.status_code == 422
        assert "This note is here already" in answer.text
        assert " open" in fold(answer.text, "note")
        assert re.search(r"<textarea [^>]*>\s*Send the logs\.</textarea>", answer.text)

    def test_a_reminder_too_long_comes_back_whole(self, ana: FlaskClient, case: VendorCase, hand: Hand) -> None:
        hand.advance(9 * 86_400)
        page = ana.get(f"/tickets/{case.ticket_id}").text
        assert re.search(rf'<textarea [^>]*id="case-{case.id}-chase-body"[^>]* maxlength="20000"', page)
        answer = ana.post(f"{address(case)}/chase", data={"body": self.LONG, "by": "desk"})
        assert answer.status_code == 422
        assert self.LONG in answer.text
        assert " open" in fold(answer.text, "chase")
        assert f'id="case-{case.id}-chase-body-error"' in answer.text

    def test_what_is_typed_elsewhere_on_the_page_does_not_come_here(self, ana: FlaskClient, case: VendorCase) -> None:
        answer = ana.post(f"/tickets/{case.ticket_id}/replies", data={"body": "", "form_id": "x", "number": "stray"})
        assert answer.status_code == 422
        assert 'value="stray"' not in answer.text

    def test_what_is_for_microsoft_does_not_come_into_the_answer_to_the_customer(
        self, ana: FlaskClient, case: VendorCase
    ) -> None:
        answer = ana.post(f"{address(case)}/notes", data={"body": self.LONG})
        assert answer.text.count(self.LONG) == 1


class TestWhoseTurnItIs:
    @pytest.mark.parametrize("by", ["vendor", "desk"])
    def test_they_wait_for_us_whoever_wrote_it(self, ana: FlaskClient, case: VendorCase, by: str) -> None:
        for _time in range(2):  # first while it is theirs, then while it is ours
            assert (
                ana.post(
                    f"{address(case)}/notes", data={"body": "By telephone.", "by": by, "needs_us": "1"}
                ).status_code
                == 303
            )
            assert state_of(case) is VendorCaseState.ATTENTION_NEEDED

    def test_our_answer_still_gives_the_ball_back(self, ana: FlaskClient, case: VendorCase, desk: Desk) -> None:
        write(case, desk, "Logs?", needs_us=True)
        ana.post(f"{address(case)}/notes", data={"body": "Here.", "by": "desk"})
        assert state_of(case) is VendorCaseState.OPEN

    def test_what_the_connector_reads_of_ours_is_an_answer(self, case: VendorCase, desk: Desk) -> None:
        write(case, desk, "Here.", is_ours=True, needs_us=True, seen=cases.Seen("a name", now()))
        assert state_of(case) is VendorCaseState.OPEN


class TestSentTwice:
    @pytest.mark.parametrize("part", ["note", "chase"])
    def test_it_is_kept_once(self, ana: FlaskClient, case: VendorCase, hand: Hand, part: str) -> None:
        hand.advance(9 * 86_400)
        page = ana.get(f"/tickets/{case.ticket_id}").text
        token = re.search(rf'id="case-{case.id}-{part}-form_id" [^>]*value="([^"]+)"', page)
        assert token is not None
        form = {"body": "Any news?", "by": "desk", "form_id": token[1]}
        path = f"{address(case)}/{'notes' if part == 'note' else 'chase'}"
        seen = [ana.post(path, data=form).status_code for _time in range(2)]
        assert seen == [303, 303]
        assert db.session.scalars(sa.select(VendorNote.body)).all() == ["Any news?"]
        events = sa.select(sa.func.count()).where(TicketEvent.what == EventKind.VENDOR_CHASED)
        assert db.session.scalar(events) == (1 if part == "chase" else 0)

    def test_the_same_words_from_another_page_are_another_note(self, ana: FlaskClient, case: VendorCase) -> None:
        for _time in range(2):
            assert ana.post(f"{address(case)}/notes", data={"body": "Any news?", "by": "desk"}).status_code == 303
        assert len(db.session.scalars(sa.select(VendorNote.id)).all()) == 2

    def test_a_form_s_own_id_is_a_word_of_ours(self, ana: FlaskClient, case: VendorCase) -> None:
        for odd in ("\0" * 20, "x" * 400, "é" * 20, "short"):
            form = {"body": "Any news?", "by": "desk", "form_id": odd}
            assert ana.post(f"{address(case)}/notes", data=form).status_code == 303
        assert len(db.session.scalars(sa.select(VendorNote.id)).all()) == 4
