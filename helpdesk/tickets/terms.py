"""Which terms a ticket has: chosen at its opening, and anew when its facts change or its policy does (R5, R6)."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

from helpdesk.customers.models import Customer
from helpdesk.sla.queries import choose_policy, keep_promises, promises
from helpdesk.sla.terms import freeze
from helpdesk.tickets.acting import Change
from workflows.priority import priority_of
from workflows.vocabulary import EventKind, Kind, Priority, Service


def promised_terms(
    kind: Kind,
    service: Service,
    priority: Priority,
    customer: Customer | None,
    now: datetime,
    tags_of: Callable[[], Collection[str]] = tuple,
) -> int:
    """Choose the policy for these facts (R6) and freeze what it promises; returns the terms' id.

    ``tags_of`` reads the ticket's tags; it is asked only while some policy looks at them.
    """
    keep_promises()
    plan_id = customer.support_plan_id if customer is not None else None
    book = promises()
    tags = tags_of() if book.asks_for_tags else ()
    customer_id = customer.id if customer is not None else None
    policy = choose_policy(kind, service, customer_id, plan_id, book, tags=tags)
    return freeze(policy, priority, now, book).id


def renew_terms(change: Change, **why: Any) -> None:
    """Choose the policy anew and, if it promises something else, put the whole new terms in force at once.

    ``why`` enters the event where nothing beside it tells.
    """
    ticket = change.ticket
    customer = ticket.customer if ticket.is_customer_confirmed else None
    terms_id = promised_terms(
        ticket.kind, ticket.service, ticket.priority, customer, change.now, lambda: {tag.name for tag in ticket.tags}
    )
    if terms_id != ticket.terms_id:
        change.record(EventKind.TERMS_CHANGED, terms=terms_id, was=ticket.terms_id, **why)
        ticket.terms_id = terms_id


def reprioritise(change: Change) -> None:
    """Derive the priority from impact, urgency and a standing override."""
    ticket = change.ticket
    ticket.priority = priority_of(ticket.impact, ticket.urgency, ticket.priority_override)
