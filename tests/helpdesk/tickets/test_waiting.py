"""Customers who leave us waiting: reminded in open hours, then closed; told plainly; exactly once."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.clock import Hand, now
from helpdesk.database import db, unit_of_work
from helpdesk.jobs import jobs
from helpdesk.notifications.models import OutboxMessage
from helpdesk.notifications.topics import NoticeTopic
from helpdesk.sla.models import SlaClock
from helpdesk.tickets import history, lifecycle, reminders
from helpdesk.tickets.actions import assigning, conversation, holding, moving
from helpdesk.tickets.actions.opening import Opened
from helpdesk.tickets.models import Ticket, TicketEvent, TicketLink
from workflows.vocabulary import (
    ClockKind,
    ClockState,
    EventKind,
    HoldCause,
    LinkKind,
    Severity,
    State,
    Trigger,
    Turn,
    WithdrawReason,
)

from .conftest import Desk

DAY = timedelta(days=1)
TUESDAY = datetime(2026, 11, 24, 13, 12, tzinfo=UTC)  # 14:12 in Budapest: the hand's beginning


def row(number: int) -> Ticket:
    db.session.rollback()
    return db.session.get_one(Ticket, number, populate_existing=True)


def events(number: int, what: EventKind) -> list[dict[str, Any]]:
    rows = sa.select(TicketEvent.particulars).where(TicketEvent.ticket_id == number, TicketEvent.what == what)
    return [json.loads(text) for text in db.session.scalars(rows.order_by(TicketEvent.seq))]


def told(topic: NoticeTopic) -> list[OutboxMessage]:
    rows = sa.select(OutboxMessage).where(OutboxMessage.topic == topic).order_by(OutboxMessage.id)
    return list(db.session.scalars(rows.execution_options(populate_existing=True)))


def run() -> None:
    list(jobs.remind_customers())


@pytest.fixture
def asked(number: int, desk: Desk) -> int:
    """A ticket of Ana's that waits for Rita since Tuesday 14:12."""
    with unit_of_work():
        assigning.assign(number, desk.ana, desk.ana.id, now())
        conversation.reply(number, desk.ana, "Which Outlook is it?", now(), then_wait=True)
    return number


def test_two_reminders_then_it_closes_and_everybody_is_told(asked: int, desk: Desk, hand: Hand) -> None:
    assert row(asked).remind_at == TUESDAY + 3 * DAY
    hand.at = TUESDAY + 3 * DAY - timedelta(seconds=1)
    run()
    assert told(NoticeTopic.CONTACT_REMINDED) == []
    hand.advance(1)
    run()
    run()
    (mail,) = told(NoticeTopic.CONTACT_REMINDED)
    assert mail.recipient == "rita.feher@alpina.example"
    assert mail.params["body"] == "Which Outlook is it?"
    assert (row(asked).remind_at, row(asked).reminder_count) == (TUESDAY + 6 * DAY, 1)

    hand.at = TUESDAY + 6 * DAY
    run()
    (mail,) = told(NoticeTopic.IDLE_CLOSING_SOON)
    assert mail.params["closes_at"] == "2026-12-03T13:12:00Z"
    assert [each["count"] for each in events(asked, EventKind.REMINDED)] == [1, 2]

    hand.at = TUESDAY + 9 * DAY
    run()
    run()
    ticket = row(asked)
    assert (ticket.state, ticket.hold_cause, ticket.remind_at) == (State.CLOSED, None, None)
    assert [each["reason"] for each in events(asked, EventKind.WITHDRAWN)] == [WithdrawReason.NO_ANSWER]
    assert [mail.recipient for mail in told(NoticeTopic.IDLE_CLOSED)] == ["rita.feher@alpina.example"]
    assert {mail.recipient for mail in told(NoticeTopic.CUSTOMER_SILENT)} >= {str(desk.ana.id)}
    assert all(broken is None for _number, broken in history.verify())


def test_promises_of_an_idle_ticket_are_cancelled_not_kept(asked: int, hand: Hand) -> None:
    for days in (3, 6, 9):
        hand.at = TUESDAY + days * DAY
        run()
    rows = sa.select(SlaClock.state).where(SlaClock.ticket_id == asked, SlaClock.is_current, SlaClock.case_id == 0)
    assert db.session.scalar(rows.where(SlaClock.kind == ClockKind.RESOLUTION)) is ClockState.CANCELLED
    assert set(db.session.scalars(rows)) == {ClockState.CANCELLED, ClockState.MET}  # met: what was kept before


def test_an_answer_to_the_closed_ticket_opens_a_follow_up(asked: int, hand: Hand) -> None:
    for days in (3, 6, 9):
        hand.at = TUESDAY + days * DAY
        run()
    with unit_of_work():
        landed = conversation.contact_writes(asked, row(asked).contact, "Sorry, I was away.", now()).id
    assert landed != asked
    link = db.session.scalars(sa.select(TicketLink).where(TicketLink.kind == LinkKind.FOLLOW_UP)).one()
    assert {link.from_id, link.to_id} == {asked, landed}


@pytest.mark.parametrize("days", [0, 3, 6])
def test_an_answer_ends_the_waiting_at_any_step(asked: int, hand: Hand, days: int) -> None:
    for day in range(days + 1):
        hand.at = TUESDAY + day * DAY
        run()
    with unit_of_work():
        conversation.contact_writes(asked, row(asked).contact, "It is 2024.", now())
    ticket = row(asked)
    assert (ticket.hold_cause, ticket.remind_at, ticket.reminder_count) == (None, None, 0)
    assert ticket.turn is Turn.OURS
    hand.advance(30 * 86_400)
    run()
    assert row(asked).is_open


def test_what_falls_outside_our_hours_waits_for_the_opening(number: int, desk: Desk, hand: Hand) -> None:
    hand.at = datetime(2026, 11, 25, 19, 0, tzinfo=UTC)  # Wednesday 20:00; three days on it is Saturday evening
    with unit_of_work():
        holding.hold(number, desk.ana, HoldCause.CUSTOMER, now())
    assert row(number).remind_at == datetime(2026, 11, 30, 7, 0, tzinfo=UTC)  # Monday 8:00


def test_after_a_downtime_nobody_is_reminded_at_night_nor_closed_unreminded(asked: int, hand: Hand) -> None:
    hand.at = datetime(2026, 12, 20, 2, 0, tzinfo=UTC)  # Sunday 03:00, weeks later
    run()
    assert told(NoticeTopic.CONTACT_REMINDED) == []
    monday = datetime(2026, 12, 21, 7, 0, tzinfo=UTC)
    assert row(asked).remind_at == monday
    hand.at = monday
    run()
    assert len(told(NoticeTopic.CONTACT_REMINDED)) == 1
    # three days on is Christmas Eve, a holiday here like the two days after it, and then comes Sunday
    assert row(asked).remind_at == datetime(2026, 12, 28, 7, 0, tzinfo=UTC)


def test_a_word_of_the_desk_begins_the_time_anew(asked: int, desk: Desk, hand: Hand) -> None:
    hand.at = TUESDAY + 3 * DAY
    run()
    with unit_of_work():
        conversation.reply(asked, desk.ana, "A screenshot would do.", now())
    assert (row(asked).reminder_count, row(asked).remind_at) == (0, TUESDAY + 6 * DAY)
    with unit_of_work():
        conversation.note(asked, desk.ana, "She is on holiday.", now() + DAY)
    assert row(asked).remind_at == TUESDAY + 6 * DAY


def test_release_other_holds_and_moves_end_the_reminders(asked: int, desk: Desk) -> None:
    def wait() -> None:
        with unit_of_work():
            holding.hold(asked, desk.ana, HoldCause.CUSTOMER, now())
        assert row(asked).remind_at is not None

    with unit_of_work():
        holding.release(asked, desk.ana, now())
    assert row(asked).remind_at is None
    wait()
    with unit_of_work():
        holding.hold(asked, desk.ana, HoldCause.APPROVAL, now())
    assert row(asked).remind_at is None
    wait()
    with unit_of_work():
        moving.move(asked, desk.ana, Trigger.WITHDRAW, now(), {"reason": WithdrawReason.NO_LONGER_NEEDED})
    assert row(asked).remind_at is None
    assert told(NoticeTopic.IDLE_CLOSED) == []


def test_a_hold_may_go_without_reminders(number: int, desk: Desk, hand: Hand) -> None:
    with unit_of_work():
        holding.hold(number, desk.ana, HoldCause.CUSTOMER, now(), reminds=False)
    assert (row(number).remind_at, reminders.closes_at(row(number))) == (None, None)
    with unit_of_work():
        conversation.reply(number, desk.ana, "Take your time.", now())
    assert row(number).remind_at is None


@pytest.mark.parametrize(
    ("settings", "remind_after", "closes_after"),
    [
        ({}, 3, 9),
        ({"HOLD_REMINDERS": 0}, None, None),
        ({"HOLD_REMINDERS": 1}, 3, 6),
        ({"HOLD_CLOSE_AFTER": 0}, 3, None),
        ({"HOLD_REMINDER_AFTER": 7 * 86_400, "HOLD_CLOSE_AFTER": 14 * 86_400}, 7, 28),
    ],
)
def test_the_settings(
    app: Flask,
    number: int,
    desk: Desk,
    settings: dict[str, int],
    remind_after: int | None,
    closes_after: int | None,
) -> None:
    app.config.update(settings)
    with unit_of_work():
        holding.hold(number, desk.ana, HoldCause.CUSTOMER, now())
    ticket = row(number)
    assert ticket.remind_at == (None if remind_after is None else TUESDAY + remind_after * DAY)
    assert reminders.closes_at(ticket) == (None if closes_after is None else TUESDAY + closes_after * DAY)


def test_without_a_closing_the_last_reminder_names_no_day(app: Flask, asked: int, hand: Hand) -> None:
    app.config["HOLD_CLOSE_AFTER"] = 0
    for days in (3, 6, 9, 12):
        hand.at = TUESDAY + days * DAY
        run()
    assert (len(told(NoticeTopic.CONTACT_REMINDED)), told(NoticeTopic.IDLE_CLOSING_SOON)) == (2, [])
    assert (row(asked).state, row(asked).remind_at) == (State.INTAKE, None)


def test_what_microsoft_works_on_is_left_to_a_person(worked: int, desk: Desk, hand: Hand) -> None:
    with unit_of_work():
        conversation.reply(worked, desk.ana, "Microsoft asks for a trace.", now(), then_wait=True)
        moving.move(worked, desk.ana, Trigger.ESCALATE_TO_PREMIER, now(), {"severity": Severity.A.value})
    assert row(worked).remind_at == TUESDAY + 3 * DAY  # escalating keeps the hold
    assert reminders.closes_at(row(worked)) is None
    for days in (3, 6, 9, 12):
        hand.at = TUESDAY + days * DAY
        run()
    ticket = row(worked)
    assert (ticket.state, ticket.hold_cause) == (State.ESCALATED_PREMIER, HoldCause.CUSTOMER)
    assert (len(told(NoticeTopic.CONTACT_REMINDED)), told(NoticeTopic.IDLE_CLOSING_SOON)) == (2, [])
    silent = told(NoticeTopic.CUSTOMER_SILENT)
    assert {mail.recipient for mail in silent} == {"ana@desk.example", str(desk.ana.id)}
    assert all("closed_at" not in mail.params for mail in silent)
    assert ticket.remind_at is None


def test_two_schedulers_remind_once(app: Flask, opened: Callable[..., Opened], desk: Desk, hand: Hand) -> None:
    numbers = [opened().ticket.id for _number in range(12)]
    with unit_of_work():
        for number in numbers:
            holding.hold(number, desk.ana, HoldCause.CUSTOMER, now())
    db.session.remove()
    for days in (3, 6, 9):
        hand.at = TUESDAY + days * DAY
        start = Barrier(2)

        def schedule(start: Barrier = start) -> None:
            with app.app_context():
                start.wait(timeout=30)
                run()

        with ThreadPoolExecutor(2) as pool:
            for done in [pool.submit(schedule) for _scheduler in range(2)]:
                done.result(timeout=120)
        run()  # what one of them passed over because the other had it
    assert len(told(NoticeTopic.CONTACT_REMINDED)) == len(told(NoticeTopic.IDLE_CLOSING_SOON)) == len(numbers)
    assert len(told(NoticeTopic.IDLE_CLOSED)) == len(numbers)
    assert {row(number).state for number in numbers} == {State.CLOSED}
    assert all(len(events(number, EventKind.REMINDED)) == 2 for number in numbers)


def test_a_reminder_that_fails_is_put_off(asked: int, hand: Hand, monkeypatch: pytest.MonkeyPatch) -> None:
    hand.at = TUESDAY + 3 * DAY

    def fail(*_args: object) -> None:
        raise RuntimeError("broken")

    with monkeypatch.context() as patch:
        patch.setattr(reminders, "count_one", fail)
        run()
    assert (row(asked).remind_at, row(asked).reminder_count) == (now() + lifecycle.PUT_OFF, 0)
    hand.advance(3600)
    run()
    assert row(asked).reminder_count == 1


def test_a_scheduled_hold_ends_on_time_and_its_owner_is_told(asked: int, desk: Desk, hand: Hand) -> None:
    with unit_of_work():
        holding.hold(asked, desk.ana, HoldCause.SCHEDULED, now(), until=now() + DAY)
    hand.at = TUESDAY + DAY - timedelta(seconds=1)
    list(jobs.wake_holds())
    assert row(asked).hold_cause is HoldCause.SCHEDULED
    hand.advance(1)
    list(jobs.wake_holds())
    list(jobs.wake_holds())
    assert row(asked).hold_cause is None
    assert {mail.recipient for mail in told(NoticeTopic.HOLD_ENDED)} == {"ana@desk.example", str(desk.ana.id)}
    assert len(told(NoticeTopic.HOLD_ENDED)) == 2


def test_a_resolved_ticket_closes_after_its_quiet_days(worked: int, desk: Desk, hand: Hand) -> None:
    with unit_of_work():
        solved = {"resolution_code": "fixed", "note": "Sign in again."}
        moving.move(worked, desk.ana, Trigger.RESOLVE, now(), solved)
    hand.at = TUESDAY + 7 * DAY - timedelta(seconds=1)
    list(jobs.close_resolved())
    assert row(worked).state is State.RESOLVED
    hand.advance(1)
    list(jobs.close_resolved())
    list(jobs.close_resolved())
    assert row(worked).state is State.CLOSED
    assert len(told(NoticeTopic.TICKET_CLOSED)) == 1


def test_the_tracker_says_when_it_closes(app: Flask, opened: Callable[..., Opened], desk: Desk) -> None:
    one = opened()
    with unit_of_work():
        conversation.reply(one.ticket.id, desk.ana, "Which Outlook is it?", now(), then_wait=True)
    page = app.test_client().get(f"/track/{one.token}").text
    assert "We need your answer" in page
    assert "We’ll close this on Thu 3 Dec if we don’t hear from you." in page


def test_the_hold_form_can_leave_reminders_out(ana: FlaskClient, number: int) -> None:
    sent = {"cause": "customer", "without_reminders": "y"}
    assert ana.post(f"/tickets/{number}/hold", data=sent).status_code == 303
    assert (row(number).hold_cause, row(number).remind_at) == (HoldCause.CUSTOMER, None)
    assert ana.post(f"/tickets/{number}/hold", data={"cause": "customer"}).status_code == 303
    assert row(number).remind_at == TUESDAY + 3 * DAY
    assert "without an answer it closes" in ana.get(f"/tickets/{number}").text


def test_a_stale_page_wipes_no_newer_hold(ana: FlaskClient, number: int, desk: Desk) -> None:
    page = ana.get(f"/tickets/{number}").text
    own = page.split('id="hold"')[1].split("</form>")[0]
    sent = {"cause": "approval"} | dict(re.findall(r'name="(version|seen)" value="(\d+)"', own))
    assert "version" in sent
    with unit_of_work():
        holding.hold(number, desk.lea, HoldCause.SCHEDULED, now(), until=now() + DAY)
    again = ana.post(f"/tickets/{number}/hold", data=sent)
    assert (again.status_code, row(number).hold_cause) == (409, HoldCause.SCHEDULED)
    assert re.search(r'<option selected value="approval">', again.text), "what was chosen is kept"
    assert "Lea Horváth" in again.text


def test_a_stale_page_ends_no_newer_hold(ana: FlaskClient, asked: int, desk: Desk) -> None:
    held = ana.get(f"/tickets/{asked}").text.split('class="held"')[1].split("</form>")[0]
    sent = {"release": "1"} | dict(re.findall(r'name="(version|seen)" value="(\d+)"', held))
    assert "version" in sent
    with unit_of_work():
        holding.hold(asked, desk.lea, HoldCause.APPROVAL, now())
    again = ana.post(f"/tickets/{asked}/hold", data=sent)
    assert (again.status_code, row(asked).hold_cause) == (409, HoldCause.APPROVAL)
    assert "It changed while you were at it." in again.text


def test_only_a_scheduled_hold_takes_an_end(ana: FlaskClient, number: int) -> None:
    sent = {"cause": "customer", "until": "2026-11-30T09:00"}
    refused = ana.post(f"/tickets/{number}/hold", data=sent)
    assert (refused.status_code, row(number).hold_cause) == (422, None)
    assert "Only a scheduled hold ends by itself" in refused.text
    assert ana.post(f"/tickets/{number}/hold", data=sent | {"cause": "scheduled"}).status_code == 303
    assert row(number).hold_until == datetime(2026, 11, 30, 8, tzinfo=UTC)


def test_only_an_open_ticket_offers_to_send_and_wait(ana: FlaskClient, worked: int, desk: Desk) -> None:
    assert "Send and wait for the customer" in ana.get(f"/tickets/{worked}").text
    with unit_of_work():
        solved = {"resolution_code": "fixed", "note": "Sign in again."}
        moving.move(worked, desk.ana, Trigger.RESOLVE, now(), solved)
    page = ana.get(f"/tickets/{worked}").text
    assert 'id="reply-body"' in page
    assert "Send and wait for the customer" not in page
