"""Whom to tell: pure decisions from plain values. Nobody is told twice, nor what they did themselves."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Self

from helpdesk.accounts.models import User
from workflows.vocabulary import LadderRole, TurnAwayReason


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody who can be told. ``user_id`` is None for a contact: no bell, mail only.

    ``timezone`` is an IANA name: the contact's customer's where there is one, else the desk's. ``calendar_id``
    names the working hours of a person of the desk, None the desk's own.
    """

    email: str
    language: str
    timezone: str
    user_id: int | None = None
    is_enabled: bool = True
    calendar_id: int | None = None

    @classmethod
    def of_user(cls, user: User) -> Self:
        return cls(user.email, user.language, user.timezone, user.id, user.is_enabled, user.calendar_id)


@dataclass(frozen=True, slots=True)
class Standings:
    """Who stands how to a ticket, None where nobody does."""

    assignee: Recipient | None = None
    lead: Recipient | None = None
    on_call: Recipient | None = None
    managers: tuple[Recipient, ...] = ()


def for_roles(to: Collection[LadderRole], standings: Standings) -> tuple[Recipient, ...]:
    """Whoever the roles name. The lead stands in where nobody has the ticket and where nobody is on call."""
    lead = standings.lead
    people: list[Recipient | None] = []
    if LadderRole.ASSIGNEE in to:
        people += for_owner(standings.assignee, lead)
    if LadderRole.ON_CALL in to:
        people += for_owner(standings.on_call, lead)
    if LadderRole.LEAD in to:
        people.append(lead)
    if LadderRole.MANAGER in to:
        people += standings.managers
    return _each_once(people)


def for_owner(assignee: Recipient | None, lead: Recipient | None = None) -> tuple[Recipient, ...]:
    """Whoever has the ticket, else the lead who is given, else nobody: the queue shows it to all."""
    return _each_once((assignee,)) or _each_once((lead,))


def for_assignment(assignee: Recipient | None, by_user_id: int | None) -> tuple[Recipient, ...]:
    """The new owner, unless they took it themselves."""
    return for_mention(() if assignee is None else (assignee,), by_user_id)


def for_mention(mentioned: Iterable[Recipient], by_user_id: int | None) -> tuple[Recipient, ...]:
    """Everybody named in a note, or asked by a manager, but its author."""
    return _each_once(one for one in mentioned if by_user_id is None or one.user_id != by_user_id)


def for_contact(contact: Recipient, reason: TurnAwayReason | None = None) -> tuple[Recipient, ...]:
    """The contact; but spam is never answered: its sender is forged, and an answer confirms our address."""
    return () if reason is TurnAwayReason.SPAM else (contact,)


def _each_once(people: Iterable[Recipient | None]) -> tuple[Recipient, ...]:
    return tuple(dict.fromkeys(one for one in people if one is not None and one.is_enabled))
