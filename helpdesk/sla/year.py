"""A calendar's year, day by day: open, short, closed, holiday, break or hours of its own."""

from __future__ import annotations

import calendar as months
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from babel.dates import get_day_names, get_month_names
from babel.numbers import format_decimal
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp

from helpdesk.sla import hours
from helpdesk.sla.trials import said_day
from workflows.business_time import BusinessCalendar
from workflows.vocabulary import SpanReason

FIRST_YEAR, LAST_YEAR = 2000, 2100
WEEKS = 6
"""As many as a month can touch: with the same for all, the months of a row stand level."""


class Look(StrEnum):
    """What a day looks like; the value is its class in the style sheet. The earlier wins where several hold."""

    HOLIDAY = "day-holiday"
    BREAK = "day-break"
    REPLACED = "day-replaced"
    CLOSED = "day-closed"
    SHORT = "day-short"
    OPEN = "day-open"


LOOKS: Mapping[Look, Any] = {
    Look.OPEN: _l("open"),
    Look.SHORT: _l("open, but shorter than usual"),
    Look.CLOSED: _l("closed"),
    Look.HOLIDAY: _l("holiday"),
    Look.BREAK: _l("a break in it"),
    Look.REPLACED: _l("hours of its own"),
}
LETTERS: Mapping[Look, Any] = {
    Look.OPEN: "",
    Look.SHORT: _lp("a short day in a year's calendar", "S"),
    Look.CLOSED: "–",
    Look.HOLIDAY: _lp("a holiday in a year's calendar", "H"),
    Look.BREAK: _lp("a day with a break in a year's calendar", "B"),
    Look.REPLACED: _lp("a day with hours of its own in a year's calendar", "R"),
}
TOLD: frozenset[Look] = frozenset({Look.HOLIDAY, Look.BREAK, Look.REPLACED})
"""Days that somebody wrote down; the others follow from the week."""


@dataclass(frozen=True, slots=True)
class Day:
    """``hours_text``: "8:00–12:00, 13:00–18:00", "" when closed; ``name``: the holiday's, "" where it has none."""

    date: date
    look: Look
    hours_text: str
    open_seconds: int
    name: str

    @property
    def letter(self) -> str:
        return str(LETTERS[self.look])

    @property
    def what(self) -> str:
        """The look in words, with the holiday's name."""
        return self.name or str(LOOKS[self.look])

    @property
    def is_told(self) -> bool:
        return self.look in TOLD

    @property
    def date_text(self) -> str:
        return said_day(self.date.isoformat())

    @property
    def sentence(self) -> str:
        """What hovering over it and the list say: "Fri 23 Oct 2026: National Day, closed"."""
        parts = [self.what] if self.is_told or self.look is Look.SHORT else []
        parts.append(self.hours_text or str(LOOKS[Look.CLOSED]))
        return f"{self.date_text}: {', '.join(parts)}"


@dataclass(frozen=True, slots=True)
class Month:
    """``weeks``: six of seven days from Monday, None where the day belongs to another month."""

    number: int
    name: str
    weeks: list[list[Day | None]]


@dataclass(slots=True)
class _Stretches:
    """What one date holds of the year's spans."""

    open: list[tuple[datetime, datetime]] = field(default_factory=list)
    open_seconds: int = 0
    has_break: bool = False


@dataclass(frozen=True, slots=True)
class Year:
    """Twelve months, the days that are different in order, and the open time of it all in seconds."""

    number: int
    months: list[Month]
    told: list[Day]
    open_days: int
    open_seconds: int
    counts: Mapping[Look, int]

    @property
    def summary(self) -> str:
        open_hours = format_decimal(self.open_seconds // hours.HOUR, locale=get_locale() or "en")
        return _("%(hours)s h on %(days)s days", hours=open_hours, days=self.open_days)


def year_of(calendar: BusinessCalendar, number: int) -> Year:
    """The year ``number`` (FIRST_YEAR to LAST_YEAR) of ``calendar``, in the calendar's own zone."""
    definition = calendar.definition
    usual = hours.day_of(definition)
    stretches = _stretches(calendar, number)
    days = {day: _day(day, stretches[day], calendar, definition, usual) for day in stretches}
    return Year(
        number,
        [_month(number, month, days) for month in range(1, 13)],
        [day for day in days.values() if day.is_told],
        sum(day.open_seconds > 0 for day in days.values()),
        sum(day.open_seconds for day in days.values()),
        Counter(day.look for day in days.values()),
    )


def _stretches(calendar: BusinessCalendar, number: int) -> dict[date, _Stretches]:
    first, end = date(number, 1, 1), date(number + 1, 1, 1)
    found = {first + timedelta(days=offset): _Stretches() for offset in range((end - first).days)}
    begin, finish = (datetime.combine(day, time(), calendar.zone) for day in (first, end))
    for span in calendar.explain(begin, finish):
        for start, until in _by_date(span.start, span.end):
            if span.reason == SpanReason.OPEN:
                found[start.date()].open.append((start, until))
                found[start.date()].open_seconds += round(until.timestamp() - start.timestamp())
            elif span.reason == SpanReason.BREAK:
                found[start.date()].has_break = True
    return found


def _by_date(start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """A span cut at every midnight of its zone."""
    while start.timestamp() < end.timestamp():
        midnight = datetime.combine(start.date() + timedelta(days=1), time(), start.tzinfo)
        until = min(midnight, end, key=datetime.timestamp)
        yield start, until
        start = until


def _day(
    day: date, stretches: _Stretches, calendar: BusinessCalendar, definition: Mapping[str, Any], usual: int
) -> Day:
    name = calendar.holiday_name(day)
    text = ", ".join(f"{_wall(start)}–{_wall(end, is_end=True)}" for start, end in stretches.open)
    if name is not None:
        look = Look.HOLIDAY
    elif stretches.has_break:
        look = Look.BREAK
    elif day.isoformat() in definition["shifts"]:
        look = Look.REPLACED
    elif not stretches.open_seconds:
        look = Look.CLOSED
    else:
        look = Look.SHORT if stretches.open_seconds < usual else Look.OPEN
    return Day(day, look, text, stretches.open_seconds, name or "")


def _wall(at: datetime, *, is_end: bool = False) -> str:
    """Wall time as hours are written: "8:00", and 24:00 for a closing at midnight."""
    if is_end and at.time() == time():
        return "24:00"
    return f"{at.hour}:{at:%M}"


def _month(year: int, month: int, days: Mapping[date, Day]) -> Month:
    weeks: list[list[Day | None]] = [
        [days[day] if day.month == month else None for day in week]
        for week in months.Calendar().monthdatescalendar(year, month)
    ]
    weeks += [[None] * 7] * (WEEKS - len(weeks))
    return Month(month, get_month_names("wide", context="stand-alone", locale=get_locale() or "en")[month], weeks)


def weekday_names() -> list[tuple[str, str]]:
    """Head of a month's columns: the shortest name and the full one, from Monday."""
    locale = get_locale() or "en"
    narrow, wide = (get_day_names(width, context="stand-alone", locale=locale) for width in ("narrow", "wide"))
    return [(narrow[number], wide[number]) for number in range(7)]
