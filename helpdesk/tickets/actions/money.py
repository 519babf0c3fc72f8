"""Money deadlines of a ticket: put on it, kept, waived. They run on calendar time, over every pause."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import current_app
from flask_babel import gettext as _

from helpdesk.accounts.actor import Actor
from helpdesk.accounts.permissions import Permission
from helpdesk.database import db
from helpdesk.errors import Conflict, Invalid, NotFound
from helpdesk.escalations.money.models import MoneyDeadline
from helpdesk.escalations.money.windows import window
from helpdesk.tickets.actions.allowed import demand
from helpdesk.tickets.change import Change, changing
from helpdesk.tickets.models import Ticket
from helpdesk.web import moments
from workflows import money
from workflows.vocabulary import EventKind, MoneyState


def set_deadline(ticket_id: int, actor: Actor, window_id: int, start: datetime, now: datetime) -> MoneyDeadline:
    """Let a window run on the ticket from ``start`` (aware), as the window counts.

    Raises Invalid at ``start`` when it lies ahead or the window is over, Conflict when the same one runs already.
    """
    with changing(ticket_id, actor, now) as change:
        demand(actor, Permission.EDIT_TICKETS, change.ticket)
        return put_on(change, window_id, start)


def put_on(change: Change, window_id: int, start: datetime) -> MoneyDeadline:
    """As ``set_deadline``, as part of another change."""
    chosen, zone, now = window(window_id), ZoneInfo(current_app.config["TIMEZONE"]), change.now
    if start > now:
        raise Invalid(_("This lies ahead. Say when it was bought, ordered or renewed."), "start")
    begins_at = money.begins_at(start, chosen.counts_from, zone).replace(microsecond=0)
    due_at = money.ends_at(begins_at, chosen.length, chosen.unit, zone)
    if due_at <= now:
        raise Invalid(_("This window ended %(moment)s.", moment=moments.moment(due_at)), "start")
    running = sa.select(MoneyDeadline.id).where(
        MoneyDeadline.ticket_id == change.ticket.id,
        MoneyDeadline.state == MoneyState.OPEN,
        MoneyDeadline.window_id == window_id,
        MoneyDeadline.due_at == due_at,
    )
    if db.session.scalar(running) is not None:
        raise Conflict(_("This deadline is on the ticket already."))
    row = MoneyDeadline(
        ticket_id=change.ticket.id,
        window_id=chosen.id,
        name=chosen.name,
        purpose=chosen.purpose,
        begins_at=begins_at,
        due_at=due_at,
        next_fire_at=money.next_moment(begins_at, due_at, now),
        created_at=now,
        created_by_id=change.actor.user_id,
    )
    db.session.add(row)
    db.session.flush()
    change.record(EventKind.MONEY_SET, deadline=row.id, window=row.name, due=due_at.isoformat())
    project(change.ticket)
    return row


def keep(ticket_id: int, deadline_id: int, actor: Actor, now: datetime) -> None:
    """The vendor was asked in time. Raises Invalid when the deadline is no longer open."""
    _end(ticket_id, deadline_id, actor, now, MoneyState.MET, "")


def waive(ticket_id: int, deadline_id: int, actor: Actor, reason: str, now: datetime) -> None:
    """Nobody will ask. Raises Invalid at ``reason`` without one, and when the deadline is no longer open."""
    if not reason.strip():
        raise Invalid(_("Say why; the reason is kept."), "reason")
    _end(ticket_id, deadline_id, actor, now, MoneyState.WAIVED, reason.strip())


def _end(ticket_id: int, deadline_id: int, actor: Actor, now: datetime, state: MoneyState, reason: str) -> None:
    with changing(ticket_id, actor, now) as change:
        demand(actor, Permission.EDIT_TICKETS, change.ticket)
        row = db.session.get(MoneyDeadline, deadline_id, populate_existing=True)
        if row is None or row.ticket_id != ticket_id:
            raise NotFound(_("There is no such deadline."))
        if row.state is not MoneyState.OPEN or row.due_at <= change.now:
            raise Invalid(_("This window is over; the history says what became of it."))
        close(change, row, state, EventKind.MONEY_ENDED, reason)


def close(change: Change, row: MoneyDeadline, state: MoneyState, what: EventKind, reason: str = "") -> None:
    """End an open deadline of the claimed ticket and say so in its history."""
    row.state, row.reason, row.next_fire_at = state, reason, None
    row.ended_at, row.ended_by_id = change.now, change.actor.user_id
    change.record(what, deadline=row.id, window=row.name, state=state.value, reason=reason)
    project(change.ticket)


def project(ticket: Ticket) -> None:
    """Keep the nearest open deadline on the ticket, where the projection of its clocks takes it in."""
    db.session.flush()
    rows = sa.select(MoneyDeadline).where(MoneyDeadline.ticket_id == ticket.id, MoneyDeadline.state == MoneyState.OPEN)
    nearest = db.session.scalars(rows.order_by(MoneyDeadline.due_at, MoneyDeadline.id).limit(1)).one_or_none()
    if nearest is None:
        ticket.money_due_at = ticket.money_warns_at = ticket.money_purpose = None
        return
    ticket.money_due_at, ticket.money_purpose = nearest.due_at, nearest.purpose
    ticket.money_warns_at = money.warnings(nearest.begins_at, nearest.due_at)[-1]
