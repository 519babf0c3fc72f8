"""Storing what the pure replay says of a ticket's clocks: projections, histories, breaches.

Everything here runs inside the transaction of the caller, who holds the ticket's row. What may happen only
once is guarded a second time by unique indexes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from helpdesk.bulk import append_returning, append_rows
from helpdesk.sla import tally
from helpdesk.sla.models import Breach, BreachToReview, ClockEvent
from helpdesk.sla.stored import StoredClock, write_clocks
from helpdesk.sla.strands import OWN, Strand
from helpdesk.sla.terms import load_terms
from workflows import sla
from workflows.ladder import Rung
from workflows.vocabulary import ClockChange, ClockKind, ClockState, Priority, State


@dataclass(frozen=True, slots=True)
class Subject:
    """What a breach remembers of the ticket it happened to, as plain values."""

    ticket_id: int
    priority: Priority
    state: State
    assignee_id: int | None
    team_id: int | None
    customer_id: int | None


@dataclass(frozen=True, slots=True)
class ClockNews:
    """A warning, breach or level after it that is new: what people are to be told, and what is to be done.

    ``case_id`` is 0 for the ticket's own clocks. ``since`` is when the cycle began. ``rung`` says whom the level
    tells and how it acts. Not ``is_told``: a warning that came due together with its breach (R7); it still acts.
    """

    cycle: int
    kind: ClockKind
    change: ClockChange
    level: int
    at: datetime
    due_at: datetime | None
    case_id: int
    since: datetime
    rung: Rung
    is_told: bool


@dataclass(frozen=True, slots=True)
class Settlement:
    """What the replay says: the ticket's clocks as they stand now, and the news. Nothing of it is written yet."""

    subject: Subject
    clocks: tuple[StoredClock, ...]
    news: tuple[ClockNews, ...]
    fresh: tuple[_Fresh, ...]
    now: datetime


def settle(
    subject: Subject, strands: Iterable[Strand], now: datetime, stored: Iterable[StoredClock], *, only_unended: bool
) -> Settlement:
    """Bring the ``stored`` clocks of a ticket to ``now`` (aware UTC) by replaying ``strands``; ``write`` writes them.

    With ``only_unended`` those that were met or cancelled are not among ``stored``, since nothing but the passing
    of time and other terms has touched them: what ended stays as it was written (R5).
    """
    rows = {(row.case_id, row.kind, row.cycle): row for row in stored}
    fresh = tuple(
        _project(rows, subject.ticket_id, strand, cycle, is_current)
        for strand in strands
        for cycle, is_current in strand.cycles(now)
        if _may_have_changed(rows.get((strand.case_id, cycle.kind, cycle.number)), cycle, is_current, only_unended)
    )
    return Settlement(subject, tuple(rows.values()), _news(fresh), fresh, now)


def write(settlements: Sequence[Settlement]) -> None:
    """Write the clocks of any number of tickets, what happened to them, their breaches, and how they count.

    A handful of statements, however many the tickets are.
    """
    fresh = [one for settlement in settlements for one in settlement.fresh]
    write_clocks([one.row for one in fresh])
    tally.count(
        (settlement.subject.team_id, one.before, one.row, one.cycle)
        for settlement in settlements
        for one in settlement.fresh
        if one.row.case_id == OWN  # the vendor's promises are reported apart
    )
    append_rows(
        ClockEvent,
        [
            _line(one.row, position, change, settlement.now)
            for settlement in settlements
            for one in settlement.fresh
            for position, change in one.changes
        ],
    )
    _write_breaches(settlements)


Rows = dict[tuple[int, ClockKind, int], StoredClock]  # by case, kind and cycle


def _may_have_changed(row: StoredClock | None, cycle: sla.Cycle, is_current: bool, only_unended: bool) -> bool:
    """An ended cycle whose every change is written stays as it is, but for a later one that takes its place."""
    if row is None:
        return cycle.ended_at is None or not only_unended
    is_open = cycle.ended_at is None or row.ended_at is None
    return is_open or row.change_count != len(cycle.changes) or row.is_current != is_current


class _Fresh(NamedTuple):
    """A clock's row, the cycle it now shows, and how it stood and how many of its changes were written before."""

    row: StoredClock
    cycle: sla.Cycle
    written: int
    before: tally.Standing

    @property
    def changes(self) -> list[tuple[int, sla.Change]]:
        """What is new, each with its position in the clock's history."""
        return list(enumerate(self.cycle.changes))[self.written :]


def _project(rows: Rows, ticket_id: int, strand: Strand, cycle: sla.Cycle, is_current: bool) -> _Fresh:
    key = strand.case_id, cycle.kind, cycle.number
    row = rows.get(key)
    if row is None:
        row = rows[key] = StoredClock.new(ticket_id, strand, cycle)
    written, before = row.change_count, tally.standing(row)
    if cycle.ended_at is None:  # a met or cancelled clock keeps the terms it had (R5)
        row.terms_id = strand.terms_id
    row.is_current, row.change_count = is_current, len(cycle.changes)
    row.state, row.ended_at, row.target_seconds = cycle.state, cycle.ended_at, cycle.target_seconds
    row.elapsed_seconds = None if cycle.state is ClockState.RUNNING else cycle.elapsed_seconds
    row.due_at, row.warns_at, row.late_from_at = cycle.deadline, cycle.warns_at, cycle.late_from
    row.idle_seconds = _idle_seconds(cycle)
    is_paused = cycle.state is ClockState.PAUSED and cycle.paused_by is not None
    row.paused_cause = str(cycle.paused_by) if is_paused else None
    row.warned_at = _last(cycle, ClockChange.WARNED)
    row.breached_at = _last(cycle, ClockChange.BREACHED)
    row.next_fire_at = cycle.next_fire_at
    return _Fresh(row, cycle, written, before)


def _idle_seconds(cycle: sla.Cycle) -> int:
    """Open seconds of pauses behind the deadline: time that passed but made the clock no later."""
    if not cycle.breached or cycle.calendar is None or cycle.deadline is None or cycle.remaining_seconds is None:
        return 0
    return cycle.calendar.between(cycle.deadline, cycle.ended_at or cycle.as_of) + cycle.remaining_seconds


def _last(cycle: sla.Cycle, what: ClockChange) -> datetime | None:
    return next((change.at for change in reversed(cycle.changes) if change.what is what), None)


def _line(row: StoredClock, position: int, change: sla.Change, now: datetime) -> dict[str, Any]:
    return {
        "clock_id": row.id,
        "cycle": row.cycle,
        "position": position,
        "change": change.what,
        "level": change.level,
        "at": change.at,
        "noticed_at": now,
        "cause": str(change.cause) if change.cause else None,
        "due_at": change.deadline_at,
    }


def _write_breaches(settlements: Sequence[Settlement]) -> None:
    """Write the breaches with the owners of this moment; ours go on the manager's pile too."""
    ours: list[dict[str, Any]] = []
    vendors: list[dict[str, Any]] = []
    for settlement in settlements:
        for one in settlement.fresh:
            lines = ours if one.row.case_id == OWN else vendors
            lines += [
                _breach(settlement.subject, one.row, change, settlement.now)
                for _position, change in one.changes
                if change.what is ClockChange.BREACHED
            ]
    append_rows(Breach, vendors)
    if ours:
        rows = append_returning(Breach, ours, "id", "late_from_at")
        append_rows(BreachToReview, [{"breach_id": id_, "late_from_at": late_from} for id_, late_from in rows])


def _breach(subject: Subject, row: StoredClock, change: sla.Change, now: datetime) -> dict[str, Any]:
    late_from = change.late_from or change.at
    return {
        "clock_id": row.id,
        "cycle": row.cycle,
        "ticket_id": subject.ticket_id,
        "kind": row.kind,
        "priority": subject.priority,
        "state": subject.state,
        "target_seconds": row.target_seconds,
        "deadline_at": change.deadline_at or late_from,
        "late_from_at": late_from,
        "noticed_at": now,
        "is_on_retarget": change.is_on_retarget,
        "assignee_id": subject.assignee_id,
        "team_id": subject.team_id,
        "customer_id": subject.customer_id,
    }


_TOLD = frozenset({ClockChange.WARNED, ClockChange.BREACHED, ClockChange.LADDERED})


def _news(fresh: Iterable[_Fresh]) -> tuple[ClockNews, ...]:
    """What came due; of a warning and its breach that came due together only the breach is told (R7)."""
    news: list[ClockNews] = []
    for row, changes in ((one.row, one.changes) for one in fresh):
        happened = [change for _position, change in changes if change.what in _TOLD]
        is_breached = any(change.what is ClockChange.BREACHED for change in happened)
        news += [
            _news_of(row, change, is_told=not (is_breached and change.what is ClockChange.WARNED))
            for change in happened
        ]
    return tuple(news)


def _news_of(row: StoredClock, change: sla.Change, *, is_told: bool) -> ClockNews:
    rung = load_terms(row.terms_id).rung(row.kind, change.level)
    return ClockNews(
        row.cycle,
        row.kind,
        change.what,
        change.level,
        change.at,
        change.deadline_at,
        row.case_id,
        row.started_at,
        rung,
        is_told,
    )
