"""Waiting, beside the state: one hold at a time, with a cause."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _

from helpdesk.accounts.actor import Actor
from helpdesk.accounts.permissions import Permission
from helpdesk.errors import Invalid
from helpdesk.tickets import notices, reminders
from helpdesk.tickets.actions.allowed import demand
from helpdesk.tickets.change import Change, changing
from helpdesk.tickets.models import Ticket
from workflows.vocabulary import EventKind, HoldCause, Turn


def hold(
    ticket_id: int,
    actor: Actor,
    cause: HoldCause,
    now: datetime,
    *,
    until: datetime | None = None,
    reminds: bool = True,
    version: int | None = None,
) -> None:
    """Let a ticket wait. A new hold replaces the old one. ``until`` (aware UTC) wakes a scheduled one, and no other.

    A customer who is waited for is reminded, and the idle ticket closes, unless ``reminds`` is false.

    Raises Invalid when the ticket is not open, a scheduled hold has no moment to come, or another hold has one.
    """
    with changing(ticket_id, actor, now, version) as change:
        demand(actor, Permission.MOVE_TICKETS, change.ticket)
        if not change.ticket.is_open:
            raise Invalid(_("Only an open ticket can wait."), "cause")
        if cause is not HoldCause.SCHEDULED and until is not None:
            raise Invalid(_("Only a scheduled hold ends by itself: choose that one, or leave this empty."), "until")
        if cause is HoldCause.SCHEDULED and (until is None or until <= change.now):
            raise Invalid(_("Give a moment to come."), "until")
        put_on_hold(change, cause, until, reminds=reminds)
        change.edited()


def release(ticket_id: int, actor: Actor, now: datetime, version: int | None = None) -> None:
    """End the hold; nothing happens where there is none."""
    with changing(ticket_id, actor, now, version) as change:
        demand(actor, Permission.MOVE_TICKETS, change.ticket)
        end_hold(change)
        change.edited()


def put_on_hold(change: Change, cause: HoldCause, until: datetime | None = None, *, reminds: bool = True) -> None:
    """The hold itself, for actions that hold as part of something else."""
    ticket = change.ticket
    if ticket.hold_cause is not None:
        change.record(EventKind.RELEASED, cause=ticket.hold_cause.value)
    wakes = until if cause is HoldCause.SCHEDULED else None
    ticket.hold_cause, ticket.held_at, ticket.hold_until = cause, change.now, wakes
    change.record(EventKind.HELD, cause=cause.value, until=wakes.isoformat() if wakes else None)
    reminders.stop(ticket)
    if cause is HoldCause.CUSTOMER:
        ticket.turn = Turn.CUSTOMER
        if reminds:
            reminders.start(ticket, change.now)


def end_hold(change: Change) -> None:
    ticket = change.ticket
    if ticket.hold_cause is None:
        return
    change.record(EventKind.RELEASED, cause=ticket.hold_cause.value)
    if ticket.hold_cause is HoldCause.CUSTOMER:
        ticket.turn = Turn.OURS
    drop_hold(ticket)


def drop_hold(ticket: Ticket) -> None:
    """No trace of waiting is left on the row; the history keeps it."""
    ticket.hold_cause = ticket.held_at = ticket.hold_until = None
    reminders.stop(ticket)


def wait_anew(change: Change) -> None:
    """The desk wrote while it waits for the customer: what they are to answer is this, so their time begins anew."""
    ticket = change.ticket
    if ticket.hold_cause is HoldCause.CUSTOMER and (ticket.remind_at is not None or ticket.reminder_count):
        reminders.start(ticket, change.now)


def remind(ticket_id: int, actor: Actor, now: datetime) -> None:
    """Ask the contact again for the answer the ticket waits for; the last time with the day it closes."""
    with changing(ticket_id, actor, now) as change:
        ticket = change.ticket
        closing_at = reminders.count_one(ticket, change.now)
        change.record(EventKind.REMINDED, count=ticket.reminder_count)
        notices.reminded(ticket, reminders.asked_last(ticket), closing_at, change.now)
