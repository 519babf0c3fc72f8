"""Several lines at once: what may be done is done, what may not is listed with its reasons."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from helpdesk.clock import now
from helpdesk.database import db, unit_of_work
from helpdesk.tickets.actions import moving
from helpdesk.tickets.models import Ticket, TicketTag
from workflows.vocabulary import HoldCause, Kind, State, Trigger

from .conftest import Desk, browser_of


def ticket(number: int) -> Ticket:
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Ticket, number)


def send(browser: FlaskClient, numbers: list[int], act: str, **more: Any) -> Any:
    return browser.post("/queue/bulk", data={"ticket": numbers, "act": act, "next": "/queue?view=mine", **more})


@pytest.fixture
def three(opened: Any) -> list[int]:
    return [opened(subject=f"Ticket {n}").ticket.id for n in range(3)]


def test_taking_several(ana: FlaskClient, desk: Desk, three: list[int]) -> None:
    answer = send(ana, three, "take")
    assert (answer.status_code, answer.location) == (303, "/queue?view=mine")
    assert {ticket(number).assignee_id for number in three} == {desk.ana.id}
    assert "Done on 3 tickets." in ana.get("/queue").text


def test_giving_several_to_somebody(ana: FlaskClient, desk: Desk, three: list[int]) -> None:
    assert send(ana, three[:2], "assign", assignee=desk.lea.id).status_code == 303
    assert [ticket(number).assignee_id for number in three] == [desk.lea.id, desk.lea.id, None]


def test_putting_several_on_hold_and_a_tag_on_them(ana: FlaskClient, three: list[int]) -> None:
    send(ana, three, "hold", cause="approval")
    assert {ticket(number).hold_cause for number in three} == {HoldCause.APPROVAL}
    send(ana, three, "tag", add="outage, exchange")
    names = db.session.scalars(sa.select(TicketTag.name).where(TicketTag.ticket_id == three[0])).all()
    assert set(names) == {"outage", "exchange"}


def test_it_does_what_it_may_and_lists_what_it_refused(ana: FlaskClient, desk: Desk, three: list[int]) -> None:
    with unit_of_work():
        moving.move(three[1], desk.ana, Trigger.TURN_AWAY, now(), {"reason": "spam"})
    answer = send(ana, [*three, 999_999], "hold", cause="customer")
    assert answer.status_code == 200
    assert "Done on 2 tickets" in answer.text
    assert "One was left as it is" in answer.text
    assert "Only an open ticket can wait." in answer.text
    assert [ticket(number).hold_cause for number in three] == [HoldCause.CUSTOMER, None, HoldCause.CUSTOMER]


def test_nothing_done_is_no_success(ana: FlaskClient, three: list[int]) -> None:
    answer = send(ana, three, "hold", cause="scheduled", until="2020-01-01T10:00")
    assert answer.status_code == 409
    assert "Nothing was done" in answer.text
    assert answer.text.count("Give a moment to come.") == 3


def test_a_move_asks_once_and_shows_who_may(ana: FlaskClient, desk: Desk, three: list[int]) -> None:
    with unit_of_work():
        moving.move(three[2], desk.ana, Trigger.TURN_AWAY, now(), {"reason": "spam"})
    page = send(ana, three, "move", trigger="withdraw")
    assert page.status_code == 200
    assert "2 tickets may take it" in page.text
    assert "Withdraw is no move from its state." in page.text
    assert [ticket(number).state for number in three[:2]] == [State.INTAKE, State.INTAKE]

    missing = send(ana, three[:2], "move", trigger="withdraw", confirmed="1")
    assert missing.status_code == 422
    assert "Choose why it is withdrawn." in missing.text

    done = send(ana, three[:2], "move", trigger="withdraw", confirmed="1", reason="no_longer_needed")
    assert done.status_code == 303
    assert {ticket(number).state for number in three[:2]} == {State.CLOSED}


def test_guards_are_told_ticket_by_ticket(ana: FlaskClient, three: list[int]) -> None:
    page = send(ana, three, "move", trigger="start_diagnosis")
    assert page.text.count("Nobody has confirmed the customer yet.") == 3
    assert "None of them may take this move now." in page.text
    assert send(ana, three, "move", trigger="start_diagnosis", confirmed="1").status_code == 409


@pytest.mark.parametrize(
    ("act", "more", "said"),
    [
        ("nonsense", {}, "Choose what to do with them."),
        ("assign", {}, "Choose a colleague."),
        ("hold", {"cause": "x"}, "Choose what they wait for."),
        ("tag", {"add": " , "}, "Write a tag."),
        ("move", {"trigger": "merge"}, "Choose one of the list."),
    ],
)
def test_what_is_missing_is_said(ana: FlaskClient, three: list[int], act: str, more: dict[str, str], said: str) -> None:
    assert send(ana, three, act, **more).status_code == 303
    assert said in ana.get("/queue").text


def test_without_tickets_it_says_how_to_choose(ana: FlaskClient) -> None:
    send(ana, [], "take")
    assert "Choose tickets first" in ana.get("/queue").text


def test_rights_are_asked_ticket_by_ticket(app: Any, desk: Desk, three: list[int], opened: Any) -> None:
    manager = browser_of(app, desk.max)
    assert send(manager, three, "assign", assignee=desk.ana.id).status_code == 303
    refused = send(manager, three, "hold", cause="customer")
    assert (refused.status_code, refused.text.count("Your role doesn’t include this.")) == (409, 3)
    bar = manager.get("/queue").text
    assert 'value="assign"' in bar
    assert 'value="hold"' not in bar


def test_the_boxes_of_the_lines_belong_to_the_form(ana: FlaskClient, three: list[int]) -> None:
    html = ana.get("/queue").text
    assert html.count('form="bulk" name="ticket"') == len(three)
    assert 'id="bulk"' in html


def test_a_kind_that_one_may_not_work_on_is_refused(ana: FlaskClient, desk: Desk, opened: Any) -> None:
    number = opened(kind=Kind.BILLING).ticket.id
    answer = send(ana, [number], "assign", assignee=desk.max.id)
    assert answer.status_code == 409
    assert "work on tickets of this kind" in answer.text
