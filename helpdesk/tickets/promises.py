"""The promises of one ticket as its page shows them, replayed from its history to the second."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from flask_babel import gettext as _

from helpdesk.database import db
from helpdesk.sla.models import SlaClock
from helpdesk.sla.terms import FrozenTerms, load_terms
from helpdesk.tickets import deadlines
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.rows import Due
from helpdesk.web import moments
from helpdesk.web.labels import label
from workflows import sla
from workflows.business_time import Span
from workflows.vocabulary import ClockKind, ClockState, HoldCause, PauseCause, SpanReason

UNMET = (ClockState.RUNNING, ClockState.PAUSED)


class Course(NamedTuple):
    """A ticket's history as its clocks heard it, and every cycle of every clock at ``at`` (aware UTC)."""

    first_terms: FrozenTerms
    terms: FrozenTerms
    events: list[sla.Event]
    cycles: list[sla.Cycle]
    at: datetime


@dataclass(frozen=True, slots=True)
class Promise:
    """An unmet promise. ``bar``: (used | pause, start, width) in per cent of the way to its deadline."""

    name: str
    due: Due
    bar: list[tuple[str, float, float]]
    detail: str
    explain_url: str | None
    is_boxed: bool


@dataclass(frozen=True, slots=True)
class Ended:
    """A promise that was met or cancelled, and how it stood then."""

    name: str
    text: str
    explain_url: str | None
    was_late: bool


def course_of(ticket: Ticket, now: datetime) -> Course:
    """Replay the clocks of ``ticket`` up to ``now``."""
    assert ticket.terms_id is not None
    at = max(now, ticket.updated_at)
    first_terms_id, events = deadlines.heard_history(ticket)
    first_terms = load_terms(first_terms_id)
    replayed = sla.replay(first_terms.whole, {}, events, at)
    cycles = [cycle for history in replayed.values() for cycle in history]
    return Course(first_terms, load_terms(ticket.terms_id), events, cycles, at)


def clock_ids(ticket_id: int) -> dict[tuple[ClockKind, int], int]:
    """{(kind, cycle): id of its stored clock}, for the addresses of explanations."""
    rows = sa.select(SlaClock.kind, SlaClock.cycle, SlaClock.id).where(SlaClock.ticket_id == ticket_id)
    return {(kind, cycle): clock_id for kind, cycle, clock_id in db.session.execute(rows)}


def unmet_promises(course: Course, number: int, ids: Mapping[tuple[ClockKind, int], int]) -> list[Promise]:
    """Promises still to be kept, the next due first, paused ones behind; the first one is boxed."""
    unmet = [cycle for cycle in course.cycles if cycle.state in UNMET]
    unmet.sort(key=lambda cycle: (cycle.state is ClockState.PAUSED, cycle.deadline or course.at, cycle.kind))
    return [
        _promise(cycle, course.at, _url(number, cycle, ids), is_boxed=not place) for place, cycle in enumerate(unmet)
    ]


def ended_promises(course: Course, number: int, ids: Mapping[tuple[ClockKind, int], int]) -> list[Ended]:
    """Promises met or cancelled, the latest first."""
    ended = [cycle for cycle in course.cycles if cycle.ended_at is not None and cycle.target_seconds is not None]
    ended.sort(key=lambda cycle: cycle.ended_at or course.at, reverse=True)
    return [Ended(label(cycle.kind), _ending(cycle), _url(number, cycle, ids), cycle.breached) for cycle in ended[:30]]


def due_of_cycle(cycle: sla.Cycle, now: datetime) -> Due:
    """How an unmet cycle stands, in words and tone."""
    late_for = -(cycle.remaining_seconds or 0) if cycle.breached else None
    name = label(cycle.kind)
    if cycle.state is ClockState.PAUSED:
        text = moments.due_phrase(None, seconds_left=cycle.remaining_seconds)
        return Due(text, "late-paused" if cycle.breached else "paused", name)
    tone = "late" if cycle.breached else "warn" if cycle.warns_at and cycle.warns_at <= now else "plain"
    closes_at = _closing(cycle, now)
    text = moments.due_phrase(cycle.deadline, late_for=late_for, closes_at=closes_at)
    return Due(text, tone, name, cycle.deadline, closes_at, cycle.warns_at, late_for)


def _closing(cycle: sla.Cycle, now: datetime) -> datetime | None:
    if cycle.calendar is None:
        return None
    return cycle.calendar.closes_at(now) if cycle.calendar.is_open(now) else now


def _promise(cycle: sla.Cycle, now: datetime, url: str | None, *, is_boxed: bool) -> Promise:
    return Promise(label(cycle.kind), due_of_cycle(cycle, now), bar_of(cycle, now), _detail(cycle), url, is_boxed)


def _detail(cycle: sla.Cycle) -> str:
    done = _(
        "%(elapsed)s of %(target)s",
        elapsed=moments.duration(cycle.elapsed_seconds or 0),
        target=moments.duration(cycle.target_seconds or 0),
    )
    if cycle.deadline is None:
        return str(done)
    due = _("due %(moment)s", moment=moments.moment_or_time(cycle.deadline))
    return f"{due} · {done}"


def _ending(cycle: sla.Cycle) -> str:
    if cycle.state is ClockState.CANCELLED:
        return label(cycle.state)
    words = {
        "elapsed": moments.duration(cycle.elapsed_seconds or 0),
        "target": moments.duration(cycle.target_seconds or 0),
    }
    return (
        _("late, in %(elapsed)s of %(target)s", **words)
        if cycle.breached
        else _("in %(elapsed)s of %(target)s", **words)
    )


def _url(number: int, cycle: sla.Cycle, ids: Mapping[tuple[ClockKind, int], int]) -> str | None:
    clock_id = ids.get((cycle.kind, cycle.number))
    return f"/tickets/{number}/clocks/{clock_id}/explanation" if clock_id is not None else None


# the bar ----------------------------------------------------------------------------------------------


def bar_of(cycle: sla.Cycle, now: datetime) -> list[tuple[str, float, float]]:
    """The open hours from start to deadline, what is used filled, pauses hatched where they were.

    Its whole length is the target and all pauses so far, in open time; a promise that is late fills it.
    """
    calendar, start, target = cycle.calendar, cycle.started_at, cycle.target_seconds
    if calendar is None or not target:
        return []
    pauses = [(max(pause.start, start), pause.until or now) for pause in cycle.pauses]
    pauses = [(begin, end) for begin, end in pauses if begin < end]
    lengths = [calendar.between(begin, end) for begin, end in pauses]
    whole = target + sum(lengths)
    parts: list[tuple[str, float, float]] = []
    at = start
    for begin, end in pauses:
        parts += [("used", *_share(calendar.between(start, at), calendar.between(start, begin), whole))]
        parts += [("pause", *_share(calendar.between(start, begin), calendar.between(start, end), whole))]
        at = max(at, end)
    parts.append(("used", *_share(calendar.between(start, at), calendar.between(start, now), whole)))
    return [part for part in parts if part[2] > 0]


def _share(begin: int, end: int, whole: int) -> tuple[float, float]:
    first, last = (min(100.0, 100 * seconds / whole) for seconds in (begin, end))
    return round(first, 2), round(last - first, 2)


# explaining -------------------------------------------------------------------------------------------


class Explained(NamedTuple):
    """One stretch of a promise's time: counted or not, and why."""

    start: datetime
    end: datetime
    reason: str
    is_counted: bool
    seconds: int


def explain(cycle: sla.Cycle) -> list[Explained]:
    """Every second from the start of a cycle to its end or now; those counted sum to what has elapsed."""
    return [_explained(span) for span in sla.explain(cycle)]


def _explained(span: Span) -> Explained:
    return Explained(span.start, span.end, reason_text(span.reason), span.counted, span.seconds)


def reason_text(reason: str) -> str:
    """Why a stretch counted or not, in words; a pause says its cause."""
    for words in (SpanReason, HoldCause, PauseCause):
        for word in words:
            if word.value == reason:
                return label(word)
    return str(reason)


def cycle_of(course: Course, kind: ClockKind, number: int) -> sla.Cycle | None:
    found: Sequence[sla.Cycle] = [cycle for cycle in course.cycles if (cycle.kind, cycle.number) == (kind, number)]
    return found[0] if found else None
