"""Who is on call for a team: turns from one moment to another.

Turns may overlap, so that a stand-in needs no change of the plan: of several the one that began last counts, and
of those that began together the one entered last.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask_babel import gettext as _

from helpdesk.accounts.models import OnCallTurn, Team, User
from helpdesk.database import db
from helpdesk.errors import Invalid, NotFound

WEEK = timedelta(weeks=1)
LONGEST_TURN = timedelta(days=92)
MOST_WEEKS = 104
YEARS = range(1970, 9001)
"""Of turns. At the ends of the calendar a moment of one zone has no date in another, and its page would fail."""

SHOWN = 300
"""Turns that a page shows; a rotation of two years has a third of them."""


@dataclass(frozen=True, slots=True)
class TurnDraft:
    """One turn; moments aware UTC."""

    user_id: int
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Rotation:
    """Weekly turns of ``user_ids`` in their order, over and over.

    Handed over on ``weekday`` (0 is Monday) at ``hour`` of the wall clock in ``timezone``, an IANA name; the first
    turn begins with the first handover on or after ``starts_on``.
    """

    user_ids: tuple[int, ...]
    starts_on: date
    weekday: int
    hour: int
    timezone: str
    weeks: int

    def turns(self) -> Iterator[TurnDraft]:
        """A turn a week. It lasts as long as the wall clock says, an hour more or less where that is changed."""
        first = self.starts_on + timedelta(days=(self.weekday - self.starts_on.weekday()) % 7)
        handovers = [self._at(first + number * WEEK) for number in range(self.weeks + 1)]
        for number, (starts_at, ends_at) in enumerate(itertools.pairwise(handovers)):
            yield TurnDraft(self.user_ids[number % len(self.user_ids)], starts_at, ends_at)

    def _at(self, day: date) -> datetime:
        return datetime.combine(day, time(self.hour), ZoneInfo(self.timezone)).astimezone(UTC)


# reading ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """A turn as the page shows it, or, without ``turn_id``, a gap when nobody is on call."""

    starts_at: datetime
    ends_at: datetime
    turn_id: int | None = None
    name: str = ""
    is_enabled: bool = True
    is_now: bool = False


def on_call(team_id: int, now: datetime) -> Line | None:
    """Whose turn it is, None in a gap."""
    running = _turns(team_id, now).where(OnCallTurn.starts_at <= now)
    newest = running.order_by(None).order_by(OnCallTurn.starts_at.desc(), OnCallTurn.id.desc()).limit(1)
    found = db.session.execute(newest).first()
    return replace(Line(*found), is_now=True) if found is not None else None


def plan(team_id: int, now: datetime) -> list[Line]:
    """The turns that aren't over, in order, with the gaps between now and the last of them."""
    found = [Line(*row) for row in db.session.execute(_turns(team_id, now).limit(SHOWN))]
    here = on_call(team_id, now)
    turns = [replace(one, is_now=True) if here is not None and one.turn_id == here.turn_id else one for one in found]
    return sorted([*turns, *gaps(turns, now)], key=lambda line: (line.starts_at, line.turn_id or 0))


def gaps(turns: Sequence[Line], now: datetime) -> list[Line]:
    """When nobody is on call, from ``now`` to the end of the last turn; ``turns`` in the order they begin."""
    found, covered_to = [], now
    for turn in turns:
        if turn.starts_at > covered_to:
            found.append(Line(covered_to, turn.starts_at, is_now=covered_to == now))
        covered_to = max(covered_to, turn.ends_at)
    return found


def _turns(team_id: int, now: datetime) -> sa.Select[*tuple[Any, ...]]:
    rows = sa.select(OnCallTurn.starts_at, OnCallTurn.ends_at, OnCallTurn.id, User.name, User.is_enabled)
    rows = rows.join(User, User.id == OnCallTurn.user_id)
    # no turn is longer, so the index needn't be read from its beginning
    recent = OnCallTurn.starts_at > now - LONGEST_TURN
    mine = rows.where(OnCallTurn.team_id == team_id, recent, OnCallTurn.ends_at > now)
    return mine.order_by(OnCallTurn.starts_at, OnCallTurn.id)


# changing ---------------------------------------------------------------------------------------------


def add_turn(team: Team, draft: TurnDraft, now: datetime) -> None:
    """Raises Invalid naming the field ``user_id``, ``starts_at`` or ``ends_at``."""
    _check_people([draft.user_id], "user_id")
    for field, moment in (("starts_at", draft.starts_at), ("ends_at", draft.ends_at)):
        if moment.year not in YEARS:
            raise Invalid(_("Write a date and a time."), field)
    if draft.ends_at <= draft.starts_at:
        raise Invalid(_("A turn ends after it begins."), "ends_at")
    if draft.ends_at <= now:
        raise Invalid(_("This is over already."), "ends_at")
    if draft.ends_at - draft.starts_at >= LONGEST_TURN:
        raise Invalid(_("A turn lasts at most three months."), "ends_at")
    _write(team, [draft])


def add_rotation(team: Team, rotation: Rotation, now: datetime) -> int:
    """Write the turns of a rotation that aren't over and return how many.

    One that begins in the past goes on with whoever's turn it is. Raises Invalid naming ``person_1``, ``weeks`` or
    ``starts_on``.
    """
    if not rotation.user_ids:
        raise Invalid(_("Choose at least one person."), "person_1")
    _check_people(rotation.user_ids, "person_1")
    if not 1 <= rotation.weeks <= MOST_WEEKS:
        raise Invalid(_("From 1 to %(most)s weeks.", most=MOST_WEEKS), "weeks")
    if rotation.starts_on.year not in YEARS:
        raise Invalid(_("Write a date as 2026-01-31."), "starts_on")
    turns = [turn for turn in rotation.turns() if turn.ends_at > now]
    if not turns:
        raise Invalid(_("All these weeks are over already."), "starts_on")
    _write(team, turns)
    return len(turns)


def remove_turn(team: Team, turn_id: int) -> OnCallTurn:
    """Take one turn out of the plan. Raises NotFound, also for another team's."""
    found = db.session.get(OnCallTurn, turn_id)
    if found is None or found.team_id != team.id:
        raise NotFound(_("There is no such turn."))
    db.session.delete(found)
    return found


def _check_people(user_ids: Sequence[int], field: str) -> None:
    wanted = set(user_ids)
    enabled = sa.select(sa.func.count()).where(User.id.in_(wanted), User.is_enabled)
    if db.session.scalar(enabled) != len(wanted):
        raise Invalid(_("Choose somebody who may sign in."), field)


def _write(team: Team, turns: Sequence[TurnDraft]) -> None:
    db.session.add_all(
        OnCallTurn(team_id=team.id, user_id=turn.user_id, starts_at=turn.starts_at, ends_at=turn.ends_at)
        for turn in turns
    )
