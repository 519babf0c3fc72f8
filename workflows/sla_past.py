"""What a clock did not count: stretches that are over, with the open time in them summed up.

A ticket of many holds asks its clocks at each of them where they stand. Each stretch is counted once, when it
ends; any question after that is one bisection, however many there were.
"""

from bisect import bisect_left
from typing import NamedTuple, Self

from workflows.business_line import Line
from workflows.business_moments import Seconds
from workflows.vocabulary import PauseCause, SpanReason


class Stop(NamedTuple):
    """A half-open stretch that a clock does not count; ``end`` is None while it lasts."""

    start: Seconds
    end: Seconds | None
    cause: PauseCause | SpanReason


def by_start(stop: Stop) -> Seconds:
    return stop.start


class Past:
    """The stops of a clock that began at ``start`` (epoch seconds), apart and in order. Immutable."""

    __slots__ = ("_ends", "_line", "_open", "_reached", "_start", "_starts", "stops")

    def __init__(self, start: Seconds, line: Line) -> None:
        self.stops: tuple[Stop, ...] = ()  # as they came
        self._start = start
        self._line = line
        self._starts: list[Seconds] = []
        self._ends: list[Seconds] = []
        self._reached: list[Seconds] = []  # what the clock showed at each stop
        self._open: list[Seconds] = [0]  # open seconds in all stops before each, and last in all

    def with_stop(self, stop: Stop, end: Seconds) -> Self:
        """Return this and a stop over at ``end``, after those before it; what overlaps or touches counts once."""
        past = type(self)(self._start, self._line)
        past._starts, past._ends = self._starts.copy(), self._ends.copy()
        past._reached, past._open = self._reached.copy(), self._open.copy()
        past.stops = (*self.stops, stop._replace(end=end))
        past._add(max(stop.start, self._start), end)
        return past

    def open_until(self, at: Seconds) -> Seconds:
        """Return the open seconds that lie in stops before ``at``."""
        number = bisect_left(self._starts, at)  # of those that begin before
        if not number:
            return 0
        last = number - 1
        return self._open[last] + self._line.count(self._starts[last], min(self._ends[last], at))

    def open_before(self, seconds: int) -> Seconds:
        """Return the open seconds that lie in the stops which came before the clock showed ``seconds``."""
        return self._open[bisect_left(self._reached, seconds)]

    def _add(self, start: Seconds, end: Seconds) -> None:
        while self._ends and start <= self._ends[-1]:
            start = min(start, self._starts.pop())
            self._ends.pop()
            self._reached.pop()
            self._open.pop()
        self._starts.append(start)
        self._ends.append(end)
        self._reached.append(self._line.count(self._start, start) - self._open[-1])
        self._open.append(self._open[-1] + self._line.count(start, end))
