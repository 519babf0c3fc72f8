"""Money deadlines as the ticket's page shows them, among its promises and on a page of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext as _

from helpdesk.clock import NEVER
from helpdesk.database import db
from helpdesk.escalations.money.models import MoneyDeadline
from helpdesk.tickets.actions.money import told_statement
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.promises import Promise
from helpdesk.tickets.rows import Due
from helpdesk.web import moments
from helpdesk.web.labels import label
from workflows.money import warnings
from workflows.vocabulary import MoneyState


def with_money(promises: Sequence[Promise], ticket: Ticket, now: datetime) -> list[Promise]:
    """The promises of the ticket and its open money deadlines, the next due first and boxed, paused ones behind.

    Windows that passed unused come last: nothing can be done for them, but nobody should overlook them. Reads nothing
    where the ticket has neither.
    """
    if ticket.money_due_at is None and ticket.money_missed_at is None:
        return list(promises)
    rows = db.session.scalars(told_statement(ticket.id)).all()
    every = [*promises, *(_promise(row, now) for row in rows if row.state is MoneyState.OPEN)]
    every.sort(key=lambda promise: promise.due.at or NEVER)  # stable: paused promises keep their order behind
    every = [replace(promise, is_boxed=not place) for place, promise in enumerate(every)]
    return every + [_missed(row) for row in rows if row.state is MoneyState.MISSED]


def deadlines_of(ticket_id: int) -> Sequence[MoneyDeadline]:
    """Every money deadline of a ticket, the latest first."""
    rows = sa.select(MoneyDeadline).where(MoneyDeadline.ticket_id == ticket_id)
    return db.session.scalars(rows.order_by(MoneyDeadline.id.desc()).limit(50)).all()


def due_of_deadline(row: MoneyDeadline, now: datetime) -> Due:
    """How an open one stands, counted down day and night."""
    warn_at = warnings(row.begins_at, row.due_at)[-1]
    tone = "late" if row.due_at <= now else "warn" if warn_at <= now else "plain"
    text = moments.due_phrase(row.due_at, is_calendar_time=True)
    return Due(text, tone, label(row.purpose), row.due_at, None, warn_at, is_calendar_time=True)


def _missed(row: MoneyDeadline) -> Promise:
    detail = _("%(window)s, ended %(moment)s", window=row.name, moment=moments.moment(row.due_at))
    due = Due(label(row.state), "late", label(row.purpose))
    url = f"/tickets/{row.ticket_id}/money"
    return Promise(label(row.purpose), due, [("used", 0.0, 100.0)], detail, url, is_boxed=False)


def _promise(row: MoneyDeadline, now: datetime) -> Promise:
    whole = (row.due_at - row.begins_at).total_seconds()
    used = round(min(100.0, 100 * (now - row.begins_at).total_seconds() / whole), 2)
    detail = _("%(window)s, ends %(moment)s", window=row.name, moment=moments.moment(row.due_at))
    bar = [("used", 0.0, used)] if used > 0 else []
    url = f"/tickets/{row.ticket_id}/money"
    return Promise(label(row.purpose), due_of_deadline(row, now), bar, detail, url, is_boxed=False)
