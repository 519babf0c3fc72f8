"""Who does something: a member of staff, a contact, or the desk itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from helpdesk.accounts.models import User
from helpdesk.accounts.permissions import Permission, may
from workflows.vocabulary import ActorKind, Kind, Role


@dataclass(frozen=True, slots=True)
class Actor:
    """Plain values only, so that it outlives a transaction. ``reference`` is what histories keep."""

    kind: ActorKind
    id: int | None
    name: str
    roles: frozenset[Role] = frozenset()

    @classmethod
    def of_user(cls, user: User) -> Self:
        return cls(ActorKind.STAFF, user.id, user.name, user.roles)

    @classmethod
    def of_contact(cls, contact_id: int, name: str) -> Self:
        return cls(ActorKind.CONTACT, contact_id, name)

    @property
    def reference(self) -> str:
        return str(self.kind) if self.id is None else f"{self.kind}:{self.id}"

    @property
    def user_id(self) -> int | None:
        return self.id if self.kind is ActorKind.STAFF else None

    def may(self, permission: Permission, kind: Kind | None = None) -> bool:
        """Whether this actor has the staff permission; contacts have none, the desk itself has all."""
        if self.kind is ActorKind.SCHEDULER:
            return True
        return self.kind is ActorKind.STAFF and may(self.roles, permission, kind)


SCHEDULER = Actor(ActorKind.SCHEDULER, None, "scheduler")
COMMAND_LINE = Actor(ActorKind.SCHEDULER, None, "command line")
"""Whoever may run the ``helpdesk`` command on the machine itself."""
