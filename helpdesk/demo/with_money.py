"""Tickets of the demo world that money hangs on: a window that ends tonight, and one that passed unused."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import current_app

from helpdesk.clock import now
from helpdesk.customers.models import Subscription
from helpdesk.database import db
from helpdesk.demo.cast import Cast
from helpdesk.demo.packing import name_the_subscription
from helpdesk.escalations.money.windows import windows_for
from helpdesk.tickets.actions import money
from helpdesk.tickets.facts import desk_day
from helpdesk.tickets.models import Ticket
from workflows.money import day_begins_at
from workflows.vocabulary import MoneyPurpose, MoneyUnit

TERM = timedelta(days=365)


class MoneyFate(StrEnum):
    """What becomes of the window, whatever the dice say."""

    NEAR = "it ends at the next midnight"
    MISSED = "nobody asked in time"


def put_window_on(cast: Cast, number: int, fate: MoneyFate, end: datetime) -> None:
    """Let a cancellation window run on the ticket so that it stands as ``fate`` wants it at ``end`` (aware UTC)."""
    ticket = db.session.get_one(Ticket, number)
    name_the_subscription(ticket, cast.agent)
    in_days = fate is MoneyFate.NEAR
    rows = [row for row in windows_for(ticket.service) if row.purpose is MoneyPurpose.CANCELLATION]
    row = next(row for row in rows if (row.unit is MoneyUnit.DAYS) is in_days)
    start = now() - timedelta(hours=1)
    if in_days:
        zone = ZoneInfo(current_app.config["TIMEZONE"])
        renewed = desk_day(end) - timedelta(days=row.length - 1)
        start = day_begins_at(renewed, zone)
        terms = {"renewed_on": renewed, "ends_on": renewed + TERM - timedelta(days=1)}
        db.session.execute(sa.update(Subscription).where(Subscription.id == ticket.subscription_id).values(terms))
    money.set_deadline(number, cast.agent, row.id, start, now())
