"""What the levels of a ladder do besides telling: each exactly once, whatever runs how often."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from helpdesk.accounts.models import Team, User
from helpdesk.clock import Hand, now
from helpdesk.database import db, unit_of_work
from helpdesk.escalations.models import Entitlement, EntitlementUse, SupportChannel, VendorCase
from helpdesk.jobs import jobs
from helpdesk.notifications.models import OutboxMessage
from helpdesk.notifications.topics import NoticeTopic
from helpdesk.sla.models import ClockEvent, PromiseStamp, SlaClock, SlaPolicy
from helpdesk.tickets import deadlines, history
from helpdesk.tickets.actions import assigning, moving
from helpdesk.tickets.actions.opening import Opened
from helpdesk.tickets.change import changing
from helpdesk.tickets.models import Ticket, TicketEvent
from helpdesk.tickets.terms import renew_terms
from tests.packs import ask_for_packs, fill_pack
from workflows.vocabulary import (
    ChannelKind,
    ClockChange,
    ClockKind,
    EventKind,
    Level,
    Priority,
    State,
    Trigger,
    Turn,
    VendorCaseState,
)

from .conftest import Desk

DAY = 24 * 3600
Levels = list[dict[str, Any]]


@pytest.fixture
def climbing(desk: Desk, opened: Callable[..., Opened]) -> Callable[..., int]:
    """Open a ticket whose resolution has ``levels``, in every policy there is; returns its number."""

    def open_one(levels: Levels, **parts: Any) -> int:
        promise_levels(levels, desk)
        return opened(**parts).ticket.id

    return open_one


def promise_levels(levels: Levels, desk: Desk) -> None:
    with unit_of_work() as session:
        session.execute(sa.update(Team).values(lead_id=desk.lea.id))
        for policy in session.scalars(sa.select(SlaPolicy)):
            policy.levels = {ClockKind.RESOLUTION.value: levels}
        session.execute(sa.update(PromiseStamp).values(stamp="the book is another one"))


def sweep() -> None:
    list(jobs.sweep_clocks())


def ticket(number: int) -> Ticket:
    db.session.rollback()
    return db.session.get_one(Ticket, number, populate_existing=True)


def written(number: int, what: EventKind) -> list[dict[str, Any]]:
    rows = sa.select(TicketEvent).where(TicketEvent.ticket_id == number, TicketEvent.what == what)
    return [json.loads(event.particulars) for event in db.session.scalars(rows.order_by(TicketEvent.seq))]


def told(topic: NoticeTopic) -> set[str]:
    rows = sa.select(OutboxMessage.recipient).where(OutboxMessage.topic == topic)
    return {recipient for recipient in db.session.scalars(rows) if recipient.isdigit()}


def pass_days(hand: Hand, days: int) -> None:
    for _day in range(days):
        hand.advance(DAY)
        sweep()


# giving it to the lead ---------------------------------------------------------------------------------------


def test_a_level_gives_the_ticket_to_the_lead_once(climbing, desk: Desk, hand: Hand) -> None:
    number = climbing([{"level": 1, "percent": 50, "act": "assign_to_lead"}])
    pass_days(hand, 7)
    assert ticket(number).assignee_id == desk.lea.id
    assert [event["to"] for event in written(number, EventKind.ASSIGNED)] == [desk.lea.id]
    assert str(desk.lea.id) in told(NoticeTopic.ASSIGNED)

    with unit_of_work():
        assigning.assign(number, desk.ana, desk.ana.id, now())
    pass_days(hand, 3)
    assert ticket(number).assignee_id == desk.ana.id


def test_the_lead_who_has_it_keeps_it(climbing, desk: Desk, hand: Hand) -> None:
    number = climbing([{"level": 1, "percent": 50, "act": "assign_to_lead"}])
    with unit_of_work():
        assigning.assign(number, desk.lea, desk.lea.id, now())
    pass_days(hand, 7)
    assert len(written(number, EventKind.ASSIGNED)) == 1


@pytest.mark.parametrize("has_gone", [True, False])
def test_a_lead_who_is_not_there_gets_nothing(climbing, desk: Desk, hand: Hand, has_gone: bool) -> None:
    number = climbing([{"level": 1, "percent": 50, "act": "assign_to_lead"}])
    with unit_of_work() as session:
        if has_gone:
            session.execute(sa.update(User).where(User.id == desk.lea.id).values(is_enabled=False))
        else:
            session.execute(sa.update(Team).values(lead_id=None))
    pass_days(hand, 7)
    assert ticket(number).assignee_id is None
    assert len(written(number, EventKind.CLOCK_WARNED)) + len(written(number, EventKind.CLOCK_BREACHED)) > 0


# raising the priority ------------------------------------------------------------------------------------------


def test_the_breach_itself_may_raise_the_priority_and_its_promises(climbing, hand: Hand) -> None:
    number = climbing([{"level": 0, "act": "raise_priority"}], impact=Level.MEDIUM, urgency=Level.MEDIUM)
    before = ticket(number).terms_id
    assert ticket(number).priority is Priority.P3
    pass_days(hand, 30)

    found = ticket(number)
    assert (found.priority, found.priority_override) == (Priority.P2, Priority.P2)
    assert found.terms_id != before
    (event,) = written(number, EventKind.PRIORITY_OVERRIDDEN)
    assert (event["was"], event["priority"], event["clock"], event["level"]) == ("p3", "p2", "resolution", 0)


def test_the_highest_priority_can_not_be_raised(climbing, hand: Hand) -> None:
    number = climbing([{"level": 0, "act": "raise_priority"}])
    pass_days(hand, 7)
    assert ticket(number).priority is Priority.P1
    assert written(number, EventKind.PRIORITY_OVERRIDDEN) == []


def test_levels_that_an_act_makes_due_act_at_the_same_stroke(climbing, hand: Hand) -> None:
    """Raised to p2 the ticket is later than that allows: levels after the new deadline come at once, each once."""
    levels = [
        {"level": 1, "percent": 90, "act": "raise_priority"},
        {"level": 2, "minutes_after": 30, "act": "assign_to_lead"},
    ]
    number = climbing(levels, impact=Level.MEDIUM, urgency=Level.MEDIUM)
    clock = db.session.scalars(sa.select(SlaClock).where(SlaClock.kind == ClockKind.RESOLUTION)).one()
    assert clock.warns_at is not None
    assert clock.due_at is not None
    hand.at = clock.warns_at
    assert hand.at < clock.due_at
    with unit_of_work():
        deadlines.settle_due(number, now())

    assert ticket(number).priority is not Priority.P3
    assert ticket(number).assignee_id is not None
    happened = _resolution_changes(number)
    assert happened.count((ClockChange.BREACHED, 0)) == happened.count((ClockChange.LADDERED, 2)) == 1
    assert len(written(number, EventKind.CLOCK_LADDERED)) == 1
    assert all(broken is None for _number, broken in history.verify())


def _resolution_changes(number: int) -> list[tuple[ClockChange, int]]:
    rows = sa.select(ClockEvent.change, ClockEvent.level).join(SlaClock, SlaClock.id == ClockEvent.clock_id)
    rows = rows.where(SlaClock.ticket_id == number, SlaClock.kind == ClockKind.RESOLUTION)
    return [tuple(row) for row in db.session.execute(rows)]  # type: ignore[misc]


# towards the vendor --------------------------------------------------------------------------------------------


def test_an_overdue_ticket_is_marked_as_due_for_escalation_with_what_is_missing(worked, desk: Desk, hand: Hand) -> None:
    ask_for_packs()
    number = _late_with(worked, desk, {"level": 3, "minutes_after": 60, "act": "escalate"}, hand)
    found = ticket(number)
    assert found.escalation_due_at is not None
    (event,) = written(number, EventKind.ESCALATION_DUE)
    assert set(event["closed"]) >= {"escalate_to_premier", "escalate_to_signature"}
    assert set(event["missing"]) == {code for codes in event["closed"].values() for code in codes}
    assert str(desk.lea.id) in told(NoticeTopic.ESCALATION_DUE)
    pass_days(hand, 2)
    assert len(written(number, EventKind.ESCALATION_DUE)) == 1


def test_a_ticket_with_one_open_channel_and_a_whole_pack_goes_to_the_vendor_by_itself(
    worked, desk: Desk, hand: Hand
) -> None:
    ask_for_packs()
    fill_pack(worked, desk.ana)
    number = _late_with(worked, desk, {"level": 3, "minutes_after": 60, "act": "escalate"}, hand)
    found = ticket(number)
    assert (found.state, found.turn, found.escalation_due_at) == (State.ESCALATED_PREMIER, Turn.OURS, None)
    (event,) = db.session.scalars(
        sa.select(TicketEvent).where(TicketEvent.ticket_id == number, TicketEvent.what == EventKind.ESCALATED)
    )
    assert event.actor == "scheduler"
    (case,) = db.session.scalars(sa.select(VendorCase).where(VendorCase.ticket_id == number))
    assert case.state is VendorCaseState.TO_OPEN
    assert case.pack["items"]
    assert str(desk.lea.id) in told(NoticeTopic.ESCALATION_DUE)
    pass_days(hand, 2)
    assert len(written(number, EventKind.ESCALATED)) == len(written(number, EventKind.VENDOR_CASE_OPENED)) == 1
    assert written(number, EventKind.ESCALATION_DUE) == []


def test_of_two_schedulers_one_escalates(worked, desk: Desk, hand: Hand) -> None:
    number = _late_with(worked, desk, {"level": 3, "minutes_after": 60, "act": "escalate"}, hand)
    for _scheduler in range(2):
        with unit_of_work():
            deadlines.settle_due(number, now())
    assert len(written(number, EventKind.ESCALATED)) == 1
    (use,) = db.session.scalars(sa.select(EntitlementUse.incidents))
    assert use == 1


def test_two_open_channels_are_left_to_a_person(worked, desk: Desk, hand: Hand) -> None:
    with unit_of_work() as session:
        channel = session.scalars(sa.select(SupportChannel).where(SupportChannel.kind == ChannelKind.ADVANCED)).one()
        days = {"starts_on": date(2026, 1, 1), "ends_on": date(2026, 12, 31)}
        session.add(Entitlement(channel_id=channel.id, incidents_included=6, created_at=now(), **days))
    number = _late_with(worked, desk, {"level": 3, "minutes_after": 60, "act": "escalate"}, hand)
    assert ticket(number).state is State.DIAGNOSIS
    assert ticket(number).escalation_due_at is not None


def test_what_ends_is_due_for_escalation_no_more(worked, desk: Desk, hand: Hand) -> None:
    ask_for_packs()
    number = _late_with(worked, desk, {"level": 3, "minutes_after": 60, "act": "escalate"}, hand)
    with unit_of_work():
        moving.move(number, desk.ana, Trigger.WITHDRAW, now(), {"reason": "no_longer_needed"})
    assert ticket(number).escalation_due_at is None


def _late_with(number: int, desk: Desk, level: dict[str, Any], hand: Hand) -> int:
    """Put a level on the ticket's resolution and let it come due."""
    promise_levels([level], desk)
    with unit_of_work(), changing(number, desk.lea, now()) as change:
        renew_terms(change)
    pass_days(hand, 8)
    return number
