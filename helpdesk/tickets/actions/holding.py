"""Waiting, beside the state: one hold at a time, with a cause."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _

from helpdesk.accounts.actor import Actor
from helpdesk.accounts.permissions import Permission
from helpdesk.errors import Invalid
from helpdesk.tickets.actions.allowed import demand
from helpdesk.tickets.change import Change, changing
from workflows.vocabulary import EventKind, HoldCause, Turn


def hold(
    ticket_id: int,
    actor: Actor,
    cause: HoldCause,
    now: datetime,
    *,
    until: datetime | None = None,
    version: int | None = None,
) -> None:
    """Let a ticket wait. A new hold replaces the old one. ``until`` (aware UTC) wakes a scheduled one.

    Raises Invalid when the ticket is not open, or a scheduled hold has no moment to come.
    """
    with changing(ticket_id, actor, now, version) as change:
        demand(actor, Permission.MOVE_TICKETS, change.ticket)
        if not change.ticket.is_open:
            raise Invalid(_("Only an open ticket can wait."), "cause")
        if cause is HoldCause.SCHEDULED and (until is None or until <= change.now):
            raise Invalid(_("Give a moment to come."), "until")
        put_on_hold(change, cause, until)
        change.edited()


def release(ticket_id: int, actor: Actor, now: datetime, version: int | None = None) -> None:
    """End the hold; nothing happens where there is none."""
    with changing(ticket_id, actor, now, version) as change:
        demand(actor, Permission.MOVE_TICKETS, change.ticket)
        end_hold(change)
        change.edited()


def put_on_hold(change: Change, cause: HoldCause, until: datetime | None = None) -> None:
    """The hold itself, for actions that hold as part of something else."""
    ticket = change.ticket
    if ticket.hold_cause is not None:
        change.record(EventKind.RELEASED, cause=ticket.hold_cause.value)
    wakes = until if cause is HoldCause.SCHEDULED else None
    ticket.hold_cause, ticket.held_at, ticket.hold_until = cause, change.now, wakes
    change.record(EventKind.HELD, cause=cause.value, until=wakes.isoformat() if wakes else None)
    if cause is HoldCause.CUSTOMER:
        ticket.turn = Turn.CUSTOMER


def end_hold(change: Change) -> None:
    ticket = change.ticket
    if ticket.hold_cause is None:
        return
    change.record(EventKind.RELEASED, cause=ticket.hold_cause.value)
    if ticket.hold_cause is HoldCause.CUSTOMER:
        ticket.turn = Turn.OURS
    ticket.hold_cause = ticket.held_at = ticket.hold_until = None
