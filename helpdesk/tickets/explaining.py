"""How a promise came about: every second from its start, counted or not and why; what happened to it; what will.

Long histories fold: neighbouring nights become one line that can be opened. The lines of an explanation leave no gap,
and what they counted and did not count sums to the real time that has passed (R10).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from flask_babel import get_timezone, ngettext
from flask_babel import gettext as _

from helpdesk.web import moments
from helpdesk.web.labels import label
from workflows import ladder, sla
from workflows.business_errors import NeverOpen
from workflows.business_time import BusinessCalendar, Span
from workflows.ladder import Rung
from workflows.sla_terms import Level
from workflows.vocabulary import ClockChange, ClockState, HoldCause, PauseCause, SpanReason

FOLDED_FROM = 3
"""So many closed stretches between open ones become one line."""
_SHUT = frozenset({SpanReason.CLOSED, SpanReason.HOLIDAY, SpanReason.BREAK})
_DAY = timedelta(days=1)


class Line(NamedTuple):
    """A stretch of a promise's time; a folded one has ``parts``. Moments are aware UTC, seconds real ones."""

    start: datetime
    end: datetime
    text: str
    counted: int
    not_counted: int
    parts: Sequence[Line] = ()

    @property
    def seconds(self) -> int:
        return self.counted + self.not_counted

    @property
    def is_counted(self) -> bool:
        return not self.not_counted


class Step(NamedTuple):
    """Something that happened to a promise, or will: ``at`` is None where nobody can say when.

    ``due_at`` is the deadline it had from then on.
    """

    at: datetime | None
    text: str
    second: str = ""
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """``seconds`` have really passed; ``counted`` and ``not_counted`` sum to them."""

    lines: list[Line]
    counted: int
    not_counted: int
    zone_text: str
    happened: list[Step] = field(default_factory=list)
    to_come: list[Step] = field(default_factory=list)

    @property
    def seconds(self) -> int:
        return self.counted + self.not_counted


def explain(cycle: sla.Cycle, levels: Sequence[Mapping[str, Any]] = ()) -> Explanation:
    """Explain one cycle of a clock; ``levels`` are those of its terms, as a policy keeps them."""
    words = _Words(cycle.calendar)
    lines = [line for run in _runs(sla.explain(cycle)) for line in _told(run, words)]
    return Explanation(
        lines,
        sum(line.counted for line in lines),
        sum(line.not_counted for line in lines),
        words.zone_text,
        [_happened(change, levels, words) for change in cycle.changes],
        _to_come(cycle, levels),
    )


def reason_text(reason: str) -> str:
    """Why a stretch counted or not, in words; a pause says its cause."""
    for words in (SpanReason, HoldCause, PauseCause):
        for word in words:
            if word.value == reason:
                return label(word)
    return str(reason)


class _Words:
    """What a calendar's spans are called: holidays by name, and its place where that isn't the reader's."""

    def __init__(self, calendar: BusinessCalendar | None) -> None:
        self._calendar = calendar
        zone = calendar.timezone if calendar is not None else ""
        self._said: dict[str, str] = {}
        self._place = zone.rpartition("/")[2].replace("_", " ") if zone and zone != str(get_timezone()) else ""

    @property
    def zone_text(self) -> str:
        """A sentence where the calendar keeps another time than the reader; else empty."""
        if not self._place or self._calendar is None:
            return ""
        return _(
            "These hours are kept in another zone, %(zone)s; the moments below are in yours, %(yours)s.",
            zone=self._calendar.timezone,
            yours=str(get_timezone()),
        )

    def of(self, span: Span) -> str:
        if span.reason == SpanReason.HOLIDAY:
            return self._holiday(span)
        if span.reason == SpanReason.CLOSED and self._place:
            return _("outside the hours in %(place)s", place=self._place)
        return self.reason(span.reason)

    def reason(self, reason: str) -> str:
        """The reason in words, looked up once: a long history says the same few hundreds of times."""
        if reason not in self._said:
            self._said[reason] = reason_text(reason)
        return self._said[reason]

    def _holiday(self, span: Span) -> str:
        names = ", ".join(dict.fromkeys(self.holidays(span)))
        return _("holiday: %(name)s", name=names) if names else label(SpanReason.HOLIDAY)

    def holidays(self, span: Span) -> Iterator[str]:
        """The names of the holidays that ``span`` lies on, by its dates in the calendar's own zone."""
        if self._calendar is None or span.reason != SpanReason.HOLIDAY:
            return
        day, last = span.start.date(), (span.end - timedelta(microseconds=1)).date()
        while day <= last:
            if name := self._calendar.holiday_name(day):
                yield name
            day += _DAY

    def nights(self, span: Span) -> int:
        """How many midnights of the calendar's zone a closed span holds."""
        return (span.end.date() - span.start.date()).days if span.reason in _SHUT else 0


def _runs(spans: Sequence[Span]) -> Iterator[list[Span]]:
    """Spans of one reason with the closed ones between and behind them."""
    run: list[Span] = []
    reason = ""
    for span in spans:
        if span.reason not in _SHUT:
            if reason and span.reason != reason:
                yield run
                run = []
            reason = span.reason
        run.append(span)
    if run:
        yield run


def _told(run: list[Span], words: _Words) -> list[Line]:
    lines = [_line(span, words) for span in run]
    shut = [span for span in run if span.reason in _SHUT]
    if len(shut) < FOLDED_FROM:
        return lines
    counted = sum(line.counted for line in lines)
    not_counted = sum(line.not_counted for line in lines)
    return [Line(lines[0].start, lines[-1].end, _folded(run, shut, words), counted, not_counted, lines)]


def _line(span: Span, words: _Words) -> Line:
    seconds = span.seconds
    return Line(span.start, span.end, words.of(span), seconds if span.counted else 0, 0 if span.counted else seconds)


def _folded(run: list[Span], shut: list[Span], words: _Words) -> str:
    """ "open hours, 5 nights closed, holiday: New Year’s Day"."""
    main = next((words.reason(span.reason) for span in run if span.reason not in _SHUT), "")
    nights = sum(map(words.nights, shut))
    told = [main] if main else []
    if nights:
        told.append(ngettext("%(num)s night closed", "%(num)s nights closed", nights))
    names = dict.fromkeys(name for span in shut for name in words.holidays(span))
    if names:
        told.append(_("holiday: %(name)s", name=", ".join(names)))
    if breaks := sum(span.reason == SpanReason.BREAK for span in shut):
        told.append(ngettext("%(num)s break", "%(num)s breaks", breaks))
    return ", ".join(told)


# what happened to it, and what will -----------------------------------------------------------------------


def _happened(change: sla.Change, levels: Sequence[Mapping[str, Any]], words: _Words) -> Step:
    due = change.deadline_at
    match change.what:
        case ClockChange.STARTED:
            return Step(change.at, _("It began."), due_at=due)
        case ClockChange.PAUSED:
            return Step(change.at, _("It paused: %(cause)s.", cause=words.reason(change.cause or SpanReason.PAUSE)))
        case ClockChange.RESUMED:
            return Step(change.at, _("It went on."), due_at=due)
        case ClockChange.RETARGETED:
            return Step(change.at, _("Other terms came into force."), due_at=due)
        case ClockChange.WARNED:
            return Step(change.at, _("It warned."), level_text(levels, change.level))
        case ClockChange.SKIPPED:
            told = _("A warning was left out: its moment had passed already.")
            return Step(change.at, told, level_text(levels, change.level))
        case ClockChange.BREACHED if change.is_on_retarget:
            return Step(change.at, _("The other terms put its deadline into the past."), due_at=due)
        case ClockChange.BREACHED:
            return Step(change.at, _("It became late."), level_text(levels, ladder.BREACH))
        case ClockChange.LADDERED:
            return Step(change.at, _("A level after the deadline came."), level_text(levels, change.level))
        case ClockChange.MET:
            return Step(change.at, _("It was met."))
        case ClockChange.CANCELLED:
            return Step(change.at, _("It was cancelled."))
        case ClockChange.ENDED_WITHOUT_SLA:
            return Step(change.at, _("No policy promises it any more."))


def _to_come(cycle: sla.Cycle, levels: Sequence[Mapping[str, Any]]) -> list[Step]:
    """The levels that have yet to come, each with its moment if nothing stops the clock before."""
    if cycle.state not in (ClockState.RUNNING, ClockState.PAUSED) or cycle.target_seconds is None:
        return []
    spent = {change.level for change in cycle.changes if change.what in _SPENT}
    if any(change.what is ClockChange.BREACHED for change in cycle.changes):
        spent.add(ladder.BREACH)
    steps = []
    for rung in ladder.rungs(levels):
        if rung.level not in spent:
            name = _("Late") if rung.is_breach else _("Warning") if rung.is_warning else _("Level after the deadline")
            steps.append(Step(_moment_of(rung, cycle), name, rung_text(rung)))
    return steps


_SPENT = frozenset({ClockChange.WARNED, ClockChange.SKIPPED, ClockChange.LADDERED})


def _moment_of(rung: Rung, cycle: sla.Cycle) -> datetime | None:
    """When a level comes: the first second beyond its measure; None while the clock stands still."""
    if cycle.state is ClockState.PAUSED or cycle.calendar is None or cycle.target_seconds is None:
        return None
    if rung.is_breach:
        return cycle.late_from
    level = Level(rung.level, rung.percent, rung.minutes_before, rung.minutes_after)
    pauses = [(pause.start, pause.until) for pause in cycle.pauses if pause.until is not None]
    seconds = max(level.due(cycle.target_seconds).threshold + 1, 0)
    try:
        return cycle.calendar.add(cycle.started_at, seconds, pauses)
    except NeverOpen:
        return None


def level_text(levels: Sequence[Mapping[str, Any]], level: int) -> str:
    """A level in words; empty when today's terms no longer have it."""
    rung = ladder.rung_of(levels, level)
    return rung_text(rung) if rung is not None else ""


def rung_text(rung: Rung) -> str:
    """ "after 75 % of the target: whoever has the ticket"; what it does besides stands behind."""
    roles = ", ".join(label(role) for role in sorted(rung.to))
    parts = [f"{_measure(rung)}: {roles}" if roles else _measure(rung)]
    if rung.act is not None:
        parts.append(label(rung.act))
    return "; ".join(parts)


def _measure(rung: Rung) -> str:
    if rung.percent is not None:
        return _("after %(percent)s %% of the target", percent=rung.percent)
    if rung.minutes_before is not None:
        return _("%(time)s before the deadline", time=moments.open_time(60 * rung.minutes_before))
    if rung.minutes_after is not None:
        return _("%(time)s after the deadline", time=moments.open_time(60 * rung.minutes_after))
    return _("with the first late second")
