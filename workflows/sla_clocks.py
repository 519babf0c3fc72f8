"""Which clock starts, pauses, goes on and ends at which event: the Clocks table of sla.md, replayed."""

from collections.abc import Callable, Iterable
from datetime import datetime

from workflows.sla_course import Pause
from workflows.sla_cycle import Clock
from workflows.sla_events import Event
from workflows.sla_terms import Policy
from workflows.vocabulary import (
    ESCALATED_STATES,
    OPEN_STATES,
    ClockKind,
    ClockState,
    PauseCause,
    SlaEvent,
    SlaParty,
    State,
    VendorCaseState,
)

STATE_CLOCKS = {
    State.INTAKE: ClockKind.INTAKE,
    State.DIAGNOSIS: ClockKind.DIAGNOSIS,
    State.PARTNER_RESOLUTION: ClockKind.PARTNER_RESOLUTION,
}
STARTED_AT_CREATION = (ClockKind.FIRST_RESPONSE, ClockKind.PICKUP, ClockKind.INTAKE, ClockKind.RESOLUTION)
MET_BY_REPLY = (ClockKind.FIRST_RESPONSE, ClockKind.NEXT_RESPONSE, ClockKind.PERIODIC_UPDATE)
# Clocks of the vendor go on when the ticket is resolved: a case may be left open on purpose.
MET_BY_RESOLVING = (*MET_BY_REPLY, *STATE_CLOCKS.values(), ClockKind.RESOLUTION)
DEAF_STATES = frozenset({State.CLOSED, State.TURNED_AWAY, State.MERGED})  # messages do nothing there


class Replay:
    """The clocks of one ticket, or of one vendor case, as its events come in.

    ``cycles`` holds every cycle ever begun, by kind and in order; ``running`` those not ended.
    """

    def __init__(self, policy: Policy, *, is_timed: bool) -> None:
        self.policy = policy
        self.cycles: dict[ClockKind, list[Clock]] = {}
        self.running: dict[ClockKind, Clock] = {}
        self._is_timed = is_timed
        self._state: State | None = None  # None in the call of a vendor case
        self._is_assigned = False
        self._is_answered = False
        self._case: VendorCaseState | None = None
        self._past: list[Pause] = []
        self._hold: Pause | None = None
        self._vendor: Pause | None = None

    def run(self, events: Iterable[Event], at: datetime) -> None:
        """Take the events up to and including ``at``, then let time pass until then."""
        for event in events:
            if event.at > at:
                break
            self._settle(event.at)
            _REACTIONS[event.type](self, event)
        self._settle(at)

    def _settle(self, at: datetime) -> None:
        """Write what is due before anything changes (R5)."""
        if self._is_timed:
            for clock in self.running.values():
                clock.settle(at)

    # what is said --------------------------------------------------------------------------------

    def _create(self, event: Event) -> None:
        self._state = State.INTAKE
        for kind in STARTED_AT_CREATION:
            self._start(kind, event)
        if event.by is SlaParty.AGENT:  # a message to the contact went out with it
            self._public_reply(event)

    def _contact_message(self, event: Event) -> None:
        if self._state not in DEAF_STATES and self._is_answered:
            self._start(ClockKind.NEXT_RESPONSE, event)

    def _public_reply(self, event: Event) -> None:
        if self._state in DEAF_STATES:
            return
        self._is_answered = True
        for kind in MET_BY_REPLY:
            self._end(kind, ClockState.MET, event)
        if self._state in OPEN_STATES:
            self._start(ClockKind.PERIODIC_UPDATE, event)

    def _nothing(self, event: Event) -> None:
        """An internal note is no response."""

    # who has it, and what it waits for -----------------------------------------------------------

    def _assigned(self, event: Event) -> None:
        was_assigned, self._is_assigned = self._is_assigned, event.is_assigned
        if event.is_assigned:
            self._end(ClockKind.PICKUP, ClockState.MET, event)
        elif was_assigned and self._state in OPEN_STATES:
            self._start(ClockKind.PICKUP, event)

    def _held(self, event: Event) -> None:
        if self._state is not None and self._state not in OPEN_STATES:
            return  # only an open ticket waits
        assert event.cause is not None
        old = self._dropped(self._hold, event.at)
        cause = PauseCause(event.cause)
        self._hold = Pause(event.at, None, cause)
        self._repause(event.at, cause, old)

    def _released(self, event: Event) -> None:
        old = self._dropped(self._hold, event.at)
        self._hold = None
        self._repause(event.at, old)

    def _dropped(self, pause: Pause | None, at: datetime) -> PauseCause | None:
        """End a pause, remember it if it lasted at all, and return its cause."""
        if pause is None:
            return None
        if pause.start < at:
            self._past.append(pause._replace(until=at))
        return PauseCause(pause.cause)

    def _repause(self, at: datetime, *causes: PauseCause | None) -> None:
        """Stop or let go on the clocks that care for one of the causes."""
        pauses = self._pauses()
        for clock in self.running.values():
            if not clock.terms.pause_on.isdisjoint(causes):
                clock.follow(clock.terms, pauses, at)

    def _pauses(self) -> list[Pause]:
        pauses = [*self._past, *(pause for pause in (self._hold, self._vendor) if pause)]
        return sorted(pauses) if len(pauses) > 1 else pauses

    # where it is ---------------------------------------------------------------------------------

    def _moved(self, event: Event) -> None:
        old, new = self._state, event.state
        if new is old or new is None:
            return
        self._state = new
        if new in OPEN_STATES:
            self._go_on(old, new, event)
        else:
            self._rest(new, event)

    def _go_on(self, old: State | None, new: State, event: Event) -> None:
        if old in STATE_CLOCKS:
            self._end(STATE_CLOCKS[old], ClockState.MET, event)
        self._set_vendor(new in ESCALATED_STATES, event.at)
        if ClockKind.RESOLUTION not in self.cycles:
            return  # the call of a vendor case: the ticket's own clocks are told elsewhere
        if old not in OPEN_STATES:
            self._reopen(event)
        if new in STATE_CLOCKS:
            self._start(STATE_CLOCKS[new], event)

    def _reopen(self, event: Event) -> None:
        """Resume what was promised from the beginning; every other clock waits for its next start (R4)."""
        if self.cycles[ClockKind.FIRST_RESPONSE][-1].ended is ClockState.CANCELLED:
            self._resume(ClockKind.FIRST_RESPONSE, event)
        self._resume(ClockKind.RESOLUTION, event)
        if not self._is_assigned:
            self._start(ClockKind.PICKUP, event)

    def _rest(self, new: State, event: Event) -> None:
        """End the clocks before the pauses, so that a paused clock ends paused (R3)."""
        if new is State.RESOLVED:
            self._is_answered = True
            self._end(ClockKind.PICKUP, ClockState.CANCELLED, event)
            for kind in MET_BY_RESOLVING:
                self._end(kind, ClockState.MET, event)
        else:
            for kind in tuple(self.running):
                self._end(kind, ClockState.CANCELLED, event)
        self._released(event)
        self._set_vendor(False, event.at)

    def _set_vendor(self, is_with_vendor: bool, at: datetime) -> None:
        if is_with_vendor == (self._vendor is not None):
            return
        self._dropped(self._vendor, at)
        self._vendor = Pause(at, None, PauseCause.VENDOR) if is_with_vendor else None
        self._repause(at, PauseCause.VENDOR)

    # the terms -----------------------------------------------------------------------------------

    def _retargeted(self, event: Event) -> None:
        if event.policy is not None:  # targets and calendars at one stroke: no state in between can breach
            self._apply(event.policy, event.at)
            return
        assert event.change is not None
        self._apply(self.policy.merged(event.change), event.at)

    def _recalendared(self, event: Event) -> None:
        assert event.calendar is not None
        self._apply(self.policy.on_calendar(event.calendar, event.kinds), event.at)

    def _apply(self, policy: Policy, at: datetime) -> None:
        self.policy = policy
        pauses = self._pauses()
        for kind, clock in self.running.items():
            clock.follow(policy.terms(kind), pauses, at)

    # the vendor's case ---------------------------------------------------------------------------

    def _case_opened(self, event: Event) -> None:
        self._case = VendorCaseState.OPEN
        self._start(ClockKind.VENDOR_RESPONSE, event)

    def _vendor_noted(self, event: Event) -> None:
        if self._state in DEAF_STATES:
            return
        if event.by is SlaParty.VENDOR:
            self._end(ClockKind.VENDOR_RESPONSE, ClockState.MET, event)
            self._end(ClockKind.VENDOR_UPDATE, ClockState.MET, event)
        elif self._case is VendorCaseState.ATTENTION_NEEDED:
            self._case = VendorCaseState.OPEN
        else:
            return  # chasing the vendor moves no deadline of theirs
        if self._case is VendorCaseState.OPEN:
            self._start(ClockKind.VENDOR_UPDATE, event)

    def _case_moved(self, event: Event) -> None:
        old, new = self._case, event.case
        if new is old or old is VendorCaseState.CLOSED:
            return
        self._case = new
        if new is VendorCaseState.OPEN:
            self._start(ClockKind.VENDOR_UPDATE, event)
            return
        self._end(ClockKind.VENDOR_UPDATE, ClockState.CANCELLED, event)
        if new is VendorCaseState.CLOSED:
            self._end(ClockKind.VENDOR_RESPONSE, ClockState.CANCELLED, event)

    # a clock -------------------------------------------------------------------------------------

    def _start(self, kind: ClockKind, event: Event) -> None:
        """Begin a cycle unless one runs: a second message does not move a deadline."""
        if kind in self.running:
            return
        clock = Clock(kind, self.policy.terms(kind), self._pauses(), event.at, self._is_timed)
        self.running[kind] = clock
        self.cycles.setdefault(kind, []).append(clock)

    def _end(self, kind: ClockKind, state: ClockState, event: Event) -> None:
        clock = self.running.pop(kind, None)
        if clock is not None:
            clock.end(state, event.type, self._pauses(), event.at)

    def _resume(self, kind: ClockKind, event: Event) -> None:
        clock = self.cycles[kind][-1]
        clock.resume(self.policy.terms(kind), self._pauses(), event.at)
        self.running[kind] = clock


_REACTIONS: dict[SlaEvent, Callable[[Replay, Event], None]] = {
    SlaEvent.CREATE: Replay._create,
    SlaEvent.CONTACT_MESSAGE: Replay._contact_message,
    SlaEvent.PUBLIC_REPLY: Replay._public_reply,
    SlaEvent.INTERNAL_NOTE: Replay._nothing,
    SlaEvent.HOLD: Replay._held,
    SlaEvent.RELEASE: Replay._released,
    SlaEvent.STATE: Replay._moved,
    SlaEvent.ASSIGNED: Replay._assigned,
    SlaEvent.TARGETS: Replay._retargeted,
    SlaEvent.CALENDAR: Replay._recalendared,
    SlaEvent.VENDOR_CASE_OPENED: Replay._case_opened,
    SlaEvent.VENDOR_NOTE: Replay._vendor_noted,
    SlaEvent.VENDOR_CASE: Replay._case_moved,
}
