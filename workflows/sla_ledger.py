"""The minute ledger: every second of a ticket belongs to exactly one owner.

Closed hours win over holds, holds over states. The ledger ends at the last closing, merge or
turning away, or now; a ticket that was reopened spent the time between as resolved.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import NamedTuple

from workflows.business_moments import to_datetime, to_seconds
from workflows.business_time import BusinessCalendar
from workflows.sla_events import Event
from workflows.sla_terms import InvalidSla
from workflows.vocabulary import OPEN_STATES, ClockKind, LedgerOwner, SlaEvent, State

_OWNER_OF_STATE = {
    State.INTAKE: LedgerOwner.INTAKE,
    State.DIAGNOSIS: LedgerOwner.DIAGNOSIS,
    State.PARTNER_RESOLUTION: LedgerOwner.PARTNER_RESOLUTION,
    State.ESCALATED_COMMERCIAL: LedgerOwner.VENDOR_COMMERCIAL,
    State.ESCALATED_PREMIER: LedgerOwner.VENDOR_PREMIER,
    State.ESCALATED_ADVANCED: LedgerOwner.VENDOR_ADVANCED,
    State.ESCALATED_SIGNATURE: LedgerOwner.VENDOR_SIGNATURE,
}
_LAST_STATES = frozenset({State.CLOSED, State.TURNED_AWAY, State.MERGED})


class LedgerSpan(NamedTuple):
    """A half-open stretch of time and whom it belongs to. Moments are aware UTC."""

    start: datetime
    end: datetime
    owner: LedgerOwner


class _Turn(NamedTuple):
    """Whose turn it was by state and hold, whatever the hour. Epoch seconds."""

    start: int
    end: int
    owner: LedgerOwner


@dataclass(frozen=True)
class Ledger:
    """Whom the time from ``start`` to ``end`` (aware UTC) belongs to."""

    start: datetime
    end: datetime
    calendar: BusinessCalendar
    _turns: tuple[_Turn, ...]

    @property
    def elapsed_seconds(self) -> int:
        """Real elapsed seconds; ``totals`` sum to them."""
        return int(to_seconds(self.end) - to_seconds(self.start))

    @cached_property
    def totals(self) -> dict[LedgerOwner, int]:
        """Seconds of each owner who had any."""
        return self.share(self.start, self.end)

    def share(self, start: datetime, end: datetime) -> dict[LedgerOwner, int]:
        """Return the seconds of each owner between two aware moments, as between start and breach of a clock."""
        totals: dict[LedgerOwner, int] = {}
        first, last = int(to_seconds(start)), int(to_seconds(end))
        for turn in self._turns:
            begin, finish = max(turn.start, first), min(turn.end, last)
            if begin >= finish:
                continue
            counted = int(self.calendar.line.count(begin, finish))
            for owner, seconds in (
                (turn.owner, counted),
                (LedgerOwner.CLOSED_HOURS, finish - begin - counted),
            ):
                if seconds:
                    totals[owner] = totals.get(owner, 0) + seconds
        return totals

    @cached_property
    def spans(self) -> tuple[LedgerSpan, ...]:
        """The whole time without gaps, neighbours of one owner joined."""
        spans: list[LedgerSpan] = []
        for span in self._cut():
            if spans and spans[-1].owner is span.owner:
                spans[-1] = spans[-1]._replace(end=span.end)
            else:
                spans.append(span)
        return tuple(spans)

    def _cut(self) -> Iterator[LedgerSpan]:
        """Yield the turns cut by the calendar's hours."""
        for turn in self._turns:
            start, end = to_datetime(turn.start, UTC), to_datetime(turn.end, UTC)
            for span in self.calendar.explain(start, end):
                owner = turn.owner if span.counted else LedgerOwner.CLOSED_HOURS
                yield LedgerSpan(span.start.astimezone(UTC), span.end.astimezone(UTC), owner)


def draw_up(events: Sequence[Event], calendar: BusinessCalendar, at: datetime) -> Ledger:
    """Return the ledger of a ticket's events up to ``at``; raise InvalidSla if it was not created by then."""
    heard = [event for event in events if event.at <= at]
    if not heard or heard[0].type is not SlaEvent.CREATE:
        raise InvalidSla("no_beginning", "A ledger begins with the creation of a ticket.")
    until = _end(heard, at)
    heard = [event for event in heard if event.at <= until]
    start, end = int(to_seconds(heard[0].at)), int(to_seconds(until))
    turns: list[_Turn] = []
    owner, since = LedgerOwner.INTAKE, start
    for moment, next_owner in _handovers(heard):
        if since < moment:
            turns.append(_Turn(since, moment, owner))
        owner, since = next_owner, moment
    if since < end:
        turns.append(_Turn(since, end, owner))
    hours = _calendar(heard, calendar)
    return Ledger(to_datetime(start, UTC), to_datetime(end, UTC), hours, tuple(turns))


def _end(events: Sequence[Event], at: datetime) -> datetime:
    """Return when the ticket came to the last state it is in, or ``at`` while it may still move on."""
    state, since = State.INTAKE, at
    for event in events:
        if event.type is SlaEvent.STATE and event.state is not None and event.state is not state:
            state, since = event.state, event.at
    return since if state in _LAST_STATES else at


def _handovers(events: Sequence[Event]) -> Iterator[tuple[int, LedgerOwner]]:
    """Yield (epoch second, new owner) at every event that may change whose turn it is."""
    state, hold = State.INTAKE, None
    for event in events:
        if event.type is SlaEvent.HOLD and state in OPEN_STATES:
            hold = event.cause
        elif event.type is SlaEvent.RELEASE:
            hold = None
        elif event.type is SlaEvent.STATE and event.state is not None:
            state = event.state
            hold = hold if state in OPEN_STATES else None
        else:
            continue
        owner = LedgerOwner(hold) if hold else _OWNER_OF_STATE.get(state, LedgerOwner.RESOLVED)
        yield int(to_seconds(event.at)), owner


def _calendar(events: Sequence[Event], calendar: BusinessCalendar) -> BusinessCalendar:
    """Return the resolution clock's calendar as the events leave it."""
    for event in events:
        if event.type is SlaEvent.CALENDAR and event.calendar is not None:
            if event.kinds is None or ClockKind.RESOLUTION in event.kinds:
                calendar = event.calendar
        elif event.policy is not None:
            terms = event.policy.terms(ClockKind.RESOLUTION)
            if terms.target is not None and terms.calendar is not None:
                calendar = terms.calendar
    return calendar
