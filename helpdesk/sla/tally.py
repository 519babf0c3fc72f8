"""Promises kept and missed, by the hour of their deadline: the manager's figures without counting a million clocks.

Settling a ticket inserts what was decided; a job adds it up into one row per hour and team. Reading sums both,
so the figures are true at once, and a week is a few hundred rows however many tickets there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from helpdesk.bulk import append_rows
from helpdesk.database import Moment, composed_once, db, is_sqlite
from helpdesk.sla.models import PromiseOutcome, PromiseTally
from helpdesk.sla.stored import StoredClock
from workflows import sla
from workflows.vocabulary import ClockChange, ClockState

FOLD_AT_ONCE = 5000

Key = tuple[datetime, int]  # hour of the deadline, team
_SECOND = timedelta(seconds=1)


class Standing(NamedTuple):
    """What a clock counts for: the deadline it kept (aware UTC), or that it missed one. A miss stays a miss."""

    met_due_at: datetime | None
    is_late: bool


class Kept(NamedTuple):
    met: int
    late: int

    @property
    def decided(self) -> int:
        return self.met + self.late


def standing(row: StoredClock) -> Standing:
    """How ``row`` counts as it stands; nothing for one that was just made."""
    is_late = row.breached_at is not None
    is_met = row.state is ClockState.MET and not is_late
    return Standing(row.due_at if is_met else None, is_late)


def count(clocks: Iterable[tuple[int | None, Standing, StoredClock, sla.Cycle]]) -> None:
    """Write what settling decided: each clock's team, how it stood before, its row and its cycle now."""
    sums: dict[Key, Kept] = {}
    for team_id, before, row, cycle in clocks:
        if team_id is None:
            continue
        after = standing(row)
        if before.met_due_at != after.met_due_at:
            _add(sums, team_id, before.met_due_at, Kept(-1, 0))
            _add(sums, team_id, after.met_due_at, Kept(1, 0))
        if after.is_late and not before.is_late:
            _add(sums, team_id, _missed_deadline(cycle), Kept(0, 1))
    append_rows(PromiseOutcome, [_line(key, kept) for key, kept in sums.items() if any(kept)])


def _missed_deadline(cycle: sla.Cycle) -> datetime:
    breach = next(change for change in cycle.changes if change.what is ClockChange.BREACHED)
    return breach.deadline_at or breach.late_from or breach.at


def hour_of(due_at: datetime) -> datetime:
    """Beginning of the hour that a deadline belongs to: on the full hour the one that ends there, as closing does."""
    return (due_at - _SECOND).replace(minute=0, second=0, microsecond=0)


def _add(sums: dict[Key, Kept], team_id: int, due_at: datetime | None, more: Kept) -> None:
    if due_at is not None:
        _sum(sums, (hour_of(due_at), team_id), more)


def _sum(sums: dict[Key, Kept], key: Key, more: Kept) -> None:
    had = sums.get(key, Kept(0, 0))
    sums[key] = Kept(had.met + more.met, had.late + more.late)


def _line(key: Key, kept: Kept) -> dict[str, datetime | int]:
    return {"due_hour_at": key[0], "team_id": key[1], "met": kept.met, "late": kept.late}


def fold(limit: int = FOLD_AT_ONCE) -> bool:
    """Add at most ``limit`` waiting outcomes to their hours' tallies; False when none waited.

    Any number of schedulers may fold at once: each takes rows of its own, and all write hours in one order.
    """
    some = sa.select(PromiseOutcome.id).order_by(PromiseOutcome.id).limit(limit).with_for_update(skip_locked=True)
    taken = (
        sa.delete(PromiseOutcome)
        .where(PromiseOutcome.id.in_(some))
        .returning(PromiseOutcome.due_hour_at, PromiseOutcome.team_id, PromiseOutcome.met, PromiseOutcome.late)
    )
    sums: dict[Key, Kept] = {}
    for hour, team_id, met, late in db.session.execute(taken):
        _sum(sums, (hour, team_id), Kept(met, late))
    if sums:
        insert = (sqlite.insert if is_sqlite() else postgresql.insert)(PromiseTally)
        more = {name: getattr(PromiseTally, name) + insert.excluded[name] for name in ("met", "late")}
        upsert = insert.on_conflict_do_update(index_elements=["due_hour_at", "team_id"], set_=more)
        db.session.execute(upsert, [_line(key, sums[key]) for key in sorted(sums)])
    return bool(sums)


def kept_by_hour(start: datetime, end: datetime, team_id: int | None = None) -> Mapping[datetime, Kept]:
    """{hour of the deadline: kept and missed} for hours in [start, end), aware UTC; of one team or of all."""
    found = db.session.execute(_by_hour(team_id is not None), {"start": start, "end": end, "team": team_id})
    return {hour: Kept(int(met), int(late)) for hour, met, late in found}


@composed_once
def _by_hour(of_team: bool) -> sa.Select[Any]:
    start, end = (sa.bindparam(name, type_=Moment()) for name in ("start", "end"))
    parts = []
    for table in (PromiseTally, PromiseOutcome):
        rows = sa.select(table.due_hour_at, table.met, table.late)
        rows = rows.where(table.due_hour_at >= start, table.due_hour_at < end)
        parts.append(rows.where(table.team_id == sa.bindparam("team", type_=sa.Integer)) if of_team else rows)
    both = sa.union_all(*parts).subquery()
    sums = sa.select(both.c.due_hour_at, sa.func.sum(both.c.met), sa.func.sum(both.c.late))
    return sums.group_by(both.c.due_hour_at)
