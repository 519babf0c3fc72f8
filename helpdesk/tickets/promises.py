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
from helpdesk.sla.strands import OWN
from helpdesk.sla.terms import FrozenTerms, load_terms
from helpdesk.tickets import hearing
from helpdesk.tickets.explaining import reason_text
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.rows import Due, running
from helpdesk.web import moments
from helpdesk.web.labels import label
from workflows import sla
from workflows.vocabulary import ClockKind, ClockState

UNMET = (ClockState.RUNNING, ClockState.PAUSED)
MOST_ENDED = 30

Ids = Mapping[tuple[ClockKind, int, int], int]
"""{(kind, vendor case or OWN, cycle): id of the stored clock}."""


class CaseCourse(NamedTuple):
    """What the vendor promised on one case, and every cycle of its clocks."""

    terms: FrozenTerms
    cycles: list[sla.Cycle]


class Course(NamedTuple):
    """A ticket's history as its clocks heard it, and every cycle of every clock at ``at`` (aware UTC).

    ``cycles`` are the ticket's own; ``cases`` hold those of its vendor cases by id, each replayed by itself.
    """

    first_terms: FrozenTerms
    terms: FrozenTerms
    events: Sequence[sla.Event]
    cycles: list[sla.Cycle]
    at: datetime
    cases: Mapping[int, CaseCourse] = {}

    def cycle(self, kind: ClockKind, case_id: int, number: int) -> sla.Cycle | None:
        """One cycle of one clock, None where there is none."""
        cycles = self.cycles if case_id == OWN else self.cases[case_id].cycles if case_id in self.cases else ()
        return next((cycle for cycle in cycles if (cycle.kind, cycle.number) == (kind, number)), None)

    def terms_of(self, case_id: int) -> FrozenTerms:
        return self.terms if case_id == OWN else self.cases[case_id].terms


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
    is_met: bool = True


def course_of(ticket: Ticket, now: datetime) -> Course:
    """Replay the clocks of ``ticket`` and of its vendor cases up to ``now``."""
    at = max(now, ticket.updated_at)
    own, *others = hearing.strands_of(ticket)
    assert own.first_terms_id is not None
    terms = load_terms(own.first_terms_id), load_terms(ticket.terms_id or own.terms_id)
    cases = {
        strand.case_id: CaseCourse(load_terms(strand.terms_id), [cycle for cycle, _is_latest in strand.cycles(at)])
        for strand in others
    }
    return Course(*terms, own.events, [cycle for cycle, _is_latest in own.cycles(at)], at, cases)


def clock_ids(ticket_id: int) -> dict[tuple[ClockKind, int, int], int]:
    """Ids of the stored clocks, for the addresses of explanations."""
    columns = (SlaClock.kind, SlaClock.case_id, SlaClock.cycle, SlaClock.id)
    rows = db.session.execute(sa.select(*columns).where(SlaClock.ticket_id == ticket_id))
    return {(kind, case_id, cycle): clock_id for kind, case_id, cycle, clock_id in rows}


def unmet_promises(course: Course, number: int, ids: Ids, case_id: int = OWN) -> list[Promise]:
    """Promises still to be kept, ours or the vendor's on one case: the next due first, paused ones behind.

    The first one of ours is boxed.
    """
    cycles = course.cycles if case_id == OWN else course.cases[case_id].cycles
    unmet = [cycle for cycle in cycles if cycle.state in UNMET]
    unmet.sort(key=lambda cycle: (cycle.state is ClockState.PAUSED, cycle.deadline or course.at, cycle.kind))
    return [
        _promise(cycle, course.at, explain_url(number, cycle, ids, case_id), is_boxed=not place and case_id == OWN)
        for place, cycle in enumerate(unmet)
    ]


def ended_promises(course: Course, number: int, ids: Ids, case_id: int = OWN) -> list[Ended]:
    """Promises met or cancelled, the latest first."""
    cycles = course.cycles if case_id == OWN else course.cases[case_id].cycles
    ended = [cycle for cycle in cycles if cycle.ended_at is not None and cycle.target_seconds is not None]
    ended.sort(key=lambda cycle: cycle.ended_at or course.at, reverse=True)
    return [
        Ended(
            label(cycle.kind),
            ending(cycle),
            explain_url(number, cycle, ids, case_id),
            cycle.breached,
            cycle.state is ClockState.MET,
        )
        for cycle in ended[:MOST_ENDED]
    ]


def due_of_cycle(cycle: sla.Cycle, now: datetime) -> Due:
    """How an unmet cycle stands, in words and tone."""
    late_for = -(cycle.remaining_seconds or 0) if cycle.breached else None
    name = label(cycle.kind)
    if cycle.state is ClockState.PAUSED:
        text = moments.due_phrase(None, seconds_left=cycle.remaining_seconds)
        return Due(text, "late-paused" if cycle.breached else "paused", name)
    if cycle.deadline is None:
        return Due("", "late" if cycle.breached else "plain", name)
    return running(cycle.deadline, name, late_for, _closing(cycle, now), cycle.warns_at, now)


def _closing(cycle: sla.Cycle, now: datetime) -> datetime | None:
    if cycle.calendar is None:
        return None
    return cycle.calendar.closes_at(now) if cycle.calendar.is_open(now) else now


def _promise(cycle: sla.Cycle, now: datetime, url: str | None, *, is_boxed: bool) -> Promise:
    return Promise(label(cycle.kind), due_of_cycle(cycle, now), bar_of(cycle, now), _detail(cycle), url, is_boxed)


def _detail(cycle: sla.Cycle) -> str:
    """Beside the due moment: how much has run; where that moment is another day's, how much is left."""
    elapsed, target = moments.open_time(cycle.elapsed_seconds or 0), moments.open_time(cycle.target_seconds or 0)
    done = _("%(elapsed)s of %(target)s", elapsed=elapsed, target=target)
    if cycle.state is ClockState.PAUSED:
        return f"{done} · {reason_text(cycle.paused_by or '')}"
    if cycle.deadline is None:
        return done
    if not cycle.breached and not moments.is_today(cycle.deadline):
        return _("%(left)s left of %(target)s", left=moments.open_time(cycle.remaining_seconds or 0), target=target)
    due = _("due %(moment)s", moment=moments.moment_or_time(cycle.deadline))
    return f"{due} · {done}"


def ending(cycle: sla.Cycle) -> str:
    """How an ended promise stood at its end."""
    if cycle.state is ClockState.CANCELLED:
        return label(cycle.state)
    words = {
        "elapsed": moments.open_time(cycle.elapsed_seconds or 0),
        "target": moments.open_time(cycle.target_seconds or 0),
    }
    return (
        _("late, in %(elapsed)s of %(target)s", **words)
        if cycle.breached
        else _("in %(elapsed)s of %(target)s", **words)
    )


def explain_url(number: int, cycle: sla.Cycle, ids: Ids, case_id: int = OWN) -> str | None:
    """Where a cycle explains itself; None while its clock is not stored."""
    clock_id = ids.get((cycle.kind, case_id, cycle.number))
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
