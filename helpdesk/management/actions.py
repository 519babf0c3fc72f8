"""What managers do besides the tickets' own verbs: ask an owner, review a breach."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from flask_babel import force_locale
from flask_babel import gettext as _

from helpdesk.accounts.actor import Actor
from helpdesk.accounts.models import User
from helpdesk.accounts.permissions import Permission
from helpdesk.database import db
from helpdesk.errors import Forbidden, Invalid, NotFound
from helpdesk.sla import reviews
from helpdesk.sla.models import BreachReview
from helpdesk.sla.reviews import Finding
from helpdesk.tickets.actions.conversation import note
from helpdesk.tickets.change import changing
from helpdesk.tickets.models import Message, Ticket
from helpdesk.tickets.notices import MENTION
from helpdesk.tickets.rows import Closings, due_of
from workflows.vocabulary import EventKind

ASKED_LATELY = timedelta(minutes=30)


def ask_owner(ticket_id: int, actor: Actor, now: datetime) -> User:
    """Ask whoever has the ticket how far it is, by an internal note that mentions them; returns whom.

    The note speaks the owner's language. Raises NotFound, Invalid when nobody has the ticket or ``actor``
    asked in the last half hour: a second press should not nag.
    """
    ticket = db.session.get(Ticket, ticket_id)
    if ticket is None:
        raise NotFound(_("There is no such ticket."))
    owner = ticket.assignee
    if owner is None:
        raise Invalid(_("Nobody has #%(number)s any more. Give it to somebody.", number=ticket_id))
    if _has_asked(ticket_id, actor, owner, now):
        raise Invalid(_("You asked %(name)s about #%(number)s already.", name=owner.name, number=ticket_id))
    note(ticket_id, actor, _question(ticket, owner, now), now)
    return owner


def _question(ticket: Ticket, owner: User, now: datetime) -> str:
    with force_locale(owner.language):
        due = due_of(ticket, Closings(now), now)
        said = f"{due.clock}: {due.text}. " if due.clock else ""
        question = _("How far is it, and what do you need?")
        return f"{MENTION}{owner.name} {said}{question}"


def _has_asked(ticket_id: int, actor: Actor, owner: User, now: datetime) -> bool:
    lately = sa.select(Message.body, Message.at, Message.user_id, Message.is_public)
    rows = lately.where(Message.ticket_id == ticket_id).order_by(Message.id.desc()).limit(5)
    return any(
        not message.is_public
        and message.user_id == actor.user_id
        and message.at > now - ASKED_LATELY
        and message.body.startswith(f"{MENTION}{owner.name} ")
        for message in db.session.execute(rows)
    )


def review_breach(breach_id: int, actor: Actor, finding: Finding, now: datetime) -> BreachReview:
    """Add a review to a breach and say so in its ticket's history. Raises NotFound, Forbidden, Invalid."""
    if actor.user_id is None or not actor.may(Permission.REVIEW_BREACHES):
        raise Forbidden(_("Your role doesn’t include this."))
    breach = reviews.breach(breach_id)
    with changing(breach.ticket_id, actor, now) as change:
        review = reviews.add_review(breach, actor.user_id, finding, change.now)
        change.record(
            EventKind.BREACH_REVIEWED,
            breach=breach.id,
            clock=breach.kind.value,
            cause=review.cause.value,
            review=review.id,
            is_acknowledged=review.is_acknowledged,
        )
    return review
