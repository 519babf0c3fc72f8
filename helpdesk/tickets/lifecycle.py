"""What time does to tickets besides their clocks: quiet tickets close, scheduled holds end."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from helpdesk.accounts.actor import SCHEDULER
from helpdesk.database import db
from helpdesk.tickets import deadlines
from helpdesk.tickets.actions.holding import release
from helpdesk.tickets.actions.moving import move
from helpdesk.tickets.models import Ticket
from workflows.vocabulary import State, Trigger


def due_to_close(now: datetime, limit: int = 100) -> list[int]:
    """Resolved tickets whose quiet period is over, the oldest first."""
    rows = sa.select(Ticket.id).where(Ticket.closes_at <= now).order_by(Ticket.closes_at).limit(limit)
    return list(db.session.scalars(rows))


def close_quiet(ticket_id: int, now: datetime) -> bool:
    """Close one of them inside the caller's transaction; False when another process has it or was first."""
    ticket = deadlines.lock(ticket_id, skip_locked=True)
    if ticket is None or ticket.state is not State.RESOLVED or ticket.closes_at is None or ticket.closes_at > now:
        return False
    move(ticket_id, SCHEDULER, Trigger.CLOSE, now)
    return True


def due_to_wake(now: datetime, limit: int = 100) -> list[int]:
    """Tickets whose scheduled hold is over, the oldest first."""
    rows = sa.select(Ticket.id).where(Ticket.hold_until <= now).order_by(Ticket.hold_until).limit(limit)
    return list(db.session.scalars(rows))


def wake(ticket_id: int, now: datetime) -> bool:
    """End one scheduled hold inside the caller's transaction; False when another process has it or was first."""
    ticket = deadlines.lock(ticket_id, skip_locked=True)
    if ticket is None or ticket.hold_until is None or ticket.hold_until > now:
        return False
    release(ticket_id, SCHEDULER, now)
    return True
