"""Which clock starts, pauses, goes on and ends at which event: the table of clocks in docs/sla.md, replayed."""

from collections.abc import Callable, Iterable

from workflows.business_moments import Seconds, to_seconds
from workflows.sla_clock import Clock
from workflows.sla_events import Event
from workflows.sla_stops import Causes, Stops
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

    ``cycles`` holds every cycle ever begun, by kind and in order; ``kinds`` are those a target was
    ever set for, be it None.
    """

    def __init__(self, policy: Policy, *, is_timed: bool) -> None:
        self.kinds = dict.fromkeys(policy.change.targets)
        self.cycles: dict[ClockKind, list[Clock]] = {}
        self._running: dict[ClockKind, Clock] = {}
        self._policy = policy
        self._is_timed = is_timed
        self._at: Seconds = 0  # of the event at hand
        self._stops = Stops()
        self._state: State | None = None
        self._is_created = False  # False for a vendor case alone: the ticket's clocks are told elsewhere
        self._is_assigned = False
        self._is_answered = False
        self._case: VendorCaseState | None = None

    def run(self, events: Iterable[Event], at: Seconds) -> None:
        """Take the events up to and including ``at``, then let time pass until then."""
        for event in events:
            self._at = to_seconds(event.at)
            if self._at > at:
                break
            self._settle(self._at)
            _REACTIONS[event.type](self, event)
        self._settle(at)

    def _settle(self, at: Seconds) -> None:
        """Write what is due before anything changes (R5)."""
        if self._is_timed:
            for clock in self._running.values():
                clock.settle(at)

    # what is said --------------------------------------------------------------------------------

    def _create(self, event: Event) -> None:
        self._state, self._is_created = State.INTAKE, True
        for kind in STARTED_AT_CREATION:
            self._start(kind)
        if event.by is SlaParty.AGENT:  # a message to the contact went out with it
            self._public_reply(event)

    def _contact_message(self, _: Event) -> None:
        if self._is_answered and self._state not in DEAF_STATES:
            self._start(ClockKind.NEXT_RESPONSE)

    def _public_reply(self, event: Event) -> None:
        if not self._is_created or self._state in DEAF_STATES:
            return
        self._is_answered = True
        for kind in MET_BY_REPLY:
            self._end(kind, ClockState.MET, event)
        if self._state in OPEN_STATES:
            self._start(ClockKind.PERIODIC_UPDATE)

    def _internal_note(self, _: Event) -> None:
        """A note is no response."""

    # who has it, and what it waits for -----------------------------------------------------------

    def _assigned(self, event: Event) -> None:
        was_assigned, self._is_assigned = self._is_assigned, event.is_assigned
        if event.is_assigned:
            self._end(ClockKind.PICKUP, ClockState.MET, event)
        elif was_assigned and self._is_created and self._state in OPEN_STATES:
            self._start(ClockKind.PICKUP)

    def _hold(self, event: Event) -> None:
        assert event.cause is not None
        if self._state is None or self._state in OPEN_STATES:  # only an open ticket waits
            self._follow_stops(self._stops.hold(PauseCause(event.cause), self._at))

    def _release(self, _: Event) -> None:
        self._follow_stops(self._stops.release(self._at))

    def _follow_stops(self, causes: Causes) -> None:
        """Stop or let go on the clocks that care for one of the causes."""
        if not causes:
            return
        for clock in self._running.values():
            if not clock.terms.pause_on.isdisjoint(causes):
                clock.follow(clock.terms, self._stops, self._at)

    # where it is ---------------------------------------------------------------------------------

    def _move(self, event: Event) -> None:
        old, new = self._state, event.state
        if new is None or new is old:
            return
        self._state = new
        if new in OPEN_STATES:
            self._go_on(old, new, event)
        else:
            self._rest(new, event)

    def _go_on(self, old: State | None, new: State, event: Event) -> None:
        if old in STATE_CLOCKS:
            self._end(STATE_CLOCKS[old], ClockState.MET, event)
        self._follow_stops(self._stops.set_vendor(new in ESCALATED_STATES, self._at))
        if not self._is_created:
            return
        if old not in OPEN_STATES:
            self._reopen()
        if new in STATE_CLOCKS:
            self._start(STATE_CLOCKS[new])

    def _reopen(self) -> None:
        """Resume what was promised from the beginning; other clocks wait for their next start (R4)."""
        if self.cycles[ClockKind.FIRST_RESPONSE][-1].outcome is ClockState.CANCELLED:
            self._resume(ClockKind.FIRST_RESPONSE)
        self._resume(ClockKind.RESOLUTION)
        if not self._is_assigned:
            self._start(ClockKind.PICKUP)

    def _rest(self, new: State, event: Event) -> None:
        """End the clocks before the stops, so that a paused clock ends paused (R3)."""
        if new is State.RESOLVED:
            self._is_answered = self._is_created
            self._end(ClockKind.PICKUP, ClockState.CANCELLED, event)
            for kind in MET_BY_RESOLVING:
                self._end(kind, ClockState.MET, event)
        else:
            for kind in tuple(self._running):
                self._end(kind, ClockState.CANCELLED, event)
        self._follow_stops((*self._stops.release(self._at), *self._stops.set_vendor(False, self._at)))

    # the terms -----------------------------------------------------------------------------------

    def _retarget(self, event: Event) -> None:
        if event.policy is not None:  # targets and calendars at one stroke: no state in between can breach
            self._apply(event.policy)
            return
        assert event.change is not None
        self._apply(self._policy.merged(event.change))

    def _recalendar(self, event: Event) -> None:
        assert event.calendar is not None
        self._apply(self._policy.on_calendar(event.calendar, event.kinds))

    def _apply(self, policy: Policy) -> None:
        self._policy = policy
        self.kinds.update(dict.fromkeys(policy.change.targets))
        for kind, clock in self._running.items():
            clock.follow(policy.terms(kind), self._stops, self._at)

    # the vendor's case ---------------------------------------------------------------------------

    def _open_case(self, _: Event) -> None:
        self._case = VendorCaseState.OPEN
        self._start(ClockKind.VENDOR_RESPONSE)

    def _vendor_note(self, event: Event) -> None:
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
            self._start(ClockKind.VENDOR_UPDATE)

    def _move_case(self, event: Event) -> None:
        old, new = self._case, event.case
        if new is old or old is VendorCaseState.CLOSED:
            return
        self._case = new
        if new is VendorCaseState.OPEN:  # told in so many words, before our note or without one
            self._start(ClockKind.VENDOR_UPDATE)
            return
        self._end(ClockKind.VENDOR_UPDATE, ClockState.CANCELLED, event)
        if new is VendorCaseState.CLOSED:
            self._end(ClockKind.VENDOR_RESPONSE, ClockState.CANCELLED, event)

    # a clock -------------------------------------------------------------------------------------

    def _start(self, kind: ClockKind) -> None:
        """Begin a cycle unless one runs: a second message does not move a deadline."""
        if kind in self._running:
            return
        clock = Clock(kind, self._policy.terms(kind), self._stops, self._at, self._is_timed)
        self._running[kind] = clock
        self.cycles.setdefault(kind, []).append(clock)

    def _end(self, kind: ClockKind, outcome: ClockState, event: Event) -> None:
        clock = self._running.pop(kind, None)
        if clock is not None:
            clock.end(outcome, event.type, self._stops, self._at)

    def _resume(self, kind: ClockKind) -> None:
        clock = self._running[kind] = self.cycles[kind][-1]
        clock.resume(self._policy.terms(kind), self._stops, self._at)


_REACTIONS: dict[SlaEvent, Callable[[Replay, Event], None]] = {
    SlaEvent.CREATE: Replay._create,
    SlaEvent.CONTACT_MESSAGE: Replay._contact_message,
    SlaEvent.PUBLIC_REPLY: Replay._public_reply,
    SlaEvent.INTERNAL_NOTE: Replay._internal_note,
    SlaEvent.HOLD: Replay._hold,
    SlaEvent.RELEASE: Replay._release,
    SlaEvent.STATE: Replay._move,
    SlaEvent.ASSIGNED: Replay._assigned,
    SlaEvent.TARGETS: Replay._retarget,
    SlaEvent.CALENDAR: Replay._recalendar,
    SlaEvent.VENDOR_CASE_OPENED: Replay._open_case,
    SlaEvent.VENDOR_NOTE: Replay._vendor_note,
    SlaEvent.VENDOR_CASE: Replay._move_case,
}
