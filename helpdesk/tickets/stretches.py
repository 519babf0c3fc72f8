"""The open tickets by number, a stretch at a time: which of them a book of promises gives other terms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from helpdesk.customers.models import Customer
from helpdesk.database import db
from helpdesk.sla.models import SlaPolicy
from helpdesk.sla.queries import Promises, choose_policy
from helpdesk.sla.terms import FrozenTerms, load_terms, promise_the_same
from helpdesk.tickets.models import IS_OPEN, Ticket, TicketTag
from workflows.vocabulary import Priority

LONGEST_STRETCH = 1600
"""Open tickets whose facts are read at a time, while few of them are affected."""

TermsOf = Callable[[SlaPolicy, Priority], FrozenTerms]


def open_count() -> int:
    """How many tickets a walk looks at."""
    return db.session.scalar(sa.select(sa.func.count()).select_from(Ticket).where(IS_OPEN)) or 0


class Affected(NamedTuple):
    """An open ticket that is promised something else by the book, and its new terms."""

    facts: Any
    terms: FrozenTerms


class Stretch(NamedTuple):
    """A stretch of the walk: ``seen`` open tickets up to number ``last``, those ``affected``, whether it is the end."""

    affected: Sequence[Affected]
    seen: int
    last: int
    is_end: bool


FACTS = (
    sa.select(
        Ticket.id,
        Ticket.kind,
        Ticket.service,
        Ticket.priority,
        Ticket.terms_id,
        Ticket.updated_at,
        Customer.id.label("customer_id"),
        Customer.support_plan_id,
    )
    .outerjoin(Customer, sa.and_(Customer.id == Ticket.customer_id, Ticket.is_customer_confirmed))
    .where(IS_OPEN, Ticket.id > sa.bindparam("after", type_=sa.Integer))
    .order_by(Ticket.id)
    .limit(sa.bindparam("limit", type_=sa.Integer))
)


def stretch(after: int, length: int, book: Promises, scope: Sequence[int], terms_of: TermsOf, batch: int) -> Stretch:
    """The open tickets behind number ``after``: at most ``length``, and at most ``batch`` that are affected.

    ``scope`` are the policies that the change is about: tickets that have no terms of theirs, and get none, are
    left alone, whatever else changed since they were promised something.
    """
    rows = db.session.execute(FACTS, {"after": after, "limit": length}).all()
    tags = _tags_of(rows) if book.asks_for_tags else {}
    affected: list[Affected] = []
    for seen, row in enumerate(rows, start=1):
        terms = _new_terms(row, tags.get(row.id, ()), book, scope, terms_of)
        if terms is None:
            continue
        affected.append(Affected(row, terms))
        if len(affected) == batch:
            return Stretch(affected, seen, row.id, is_end=seen == len(rows) < length)
    return Stretch(affected, len(rows), rows[-1].id if rows else after, is_end=len(rows) < length)


def next_length(length: int, part: Stretch, batch: int) -> int:
    """Few are read where most are affected, many where hardly any is."""
    return 2 * batch if part.affected else min(2 * length, LONGEST_STRETCH)


def _new_terms(
    row: Any, tags: Sequence[str], book: Promises, scope: Sequence[int], terms_of: TermsOf
) -> FrozenTerms | None:
    """What the book promises the ticket, where that is something else than it has; None where all stays."""
    policy = choose_policy(row.kind, row.service, row.customer_id, row.support_plan_id, book, tags=tags)
    old = load_terms(row.terms_id)
    if policy.id not in scope and old.content["policy_id"] not in scope:
        return None
    new = terms_of(policy, row.priority)
    return None if promise_the_same(old, new) else new


def _tags_of(rows: Sequence[Any]) -> dict[int, list[str]]:
    if not rows:
        return {}
    between = TicketTag.ticket_id.between(rows[0].id, rows[-1].id)
    found: dict[int, list[str]] = {}
    for ticket_id, name in db.session.execute(sa.select(TicketTag.ticket_id, TicketTag.name).where(between)):
        found.setdefault(ticket_id, []).append(name)
    return found
