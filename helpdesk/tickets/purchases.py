"""The door between a customer's subscriptions and the vendor's API: asked once, when somebody needs it."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from datetime import datetime

from flask import current_app
from flask_babel import gettext as _

from helpdesk.accounts.actor import Actor
from helpdesk.accounts.permissions import Permission
from helpdesk.customers.actions import Purchase, take_in_purchases
from helpdesk.database import db
from helpdesk.errors import Invalid
from helpdesk.escalations.partner_center import connection
from helpdesk.escalations.partner_center.reading import RemoteSubscription, SubscriptionStatus
from helpdesk.escalations.partner_center.vendor_desk import VendorDesk
from helpdesk.tickets.actions.allowed import demand
from helpdesk.tickets.models import Ticket
from workflows.vocabulary import Service

_NAMED = (
    (Service.AZURE, ("azure",)),
    (Service.DYNAMICS365, ("dynamics", "business central", "power ")),
    (Service.MICROSOFT365, ("microsoft 365", "office", "exchange", "teams", "sharepoint", "visio", "project")),
)
"""How offers are named; the names are the vendor's and change."""

_LIVES = frozenset({SubscriptionStatus.ACTIVE, SubscriptionStatus.SUSPENDED, SubscriptionStatus.PENDING, None})


def may_ask(ticket: Ticket, now: datetime) -> bool:
    """Whether the vendor could be asked what the ticket's customer has bought."""
    if ticket.customer is None or not ticket.is_customer_confirmed or not ticket.customer.tenant_id:
        return False
    return connection.may_ask(current_app.config, now)


def ask(ticket: Ticket, actor: Actor, now: datetime, desk: VendorDesk | None = None) -> list[Purchase]:
    """Ask the vendor what the ticket's customer has bought. Call it outside any transaction: it takes a while.

    ``desk`` is whom to ask, the configuration's when missing. Raises VendorError, Forbidden, and Invalid when there
    is nobody to ask after.
    """
    demand(actor, Permission.EDIT_TICKETS, ticket)
    customer = ticket.customer
    if customer is None or not may_ask(ticket, now):
        raise Invalid(_("Partner Center can’t be asked now."))
    tenant_id = customer.tenant_id or ""
    with closing(desk or connection.open_desk(current_app.config)) as line:
        return [_purchase(one) for one in line.subscriptions(tenant_id) if one.id and one.status in _LIVES]


def keep(ticket_id: int, purchases: Iterable[Purchase], now: datetime) -> int:
    """Write down what the vendor said of the ticket's customer, in the caller's transaction; how many they are."""
    connection.answered(now)
    customer = db.session.get_one(Ticket, ticket_id).customer
    return take_in_purchases(customer, purchases) if customer is not None else 0


def _purchase(one: RemoteSubscription) -> Purchase:
    return Purchase(
        vendor_id=one.id[:64],
        name=(one.name or one.offer or one.id)[:160],
        service=_service_of(f"{one.offer} {one.name}"),
        seats=one.seats,
        bought_on=one.bought_at.date() if one.bought_at else None,
        renewed_on=one.renewed_on,
        ends_on=one.ends_at.date() if one.ends_at else None,
        cancellable_until=one.cancellable_until,
    )


def _service_of(offer: str) -> Service:
    named = offer.lower()
    return next((service for service, words in _NAMED if any(word in named for word in words)), Service.OTHER)
