"""A ticket's append-only, chained history: appending, reading back, verifying.

The hash of an event is HMAC-SHA256, keyed with HELPDESK_AUDIT_KEY, over the canonical JSON of
[ticket, seq, at, actor, what, from, to, particulars, previous hash]. Whoever lacks the key can't rewrite a
past event unseen, and because the ticket keeps the count and the head, a missing last row shows too.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import current_app

from helpdesk.accounts.actor import Actor
from helpdesk.bulk import append_rows
from helpdesk.database import db
from helpdesk.tickets.models import Ticket, TicketEvent
from workflows.vocabulary import EventKind, State


def append(
    ticket: Ticket,
    actor: Actor,
    what: EventKind,
    at: datetime,
    *,
    from_state: State | None = None,
    to_state: State | None = None,
    particulars: dict[str, Any] | None = None,
) -> TicketEvent:
    """Add the next event to ``ticket``'s chain inside the caller's transaction; ``at`` is aware UTC.

    The caller holds the ticket's row, so that two writers can't take the same ``seq``.
    """
    event = TicketEvent(**line(ticket, actor, what, at, from_state, to_state, particulars))
    db.session.add(event)
    return event


def line(
    ticket: Ticket,
    actor: Actor,
    what: EventKind,
    at: datetime,
    from_state: State | None = None,
    to_state: State | None = None,
    particulars: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """The next event of ``ticket``'s chain as values for ``write``, which must follow in this transaction."""
    text, seq, actor_name = canonical(particulars or {}), ticket.event_count + 1, actor.reference
    parts = [ticket.id, seq, at, actor_name, what, from_state, to_state, text]
    head = _hash(parts, ticket.event_head, _key())
    ticket.event_count, ticket.event_head = seq, head
    names = ("ticket_id", "seq", "at", "actor", "what", "from_state", "to_state", "particulars")
    return {**dict(zip(names, parts, strict=True)), "hash": head}


def write(lines: Sequence[dict[str, Any]]) -> None:
    """Insert events of any number of tickets by one statement."""
    append_rows(TicketEvent, lines)


def unwritten() -> list[TicketEvent]:
    """What was appended in this transaction and is not in the database yet, each ticket's in order."""
    return sorted((new for new in db.session.new if isinstance(new, TicketEvent)), key=lambda event: event.seq)


def canonical(particulars: Any) -> str:
    """JSON with sorted keys and no blanks: the same value always gives the same text."""
    return _CANONICAL.encode(particulars)


_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)


def body_hash(body: str) -> str:
    """What stands for a message in the chain, so that erasing its text leaves the chain whole."""
    return hashlib.sha256(body.encode()).hexdigest()


def chain_hash(event: TicketEvent, previous: str, key: bytes) -> str:
    """The hash of ``event`` behind one whose hash is ``previous`` ("" at the beginning)."""
    parts = [event.ticket_id, event.seq, event.at, event.actor, event.what, event.from_state, event.to_state]
    return _hash([*parts, event.particulars], previous, key)


def _hash(parts: list[Any], previous: str, key: bytes) -> str:
    number, seq, at, actor, what, from_state, to_state, text = parts
    moment = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    states = [state.value if state else None for state in (from_state, to_state)]
    message = canonical([number, seq, moment, actor, what.value, *states, text, previous])
    return hmac.new(key, message.encode(), hashlib.sha256).hexdigest()


def _key() -> bytes:
    key: str = current_app.config["AUDIT_KEY"]
    return key.encode()


@dataclass(frozen=True)
class BrokenLink:
    """The first thing wrong with a ticket's chain; ``seq`` is 0 when the ticket's own count or head is off."""

    number: int
    seq: int
    reason: str


def verify(batch: int = 500) -> Iterator[tuple[int, BrokenLink | None]]:
    """Check every ticket's chain in order of number; yields (number, what is wrong or None), ``batch`` a query."""
    last = 0
    while tickets := _tickets_after(last, batch):
        events = _events_of(tickets)
        for number, count, head in tickets:
            yield number, _first_break(number, count, head, events.get(number, []))
        last = tickets[-1][0]


def _tickets_after(last: int, batch: int) -> Sequence[Any]:
    rows = sa.select(Ticket.id, Ticket.event_count, Ticket.event_head).where(Ticket.id > last)
    return db.session.execute(rows.order_by(Ticket.id).limit(batch)).all()


def _events_of(tickets: Sequence[Any]) -> dict[int, list[TicketEvent]]:
    first, last = tickets[0][0], tickets[-1][0]
    rows = sa.select(TicketEvent).where(TicketEvent.ticket_id.between(first, last))
    by_ticket: dict[int, list[TicketEvent]] = {}
    for event in db.session.scalars(rows.order_by(TicketEvent.ticket_id, TicketEvent.seq)):
        by_ticket.setdefault(event.ticket_id, []).append(event)
    db.session.expunge_all()
    return by_ticket


def _first_break(number: int, count: int, head: str, events: list[TicketEvent]) -> BrokenLink | None:
    previous, key = "", _key()
    for expected, event in enumerate(events, start=1):
        if event.seq != expected:
            return BrokenLink(number, expected, "the event is missing")
        if not hmac.compare_digest(event.hash, chain_hash(event, previous, key)):
            return BrokenLink(number, event.seq, "the event was changed")
        previous = event.hash
    if len(events) != count or previous != head:
        return BrokenLink(number, 0, "events are missing at the end, or the ticket's own count was changed")
    return None
