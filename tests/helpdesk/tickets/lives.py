"""Random lives of tickets, lived through the product's own actions while a sweep runs now and then."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from hypothesis import note as remark
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from helpdesk.accounts.actor import Actor
from helpdesk.accounts.models import Team
from helpdesk.clock import Hand, now
from helpdesk.database import db, unit_of_work
from helpdesk.errors import HelpdeskError
from helpdesk.escalations.models import Entitlement, SupportChannel, VendorCase, VendorTerm
from helpdesk.jobs import jobs
from helpdesk.sla import editing
from helpdesk.sla.models import Calendar, SlaClock, SlaPolicy
from helpdesk.tickets import facts, history
from helpdesk.tickets.actions import assigning, conversation, diagnosing, escalating, holding, moving, triaging
from helpdesk.tickets.actions.opening import Opening, open_ticket
from helpdesk.tickets.actions.retargeting import clear_priority_override, override_priority
from helpdesk.tickets.change import changing
from helpdesk.tickets.models import Ticket, Topic
from helpdesk.tickets.terms import renew_terms
from workflows.machine import Refused, workflow_for
from workflows.vocabulary import (
    Boundary,
    BoundaryReason,
    ChannelKind,
    ClockKind,
    HealthResult,
    HoldCause,
    Kind,
    LadderAct,
    Level,
    PauseCause,
    Priority,
    Service,
    Severity,
    Trigger,
    VendorCaseState,
)

from .conftest import Desk
from .oracle import assert_pile_is_whole, assert_true

HOUR = 3600
MOST_TICKETS = 2
WORKDAYS = ("mon", "tue", "wed", "thu", "fri")
STARTS = (
    datetime(2026, 11, 24, 13, 12, tzinfo=UTC),
    datetime(2026, 10, 24, 21, 30, tzinfo=UTC),  # the night in which Budapest's clocks go back
    datetime(2026, 3, 28, 22, 59, 59, tzinfo=UTC),  # and that in which they go forward
)
CALENDARS: tuple[Mapping[str, Any], ...] = (
    {"timezone": "Europe/Budapest", "week": {day: [["08:00", "18:00"]] for day in WORKDAYS}},
    {"timezone": "Europe/Budapest", "week": {day: [["00:00", "24:00"]] for day in (*WORKDAYS, "sat", "sun")}},
    {
        "timezone": "America/New_York",
        "week": {day: [["22:00", "06:00"], ["12:00", "12:30"]] for day in (*WORKDAYS, "sun")},
        "holidays": {"2026-11-26": "Thanksgiving"},
        "breaks": [{"date": "2026-11-24", "from": "23:00", "to": "23:20"}],
    },
)
TARGETS = (1, 600, HOUR, 4 * HOUR, 10 * HOUR, 45 * HOUR)
OWN_CLOCKS = tuple(kind for kind in ClockKind if kind not in (ClockKind.VENDOR_RESPONSE, ClockKind.VENDOR_UPDATE))

gaps = st.sampled_from((0, 1, 59, 600, HOUR, HOUR + 1, 5 * HOUR, 26 * HOUR, 70 * HOUR, 9 * 24 * HOUR))
starts = st.sampled_from(STARTS)
which = st.integers(0, MOST_TICKETS - 1)
levels_of_priority = st.sampled_from(Level)
measures = st.one_of(
    st.sampled_from((1, 50, 75, 100)).map(lambda value: {"percent": value}),
    st.sampled_from((1, 30, 240)).map(lambda value: {"minutes_before": value}),
    st.sampled_from((1, 60, 600)).map(lambda value: {"minutes_after": value}),
)
acts = st.just({}) | st.sampled_from(LadderAct).map(lambda act: {"act": act.value})
rungs = st.builds(lambda measure, act: measure | act, measures, acts)
ladders = st.lists(rungs, max_size=3).map(
    lambda found: [{"level": number, **each} for number, each in enumerate(found, start=1)]
)
pauses = st.lists(st.sampled_from(PauseCause), max_size=3, unique=True).map(lambda found: sorted(map(str, found)))


class Lives(RuleBasedStateMachine):
    """Up to MOST_TICKETS tickets of one desk. ``desk`` and ``hand`` are the test's; nothing is rolled back between
    lives: each opens tickets of its own and puts the policies back."""

    def __init__(self, desk: Desk, hand: Hand, world: World) -> None:
        super().__init__()
        self.desk, self.hand, self.world = desk, hand, world
        self.numbers: list[int] = []
        self.breaches: dict[int, tuple[Any, ...]] = {}
        self.case: tuple[int, ...] = ()  # the newest vendor case: its ticket and id

    # the beginning ----------------------------------------------------------------------------------------

    @initialize(
        start=starts,
        kind=st.sampled_from(Kind),
        depth=st.integers(0, 5),
        by_agent=st.booleans(),
        waits_for_vendor=st.booleans(),
    )
    def begin(self, start: datetime, kind: Kind, depth: int, by_agent: bool, waits_for_vendor: bool) -> None:
        """So far on its way that every state is reached soon."""
        self.hand.at = start
        self.world.restore()
        if waits_for_vendor:
            every_cause = sorted(map(str, PauseCause))
            with unit_of_work():
                self.world.edit_policies(ClockKind.RESOLUTION, 10 * HOUR, every_cause, [], 0)
        number = self._open(kind, Level.HIGH, by_agent=by_agent)
        self.numbers.append(number)
        if depth:
            self.prepare(0, Level.HIGH)
            self._move(number, Trigger.START_DIAGNOSIS)
        if depth == 2:
            self._move(number, Trigger.START_RESOLUTION)
        if depth > 2:
            billing = kind is Kind.BILLING
            self._move(number, Trigger.ESCALATE_TO_COMMERCIAL if billing else Trigger.ESCALATE_TO_PREMIER)
        self.case = self._newest_case()
        if depth > 3:
            self.vendor_number()
        if depth > 4:
            self.vendor_note(is_ours=False, needs_us=waits_for_vendor)

    @precondition(lambda self: len(self.numbers) < MOST_TICKETS)
    @rule(kind=st.sampled_from(Kind), urgency=levels_of_priority, by_agent=st.booleans())
    def open(self, kind: Kind, urgency: Level, by_agent: bool) -> None:
        self.numbers.append(self._open(kind, urgency, by_agent=by_agent))

    def _open(self, kind: Kind, urgency: Level, *, by_agent: bool) -> int:
        opening = Opening(
            kind=kind,
            service=Service.AZURE,
            impact=Level.HIGH,
            urgency=urgency,
            subject="The gateway drops packets",
            description="Since about eight this morning.",
            contact_name="Rita Fehér",
            contact_email="rita.feher@alpina.example",
            reply="We are on it." if by_agent else "",
        )
        with unit_of_work():
            return open_ticket(opening, self.desk.ana if by_agent else None, now()).ticket.id

    # time -------------------------------------------------------------------------------------------------

    @rule(seconds=gaps)
    def wait(self, seconds: int) -> None:
        self.hand.advance(seconds)

    @rule(which=which, offset=st.sampled_from((-1, 0, 1)), is_swept=st.booleans())
    def wait_for_a_deadline(self, which: int, offset: int, is_swept: bool) -> None:
        """To the second around the moment at which the next thing is due."""
        due = sa.select(sa.func.min(SlaClock.next_fire_at)).where(
            SlaClock.ticket_id == self._number(which), SlaClock.next_fire_at > now()
        )
        moment = db.session.scalar(due)
        if moment is not None:
            self.hand.at = max(self.hand.at, moment + timedelta(seconds=offset))
        if is_swept:
            self.sweep()

    @rule()
    def sweep(self) -> None:
        """One run of every job that moves tickets; afterwards nothing is due."""
        for job in (jobs.sweep_clocks, jobs.wake_holds, jobs.remind_customers, jobs.close_resolved):
            assert all(list(job())), f"{job.__name__} left something undone"
        db.session.rollback()
        due = sa.select(sa.func.count()).select_from(SlaClock).where(SlaClock.next_fire_at <= now())
        assert db.session.scalar(due) == 0

    # what people do ---------------------------------------------------------------------------------------

    @rule(which=which, urgency=levels_of_priority)
    def prepare(self, which: int, urgency: Level) -> None:
        """Everything that the way to the vendor asks for."""
        number, ana = self._number(which), self.desk.ana
        kind = self._ticket(which).kind
        chosen = triaging.Classification(kind, Service.AZURE, Level.HIGH, urgency, self.world.topic_ids[kind])
        found = diagnosing.Findings(
            HealthResult.HEALTHY, "Token refused", "Another profile", Boundary.VENDORS, BoundaryReason.BUG
        )
        for act in (
            lambda: assigning.assign(number, ana, ana.id, now()),
            lambda: triaging.confirm_customer(number, ana, self.desk.customer_id, now()),
            lambda: triaging.classify(number, ana, chosen, now()),
            lambda: diagnosing.record_diagnosis(number, ana, found, now()),
        ):
            self._do(act)

    @rule(which=which, choice=st.integers(0, 11), reason=st.integers(0, 2))
    def move(self, which: int, choice: int, reason: int) -> None:
        """One of the moves whose doors are open."""
        ticket = self._ticket(which)
        known = facts.gather(ticket, self.desk.ana, now())
        moves = [move for move in workflow_for(ticket.kind).allowed(ticket.state, known) if move.is_open]
        if moves:
            self._move(ticket.id, moves[choice % len(moves)].trigger, reason)

    def _move(self, number: int, trigger: Trigger, reason: int = 0) -> None:
        asked = {"note": "We replaced it.", "left_open_reason": "They go on looking.", "resolution_code": "fixed"}
        asked["reason"] = REASONS.get(trigger, ("It came back.",))[reason % len(REASONS.get(trigger, ("",)))]
        asked["target"] = str(next((other for other in self.numbers if other != number), number))
        remark(f"{trigger} #{number}")
        self._do(lambda: moving.move(number, self.desk.ana, trigger, now(), asked))

    @rule(which=which, by=st.sampled_from((Trigger.CLOSE, Trigger.WITHDRAW, Trigger.REOPEN)))
    def contact_moves(self, which: int, by: Trigger) -> None:
        ticket = self._ticket(which)
        rita = Actor.of_contact(ticket.contact.id, ticket.contact.name)
        asked = {"reason": "solved_by_contact" if by is Trigger.WITHDRAW else "It came back."}
        self._do(lambda: moving.move(ticket.id, rita, by, now(), asked))

    @rule(which=which, then_wait=st.booleans())
    def reply(self, which: int, then_wait: bool) -> None:
        self._do(lambda: conversation.reply(self._number(which), self.desk.ana, "Here.", now(), then_wait=then_wait))

    @rule(which=which)
    def note(self, which: int) -> None:
        self._do(lambda: conversation.note(self._number(which), self.desk.ana, "Odd.", now()))

    @rule(which=which)
    def contact_writes(self, which: int) -> None:
        """It may end a hold, reopen, or open a follow-up."""
        ticket = self._ticket(which)
        contact = ticket.contact
        landed: list[int] = []
        self._do(lambda: landed.append(conversation.contact_writes(ticket.id, contact, "And?", now()).id))
        if landed and landed[0] not in self.numbers and len(self.numbers) < MOST_TICKETS:
            self.numbers.append(landed[0])

    @rule(which=which, to=st.sampled_from(("ana", "lea", None)))
    def assign(self, which: int, to: str | None) -> None:
        colleague = getattr(self.desk, to).id if to else None
        self._do(lambda: assigning.assign(self._number(which), self.desk.lea, colleague, now()))

    @rule(which=which, cause=st.sampled_from(HoldCause), gap=st.sampled_from((60, 3 * HOUR, 80 * HOUR)))
    def hold(self, which: int, cause: HoldCause, gap: int) -> None:
        until = now() + timedelta(seconds=gap) if cause is HoldCause.SCHEDULED else None
        self._do(lambda: holding.hold(self._number(which), self.desk.ana, cause, now(), until=until))

    @rule(which=which)
    def release(self, which: int) -> None:
        self._do(lambda: holding.release(self._number(which), self.desk.ana, now()))

    @rule(which=which, priority=st.none() | st.sampled_from(Priority))
    def override(self, which: int, priority: Priority | None) -> None:
        number, lea = self._number(which), self.desk.lea
        if priority is None:
            self._do(lambda: clear_priority_override(number, lea, now()))
        else:
            self._do(lambda: override_priority(number, lea, priority, "Their board asks.", now()))

    @rule(which=which, kind=st.sampled_from(Kind), urgency=levels_of_priority)
    def classify(self, which: int, kind: Kind, urgency: Level) -> None:
        chosen = triaging.Classification(kind, Service.AZURE, Level.MEDIUM, urgency, self.world.topic_ids[kind])
        self._do(lambda: triaging.classify(self._number(which), self.desk.ana, chosen, now()))

    # what is promised -------------------------------------------------------------------------------------

    @rule(
        clock=st.sampled_from(OWN_CLOCKS),
        seconds=st.none() | st.sampled_from(TARGETS),
        pause_on=pauses,
        levels=ladders,
        calendar=st.integers(0, 1),
        is_applied=st.booleans(),
    )
    def edit_policies(
        self,
        clock: ClockKind,
        seconds: int | None,
        pause_on: list[str],
        levels: list[dict[str, Any]],
        calendar: int,
        is_applied: bool,
    ) -> None:
        """Every policy promises something else, or nothing more, for one clock."""
        with unit_of_work():
            self.world.edit_policies(clock, seconds, pause_on, levels, calendar)
        if is_applied:
            self._renew_all()

    @rule(which=st.integers(0, 1), definition=st.sampled_from(CALENDARS), is_applied=st.booleans())
    def edit_calendar(self, which: int, definition: Mapping[str, Any], is_applied: bool) -> None:
        with unit_of_work():
            self.world.edit_calendar(which, definition)
        if is_applied:
            self._renew_all()

    def _renew_all(self) -> None:
        for number in self.numbers:
            if self._by_number(number).is_open:
                self._do(lambda number=number: self._renew(number))

    def _renew(self, number: int) -> None:
        with changing(number, self.desk.lea, now()) as change:
            renew_terms(change)

    # the vendor -------------------------------------------------------------------------------------------

    @precondition(lambda self: self.case)
    @rule(is_ours=st.booleans(), needs_us=st.booleans())
    def vendor_note(self, is_ours: bool, needs_us: bool) -> None:
        self._on_case(escalating.note_vendor, "Logs?", now(), is_ours=is_ours, needs_us=needs_us)

    @precondition(lambda self: self.case)
    @rule()
    def vendor_number(self) -> None:
        self._on_case(escalating.record_vendor_number, "26112300", now())

    @precondition(lambda self: self.case)
    @rule(state=st.sampled_from((VendorCaseState.OPEN, VendorCaseState.ATTENTION_NEEDED, VendorCaseState.CLOSED)))
    def vendor_case(self, state: VendorCaseState) -> None:
        self._on_case(escalating.change_vendor_case, state, now())

    @precondition(lambda self: self.case)
    @rule(severity=st.sampled_from(Severity))
    def vendor_severity(self, severity: Severity) -> None:
        self._on_case(escalating.change_severity, severity, now())

    @precondition(lambda self: self.case)
    @rule()
    def chase(self) -> None:
        self._on_case(escalating.chase_vendor, now())

    def _on_case(self, act: Callable[..., object], *rest: Any, **more: Any) -> None:
        self._do(lambda: act(*self.case, self.desk.ana, *rest, **more))

    def _newest_case(self) -> tuple[int, ...]:
        cases = sa.select(VendorCase.ticket_id, VendorCase.id).where(VendorCase.ticket_id.in_(self.numbers))
        return tuple(db.session.execute(cases.order_by(VendorCase.id.desc()).limit(1)).first() or ())

    # what must hold ---------------------------------------------------------------------------------------

    @invariant()
    def stored_is_what_the_histories_say(self) -> None:
        found = assert_true(self.numbers, now())
        kept = {key: row for one in found.values() for key, row in one.breached.items()}
        assert self.breaches.items() <= kept.items(), "a recorded breach changed or went"
        self.breaches = kept
        self.case = self._newest_case()

    def teardown(self) -> None:
        if not self.numbers:
            return
        self.sweep()
        assert_pile_is_whole(assert_true(self.numbers, now()).values())
        assert [broken for number, broken in history.verify() if broken and number in self.numbers] == []

    # doing it ---------------------------------------------------------------------------------------------

    def _do(self, act: Callable[[], object]) -> None:
        """As a page does; a refusal leaves everything as it was."""
        with suppress(Refused, HelpdeskError), unit_of_work():
            act()

    def _number(self, which: int) -> int:
        return self.numbers[which % len(self.numbers)]

    def _ticket(self, which: int) -> Ticket:
        return self._by_number(self._number(which))

    def _by_number(self, number: int) -> Ticket:
        db.session.rollback()
        return db.session.get_one(Ticket, number, populate_existing=True)


REASONS = {
    Trigger.TURN_AWAY: ("spam", "not_support"),
    Trigger.RETURN_TO_PARTNER: ("vendor_answered", "vendor_refused"),
    Trigger.WITHDRAW: ("no_longer_needed", "solved_by_contact"),
}


class World:
    """What all lives share: policies, calendars and channels, put back before each."""

    def __init__(self, lead_id: int) -> None:
        rows = db.session.execute(sa.select(Topic.kind, sa.func.min(Topic.id)).group_by(Topic.kind))
        self.topic_ids: dict[Kind, int] = dict(rows.all())
        self._drafts = {policy.id: self._draft(policy) for policy in db.session.scalars(sa.select(SlaPolicy))}
        self._definitions = {
            row.id: row.version.definition
            for row in db.session.scalars(sa.select(Calendar).order_by(Calendar.id))
            if row.version is not None
        }
        with unit_of_work():
            self._entitle()
            self._time_the_vendor()
            db.session.execute(sa.update(Team).values(lead_id=lead_id))  # of whom ladders speak

    @staticmethod
    def _draft(policy: SlaPolicy) -> editing.PolicyDraft:
        targets = [editing.Target(row.priority, row.clock, row.seconds, row.calendar_id) for row in policy.targets]
        return editing.PolicyDraft(
            policy.name,
            support_plan_id=policy.support_plan_id,
            targets=tuple(targets),
            pause_on=dict(policy.pause_on),
            levels=dict(policy.levels),
        )

    @staticmethod
    def _entitle() -> None:
        """Every channel but the commercial one by a contract that counts no incidents."""
        db.session.execute(sa.delete(Entitlement))
        for channel in db.session.scalars(sa.select(SupportChannel)):
            if channel.kind is not ChannelKind.COMMERCIAL:
                contract = Entitlement(channel_id=channel.id, starts_on=date(2026, 1, 1), ends_on=date(2027, 12, 31))
                contract.created_at = now()
                db.session.add(contract)

    def _time_the_vendor(self) -> None:
        """Premier and commercial cases are timed at the severities A and B, round the clock and in open hours."""
        db.session.execute(sa.delete(VendorTerm))
        calendars = tuple(self._definitions)
        channels = sa.select(SupportChannel.id).where(
            SupportChannel.kind.in_((ChannelKind.PREMIER, ChannelKind.COMMERCIAL))
        )
        for channel_id in db.session.scalars(channels):
            for place, severity in enumerate((Severity.A, Severity.B)):
                for clock, seconds in ((ClockKind.VENDOR_RESPONSE, HOUR), (ClockKind.VENDOR_UPDATE, 20 * HOUR)):
                    term = VendorTerm(channel_id=channel_id, severity=severity, clock=clock, seconds=seconds)
                    term.calendar_id = calendars[place]
                    db.session.add(term)

    def restore(self) -> None:
        """Put everything back, and let earlier lives be over: nothing of them falls due any more."""
        with unit_of_work() as session:
            for policy in session.scalars(sa.select(SlaPolicy)):
                editing.edit_policy(policy, self._drafts[policy.id], now())
            for calendar_id, definition in self._definitions.items():
                self._edit(calendar_id, definition)
            session.execute(sa.update(SlaClock).values(next_fire_at=None))
            session.execute(sa.update(Ticket).values(hold_until=None, closes_at=None, remind_at=None))

    def edit_policies(
        self, clock: ClockKind, seconds: int | None, pause_on: list[str], levels: list[dict[str, Any]], calendar: int
    ) -> None:
        calendar_id = tuple(self._definitions)[calendar]
        for policy in db.session.scalars(sa.select(SlaPolicy)):
            draft = self._draft(policy)
            others = tuple(target for target in draft.targets if target.clock is not clock)
            own = tuple(editing.Target(priority, clock, seconds or 0, calendar_id) for priority in Priority)
            draft = replace(
                draft,
                targets=others + own if seconds else others,
                pause_on={**draft.pause_on, str(clock): pause_on},
                levels={**draft.levels, str(clock): levels},
            )
            editing.edit_policy(policy, draft, now())

    def edit_calendar(self, which: int, definition: Mapping[str, Any]) -> None:
        self._edit(tuple(self._definitions)[which], definition)

    @staticmethod
    def _edit(calendar_id: int, definition: Mapping[str, Any]) -> None:
        calendar = db.session.get_one(Calendar, calendar_id)
        editing.edit_calendar(calendar, calendar.name, definition, None, now())
