"""Who does something: a member of staff, a contact, or the desk itself."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from helpdesk.accounts.models import User
from helpdesk.accounts.permissions import Permission, may
from workflows.vocabulary import Kind, Role


class ActorKind(StrEnum):
    USER = "user"
    CONTACT = "contact"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """Plain values only, so that it outlives a transaction. ``reference`` is what histories keep."""

    kind: ActorKind
    id: int | None
    name: str
    roles: frozenset[Role] = frozenset()

    @classmethod
    def of_user(cls, user: User) -> Self:
        return cls(ActorKind.USER, user.id, user.name, user.roles)

    @classmethod
    def of_contact(cls, contact_id: int, name: str) -> Self:
        return cls(ActorKind.CONTACT, contact_id, name)

    @property
    def reference(self) -> str:
        return f"{self.kind}:{self.id if self.id is not None else self.name}"

    @property
    def user_id(self) -> int | None:
        return self.id if self.kind is ActorKind.USER else None

    def may(self, permission: Permission, kind: Kind | None = None) -> bool:
        """Whether this actor has the staff permission; contacts have none, the desk itself has all."""
        if self.kind is ActorKind.SYSTEM:
            return True
        return self.kind is ActorKind.USER and may(self.roles, permission, kind)


SCHEDULER = Actor(ActorKind.SYSTEM, None, "scheduler")
