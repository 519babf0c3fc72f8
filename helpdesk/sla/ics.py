"""Holidays out of an iCalendar file: a strict reader of the little of RFC 5545 that holidays need.

Whole-day events are read, one-off or yearly; whatever else a calendar holds is left out and counted. A file that
breaks the format is refused with the line it breaks at: half a list of holidays is worse than none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final, NamedTuple

from flask_babel import gettext as _

from helpdesk.errors import Invalid
from helpdesk.sla.ics_rules import UnknownRule, read_rule

MAX_BYTES: Final = 512 * 1024
MAX_EVENTS: Final = 5000
LONGEST_DAYS: Final = 60
"""Longer events are no holidays: somebody's sabbatical, a project."""
LONGEST_NAME: Final = 80
COUNTED_SINCE: Final = 1900
"""Occurrences are counted from the first: thousands of rules that begin in the year 1 would keep us busy."""

_DATE = re.compile(r"(\d{4})(\d\d)(\d\d)", re.ASCII)
_DURATION = re.compile(r"\+?P(?:(\d{1,4})W|(\d{1,4})D)", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9-]+")
_PARAM = re.compile(r';([A-Za-z0-9-]+)=("[^"]*"|[^";:,]*)(?:,("[^"]*"|[^";:,]*))*')
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Found:
    """``days``: {ISO date: name}. ``left_out``: events that are no whole days, or repeat in ways we don't read."""

    days: dict[str, str]
    left_out: int = 0


class _Line(NamedTuple):
    number: int  # where it begins in the file, from 1
    name: str  # of the property, upper case
    params: dict[str, str]
    value: str


@dataclass
class _Event:
    """What of a VEVENT matters; every property at most once."""

    number: int
    lines: dict[str, _Line] = field(default_factory=dict)
    but_not: set[date] = field(default_factory=set)


class _LeftOut(Exception):
    """The event is well formed but no holiday of ours."""


def read(raw: bytes, years: range) -> Found:
    """The whole-day events of ``raw`` that fall into ``years`` (contiguous).

    Raises Invalid at the field ``ics``, naming the line, for a file that is too large, is no text, breaks
    RFC 5545 or holds no event.
    """
    if len(raw) > MAX_BYTES:
        raise _refused(_("The file is larger than %(kib)s KiB.", kib=MAX_BYTES // 1024))
    events = list(_events(_lines(_text(raw))))
    if not events:
        raise _refused(_("There is no event in this file."))
    first, last = date(years.start, 1, 1), date(years.stop - 1, 12, 31)
    days: dict[str, str] = {}
    left_out = 0
    for event in events:
        try:
            name, found = _name(event), list(_days(event, first, last))
        except _LeftOut:
            left_out += 1
            continue
        for day in found:
            days.setdefault(day.isoformat(), name)
    return Found(dict(sorted(days.items())), left_out)


def _refused(sentence: str, number: int | None = None) -> Invalid:
    if number is not None:
        sentence = _("Line %(number)s: %(sentence)s", number=number, sentence=sentence)
    return Invalid(sentence, "ics")


# lines ------------------------------------------------------------------------------------------------


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _refused(_("This is no calendar file: its text is not UTF-8.")) from None


def _lines(text: str) -> Iterator[_Line]:
    """The content lines, unfolded: what begins with a blank goes on the line before."""
    unfolded: list[tuple[int, list[str]]] = []
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), start=1):
        if line.startswith((" ", "\t")) and unfolded:
            unfolded[-1][1].append(line[1:])
        elif line.strip():
            unfolded.append((number, [line]))
    for number, parts in unfolded:
        yield _content_line(number, "".join(parts))


def _content_line(number: int, text: str) -> _Line:
    name = _NAME.match(text)
    if name is None or _CONTROLS.search(text):
        raise _refused(_("This is no line of a calendar file."), number)
    at, params = name.end(), {}
    while (param := _PARAM.match(text, at)) is not None:
        params[param[1].upper()] = param[2].strip('"')
        at = param.end()
    if text[at : at + 1] != ":":
        raise _refused(_("This is no line of a calendar file."), number)
    return _Line(number, name[0].upper(), params, text[at + 1 :])


# components -------------------------------------------------------------------------------------------


def _events(lines: Iterator[_Line]) -> Iterator[_Event]:
    """Every VEVENT directly under a VCALENDAR; what is nested deeper (alarms, time zones) is passed over."""
    inside: list[str] = []
    event, count = None, 0
    for line in lines:
        if line.name == "BEGIN":
            inside.append(line.value.strip().upper())
            if inside[0] != "VCALENDAR":
                raise _refused(_("A calendar file begins with BEGIN:VCALENDAR."), line.number)
            if inside == ["VCALENDAR", "VEVENT"]:
                event, count = _Event(line.number), count + 1
        elif line.name == "END":
            _close(inside, line)
            if event is not None and len(inside) == 1:
                yield event
                event = None
        elif not inside:
            raise _refused(_("A calendar file begins with BEGIN:VCALENDAR."), line.number)
        elif event is not None and len(inside) == 2:
            _take(event, line)
        if count > MAX_EVENTS:
            raise _refused(_("More than %(count)s events: these are not only holidays.", count=MAX_EVENTS))
    if inside:
        raise _refused(_("The file breaks off: END:%(name)s is missing.", name=inside[-1][:40]))


def _close(inside: list[str], line: _Line) -> None:
    if not inside or inside.pop() != line.value.strip().upper():
        raise _refused(_("END doesn’t close what began last."), line.number)


_ONCE: Final = frozenset(
    {"DTSTART", "DTEND", "DURATION", "SUMMARY", "RRULE", "STATUS", "RECURRENCE-ID", "RDATE", "EXRULE"}
)


def _take(event: _Event, line: _Line) -> None:
    if line.name == "EXDATE":
        event.but_not |= {day for text in line.value.split(",") if (day := _plain_date(text)) is not None}
    elif line.name in _ONCE:
        if line.name in event.lines and line.name != "RDATE":
            raise _refused(_("An event says %(name)s twice.", name=line.name), line.number)
        event.lines[line.name] = line


# events -----------------------------------------------------------------------------------------------


def _name(event: _Event) -> str:
    line = event.lines.get("SUMMARY")
    said = _ESCAPED.sub(lambda found: " " if found[1] in "nN" else found[1], line.value) if line is not None else ""
    return " ".join(said.split())[:LONGEST_NAME].strip()


def _days(event: _Event, first: date, last: date) -> Iterator[date]:
    """The dates of one event from ``first`` to ``last``. Raises _LeftOut."""
    status = event.lines.get("STATUS")
    if status is not None and status.value.strip().upper() == "CANCELLED":
        return
    if event.lines.keys() & {"RECURRENCE-ID", "RDATE", "EXRULE"}:
        raise _LeftOut
    start = _start(event)
    length = _length(event, start)
    if not 0 < length <= LONGEST_DAYS:
        raise _LeftOut
    lead = timedelta(days=length - 1)
    earliest = first - lead if first - date.min > lead else date.min
    for begins in _begins(event, start, earliest, last):
        if begins in event.but_not:
            continue
        for offset in range(min(length, (last - begins).days + 1)):
            day = begins + timedelta(days=offset)
            if day >= first:
                yield day


def _start(event: _Event) -> date:
    line = event.lines.get("DTSTART")
    if line is None:
        raise _refused(_("An event says no day: DTSTART is missing."), event.number)
    return _whole_day(line)


def _whole_day(line: _Line) -> date:
    """The date of a property. Raises _LeftOut for a moment of the day, Invalid for what is neither."""
    day = _plain_date(line.value)
    if day is not None and "T" not in line.value:
        return day
    if day is not None and line.params.get("VALUE", "DATE-TIME").upper() == "DATE-TIME":
        raise _LeftOut
    raise _refused(_("“%(text)s” is no date such as 20261225.", text=line.value[:40]), line.number)


def _plain_date(text: str) -> date | None:
    """The date that ``text`` is or begins with, as 20261225 or 20261225T080000Z."""
    match = _DATE.match(text.strip())
    rest = text.strip()[8:]
    if match is None or (rest and not re.fullmatch(r"T\d{6}Z?", rest, re.ASCII)):
        return None
    try:
        return date(*map(int, match.groups()))
    except ValueError:
        return None


def _length(event: _Event, start: date) -> int:
    """How many days it lasts: DTEND is the day after the last, and one day where nothing is said."""
    end, duration = event.lines.get("DTEND"), event.lines.get("DURATION")
    if end is not None:
        return max((_whole_day(end) - start).days, 1)
    if duration is None:
        return 1
    match = _DURATION.fullmatch(duration.value.strip())
    if match is None:
        raise _LeftOut
    weeks, days = (int(part or 0) for part in match.groups())
    return weeks * 7 + days


def _begins(event: _Event, start: date, first: date, last: date) -> Sequence[date]:
    """The dates on which it begins, from ``first`` to ``last``."""
    line = event.lines.get("RRULE")
    if line is None:
        return [start] if first <= start <= last else []
    try:
        rule = read_rule(line.value)
    except UnknownRule:
        raise _LeftOut from None
    if rule.count is not None and start.year < COUNTED_SINCE:
        raise _LeftOut
    return list(rule.dates(start, first, last))
