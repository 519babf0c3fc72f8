"""What Today reads. Every list is limited and served by an index; every count stops one beyond COUNT_TO.

Statements are composed once: ``of_team`` narrows them to the tickets of one team, else they are of the whole desk.
Which team, and the moment, are parameters: see ``given``.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from helpdesk.accounts.models import Team, User, UserRole
from helpdesk.accounts.permissions import GRANTS, Permission
from helpdesk.customers.models import Contact, Customer
from helpdesk.database import Moment, composed_once, db, is_sqlite
from helpdesk.escalations.models import SupportChannel, VendorCase
from helpdesk.sla.models import UNDECIDED, BreachToReview
from helpdesk.tickets.models import IS_OPEN, Ticket
from workflows.vocabulary import Role, VendorCaseState

COUNT_TO = 1000
ROWS = 5
NEAR = timedelta(hours=4)
LOAD_TO = 100
"""Open tickets of a colleague are counted up to here: beyond it nobody is "the one with the fewest"."""
HOURS_OF_A_DAY = 25  # when summer time ends

_Assignee = aliased(User)
_ROW: tuple[Any, ...] = (
    Ticket.id,
    Ticket.subject,
    Ticket.kind,
    Ticket.state,
    Ticket.priority,
    Ticket.turn,
    Ticket.hold_cause,
    Ticket.held_at,
    Ticket.is_paused,
    Ticket.next_due_at,
    Ticket.next_due_clock,
    Ticket.money_purpose,
    Ticket.next_warns_at,
    Ticket.next_due_idle_seconds,
    Ticket.paused_seconds_left,
    Ticket.terms_id,
    Ticket.created_at,
    Ticket.updated_at,
    Ticket.last_message_at,
    Ticket.team_id,
    Ticket.assignee_id,
    Ticket.claimed_company,
    Customer.name.label("customer_name"),
    Contact.name.label("contact_name"),
    _Assignee.name.label("assignee_name"),
    Team.name.label("team_name"),
)
_ROWS = (
    sa.select(*_ROW)
    .select_from(Ticket)
    .outerjoin(Customer, Customer.id == Ticket.customer_id)
    .join(Contact, Contact.id == Ticket.contact_id)
    .outerjoin(_Assignee, _Assignee.id == Ticket.assignee_id)
    .join(Team, Team.id == Ticket.team_id)
)
_CASES = (
    _ROWS.add_columns(
        VendorCase.id.label("case_id"),
        VendorCase.number.label("case_number"),
        VendorCase.severity,
        VendorCase.last_word_at,
        VendorCase.chased_at,
        VendorCase.pack,
        SupportChannel.kind.label("channel"),
    )
    .join(VendorCase, VendorCase.ticket_id == Ticket.id)
    .join(SupportChannel, SupportChannel.id == VendorCase.channel_id)
)
_RUNNING, _PAUSED = Ticket.is_paused == sa.false(), Ticket.is_paused == sa.true()
_BY_DUE = (Ticket.is_paused, Ticket.next_due_at, Ticket.id)
_THEIRS = sa.text(f"vendor_case.state = '{VendorCaseState.OPEN}'")
_ASKS = sa.text(f"vendor_case.state = '{VendorCaseState.ATTENTION_NEEDED}'")
"""The conditions of the partial indexes over cases, word for word: SQLite uses them for no other spelling."""


_NOW, _SOON = (sa.bindparam(name, type_=Moment()) for name in ("now", "soon"))
_TEAM = sa.bindparam("team", type_=sa.Integer)


def given(now: datetime, team_id: int | None) -> dict[str, Any]:
    """The parameters of every statement here; ``now`` is aware UTC."""
    return {"now": now, "soon": now + NEAR, "team": team_id}


# lists ------------------------------------------------------------------------------------------------


@composed_once
def late_tickets(of_team: bool, limit: int = ROWS) -> sa.Select[Any]:
    """Open tickets with a missed deadline, the longest late first; paused ones behind the running ones."""
    halves = [_numbers(half, Ticket.next_due_at < _NOW, of_team, limit) for half in (_RUNNING, _PAUSED)]
    found = sa.union_all(*(sa.select(half.c.id) for half in halves))
    return _ROWS.where(Ticket.id.in_(found)).order_by(*_BY_DUE).limit(limit)


def _numbers(half: sa.ColumnElement[bool], when: sa.ColumnElement[bool], of_team: bool, limit: int) -> Any:
    """One half of the queue's index, running or paused: a range over both would read all that lies between."""
    rows = sa.select(Ticket.id).where(IS_OPEN, half, when, *_of_team(of_team)).order_by(*_BY_DUE).limit(limit)
    return rows.subquery()


@composed_once
def near_tickets(of_team: bool, limit: int = ROWS) -> sa.Select[Any]:
    """Running tickets whose next deadline falls within the next four hours."""
    when = (Ticket.next_due_at >= _NOW, Ticket.next_due_at < _SOON)
    return _ROWS.where(IS_OPEN, _RUNNING, *when, *_of_team(of_team)).order_by(*_BY_DUE).limit(limit)


@composed_once
def unassigned_tickets(of_team: bool, limit: int = ROWS) -> sa.Select[Any]:
    """Open tickets that nobody has, the oldest first."""
    oldest = _unassigned(of_team).order_by(sa.text("ticket.created_at, ticket.id")).limit(limit)
    return _ROWS.where(Ticket.id.in_(oldest)).order_by(Ticket.created_at, Ticket.id)


def _unassigned(of_team: bool) -> sa.Select[Any]:
    """Numbers of open tickets that nobody has, by the index made for them.

    Left to itself SQLite looks up assignee NULL, or the team, in an index of the queue: every open ticket.
    """
    source = "ticket INDEXED BY ix_ticket_unassigned" if is_sqlite() else "ticket"
    numbers: sa.Select[Any] = sa.select(sa.literal_column("ticket.id")).select_from(sa.text(source))
    numbers = numbers.where(IS_OPEN, sa.text("ticket.assignee_id IS NULL"))
    return numbers.where(sa.literal_column("ticket.team_id") == _TEAM) if of_team else numbers


@composed_once
def silent_cases(of_team: bool, limit: int = ROWS) -> sa.Select[Any]:
    """Vendor cases of open tickets on which the vendor's word is overdue, the longest overdue first."""
    return _CASES.where(*_silent(of_team)).order_by(VendorCase.word_due_at, VendorCase.id).limit(limit)


@composed_once
def asking_cases(of_team: bool, limit: int = ROWS) -> sa.Select[Any]:
    """Vendor cases of open tickets on which the vendor waits for us, the longest waiting first."""
    return _CASES.where(*_asking(of_team)).order_by(VendorCase.last_word_at, VendorCase.id).limit(limit)


def _silent(of_team: bool) -> list[Any]:
    return [_THEIRS, VendorCase.word_due_at < _NOW, IS_OPEN, *_behind_team(of_team)]


def _asking(of_team: bool) -> list[Any]:
    return [_ASKS, IS_OPEN, *_behind_team(of_team)]


def _behind_team(of_team: bool) -> list[sa.ColumnElement[bool]]:
    """A team as a condition that leads no index: the few cases or tickets asked for lead, not all of a team.

    On SQLite a sign before the column sees to that; PostgreSQL knows how many a team has, and would know it no more.
    """
    if not of_team:
        return []
    column = sa.literal_column("+ticket.team_id", sa.Integer) if is_sqlite() else Ticket.team_id
    return [column == _TEAM]


def _of_team(of_team: bool) -> list[sa.ColumnElement[bool]]:
    return [Ticket.team_id == _TEAM] if of_team else []


# counts -----------------------------------------------------------------------------------------------


class Counts(NamedTuple):
    """Each stops at COUNT_TO + 1. ``ahead`` are the soonest running deadlines looked at for the next three."""

    ahead: int
    near: int
    at_risk: int
    next_at_risk_at: datetime | None
    late_running: int
    late_paused: int
    unassigned: int
    silent: int
    asking: int
    unreviewed: int
    escalation_due: int


@composed_once
def counts_statement(of_team: bool) -> sa.Select[Any]:
    """All figures in one statement; see ``Counts``."""
    team = _of_team(of_team)
    due = Ticket.next_due_at
    soonest = sa.select(due, Ticket.next_warns_at).where(IS_OPEN, _RUNNING, due >= _NOW, *team)
    ahead = soonest.order_by(*_BY_DUE).limit(COUNT_TO + 1).subquery()
    is_at_risk = ahead.c.next_warns_at <= _NOW
    cases = sa.select(VendorCase.id).join(Ticket, Ticket.id == VendorCase.ticket_id)
    columns: tuple[Any, ...] = (
        sa.func.count(),
        sa.func.count(sa.case((ahead.c.next_due_at < _SOON, 1))),
        sa.func.count(sa.case((is_at_risk, 1))),
        sa.type_coerce(sa.func.min(sa.case((is_at_risk, ahead.c.next_due_at))), Moment()),
        _bounded(sa.select(Ticket.id).where(IS_OPEN, _RUNNING, due < _NOW, *team)),
        _bounded(sa.select(Ticket.id).where(IS_OPEN, _PAUSED, due < _NOW, *team)),
        _bounded(_unassigned(of_team)),
        _bounded(cases.where(*_silent(of_team))),
        _bounded(cases.where(*_asking(of_team))),
        _bounded(sa.select(BreachToReview.breach_id)),
        _bounded(_escalation_due(of_team)),
    )
    return sa.select(*columns).select_from(ahead)


def _escalation_due(of_team: bool) -> sa.Select[Any]:
    """Tickets that the ladder has marked as due for escalation, by the index over those alone."""
    return sa.select(Ticket.id).where(sa.text("ticket.escalation_due_at IS NOT NULL"), *_behind_team(of_team))


def counts(now: datetime, team_id: int | None) -> Counts:
    return Counts(*db.session.execute(counts_statement(team_id is not None), given(now, team_id)).one())


def _bounded(rows: sa.Select[Any]) -> sa.ScalarSelect[int]:
    return sa.select(sa.func.count()).select_from(rows.limit(COUNT_TO + 1).subquery()).scalar_subquery()


# the strip --------------------------------------------------------------------------------------------


class Undecided(NamedTuple):
    """Promises of an hour that may still be kept, and those of them inside their warning; COUNT_TO + 1 at most."""

    total: int
    at_risk: int


@composed_once
def undecided_statement(of_team: bool) -> sa.TextClause:
    """Undecided promises of each hour of a day; parameters ``now``, ``h0`` to ``h25`` and ``team``.

    A deadline on the full hour belongs to the hour that ends there, as one at closing does. Text, because
    twenty-five limited ranges cost more to put together than to run.
    """
    join = " JOIN ticket ON ticket.id = ticket_id AND ticket.team_id = :team" if of_team else ""
    condition = UNDECIDED.replace("state", "sla_clock.state")  # the ticket has a state too
    hours = (
        f"SELECT {hour}, count(*), count(CASE WHEN warns_at <= :now THEN 1 END)"  # noqa: S608 - constants only
        f" FROM (SELECT warns_at FROM sla_clock{join} WHERE {condition}"
        f" AND due_at > :h{hour} AND due_at <= :h{hour + 1} LIMIT {COUNT_TO + 1}) AS hour_{hour}"
        for hour in range(HOURS_OF_A_DAY)
    )
    moments = [sa.bindparam(f"h{hour}", type_=Moment()) for hour in range(HOURS_OF_A_DAY + 1)]
    return sa.text(" UNION ALL ".join(hours)).bindparams(sa.bindparam("now", type_=Moment()), *moments)


def undecided_by_hour(start: datetime, end: datetime, now: datetime, team_id: int | None) -> dict[datetime, Undecided]:
    """{beginning of the hour: what is undecided in it} for the day (start, end]."""
    moments = [min(start + timedelta(hours=hour), end) for hour in range(HOURS_OF_A_DAY + 1)]
    hours = {f"h{hour}": moment for hour, moment in enumerate(moments)}
    found = db.session.execute(undecided_statement(team_id is not None), given(now, team_id) | hours)
    return {moments[hour]: Undecided(total, at_risk) for hour, total, at_risk in found if total}


# people -----------------------------------------------------------------------------------------------


class Colleague(NamedTuple):
    """Somebody who may work on tickets, with how many open ones they have (LOAD_TO at most)."""

    id: int
    name: str
    team_id: int | None
    load: int
    roles: frozenset[Role]


def colleagues() -> list[Colleague]:
    """Everybody who may work on tickets, those with the fewest open ones first."""
    found: dict[int, Colleague] = {}
    for user_id, name, team_id, count, role in db.session.execute(_colleagues()):
        had = found[user_id].roles if user_id in found else frozenset()
        found[user_id] = Colleague(user_id, name, team_id, count, had | {role})
    return sorted(found.values(), key=lambda one: (one.load, one.name))


@composed_once
def _colleagues() -> sa.Select[Any]:
    own = sa.select(Ticket.id).where(IS_OPEN, Ticket.assignee_id == User.id).limit(LOAD_TO).correlate(User)
    load = sa.select(sa.func.count()).select_from(own.subquery()).scalar_subquery()
    movers = sorted(GRANTS[Permission.MOVE_TICKETS])
    people = sa.select(User.id, User.name, User.team_id, load, UserRole.role).join(UserRole)
    return people.where(User.is_enabled, UserRole.role.in_(movers))
