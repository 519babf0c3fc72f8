"""Windows that money hangs on: when one ends, and when people are warned of it.

They run in calendar time, day and night and over every pause. "Seven days" is the vendor's count of days, so it ends
at the same time of day, also over a change of clocks; "24 hours" are real ones. The vendor publishes lengths and no
zone, and writes its own dates in UTC: where the desk's clock and UTC disagree, the earlier end holds, so that a
deadline of ours is never after the vendor's.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import NamedTuple

from workflows.vocabulary import MoneyStart, MoneyUnit

LAST_CALL = timedelta(hours=24)
"""So long before the end people are warned a second time."""


class Span(NamedTuple):
    """When a window runs; aware UTC, its end is no part of it."""

    begins_at: datetime
    ends_at: datetime


def span(start: datetime, counts_from: MoneyStart, length: int, unit: MoneyUnit, zone: tzinfo) -> Span:
    """The window of ``length`` ``unit`` for ``start`` (aware) as people give it: the earlier of ``zone``'s and UTC's.

    An outage on the night of the last of a month belongs to the earlier of the two months, too.
    """
    spans = []
    for clock in (zone, UTC):
        begin = begins_at(start, counts_from, clock)
        spans.append(Span(begin, ends_at(begin, length, unit, clock)))
    return min(spans, key=lambda each: each.ends_at)


def day_begins_at(day: date, zone: tzinfo) -> datetime:
    """The first instant (aware UTC) that may count as ``day``: nobody knows more than the day, nor whose day it is."""
    return min(_in_utc(datetime.combine(day, time()), clock) for clock in (zone, UTC))


def begins_at(start: datetime, counts_from: MoneyStart, zone: tzinfo) -> datetime:
    """From when the window counts (aware UTC), for ``start`` (aware) as people give it.

    Where it counts from the end of the billing month, that is the first instant after the month of ``start``.
    """
    if counts_from is MoneyStart.MOMENT:
        return start.astimezone(UTC)
    return _in_utc(datetime.combine(_next_month(start.astimezone(zone).date()), time()), zone)


def ends_at(begin: datetime, length: int, unit: MoneyUnit, zone: tzinfo) -> datetime:
    """When a window of ``length`` ``unit`` ends (aware UTC) that begins at ``begin`` (aware).

    A day that the last month lacks is its last one: a month from 31 January is 28 February. A time of day that a
    change of clocks leaves out is taken after it, one that comes twice the first time.
    """
    if unit is MoneyUnit.HOURS:
        return begin.astimezone(UTC) + timedelta(hours=length)  # in UTC: else the wall clock would be counted
    there = begin.astimezone(zone).replace(tzinfo=None)
    if unit is MoneyUnit.DAYS:
        return _in_utc(there + timedelta(days=length), zone)
    return _in_utc(datetime.combine(months_on(there.date(), length), there.time()), zone)


def warnings(begin: datetime, end: datetime) -> tuple[datetime, ...]:
    """When to warn: at half of the window, and a day before its end where that is later; whole seconds."""
    begin, end = begin.astimezone(UTC), end.astimezone(UTC)
    half = (begin + (end - begin) / 2).replace(microsecond=0)
    last = end - LAST_CALL
    return (half, last) if last > half else (half,)


def next_moment(begin: datetime, end: datetime, after: datetime) -> datetime | None:
    """The next warning, or the end itself, behind ``after``; None once it is over."""
    return next((moment for moment in (*warnings(begin, end), end) if moment > after), None)


def months_on(day: date, months: int) -> date:
    """The same day so many months on, or back; the last of the month where it lacks that day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _next_month(day: date) -> date:
    return months_on(day.replace(day=1), 1)


def _in_utc(there: datetime, zone: tzinfo) -> datetime:
    return there.replace(tzinfo=zone, fold=0).astimezone(UTC)
