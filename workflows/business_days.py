"""The local dates of one calendar on the line of epoch seconds, each told as open or why not.

Local times are read as RFC 5545 says: in a daylight-saving gap by the offset before it, in an
overlap as the first of the two.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta, tzinfo

from workflows.business_definition import DAY, Hours, Part
from workflows.business_errors import OutOfRange
from workflows.business_moments import Seconds
from workflows.vocabulary import SpanReason

EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
# the first and last dates of the datetime type are left out: their neighbours do not exist
FIRST_ORDINAL, LAST_ORDINAL = date.min.toordinal() + 1, date.max.toordinal() - 1

Stretch = tuple[int, int]  # [start, end) in epoch seconds
Segment = tuple[int, int, SpanReason]


class Days:
    """The hours of one calendar in its zone, date by date."""

    __slots__ = ("_hours", "_zone")

    def __init__(self, hours: Hours, zone: tzinfo) -> None:
        self._hours = hours
        self._zone = zone

    def segments(self, start: Seconds, end: Seconds) -> Iterator[Segment]:
        """Yield the whole local dates that meet ``[start, end)``, without gaps, in order.

        Raises OutOfRange where a date is missing: the first and the last of the years 1 to 9999.
        """
        told = start
        for ordinal, begin, finish in self._dates(start, end):
            if begin > told:
                break
            told = finish
            if ordinal in self._hours.holidays:
                yield begin, finish, SpanReason.HOLIDAY
            else:
                yield from self._explained(ordinal, begin, finish)
        if told < end:
            raise OutOfRange("The moment lies outside the years 1 to 9999.")

    def open(self, start: int, end: int) -> Iterator[Stretch]:
        """Yield what is open in ``[start, end)``, in order; neighbours may touch."""
        for ordinal, begin, finish in self._dates(start, end):
            if ordinal in self._hours.breaks:
                segments = self._explained(ordinal, begin, finish)
                stretches = [(at, until) for at, until, reason in segments if reason is SpanReason.OPEN]
            else:
                stretches = self._stretches(ordinal, self._hours.on(ordinal), begin, finish)
            for at, until in stretches:
                at, until = max(at, start), min(until, end)
                if at < until:
                    yield at, until

    def _explained(self, ordinal: int, begin: int, finish: int) -> Iterator[Segment]:
        """Yield a date that is no holiday as open, break and closed segments."""
        breaks = self._stretches(ordinal, self._hours.breaks.get(ordinal, ()), begin, finish)
        at = begin
        for opening, closing in self._stretches(ordinal, self._hours.on(ordinal), begin, finish):
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

    def _stretches(self, ordinal: int, parts: tuple[Part, ...], begin: int, finish: int) -> list[Stretch]:
        """Return parts of a date's wall clock as epoch seconds inside the date, overlaps joined."""
        if finish - begin == DAY:  # no clock change: the wall clock is the distance from midnight
            return _joined([(begin + start, begin + end) for start, end in parts])
        midnight = datetime.fromordinal(ordinal).replace(tzinfo=self._zone)

        def instant(second: int) -> int:
            if second == DAY:
                return finish
            return min(max(int((midnight + timedelta(seconds=second)).timestamp()), begin), finish)

        # a gap may put a later wall time before an earlier one, so the order is made anew
        return _joined(sorted((instant(start), instant(end)) for start, end in parts))

    def _dates(self, start: Seconds, end: Seconds) -> Iterator[tuple[int, int, int]]:
        """Yield (ordinal, begin, finish) of each local date that meets ``[start, end)``.

        A date that a zone left out when it crossed the date line begins where it finishes.
        """
        # the local date is the UTC date or one of its neighbours
        first = max(_utc_ordinal(start) - 1, FIRST_ORDINAL)
        last = min(_utc_ordinal(end) + 1, LAST_ORDINAL)
        if first > last:
            raise OutOfRange("The moment lies outside the years 1 to 9999.")
        begin = self._midnight(first)
        for ordinal in range(first, last + 1):
            finish = self._midnight(ordinal + 1)
            if finish > start and begin < end:
                yield ordinal, begin, finish
            begin = finish

    def _midnight(self, ordinal: int) -> int:
        return int(datetime.fromordinal(ordinal).replace(tzinfo=self._zone).timestamp())


def _utc_ordinal(at: Seconds) -> int:
    return int(at // DAY) + EPOCH_ORDINAL


def _joined(parts: list[Stretch]) -> list[Stretch]:
    result: list[Stretch] = []
    for start, end in parts:
        if start >= end:
            continue
        if result and start <= result[-1][1]:
            result[-1] = result[-1][0], max(end, result[-1][1])
        else:
            result.append((start, end))
    return result
