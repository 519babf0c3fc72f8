"""The arithmetic of one clock between two changes: start, target, calendar and stops stand fixed.

A change of terms or pauses gives a clock another course; the old one still answers for its time,
so that the log of a clock can be written long after. Everything here is in epoch seconds, and
computed when first asked for.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from workflows.business_errors import NeverOpen
from workflows.business_line import Line
from workflows.business_moments import Seconds
from workflows.vocabulary import PauseCause, SpanReason


class Stop(NamedTuple):
    """A half-open stretch that a clock does not count; ``end`` is None while it lasts."""

    start: Seconds
    end: Seconds | None
    cause: PauseCause | SpanReason


class Course:
    """``start``: epoch seconds; ``target``: business seconds; ``stops``: those that count, by start.

    ``paused_from`` is where the clock stood still if a stop still lasts, else None.
    """

    __slots__ = ("_line", "_moments", "_past", "paused_from", "start", "stops", "target")

    def __init__(self, start: Seconds, target: int, line: Line, stops: Sequence[Stop]) -> None:
        self.start = start
        self.target = target
        self.stops = stops
        self.paused_from = next((stop.start for stop in stops if stop.end is None), None)
        self._line = line
        self._past = _united(stops) if stops else []
        self._moments: dict[int, Seconds] = {}

    def elapsed(self, at: Seconds) -> int:
        """Return the business seconds from the start to ``at``, fractions floored; none pass while paused."""
        start, until = self.start, self._stood(at)
        if until <= start:
            return 0
        count = self._line.count
        elapsed = count(start, until)
        for stop_start, stop_end in self._past:
            elapsed -= count(stop_start, min(stop_end, until))
        return int(elapsed)

    def moment(self, seconds: int) -> Seconds:
        """Return when ``seconds`` have elapsed if no other stop begins; raise NeverOpen if never."""
        moment = self._moments.get(seconds)
        if moment is None:
            line = self._line
            moment = line.advanced(self.start, seconds)
            for stop_start, stop_end in self._past if seconds else ():
                if stop_start >= moment:
                    break
                moment = line.advanced(moment, line.count(stop_start, stop_end))
            self._moments[seconds] = moment
        return moment

    def passed(self, threshold: int) -> Seconds | None:
        """Return the first second at which more than ``threshold`` have elapsed.

        None if the clock stood still before, or if the calendar never opens again.
        """
        try:
            moment = self.moment(max(threshold + 1, 0))
        except NeverOpen:
            return None
        return None if self.paused_from is not None and moment > self.paused_from else moment

    def has_passed(self, threshold: int, at: Seconds) -> bool:
        """Tell whether more than ``threshold`` seconds have elapsed at ``at``."""
        # business time is never faster than the wall clock: most questions end here
        if self._stood(at) - self.start <= threshold:
            return False
        moment = self.passed(threshold)
        return moment is not None and moment <= at

    @property
    def late_from(self) -> Seconds | None:
        """The first late second (R2); None if the clock stood still before or can't get late."""
        return self.passed(self.target)

    @property
    def deadline(self) -> Seconds | None:
        """The earliest instant when the target has elapsed; None while paused, unless already late (R3)."""
        if self.paused_from is not None and not self.has_passed(self.target, self.paused_from):
            return None
        return self.moment(self.target)

    def _stood(self, at: Seconds) -> Seconds:
        return at if self.paused_from is None or at < self.paused_from else self.paused_from


def _united(stops: Iterable[Stop]) -> list[tuple[Seconds, Seconds]]:
    """Return the stops that are over, by start, overlapping and touching ones made one."""
    united: list[tuple[Seconds, Seconds]] = []
    for start, end, _ in stops:
        if end is None:
            continue
        if united and start <= united[-1][1]:
            united[-1] = united[-1][0], max(end, united[-1][1])
        else:
            united.append((start, end))
    return united
