"""Intake: whose ticket it is, and what it is about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _

from helpdesk.accounts.actor import Actor
from helpdesk.accounts.permissions import Permission
from helpdesk.customers.models import Customer, Subscription
from helpdesk.database import db
from helpdesk.errors import Invalid
from helpdesk.tickets import search
from helpdesk.tickets.actions.allowed import demand
from helpdesk.tickets.change import changing
from helpdesk.tickets.models import Topic
from helpdesk.tickets.terms import renew_terms, reprioritise
from workflows.machine import may_change_kind
from workflows.vocabulary import EventKind, Kind, Level, Service


@dataclass(frozen=True, slots=True)
class Classification:
    """What an agent decides in triage."""

    kind: Kind
    service: Service
    impact: Level
    urgency: Level
    topic_id: int | None


def confirm_customer(ticket_id: int, actor: Actor, customer_id: int, now: datetime, version: int | None = None) -> None:
    """Say whose ticket it is. What the guest claimed showed and attached nothing until now.

    The contact joins the customer, and the policy is chosen anew (R5).
    """
    with changing(ticket_id, actor, now, version) as change:
        ticket = change.ticket
        demand(actor, Permission.EDIT_TICKETS, ticket)
        customer = db.session.get(Customer, customer_id)
        if customer is None or not customer.is_active:
            raise Invalid(_("Choose a customer from the list."), "customer")
        was, ticket.customer_id, ticket.customer = ticket.customer_id, customer.id, customer
        ticket.is_customer_confirmed = True
        if customer not in ticket.contact.customers:
            ticket.contact.customers.append(customer)
        if ticket.subscription is not None and ticket.subscription.customer_id != customer.id:
            ticket.subscription_id = None
        change.record(EventKind.CUSTOMER_CONFIRMED, customer=customer.id, was=was)
        renew_terms(change)
        search.index_ticket(ticket, ticket.contact.name, ticket.contact.email, customer.name)
        change.edited()


def classify(ticket_id: int, actor: Actor, chosen: Classification, now: datetime, version: int | None = None) -> None:
    """Go over kind, service, impact, urgency and topic; priority and promises follow.

    Raises Invalid at the field when the topic belongs to the other kind, or the kind may no longer change.
    """
    with changing(ticket_id, actor, now, version) as change:
        ticket = change.ticket
        demand(actor, Permission.EDIT_TICKETS, ticket)
        if chosen.kind is not ticket.kind and not may_change_kind(ticket.state):
            raise Invalid(_("The kind can be changed in intake and diagnosis only."), "kind")
        _check_topic(chosen)
        if chosen.kind is not ticket.kind:
            change.record(EventKind.KIND_CHANGED, was=ticket.kind.value, kind=chosen.kind.value)
        ticket.kind, ticket.service, ticket.topic_id = chosen.kind, chosen.service, chosen.topic_id
        ticket.impact, ticket.urgency, ticket.is_classified = chosen.impact, chosen.urgency, True
        reprioritise(change)
        change.record(
            EventKind.CLASSIFIED,
            service=chosen.service.value,
            impact=chosen.impact.value,
            urgency=chosen.urgency.value,
            topic=chosen.topic_id,
            priority=ticket.priority.value,
        )
        renew_terms(change)
        change.edited()


def change_facts(
    ticket_id: int,
    actor: Actor,
    subject: str,
    subscription_id: int | None,
    now: datetime,
    version: int | None = None,
) -> None:
    """Put the subject in better words, or say which subscription it concerns."""
    with changing(ticket_id, actor, now, version) as change:
        ticket = change.ticket
        demand(actor, Permission.EDIT_TICKETS, ticket)
        if subscription_id is not None:
            subscription = db.session.get(Subscription, subscription_id)
            if subscription is None or subscription.customer_id != ticket.customer_id:
                raise Invalid(_("Choose one of the customer’s subscriptions."), "subscription")
        # a subject is the customer's text: it enters the chain as a hash only
        change.record(EventKind.FACTS_CHANGED, subject=subject != ticket.subject, subscription=subscription_id)
        ticket.subject, ticket.subscription_id = subject.strip(), subscription_id
        names = (ticket.contact.name, ticket.contact.email, ticket.customer.name if ticket.customer else "")
        search.index_ticket(ticket, *names)
        change.edited()


def _check_topic(chosen: Classification) -> None:
    if chosen.topic_id is None:
        return
    topic = db.session.get(Topic, chosen.topic_id)
    if topic is None or topic.kind is not chosen.kind:
        raise Invalid(_("Choose a topic of this kind."), "topic")
