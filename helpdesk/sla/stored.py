"""Stored clocks as plain values, read and written by the hundred.

A sweep reads and writes thousands of them a second; as mapped objects they would cost more than the replay.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Self

import sqlalchemy as sa

from helpdesk.bulk import update_rows
from helpdesk.database import db
from helpdesk.sla.models import SlaClock
from helpdesk.sla.strands import Strand
from workflows import sla
from workflows.vocabulary import ClockKind, ClockState

NOT_YET = 0
"""The id of a clock that is still to be written."""


@dataclass(slots=True)
class StoredClock:
    """One row of ``SlaClock``, whose every column is a field here."""

    id: int
    ticket_id: int
    kind: ClockKind
    case_id: int
    cycle: int
    is_current: bool
    state: ClockState
    terms_id: int
    started_at: datetime
    ended_at: datetime | None = None
    target_seconds: int | None = None
    elapsed_seconds: int | None = None
    due_at: datetime | None = None
    warns_at: datetime | None = None
    late_from_at: datetime | None = None
    idle_seconds: int = 0
    paused_cause: str | None = None
    warned_at: datetime | None = None
    breached_at: datetime | None = None
    next_fire_at: datetime | None = None
    change_count: int = 0
    attempts: int = 0

    @classmethod
    def new(cls, ticket_id: int, strand: Strand, cycle: sla.Cycle) -> Self:
        """A clock that has just begun, of which nothing is written."""
        begun = (ticket_id, cycle.kind, strand.case_id, cycle.number, True, cycle.state)
        return cls(NOT_YET, *begun, strand.terms_id, cycle.started_at)

    def is_due(self, now: datetime) -> bool:
        return self.next_fire_at is not None and self.next_fire_at <= now


_NAMES = tuple(field.name for field in fields(StoredClock))
_CLOCKS = (
    sa.select(*(getattr(SlaClock, name) for name in _NAMES))
    .where(SlaClock.ticket_id.in_(sa.bindparam("ids", expanding=True)))
    .order_by(SlaClock.id)
)
_UNENDED = _CLOCKS.where(SlaClock.ended_at.is_(None))


def clocks_of(ticket_id: int) -> Sequence[StoredClock]:
    """Every clock of a ticket, freshly read, in the order they began."""
    return clocks_of_many([ticket_id])[ticket_id]


def clocks_of_many(ticket_ids: Collection[int], *, only_unended: bool = False) -> dict[int, list[StoredClock]]:
    """{ticket id: its clocks in the order they began}, of any number of tickets by one statement."""
    found: dict[int, list[StoredClock]] = {ticket_id: [] for ticket_id in ticket_ids}
    for row in db.session.execute(_UNENDED if only_unended else _CLOCKS, {"ids": list(found)}):
        clock = StoredClock(*row)
        found[clock.ticket_id].append(clock)
    return found


def write_clocks(clocks: Iterable[StoredClock]) -> None:
    """Insert those that are new, which get their ids, and update the others: two statements at most."""
    new: list[StoredClock] = []
    known: list[dict[str, Any]] = []
    for clock in clocks:
        if clock.id == NOT_YET:
            new.append(clock)
        else:
            known.append({name: getattr(clock, name) for name in _CHANGING})
    if new:
        rows = [{name: getattr(clock, name) for name in _NAMES[1:]} for clock in new]
        for clock, clock_id in zip(new, db.session.connection().scalars(_INSERT, rows), strict=True):
            clock.id = clock_id
    update_rows(SlaClock, known)


_CHANGING = tuple(name for name in _NAMES if name not in ("ticket_id", "kind", "case_id", "cycle", "started_at"))
_INSERT = sa.insert(SlaClock).returning(SlaClock.id, sort_by_parameter_order=True)
