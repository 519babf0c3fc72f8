"""One change to one ticket: claimed, settled before, written to the history, settled after."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from helpdesk.accounts.actor import Actor
from helpdesk.database import db
from helpdesk.errors import Conflict, NotFound
from helpdesk.tickets import deadlines
from helpdesk.tickets.acting import Change
from helpdesk.tickets.models import TicketEvent

__all__ = ["Change", "changing", "changing_many", "events_after", "particulars_of"]


@contextmanager
def changing(ticket_id: int, actor: Actor, now: datetime, version: int | None = None) -> Iterator[Change]:
    """Claim a ticket and change it inside the caller's transaction.

    ``version`` is that of the page the change was made on; None for replies, notes and the scheduler, which
    never conflict. Raises NotFound, and Conflict with the later events when the page is out of date.
    """
    ticket = deadlines.lock(ticket_id)
    if ticket is None:
        raise NotFound(_("There is no such ticket."))
    if version is not None and version != ticket.version:
        raise Conflict(_("The ticket changed while you were working on it."), events_after(ticket_id, version))
    # another process's clock may be a second ahead of ours; a history never runs backwards
    now = max(now, ticket.updated_at)
    stored = deadlines.settle_if_due([ticket], now)
    yield Change(ticket, actor, now)
    ticket.updated_at = now
    deadlines.settle_many([ticket], now, stored)


@contextmanager
def changing_many(ticket_ids: Collection[int], actor: Actor, now: datetime) -> Iterator[list[Change]]:
    """Claim tickets and change them together inside the caller's transaction: one in some fifty is a good many.

    For jobs that put other terms in force, say. Tickets that somebody else has at the moment are left out, so
    look at what is yielded. Claiming, settling before and settling after take a handful of statements each,
    however many the tickets are; one that has got no event is not settled again. If one of them raises, roll
    back and take them one by one::

        with unit_of_work(), changing_many(ids, SCHEDULER, now) as changes:
            for change in changes:
                change.record(EventKind.TERMS_CHANGED, terms=terms_id, was=change.ticket.terms_id)
                change.ticket.terms_id = terms_id
    """
    tickets = deadlines.claim(ticket_ids)
    stored = deadlines.settle_if_due(tickets, now)
    changes = [Change(ticket, actor, max(now, ticket.updated_at)) for ticket in tickets]
    counts = [ticket.event_count for ticket in tickets]
    yield changes
    changed = [change for change, count in zip(changes, counts, strict=True) if change.ticket.event_count != count]
    for change in changed:
        change.ticket.updated_at = change.now
    if changed:
        deadlines.settle_many([change.ticket for change in changed], now, stored)


def events_after(ticket_id: int, seq: int) -> tuple[TicketEvent, ...]:
    """The latest events of a ticket after ``seq``, for telling somebody what changed meanwhile."""
    rows = sa.select(TicketEvent).where(TicketEvent.ticket_id == ticket_id, TicketEvent.seq > seq)
    latest = db.session.scalars(rows.order_by(TicketEvent.seq.desc()).limit(20)).all()
    return tuple(reversed(latest))


def particulars_of(event: TicketEvent) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(event.particulars)
    return read
