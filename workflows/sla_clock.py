"""One cycle of one clock while it is replayed: what happens to it, and what it leaves in the log.

The log is append-only: replaying to a later moment, or with further events, only adds to it. Moments
are epoch seconds here; ``Cycle`` and ``ClockView`` give them to others as datetimes.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from workflows.business_moments import Seconds, to_datetime
from workflows.sla_course import Course, Stop
from workflows.sla_cycle import NO_VIEW, Change, ClockView, Cycle, Pause
from workflows.sla_terms import ClockTerms, Due
from workflows.vocabulary import ClockChange, ClockKind, ClockState, PauseCause, SlaEvent, SpanReason

Cause = PauseCause | SpanReason


class _Line(NamedTuple):
    at: Seconds
    what: ClockChange
    course: Course | None
    cause: Cause | None
    level: int
    is_on_retarget: bool


class Clock:
    """A cycle from ``at`` on. Without ``is_timed`` only events are logged, which is cheaper."""

    __slots__ = (
        "_course", "_due", "_ended_at", "_ended_by", "_gaps", "_is_paused", "_is_timed", "_log",
        "_spent", "_started_at", "kind", "outcome", "terms",
    )  # fmt: skip

    def __init__(self, kind: ClockKind, terms: ClockTerms, stops: Sequence[Stop], at: Seconds, is_timed: bool) -> None:
        self.kind = kind
        self.terms = terms
        self.outcome: ClockState | None = None  # met or cancelled
        self._started_at = at
        self._ended_at: Seconds | None = None
        self._ended_by: SlaEvent | None = None
        self._course: Course | None = None  # None while the terms promise nothing
        self._gaps: list[Stop] = []  # from an end to the reopening
        self._log: list[_Line] = []
        self._is_paused = False  # as the log has it
        self._is_timed = is_timed
        self._due: list[Due] = []  # still to come, soonest first
        self._spent: set[tuple[int, int]] = set()  # rank and level: each happens once in a cycle
        self.follow(terms, stops, at)

    @property
    def is_known(self) -> bool:
        """Whether anything was ever promised."""
        return bool(self._log)

    # what happens to it --------------------------------------------------------------------------

    def settle(self, at: Seconds) -> None:
        """Log what the passing of time has brought up to and including ``at``."""
        course = self._course
        if course is None or course.paused_from is not None:
            return
        while self._due and course.has_passed(self._due[0].threshold, at):
            due = self._spend()
            self._write(course.moment(due.threshold + 1), due.what, level=due.level)

    def follow(self, terms: ClockTerms, stops: Sequence[Stop], at: Seconds, *, is_resumed: bool = False) -> None:
        """Take up the terms and stops now in force, and log what that changes."""
        before, is_retarget = self._course, terms is not self.terms and terms != self.terms
        self.terms = terms
        self._course = self._charted(stops)
        if self._course is None:
            if before is not None:
                self._write(at, ClockChange.ENDED_WITHOUT_SLA)
            return
        is_retarget = is_retarget or before is None
        if not self._log:
            self._write(at, ClockChange.STARTED)
        else:
            if is_resumed:
                self._write(at, ClockChange.RESUMED)
            if is_retarget:
                self._write(at, ClockChange.RETARGETED)
        self._log_pause(at)
        if is_retarget and self._is_timed:
            self._line_up(at)

    def end(self, outcome: ClockState, by: SlaEvent, stops: Sequence[Stop], at: Seconds) -> None:
        """Be met or cancelled: keep the terms; a pause that lasts ends here (R3, R5)."""
        self.outcome, self._ended_at, self._ended_by = outcome, at, by
        if self._course is not None:
            self._course = self._charted(stops, until=at)
            self._write(at, ClockChange(outcome))
        self._is_paused = False

    def resume(self, terms: ClockTerms, stops: Sequence[Stop], at: Seconds) -> None:
        """Run on in the same cycle under today's terms; the time since the end is not counted (R4)."""
        assert self._ended_at is not None
        if self._ended_at < at:
            self._gaps.append(Stop(self._ended_at, at, SpanReason.RESOLVED))
        self.outcome = self._ended_at = self._ended_by = None
        self.follow(terms, stops, at, is_resumed=True)

    # what is left of it --------------------------------------------------------------------------

    def view(self, at: Seconds) -> ClockView:
        course = self._course
        if course is None:
            return NO_VIEW
        elapsed = course.elapsed(at if self._ended_at is None else self._ended_at)
        is_late = elapsed > course.target
        is_paused = course.paused_from is not None
        state = self.outcome or (ClockState.PAUSED if is_paused else ClockState.RUNNING)
        deadline = None if is_paused and not is_late else to_datetime(course.moment(course.target), UTC)
        return ClockView(state, elapsed, course.target - elapsed, deadline, is_late)

    def cycle(self, number: int, at: Seconds) -> Cycle:
        course, view = self._course, self.view(at)
        is_dated = course is not None and (view.breached or self.outcome is None)
        return Cycle(
            kind=self.kind,
            number=number,
            state=view.state,
            started_at=to_datetime(self._started_at, UTC),
            ended_at=_moment(self._ended_at),
            ended_by=self._ended_by,
            target_seconds=self.terms.target,
            elapsed_seconds=view.elapsed_seconds,
            remaining_seconds=view.remaining_seconds,
            deadline=view.deadline,
            late_from=_moment(course.late_from) if course and is_dated else None,
            warns_at=_moment(self._first_warning()),
            breached=view.breached,
            pauses=tuple(map(_pause, course.stops)) if course else (),
            calendar=self.terms.calendar,
            next_fire_at=_moment(self._next_fire()),
            changes=tuple(map(_change, self._log)),
            as_of=to_datetime(at, UTC),
        )

    # inner ---------------------------------------------------------------------------------------

    def _charted(self, stops: Sequence[Stop], until: Seconds | None = None) -> Course | None:
        """Return the course under the terms in force; with ``until`` no stop goes on after it."""
        target, calendar, pause_on, _ = self.terms
        if target is None:
            return None
        assert calendar is not None  # a Policy refuses a target without
        start = self._started_at
        counted = [
            Stop(max(stop.start, start), until if stop.end is None else stop.end, stop.cause)
            for stop in stops
            if stop.cause in pause_on
            and (stop.end is None or stop.end > start)
            and (until is None or stop.start < until)
        ]
        if self._gaps:
            counted = sorted([*counted, *self._gaps], key=_begin)
        return Course(start, target, calendar.line, counted)

    def _log_pause(self, at: Seconds) -> None:
        """Log that the clock stops or goes on; causes that follow or overlap are one pause (R3)."""
        assert self._course is not None
        is_paused = self._course.paused_from is not None
        if is_paused and not self._is_paused:
            lasting = next(stop for stop in self._course.stops if stop.end is None)
            self._write(at, ClockChange.PAUSED, cause=lasting.cause)
        elif self._is_paused and not is_paused:
            self._write(at, ClockChange.RESUMED)
        self._is_paused = is_paused

    def _line_up(self, at: Seconds) -> None:
        """Order what is to come under new terms; what they put in the past is settled now (R5, R7)."""
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

    def _next_fire(self) -> Seconds | None:
        if self.outcome or self._course is None or self._course.paused_from is not None or not self._due:
            return None
        return self._course.passed(self._due[0].threshold)

    def _first_warning(self) -> Seconds | None:
        if self.outcome or self._course is None or self._course.paused_from is not None:
            return None
        due = [level.due(self._course.target) for level in self.terms.levels]
        thresholds = [each.threshold for each in due if each.what is ClockChange.WARNED]
        return self._course.passed(min(thresholds)) if thresholds else None

    def _write(
        self,
        at: Seconds,
        what: ClockChange,
        *,
        cause: Cause | None = None,
        level: int = 0,
        is_on_retarget: bool = False,
    ) -> None:
        self._log.append(_Line(at, what, self._course, cause, level, is_on_retarget))


def _begin(stop: Stop) -> Seconds:
    return stop.start


def _moment(seconds: Seconds | None) -> datetime | None:
    return None if seconds is None else to_datetime(seconds, UTC)


def _pause(stop: Stop) -> Pause:
    return Pause(to_datetime(stop.start, UTC), _moment(stop.end), stop.cause)


def _change(line: _Line) -> Change:
    at, what, course, cause, level, is_on_retarget = line
    deadline = _moment(course.deadline) if course else None
    late_from = _moment(course.late_from) if course and what is ClockChange.BREACHED else None
    return Change(to_datetime(at, UTC), what, cause, level, deadline, late_from, is_on_retarget)
