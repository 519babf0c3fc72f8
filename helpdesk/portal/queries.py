"""Reading what a tracker link opens: the ticket, what was said to and by its contact, how it went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from flask import current_app
from flask_babel import gettext as _
from sqlalchemy.orm import joinedload, selectinload

from helpdesk.database import db
from helpdesk.errors import NotFound
from helpdesk.sla.models import SlaClock
from helpdesk.tickets.actions.trackers import token_hash
from helpdesk.tickets.models import Attachment, Message, Ticket, TicketEvent, TicketLink, Tracker
from workflows.vocabulary import ClockKind, ClockState, EventKind, LinkKind, State

MOST_MERGES = 20  # a chain of merged tickets longer than this is a mistake, not a way


def find_tracked(token: str, now: datetime) -> Ticket:
    """The ticket that a tracker link opens; a merged one leads on to where it went, for the same contact.

    Raises NotFound with one and the same sentence for a link that never was, has ended or was revoked.
    """
    living = sa.select(Tracker.ticket_id).where(Tracker.token_hash == token_hash(token), Tracker.revoked_at.is_(None))
    ticket = _ticket(living.scalar_subquery())
    for _hop in range(MOST_MERGES):
        if ticket is None or ticket.merged_into_id is None:
            break
        target = _ticket(ticket.merged_into_id)
        if target is None or target.contact_id != ticket.contact_id:
            break
        ticket = target
    if ticket is None or _has_ended(ticket, now):
        raise NotFound(
            _("This link has ended or was replaced by a newer one. The newest is in our latest mail to you.")
        )
    return ticket


def _ticket(number: int | sa.ScalarSelect[int]) -> Ticket | None:
    people = (joinedload(Ticket.contact), joinedload(Ticket.assignee))
    return db.session.scalars(sa.select(Ticket).options(*people).where(Ticket.id == number)).one_or_none()


def _has_ended(ticket: Ticket, now: datetime) -> bool:
    life = timedelta(seconds=current_app.config["TRACKER_LIFE"])
    return ticket.ended_at is not None and now > ticket.ended_at + life


def public_messages(ticket: Ticket) -> Sequence[Message]:
    """What was said between contact and desk, oldest first; never a note."""
    with_whom = (joinedload(Message.user), joinedload(Message.contact), selectinload(Message.attachments))
    rows = sa.select(Message).options(*with_whom).where(Message.ticket_id == ticket.id, Message.is_public)
    return db.session.scalars(rows.order_by(Message.id)).all()


def public_file(ticket: Ticket, key: str) -> Attachment:
    """A file of what was said in public on this ticket. Raises NotFound."""
    rows = sa.select(Attachment).join(Message, Message.id == Attachment.message_id)
    is_as_sent = Attachment.original_id.is_(None)  # a redacted copy is the desk's own
    of_ticket = (Attachment.key == key, Attachment.ticket_id == ticket.id, Message.is_public, is_as_sent)
    found = db.session.scalars(rows.where(*of_ticket)).one_or_none()
    if found is None:
        raise NotFound(_("There is no such file."))
    return found


@dataclass(frozen=True, slots=True)
class Arrival:
    """When the ticket came into a state, and by what."""

    state: State
    at: datetime
    what: EventKind
    particulars: str


def arrivals(ticket: Ticket) -> list[Arrival]:
    """Every state the ticket came into, in order."""
    columns = (TicketEvent.to_state, TicketEvent.at, TicketEvent.what, TicketEvent.particulars)
    rows = sa.select(*columns).where(TicketEvent.ticket_id == ticket.id, TicketEvent.to_state.is_not(None))
    found = db.session.execute(rows.order_by(TicketEvent.seq))
    return [Arrival(state, at, what, text) for state, at, what, text in found if state is not None]


def owed(ticket: Ticket) -> dict[ClockKind, datetime | None]:
    """The unmet promises that a contact cares for, with their deadlines (None while one is paused)."""
    kinds = (ClockKind.FIRST_RESPONSE, ClockKind.NEXT_RESPONSE, ClockKind.PERIODIC_UPDATE, ClockKind.RESOLUTION)
    rows = sa.select(SlaClock.kind, SlaClock.due_at).where(
        SlaClock.ticket_id == ticket.id,
        SlaClock.kind.in_(kinds),
        SlaClock.is_current,
        SlaClock.state.in_((ClockState.RUNNING, ClockState.PAUSED)),
    )
    return dict(db.session.execute(rows).all())


def said_just_now(ticket: Ticket, body: str, now: datetime) -> int | None:
    """The number of the ticket on which the contact said the same within two minutes: a form sent twice."""
    follow_ups = sa.select(TicketLink.to_id).where(
        TicketLink.from_id == ticket.id, TicketLink.kind == LinkKind.FOLLOW_UP
    )
    same = sa.select(Message.ticket_id).where(
        sa.or_(Message.ticket_id == ticket.id, Message.ticket_id.in_(follow_ups)),
        Message.contact_id == ticket.contact_id,
        Message.at >= now - timedelta(minutes=2),
        Message.body == body,
    )
    return db.session.scalar(same.order_by(Message.id.desc()).limit(1))
