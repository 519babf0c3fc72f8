"""Reading customers, their people and what they bought."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import joinedload

from helpdesk.customers.models import Contact, Customer, CustomerContact, Subscription, SupportPlan
from helpdesk.customers.names import fold
from helpdesk.database import db
from helpdesk.errors import NotFound

PAGE = 50
_LAST_LETTER = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class CustomerPage:
    """Customers by name; ``next_after`` is the id to go on after, None on the last page."""

    customers: list[Customer]
    next_after: int | None


def customers_page(prefix: str = "", after: int | None = None, limit: int = PAGE) -> CustomerPage:
    """Customers whose folded name begins with ``prefix``, ``limit`` of them after the customer ``after``."""
    rows = sa.select(Customer).options(joinedload(Customer.support_plan))
    wanted = fold(prefix)
    if wanted:
        # the bounds serve the index, the test makes it exact in every collation
        rows = rows.where(
            Customer.search_name >= wanted,
            Customer.search_name < wanted + _LAST_LETTER,
            Customer.search_name.startswith(wanted, autoescape=True),
        )
    last = db.session.get(Customer, after) if after is not None else None
    if last is not None:
        rows = rows.where(sa.tuple_(Customer.search_name, Customer.id) > (last.search_name, last.id))
    found = list(db.session.scalars(rows.order_by(Customer.search_name, Customer.id).limit(limit + 1)))
    return CustomerPage(found[:limit], found[limit - 1].id if len(found) > limit else None)


def customer(customer_id: int) -> Customer:
    """Raises NotFound."""
    found = db.session.get(Customer, customer_id)
    if found is None:
        raise NotFound(_("There is no such customer."))
    return found


def customer_choices() -> list[tuple[int, str]]:
    """(id, name) of every active customer, by name."""
    rows = sa.select(Customer.id, Customer.name).where(Customer.is_active)
    found = db.session.execute(rows.order_by(Customer.search_name, Customer.id))
    return [(customer_id, name) for customer_id, name in found]


def contact_of(customer_id: int, contact_id: int) -> Contact:
    """A contact found through their customer. Raises NotFound."""
    link = db.session.get(CustomerContact, (customer_id, contact_id))
    found = db.session.get(Contact, contact_id) if link is not None else None
    if found is None:
        raise NotFound(_("There is no such contact."))
    return found


def subscription_of(customer_id: int, subscription_id: int) -> Subscription:
    """A subscription found through its customer. Raises NotFound."""
    found = db.session.get(Subscription, subscription_id)
    if found is None or found.customer_id != customer_id:
        raise NotFound(_("There is no such subscription."))
    return found


def plans() -> list[SupportPlan]:
    return list(db.session.scalars(sa.select(SupportPlan).order_by(SupportPlan.name)))


def plan(plan_id: int) -> SupportPlan:
    """Raises NotFound."""
    found = db.session.get(SupportPlan, plan_id)
    if found is None:
        raise NotFound(_("There is no such support plan."))
    return found


def plan_sizes() -> dict[int, int]:
    """{support plan id: active customers who have it}."""
    counted = sa.select(Customer.support_plan_id, sa.func.count()).where(Customer.is_active)
    rows = db.session.execute(counted.group_by(Customer.support_plan_id))
    return {plan_id: size for plan_id, size in rows if plan_id is not None}


def contacts_known(customer_ids: list[int], limit: int = 20) -> list[tuple[str, str]]:
    """(mail address, name) of people in these customers, by name."""
    rows = sa.select(Contact.email, Contact.name).join(CustomerContact, CustomerContact.contact_id == Contact.id)
    rows = rows.where(CustomerContact.customer_id.in_(customer_ids)).distinct().order_by(Contact.name, Contact.email)
    return list(db.session.execute(rows.limit(limit))) if customer_ids else []
