"""What time does to money deadlines: people are warned, and a window that nobody used is written down as missed."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from helpdesk.accounts.actor import SCHEDULER
from helpdesk.database import db
from helpdesk.escalations.money.models import MoneyDeadline
from helpdesk.tickets import alarms, deadlines
from helpdesk.tickets.actions.money import close
from helpdesk.tickets.change import Change, changing
from workflows.money import next_moment
from workflows.vocabulary import EventKind, MoneyState

PUT_OFF = timedelta(minutes=10)


def due(now: datetime, limit: int = 100) -> list[int]:
    """Tickets with a warning or an end due, the oldest first."""
    return list(dict.fromkeys(db.session.scalars(due_statement(now, limit))))


def due_statement(now: datetime, limit: int) -> sa.Select[int]:
    """The question of ``due``; its plan is tested."""
    rows = sa.select(MoneyDeadline.ticket_id).where(MoneyDeadline.next_fire_at <= now)
    return rows.order_by(MoneyDeadline.next_fire_at).limit(limit)


def settle(ticket_id: int, now: datetime) -> bool:
    """Warn of, or write down, what is due on one ticket inside the caller's transaction.

    Exactly once: it happens to a deadline while it is due, under the claim of its ticket. False when another
    process has the ticket or was first.
    """
    if deadlines.lock(ticket_id, skip_locked=True) is None:
        return False
    rows = _due_on(ticket_id, now)
    if not rows:
        return False
    with changing(ticket_id, SCHEDULER, now) as change:
        for row in rows:
            _settle(change, row)
    return True


def _settle(change: Change, row: MoneyDeadline) -> None:
    if row.due_at <= change.now:
        close(change, row, MoneyState.MISSED, EventKind.MONEY_MISSED)
        alarms.money(change.ticket, row, change.now)
    else:
        change.record(EventKind.MONEY_WARNED, deadline=row.id, window=row.name, due=row.due_at.isoformat())
        alarms.money(change.ticket, row, change.now)
        row.next_fire_at = next_moment(row.begins_at, row.due_at, change.now)


def put_off(ticket_id: int, now: datetime) -> None:
    """A ticket that failed is tried again later, so that it never blocks the others."""
    for row in _due_on(ticket_id, now):
        row.attempts += 1
        row.next_fire_at = now + PUT_OFF


def _due_on(ticket_id: int, now: datetime) -> list[MoneyDeadline]:
    return list(db.session.scalars(due_on_statement(ticket_id, now).execution_options(populate_existing=True)))


def due_on_statement(ticket_id: int, now: datetime) -> sa.Select[MoneyDeadline]:
    """What is due on one ticket; its plan is tested."""
    rows = sa.select(MoneyDeadline).where(MoneyDeadline.ticket_id == ticket_id, MoneyDeadline.next_fire_at <= now)
    return rows.order_by(MoneyDeadline.id)
