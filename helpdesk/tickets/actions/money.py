"""Money deadlines of a ticket: put on it, corrected, kept, waived. They run on calendar time, over every pause.

What becomes of them when their ticket ends stands in ``money_course``.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import current_app
from flask_babel import gettext as _

from helpdesk.accounts.actor import Actor
from helpdesk.accounts.permissions import Permission
from helpdesk.database import db
from helpdesk.errors import Conflict, Invalid, NotFound
from helpdesk.escalations.money.models import MoneyDeadline, MoneyWindow
from helpdesk.escalations.money.windows import span_of, window
from helpdesk.escalations.outages.crediting import CreditStep, settle_claims
from helpdesk.tickets.actions.allowed import demand
from helpdesk.tickets.change import Change, changing
from helpdesk.tickets.facts import desk_day
from helpdesk.tickets.models import Ticket
from helpdesk.web import moments
from workflows import money
from workflows.vocabulary import ENDED_STATES, CreditState, EventKind, MoneyPurpose, MoneyState


def set_deadline(
    ticket_id: int, actor: Actor, window_id: int, start: datetime, now: datetime, until: datetime | None = None
) -> MoneyDeadline:
    """Let a window run on the ticket from ``start`` (aware), as the window counts.

    ``until`` (aware UTC) is its end where the vendor itself has named one. Raises Invalid at ``start`` when it lies
    ahead or the window is over, Invalid when the ticket has ended, Conflict when the same one runs already.
    """
    with changing(ticket_id, actor, now) as change:
        demand(actor, Permission.EDIT_TICKETS, change.ticket)
        return put_on(change, window_id, start, until)


def put_on(change: Change, window_id: int, start: datetime, until: datetime | None = None) -> MoneyDeadline:
    """As ``set_deadline``, as part of another change."""
    if change.ticket.state in ENDED_STATES:
        raise Invalid(_("The ticket has ended. Reopen it first."))
    row = MoneyDeadline(ticket_id=change.ticket.id, created_at=change.now, created_by_id=change.actor.user_id)
    _write(change, row, window(window_id), start, until)
    db.session.add(row)
    db.session.flush()
    change.record(EventKind.MONEY_SET, deadline=row.id, window=row.name, due=row.due_at.isoformat())
    project(change.ticket)
    return row


def correct(
    ticket_id: int, deadline_id: int, actor: Actor, window_id: int, start: datetime, reason: str, now: datetime
) -> None:
    """Say of an open deadline which window it is, and from when it counts; the history keeps what stood and why.

    Raises Invalid at ``reason`` without one, and as ``set_deadline``.
    """
    with changing(ticket_id, actor, now) as change:
        demand(actor, Permission.EDIT_TICKETS, change.ticket)
        time_anew(change, deadline_id, window_id, start, reason)


def time_anew(change: Change, deadline_id: int, window_id: int, start: datetime, reason: str) -> None:
    """As ``correct``, as part of another change, for whoever may make that one."""
    row = _open_one(change, deadline_id)
    if not reason.strip():
        raise Invalid(_("Say why; the reason is kept."), "reason")
    was: dict[str, Any] = {"was": row.name, "was_due": row.due_at.isoformat()}
    _write(change, row, window(window_id), start, None)
    due = row.due_at.isoformat()
    change.record(EventKind.MONEY_CORRECTED, deadline=row.id, window=row.name, due=due, reason=reason.strip(), **was)
    project(change.ticket)


def _write(change: Change, row: MoneyDeadline, chosen: MoneyWindow, start: datetime, until: datetime | None) -> None:
    """Time ``row`` by the window ``chosen``."""
    runs = _timed(chosen, start, until, change.now)
    running = sa.select(MoneyDeadline.id).where(
        MoneyDeadline.ticket_id == change.ticket.id,
        MoneyDeadline.state == MoneyState.OPEN,
        MoneyDeadline.window_id == chosen.id,
        MoneyDeadline.due_at == runs.ends_at,
    )
    with db.session.no_autoflush:
        if db.session.scalar(running) is not None:
            raise Conflict(_("This deadline is on the ticket already."))
    row.window_id, row.name, row.purpose = chosen.id, chosen.name, chosen.purpose
    row.begins_at, row.due_at = runs
    row.next_fire_at = money.next_moment(runs.begins_at, runs.ends_at, change.now)


def _timed(chosen: MoneyWindow, start: datetime, until: datetime | None, now: datetime) -> money.Span:
    if start > now:
        raise Invalid(_("This lies ahead. Say when it was bought, ordered or renewed."), "start")
    runs = span_of(chosen, start.replace(microsecond=0), ZoneInfo(current_app.config["TIMEZONE"]), until)
    if runs.ends_at <= now:
        raise Invalid(_("This window ended %(moment)s.", moment=moments.moment(runs.ends_at)), "start")
    return runs


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
        row = _open_one(change, deadline_id)
        close(change, row, state, EventKind.MONEY_ENDED, reason)
        _settle_claims(change, row)


def _settle_claims(change: Change, row: MoneyDeadline) -> None:
    """Credits that the ticket claims for incidents of that month were asked for by it, or nobody will ask."""
    if row.purpose is not MoneyPurpose.CREDIT_CLAIM:
        return
    state = CreditState.REQUESTED if row.state is MoneyState.MET else CreditState.NOT_CLAIMED
    step = CreditStep(state, desk_day(change.now), reason=row.reason)
    settle_claims(change.ticket.id, row.begins_at, step, change.actor.user_id, change.now)


def _open_one(change: Change, deadline_id: int) -> MoneyDeadline:
    """The deadline of the claimed ticket. Raises NotFound, and Invalid when it is no longer open."""
    row = db.session.get(MoneyDeadline, deadline_id, populate_existing=True)
    if row is None or row.ticket_id != change.ticket.id:
        raise NotFound(_("There is no such deadline."))
    if row.state is not MoneyState.OPEN or row.due_at <= change.now:
        raise Invalid(_("This window is over; the history says what became of it."))
    return row


def close(change: Change, row: MoneyDeadline, state: MoneyState, what: EventKind, reason: str = "") -> None:
    """End an open deadline of the claimed ticket and say so in its history."""
    row.state, row.reason, row.next_fire_at = state, reason, None
    row.ended_at, row.ended_by_id = change.now, change.actor.user_id
    change.record(what, deadline=row.id, window=row.name, state=state.value, reason=reason)
    project(change.ticket)


def project(ticket: Ticket) -> None:
    """Keep on the ticket its nearest open deadline, for the projection of its clocks, and when the last was missed."""
    db.session.flush()
    rows = db.session.scalars(told_statement(ticket.id)).all()
    nearest = next((row for row in rows if row.state is MoneyState.OPEN), None)
    ticket.money_missed_at = max((row.due_at for row in rows if row.state is MoneyState.MISSED), default=None)
    ticket.money_due_at = nearest.due_at if nearest else None
    ticket.money_purpose = nearest.purpose if nearest else None
    ticket.money_warns_at = money.warnings(nearest.begins_at, nearest.due_at)[-1] if nearest else None


def told_statement(ticket_id: int) -> sa.Select[MoneyDeadline]:
    """The deadlines of a ticket that are open or were missed, the next due first; its plan is tested."""
    rows = sa.select(MoneyDeadline).where(MoneyDeadline.ticket_id == ticket_id)
    return rows.where(MoneyDeadline.state.in_((MoneyState.OPEN, MoneyState.MISSED))).order_by(
        MoneyDeadline.due_at, MoneyDeadline.id
    )
