"""Everything the desk tells people about, and what each telling needs to know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from helpdesk.notifications.models import Transport


class NoticeTopic(StrEnum):
    """What a person is told. Each has a mail and, for staff, a line for the bell, in every language."""

    TICKET_RECEIVED = "ticket_received"
    PUBLIC_REPLY = "public_reply"
    TICKET_RESOLVED = "ticket_resolved"
    TICKET_CLOSED = "ticket_closed"
    TICKET_TURNED_AWAY = "ticket_turned_away"
    ASSIGNED = "ticket_assigned"
    CONTACT_WROTE = "contact_answered"
    MENTIONED = "mentioned"
    CLOCK_WARNED = "clock_warned"
    CLOCK_BREACHED = "clock_breached"
    VENDOR_CHASE_DUE = "vendor_chase_due"
    INVITATION = "invitation"


@dataclass(frozen=True, slots=True)
class Shape:
    """What a topic needs: names of its params, how it travels, whether a person wrote it.

    Params that end in ``_at`` are aware moments. ``secret_path`` is the path of a link that opens without a
    password ("/track/..."): it is never logged, and forgotten once the mail has left.
    """

    required: frozenset[str]
    optional: frozenset[str] = frozenset()
    transports: tuple[Transport, ...] = (Transport.MAIL,)
    is_automatic: bool = True


SECRET_PARAMS: Final = frozenset({"secret_path"})
_BOTH = (Transport.IN_APP, Transport.MAIL)


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _to_contact(required: str, optional: str = "secret_path", *, is_automatic: bool = True) -> Shape:
    return Shape(_names(required), _names(optional), is_automatic=is_automatic)


def _to_staff(required: str, optional: str = "") -> Shape:
    return Shape(_names(required), _names(optional), transports=_BOTH)


SHAPES: Final[Mapping[NoticeTopic, Shape]] = MappingProxyType(
    {
        NoticeTopic.TICKET_RECEIVED: _to_contact("subject secret_path", "respond_by_at resolve_by_at hours"),
        NoticeTopic.PUBLIC_REPLY: _to_contact("subject author body", is_automatic=False),
        NoticeTopic.TICKET_RESOLVED: _to_contact("subject note closes_at"),
        NoticeTopic.TICKET_CLOSED: _to_contact("subject", "secret_path reopen_until_at"),
        NoticeTopic.TICKET_TURNED_AWAY: _to_contact("subject reason service", "secret_path note"),
        NoticeTopic.ASSIGNED: _to_staff("subject", "by customer_name clock due_at"),
        NoticeTopic.CONTACT_WROTE: _to_staff("subject author body", "customer_name clock due_at"),
        NoticeTopic.MENTIONED: _to_staff("subject author body"),
        NoticeTopic.CLOCK_WARNED: _to_staff("subject clock due_at", "customer_name assignee_name"),
        NoticeTopic.CLOCK_BREACHED: _to_staff("subject clock due_at", "customer_name assignee_name"),
        NoticeTopic.VENDOR_CHASE_DUE: _to_staff("subject since_at", "channel_name vendor_number"),
        NoticeTopic.INVITATION: _to_contact("secret_path expires_at", "by"),
    }
)
OPTIONAL_PARAMS: Final = frozenset().union(*(shape.optional for shape in SHAPES.values()))
"""What some topic may be given: texts that several topics share ask for it everywhere."""
