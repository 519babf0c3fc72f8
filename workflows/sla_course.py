"""The arithmetic of one clock between two changes: start, target, calendar and stops stand fixed.

A change of terms or pauses gives a clock another course; the old one still answers for its time,
so that the log of a clock can be written long after. Everything here is in epoch seconds, and
computed when first asked for.
"""

from collections.abc import Sequence

from workflows.business_errors import NeverOpen
from workflows.business_line import Line
from workflows.business_moments import Seconds
from workflows.sla_past import Past, Stop, by_start


class Course:
    """``start``: epoch seconds; ``target``: business seconds; ``past``: the stops that are over, since ``start``.

    ``lasting`` are the stops that go on, by start; ``paused_from`` is where the clock stood still if any does.
    """

    __slots__ = ("_line", "_moments", "_past", "lasting", "paused_from", "start", "target")

    def __init__(self, start: Seconds, target: int, line: Line, past: Past, lasting: Sequence[Stop] = ()) -> None:
        self.start = start
        self.target = target
        self.lasting = lasting
        self.paused_from = max(lasting[0].start, start) if lasting else None
        self._line = line
        self._past = past
        self._moments: dict[int, Seconds] = {}

    @property
    def stops(self) -> list[Stop]:
        """All that was and is not counted, by start; what lasts has no end."""
        stops = sorted((*self._past.stops, *self.lasting), key=by_start)
        return [stop._replace(start=max(stop.start, self.start)) for stop in stops]

    def elapsed(self, at: Seconds) -> int:
        """Return the business seconds from the start to ``at``, fractions floored; none pass while paused."""
        until = self._stood(at)
        return int(self._line.count(self.start, until) - self._past.open_until(until)) if until > self.start else 0

    def moment(self, seconds: int) -> Seconds:
        """Return when ``seconds`` have elapsed if no other stop begins; raise NeverOpen if never."""
        moment = self._moments.get(seconds)
        if moment is None:
            stood = self._past.open_before(seconds) if seconds else 0
            moment = self._moments[seconds] = self._line.advanced(self.start, seconds + stood)
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
