"""One change to one ticket: claimed, settled before, written to the history, settled after."""

from __future__ import annotations

import json
from collections.abc import Iterator
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

__all__ = ["Change", "changing", "events_after", "particulars_of"]


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
    stored = deadlines.settle_if_due(ticket, now)
    yield Change(ticket, actor, now)
    ticket.updated_at = now
    deadlines.settle(ticket, now, stored)


def events_after(ticket_id: int, seq: int) -> tuple[TicketEvent, ...]:
    """The events of a ticket after ``seq``, for telling somebody what changed meanwhile."""
    rows = sa.select(TicketEvent).where(TicketEvent.ticket_id == ticket_id, TicketEvent.seq > seq)
    return tuple(db.session.scalars(rows.order_by(TicketEvent.seq).limit(20)))


def particulars_of(event: TicketEvent) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(event.particulars)
    return read
