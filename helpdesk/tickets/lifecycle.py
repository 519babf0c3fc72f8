"""What time does to tickets besides their clocks: quiet tickets close, holds end, silent customers are reminded."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from helpdesk.accounts.actor import SCHEDULER
from helpdesk.database import db
from helpdesk.tickets import deadlines, facts, notices, reminders
from helpdesk.tickets.actions import holding
from helpdesk.tickets.actions.moving import move
from helpdesk.tickets.models import Ticket
from workflows.machine import workflow_for
from workflows.vocabulary import State, Trigger, WithdrawReason

PUT_OFF = timedelta(hours=1)


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
    """End one scheduled hold inside the caller's transaction and tell whoever has the ticket.

    False when another process has it or was first.
    """
    ticket = deadlines.lock(ticket_id, skip_locked=True)
    if ticket is None or ticket.hold_until is None or ticket.hold_until > now:
        return False
    holding.release(ticket_id, SCHEDULER, now)
    notices.hold_ended(ticket, now)
    return True


# customers who leave us waiting -----------------------------------------------------------------------


def due_to_remind(now: datetime, limit: int = 100) -> list[int]:
    """Tickets whose customer is to be reminded, or that waited for them long enough; the oldest first."""
    return list(db.session.scalars(remind_statement(now, limit)))


def remind_statement(now: datetime, limit: int) -> sa.Select[int]:
    """The question of ``due_to_remind``; its plan is tested."""
    return sa.select(Ticket.id).where(Ticket.remind_at <= now).order_by(Ticket.remind_at).limit(limit)


def remind(ticket_id: int, now: datetime) -> bool:
    """Remind one customer, or close their idle ticket, inside the caller's transaction.

    Outside the desk's hours it only waits for the opening: what is due may have come due while no scheduler
    ran. False when another process has the ticket or was first.
    """
    ticket = deadlines.lock(ticket_id, skip_locked=True)
    if ticket is None or ticket.remind_at is None or ticket.remind_at > now:
        return False
    opens_at = reminders.in_open_hours(now)
    if opens_at > now:
        ticket.remind_at = opens_at
    elif reminders.is_over(ticket, now):
        _give_up(ticket, now)
    else:
        holding.remind(ticket_id, SCHEDULER, now)
    return True


def _give_up(ticket: Ticket, now: datetime) -> None:
    """Close a ticket nobody answers; one that Microsoft still works on is left to a person, who is told."""
    moves = workflow_for(ticket.kind).allowed(ticket.state, facts.gather(ticket, SCHEDULER, now))
    if any(one.trigger is Trigger.WITHDRAW and one.is_open for one in moves):
        move(ticket.id, SCHEDULER, Trigger.WITHDRAW, now, {"reason": WithdrawReason.NO_ANSWER.value})
    else:
        ticket.remind_at = None
    notices.customer_silent(ticket, now)


def put_off_reminder(ticket_id: int, now: datetime) -> None:
    """A reminder that failed is tried again in an hour, so that it never blocks the others."""
    ticket = deadlines.lock(ticket_id)
    if ticket is not None and ticket.remind_at is not None:
        ticket.remind_at = now + PUT_OFF
