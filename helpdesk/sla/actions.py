"""Storing what the pure replay says of a ticket's clocks: projections, histories, breaches.

Everything here runs inside the transaction of the caller, who holds the ticket's row. What may happen only
once is guarded a second time by unique indexes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from helpdesk.database import append_rows, db
from helpdesk.sla import tally
from helpdesk.sla.models import Breach, BreachToReview, ClockEvent, SlaClock
from helpdesk.sla.terms import load_terms
from workflows import sla
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
    """A warning or breach that is new: what people are to be told."""

    cycle: int
    kind: ClockKind
    change: ClockChange
    level: int
    at: datetime
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Settlement:
    """What the replay says: the current clock of each kind, and the news. Nothing of it is written yet."""

    subject: Subject
    clocks: tuple[SlaClock, ...]
    news: tuple[ClockNews, ...]
    fresh: tuple[_Fresh, ...]
    now: datetime


def settle(
    subject: Subject,
    first_terms_id: int,
    terms_id: int,
    events: Sequence[sla.Event],
    now: datetime,
    stored: Iterable[SlaClock] | None = None,
) -> Settlement:
    """Bring the stored clocks of a ticket to ``now`` (aware UTC) by replaying ``events``; ``write`` writes them.

    ``first_terms_id`` were in force at creation, ``terms_id`` are now; changes between stand in ``events``.
    ``stored`` are the ticket's clocks when the caller has them already.
    """
    replayed = sla.replay(load_terms(first_terms_id).whole, {}, events, now)
    rows = {(row.kind, row.cycle): row for row in (clocks_of(subject.ticket_id) if stored is None else stored)}
    cycles = [(cycle, cycle is history[-1]) for history in replayed.values() for cycle in history]
    fresh = tuple(
        _project(rows, subject.ticket_id, cycle, is_current, terms_id)
        for cycle, is_current in cycles
        if _may_have_changed(rows.get((cycle.kind, cycle.number)), cycle)
    )
    current = tuple(row for row in rows.values() if row.is_current)
    return Settlement(subject, current, _news(fresh), fresh, now)


def write(settlement: Settlement) -> None:
    """Write the clocks, what happened to them, their breaches, and how they count."""
    if any(one.row.id is None for one in settlement.fresh):
        db.session.flush()  # new clocks need their ids
    tally.count(settlement.subject.team_id, [(one.before, one.row, one.cycle) for one in settlement.fresh])
    _write_changes(settlement)


def clocks_of(ticket_id: int) -> Sequence[SlaClock]:
    """Every clock of a ticket, freshly read, in the order they began."""
    return db.session.scalars(_CLOCKS, {"ticket_id": ticket_id}).all()


_CLOCKS = (
    sa.select(SlaClock)
    .where(SlaClock.ticket_id == sa.bindparam("ticket_id"))
    .order_by(SlaClock.id)
    .execution_options(populate_existing=True)
)


def _may_have_changed(row: SlaClock | None, cycle: sla.Cycle) -> bool:
    """An ended cycle whose every change is written stays as it is for ever."""
    return row is None or cycle.ended_at is None or row.change_count != len(cycle.changes) or row.ended_at is None


class _Fresh(NamedTuple):
    """A clock's row, the cycle it now shows, and how it stood and how many of its changes were written before."""

    row: SlaClock
    cycle: sla.Cycle
    written: int
    before: tally.Standing

    @property
    def changes(self) -> list[tuple[int, sla.Change]]:
        """What is new, each with its position in the clock's history."""
        return list(enumerate(self.cycle.changes))[self.written :]


def _project(
    rows: dict[tuple[ClockKind, int], SlaClock], ticket_id: int, cycle: sla.Cycle, is_current: bool, terms_id: int
) -> _Fresh:
    row = rows.get((cycle.kind, cycle.number))
    if row is None:
        row = SlaClock(ticket_id=ticket_id, kind=cycle.kind, cycle=cycle.number, terms_id=terms_id, change_count=0)
        row.started_at, row.attempts = cycle.started_at, 0
        rows[cycle.kind, cycle.number] = row
        db.session.add(row)
    written, before = row.change_count, tally.standing(row)
    if cycle.ended_at is None:  # a met or cancelled clock keeps the terms it had (R5)
        row.terms_id = terms_id
    row.is_current, row.change_count = is_current, len(cycle.changes)
    row.state, row.ended_at, row.target_seconds = cycle.state, cycle.ended_at, cycle.target_seconds
    row.elapsed_seconds = None if cycle.state is ClockState.RUNNING else cycle.elapsed_seconds
    row.due_at, row.warns_at, row.late_from_at = cycle.deadline, cycle.warns_at, cycle.late_from
    row.idle_seconds = _idle_seconds(cycle)
    is_paused = cycle.state is ClockState.PAUSED and bool(cycle.pauses)
    row.paused_cause = str(cycle.pauses[-1].cause) if is_paused else None
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


def _write_changes(settlement: Settlement) -> None:
    lines: list[dict[str, Any]] = []
    for fresh in settlement.fresh:
        for position, change in fresh.changes:
            lines.append(_line(fresh.row, position, change, settlement.now))
            if change.what is ClockChange.BREACHED:
                _breach(settlement.subject, fresh.row, change, settlement.now)
    append_rows(ClockEvent, lines)


def _line(row: SlaClock, position: int, change: sla.Change, now: datetime) -> dict[str, Any]:
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


def _breach(subject: Subject, row: SlaClock, change: sla.Change, now: datetime) -> None:
    """Write the breach with the owner of this moment, and put it on the manager's pile."""
    assert row.target_seconds is not None
    late_from = change.late_from or change.at
    breach = Breach(
        clock_id=row.id,
        cycle=row.cycle,
        ticket_id=subject.ticket_id,
        kind=row.kind,
        priority=subject.priority,
        state=subject.state,
        target_seconds=row.target_seconds,
        deadline_at=change.deadline_at or late_from,
        late_from_at=late_from,
        noticed_at=now,
        is_on_retarget=change.is_on_retarget,
        assignee_id=subject.assignee_id,
        team_id=subject.team_id,
        customer_id=subject.customer_id,
    )
    db.session.add(breach)
    db.session.add(BreachToReview(breach=breach, late_from_at=late_from))


def _news(fresh: Iterable[_Fresh]) -> tuple[ClockNews, ...]:
    """The warnings and breaches; when both came due together, only the breach goes out (R7)."""
    news: list[ClockNews] = []
    for row, changes in ((one.row, one.changes) for one in fresh):
        told = [change for _position, change in changes if change.what in (ClockChange.WARNED, ClockChange.BREACHED)]
        breaches = [change for change in told if change.what is ClockChange.BREACHED]
        news += [
            ClockNews(row.cycle, row.kind, change.what, change.level, change.at, change.deadline_at)
            for change in breaches or told
        ]
    return tuple(news)
