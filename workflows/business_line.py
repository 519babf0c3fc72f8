"""The open time of one calendar laid on the line of epoch seconds.

The line is cut into chunks of about four years, built when first needed and only so many kept.
A chunk knows its open intervals and the open seconds before each, so that any question is two
bisections, whatever the span. Local times are read as RFC 5545 says: in a daylight-saving gap by
the offset before it, in an overlap as the first of the two.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import NamedTuple

from workflows.business_days import DAY, Days, Part
from workflows.business_errors import NeverOpen, OutOfRange
from workflows.business_moments import Seconds
from workflows.vocabulary import SpanReason

CHUNK = 1 << 27  # seconds, 4.25 years
CHUNKS_KEPT = 16
TEN_YEARS = 3653 * DAY
EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
# the first and last dates of the datetime type are left out: their neighbours do not exist
FIRST_ORDINAL, LAST_ORDINAL = date.min.toordinal() + 1, date.max.toordinal() - 1

Segment = tuple[int, int, SpanReason]  # [start, end) in epoch seconds


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
    """Answers in epoch seconds for one calendar in one zone; pauses are not its matter."""

    __slots__ = ("_chunk", "_days", "_zone")

    def __init__(self, days: Days, zone: tzinfo) -> None:
        self._days = days
        self._zone = zone
        self._chunk = lru_cache(maxsize=CHUNKS_KEPT)(self._built)

    # asking ------------------------------------------------------------------------------------

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

    def segments(self, start: Seconds, end: Seconds) -> Iterator[Segment]:
        """Yield the whole local dates that meet ``[start, end)``, without gaps, in order."""
        # the local date is the UTC date or one of its neighbours
        first = max(_utc_ordinal(start) - 1, FIRST_ORDINAL)
        last = min(_utc_ordinal(end) + 1, LAST_ORDINAL)
        for ordinal, begin, finish in self._dates(first, last):
            if finish <= start or begin >= end:
                continue
            if ordinal in self._days.holidays:
                yield begin, finish, SpanReason.HOLIDAY
            else:
                yield from self._explained(ordinal, begin, finish)

    # building ----------------------------------------------------------------------------------

    def _built(self, number: int) -> Chunk:
        low, high = number * CHUNK, (number + 1) * CHUNK
        first = max(_utc_ordinal(low) - 1, FIRST_ORDINAL)
        last = min(_utc_ordinal(high) + 1, LAST_ORDINAL)
        if first > last:
            raise OutOfRange("The moment lies outside the years 1 to 9999.")
        starts: list[int] = []
        ends: list[int] = []
        for ordinal, begin, finish in self._dates(first, last):
            for start, end in self._open(ordinal, begin, finish):
                start, end = max(start, low), min(end, high)
                if start >= end:
                    continue
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

    def _open(self, ordinal: int, begin: int, finish: int) -> list[Part]:
        """Return what is open on a date that lasts from ``begin`` to ``finish``."""
        hours = self._instants(ordinal, self._days.hours(ordinal), begin, finish)
        if hours and ordinal in self._days.breaks:
            return [
                (a, b)
                for a, b, reason in self._explained(ordinal, begin, finish)
                if reason is SpanReason.OPEN
            ]
        return hours

    def _explained(self, ordinal: int, begin: int, finish: int) -> Iterator[Segment]:
        """Yield a date that is no holiday as open, break and closed segments."""
        breaks = self._instants(ordinal, self._days.breaks.get(ordinal, ()), begin, finish)
        at = begin
        for opening, closing in self._instants(ordinal, self._days.hours(ordinal), begin, finish):
            if at < opening:
                yield at, opening, SpanReason.CLOSED
            at = opening
            for start, end in breaks:
                start, end = max(start, at), min(end, closing)
                if start >= end:
                    continue
                if at < start:
                    yield at, start, SpanReason.OPEN
                yield start, end, SpanReason.BREAK
                at = end
            if at < closing:
                yield at, closing, SpanReason.OPEN
            at = closing
        if at < finish:
            yield at, finish, SpanReason.CLOSED

    def _instants(self, ordinal: int, parts: tuple[Part, ...], begin: int, finish: int) -> list[Part]:
        """Return parts of a date's wall clock as epoch seconds, overlaps joined, inside the date."""
        if finish - begin == DAY:  # no clock change: the wall clock is the distance from midnight
            return _joined([(begin + start, begin + end) for start, end in parts])
        midnight = datetime.fromordinal(ordinal).replace(tzinfo=self._zone)

        def instant(second: int) -> int:
            if second == DAY:
                return finish
            return min(max(int((midnight + timedelta(seconds=second)).timestamp()), begin), finish)

        # a gap may put a later wall time before an earlier one, so the order is made anew
        return _joined(sorted((instant(start), instant(end)) for start, end in parts))

    def _dates(self, first: int, last: int) -> Iterator[tuple[int, int, int]]:
        """Yield (ordinal, start, end) of the local dates from ``first`` to ``last`` inclusive."""
        begin = self._midnight(first)
        for ordinal in range(first, last + 1):
            finish = self._midnight(ordinal + 1)
            if begin < finish:  # a zone that crosses the date line leaves a date out
                yield ordinal, begin, finish
                begin = finish

    def _midnight(self, ordinal: int) -> int:
        return int(datetime.fromordinal(ordinal).replace(tzinfo=self._zone).timestamp())


def _utc_ordinal(at: Seconds) -> int:
    return int(at // DAY) + EPOCH_ORDINAL


def _joined(parts: list[Part]) -> list[Part]:
    result: list[Part] = []
    for start, end in parts:
        if start >= end:
            continue
        if result and start <= result[-1][1]:
            result[-1] = result[-1][0], max(end, result[-1][1])
        else:
            result.append((start, end))
    return result


def _check_idle(seconds: Seconds) -> None:
    if seconds >= TEN_YEARS:
        raise NeverOpen("The calendar has no open moment in ten years in a row.")
