"""One cycle of one clock while it is replayed: what happens to it, and what it leaves in the log.

The log is append-only: replaying to a later moment, or with further events, only adds to it. Moments
are epoch seconds here; ``Cycle`` and ``ClockView`` give them to others as datetimes.
"""

from datetime import UTC, datetime

from workflows.business_moments import Seconds, to_datetime
from workflows.sla_course import Course
from workflows.sla_cycle import NO_VIEW, Change, ClockView, Cycle, Pause
from workflows.sla_past import Past, Stop
from workflows.sla_stops import Stops
from workflows.sla_terms import ClockTerms, Due
from workflows.vocabulary import ClockChange, ClockKind, ClockState, PauseCause, SlaEvent, SpanReason

Cause = PauseCause | SpanReason


class Clock:
    """A cycle from ``at`` on. Without ``is_timed`` only events are logged, which is cheaper."""

    __slots__ = (
        "_counted", "_course", "_due", "_ended_at", "_ended_by", "_first_stop", "_gaps", "_is_paused", "_is_timed",
        "_log", "_past", "_spent", "_started_at", "kind", "outcome", "terms",
    )  # fmt: skip

    def __init__(self, kind: ClockKind, terms: ClockTerms, stops: Stops, at: Seconds, is_timed: bool) -> None:
        self.kind = kind
        self.terms = terms
        self.outcome: ClockState | None = None  # met or cancelled
        self._started_at = at
        self._ended_at: Seconds | None = None
        self._ended_by: SlaEvent | None = None
        self._course: Course | None = None  # None while the terms promise nothing
        self._gaps: list[Stop] = []  # from an end to the reopening
        self._first_stop = len(stops.past)  # of those that end after the start
        self._past: Past | None = None  # what was not counted, under the terms in force; None if to be summed up
        self._counted = self._first_stop  # how many of the stops that are over it holds
        self._log: list[Change] = []
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

    def follow(self, terms: ClockTerms, stops: Stops, at: Seconds, *, is_resumed: bool = False) -> None:
        """Take up the terms and stops now in force, and log what that changes."""
        before, is_retarget = self._course, terms is not self.terms and terms != self.terms
        if (terms.calendar, terms.pause_on) != (self.terms.calendar, self.terms.pause_on):
            self._past = None
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

    def end(self, outcome: ClockState, by: SlaEvent, stops: Stops, at: Seconds) -> None:
        """Be met or cancelled: keep the terms; a pause that lasts ends here (R3, R5)."""
        self.outcome, self._ended_at, self._ended_by = outcome, at, by
        if self._course is not None:
            self._course = self._charted(stops, until=at)
            self._write(at, ClockChange(outcome))
        self._is_paused = False

    def resume(self, terms: ClockTerms, stops: Stops, at: Seconds) -> None:
        """Run on in the same cycle under today's terms; the time since the end is not counted (R4)."""
        assert self._ended_at is not None
        if self._ended_at < at:
            self._gaps.append(Stop(self._ended_at, at, SpanReason.RESOLVED))
        self.outcome = self._ended_at = self._ended_by = self._past = None
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
            changes=tuple(self._log),
            as_of=to_datetime(at, UTC),
        )

    # inner ---------------------------------------------------------------------------------------

    def _charted(self, stops: Stops, until: Seconds | None = None) -> Course | None:
        """Return the course under the terms in force; with ``until`` no stop goes on after it."""
        target, calendar, pause_on, _ = self.terms
        if target is None:
            return None
        assert calendar is not None  # a Policy refuses a target without
        start, past = self._started_at, self._summed_up(stops)
        lasting = [stop for stop in stops.lasting if stop.cause in pause_on]
        if until is not None:
            for stop in lasting:
                past = past.with_stop(stop, until) if stop.start < until else past
            lasting = []
        return Course(start, target, calendar.line, past, lasting)

    def _summed_up(self, stops: Stops) -> Past:
        """Return the stops that are over, of which only those since the last time are looked at."""
        past, new = self._past, stops.past[self._counted :]
        if past is None:
            assert self.terms.calendar is not None
            past = Past(self._started_at, self.terms.calendar.line)
            new = sorted([*stops.past[self._first_stop :], *self._gaps], key=_end)
        causes = self.terms.pause_on
        for stop in new:
            end = _end(stop)
            if end > self._started_at and (stop.cause in causes or stop.cause is SpanReason.RESOLVED):
                past = past.with_stop(stop, end)
        self._past, self._counted = past, len(stops.past)
        return past

    def _log_pause(self, at: Seconds) -> None:
        """Log that the clock stops or goes on; causes that follow or overlap are one pause (R3)."""
        assert self._course is not None
        is_paused = self._course.paused_from is not None
        if is_paused and not self._is_paused:
            self._write(at, ClockChange.PAUSED, cause=self._course.lasting[0].cause)
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
        self._log.append(Change(at, what, self._course, cause, level, is_on_retarget))


def _end(stop: Stop) -> Seconds:
    assert stop.end is not None  # it is over
    return stop.end


def _moment(seconds: Seconds | None) -> datetime | None:
    return None if seconds is None else to_datetime(seconds, UTC)


def _pause(stop: Stop) -> Pause:
    return Pause(to_datetime(stop.start, UTC), _moment(stop.end), stop.cause)
