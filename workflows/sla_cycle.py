"""One cycle of one clock: how it came to stand as it does, and the record of it that others read.

A ``Clock`` is replayed; a ``Cycle`` is what is left when the replay has reached its moment. The log
is append-only: replaying to a later moment, or with further events, only adds to it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from workflows.business_time import BusinessCalendar
from workflows.sla_course import Course, Pause
from workflows.sla_terms import ClockTerms, Due
from workflows.vocabulary import ClockChange, ClockKind, ClockState, PauseCause, SlaEvent, SpanReason


class ClockView(NamedTuple):
    """How a clock stands. Seconds are business seconds; the deadline is aware UTC."""

    state: ClockState
    elapsed_seconds: int | None
    remaining_seconds: int | None  # below zero when late
    deadline: datetime | None
    breached: bool  # in the terms in force


NO_VIEW = ClockView(ClockState.NONE, None, None, None, False)


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
    deadline_at: datetime | None
    late_from: datetime | None
    is_on_retarget: bool


@dataclass(frozen=True, slots=True)
class Cycle:
    """All that is known of one cycle of a clock at ``as_of``. Moments are aware UTC.

    ``state`` is NONE while the policy in force promises nothing; target, seconds and moments are
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
    pauses: tuple[Pause, ...]  # those that this clock counts, by start; the last may be open
    calendar: BusinessCalendar | None
    next_fire_at: datetime | None  # next moment at which anything happens by mere passing of time
    changes: tuple[Change, ...]
    as_of: datetime

    @property
    def view(self) -> ClockView:
        return ClockView(
            self.state, self.elapsed_seconds, self.remaining_seconds, self.deadline, self.breached
        )


class _Line(NamedTuple):
    at: datetime
    what: ClockChange
    course: Course | None
    cause: PauseCause | SpanReason | None = None
    level: int = 0
    is_on_retarget: bool = False


class Clock:
    """A cycle while it is replayed. Without ``is_timed`` only events are logged, which is cheaper."""

    __slots__ = (
        "_course", "_due", "_ended_at", "_ended_by", "_gaps", "_is_paused", "_is_timed", "_log",
        "_spent", "_started_at", "_state", "kind", "terms",
    )  # fmt: skip

    def __init__(
        self, kind: ClockKind, terms: ClockTerms, pauses: Sequence[Pause], at: datetime, is_timed: bool
    ) -> None:
        self.kind = kind
        self.terms = terms
        self._started_at = at
        self._ended_at: datetime | None = None
        self._ended_by: SlaEvent | None = None
        self._state: ClockState | None = None  # met or cancelled
        self._course: Course | None = None  # None while the terms promise nothing
        self._gaps: list[Pause] = []  # from an end to the reopening
        self._log: list[_Line] = []
        self._is_paused = False  # by the log
        self._is_timed = is_timed
        self._due: list[Due] = []  # still to come, soonest first
        self._spent: set[tuple[int, int]] = set()  # rank and level: each happens once in a cycle
        self.follow(terms, pauses, at)

    @property
    def is_known(self) -> bool:
        """Whether anything was ever promised."""
        return bool(self._log)

    @property
    def ended(self) -> ClockState | None:
        return self._state

    # what happens to it --------------------------------------------------------------------------

    def settle(self, at: datetime) -> None:
        """Log what the passing of time has brought up to and including ``at``."""
        course = self._course
        if course is None or course.paused_from:
            return
        while self._due and course.has_passed(self._due[0].threshold, at):
            due = self._spend()
            self._write(course.moment(due.threshold + 1), due.what, level=due.level)

    def follow(self, terms: ClockTerms, pauses: Sequence[Pause], at: datetime) -> None:
        """Take up the terms and pauses now in force, and log what that changes."""
        self._take_up(terms, pauses, at, is_resumed=False)

    def end(self, state: ClockState, by: SlaEvent, pauses: Sequence[Pause], at: datetime) -> None:
        """Be met or cancelled: keep the terms; a pause that lasts ends here (R3, R5)."""
        self._state, self._ended_at, self._ended_by = state, at, by
        if self._course is not None:
            self._course = self._charted(pauses, until=at)
            self._write(at, ClockChange(state))
        self._is_paused = False

    def resume(self, terms: ClockTerms, pauses: Sequence[Pause], at: datetime) -> None:
        """Run on in the same cycle under today's terms; the time since the end is not counted (R4)."""
        assert self._ended_at is not None
        if self._ended_at < at:
            self._gaps.append(Pause(self._ended_at, at, SpanReason.RESOLVED))
        self._state = self._ended_at = self._ended_by = None
        self._take_up(terms, pauses, at, is_resumed=True)

    # what is left of it --------------------------------------------------------------------------

    def view(self, at: datetime) -> ClockView:
        course = self._course
        if course is None:
            return NO_VIEW
        elapsed = course.elapsed(self._ended_at or at)
        is_late = elapsed > course.target
        state = self._state or (ClockState.PAUSED if course.paused_from else ClockState.RUNNING)
        is_shown = is_late or state is not ClockState.PAUSED
        deadline = course.moment(course.target) if is_shown else None
        return ClockView(state, elapsed, course.target - elapsed, deadline, is_late)

    def cycle(self, number: int, at: datetime) -> Cycle:
        course, view = self._course, self.view(at)
        return Cycle(
            kind=self.kind,
            number=number,
            state=view.state,
            started_at=self._started_at,
            ended_at=self._ended_at,
            ended_by=self._ended_by,
            target_seconds=self.terms.target,
            elapsed_seconds=view.elapsed_seconds,
            remaining_seconds=view.remaining_seconds,
            deadline=view.deadline,
            late_from=course.late_from if course and (view.breached or not self._state) else None,
            warns_at=self._first_warning(),
            breached=view.breached,
            pauses=tuple(course.pauses) if course else (),
            calendar=self.terms.calendar,
            next_fire_at=self._next_fire(),
            changes=tuple(map(_change, self._log)),
            as_of=at,
        )

    # inner ---------------------------------------------------------------------------------------

    def _take_up(self, terms: ClockTerms, pauses: Sequence[Pause], at: datetime, is_resumed: bool) -> None:
        is_new = not self._log or (terms is not self.terms and terms != self.terms)
        before, self.terms = self._course, terms
        self._course = course = self._charted(pauses)
        if course is None:
            if before is not None:
                self._write(at, ClockChange.ENDED_WITHOUT_SLA)
            return
        if not self._log:
            self._write(at, ClockChange.STARTED)
        else:
            if is_resumed:
                self._write(at, ClockChange.RESUMED)
            if is_new or before is None:
                self._write(at, ClockChange.RETARGETED)
        self._log_pause(at)
        if self._is_timed and (is_new or before is None):
            self._line_up(at)

    def _charted(self, pauses: Sequence[Pause], until: datetime | None = None) -> Course | None:
        """Return the course under the terms in force; with ``until`` no pause goes on after it."""
        target, calendar, pause_on, _ = self.terms
        if target is None:
            return None
        assert calendar is not None  # a Policy refuses a target without
        start = self._started_at
        counted = [
            pause if pause.start >= start else pause._replace(start=start)
            for pause in pauses
            if pause.cause in pause_on and (pause.until is None or pause.until > start)
        ]
        if until is not None:
            counted = [pause._replace(until=pause.until or until) for pause in counted if pause.start < until]
        if self._gaps:
            counted = sorted([*counted, *self._gaps], key=lambda pause: pause.start)
        return Course(start, target, calendar, counted)

    def _log_pause(self, at: datetime) -> None:
        """Log that the clock stopped or goes on; causes that follow or overlap are one pause (R3)."""
        assert self._course is not None
        is_paused = self._course.paused_from is not None
        if is_paused and not self._is_paused:
            lasting = next(pause for pause in self._course.pauses if pause.until is None)
            self._write(at, ClockChange.PAUSED, cause=lasting.cause)
        elif self._is_paused and not is_paused:
            self._write(at, ClockChange.RESUMED)
        self._is_paused = is_paused

    def _line_up(self, at: datetime) -> None:
        """Order what is still to come under new terms; what they put in the past is settled now (R5, R7)."""
        course = self._course
        assert course is not None
        every = [level.due(course.target) for level in self.terms.levels]
        every.append(Due(course.target, 1, 0, ClockChange.BREACHED))
        self._due = sorted(due for due in every if (due.rank, due.level) not in self._spent)
        while self._due and course.has_passed(self._due[0].threshold, at):
            due = self._spend()
            if due.what is ClockChange.WARNED:
                self._write(at, ClockChange.SKIPPED, level=due.level)
            else:
                self._write(at, due.what, level=due.level, is_on_retarget=True)

    def _spend(self) -> Due:
        due = self._due.pop(0)
        self._spent.add((due.rank, due.level))
        return due

    def _next_fire(self) -> datetime | None:
        if self._state or not self._course or self._course.paused_from or not self._due:
            return None
        return self._course.passed(self._due[0].threshold)

    def _first_warning(self) -> datetime | None:
        if self._state or not self._course or self._course.paused_from:
            return None
        due = [level.due(self._course.target) for level in self.terms.levels]
        thresholds = [each.threshold for each in due if each.what is ClockChange.WARNED]
        return self._course.passed(min(thresholds)) if thresholds else None

    def _write(
        self,
        at: datetime,
        what: ClockChange,
        *,
        cause: PauseCause | SpanReason | None = None,
        level: int = 0,
        is_on_retarget: bool = False,
    ) -> None:
        self._log.append(_Line(at, what, self._course, cause, level, is_on_retarget))


def _change(line: _Line) -> Change:
    at, what, course, cause, level, is_on_retarget = line
    deadline = course.deadline if course else None
    late_from = course.late_from if course else None
    return Change(at, what, cause, level, deadline, late_from, is_on_retarget)
