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
    CONTACT_REMINDED = "contact_reminded"
    IDLE_CLOSING_SOON = "idle_closing_soon"
    IDLE_CLOSED = "idle_closed"
    ASSIGNED = "ticket_assigned"
    CONTACT_WROTE = "contact_answered"
    MENTIONED = "mentioned"
    HOLD_ENDED = "hold_ended"
    CUSTOMER_SILENT = "customer_silent"
    CLOCK_WARNED = "clock_warned"
    CLOCK_BREACHED = "clock_breached"
    CLOCK_LADDERED = "clock_laddered"
    ESCALATION_DUE = "escalation_due"
    VENDOR_LATE = "vendor_late"
    MONEY_WARNED = "money_warned"
    MONEY_MISSED = "money_missed"
    CLAIM_WARNED = "claim_warned"
    CLAIM_MISSED = "claim_missed"
    PROMISES_DIGEST = "promises_digest"
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
        NoticeTopic.CONTACT_REMINDED: _to_contact("subject since_at", "secret_path body"),
        NoticeTopic.IDLE_CLOSING_SOON: _to_contact("subject since_at closes_at", "secret_path body"),
        NoticeTopic.IDLE_CLOSED: _to_contact("subject"),
        NoticeTopic.ASSIGNED: _to_staff("subject", "by customer_name clock due_at"),
        NoticeTopic.CONTACT_WROTE: _to_staff("subject author body", "customer_name clock due_at"),
        NoticeTopic.MENTIONED: _to_staff("subject author body"),
        NoticeTopic.HOLD_ENDED: _to_staff("subject", "customer_name"),
        NoticeTopic.CUSTOMER_SILENT: _to_staff("subject", "customer_name closed_at"),
        NoticeTopic.CLOCK_WARNED: _to_staff("subject clock due_at", "customer_name assignee_name"),
        NoticeTopic.CLOCK_BREACHED: _to_staff("subject clock due_at", "customer_name assignee_name"),
        NoticeTopic.CLOCK_LADDERED: _to_staff("subject clock due_at level", "customer_name assignee_name"),
        NoticeTopic.ESCALATION_DUE: _to_staff(
            "subject clock due_at", "customer_name assignee_name missing channel_name"
        ),
        NoticeTopic.VENDOR_LATE: _to_staff(
            "subject clock due_at", "customer_name assignee_name channel_name vendor_number"
        ),
        NoticeTopic.MONEY_WARNED: _to_staff("subject window due_at", "customer_name assignee_name"),
        NoticeTopic.MONEY_MISSED: _to_staff("subject window due_at", "customer_name assignee_name"),
        NoticeTopic.CLAIM_WARNED: _to_staff("incident incident_id subject customers due_at"),
        NoticeTopic.CLAIM_MISSED: _to_staff("incident incident_id subject customers due_at"),
        NoticeTopic.PROMISES_DIGEST: _to_staff("late soon entries"),
        NoticeTopic.INVITATION: _to_contact("secret_path expires_at", "by"),
    }
)
LADDER: Final = frozenset(
    {
        NoticeTopic.CLOCK_WARNED,
        NoticeTopic.CLOCK_BREACHED,
        NoticeTopic.CLOCK_LADDERED,
        NoticeTopic.ESCALATION_DUE,
        NoticeTopic.VENDOR_LATE,
    }
)
"""What the ladder tells: it waits for working hours unless it is urgent, and many at once are one digest."""

REFUSABLE: Final = (
    NoticeTopic.ASSIGNED,
    NoticeTopic.CONTACT_WROTE,
    NoticeTopic.MENTIONED,
    NoticeTopic.HOLD_ENDED,
    NoticeTopic.CUSTOMER_SILENT,
    NoticeTopic.CLOCK_WARNED,
    NoticeTopic.CLOCK_BREACHED,
    NoticeTopic.CLOCK_LADDERED,
    NoticeTopic.ESCALATION_DUE,
    NoticeTopic.VENDOR_LATE,
    NoticeTopic.MONEY_WARNED,
    NoticeTopic.MONEY_MISSED,
    NoticeTopic.CLAIM_WARNED,
    NoticeTopic.CLAIM_MISSED,
)
"""What a person may do without, each by bell and by mail, in the order of the page where they choose."""

OPTIONAL_PARAMS: Final = frozenset().union(*(shape.optional for shape in SHAPES.values()))
"""What some topic may be given: texts that several topics share ask for it everywhere."""
