"""Escalation packs in tests: filled as a careful agent fills one, or not asked for at all."""

from __future__ import annotations

import sqlalchemy as sa

from helpdesk.accounts.actor import Actor
from helpdesk.clock import now
from helpdesk.customers.models import Subscription
from helpdesk.database import db, unit_of_work
from helpdesk.escalations.models import Entitlement, PackRequirement
from helpdesk.tickets.actions import packing
from helpdesk.tickets.models import Ticket
from workflows.vocabulary import PackItem, Service

ANSWERS = {
    PackItem.BUSINESS_IMPACT: "Forty people can't read mail; orders wait.",
    PackItem.FIRST_SEEN: "2026-11-24T08:00:00Z",
    PackItem.SCOPE: "40 users, Győr site",
    PackItem.REPRO_STEPS: "Sign in to Outlook on the web; the prompt comes back.",
    PackItem.ERROR_TEXT: "AADSTS50076",
    PackItem.CORRELATION_IDS: "3a1f0a7e-0c8f-4f3e-9a53-2f1d4d3b7c11 2026-11-24T13:02:00Z",
    PackItem.DIAGNOSTICS_CONSENT: "Given by the customer on 2026-11-24",
}


def ask_for_no_pack() -> None:
    """For tests of something else: escalating demands no pack, as on a desk that has switched every row off."""
    with unit_of_work() as session:
        session.execute(sa.update(PackRequirement).values(is_enabled=False))


def ask_for_packs() -> None:
    with unit_of_work() as session:
        session.execute(sa.update(PackRequirement).values(is_enabled=True))


def fill_pack(number: int, actor: Actor) -> None:
    """All that any channel asks for: what people write, and what stands at the customer and the contracts."""
    with unit_of_work() as session:
        ticket = session.get_one(Ticket, number)
        customer = ticket.customer
        assert customer is not None
        customer.tenant_id = customer.tenant_id or "5f0c1d2e-0000-4000-8000-000000000001"
        customer.domain = customer.domain or "alpina.example"
        if ticket.subscription_id is None:
            own = Subscription(customer_id=customer.id, name="Azure plan", service=Service.AZURE, vendor_id="sub-1")
            session.add(own)
            session.flush()
            ticket.subscription_id = own.id
        session.execute(sa.update(Entitlement).values(contract_number="C-2026-1"))
    with unit_of_work():
        packing.record_answers(number, actor, ANSWERS, now())
    db.session.expire_all()
