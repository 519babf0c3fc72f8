"""A calendar's weekly hours in words: "Mon–Fri 8–18, Budapest"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from babel.dates import get_day_names
from flask_babel import get_locale
from flask_babel import gettext as _

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ALL_DAY = ("00:00", "24:00")

Intervals = tuple[tuple[str, str], ...]


def hours_text(definition: Mapping[str, Any]) -> str:
    """Say when we are there, from the mapping a BusinessCalendar is built of; holidays are left out."""
    week = [_intervals(definition.get("week", {}).get(day, ())) for day in DAYS]
    if all(intervals == (ALL_DAY,) for intervals in week):
        return _("day and night, every day")
    place = str(definition["timezone"]).rpartition("/")[2].replace("_", " ")
    said = ", ".join(_run(days, intervals) for days, intervals in _runs(week) if intervals)
    return f"{said}, {place}" if said else place


def _intervals(written: Sequence[Sequence[str]]) -> Intervals:
    return tuple((str(opening), str(closing)) for opening, closing in written)


def _runs(week: Sequence[Intervals]) -> list[tuple[list[int], Intervals]]:
    """Neighbouring days with the same hours, as ([weekday numbers], hours)."""
    days = groupby(range(len(week)), key=lambda day: week[day])
    return [(list(run), intervals) for intervals, run in days]


def _run(days: list[int], intervals: Intervals) -> str:
    names = get_day_names("abbreviated", locale=get_locale() or "en")
    first, last = names[days[0]], names[days[-1]]
    span = first if len(days) == 1 else f"{first}–{last}"
    return f"{span} " + ", ".join(f"{_hour(opening)}–{_hour(closing)}" for opening, closing in intervals)


def _hour(written: str) -> str:
    """ "08:00" as "8", "16:30" as "16:30"."""
    hour, minute = written.split(":")[:2]
    return str(int(hour)) if minute == "00" else f"{int(hour)}:{minute}"
