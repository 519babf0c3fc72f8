"""What people are told of a ticket: whom, and with which words, into the outbox of the same transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask import current_app

from helpdesk.accounts.actor import Actor
from helpdesk.accounts.models import Team, User
from helpdesk.customers.models import Contact
from helpdesk.database import db
from helpdesk.notifications import recipients
from helpdesk.notifications.actions import queue_many
from helpdesk.notifications.notices import Notice, tell
from helpdesk.notifications.recipients import Recipient
from helpdesk.notifications.topics import NoticeTopic
from helpdesk.sla.stored import StoredClock
from helpdesk.tickets.models import Message, Ticket
from workflows.machine import Step
from workflows.vocabulary import ClockKind, Trigger, TurnAwayReason, WithdrawReason

MENTION = "@"
Clocks = Iterable[StoredClock]


def ticket_received(ticket: Ticket, contact: Contact, clocks: Clocks, token: str, now: datetime) -> None:
    """Acknowledge the request to whoever made it, with the link and the promises (R20)."""
    params = {"subject": ticket.subject, "secret_path": f"/track/{token}", **_promises(clocks)}
    _to_contact(ticket, NoticeTopic.TICKET_RECEIVED, params, now, contact)


def tracker_reissued(ticket: Ticket, clocks: Clocks, token: str, now: datetime) -> None:
    params = {"subject": ticket.subject, "secret_path": f"/track/{token}", **_promises(clocks)}
    _to_contact(ticket, NoticeTopic.TICKET_RECEIVED, params, now)


def replied(ticket: Ticket, actor: Actor, message: Message, now: datetime) -> None:
    params = {"subject": ticket.subject, "author": _author(actor), "body": message.body}
    _to_contact(ticket, NoticeTopic.PUBLIC_REPLY, params, now)


def contact_wrote(ticket: Ticket, message: Message, now: datetime) -> None:
    if ticket.assignee is None:
        return
    params = {"subject": ticket.subject, "author": ticket.contact.name, "body": message.body}
    params |= _customer(ticket)
    to = recipients.for_owner(Recipient.of_user(ticket.assignee))
    _queue(tell(NoticeTopic.CONTACT_WROTE, to, cause=_cause(ticket), params=params, ticket_id=ticket.id), now)


def noted(ticket: Ticket, actor: Actor, message: Message, now: datetime) -> None:
    """Colleagues named with @ in a note learn of it."""
    named = [Recipient.of_user(user) for user in mentioned_users(message.body)]
    to = recipients.for_mention(named, actor.user_id)
    params = {"subject": ticket.subject, "author": actor.name, "body": message.body}
    _queue(tell(NoticeTopic.MENTIONED, to, cause=_cause(ticket), params=params, ticket_id=ticket.id), now)


def mentioned_users(body: str) -> list[User]:
    """Enabled colleagues whose name, or first name, stands behind an @ in ``body``."""
    if MENTION not in body:
        return []
    users = db.session.scalars(sa.select(User).where(User.is_enabled).order_by(User.id).limit(500))
    text = body.casefold()
    return [
        user
        for user in users
        if any(f"{MENTION}{name}".casefold() in text for name in (user.name, user.name.split(" ")[0]))
    ]


def assigned(ticket: Ticket, actor: Actor, now: datetime) -> None:
    assignee = db.session.get(User, ticket.assignee_id) if ticket.assignee_id is not None else None
    if assignee is None:
        return
    to = recipients.for_assignment(Recipient.of_user(assignee), actor.user_id)
    params = {"subject": ticket.subject, "by": actor.name, **_customer(ticket)}
    _queue(tell(NoticeTopic.ASSIGNED, to, cause=_cause(ticket), params=params, ticket_id=ticket.id), now)


def moved(ticket: Ticket, step: Step, asked: Mapping[str, Any], now: datetime) -> None:
    """The contact hears of the moves that concern them: resolved, closed, turned away."""
    match step.trigger:
        case Trigger.RESOLVE:
            params = {
                "subject": ticket.subject,
                "note": ticket.resolution_note,
                "closes_at": ticket.closes_at,
            }
            _to_contact(ticket, NoticeTopic.TICKET_RESOLVED, params, now)
        case Trigger.CLOSE:
            until = now + timedelta(seconds=current_app.config["REOPEN_WINDOW"])
            params = {"subject": ticket.subject, "reopen_until_at": until}
            _to_contact(ticket, NoticeTopic.TICKET_CLOSED, params, now)
        case Trigger.TURN_AWAY:
            reason = TurnAwayReason(str(asked["reason"]))
            params = {"subject": ticket.subject, "reason": reason.value, "service": ticket.service.value}
            _to_contact(ticket, NoticeTopic.TICKET_TURNED_AWAY, params, now, reason=reason)
        case Trigger.WITHDRAW if asked.get("reason") == WithdrawReason.NO_ANSWER:
            _to_contact(ticket, NoticeTopic.IDLE_CLOSED, {"subject": ticket.subject}, now)
        case _:
            pass


def reminded(ticket: Ticket, asked: str | None, closes_at: datetime | None, now: datetime) -> None:
    """The contact is asked once more; ``closes_at`` when this is the last time before the ticket closes."""
    params: dict[str, Any] = {"subject": ticket.subject, "since_at": ticket.held_at, "body": asked}
    topic = NoticeTopic.CONTACT_REMINDED
    if closes_at is not None:
        topic, params["closes_at"] = NoticeTopic.IDLE_CLOSING_SOON, closes_at
    _to_contact(ticket, topic, params, now)


def hold_ended(ticket: Ticket, now: datetime) -> None:
    """Whoever has the ticket learns that its scheduled hold is over, and the team's lead when nobody has it."""
    _to_owner(ticket, NoticeTopic.HOLD_ENDED, now)


def customer_silent(ticket: Ticket, now: datetime) -> None:
    """Whoever has the ticket learns that no reminder helped: it was closed, or a person must decide."""
    _to_owner(ticket, NoticeTopic.CUSTOMER_SILENT, now, **({} if ticket.is_open else {"closed_at": now}))


def _to_owner(ticket: Ticket, topic: NoticeTopic, now: datetime, **params: Any) -> None:
    team = db.session.get(Team, ticket.team_id) if ticket.assignee is None and ticket.team_id is not None else None
    lead = db.session.get(User, team.lead_id) if team is not None and team.lead_id is not None else None
    people = (Recipient.of_user(user) if user is not None else None for user in (ticket.assignee, lead))
    params |= {"subject": ticket.subject, **_customer(ticket)}
    to = recipients.for_owner(*people)
    _queue(tell(topic, to, cause=_cause(ticket), params=params, ticket_id=ticket.id), now)


def _promises(clocks: Clocks) -> dict[str, Any]:
    """The deadlines of the two promises a customer cares for, where they stand in the policy."""
    kinds = {ClockKind.FIRST_RESPONSE: "respond_by_at", ClockKind.RESOLUTION: "resolve_by_at"}
    dated = [clock for clock in clocks if clock.is_current and clock.kind in kinds and clock.due_at is not None]
    return {kinds[clock.kind]: clock.due_at for clock in dated}


def _to_contact(
    ticket: Ticket,
    topic: NoticeTopic,
    params: Mapping[str, Any],
    now: datetime,
    contact: Contact | None = None,
    reason: TurnAwayReason | None = None,
) -> None:
    with db.session.no_autoflush:  # whom to tell hangs on nothing this change has yet to write
        person = contact or ticket.contact
        customer = ticket.customer if ticket.is_customer_confirmed else None
    zone = customer.timezone if customer is not None else str(current_app.config["TIMEZONE"])
    to = recipients.for_contact(Recipient(person.email, ticket.language, zone), reason)
    _queue(tell(topic, to, cause=_cause(ticket), params=params, ticket_id=ticket.id), now)


def _cause(ticket: Ticket) -> str:
    """Names the event that was just recorded: told once, however often it is worked on."""
    return f"event:{ticket.id}:{ticket.event_count}"


def _customer(ticket: Ticket) -> dict[str, str]:
    return {"customer_name": ticket.customer.name} if ticket.customer is not None else {}


def _author(actor: Actor) -> str:
    return actor.name if actor.user_id is not None else str(current_app.config["DESK_NAME"])


def _queue(notices: Iterable[Notice], now: datetime) -> None:
    queue_many(notices, now)
