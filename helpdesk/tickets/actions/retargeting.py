"""New terms for a ticket whose priority, customer or kind changed, or whose policy did (R5)."""

from __future__ import annotations

from datetime import datetime

from helpdesk.accounts.actor import Actor
from helpdesk.accounts.permissions import Permission
from helpdesk.tickets.actions.allowed import demand
from helpdesk.tickets.actions.opening import promised_terms
from helpdesk.tickets.change import Change, changing
from workflows.priority import priority_of
from workflows.vocabulary import EventKind, Priority


def renew_terms(change: Change) -> None:
    """Choose the policy anew and, if it promises something else, put the whole new terms in force at once."""
    ticket = change.ticket
    customer = ticket.customer if ticket.is_customer_confirmed else None
    terms_id = promised_terms(ticket.kind, ticket.service, ticket.priority, customer, change.now)
    if terms_id != ticket.terms_id:
        change.record(EventKind.TERMS_CHANGED, terms=terms_id, was=ticket.terms_id)
        ticket.terms_id = terms_id


def reprioritise(change: Change) -> None:
    """Derive the priority from impact, urgency and a standing override."""
    ticket = change.ticket
    ticket.priority = priority_of(ticket.impact, ticket.urgency, ticket.priority_override)


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
    with changing(ticket_id, actor, now, version) as change:
        demand(actor, Permission.OVERRIDE, change.ticket)
        was = change.ticket.priority
        change.ticket.priority_override = None
        reprioritise(change)
        change.record(EventKind.PRIORITY_OVERRIDE_CLEARED, was=was.value, priority=change.ticket.priority.value)
        renew_terms(change)
        change.edited()
