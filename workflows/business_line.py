"""The open time of one calendar as prefix sums on the line of epoch seconds.

The line is cut into chunks of about four years, built when first needed and only so many kept.
A chunk knows its open intervals and the open seconds before each, so that any question is two
bisections, whatever the span.
"""

from bisect import bisect_left, bisect_right
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

from workflows.business_days import Days
from workflows.business_definition import DAY
from workflows.business_errors import NeverOpen, OutOfRange
from workflows.business_moments import Seconds

CHUNK = 1 << 27  # seconds, 4.25 years
CHUNKS_KEPT = 16
TEN_YEARS = 3653 * DAY
# what lies past these is out of range at once, without a walk through the centuries
FIRST_SECOND = int(datetime.min.replace(tzinfo=UTC).timestamp())
LAST_SECOND = int(datetime.max.replace(tzinfo=UTC).timestamp())


class Chunk(NamedTuple):
    """Open intervals inside ``[number * CHUNK, (number + 1) * CHUNK)``, apart and in order."""

    starts: list[int]
    ends: list[int]
    before: list[int]  # open seconds of the chunk before each interval
    total: int  # open seconds of the whole chunk

    def elapsed(self, at: Seconds) -> Seconds:
        """Return the open seconds from the chunk's start to ``at``, a moment inside it."""
        index = bisect_right(self.starts, at) - 1
        if index < 0:
            return 0
        end = self.ends[index]
        return self.before[index] + (at if at < end else end) - self.starts[index]

    def earliest(self, elapsed: Seconds) -> Seconds:
        """Return the first moment with so many open seconds behind it, 0 < elapsed <= total."""
        index = bisect_left(self.before, elapsed) - 1
        return self.starts[index] + elapsed - self.before[index]

    def latest(self, elapsed: Seconds) -> Seconds:
        """Return the last moment with so many open seconds behind it, 0 <= elapsed < total."""
        index = bisect_right(self.before, elapsed) - 1
        return self.starts[index] + elapsed - self.before[index]


class Line:
    """Answers in epoch seconds for the open time of one calendar; pauses are not its matter."""

    __slots__ = ("_chunk", "_days")

    def __init__(self, days: Days) -> None:
        self._days = days
        self._chunk = lru_cache(maxsize=CHUNKS_KEPT)(self._built)

    def advanced(self, start: Seconds, seconds: Seconds) -> Seconds:
        """Return the earliest moment with so many open seconds between it and ``start``.

        Raises NeverOpen when ten years in a row hold no open moment, OutOfRange past year 9999.
        """
        if not seconds:
            return start
        number = int(start // CHUNK)
        chunk = self._chunk(number)
        wanted = chunk.elapsed(start) + seconds
        if wanted <= chunk.total:
            return chunk.earliest(wanted)
        if start + seconds > LAST_SECOND:
            raise OutOfRange("The moment lies after the year 9999.")
        idle_since = max(start, chunk.ends[-1]) if chunk.ends else start
        while wanted > chunk.total:
            wanted -= chunk.total
            number += 1
            chunk = self._chunk(number)
            _check_idle((chunk.starts[0] if chunk.starts else (number + 1) * CHUNK) - idle_since)
            idle_since = chunk.ends[-1] if chunk.ends else idle_since
        return chunk.earliest(wanted)

    def receded(self, end: Seconds, seconds: Seconds) -> Seconds:
        """Return the latest moment with so many open seconds between it and ``end``.

        Raises NeverOpen when ten years in a row hold no open moment, OutOfRange before year 1.
        """
        if not seconds:
            return end
        number = int(end // CHUNK)
        chunk = self._chunk(number)
        behind = chunk.elapsed(end) - seconds
        if end - seconds < FIRST_SECOND:
            raise OutOfRange("The moment lies before the year 1.")
        idle_until = min(end, chunk.starts[0]) if chunk.starts else end
        while behind < 0:
            number -= 1
            chunk = self._chunk(number)
            behind += chunk.total
            _check_idle(idle_until - (chunk.ends[-1] if chunk.ends else number * CHUNK))
            idle_until = chunk.starts[0] if chunk.starts else idle_until
        return chunk.latest(behind)

    def count(self, start: Seconds, end: Seconds) -> Seconds:
        """Return the open seconds in ``[start, end)``; 0 when end <= start."""
        if end <= start:
            return 0
        first, last = int(start // CHUNK), int(end // CHUNK)
        chunk = self._chunk(first)
        if first == last:
            return chunk.elapsed(end) - chunk.elapsed(start)
        rest = chunk.total - chunk.elapsed(start)
        between = sum(self._chunk(number).total for number in range(first + 1, last))
        return rest + between + self._chunk(last).elapsed(end)

    def is_open(self, at: Seconds) -> bool:
        """Tell whether ``at`` lies inside an open interval."""
        chunk = self._chunk(int(at // CHUNK))
        index = bisect_right(chunk.starts, at) - 1
        return index >= 0 and at < chunk.ends[index]

    def opening(self, at: Seconds) -> Seconds:
        """Return the first open moment at or after ``at``; NeverOpen if none in ten years."""
        if self.is_open(at):
            return at
        # an opening is one second before the moment when one open second has passed
        return self.advanced(at, 1) - 1

    def closing(self, at: Seconds) -> int | None:
        """Return the end of the open interval around ``at``; None if closed or open ten years on."""
        number = int(at // CHUNK)
        chunk = self._chunk(number)
        index = bisect_right(chunk.starts, at) - 1
        if index < 0 or at >= chunk.ends[index]:
            return None
        end = chunk.ends[index]
        while end == (number + 1) * CHUNK:  # the interval may go on in the next chunk
            if end - at > TEN_YEARS:
                return None
            number += 1
            chunk = self._chunk(number)
            if not chunk.starts or chunk.starts[0] != end:
                return end
            end = chunk.ends[0]
        return end

    def _built(self, number: int) -> Chunk:
        starts: list[int] = []
        ends: list[int] = []
        for start, end in self._days.open(number * CHUNK, (number + 1) * CHUNK):
            if ends and start == ends[-1]:
                ends[-1] = end
            else:
                starts.append(start)
                ends.append(end)
        before, total = [], 0
        for start, end in zip(starts, ends, strict=True):
            before.append(total)
            total += end - start
        return Chunk(starts, ends, before, total)


def _check_idle(seconds: Seconds) -> None:
    if seconds >= TEN_YEARS:
        raise NeverOpen("The calendar has no open moment in ten years in a row.")
