"""A ticket's whole life through the actions, as people live it."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa

from helpdesk.clock import now
from helpdesk.database import db, unit_of_work
from helpdesk.errors import Conflict
from helpdesk.notifications.models import OutboxMessage
from helpdesk.sla.models import Breach, BreachToReview, ClockEvent, SlaClock
from helpdesk.tickets import deadlines, history, lifecycle
from helpdesk.tickets.actions import (
    assigning,
    conversation,
    diagnosing,
    escalating,
    holding,
    moving,
    retargeting,
    triaging,
)
from helpdesk.tickets.models import Ticket, TicketEvent
from workflows.machine import Refused
from workflows.vocabulary import (
    Boundary,
    BoundaryReason,
    ClockChange,
    ClockKind,
    ClockState,
    HealthResult,
    HoldCause,
    Kind,
    Level,
    Service,
    State,
    Trigger,
    VendorCaseState,
)

from .conftest import Desk


def _ticket(number: int) -> Ticket:
    db.session.rollback()
    ticket = db.session.get(Ticket, number, populate_existing=True)
    assert ticket is not None
    return ticket


def _clock(number: int, kind: ClockKind) -> SlaClock:
    rows = sa.select(SlaClock).where(SlaClock.ticket_id == number, SlaClock.kind == kind, SlaClock.is_current)
    return db.session.scalars(rows.execution_options(populate_existing=True)).one()


def _chain_is_whole() -> bool:
    return all(broken is None for _number, broken in history.verify())


def test_a_new_ticket_runs_its_clocks_and_is_due(desk, opened, hand):
    ticket = _ticket(opened().ticket.id)
    assert ticket.id == 1001
    assert ticket.state is State.INTAKE
    assert ticket.next_due_at == min(
        clock.due_at for clock in db.session.scalars(sa.select(SlaClock).where(SlaClock.ticket_id == ticket.id))
    )
    assert _clock(ticket.id, ClockKind.FIRST_RESPONSE).state is ClockState.RUNNING
    assert _chain_is_whole()


def test_from_intake_to_closing(desk: Desk, opened, topic_id, hand):
    number = opened().ticket.id
    ana, at_work = desk.ana, unit_of_work
    with pytest.raises(Refused), at_work():
        moving.move(number, ana, Trigger.START_DIAGNOSIS, now())
    hand.advance(60)
    with at_work():
        assigning.assign(number, ana, ana.id, now())
    with at_work():
        triaging.confirm_customer(number, ana, desk.customer_id, now())
    chosen = triaging.Classification(Kind.TECHNICAL, Service.AZURE, Level.HIGH, Level.HIGH, topic_id)
    with at_work():
        triaging.classify(number, ana, chosen, now())
    with at_work():
        moving.move(number, ana, Trigger.START_DIAGNOSIS, now())
    assert _clock(number, ClockKind.PICKUP).state is ClockState.MET
    assert _clock(number, ClockKind.DIAGNOSIS).state is ClockState.RUNNING
    hand.advance(60)
    with at_work():
        conversation.reply(number, ana, "We are looking into it.", now(), then_wait=True)
    assert _ticket(number).hold_cause is HoldCause.CUSTOMER
    assert _clock(number, ClockKind.RESOLUTION).state is ClockState.PAUSED
    assert _clock(number, ClockKind.FIRST_RESPONSE).state is ClockState.MET
    hand.advance(3600)
    with at_work():
        conversation.contact_writes(number, _ticket(number).contact, "Here are the logs.", now())
    assert _ticket(number).hold_cause is None
    found = diagnosing.Findings(
        HealthResult.HEALTHY, "Token refused", "Another profile", Boundary.VENDORS, BoundaryReason.BUG
    )
    with at_work():
        diagnosing.record_diagnosis(number, ana, found, now())
    with at_work():
        moving.move(number, ana, Trigger.ESCALATE_TO_PREMIER, now())
    ticket = _ticket(number)
    assert ticket.state is State.ESCALATED_PREMIER
    case = escalating.facts.open_cases(ticket)[0]
    with at_work():
        escalating.record_vendor_number(number, case.id, ana, "2611230040017766", now())
    with at_work():
        escalating.change_vendor_case(number, case.id, ana, VendorCaseState.CLOSED, now())
    with at_work():
        moving.move(number, ana, Trigger.RETURN_TO_PARTNER, now(), {"reason": "vendor_answered"})
    with at_work():
        moving.move(number, ana, Trigger.RESOLVE, now(), {"resolution_code": "vendor_fixed", "note": "Fixed by them."})
    assert _ticket(number).state is State.RESOLVED
    assert not lifecycle.due_to_close(now())
    hand.advance(8 * 24 * 3600)
    assert lifecycle.due_to_close(now()) == [number]
    with at_work():
        assert lifecycle.close_quiet(number, now())
    assert _ticket(number).state is State.CLOSED
    assert _chain_is_whole()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(OutboxMessage)) > 3


def test_a_promise_that_passes_is_warned_of_and_breached_once(desk, opened, hand):
    number = opened().ticket.id
    hand.advance(30 * 24 * 3600)
    assert deadlines.due(now()) == [number]
    with unit_of_work():
        assert deadlines.settle_due(number, now())
    with unit_of_work():
        assert not deadlines.settle_due(number, now())
    breaches = db.session.scalars(sa.select(Breach)).all()
    assert {breach.kind for breach in breaches} >= {ClockKind.FIRST_RESPONSE, ClockKind.RESOLUTION}
    assert all(breach.noticed_at == now() and breach.late_from_at > breach.deadline_at for breach in breaches)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(BreachToReview)) == len(breaches)
    breached = sa.select(sa.func.count()).select_from(ClockEvent).where(ClockEvent.change == ClockChange.BREACHED)
    assert db.session.scalar(breached) == len(breaches)
    assert _chain_is_whole()


def test_a_page_that_is_out_of_date_is_told_what_changed(desk, opened, hand):
    number = opened().ticket.id
    page = _ticket(number).version
    with unit_of_work():
        assigning.assign(number, desk.ana, desk.ana.id, now(), page)
    with pytest.raises(Conflict) as caught, unit_of_work():
        holding.hold(number, desk.lea, HoldCause.APPROVAL, now(), version=page)
    assert [event.what.value for event in caught.value.changes][-1] == "assigned"
    assert _ticket(number).hold_cause is None


def test_a_changed_event_is_found(desk, opened, hand):
    number = opened().ticket.id
    event = db.session.scalars(sa.select(TicketEvent).where(TicketEvent.ticket_id == number)).first()
    with unit_of_work() as session:
        particulars = json.loads(event.particulars) | {"by": "agent"}
        session.execute(
            sa.update(TicketEvent).where(TicketEvent.id == event.id).values(particulars=json.dumps(particulars))
        )
    assert [broken.seq for _number, broken in history.verify() if broken] == [1]


def test_clearing_a_priority_that_nobody_set_is_no_change(number, desk, hand):
    with unit_of_work():
        before = db.session.get_one(Ticket, number)
        stood = (before.version, before.event_count)
        retargeting.clear_priority_override(number, desk.lea, now())
    after = db.session.get_one(Ticket, number, populate_existing=True)
    assert (after.version, after.event_count) == stood
