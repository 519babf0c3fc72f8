"""Secret links: issued, issued again, revoked. Only the hash of a token is kept."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

import sqlalchemy as sa

from helpdesk.accounts.actor import Actor
from helpdesk.accounts.permissions import Permission
from helpdesk.database import db
from helpdesk.sla.stored import clocks_of
from helpdesk.tickets import history, notices
from helpdesk.tickets.actions.allowed import demand
from helpdesk.tickets.change import changing
from helpdesk.tickets.models import Ticket, Tracker
from workflows.vocabulary import ActorKind, EventKind


def token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def issue_tracker(ticket: Ticket, actor: Actor, now: datetime) -> str:
    """Add a tracker link and return its token: 256 random bits, to be shown or sent once."""
    token = secrets.token_urlsafe(32)
    db.session.add(Tracker(ticket_id=ticket.id, token_hash=token_hash(token), issued_at=now))
    history.append(ticket, actor, EventKind.TRACKER_ISSUED, now)
    return token


def reissue_tracker(ticket_id: int, actor: Actor, now: datetime, *, revoke_others: bool = True) -> str:
    """Send the contact a new link; the old ones stop working unless ``revoke_others`` is False.

    Whoever has the link speaks as the contact. Raises Forbidden for staff who may not edit the ticket.
    """
    with changing(ticket_id, actor, now) as change:
        _demand(actor, change.ticket)
        if revoke_others:
            _revoke_all(change.ticket, now)
            change.record(EventKind.TRACKER_REVOKED)
        token = issue_tracker(change.ticket, actor, change.now)
        notices.tracker_reissued(change.ticket, clocks_of(ticket_id), token, change.now)
    return token


def another_tracker(ticket_id: int, actor: Actor, now: datetime) -> str:
    """One more link beside the living ones, to be shown on the page that answers; nothing is sent."""
    with changing(ticket_id, actor, now) as change:
        return issue_tracker(change.ticket, actor, change.now)


def revoke_trackers(ticket_id: int, actor: Actor, now: datetime) -> None:
    """Let no link open the ticket any more. Raises Forbidden for staff who may not edit the ticket."""
    with changing(ticket_id, actor, now) as change:
        _demand(actor, change.ticket)
        _revoke_all(change.ticket, now)
        change.record(EventKind.TRACKER_REVOKED)


def _demand(actor: Actor, ticket: Ticket) -> None:
    if actor.kind is not ActorKind.CONTACT:
        demand(actor, Permission.EDIT_TICKETS, ticket)


def _revoke_all(ticket: Ticket, now: datetime) -> None:
    living = sa.update(Tracker).where(Tracker.ticket_id == ticket.id, Tracker.revoked_at.is_(None))
    db.session.execute(living.values(revoked_at=now))
