"""Time as a person would say it: "in 1 h 20 min", "late by 35 min", "tomorrow 09:40".

``static/js/countdown.js`` says the same words in the browser; change both together. Moments are aware
UTC, durations whole seconds. The reader's language and zone come from Flask-Babel.
"""

from __future__ import annotations

from datetime import date, datetime, tzinfo
from zoneinfo import ZoneInfo

from flask import current_app
from flask_babel import get_locale, get_timezone, gettext, ngettext

from helpdesk import clock

MINUTE, HOUR, DAY = 60, 3600, 86_400
LONG_HOURS = 100
"""So many hours of open time are said without their minutes."""
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def desk_day(moment: datetime) -> date:
    """The day that counts for contracts and rights: the desk's own, whoever reads."""
    return moment.astimezone(ZoneInfo(current_app.config["TIMEZONE"])).date()


def duration(seconds: int) -> str:
    """Say a length of time in at most two units: "42 s", "18 min", "1 h 05 min", "3 days"."""
    seconds = abs(int(seconds))
    if seconds < MINUTE:
        return gettext("%(n)s s", n=seconds)
    if seconds < HOUR:
        return gettext("%(n)s min", n=seconds // MINUTE)
    if seconds < DAY:
        hours, minutes = seconds // HOUR, seconds % HOUR // MINUTE
        if minutes == 0:
            return gettext("%(h)s h", h=hours)
        return gettext("%(h)s h %(m)s min", h=hours, m=_minutes(minutes))
    days, hours = seconds // DAY, seconds % DAY // HOUR
    if days == 1 and hours:
        return gettext("1 day %(h)s h", h=hours)
    return ngettext("%(num)s day", "%(num)s days", days)


def open_time(seconds: int) -> str:
    """Say a length of open time, in hours however long: "18 min", "12 h 51 min", "100 h" without its minutes.

    Never in days: a desk's day is ten hours or so, and a promise of 100 open hours is not over in four days.
    """
    seconds = abs(int(seconds))
    if seconds < HOUR:
        return duration(seconds)
    hours, minutes = seconds // HOUR, seconds % HOUR // MINUTE
    if minutes == 0 or hours >= LONG_HOURS:
        return gettext("%(h)s h", h=hours)
    return gettext("%(h)s h %(m)s min", h=hours, m=_minutes(minutes))


def to_the_second(seconds: int) -> str:
    """Say a length of time in full, as figures that must add up are: "1 day 5 h 06 min 12 s"."""
    days, rest = divmod(abs(int(seconds)), DAY)
    return _in_full(days, rest)


def open_time_to_the_second(seconds: int) -> str:
    """Say a length of open time in full, in hours however long: "50 h 00 min 12 s"."""
    return _in_full(0, abs(int(seconds)))


def _in_full(days: int, seconds: int) -> str:
    """Each unit from the largest to the smallest that is not zero, and none left out between them."""
    minutes, left = divmod(seconds, MINUTE)
    hours, minutes = divmod(minutes, MINUTE)
    parts = [ngettext("%(num)s day", "%(num)s days", days)] if days else []
    if hours or (parts and (minutes or left)):
        parts.append(gettext("%(h)s h", h=hours))
    if minutes or (parts and left):
        parts.append(gettext("%(n)s min", n=_minutes(minutes) if parts else minutes))
    if left or not parts:
        parts.append(gettext("%(n)s s", n=_minutes(left) if parts else left))
    return " ".join(parts)


def ago(at: datetime) -> str:
    """Say how long a past moment is behind us, in one unit beyond two hours: "48 min ago", "5 h ago".

    Each unit has a sentence of its own: Hungarian bends the unit itself ("48 perce", "5 órája").
    """
    seconds = int((clock.now() - at).total_seconds())
    if seconds < MINUTE:
        return gettext("just now")
    if seconds >= DAY:
        return ngettext("%(num)s day ago", "%(num)s days ago", seconds // DAY)
    hours, minutes = seconds // HOUR, seconds % HOUR // MINUTE
    if hours == 0:
        return gettext("%(n)s min ago", n=minutes)
    if hours == 1 and minutes:
        return gettext("%(h)s h %(m)s min ago", h=hours, m=_minutes(minutes))
    return gettext("%(h)s h ago", h=hours)


def _minutes(minutes: int) -> str:
    """Minutes beside hours: two digits, so that columns don't dance; Hungarian writes no leading zero."""
    return str(minutes) if _is_hungarian() else f"{minutes:02}"


def due(at: datetime, closes_at: datetime | None = None) -> str:
    """Say when a promise falls due: a countdown up to today's closing, a moment beyond it.

    ``closes_at`` is the end of the open span we are in; without it the countdown lasts for the local day.
    """
    now = clock.now()
    same_day = _local(at).date() == _local(now).date()
    if now <= at and (at <= closes_at if closes_at else same_day):
        return gettext("in %(time)s", time=open_time(_rounded(int((at - now).total_seconds()))))
    return moment(at)


def _rounded(seconds: int) -> int:
    """A countdown shows the minute that has begun: 17 min 40 s is still "18 min"."""
    return seconds if seconds < MINUTE else -(-seconds // MINUTE) * MINUTE


def late(seconds: int) -> str:
    """Say by how much a promise was missed, in open time."""
    return gettext("late by %(time)s", time=open_time(seconds))


def left(seconds: int) -> str:
    """Say what a paused promise has left."""
    return gettext("paused, %(time)s left", time=open_time(seconds))


def due_phrase(
    at: datetime | None,
    *,
    seconds_left: int | None = None,
    late_for: int | None = None,
    closes_at: datetime | None = None,
    is_calendar_time: bool = False,
) -> str:
    """Say how a promise stands: "in 1 h 20 min", "late by 35 min", "paused, 2 h left", "late by 2 h, paused".

    ``at`` is the deadline (None while the promise is paused). ``seconds_left`` is given only while it is
    paused: open seconds left, below zero when it was late already. ``late_for`` are the open seconds it is
    late; without them the wall clock counts. ``closes_at`` as in ``due``: a deadline at closing is not late
    while the desk is closed (R2). What runs day and night, as money deadlines do, is late by days
    (``is_calendar_time``). Empty when nothing is promised.
    """
    if seconds_left is not None:
        if seconds_left < 0:
            return gettext("late by %(time)s, paused", time=open_time(seconds_left))
        return left(seconds_left)
    if at is None or at == clock.NEVER:
        return ""
    behind = int((clock.now() - at).total_seconds())
    if behind > 0 and is_calendar_time:
        return gettext("late by %(time)s", time=duration(behind))
    if behind <= 0 or (late_for is None and closes_at is not None and closes_at <= at):
        return due(at, closes_at)
    return late(behind if late_for is None else late_for)


def written(at: datetime, zone: str, language: str) -> str:
    """Write a moment for a letter, which is read later and elsewhere: "Wed 25 Nov, 10:30 CET", never "today".

    ``zone`` is an IANA name and ``language`` en or hu: the recipient's, not the reader's of this request.
    """
    there = at.astimezone(ZoneInfo(zone))
    if language == "hu":
        return f"{there.year}. {there.month}. {there.day}. {there.hour}:{there:%M} ({there.tzname()})"
    return f"{_WEEKDAYS[there.weekday()]} {there.day} {_MONTHS[there.month - 1]}, {there:%H:%M} {there.tzname()}"


def moment(at: datetime) -> str:
    """Say a moment as briefly as it is clear: "today 09:14", "Mon 09:06", "3 Dec, 09:40"."""
    there, today = _local(at), _local(clock.now()).date()
    time = clock_time(at)
    days = (there.date() - today).days
    if days == 0:
        return gettext("today %(time)s", time=time)
    if days == 1:
        return gettext("tomorrow %(time)s", time=time)
    if days == -1:
        return gettext("yesterday %(time)s", time=time)
    if _is_hungarian():
        year = "" if there.year == today.year else f"{there.year}. "
        return f"{year}{there.month}. {there.day}. {time}"
    if abs(days) < 7:
        return f"{_WEEKDAYS[there.weekday()]} {time}"
    return f"{_english_date(there, today.year)}, {time}"


def moment_or_time(at: datetime) -> str:
    """Say a moment where only today's need no day: "14:30", "tomorrow 09:40"."""
    return clock_time(at) if is_today(at) else moment(at)


def is_today(at: datetime) -> bool:
    """Whether a moment lies on the reader's present day."""
    return _local(at).date() == _local(clock.now()).date()


def day(at: datetime) -> str:
    """Say the date alone: "Tue 24 Nov", "2026. 11. 24."."""
    there = _local(at)
    if _is_hungarian():
        return calendar_date(there)
    return f"{_WEEKDAYS[there.weekday()]} {_english_date(there, _local(clock.now()).year)}"


def calendar_date(day: date) -> str:
    """Say a date that belongs to no zone, such as the last day of a contract: "30 Nov 2026", "2026. 11. 30."."""
    if _is_hungarian():
        return f"{day.year}. {day.month}. {day.day}."
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def day_and_time(at: datetime) -> str:
    """Say the date and the wall time: "Tue 24 Nov, 14:12", "2026. 11. 24. 14:12"."""
    return f"{day(at)}{' ' if _is_hungarian() else ', '}{clock_time(at)}"


def exact(at: datetime) -> str:
    """Say a moment in full with its zone, for hover and focus: "Tue 24 Nov 2026, 14:30:00 CET"."""
    there = _local(at)
    zone = there.tzname() or ""
    if _is_hungarian():
        return f"{there.year}. {there.month}. {there.day}. {there.hour}:{there:%M:%S} {zone}"
    date = f"{_WEEKDAYS[there.weekday()]} {_english_date(there, 0)}"
    return f"{date}, {there:%H:%M:%S} {zone}"


def clock_time(at: datetime) -> str:
    """Say the wall time alone: "09:14"; Hungarian writes no leading zero."""
    there = _local(at)
    return f"{there.hour}:{there:%M}" if _is_hungarian() else f"{there:%H:%M}"


def iso(at: datetime) -> str:
    """Write a moment for ``datetime`` attributes and scripts."""
    return at.isoformat().replace("+00:00", "Z")


def _english_date(there: datetime, current_year: int) -> str:
    year = "" if there.year == current_year else f" {there.year}"
    return f"{there.day} {_MONTHS[there.month - 1]}{year}"


def _local(at: datetime) -> datetime:
    zone: tzinfo | None = get_timezone()
    return at.astimezone(zone)


def _is_hungarian() -> bool:
    locale = get_locale()
    return locale is not None and locale.language == "hu"
