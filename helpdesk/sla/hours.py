"""Opening hours as people type them: "08:00-12:00, 13:00-18:00", "2026-12-25 Christmas Day", "2d 4h".

Reading refuses what it can't split, in a sentence; whether the times and dates themselves make sense is for
``workflows.business_time`` to say.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Any

from flask_babel import gettext as _

from helpdesk.errors import Invalid

Interval = tuple[str, str]

_BETWEEN = re.compile(r"\s*[,;]\s*")
_TO = re.compile(r"\s*[-–]\s*")
_SHORT_HOUR = re.compile(r"^(\d):")
_MIDNIGHT, _DAYS_END = "00:00", "24:00"
_CLOSED = ("closed", "zárva", "-")
_DURATION = re.compile(r"\s*(?:(\d+)\s*d)?\s*(?:(\d+)\s*(?:h|ó))?\s*(?:(\d+)\s*(?:m|min|p))?\s*", re.IGNORECASE)
MINUTE, HOUR, DAY = 60, 3600, 86_400
MOST_DAYS, MOST_DIGITS = 365, 9


# intervals --------------------------------------------------------------------------------------------


def read_intervals(text: str) -> list[Interval]:
    """ "8:00-12:00, 13-18" as pairs of opening and closing; an empty text is a closed day."""
    return [_interval(part) for part in _BETWEEN.split(text.strip()) if part]


def _interval(text: str) -> Interval:
    ends = _TO.split(text.strip())
    if len(ends) != 2:
        raise Invalid(_("Write opening and closing as 08:00-18:00; “%(text)s” is neither.", text=text))
    opening, closing = _time(ends[0]), _time(ends[1])
    if _exact(opening) == _exact(closing) != _exact(_MIDNIGHT):
        # a calendar would take it for the 24 hours until the same time of the next day
        raise Invalid(_("“%(text)s” opens and closes at the same time: write 00:00-24:00 for a whole day.", text=text))
    return opening, closing


def _time(text: str) -> str:
    whole = f"{text}:00" if text.isdigit() else text
    return _SHORT_HOUR.sub(r"0\1:", whole)


def _exact(time: str) -> str:
    return f"{time}:00" if time.count(":") == 1 else time


def write_intervals(intervals: Iterable[Iterable[str]]) -> str:
    return ", ".join("-".join(interval) for interval in intervals)


def joined(week: Mapping[str, Iterable[Iterable[str]]]) -> dict[str, list[Interval]]:
    """A week with its nights in one piece: what ends at midnight and goes on after it, but ends before the hour it
    began at, stands as 22:00-06:00 on the day it begins."""
    days = list(week)
    whole = {day: [_pair(interval) for interval in week[day]] for day in days}
    mornings = {day: intervals[0] for day, intervals in whole.items() if intervals and intervals[0][0] == _MIDNIGHT}
    for number, day in enumerate(days):
        following = days[(number + 1) % len(days)]
        morning = mornings.get(following)
        if morning is None or not whole[day]:
            continue
        opening, closing = whole[day][-1]
        if closing in (_MIDNIGHT, _DAYS_END) and morning[1] < opening:
            whole[day][-1] = (opening, morning[1])
            whole[following].remove(morning)
    return whole


def runs(week: Mapping[str, list[Interval]]) -> list[tuple[str, str, list[Interval]]]:
    """Neighbouring days with the same hours as (first day, last day, hours); closed days are left out."""
    found = []
    for intervals, group in groupby(week.items(), key=itemgetter(1)):
        days = [day for day, _intervals in group]
        if intervals:
            found.append((days[0], days[-1], intervals))
    return found


def _pair(interval: Iterable[str]) -> Interval:
    opening, closing = interval
    return opening, closing


# lines ------------------------------------------------------------------------------------------------


def read_holidays(text: str) -> dict[str, str]:
    """Lines of a date and a name as {date: name}."""
    return dict(_dated_lines(text))


def read_shifts(text: str) -> dict[str, list[Interval]]:
    """Lines of a date and its hours, or the word closed, as {date: intervals}."""
    found = {}
    for date, rest in _dated_lines(text):
        if not rest:
            raise Invalid(_("Write hours after %(date)s, or the word closed.", date=date))
        found[date] = [] if rest.lower() in _CLOSED else read_intervals(rest)
    return found


def read_breaks(text: str) -> list[dict[str, str]]:
    """Lines of a date and the hours that fall out, as a calendar takes them."""
    breaks = []
    for date, rest in map(_date_and_rest, _lines(text)):
        if not rest:
            raise Invalid(_("Write after %(date)s which hours fall out, such as 12:00-13:00.", date=date))
        breaks += [{"date": date, "from": start, "to": end} for start, end in read_intervals(rest)]
    return breaks


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _date_and_rest(line: str) -> tuple[str, str]:
    date, *rest = line.split(maxsplit=1)
    return date, "".join(rest)


def _dated_lines(text: str) -> list[tuple[str, str]]:
    """Raises Invalid for a date that stands there twice: the second would silently replace the first."""
    lines = [_date_and_rest(line) for line in _lines(text)]
    for date, count in Counter(date for date, _rest in lines).items():
        if count > 1:
            raise Invalid(_("%(date)s stands there twice: say all of it in one line.", date=date))
    return lines


def write_holidays(holidays: Mapping[str, str]) -> str:
    return "\n".join(f"{date} {name}".strip() for date, name in sorted(holidays.items()))


def write_shifts(shifts: Mapping[str, Iterable[Iterable[str]]]) -> str:
    return "\n".join(f"{date} {write_intervals(each) or _CLOSED[0]}" for date, each in sorted(shifts.items()))


def write_breaks(breaks: Iterable[Mapping[str, str]]) -> str:
    return "\n".join(f"{each['date']} {each['from']}-{each['to']}" for each in breaks)


# durations --------------------------------------------------------------------------------------------


def read_duration(text: str, day_seconds: int) -> int:
    """Seconds of "2d 4h 30m", where a day is ``day_seconds`` long, 365 of them at most. Raises Invalid."""
    match = _DURATION.fullmatch(text)
    if match is None or not any(match.groups()):
        raise Invalid(_("Write it as 30m, 4h, 2d or 1d 4h."))
    parts = [part or "0" for part in match.groups()]
    # by their length first: thousands of digits are more than ``int`` takes
    days, hours, minutes = (int(part) if len(part) <= MOST_DIGITS else 10**MOST_DIGITS for part in parts)
    seconds = days * day_seconds + hours * HOUR + minutes * MINUTE
    if not 0 < seconds <= MOST_DAYS * day_seconds:
        raise Invalid(_("Promise more than nothing and at most %(most)s days.", most=MOST_DAYS))
    return seconds


def write_duration(seconds: int) -> str:
    """Hours and minutes only: how long a day is would be a question of the calendar."""
    hours, minutes = seconds // HOUR, seconds % HOUR // MINUTE
    return " ".join([f"{hours}h"] * (hours > 0) + [f"{minutes}m"] * (minutes > 0 or hours == 0))


def day_of(definition: Mapping[str, Any]) -> int:
    """How long a usual day of a calendar is: the commonest sum of hours among its open weekdays, in seconds."""
    sums = Counter(sum(map(_length, day)) for day in definition["week"].values() if day)
    return max(sums, key=lambda length: (sums[length], length)) if sums else DAY


def _length(interval: Iterable[str]) -> int:
    opening, closing = (_seconds(end) for end in interval)
    return closing - opening if closing > opening else closing - opening + DAY


def _seconds(text: str) -> int:
    return sum(int(part) * unit for part, unit in zip(text.split(":"), (HOUR, MINUTE, 1), strict=False))
