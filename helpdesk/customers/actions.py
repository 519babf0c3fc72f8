"""What may happen to a customer, their people, what they bought, and the plans the desk offers them."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from flask_babel import gettext as _

from helpdesk.customers.contacts import find_or_add_contact
from helpdesk.customers.models import Contact, Customer, CustomerContact, Subscription, SupportPlan
from helpdesk.customers.names import fold
from helpdesk.database import db
from helpdesk.errors import Invalid
from workflows.vocabulary import Service

_DOMAIN = re.compile(r"(?=.{4,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}\Z")


@dataclass(frozen=True, slots=True)
class CustomerDraft:
    """What somebody writes of a customer. ``tenant_id`` is the vendor's GUID, ``country`` ISO 3166 alpha-2."""

    name: str
    tenant_id: str = ""
    domain: str = ""
    language: str = "en"
    timezone: str = "Europe/Budapest"
    country: str = "HU"
    support_plan_id: int | None = None
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class SubscriptionDraft:
    name: str
    service: Service
    vendor_id: str = ""
    seats: int | None = None
    ends_on: date | None = None
    bought_on: date | None = None
    renewed_on: date | None = None


@dataclass(frozen=True, slots=True)
class Purchase:
    """What the vendor knows of a subscription by its own id; None where it said nothing.

    ``cancellable_until`` is aware UTC; ``service`` is taken only for one the desk has not known.
    """

    vendor_id: str
    name: str
    service: Service
    seats: int | None
    bought_on: date | None
    renewed_on: date | None
    ends_on: date | None
    cancellable_until: datetime | None


@dataclass(frozen=True, slots=True)
class PlanDraft:
    """What the desk publishes of a plan, as people read it (R14-R18)."""

    name: str
    scope: str = ""
    hours: str = ""
    contact: str = ""
    price: str = ""


# customers --------------------------------------------------------------------------------------------


def add_customer(draft: CustomerDraft, now: datetime) -> Customer:
    """Raises Invalid naming the field ``name``, ``tenant_id`` or ``domain``."""
    customer = Customer(created_at=now)
    _fill(customer, draft)
    return customer


def edit_customer(customer: Customer, draft: CustomerDraft, now: datetime) -> None:
    """Open tickets get another plan's promises soon after. Raises Invalid as ``add_customer``."""
    plan_id = customer.support_plan_id
    _fill(customer, draft)
    if customer.support_plan_id != plan_id:
        # as a statement: a walk that is under way may have gone on since the row was read
        asked = {"renewal_asked_at": now, "renewed_to_id": 0}
        db.session.execute(sa.update(Customer).where(Customer.id == customer.id).values(asked))


def _fill(customer: Customer, draft: CustomerDraft) -> None:
    name = _checked_name(Customer, draft.name, customer.id)
    tenant_id = _checked_tenant(draft.tenant_id, customer.id)
    domain = _checked_domain(draft.domain)
    customer.name, customer.search_name = name, fold(name)[:160]
    customer.tenant_id, customer.domain = tenant_id, domain
    customer.language, customer.timezone = draft.language, draft.timezone
    customer.country, customer.support_plan_id = draft.country.upper(), draft.support_plan_id
    customer.is_active = draft.is_active
    db.session.add(customer)
    db.session.flush()


def _checked_tenant(text: str, own_id: int | None) -> str | None:
    if not text.strip():
        return None
    try:
        tenant_id = str(uuid.UUID(text.strip()))
    except ValueError:
        raise Invalid(_("A tenant id looks like 1a2b3c4d-0000-0000-0000-000000000000."), "tenant_id") from None
    holder = db.session.scalar(sa.select(Customer.id).where(Customer.tenant_id == tenant_id))
    if holder is not None and holder != own_id:
        raise Invalid(_("Another customer has this tenant id."), "tenant_id")
    return tenant_id


def _checked_domain(text: str) -> str | None:
    domain = text.strip().lower().removeprefix("https://").removeprefix("www.").rstrip("/")
    if domain and _DOMAIN.match(domain) is None:
        raise Invalid(_("A domain looks like contoso.com."), "domain")
    return domain or None


# contacts ---------------------------------------------------------------------------------------------


def add_contact(
    customer: Customer, email: str, name: str, language: str, now: datetime, phone: str | None = None
) -> Contact:
    """Put a person with this address among the customer's contacts; a known person keeps their name."""
    contact = find_or_add_contact(email, name, language, now, phone)
    if db.session.get(CustomerContact, (customer.id, contact.id)) is None:
        db.session.add(CustomerContact(customer_id=customer.id, contact_id=contact.id))
        db.session.flush()
        db.session.expire(customer, ["contacts"])
    return contact


def edit_contact(contact: Contact, name: str, language: str, phone: str | None) -> None:
    contact.name, contact.language, contact.phone = name.strip(), language, (phone or "").strip() or None


def remove_contact(customer: Customer, contact: Contact) -> None:
    """The person no longer speaks for this customer; what they wrote stays."""
    link = db.session.get(CustomerContact, (customer.id, contact.id))
    if link is not None:
        db.session.delete(link)
        db.session.flush()
        db.session.expire(customer, ["contacts"])


# subscriptions ----------------------------------------------------------------------------------------


def add_subscription(customer: Customer, draft: SubscriptionDraft) -> Subscription:
    """Raises as ``edit_subscription``."""
    subscription = Subscription(customer_id=customer.id)
    edit_subscription(subscription, draft)
    db.session.add(subscription)
    db.session.flush()
    db.session.expire(customer, ["subscriptions"])
    return subscription


def edit_subscription(subscription: Subscription, draft: SubscriptionDraft) -> None:
    """Raises Invalid naming the field ``renewed_on`` or ``ends_on`` where the dates are not in order."""
    begins = [day for day in (draft.bought_on, draft.renewed_on) if day is not None]
    if begins != sorted(begins):
        raise Invalid(_("It was bought after that."), "renewed_on")
    if draft.ends_on is not None and any(day > draft.ends_on for day in begins):
        raise Invalid(_("It ends before it starts."), "ends_on")
    subscription.name, subscription.service = draft.name.strip(), draft.service
    subscription.vendor_id = draft.vendor_id.strip() or None
    subscription.seats, subscription.ends_on = draft.seats, draft.ends_on
    if (subscription.bought_on, subscription.renewed_on) != (draft.bought_on, draft.renewed_on):
        subscription.cancellable_until = None  # the vendor said it of another term
    subscription.bought_on, subscription.renewed_on = draft.bought_on, draft.renewed_on


def take_in_purchases(customer: Customer, purchases: Iterable[Purchase]) -> int:
    """Write down what the vendor knows better, add what the desk has not known; how many there are.

    What the vendor says nothing of stays as somebody wrote it, and so does the name.
    """
    known = {own.vendor_id.lower(): own for own in customer.subscriptions if own.vendor_id}
    every = list(purchases)
    for bought in every:
        own = known.get(bought.vendor_id.lower())
        if own is None:
            own = Subscription(customer_id=customer.id, name=bought.name, service=bought.service)
            own.vendor_id = bought.vendor_id
            db.session.add(own)
        for name in ("seats", "bought_on", "renewed_on", "ends_on", "cancellable_until"):
            if getattr(bought, name) is not None:
                setattr(own, name, getattr(bought, name))
    db.session.flush()
    db.session.expire(customer, ["subscriptions"])
    return len(every)


# support plans ----------------------------------------------------------------------------------------


def add_plan(draft: PlanDraft, now: datetime) -> SupportPlan:
    """Raises Invalid naming the field ``name``."""
    plan = SupportPlan(created_at=now)
    edit_plan(plan, draft)
    return plan


def edit_plan(plan: SupportPlan, draft: PlanDraft) -> None:
    """Raises Invalid naming the field ``name``."""
    plan.name = _checked_name(SupportPlan, draft.name, plan.id)
    plan.scope, plan.hours = draft.scope.strip(), draft.hours.strip()
    plan.contact, plan.price = draft.contact.strip(), draft.price.strip()
    db.session.add(plan)
    db.session.flush()


def _checked_name(model: type[Customer | SupportPlan], text: str, own_id: int | None) -> str:
    name = text.strip()
    if not name:
        raise Invalid(_("Give it a name."), "name")
    holder = db.session.scalar(sa.select(model.id).where(model.name == name))
    if holder is not None and holder != own_id:
        raise Invalid(_("This name is taken."), "name")
    return name
