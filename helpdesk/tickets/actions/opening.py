"""A new ticket: by a customer's form, by an agent for somebody who phoned, or as a follow-up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from helpdesk.accounts.actor import Actor
from helpdesk.accounts.queries import default_team_id
from helpdesk.customers.contacts import find_or_add_contact
from helpdesk.customers.models import Contact, Customer
from helpdesk.database import db
from helpdesk.tickets import deadlines, history, notices, search
from helpdesk.tickets.actions.attaching import attach
from helpdesk.tickets.actions.trackers import issue_tracker
from helpdesk.tickets.files import StoredFile
from helpdesk.tickets.models import Message, Ticket, TicketLink
from helpdesk.tickets.terms import promised_terms
from workflows.priority import priority_of
from workflows.vocabulary import (
    EventKind,
    Kind,
    Level,
    LinkKind,
    Service,
    SlaParty,
    Source,
    State,
    Turn,
)


@dataclass(frozen=True, slots=True)
class Opening:
    """What a request says. ``company`` is a guest's claim; ``customer_id`` is set only by the desk.

    ``reply`` is a message to the contact that goes out with a ticket opened by an agent. ``intake`` holds
    the answers to the kind's own questions. ``draft_id`` makes a form that is sent twice one ticket.
    """

    kind: Kind
    service: Service
    impact: Level
    urgency: Level
    subject: str
    description: str
    contact_name: str
    contact_email: str
    contact_phone: str | None = None
    company: str = ""
    customer_id: int | None = None
    topic_id: int | None = None
    subscription_id: int | None = None
    source: Source = Source.WEB
    language: str = "en"
    reply: str = ""
    draft_id: str | None = None
    intake: Mapping[str, Any] = field(default_factory=dict)
    files: Sequence[StoredFile] = ()


@dataclass(frozen=True, slots=True)
class Opened:
    """The new ticket and the secret of its tracker link, which is shown once and kept only as a hash."""

    ticket: Ticket
    token: str


def open_ticket(opening: Opening, actor: Actor | None, now: datetime) -> Opened:
    """Open a ticket; ``actor`` is the agent who writes it down, None when the contact does so themselves."""
    contact = find_or_add_contact(
        opening.contact_email, opening.contact_name, opening.language, now, opening.contact_phone
    )
    doer = actor or Actor.of_contact(contact.id, contact.name)
    ticket = _ticket(opening, contact, now)
    db.session.add(ticket)
    db.session.flush()
    with db.session.no_autoflush:  # a few large statements instead of many small ones
        by = SlaParty.AGENT if opening.reply and doer.user_id is not None else SlaParty.CONTACT
        _write_messages(ticket, opening, contact, actor, now)
        _record_creation(ticket, opening, doer, by, now)
        token = issue_tracker(ticket, doer, now)
        ticket.version = ticket.event_count  # what came with the opening is no news to its first page
        clocks = deadlines.begin(ticket, by, now)
        search.index_ticket(ticket, contact.name, contact.email, opening.company, _customer_name(ticket))
        notices.ticket_received(ticket, contact, clocks, token, now)
    return Opened(ticket, token)


def open_follow_up(closed: Ticket, contact: Contact, body: str, files: Sequence[StoredFile], now: datetime) -> Opened:
    """A reply to a closed ticket: closed is final for the contact, so a linked ticket takes it up."""
    opened = open_ticket(
        Opening(
            kind=closed.kind,
            service=closed.service,
            impact=closed.impact,
            urgency=closed.urgency,
            subject=closed.subject,
            description=body,
            contact_name=contact.name,
            contact_email=contact.email,
            customer_id=closed.customer_id if closed.is_customer_confirmed else None,
            company=closed.claimed_company,
            topic_id=closed.topic_id,
            subscription_id=closed.subscription_id,
            language=closed.language,
            files=files,
        ),
        None,
        now,
    )
    link = TicketLink(from_id=closed.id, to_id=opened.ticket.id, kind=LinkKind.FOLLOW_UP, created_at=now)
    db.session.add(link)
    doer = Actor.of_contact(contact.id, contact.name)
    particulars = {"ticket": closed.id, "kind": LinkKind.FOLLOW_UP.value}
    history.append(opened.ticket, doer, EventKind.LINKED, now, particulars=particulars)
    return opened


def find_by_draft(draft_id: str) -> Ticket | None:
    """The ticket that an earlier sending of the same form opened."""
    return db.session.scalars(sa.select(Ticket).where(Ticket.draft_id == draft_id)).one_or_none()


def _ticket(opening: Opening, contact: Contact, now: datetime) -> Ticket:
    priority = priority_of(opening.impact, opening.urgency)
    customer = db.session.get(Customer, opening.customer_id) if opening.customer_id is not None else None
    return Ticket(
        kind=opening.kind,
        service=opening.service,
        topic_id=opening.topic_id,
        subject=opening.subject.strip(),
        intake=dict(opening.intake),
        source=opening.source,
        language=opening.language,
        draft_id=opening.draft_id,
        impact=opening.impact,
        urgency=opening.urgency,
        priority=priority,
        is_classified=opening.topic_id is not None,
        state=State.INTAKE,
        turn=Turn.CUSTOMER if opening.reply else Turn.OURS,
        customer_id=opening.customer_id,
        is_customer_confirmed=customer is not None,
        claimed_company=opening.company.strip(),
        contact_id=contact.id,
        subscription_id=opening.subscription_id,
        team_id=default_team_id(),
        terms_id=promised_terms(opening.kind, opening.service, priority, customer, now),
        created_at=now,
        updated_at=now,
        last_message_at=now,
        version=1,
        event_count=0,
        event_head="",
        resolution_note="",
    )


def _write_messages(ticket: Ticket, opening: Opening, contact: Contact, actor: Actor | None, now: datetime) -> None:
    first = Message(
        ticket_id=ticket.id,
        at=now,
        is_public=True,
        contact_id=contact.id,
        source=opening.source,
        body=opening.description,
    )
    db.session.add(first)
    if opening.reply and actor is not None:
        reply = Message(ticket_id=ticket.id, at=now, is_public=True, user_id=actor.user_id, source=opening.source)
        reply.body = opening.reply
        db.session.add(reply)
    if opening.files:
        db.session.flush()
        attach(first, opening.files, now)


def _record_creation(ticket: Ticket, opening: Opening, doer: Actor, by: SlaParty, now: datetime) -> None:
    particulars = {
        "by": by.value,
        "terms": ticket.terms_id,
        "source": opening.source.value,
        "kind": ticket.kind.value,
        "service": ticket.service.value,
        "priority": ticket.priority.value,
        "body": history.body_hash(opening.description),
    }
    if by is SlaParty.AGENT:
        particulars["reply"] = history.body_hash(opening.reply)
    history.append(ticket, doer, EventKind.CREATED, now, to_state=State.INTAKE, particulars=particulars)


def _customer_name(ticket: Ticket) -> str:
    customer = db.session.get(Customer, ticket.customer_id) if ticket.customer_id is not None else None
    return customer.name if customer is not None else ""
