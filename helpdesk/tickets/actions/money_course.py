"""What becomes of a ticket's money deadlines when it ends, is taken up again, or goes on as part of another.

The vendor counts on in any case. A resolved ticket has not ended: its windows run, and people are warned, until it
closes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from helpdesk.database import db
from helpdesk.escalations.money.models import MoneyDeadline
from helpdesk.tickets.actions.money import close, project
from helpdesk.tickets.change import Change
from workflows.money import next_moment
from workflows.vocabulary import EventKind, MoneyState


def lapse(change: Change) -> None:
    """The ticket has ended: nobody is warned of its windows any more."""
    if change.ticket.money_due_at is None:
        return
    for row in _of(change, MoneyState.OPEN):
        close(change, row, MoneyState.LAPSED, EventKind.MONEY_ENDED)


def resume(change: Change) -> None:
    """The ticket is taken up again: windows that ended with it run on, unless they are over by now."""
    for row in _of(change, MoneyState.LAPSED):
        if row.due_at <= change.now:
            continue
        row.state, row.ended_at, row.ended_by_id = MoneyState.OPEN, None, None
        row.next_fire_at = next_moment(row.begins_at, row.due_at, change.now)
        change.record(EventKind.MONEY_RESUMED, deadline=row.id, window=row.name, due=row.due_at.isoformat())
    project(change.ticket)


def follow(change: Change, on_target: Change) -> None:
    """The ticket is merged: its open windows run on where the work goes on. Both histories tell it."""
    if change.ticket.money_due_at is None:
        return
    running = {(row.window_id, row.due_at) for row in _of(on_target, MoneyState.OPEN)}
    for row in _of(change, MoneyState.OPEN):
        if (row.window_id, row.due_at) in running:  # the other ticket has it already
            close(change, row, MoneyState.LAPSED, EventKind.MONEY_ENDED)
            continue
        told: dict[str, Any] = {"deadline": row.id, "window": row.name, "due": row.due_at.isoformat()}
        row.ticket_id = on_target.ticket.id
        change.record(EventKind.MONEY_MOVED, to=on_target.ticket.id, **told)
        on_target.record(EventKind.MONEY_MOVED, was=change.ticket.id, **told)
    project(change.ticket)
    project(on_target.ticket)


def _of(change: Change, state: MoneyState) -> Sequence[MoneyDeadline]:
    """The ticket's deadlines in ``state``, freshly read under its claim."""
    rows = sa.select(MoneyDeadline).where(MoneyDeadline.ticket_id == change.ticket.id, MoneyDeadline.state == state)
    return db.session.scalars(rows.order_by(MoneyDeadline.id).execution_options(populate_existing=True)).all()
