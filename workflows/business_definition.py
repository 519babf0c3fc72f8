"""What people write of a calendar, read and checked: the hours of each date by its wall clock.

Knows nothing of zones. On a date: holiday > break >
replaced hours (shift) > weekly hours. Intervals are half-open; a closing at or before its
opening lies on the next date, and the interval is split at midnight, so that a holiday or a
break acts on the date of each part.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from itertools import pairwise
from typing import Any, NamedTuple

from workflows.business_errors import (
    InvalidDate,
    InvalidDefinition,
    InvalidInterval,
    NeverOpen,
    OverlappingIntervals,
)

DAY = 86_400
WEEKDAYS = {
    "mon": "Monday",
    "tue": "Tuesday",
    "wed": "Wednesday",
    "thu": "Thursday",
    "fri": "Friday",
    "sat": "Saturday",
    "sun": "Sunday",
}

Part = tuple[int, int]  # [from, to) in seconds of a local date, to <= DAY
Interval = tuple[int, int]  # opening and closing as written; closing <= opening means past midnight
Definition = dict[str, Any]

_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_MIDNIGHT = ("24:00", "24:00:00")
_BREAK_KEYS = {"date", "from", "to"}


class Hours(NamedTuple):
    """The hours of every date. Dates are proleptic Gregorian ordinals (``date.toordinal``)."""

    week: tuple[tuple[Part, ...], ...]  # by weekday, Monday first
    replaced: dict[int, tuple[Part, ...]]  # dates whose hours a shift replaces or reaches into
    holidays: dict[int, str]  # the holiday's name, "" if it has none
    breaks: dict[int, tuple[Part, ...]]  # in order, may overlap

    def on(self, ordinal: int) -> tuple[Part, ...]:
        """Return the open parts of a date in order, breaks not yet taken out."""
        if ordinal in self.holidays:
            return ()
        replaced = self.replaced.get(ordinal)
        return self.week[(ordinal - 1) % 7] if replaced is None else replaced


def read(week: object, holidays: object, breaks: object, shifts: object) -> tuple[Hours, Definition]:
    """Check the parts of a calendar; return its hours and the same parts in canonical form.

    Raises InvalidDefinition, InvalidInterval, InvalidDate, OverlappingIntervals, NeverOpen.
    """
    weekly = _read_week(week)
    shifted = {read_date(day): _read_intervals(value, f"on {day}") for day, value in _mapping(shifts, "shifts").items()}
    if not any(weekly.values()) and not any(shifted.values()):
        raise NeverOpen("The calendar has neither weekly hours nor shifts, so it never opens.")
    names = _read_holidays(holidays)
    stops = _read_breaks(breaks)
    parts = _weekly_parts(weekly)
    hours = Hours(
        week=parts,
        replaced=_replaced_parts(shifted, parts),
        holidays={day.toordinal(): name for day, name in names.items()},
        breaks=_break_parts(stops),
    )
    definition: Definition = {
        "week": {name: _written(intervals) for name, intervals in weekly.items()},
        "holidays": {day.isoformat(): name for day, name in sorted(names.items())},
        "breaks": [{"date": day.isoformat(), "from": _clock(start), "to": _clock(end)} for day, start, end in stops],
        "shifts": {day.isoformat(): _written(intervals) for day, intervals in sorted(shifted.items())},
    }
    return hours, definition


def read_date(value: object) -> date:
    """Return a date given as a date or as YYYY-MM-DD; InvalidDate otherwise."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        if isinstance(value, str) and _DATE.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise InvalidDate(f"The date {value!r} is not one like 2026-01-31.")


# reading -----------------------------------------------------------------------------------------


def _mapping(value: object, what: str) -> Mapping[Any, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise InvalidDefinition(f"The {what} of a calendar are a mapping, not {value!r}.")
    return value


def _list(value: object, what: str) -> Iterable[Any]:
    if value is None:
        return ()
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise InvalidDefinition(f"The {what} are a list, not {value!r}.")
    return value


def _read_week(week: object) -> dict[str, list[Interval]]:
    given = _mapping(week, "weekly hours")
    for name in given:
        if name not in WEEKDAYS:
            raise InvalidDefinition(f"The week has no day {name!r}; its days are {', '.join(WEEKDAYS)}.")
    return {key: _read_intervals(given.get(key), f"on {name}") for key, name in WEEKDAYS.items()}


def _read_holidays(holidays: object) -> dict[date, str]:
    if not isinstance(holidays, Mapping):
        return {read_date(day): "" for day in _list(holidays, "holidays")}
    for name in holidays.values():
        if not isinstance(name, str):
            raise InvalidDefinition(f"The name of a holiday is a text, not {name!r}.")
    return {read_date(day): name for day, name in holidays.items()}


def _read_breaks(breaks: object) -> list[tuple[date, int, int]]:
    result = []
    for each in _list(breaks, "breaks"):
        if not isinstance(each, Mapping) or set(each) != _BREAK_KEYS:
            raise InvalidDefinition(f"A break has a date, a from and a to, unlike {each!r}.")
        result.append((read_date(each["date"]), *_read_interval((each["from"], each["to"]), "of a break")))
    return sorted(set(result))


def _read_intervals(value: object, where: str) -> list[Interval]:
    return sorted(_read_interval(each, where) for each in _list(value, f"hours {where}"))


def _read_interval(value: object, where: str) -> Interval:
    if isinstance(value, str) or not isinstance(value, (tuple, list)) or len(value) != 2:
        raise InvalidInterval(f"The hours {where} are pairs of opening and closing, unlike {value!r}.")
    opening = _read_time(value[0], where)
    if opening == DAY:
        raise InvalidInterval(f"The hours {where} cannot open at 24:00; write 00:00 of the next day.")
    return opening, _read_time(value[1], where)


def _read_time(value: object, where: str) -> int:
    if value in _MIDNIGHT:
        return DAY
    match = _TIME.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise InvalidInterval(f"The hours {where} have {value!r}, which is no time from 00:00 to 24:00.")
    hours, minutes, seconds = match.groups(default="0")
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds)


# splitting at midnight ---------------------------------------------------------------------------


def _split(interval: Interval) -> tuple[list[Part], list[Part]]:
    """Return the parts of an interval on its own date and on the next."""
    opening, closing = interval
    if closing > opening:
        return [interval], []
    return [(opening, DAY)], [(0, closing)] if closing else []


def _weekly_parts(weekly: dict[str, list[Interval]]) -> tuple[tuple[Part, ...], ...]:
    parts: list[list[Part]] = [[] for _ in WEEKDAYS]
    for number, key in enumerate(WEEKDAYS):
        for interval in weekly[key]:
            own, next_date = _split(interval)
            parts[number] += own
            parts[(number + 1) % 7] += next_date
    return tuple(_apart(each, f"on {name}") for name, each in zip(WEEKDAYS.values(), parts, strict=True))


def _replaced_parts(
    shifted: dict[date, list[Interval]], week: tuple[tuple[Part, ...], ...]
) -> dict[int, tuple[Part, ...]]:
    """Return the hours of the dates that shifts replace, and of those their tails reach into."""
    parts: dict[int, list[Part]] = {day.toordinal(): [] for day in shifted}
    tails: dict[int, list[Part]] = {}
    for day, intervals in shifted.items():
        for interval in intervals:
            own, next_date = _split(interval)
            parts[day.toordinal()] += own
            if next_date:
                tails.setdefault(day.toordinal() + 1, []).extend(next_date)
    result = {}
    for ordinal in parts.keys() | tails.keys():
        written = _apart(parts.get(ordinal, []) + tails.get(ordinal, []), "of the shifts")
        # a tail may well lie over the weekly hours it is added to: nobody wrote those for this date
        added = () if ordinal in parts else week[(ordinal - 1) % 7]
        result[ordinal] = tuple(sorted(written + added))
    return result


def _break_parts(stops: list[tuple[date, int, int]]) -> dict[int, tuple[Part, ...]]:
    parts: dict[int, list[Part]] = {}
    for day, start, end in stops:
        own, next_date = _split((start, end))
        parts.setdefault(day.toordinal(), []).extend(own)
        if next_date:
            parts.setdefault(day.toordinal() + 1, []).extend(next_date)
    return {ordinal: tuple(sorted(each)) for ordinal, each in parts.items()}


def _apart(parts: list[Part], where: str) -> tuple[Part, ...]:
    ordered = sorted(parts)
    for (_, end), (start, _) in pairwise(ordered):
        if start < end:
            raise OverlappingIntervals(f"The hours {where} overlap from {_clock(start)}.")
    return tuple(ordered)


# writing -----------------------------------------------------------------------------------------


def _clock(seconds: int) -> str:
    minutes, second = divmod(seconds, 60)
    text = f"{minutes // 60:02}:{minutes % 60:02}"
    return f"{text}:{second:02}" if second else text


def _written(intervals: list[Interval]) -> list[list[str]]:
    return [[_clock(opening), _clock(closing)] for opening, closing in intervals]
