"""Working time: when a promise falls due, and how much of it has run.

A ``BusinessCalendar`` answers in real elapsed seconds inside open, unpaused time (rules R1, R2,
R8 and R10 of the SLA). It reads no clock and no database.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any, NamedTuple, NoReturn, final
from zoneinfo import ZoneInfo

from workflows.business_days import Days
from workflows.business_definition import Definition, Hours, read, read_date
from workflows.business_errors import BusinessTimeError, InvalidDefinition, UnknownZone
from workflows.business_line import Line
from workflows.business_moments import (
    Moment,
    Seconds,
    checked_duration,
    to_datetime,
    to_seconds,
)
from workflows.business_pauses import PauseLike, merged, pieces

__all__ = ["BusinessCalendar", "BusinessTimeError", "Span"]

CALENDARS_KEPT = 64
_KEYS = frozenset({"timezone", "week", "holidays", "breaks", "shifts"})


class Span(NamedTuple):
    """A half-open stretch of time that counted or not, and why: a SpanReason or a pause's cause."""

    start: datetime
    end: datetime
    counted: bool
    reason: str

    @property
    def seconds(self) -> int:
        """Real elapsed seconds (``end - start`` would be wall-clock time), fractions floored."""
        return int(to_seconds(self.end) - to_seconds(self.start))


@final
class BusinessCalendar:
    """The open hours of one place in its own zone. Immutable; equal when defined alike.

    ``timezone``: an IANA name. ``week``: {"mon".."sun": [(opening, closing)]}, times "HH:MM" or
    "HH:MM:SS", "24:00" as a closing; a closing at or before its opening is on the next date.
    ``holidays``: dates, or {date: name}. ``breaks``: [{"date", "from", "to"}]. ``shifts``:
    {date: [(opening, closing)]} replace the weekly hours of a date, [] closes it. Dates are
    "YYYY-MM-DD" or ``date``. On a date: holiday > break > shift > week.

    Moments are aware datetimes or ISO 8601 strings with an offset. ``pauses`` are (from, to) or
    (from, to, cause) in any order; overlapping ones count once. Answers are in the calendar's
    zone, for people; compare and subtract them in UTC (``astimezone(UTC)``), because Python
    compares two datetimes of one zone by the wall clock. Every refusal is a BusinessTimeError
    (a ValueError) with a ``code`` and a sentence.
    """

    __slots__ = ("_days", "_hours", "_key", "_line", "zone")

    zone: ZoneInfo
    _hours: Hours
    _days: Days
    _line: Line
    _key: str  # the canonical definition as JSON

    def __init__(
        self,
        timezone: str,
        week: Mapping[str, Iterable[Any]] | None = None,
        holidays: Iterable[Any] | Mapping[Any, str] = (),
        breaks: Iterable[Mapping[str, Any]] = (),
        shifts: Mapping[Any, Iterable[Any]] | None = None,
    ) -> None:
        zone = _zone(timezone)
        hours, definition = read(week, holidays, breaks, shifts)
        fix = super().__setattr__
        fix("zone", zone)
        fix("_hours", hours)
        fix("_days", Days(hours, zone))
        fix("_line", Line(self._days))
        fix("_key", json.dumps({"timezone": timezone, **definition}, ensure_ascii=False))

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any]) -> "BusinessCalendar":
        """Build a calendar from the constructor's arguments as a mapping."""
        if not isinstance(mapping, Mapping) or "timezone" not in mapping:
            raise InvalidDefinition("A calendar is a mapping with a timezone.")
        if unknown := mapping.keys() - _KEYS:
            raise InvalidDefinition(f"A calendar has no {', '.join(sorted(map(str, unknown)))}.")
        return cls(**mapping)

    @staticmethod
    def of(mapping: Mapping[str, Any]) -> "BusinessCalendar":
        """Return the calendar of a mapping, the same object for the same mapping while kept."""
        try:
            text = json.dumps(mapping, sort_keys=True, ensure_ascii=False)
        except TypeError:  # dates and sets are no JSON, but a calendar takes them
            return BusinessCalendar.from_mapping(mapping)
        return _kept(text)

    # questions -----------------------------------------------------------------------------------

    def add(self, start: Moment, seconds: int, pauses: Iterable[PauseLike] = ()) -> datetime:
        """Return the earliest moment when ``seconds`` (int >= 0) of open, unpaused time have passed.

        The result is in the calendar's zone; a deadline at closing stays at closing, and 0 returns
        ``start``. Raises NeverOpen when ten years in a row hold no open moment.
        """
        line, at = self._line, to_seconds(start)
        left: Seconds = checked_duration(seconds)
        end = line.advanced(at, left)
        if pauses:
            for pause in merged(pauses):
                if pause.start >= end or not left:
                    break
                if pause.end > at:
                    left -= line.count(at, pause.start)
                    at = pause.end
                    end = line.advanced(at, left)
        return to_datetime(end, self.zone)

    def subtract(self, end: Moment, seconds: int, pauses: Iterable[PauseLike] = ()) -> datetime:
        """Return the latest moment with ``seconds`` (int >= 0) of open, unpaused time before ``end``.

        The mirror of ``add``: an opening stays at the opening, and 0 returns ``end``.
        """
        line, at = self._line, to_seconds(end)
        left: Seconds = checked_duration(seconds)
        start = line.receded(at, left)
        for pause in reversed(merged(pauses)):
            if pause.end <= start or not left:
                break
            if pause.start < at:
                left -= line.count(pause.end, at)
                at = pause.start
                start = line.receded(at, left)
        return to_datetime(start, self.zone)

    sub = subtract

    def between(self, start: Moment, end: Moment, pauses: Iterable[PauseLike] = ()) -> int:
        """Return the seconds of open, unpaused time in [start, end), fractions floored.

        0 when ``end`` is at or before ``start``.
        """
        begin, finish = to_seconds(start), to_seconds(end)
        line = self._line
        counted = line.count(begin, finish)
        if pauses:
            for pause in merged(pauses):
                counted -= line.count(max(begin, pause.start), min(finish, pause.end))
        return int(counted)

    def is_open(self, at: Moment) -> bool:
        """Tell whether the calendar is open at a moment (open at the opening, not at the closing)."""
        return self._line.is_open(to_seconds(at))

    def next_open(self, at: Moment) -> datetime:
        """Return ``at`` if open, else the next opening; NeverOpen if none comes in ten years."""
        return to_datetime(self._line.opening(to_seconds(at)), self.zone)

    def closes_at(self, at: Moment) -> datetime | None:
        """Return when the open interval around ``at`` ends.

        None when the calendar is closed at ``at``, or does not close in the ten years after.
        """
        end = self._line.closing(to_seconds(at))
        return None if end is None else to_datetime(end, self.zone)

    def explain(self, start: Moment, end: Moment, pauses: Iterable[PauseLike] = ()) -> list[Span]:
        """Return spans that cover [start, end) without gaps and say what counted and why.

        Reasons: open (the only one counted), closed, holiday, break, or a pause's cause. Closed
        time is never paused. Neighbours of one reason are joined; empty when end <= start.
        Raises OutOfRange on the first and the last date of the years 1 to 9999.
        """
        begin, finish = to_seconds(start), to_seconds(end)
        still = merged(pauses)
        if finish <= begin:
            return []
        segments = self._days.segments(begin, finish)
        return [
            Span(to_datetime(first, self.zone), to_datetime(last, self.zone), counted, reason)
            for first, last, counted, reason in pieces(segments, begin, finish, still)
        ]

    def holiday_name(self, day: date | str) -> str | None:
        """Return the name of a holiday ("" if it has none), None on any other date."""
        return self._hours.holidays.get(read_date(day).toordinal())

    @property
    def line(self) -> Line:
        """The open time in epoch seconds, for those who compute much there (the SLA clocks)."""
        return self._line

    @property
    def timezone(self) -> str:
        """The IANA name of the calendar's zone."""
        return self.zone.key

    @property
    def definition(self) -> Definition:
        """The calendar as a JSON-serialisable mapping in canonical form, fit for ``from_mapping``."""
        definition: Definition = json.loads(self._key)
        return definition

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("A business calendar does not change; build another one.")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError("A business calendar does not change; build another one.")

    def __eq__(self, other: object) -> bool:
        return self._key == other._key if isinstance(other, BusinessCalendar) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._key)

    def __repr__(self) -> str:
        return f"<BusinessCalendar {self._key}>"

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return _kept, (self._key,)


def _zone(name: object) -> ZoneInfo:
    try:
        if isinstance(name, str) and name:
            return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        pass  # ZoneInfo raises any of these, by how the name is wrong
    raise UnknownZone(f"There is no time zone {name!r}.")


@lru_cache(maxsize=CALENDARS_KEPT)
def _kept(text: str) -> BusinessCalendar:
    return BusinessCalendar.from_mapping(json.loads(text))
