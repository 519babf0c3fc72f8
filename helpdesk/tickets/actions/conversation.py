"""What is said on a ticket. Messages lock the row and never conflict."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from helpdesk.accounts.actor import Actor
from helpdesk.accounts.permissions import Permission
from helpdesk.customers.models import Contact
from helpdesk.database import db
from helpdesk.tickets import history, notices
from helpdesk.tickets.actions.allowed import demand
from helpdesk.tickets.actions.attaching import attach
from helpdesk.tickets.actions.holding import end_hold, put_on_hold, wait_anew
from helpdesk.tickets.actions.moving import reopen_for_contact
from helpdesk.tickets.actions.opening import open_follow_up
from helpdesk.tickets.change import Change, changing
from helpdesk.tickets.files import StoredFile
from helpdesk.tickets.models import Message, Ticket
from workflows.vocabulary import ENDED_STATES, ActorKind, EventKind, HoldCause, Source, State, Turn


def reply(
    ticket_id: int,
    actor: Actor,
    body: str,
    now: datetime,
    files: Sequence[StoredFile] = (),
    *,
    then_wait: bool = False,
    source: Source = Source.WEB,
) -> Message:
    """Answer the contact; with ``then_wait`` the ticket then waits for them. Meets the response clocks."""
    with changing(ticket_id, actor, now) as change:
        demand(actor, Permission.REPLY, change.ticket)
        message = _write(change, body, files, is_public=True, source=source)
        change.record(EventKind.REPLIED, body=history.body_hash(body), message=message.id)
        change.ticket.turn = Turn.CUSTOMER
        if then_wait and change.ticket.is_open:
            put_on_hold(change, HoldCause.CUSTOMER)
        else:
            wait_anew(change)
        notices.replied(change.ticket, actor, message, change.now)
    return message


def announce(ticket_id: int, author: Actor, body: str, now: datetime) -> Message:
    """Say on a ticket what ``author`` was allowed to tell all customers when they wrote it.

    It meets the response clocks, asks nothing of the contact, and leaves alone whose turn it is and what it waits for.
    """
    with changing(ticket_id, author, now) as change:
        message = _write(change, body, (), is_public=True, source=Source.WEB)
        change.record(EventKind.REPLIED, body=history.body_hash(body), message=message.id)
        notices.replied(change.ticket, author, message, change.now)
    return message


def note(ticket_id: int, actor: Actor, body: str, now: datetime, files: Sequence[StoredFile] = ()) -> Message:
    """Write something only the desk sees; it is no response to anybody."""
    with changing(ticket_id, actor, now) as change:
        demand(actor, Permission.NOTE, change.ticket)
        message = _write(change, body, files, is_public=False, source=Source.WEB)
        change.record(EventKind.NOTED, body=history.body_hash(body), message=message.id)
        notices.noted(change.ticket, actor, message, change.now)
    return message


def contact_writes(
    ticket_id: int,
    contact: Contact,
    body: str,
    now: datetime,
    files: Sequence[StoredFile] = (),
    source: Source = Source.WEB,
) -> Ticket:
    """A message from the contact; returns the ticket it landed on.

    It ends a customer hold and reopens a resolved ticket at this instant (R4). A closed ticket is final:
    the message opens a linked follow-up instead.
    """
    actor = Actor.of_contact(contact.id, contact.name)
    with changing(ticket_id, actor, now) as change:
        ticket = change.ticket
        if ticket.state in ENDED_STATES:
            return open_follow_up(ticket, contact, body, files, change.now).ticket
        message = _write(change, body, files, is_public=True, source=source)
        if ticket.hold_cause is HoldCause.CUSTOMER:
            end_hold(change)
        if ticket.state is State.RESOLVED:
            reopen_for_contact(change)
        change.record(EventKind.CONTACT_WROTE, body=history.body_hash(body), message=message.id)
        ticket.turn = Turn.OURS
        notices.contact_wrote(ticket, message, change.now)
    return ticket


def _write(change: Change, body: str, files: Sequence[StoredFile], *, is_public: bool, source: Source) -> Message:
    is_contact = change.actor.kind is ActorKind.CONTACT
    message = Message(
        ticket_id=change.ticket.id,
        at=change.now,
        is_public=is_public,
        user_id=change.actor.user_id,
        contact_id=change.actor.id if is_contact else None,
        source=source,
        body=body,
    )
    db.session.add(message)
    db.session.flush()
    attach(message, files, change.now)
    if is_public:
        change.ticket.last_message_at = change.now
    return message
