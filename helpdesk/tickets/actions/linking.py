"""Tying tickets together: one that is part of another, follows it up, or is merely akin."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext as _

from helpdesk.accounts.actor import Actor
from helpdesk.accounts.permissions import Permission
from helpdesk.database import db
from helpdesk.errors import Invalid
from helpdesk.tickets.actions.allowed import demand
from helpdesk.tickets.change import changing
from helpdesk.tickets.models import Ticket, TicketLink
from workflows.vocabulary import EventKind, LinkKind


def link(ticket_id: int, actor: Actor, other_id: int, kind: LinkKind, now: datetime) -> None:
    """Tie a ticket to ``other_id``: its parent, the one it follows up, or one akin to it.

    Raises Invalid at the field "number" when there is no such ticket, the tie exists, or a parent would
    wait for itself.
    """
    with changing(ticket_id, actor, now) as change:
        demand(actor, Permission.EDIT_TICKETS, change.ticket)
        if other_id == ticket_id or db.session.get(Ticket, other_id) is None:
            raise Invalid(_("Give the number of another ticket."), "number")
        if _are_tied(ticket_id, other_id):
            raise Invalid(_("These tickets are linked already."), "number")
        db.session.add(TicketLink(from_id=other_id, to_id=ticket_id, kind=kind, created_at=change.now))
        change.record(EventKind.LINKED, ticket=other_id, kind=kind.value)
        change.edited()


def _are_tied(one: int, other: int) -> bool:
    """Either way: a second tie between two tickets could make each wait for the other."""
    ties = sa.select(TicketLink.id).where(
        sa.tuple_(TicketLink.from_id, TicketLink.to_id).in_([(one, other), (other, one)])
    )
    return db.session.scalar(ties.limit(1)) is not None
