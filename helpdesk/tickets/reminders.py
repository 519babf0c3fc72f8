"""When a customer who leaves us waiting is reminded, and when their idle ticket closes.

Days are real ones, because that is how a customer counts them; only the hour is ours: what falls outside the
desk's open hours waits for the next opening, when somebody is there to read the answer.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from flask import current_app

from helpdesk.database import db
from helpdesk.escalations.models import VendorCase
from helpdesk.sla.queries import desk_calendar
from helpdesk.tickets.models import Message, Ticket
from workflows.business_time import BusinessTimeError
from workflows.vocabulary import HoldCause, VendorCaseState


def start(ticket: Ticket, now: datetime) -> None:
    """The waiting begins (anew) at ``now`` (aware UTC): no reminder was sent yet."""
    ticket.reminder_count = 0
    ticket.remind_at = _next(0, now)


def stop(ticket: Ticket) -> None:
    ticket.remind_at, ticket.reminder_count = None, 0


def count_one(ticket: Ticket, now: datetime) -> datetime | None:
    """A reminder leaves at ``now``; returns when the ticket closes if it is the last one before that."""
    ticket.reminder_count += 1
    ticket.remind_at = _next(ticket.reminder_count, now)
    return closes_at(ticket) if _is_last(ticket.reminder_count) else None


def is_over(ticket: Ticket, now: datetime) -> bool:
    """Whether the last reminder stayed unanswered for as long as it said."""
    is_due = ticket.remind_at is not None and ticket.remind_at <= now
    return ticket.hold_cause is HoldCause.CUSTOMER and is_due and _is_last(ticket.reminder_count)


def closes_at(ticket: Ticket) -> datetime | None:
    """When the ticket closes if nobody hears from the customer and every reminder leaves on time.

    None while it waits for nothing of theirs, or never closes by itself: with a case open at the vendor a
    person decides.
    """
    at, count = ticket.remind_at, ticket.reminder_count
    if at is None or _is_vendor_at_work(ticket):
        return None
    while at is not None and not _is_last(count):
        count += 1
        at = _next(count, at)
    return at


def in_open_hours(at: datetime) -> datetime:
    """``at`` while the desk is open, else its next opening (aware UTC)."""
    calendar = desk_calendar()
    try:
        return at if calendar is None else calendar.next_open(at).astimezone(UTC)
    except BusinessTimeError:  # these hours never open again: a reminder at night is better than none
        return at


def asked_last(ticket: Ticket) -> str | None:
    """What the desk last wrote to the customer: the question they are reminded of."""
    own = sa.select(Message.body).where(Message.ticket_id == ticket.id, Message.is_public, Message.contact_id.is_(None))
    return db.session.scalar(own.order_by(Message.id.desc()).limit(1))


def _is_vendor_at_work(ticket: Ticket) -> bool:
    """The same question that the guard of the closing asks (``tickets.facts``)."""
    own = sa.exists().where(
        VendorCase.ticket_id == ticket.id, VendorCase.state != VendorCaseState.CLOSED, VendorCase.left_open_reason == ""
    )
    return bool(db.session.scalar(sa.select(own)))


def _next(count: int, now: datetime) -> datetime | None:
    """When the next thing happens after ``count`` reminders: another one, or the closing."""
    reminders: int = current_app.config["HOLD_REMINDERS"]
    wait: int = current_app.config["HOLD_REMINDER_AFTER" if count < reminders else "HOLD_CLOSE_AFTER"]
    if reminders == 0 or wait == 0:
        return None
    return in_open_hours(now + timedelta(seconds=wait))


def _is_last(count: int) -> bool:
    reminders: int = current_app.config["HOLD_REMINDERS"]
    return count >= reminders
