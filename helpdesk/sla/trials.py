"""Trying a calendar out: is it open at a moment, where does added time end, what counts between two moments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from babel.dates import get_day_names
from flask_babel import get_locale
from flask_babel import gettext as _

from helpdesk.errors import Invalid
from helpdesk.sla import hours
from helpdesk.sla.wording import sentence
from helpdesk.web.labels import label
from helpdesk.web.moments import calendar_date
from workflows.business_time import BusinessCalendar, BusinessTimeError, Span
from workflows.vocabulary import SpanReason

LONGEST = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Line:
    """A stretch of the time between two moments, in words; ``seconds`` of real time."""

    start_text: str
    end_text: str
    why: str
    seconds: int
    is_counted: bool


@dataclass(frozen=True, slots=True)
class Trial:
    """What a calendar answers, in its own zone and in words. A text is "" where nothing was asked or happens.

    ``counted`` and ``elapsed``: open and real seconds between the moments; None when no second one was given.
    """

    at_text: str
    is_open: bool
    why: str
    opens_text: str
    closes_text: str
    added: int | None
    ends_text: str
    until_text: str
    counted: int | None
    elapsed: int | None
    lines: list[Line]


def attempt(calendar: BusinessCalendar, wall: datetime, add: str = "", until: datetime | None = None) -> Trial:
    """Ask ``calendar`` about ``wall`` and, if given, about adding ``add`` ("4h") and about the time to ``until``.

    ``wall`` and ``until`` are wall times without a zone, read in the calendar's; one that a clock change skips
    or repeats is read as RFC 5545 does. Raises Invalid naming the field ``at``, ``add`` or ``until``.
    """
    at = wall.replace(tzinfo=calendar.zone)
    added = _length(add, calendar)
    end = until.replace(tzinfo=calendar.zone) if until is not None else None
    _check_order(at, end)
    try:
        is_open = calendar.is_open(at)
        closes_at = calendar.closes_at(at) if is_open else None
        opens_at = None if is_open else calendar.next_open(at)
        spans = calendar.explain(at, end) if end is not None else []
        return Trial(
            at_text=said(at),
            is_open=is_open,
            why=_why(calendar, calendar.explain(at, opens_at)[0]) if opens_at is not None else "",
            opens_text=said(opens_at) if opens_at is not None else "",
            closes_text=said(closes_at) if closes_at is not None else "",
            added=added,
            ends_text=said(calendar.add(at, added)) if added is not None else "",
            until_text=said(end) if end is not None else "",
            counted=calendar.between(at, end) if end is not None else None,
            elapsed=round(end.timestamp() - at.timestamp()) if end is not None else None,
            lines=[
                Line(said(span.start), said(span.end), _why(calendar, span), span.seconds, span.counted)
                for span in spans
            ],
        )
    except BusinessTimeError as error:
        raise Invalid(sentence(error), "at") from error


def _length(add: str, calendar: BusinessCalendar) -> int | None:
    if not add:
        return None
    try:
        return hours.read_duration(add, hours.day_of(calendar.definition))
    except Invalid as error:
        raise Invalid(error.sentence, "add") from None


def _check_order(at: datetime, end: datetime | None) -> None:
    if end is None:
        return
    seconds = end.timestamp() - at.timestamp()
    if seconds <= 0:
        raise Invalid(_("The second moment comes after the first."), "until")
    if seconds > LONGEST.total_seconds():
        raise Invalid(_("At most a year can be laid out here."), "until")


def _why(calendar: BusinessCalendar, span: Span) -> str:
    """The reason of a span, holidays by their names."""
    if span.reason != SpanReason.HOLIDAY:
        return label(SpanReason(span.reason))
    days = (span.end - span.start).days + 1  # one too many where it ends at midnight: that date has no name then
    dates = (span.start.date() + timedelta(days=offset) for offset in range(days))
    names = dict.fromkeys(name for day in dates if (name := calendar.holiday_name(day)))
    return ", ".join(names) or label(SpanReason.HOLIDAY)


def said_day(day: str) -> str:
    """An ISO date as people write it: "Fri 25 Dec 2026"; the text itself where it is none."""
    try:
        return _dated(date.fromisoformat(day))
    except ValueError:
        return day


def _dated(day: date) -> str:
    locale = get_locale()
    weekday = get_day_names("abbreviated", locale=locale or "en")[day.weekday()]
    if locale is not None and locale.language == "hu":
        return f"{calendar_date(day)}, {weekday}"
    return f"{weekday} {calendar_date(day)}"


def said(at: datetime) -> str:
    """A moment in the zone it carries, as people write it: "Tue 24 Nov 2026, 14:12"; "2026. 11. 24., K 14:12"."""
    locale = get_locale()
    if locale is not None and locale.language == "hu":
        return f"{_dated(at.date())} {at.hour}:{at:%M}"
    return f"{_dated(at.date())}, {at:%H:%M}"
