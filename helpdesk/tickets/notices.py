"""What people are told of a ticket: whom, and with which words, into the outbox of the same transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask import current_app

from helpdesk.accounts.actor import Actor
from helpdesk.accounts.models import Team, User, UserRole
from helpdesk.customers.models import Contact, Customer
from helpdesk.database import db
from helpdesk.notifications import recipients
from helpdesk.notifications.actions import queue_many
from helpdesk.notifications.notices import Notice, tell
from helpdesk.notifications.recipients import Recipient
from helpdesk.notifications.topics import NoticeTopic
from helpdesk.sla.actions import ClockNews
from helpdesk.sla.models import SlaClock
from helpdesk.tickets.models import Message, Ticket
from workflows.machine import Step
from workflows.vocabulary import ClockChange, ClockKind, Role, Trigger, TurnAwayReason

MENTION = "@"
Clocks = Iterable[SlaClock]


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
        case _:
            pass


def clock_news(ticket: Ticket, news: Sequence[ClockNews], now: datetime) -> None:
    """Warnings and breaches, each told once: the cause is the clock's cycle and level."""
    if not news:
        return
    concerned = _concerned(ticket)
    _queue([notice for item in news for notice in _clock_notices(ticket, item, concerned)], now)


@dataclass
class _Concerned:
    """Who hears of a ticket's clocks, and the names that stand in what they read."""

    customer_name: str | None = None
    assignee: Recipient | None = None
    assignee_name: str | None = None
    lead: Recipient | None = None
    managers: list[Recipient] = field(default_factory=list)


def _concerned(ticket: Ticket) -> _Concerned:
    facts = {"assignee_id": ticket.assignee_id, "team_id": ticket.team_id, "customer_id": ticket.customer_id}
    concerned = _Concerned()
    for *person, name, customer_name, has_it, leads, manages in db.session.execute(_CONCERNED, facts):
        recipient, concerned.customer_name = Recipient(*person), customer_name
        if has_it:
            concerned.assignee, concerned.assignee_name = recipient, name
        if leads:
            concerned.lead = recipient
        if manages:
            concerned.managers.append(recipient)
    return concerned


_CUSTOMER_NAME = sa.select(Customer.name).where(Customer.id == sa.bindparam("customer_id")).scalar_subquery()
_LEAD_ID = sa.select(Team.lead_id).where(Team.id == sa.bindparam("team_id")).scalar_subquery()
_STANDINGS = (
    User.id == sa.bindparam("assignee_id", type_=sa.Integer),
    User.id == _LEAD_ID,
    sa.exists().where(UserRole.user_id == User.id, UserRole.role == Role.MANAGER),
)
_CONCERNED = (
    sa.select(User.email, User.language, User.timezone, User.id, User.is_enabled, User.name, _CUSTOMER_NAME)
    .add_columns(*(sa.func.coalesce(standing, sa.false()) for standing in _STANDINGS))
    .where(sa.or_(*_STANDINGS))
    .order_by(User.id)
)


def _clock_notices(ticket: Ticket, item: ClockNews, concerned: _Concerned) -> list[Notice]:
    is_breach = item.change is ClockChange.BREACHED
    topic = NoticeTopic.CLOCK_BREACHED if is_breach else NoticeTopic.CLOCK_WARNED
    to = recipients.for_clock(topic, concerned.assignee, concerned.lead, concerned.managers if is_breach else ())
    cause = f"clock:{ticket.id}:{item.kind}:{item.cycle}:{item.change}:{item.level}"
    params = {"subject": ticket.subject, "clock": item.kind.value, "due_at": item.due_at or item.at}
    named = {"customer_name": concerned.customer_name, "assignee_name": concerned.assignee_name}
    params |= {name: text for name, text in named.items() if text is not None}
    return tell(topic, to, cause=cause, params=params, ticket_id=ticket.id)


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
