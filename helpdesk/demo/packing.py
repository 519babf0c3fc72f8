"""How people of the demo world fill an escalation pack before they go to the vendor."""

from __future__ import annotations

import random
import uuid
from datetime import datetime, timedelta

import sqlalchemy as sa

from helpdesk.accounts.actor import Actor
from helpdesk.clock import now
from helpdesk.customers.models import Subscription
from helpdesk.database import db
from helpdesk.tickets.actions import packing, triaging
from helpdesk.tickets.models import Ticket
from workflows.vocabulary import Level, PackItem

_IMPACT = {
    Level.HIGH: "Work has stopped for everybody at the site; orders wait.",
    Level.MEDIUM: "A team works with a detour that costs each of them half an hour a day.",
    Level.LOW: "Few people are affected; the work goes on.",
}
_STEPS = (
    "1. Sign in as an affected user. 2. Open the page. 3. The error shows on every second try.",
    "1. Open the portal in a private window. 2. Choose the resource. 3. The page stays empty.",
    "Happens by itself about once an hour; seen on two machines on different networks.",
)
_ERRORS = ("AADSTS50076", "0x80070005", "HTTP 502 Bad Gateway", "No message; the page stays empty")


def fill(number: int, agent: Actor, dice: random.Random) -> None:
    """Name the subscription and write what the vendor asks, as a careful agent does."""
    ticket = db.session.get_one(Ticket, number)
    name_the_subscription(ticket, agent)
    seen = ticket.created_at - timedelta(minutes=dice.randrange(10, 300))
    answers = {
        PackItem.BUSINESS_IMPACT: _IMPACT[ticket.impact],
        PackItem.FIRST_SEEN: _utc(seen),
        PackItem.SCOPE: f"{dice.randrange(3, 60)} users of one site",
        PackItem.REPRO_STEPS: dice.choice(_STEPS),
        PackItem.ERROR_TEXT: dice.choice(_ERRORS),
        PackItem.CORRELATION_IDS: f"{uuid.UUID(int=dice.getrandbits(128))} {_utc(seen)}",
        PackItem.DIAGNOSTICS_CONSENT: "Given by the customer on the telephone",
    }
    packing.record_answers(number, agent, answers, now())


def _utc(moment: datetime) -> str:
    return moment.replace(second=0).strftime("%Y-%m-%dT%H:%M:%SZ")


def name_the_subscription(ticket: Ticket, agent: Actor) -> None:
    """The one of this service, else any: a billing question about something else stands on some invoice too."""
    if ticket.subscription_id is not None or ticket.customer_id is None:
        return
    own = sa.select(Subscription.id).where(Subscription.customer_id == ticket.customer_id)
    fitting = own.order_by(Subscription.service != ticket.service, Subscription.id).limit(1)
    found = db.session.scalar(fitting)
    if found is not None:
        triaging.change_facts(ticket.id, agent, ticket.subject, found, now())
