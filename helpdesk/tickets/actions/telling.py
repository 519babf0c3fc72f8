"""Updates about an incident on their way to thousands of tickets: in bounded steps, on each exactly once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from helpdesk.accounts.actor import Actor
from helpdesk.accounts.models import User
from helpdesk.database import db
from helpdesk.escalations.outages.models import IncidentTelling, IncidentTicket, IncidentUpdate
from helpdesk.tickets import deadlines
from helpdesk.tickets.actions.conversation import announce
from helpdesk.tickets.models import Ticket
from workflows.vocabulary import ENDED_STATES, State

HUNGARIAN = "hu"

TOGETHER = 500
"""Tickets of an update that one transaction looks at."""


def spread_one(now: datetime) -> bool:
    """Note some of the tickets that the oldest waiting update is for; False when no update waits.

    Exactly once: the tickets are taken in the order of their numbers, and how far that went is written in the same
    transaction, under the claim of the update. Tickets that have ended are left out.
    """
    rows = sa.select(IncidentUpdate).where(IncidentUpdate.spread_at.is_(None)).order_by(IncidentUpdate.id).limit(1)
    rows = rows.with_for_update(skip_locked=True).execution_options(populate_existing=True)
    update = db.session.scalars(rows).one_or_none()
    if update is None:
        return False
    some = _next_tickets(update)
    if some:
        told = [ticket_id for ticket_id, state in some if state not in ENDED_STATES]
        values = {"update_id": update.id, "next_attempt_at": now, "attempts": 0}
        if told:
            db.session.execute(sa.insert(IncidentTelling), [{**values, "ticket_id": one} for one in told])
        update.spread_to = some[-1].ticket_id
    if len(some) < TOGETHER:
        update.spread_at = now
    return True


def _next_tickets(update: IncidentUpdate) -> list[Any]:
    rows = sa.select(IncidentTicket.ticket_id, Ticket.state).join(Ticket, Ticket.id == IncidentTicket.ticket_id)
    rows = rows.where(IncidentTicket.incident_id == update.incident_id, IncidentTicket.ticket_id > update.spread_to)
    return list(db.session.execute(rows.order_by(IncidentTicket.ticket_id).limit(TOGETHER)))


def tell_one(ticket_id: int, now: datetime) -> bool:
    """Say what is due on one ticket, in the name of whoever wrote it, inside the caller's transaction.

    Exactly once: under the claim of the ticket, with ``told_at`` set in the same transaction. What somebody was
    allowed to write is said even if they have left meanwhile or changed their role: it was the desk's word when they
    wrote it. A ticket that has ended by now is told nothing; where it was merged, the one that goes on in its place
    is the incident's too. False when another process has the ticket or was first.
    """
    ticket = deadlines.lock(ticket_id, skip_locked=True)
    if ticket is None:
        return False
    rows = sa.select(IncidentTelling, IncidentUpdate).join(
        IncidentUpdate, IncidentUpdate.id == IncidentTelling.update_id
    )
    rows = rows.where(IncidentTelling.ticket_id == ticket_id, IncidentTelling.told_at.is_(None))
    found = db.session.execute(rows.order_by(IncidentTelling.update_id).execution_options(populate_existing=True)).all()
    for telling, update in found:
        telling.told_at = now
        if ticket.state not in ENDED_STATES:
            author = Actor.of_user(db.session.get_one(User, update.user_id))
            telling.message_id = announce(ticket_id, author, _text(update, ticket), now).id
        elif ticket.state is State.MERGED:
            _hand_on(update, ticket, now)
    return bool(found)


def _hand_on(update: IncidentUpdate, merged: Ticket, now: datetime) -> None:
    """The ticket was merged before it was told: the one that goes on in its place is, unless it is or will be anyway.

    Two that are merged into one at the same moment may both try: the second fails, is put off, and finds it done.
    """
    goes_on = merged
    while goes_on.merged_into_id is not None:
        goes_on = db.session.get_one(Ticket, goes_on.merged_into_id)
    is_known = db.session.get(IncidentTelling, (update.id, goes_on.id), populate_existing=True) is not None
    is_to_come = update.spread_at is None and update.spread_to < goes_on.id
    link = db.session.get(IncidentTicket, goes_on.id, populate_existing=True)
    if is_known or is_to_come or link is None or link.incident_id != update.incident_id:
        return
    db.session.add(IncidentTelling(update_id=update.id, ticket_id=goes_on.id, next_attempt_at=now))


def _text(update: IncidentUpdate, ticket: Ticket) -> str:
    own, other = (update.text_hu, update.text_en) if ticket.language == HUNGARIAN else (update.text_en, update.text_hu)
    return own or other
