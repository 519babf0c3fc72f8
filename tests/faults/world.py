"""A desk with hundreds of tickets of which many fall due: a few opened by the door, the others copied by bulk SQL."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask import Flask

from helpdesk.clock import Hand, now
from helpdesk.customers.models import Contact, Customer
from helpdesk.database import db, unit_of_work
from helpdesk.sla import editing
from helpdesk.sla.models import Calendar, SlaClock, SlaPolicy
from helpdesk.tickets.actions.assigning import assign
from helpdesk.tickets.actions.opening import Opened
from helpdesk.tickets.models import Ticket
from tests.bench import lives, multiply
from tests.helpdesk.tickets.conftest import Desk
from workflows.vocabulary import ClockKind, Level, Priority

HOUR = timedelta(hours=1)
ASIDE = timedelta(minutes=17)
ALWAYS = {day: [["00:00", "24:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}


def open_at(opened: Callable[..., Opened], hand: Hand, moments: Iterable[datetime], desk: Desk) -> list[int]:
    """A ticket of middling priority at each of the moments, every second one Ana's."""
    numbers = []
    for place, moment in enumerate(moments):
        hand.at = moment
        number = opened(impact=Level.MEDIUM, urgency=Level.MEDIUM).ticket.id
        if place % 2:
            with unit_of_work():
                assign(number, desk.ana, desk.ana.id, moment)
        numbers.append(number)
    return numbers


def promise_only(
    seconds: int,
    zone: str = "Europe/Budapest",
    week: Mapping[str, Any] = ALWAYS,
    clocks: Iterable[ClockKind] = (ClockKind.RESOLUTION,),
) -> None:
    """Let every policy promise each of ``clocks`` in so many open seconds of these hours, and nothing else."""
    calendar = db.session.scalars(sa.select(Calendar).order_by(Calendar.id)).first()
    assert calendar is not None
    editing.edit_calendar(calendar, calendar.name, {"timezone": zone, "week": dict(week)}, None, now())
    targets = tuple(editing.Target(priority, clock, seconds, calendar.id) for priority in Priority for clock in clocks)
    for policy in db.session.scalars(sa.select(SlaPolicy)):
        draft = editing.PolicyDraft(policy.name, support_plan_id=policy.support_plan_id, targets=targets)
        editing.edit_policy(policy, draft, now())


def that_only_warn(opened: Callable[..., Opened], hand: Hand, today: datetime) -> datetime:
    """A moment of opening whose resolution is to be warned of by ``today`` but neither breached nor near to either.

    No full hour back: all that is promised in quarters of an hour would fall due while the test looks.
    """
    for hours in range(24, 30 * 24):
        hand.at = today - hours * HOUR - ASIDE
        clock = resolution_of(opened(impact=Level.MEDIUM, urgency=Level.MEDIUM).ticket)
        assert clock.warns_at is not None
        assert clock.due_at is not None
        if clock.warns_at < today - HOUR and today + HOUR < clock.due_at:
            return hand.at
    raise AssertionError("no such moment in a month")


def resolution_of(ticket: Ticket) -> SlaClock:
    rows = sa.select(SlaClock).where(SlaClock.ticket_id == ticket.id, SlaClock.kind == ClockKind.RESOLUTION)
    return db.session.scalars(rows).one()


def copy(app: Flask, numbers: Iterable[int], tickets: int) -> None:
    """Copy the open tickets ``numbers`` as they stand until the desk has so many."""
    customer = db.session.scalars(sa.select(Customer).limit(1)).one()
    with unit_of_work() as session:  # copies need somebody to belong to
        rita = session.scalars(sa.select(Contact).limit(1)).one()
        contacts = session.get_one(Customer, customer.id).contacts
        if rita not in contacts:
            contacts.append(rita)
    originals = lives.Originals(open=tuple(numbers), resolved=(), closed=())
    multiply.multiply(app, originals, tickets, lambda _step: None, multiply.ALL_OPEN)


def due(at: datetime) -> int:
    """How many clocks have something to come by then."""
    db.session.rollback()
    rows = sa.select(sa.func.count()).select_from(SlaClock).where(SlaClock.next_fire_at <= at)
    return db.session.scalar(rows) or 0


def numbers_of_all() -> list[int]:
    return list(db.session.scalars(sa.select(Ticket.id).order_by(Ticket.id)))
