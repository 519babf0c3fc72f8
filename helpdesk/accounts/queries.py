"""Reading accounts and teams."""

from __future__ import annotations

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import selectinload

from helpdesk.accounts.models import AccountEvent, Team, User, UserRole
from helpdesk.database import composed_once, db
from helpdesk.errors import NotFound
from workflows.vocabulary import Role


def default_team_id() -> int:
    """The team that new tickets go to."""
    return db.session.scalars(sa.select(Team.id).where(Team.is_default)).one()


def user_by_email(email: str) -> User | None:
    return db.session.scalars(sa.select(User).where(User.email == email.strip().lower())).one_or_none()


def user(user_id: int) -> User:
    """Raises NotFound."""
    found = db.session.get(User, user_id)
    if found is None:
        raise NotFound(_("There is no such account."))
    return found


def users() -> list[User]:
    """Everybody, those who may sign in first, by name."""
    everybody = sa.select(User).options(selectinload(User.team))
    return list(db.session.scalars(everybody.order_by(User.is_enabled.desc(), User.name, User.id)))


def enabled_users() -> list[User]:
    return list(db.session.scalars(sa.select(User).where(User.is_enabled).order_by(User.name, User.id)))


def staff() -> list[tuple[int, str, frozenset[Role]]]:
    """(id, name, roles) of everybody who may sign in, by name: plain values, for lists to choose from."""
    people: dict[int, tuple[str, set[Role]]] = {}
    for user_id, name, role in db.session.execute(_staff()):
        people.setdefault(user_id, (name, set()))[1].update({role} if role is not None else ())
    return [(user_id, name, frozenset(roles)) for user_id, (name, roles) in people.items()]


@composed_once
def _staff() -> sa.Select[int, str, Role]:
    rows = sa.select(User.id, User.name, UserRole.role).outerjoin(UserRole, UserRole.user_id == User.id)
    return rows.where(User.is_enabled).order_by(User.name, User.id)


def calendar_choices() -> list[tuple[int, str]]:
    """(id, name) of every calendar that somebody's working hours may follow.

    Calendars belong to a room above this one; of their table no more is known here than the foreign key knows.
    """
    calendars = sa.table("calendar", sa.column("id", sa.Integer), sa.column("name", sa.String), sa.column("version_id"))
    rows = sa.select(calendars.c.id, calendars.c.name).where(calendars.c.version_id.is_not(None))
    return [(calendar_id, name) for calendar_id, name in db.session.execute(rows.order_by(calendars.c.name))]


def team_choices() -> list[tuple[int, str]]:
    """(id, name) of every team, the default one first."""
    return list(db.session.execute(_team_choices()))


@composed_once
def _team_choices() -> sa.Select[int, str]:
    return sa.select(Team.id, Team.name).order_by(Team.is_default.desc(), Team.name)


def teams() -> list[Team]:
    """Every team, the default one first."""
    every = sa.select(Team).options(selectinload(Team.lead))
    return list(db.session.scalars(every.order_by(Team.is_default.desc(), Team.name)))


def team(team_id: int) -> Team:
    """Raises NotFound."""
    found = db.session.get(Team, team_id)
    if found is None:
        raise NotFound(_("There is no such team."))
    return found


def team_sizes() -> dict[int, int]:
    """{team id: people in it who may sign in}."""
    counted = sa.select(User.team_id, sa.func.count()).where(User.is_enabled).group_by(User.team_id)
    return {team_id: size for team_id, size in db.session.execute(counted) if team_id is not None}


def account_events(user_id: int, limit: int = 50) -> list[AccountEvent]:
    """What happened to an account, the newest first."""
    own = sa.select(AccountEvent).where(AccountEvent.user_id == user_id)
    return list(db.session.scalars(own.order_by(AccountEvent.id.desc()).limit(limit)))


def names_of(user_ids: set[int]) -> dict[int, str]:
    rows = db.session.execute(sa.select(User.id, User.name).where(User.id.in_(user_ids)))
    return {user_id: name for user_id, name in rows}  # noqa: C416 - rows are no pairs to a type checker


def other_admins(user_id: int) -> int:
    """How many people besides ``user_id`` may sign in as admin; their role rows stay locked to the end.

    The lock makes two admins who remove each other at the same moment stand in line.
    """
    locked = sa.select(UserRole.user_id).where(UserRole.role == Role.ADMIN).order_by(UserRole.user_id)
    admins = db.session.scalars(locked.with_for_update()).all()
    enabled = sa.select(sa.func.count()).where(User.id.in_(admins), User.is_enabled, User.id != user_id)
    return db.session.scalar(enabled) or 0
