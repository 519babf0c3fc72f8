"""What others read of a clock: its view, and the record of each of its cycles with the whole log."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from workflows.business_time import BusinessCalendar
from workflows.vocabulary import ClockChange, ClockKind, ClockState, PauseCause, SlaEvent, SpanReason


class ClockView(NamedTuple):
    """How a clock stands. Seconds are business seconds; the deadline is aware UTC."""

    state: ClockState
    elapsed_seconds: int | None
    remaining_seconds: int | None  # below zero when late
    deadline: datetime | None  # None while paused and not late
    breached: bool  # in the terms in force


NO_VIEW = ClockView(ClockState.NONE, None, None, None, False)


class Pause(NamedTuple):
    """A half-open stretch of time that a clock does not count; ``until`` is None while it lasts."""

    start: datetime  # aware, UTC
    until: datetime | None
    cause: PauseCause | SpanReason  # SpanReason.RESOLVED from an end to the reopening


@dataclass(frozen=True, slots=True)
class Change:
    """One line of a clock's log. Moments are aware UTC.

    ``at`` is the true instant: a warning's or a breach's own, not that of its noticing. A breach put
    in the past by other terms (``is_on_retarget``) came to be at the change; ``late_from`` tells
    since when it counts as late.
    """

    at: datetime
    what: ClockChange
    cause: PauseCause | SpanReason | None  # of a pause
    level: int  # of a warning or ladder step, else 0
    deadline_at: datetime | None  # as it was promised from then on
    late_from: datetime | None  # of a breach
    is_on_retarget: bool


@dataclass(frozen=True, slots=True)
class Cycle:
    """All that is known of one cycle of a clock at ``as_of``. Moments are aware UTC.

    ``state`` is NONE while the policy in force promises nothing; target, seconds and deadline are
    None then. ``breached`` speaks of the terms in force; a breach in ``changes`` has happened.
    """

    kind: ClockKind
    number: int  # from 1
    state: ClockState
    started_at: datetime
    ended_at: datetime | None  # met or cancelled
    ended_by: SlaEvent | None  # a first response met by ``state`` was resolved without a reply
    target_seconds: int | None
    elapsed_seconds: int | None
    remaining_seconds: int | None
    deadline: datetime | None  # None while paused and not late
    late_from: datetime | None  # first late second; None while paused, or ended, and not late
    warns_at: datetime | None  # when the first warning is or was due; None while paused, ended or without one
    breached: bool
    pauses: tuple[Pause, ...]  # those that this clock counts, by start
    calendar: BusinessCalendar | None
    next_fire_at: datetime | None  # next moment at which anything happens by mere passing of time
    changes: tuple[Change, ...]
    as_of: datetime

    @property
    def view(self) -> ClockView:
        return ClockView(self.state, self.elapsed_seconds, self.remaining_seconds, self.deadline, self.breached)

    @property
    def paused_by(self) -> PauseCause | SpanReason | None:
        """The cause of the pause that lasts, of several the one that started first; None if none lasts."""
        return next((pause.cause for pause in self.pauses if pause.until is None), None)
