"""The vendor's clocks: whatever becomes of a case, what is stored is what ``workflows.sla.evaluate`` says."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from helpdesk.accounts.models import Team
from helpdesk.clock import Hand, now
from helpdesk.database import db, unit_of_work
from helpdesk.errors import Invalid
from helpdesk.escalations import actions as cases
from helpdesk.escalations.models import SupportChannel, VendorCase, VendorTerm
from helpdesk.jobs import jobs
from helpdesk.notifications.models import OutboxMessage
from helpdesk.notifications.topics import NoticeTopic
from helpdesk.sla import tally
from helpdesk.sla.models import Breach, BreachToReview, Calendar, ClockEvent, SlaClock
from helpdesk.tickets import history
from helpdesk.tickets.actions import assigning, escalating, moving
from helpdesk.tickets.models import Ticket, TicketEvent
from workflows import sla
from workflows.business_time import BusinessCalendar
from workflows.vocabulary import (
    ChannelKind,
    ClockChange,
    ClockKind,
    ClockState,
    EventKind,
    Severity,
    Trigger,
    VendorCaseState,
)

from .conftest import Desk

HOUR = 3600
TARGETS = {
    Severity.A: {ClockKind.VENDOR_RESPONSE: HOUR, ClockKind.VENDOR_UPDATE: 4 * HOUR},
    Severity.B: {ClockKind.VENDOR_RESPONSE: 3 * HOUR},
    Severity.C: {},
}
CLOCKS = (ClockKind.VENDOR_RESPONSE, ClockKind.VENDOR_UPDATE)


@pytest.fixture
def calendar(desk: Desk) -> BusinessCalendar:
    """The vendor's hours, on Premier by TARGETS; nothing else is timed."""
    with unit_of_work() as session:
        session.execute(sa.delete(VendorTerm))
        hours = session.scalars(sa.select(Calendar).order_by(Calendar.id)).first()
        assert hours is not None
        assert hours.version is not None
        channel = session.scalars(sa.select(SupportChannel).where(SupportChannel.kind == ChannelKind.PREMIER)).one()
        for severity, targets in TARGETS.items():
            for clock, seconds in targets.items():
                term = VendorTerm(channel_id=channel.id, severity=severity, clock=clock, seconds=seconds)
                term.calendar_id = hours.id
                session.add(term)
        return BusinessCalendar.of(hours.version.definition)


class Life:
    """One case as people live it, and beside it the events that its clocks ought to hear, written down by hand."""

    def __init__(self, number: int, desk: Desk, hand: Hand) -> None:
        self.number, self._ana, self._hand = number, desk.ana, hand
        self.events: list[dict[str, Any]] = []
        self._state = VendorCaseState.TO_OPEN
        self._severity = self.first_severity = Severity.A
        with unit_of_work():
            case = cases.open_case(number, ChannelKind.PREMIER, None, Severity.A, {}, now())
            self.case_id = case.id

    def hear(self, kind: str, **more: Any) -> None:
        if self._state is not VendorCaseState.TO_OPEN:
            self.events.append({"at": now(), "type": kind, **more})

    def number_arrives(self) -> None:
        with unit_of_work():
            escalating.record_vendor_number(self.number, self.case_id, self._ana, "2611240040", now())
        if self._state is VendorCaseState.TO_OPEN:
            self._state, self.first_severity = VendorCaseState.OPEN, self._severity
            self.hear("vendor_case_opened")

    def vendor_writes(self, *, needs_us: bool = False) -> None:
        self._note(is_ours=False, needs_us=needs_us)
        self.hear("vendor_note", by="vendor")
        if needs_us and self._state is VendorCaseState.OPEN:
            self._state = VendorCaseState.ATTENTION_NEEDED
            self.hear("vendor_case", state="attention_needed")

    def we_write(self) -> None:
        self._note(is_ours=True)
        self.hear("vendor_note", by="desk")
        if self._state is VendorCaseState.ATTENTION_NEEDED:
            self._state = VendorCaseState.OPEN

    def _note(self, **how: Any) -> None:
        with unit_of_work():
            escalating.note_vendor(self.number, self.case_id, self._ana, "Word.", now(), **how)

    def becomes(self, state: VendorCaseState) -> None:
        try:
            with unit_of_work():
                escalating.change_vendor_case(self.number, self.case_id, self._ana, state, now())
        except Invalid:
            return
        self.hear("vendor_case", state=state.value)
        self._state = state

    def gets_severity(self, severity: Severity) -> None:
        with unit_of_work():
            escalating.change_severity(self.number, self.case_id, self._ana, severity, now())
        if self._state is not VendorCaseState.CLOSED and severity is not self._severity:
            every = dict.fromkeys(CLOCKS) | TARGETS[severity]
            self.hear("targets", targets=every)
            self._severity = severity

    def we_chase(self) -> None:
        with unit_of_work():
            escalating.chase_vendor(self.number, self.case_id, self._ana, now())

    def is_withdrawn(self) -> None:
        if self._is_open():
            with unit_of_work():
                asked = {"reason": "no_longer_needed"}
                moving.move(self.number, self._ana, Trigger.WITHDRAW, now(), asked)
            self.hear("state", state="closed")

    def is_reopened(self) -> None:
        if not self._is_open():
            with unit_of_work():
                moving.move(self.number, self._ana, Trigger.REOPEN, now(), {"reason": "again"})
            self.hear("state", state="diagnosis")

    def _is_open(self) -> bool:
        db.session.rollback()
        return db.session.get_one(Ticket, self.number, populate_existing=True).is_open

    def acts(self) -> tuple[Callable[[], None], ...]:
        return (
            self.vendor_writes,
            lambda: self.vendor_writes(needs_us=True),
            self.we_write,
            self.we_chase,
            lambda: self.becomes(VendorCaseState.OPEN),
            lambda: self.becomes(VendorCaseState.ATTENTION_NEEDED),
            lambda: self.gets_severity(Severity.A),
            lambda: self.gets_severity(Severity.B),
            lambda: self.gets_severity(Severity.C),
            self.number_arrives,
        )


@pytest.mark.parametrize("seed", range(5))
def test_what_is_stored_is_what_the_rules_say(
    seed: int, number: int, desk: Desk, hand: Hand, calendar: BusinessCalendar
) -> None:
    dice, life = random.Random(seed), Life(number, desk, hand)
    ends = (life.is_withdrawn, life.is_reopened, lambda: life.becomes(VendorCaseState.CLOSED))
    for step in range(14):
        dice.choice(life.acts() if step else (life.number_arrives, life.vendor_writes))()
        if step > 8 and dice.random() < 0.3:
            dice.choice(ends)()
        _check(life, calendar)
        hand.advance(dice.choice((0, 600, HOUR, 5 * HOUR, 20 * HOUR)))
        list(jobs.sweep_clocks())
        _check(life, calendar)
    assert all(broken is None for _number, broken in history.verify())


def _check(life: Life, calendar: BusinessCalendar) -> None:
    stored = {row.kind: row for row in _clocks(life) if row.is_current}
    policy = {"targets": dict.fromkeys(CLOCKS) | TARGETS[life.first_severity]}
    expected = sla.evaluate(policy, calendar, life.events, now()) if life.events else {}
    for kind, view in expected.items():
        row = stored.pop(kind, None)
        if view.state is ClockState.NONE:  # nothing is promised on the latest cycle: a stored one is an earlier one
            assert row is None or row.state not in (ClockState.RUNNING, ClockState.PAUSED)
            continue
        assert row is not None
        assert (row.state, row.due_at) == (view.state, view.deadline)
        if row.state in (ClockState.MET, ClockState.CANCELLED):
            assert row.elapsed_seconds == view.elapsed_seconds
        assert row.breached_at is not None or not view.breached
    assert not stored


def _clocks(life: Life) -> list[SlaClock]:
    db.session.rollback()
    rows = sa.select(SlaClock).where(SlaClock.ticket_id == life.number, SlaClock.case_id == life.case_id)
    return list(db.session.scalars(rows.order_by(SlaClock.id).execution_options(populate_existing=True)))


# apart from our own ------------------------------------------------------------------------------------------


@pytest.fixture
def late(number: int, desk: Desk, hand: Hand, calendar: BusinessCalendar) -> Life:
    """A case on which the vendor is late with the first answer, an hour after its opening."""
    life = Life(number, desk, hand)
    life.number_arrives()
    hand.advance(HOUR + 1)
    return life


def test_the_vendor_being_late_is_no_broken_promise_of_ours(late: Life) -> None:
    before = _ours(late.number)
    list(jobs.sweep_clocks())

    breach = db.session.scalars(sa.select(Breach).where(Breach.kind == ClockKind.VENDOR_RESPONSE)).one()
    assert db.session.get(BreachToReview, breach.id) is None
    assert _ours(late.number) == before
    kept = tally.kept_by_hour(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
    assert sum(one.late for one in kept.values()) == _late_of_ours()


def _late_of_ours() -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(BreachToReview)) or 0


def _ours(number: int) -> tuple[object, ...]:
    db.session.rollback()
    ticket = db.session.get_one(Ticket, number, populate_existing=True)
    return ticket.next_due_at, ticket.next_due_clock, ticket.is_paused, ticket.next_warns_at


def test_the_history_says_on_which_case_the_vendor_is_late(late: Life) -> None:
    list(jobs.sweep_clocks())
    rows = sa.select(TicketEvent.particulars).where(TicketEvent.what == EventKind.CLOCK_BREACHED)
    said = [json.loads(text) for text in db.session.scalars(rows)]
    assert {one["clock"]: one.get("case") for one in said} == {"vendor_response": late.case_id, "pickup": None}


def test_two_cases_of_a_ticket_run_each_their_own_clocks(late: Life, desk: Desk, hand: Hand) -> None:
    second = Life(late.number, desk, hand)
    second.number_arrives()
    late.vendor_writes()

    assert {row.kind: row.state for row in _clocks(late)} == {
        ClockKind.VENDOR_RESPONSE: ClockState.MET,
        ClockKind.VENDOR_UPDATE: ClockState.RUNNING,
    }
    assert [(row.kind, row.state) for row in _clocks(second)] == [(ClockKind.VENDOR_RESPONSE, ClockState.RUNNING)]


def test_a_channel_that_promises_nothing_is_not_timed(number: int, desk: Desk, hand: Hand, calendar: object) -> None:
    with unit_of_work() as session:
        session.execute(sa.delete(VendorTerm))
    life = Life(number, desk, hand)
    life.number_arrives()
    life.vendor_writes()

    assert _clocks(life) == []
    assert db.session.get_one(VendorCase, life.case_id).terms_id is None


def test_terms_that_change_later_leave_an_open_case_alone(late: Life) -> None:
    with unit_of_work() as session:
        session.execute(sa.update(VendorTerm).values(seconds=9 * HOUR))
    late.we_chase()
    assert [row.target_seconds for row in _clocks(late)] == [HOUR]


def test_the_first_late_second_is_known_once(late: Life) -> None:
    for _run in range(2):
        list(jobs.sweep_clocks())
    (clock,) = _clocks(late)
    rows = sa.select(ClockEvent.change).where(ClockEvent.clock_id == clock.id).order_by(ClockEvent.position)
    assert list(db.session.scalars(rows)) == [ClockChange.STARTED, ClockChange.BREACHED]


def test_whoever_has_the_ticket_is_asked_to_chase(number: int, desk: Desk, hand: Hand, calendar: object) -> None:
    with unit_of_work():
        db.session.execute(sa.update(Team).values(lead_id=desk.lea.id))
        assigning.assign(number, desk.ana, desk.ana.id, now())
    Life(number, desk, hand).number_arrives()
    hand.advance(HOUR + 1)
    list(jobs.sweep_clocks())
    told = {(row.topic, row.recipient) for row in db.session.scalars(sa.select(OutboxMessage))}
    assert {(NoticeTopic.VENDOR_LATE, str(person.id)) for person in (desk.ana, desk.lea)} <= told
