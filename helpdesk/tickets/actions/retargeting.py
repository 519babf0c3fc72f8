"""A lead's judgement of the priority, and back to the matrix."""

from __future__ import annotations

from datetime import datetime

from helpdesk.accounts.actor import Actor
from helpdesk.accounts.permissions import Permission
from helpdesk.tickets.actions.allowed import demand
from helpdesk.tickets.change import changing
from helpdesk.tickets.terms import renew_terms, reprioritise
from workflows.vocabulary import EventKind, Priority


def override_priority(
    ticket_id: int, actor: Actor, priority: Priority, reason: str, now: datetime, version: int | None = None
) -> None:
    """Let a lead's judgement win over the matrix until it is cleared."""
    with changing(ticket_id, actor, now, version) as change:
        demand(actor, Permission.OVERRIDE, change.ticket)
        was = change.ticket.priority
        change.ticket.priority_override = priority
        reprioritise(change)
        change.record(EventKind.PRIORITY_OVERRIDDEN, was=was.value, priority=priority.value, reason=reason)
        renew_terms(change)
        change.edited()


def clear_priority_override(ticket_id: int, actor: Actor, now: datetime, version: int | None = None) -> None:
    """Let the matrix decide again; nothing happens where it does already."""
    with changing(ticket_id, actor, now, version) as change:
        demand(actor, Permission.OVERRIDE, change.ticket)
        if change.ticket.priority_override is None:
            return
        was = change.ticket.priority
        change.ticket.priority_override = None
        reprioritise(change)
        change.record(EventKind.PRIORITY_OVERRIDE_CLEARED, was=was.value, priority=change.ticket.priority.value)
        renew_terms(change)
        change.edited()
