"""Folding a ticket into another one of the same customer."""

from __future__ import annotations

import sqlalchemy as sa

from helpdesk.database import db
from helpdesk.tickets.actions import money_course, outages
from helpdesk.tickets.change import Change, changing
from helpdesk.tickets.models import Tracker
from workflows.vocabulary import EventKind


def fold_into(change: Change, target_id: int) -> None:
    """Tell the target, hand it money deadlines, incident and claims; let the merged ticket's links lead on to it.

    The conversation stays where it was said; the target links to it. Tickets are claimed in order of their
    ids where both are claimed, and here the target comes second: a deadlock on PostgreSQL ends one of two
    opposite merges with an error, which is what two people merging into each other should see.
    """
    with changing(target_id, change.actor, change.now) as on_target:
        on_target.record(EventKind.LINKED, ticket=change.ticket.id, kind=EventKind.MERGED)
        money_course.follow(change, on_target)
        outages.follow(change, on_target)
        on_target.edited()
        same_person = on_target.ticket.contact_id == change.ticket.contact_id
    if not same_person:
        # somebody else's link must not open this conversation
        living = sa.update(Tracker).where(Tracker.ticket_id == change.ticket.id, Tracker.revoked_at.is_(None))
        db.session.execute(living.values(revoked_at=change.now))
