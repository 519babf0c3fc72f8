"""Yearly recurrences of RFC 5545: every year on a date, or on "the fourth Thursday of November"."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

_WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_NTH = re.compile(r"([+-]?[1-5])(MO|TU|WE|TH|FR|SA|SU)", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d{1,4}", re.ASCII)
_UNTIL = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T\d{6}Z?)?", re.ASCII)
_KNOWN: Final = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYMONTH", "BYMONTHDAY", "BYDAY", "WKST"})


class UnknownRule(ValueError):
    """A rule that is no plain yearly one, or is malformed."""


@dataclass(frozen=True, slots=True)
class Recurrence:
    """Every ``interval`` years in ``month`` on ``day`` (below zero from its end), or on its ``nth`` ``weekday``.

    A part that is None is the first event's own.
    """

    interval: int = 1
    count: int | None = None
    until: date | None = None
    month: int | None = None
    day: int | None = None
    nth: int | None = None
    weekday: int | None = None  # 0 is Monday

    def dates(self, start: date, first: date, last: date) -> Iterator[date]:
        """The occurrences from ``first`` to ``last``; the first of all is ``start`` or the next that fits."""
        counted = 0
        end = last if self.until is None else min(last, self.until)
        for year in range(self._first_year(start, first), end.year + 1, self.interval):
            day = self._in(year, start)
            if day is None or day < start:
                continue
            counted += 1
            if day > end or (self.count is not None and counted > self.count):
                return
            if day >= first:
                yield day

    def _first_year(self, start: date, first: date) -> int:
        """Where looking begins: at ``start`` where occurrences are counted, else no earlier than need be."""
        if self.count is not None or first.year <= start.year:
            return start.year
        return start.year + (first.year - start.year) // self.interval * self.interval

    def _in(self, year: int, start: date) -> date | None:
        """The occurrence of ``year``, None where the date doesn't exist there (29 February)."""
        month = self.month or start.month
        last_day = calendar.monthrange(year, month)[1]
        if self.nth is not None and self.weekday is not None:
            return _nth_weekday(year, month, self.nth, self.weekday)
        day = self.day or start.day
        day = day if day > 0 else last_day + 1 + day
        return date(year, month, day) if 1 <= day <= last_day else None


def _nth_weekday(year: int, month: int, nth: int, weekday: int) -> date | None:
    if nth > 0:
        first = date(year, month, 1)
        day = first.day + (weekday - first.weekday()) % 7 + 7 * (nth - 1)
    else:
        last = date(year, month, calendar.monthrange(year, month)[1])
        day = last.day - (last.weekday() - weekday) % 7 + 7 * (nth + 1)
    return date(year, month, day) if 1 <= day <= calendar.monthrange(year, month)[1] else None


def read_rule(text: str) -> Recurrence:
    """The value of an RRULE. Raises UnknownRule for anything but a plain yearly rule."""
    parts = dict(_part(part) for part in text.strip().split(";") if part)
    if parts.get("FREQ") != "YEARLY" or parts.keys() - _KNOWN:
        raise UnknownRule(text)
    nth, weekday = _by_day(parts.get("BYDAY"))
    if nth is not None and ("BYMONTHDAY" in parts or "BYMONTH" not in parts):
        raise UnknownRule(text)  # the nth weekday of a whole year, or a weekday only when it falls on a date
    return Recurrence(
        interval=_whole(parts.get("INTERVAL"), 1, 1000) or 1,
        count=_whole(parts.get("COUNT"), 1, 9999),
        until=_until(parts.get("UNTIL")),
        month=_whole(parts.get("BYMONTH"), 1, 12),
        day=_month_day(parts.get("BYMONTHDAY")),
        nth=nth,
        weekday=weekday,
    )


def _part(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise UnknownRule(text)
    return name.strip().upper(), value.strip().upper()


def _whole(text: str | None, least: int, most: int) -> int | None:
    if text is None:
        return None
    if _WHOLE.fullmatch(text) is None or not least <= int(text) <= most:
        raise UnknownRule(text)
    return int(text)


def _month_day(text: str | None) -> int | None:
    day = _whole(text, -31, 31)
    if day == 0:
        raise UnknownRule(str(text))
    return day


def _by_day(text: str | None) -> tuple[int | None, int | None]:
    if text is None:
        return None, None
    match = _NTH.fullmatch(text)
    if match is None:
        raise UnknownRule(text)
    return int(match[1]), _WEEKDAYS.index(match[2])


def _until(text: str | None) -> date | None:
    if text is None:
        return None
    match = _UNTIL.fullmatch(text)
    try:
        return date(*map(int, match.groups())) if match is not None else _unreadable(text)
    except ValueError:
        return _unreadable(text)


def _unreadable(text: str) -> date:
    raise UnknownRule(text)
