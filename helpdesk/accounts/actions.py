"""What may happen to an account. Each change appends an AccountEvent; what must end sessions raises the epoch.

These run in the caller's unit of work and take password hashes, since hashing is too slow to happen there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from email_validator import EmailNotValidError, validate_email
from flask_babel import gettext as _

from helpdesk.accounts import invitations, queries
from helpdesk.accounts.actor import Actor
from helpdesk.accounts.models import AccountEvent, User, UserRole
from helpdesk.accounts.passwords import UNUSABLE
from helpdesk.accounts.permissions import Permission
from helpdesk.database import db
from helpdesk.errors import Forbidden, Invalid
from workflows.vocabulary import Role


class AccountChange(StrEnum):
    """The word in an account's append-only history."""

    CREATED = "created"
    EDITED = "edited"
    ROLES_SET = "roles_set"
    DISABLED = "disabled"
    ENABLED = "enabled"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - a word, no secret
    INVITED = "invited"


@dataclass(frozen=True, slots=True)
class Profile:
    """What people see of a person of the desk, and how the desk speaks to them."""

    name: str
    team_id: int | None = None
    language: str = "en"
    timezone: str = "Europe/Budapest"
    calendar_id: int | None = None  # working hours; None: the desk's own


def add_user(
    email: str,
    profile: Profile,
    roles: Iterable[Role],
    actor: Actor,
    now: datetime,
    password_hash: str = UNUSABLE,
) -> User:
    """A new account; without ``password_hash`` nobody can sign in before choosing one by an invitation.

    Raises Invalid naming the field ``email``, ``name`` or ``roles``, Forbidden when ``actor`` may not.
    """
    wanted = _checked_roles(roles)
    _require(actor, touches_admin=Role.ADMIN in wanted)
    address = _checked_address(email)
    user = User(email=address, password_hash=password_hash, created_at=now, is_enabled=True, session_epoch=0)
    _fill(user, profile)
    user.role_rows = [UserRole(role=role) for role in sorted(wanted)]
    db.session.add(user)
    db.session.flush()
    _append(user, actor, AccountChange.CREATED, now, roles=sorted(wanted))
    if password_hash == UNUSABLE:
        invitations.announce(user, actor.name, now)
    return user


def edit_profile(user: User, profile: Profile, actor: Actor, now: datetime) -> None:
    """Change how somebody is shown and spoken to: their own doing, or that of whoever edits users."""
    if actor.user_id != user.id:
        _require(actor, touches_admin=Role.ADMIN in user.roles)
    _fill(user, profile)
    _append(user, actor, AccountChange.EDITED, now)


def set_roles(user: User, roles: Iterable[Role], actor: Actor, now: datetime) -> None:
    """Give ``user`` exactly ``roles``; losing one ends their sessions. Raises Invalid, Forbidden."""
    wanted, had = _checked_roles(roles), user.roles
    _require(actor, touches_admin=Role.ADMIN in (wanted | had))
    if wanted == had:
        return
    if Role.ADMIN in had - wanted:
        _keep_an_admin(user, "roles")
    user.role_rows = [row for row in user.role_rows if row.role in wanted]
    user.role_rows += [UserRole(role=role) for role in sorted(wanted - had)]
    if had - wanted:
        user.session_epoch += 1
    _append(user, actor, AccountChange.ROLES_SET, now, given=sorted(wanted - had), taken=sorted(had - wanted))


def disable(user: User, actor: Actor, now: datetime) -> None:
    """Let ``user`` sign in no more and end their sessions; their work stays theirs. Raises Invalid, Forbidden."""
    _require(actor, touches_admin=Role.ADMIN in user.roles)
    if not user.is_enabled:
        return
    if actor.user_id == user.id:
        raise Invalid(_("You can’t disable your own account; ask a colleague."))
    if Role.ADMIN in user.roles:
        _keep_an_admin(user)
    user.is_enabled = False
    user.session_epoch += 1
    _append(user, actor, AccountChange.DISABLED, now)


def enable(user: User, actor: Actor, now: datetime) -> None:
    _require(actor, touches_admin=Role.ADMIN in user.roles)
    if not user.is_enabled:
        user.is_enabled = True
        _append(user, actor, AccountChange.ENABLED, now)


def change_password(user: User, password_hash: str, actor: Actor, now: datetime) -> None:
    """Put a new password in force and end every session; the caller signs its own in again."""
    user.password_hash = password_hash
    user.session_epoch += 1
    _append(user, actor, AccountChange.PASSWORD_CHANGED, now)


def renew_hash(user: User, password_hash: str) -> None:
    """Keep the same password under today's parameters: no session ends, nothing happened to the account."""
    user.password_hash = password_hash


def invite(user: User, actor: Actor, now: datetime) -> None:
    """Make way for a fresh one-time link: links and sessions before it end, the old password stays till then."""
    _require(actor, touches_admin=Role.ADMIN in user.roles)
    if not user.is_enabled:
        raise Invalid(_("Enable the account first."))
    user.session_epoch += 1
    _append(user, actor, AccountChange.INVITED, now)
    invitations.announce(user, actor.name, now)


def _require(actor: Actor, *, touches_admin: bool) -> None:
    if not actor.may(Permission.EDIT_USERS):
        raise Forbidden(_("Your role doesn’t include this."))
    if touches_admin and not actor.may(Permission.GRANT_ADMIN):
        raise Forbidden(_("Only an admin may grant the admin role or change an admin’s account."))


def _keep_an_admin(user: User, field: str | None = None) -> None:
    if queries.other_admins(user.id) == 0:
        raise Invalid(_("This is the last admin: make somebody else admin first."), field)


def _checked_roles(roles: Iterable[Role]) -> frozenset[Role]:
    wanted = frozenset(roles)
    if not wanted:
        raise Invalid(_("Give at least one role."), "roles")
    return wanted


def _checked_address(email: str) -> str:
    try:
        found = validate_email(email.strip(), check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        raise Invalid(_("This is not an e-mail address."), "email") from None
    address = found.normalized.lower()
    if queries.user_by_email(address) is not None:
        raise Invalid(_("Somebody signs in with this address already."), "email")
    return address


def _fill(user: User, profile: Profile) -> None:
    if not profile.name.strip():
        raise Invalid(_("Say the person’s name."), "name")
    user.name, user.team_id = profile.name.strip(), profile.team_id
    user.language, user.timezone = profile.language, profile.timezone
    user.calendar_id = profile.calendar_id


def _append(user: User, actor: Actor, what: AccountChange, now: datetime, **particulars: Any) -> None:
    event = AccountEvent(at=now, user_id=user.id, actor_id=actor.user_id, what=str(what))
    event.particulars = {"by": actor.reference} | particulars
    db.session.add(event)
