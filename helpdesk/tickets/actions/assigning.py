"""Who has a ticket."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _

from helpdesk.accounts.actor import Actor
from helpdesk.accounts.models import User
from helpdesk.accounts.permissions import Permission, may
from helpdesk.database import db
from helpdesk.errors import Invalid
from helpdesk.tickets import notices
from helpdesk.tickets.actions.allowed import demand
from helpdesk.tickets.change import changing
from workflows.vocabulary import EventKind


def assign(ticket_id: int, actor: Actor, assignee_id: int | None, now: datetime, version: int | None = None) -> None:
    """Give a ticket to somebody, or to nobody (None). Raises Invalid when they couldn't work on it."""
    with changing(ticket_id, actor, now, version) as change:
        ticket = change.ticket
        demand(actor, Permission.ASSIGN, ticket)
        if assignee_id == ticket.assignee_id:
            return
        if assignee_id is None:
            change.record(EventKind.UNASSIGNED, was=ticket.assignee_id)
        else:
            assignee = db.session.get(User, assignee_id)
            if assignee is None or not assignee.is_enabled:
                raise Invalid(_("There is no such colleague."), "assignee")
            if not may(assignee.roles, Permission.MOVE_TICKETS, ticket.kind):
                raise Invalid(_("%(name)s can’t work on tickets of this kind.", name=assignee.name), "assignee")
            change.record(EventKind.ASSIGNED, to=assignee_id, was=ticket.assignee_id)
        ticket.assignee_id = assignee_id
        change.edited()
        notices.assigned(ticket, actor, change.now)
