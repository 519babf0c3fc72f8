"""What others read of a clock: its view, and the record of each of its cycles with the whole log."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from workflows.business_moments import Seconds, to_datetime
from workflows.business_time import BusinessCalendar
from workflows.sla_course import Course
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


class Change:
    """One line of a clock's log. Moments are aware UTC, and computed when asked for: most logs are only counted.

    ``at`` is the true instant: a warning's or a breach's own, not that of its noticing. A breach put
    in the past by other terms (``is_on_retarget``) came to be at the change; ``late_from`` tells
    since when it counts as late.
    """

    __slots__ = ("_at", "_course", "cause", "is_on_retarget", "level", "what")

    def __init__(
        self,
        at: Seconds,
        what: ClockChange,
        course: Course | None,  # which the clock took from then on
        cause: PauseCause | SpanReason | None = None,  # of a pause
        level: int = 0,  # of a warning or ladder step
        is_on_retarget: bool = False,
    ) -> None:
        self._at = at
        self._course = course
        self.what = what
        self.cause = cause
        self.level = level
        self.is_on_retarget = is_on_retarget

    @property
    def at(self) -> datetime:
        return to_datetime(self._at, UTC)

    @property
    def deadline_at(self) -> datetime | None:
        """As it was promised from then on."""
        deadline = self._course.deadline if self._course is not None else None
        return None if deadline is None else to_datetime(deadline, UTC)

    @property
    def late_from(self) -> datetime | None:
        """The first late second of a breach."""
        if self.what is not ClockChange.BREACHED or self._course is None or self._course.late_from is None:
            return None
        return to_datetime(self._course.late_from, UTC)

    def __eq__(self, other: object) -> bool:
        return self._told == other._told if isinstance(other, Change) else NotImplemented

    def __hash__(self) -> int:
        return hash((self._at, self.what, self.level))

    def __repr__(self) -> str:
        return f"<Change {self.what} at {self.at.isoformat()}>"

    @property
    def _told(self) -> tuple[object, ...]:
        told = (self._at, self.what, self.cause, self.level, self.is_on_retarget)
        return (*told, self.deadline_at, self.late_from)


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
