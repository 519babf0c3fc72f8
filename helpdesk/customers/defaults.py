"""The support plans a fresh installation offers, to be edited from there."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from helpdesk.customers.models import SupportPlan
from helpdesk.database import db

PLANS = (
    {
        "name": "Standard",
        "scope": "Billing and technical questions about everything bought through us.",
        "hours": "Mon-Fri 8-18, Budapest",
        "contact": "Web form and telephone",
        "price": "Included",
    },
    {
        "name": "Business Plus",
        "scope": "As Standard, with faster answers and regular news while a ticket is open.",
        "hours": "Mon-Fri 8-18, Budapest; P1 round the clock",
        "contact": "Web form and telephone",
        "price": "By agreement",
    },
)


def install(now: datetime) -> None:
    """Write the plans unless the desk has any already. Runs in the caller's unit of work."""
    if db.session.scalar(sa.select(SupportPlan.id).limit(1)) is None:
        db.session.add_all(SupportPlan(created_at=now, **plan) for plan in PLANS)
        db.session.flush()
