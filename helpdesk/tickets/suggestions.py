"""Whose ticket it may be, by what is known of the person who wrote."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa
from flask_babel import gettext as _

from helpdesk.customers.models import Customer, CustomerContact
from helpdesk.customers.queries import customers_page
from helpdesk.database import db
from helpdesk.tickets.models import Ticket

AT_MOST = 6


class Suggestion(NamedTuple):
    id: int
    name: str
    why: str


def customers_for(ticket: Ticket) -> list[Suggestion]:
    """Active customers the ticket may be of, the likeliest first, each with what speaks for it."""
    found: dict[int, Suggestion] = {}
    domain = ticket.contact.email.rpartition("@")[2]
    known = sa.select(CustomerContact.customer_id).where(CustomerContact.contact_id == ticket.contact_id)
    for condition, why in (
        (Customer.id.in_(known), _("%(name)s belongs to it", name=ticket.contact.name)),
        (Customer.domain == domain, _("mail from %(domain)s", domain=domain)),
    ):
        rows = sa.select(Customer.id, Customer.name).where(condition, Customer.is_active)
        for key, name in db.session.execute(rows.order_by(Customer.search_name).limit(AT_MOST)):
            found.setdefault(key, Suggestion(key, name, why))
    if ticket.claimed_company:
        for customer in customers_page(ticket.claimed_company, limit=AT_MOST).customers:
            if customer.is_active:
                why = _("they say %(company)s", company=ticket.claimed_company)
                found.setdefault(customer.id, Suggestion(customer.id, customer.name, why))
    return list(found.values())[:AT_MOST]
