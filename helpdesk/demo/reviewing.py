"""The demo world's manager: every morning he goes over what was missed some days ago and says why."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import NamedTuple

import sqlalchemy as sa

from helpdesk.accounts.actor import Actor
from helpdesk.clock import now
from helpdesk.database import db
from helpdesk.demo.cast import Life
from helpdesk.management.actions import review_breach
from helpdesk.sla.models import Breach, BreachToReview
from helpdesk.sla.reviews import Finding
from workflows.vocabulary import ESCALATED_STATES, BreachCause, ClockKind

A_DESK_DAY = 600.0  # business minutes
AFTER = timedelta(days=3)
LEFT_ALONE = 0.15
"""Some breaches are passed over, so that the pile on the manager's desk is never empty."""


class _Thought(NamedTuple):
    cause: BreachCause
    comment: str
    action: str = ""


_ANY = (
    _Thought(BreachCause.CAPACITY, "Two of us were away and the morning brought more than usual."),
    _Thought(
        BreachCause.CAPACITY,
        "The whole team sat on one outage, and everything else waited.",
        "From now on one person stays out of every outage and keeps the queue moving.",
    ),
    _Thought(
        BreachCause.HANDOVER,
        "Left lying when its owner went off shift. The next one found it by chance.",
        "Whoever leaves gives every ticket with a deadline before noon to somebody by name.",
    ),
    _Thought(BreachCause.OTHER, "It was answered by phone in time, but nobody wrote it down here."),
    _Thought(
        BreachCause.TARGET_UNREALISTIC,
        "Nobody could have checked a whole subscription in that time.",
        "Talk to the customer about what this priority is meant for.",
    ),
)
_FIRST = (
    _Thought(
        BreachCause.MISROUTED,
        "Filed as technical, was a question about an invoice, and wandered for half a day.",
        "The form now asks for the invoice number first.",
    ),
    _Thought(BreachCause.CAPACITY, "Came in just before closing, and the morning began with a queue of twenty."),
)
_CUSTOMER = _Thought(BreachCause.CUSTOMER, "We had asked twice. The answer came when the time was nearly up.")
_VENDOR = _Thought(
    BreachCause.VENDOR,
    "The case lay with Microsoft most of the time, and they answered a day later than their plan says.",
    "Chase on the second morning, not on the fourth.",
)


def reviewing(manager: Actor, dice: random.Random) -> Life:
    """Review most breaches older than three days, once every desk day, for as long as the world lasts."""
    left_alone: set[int] = set()
    while True:
        yield A_DESK_DAY
        for breach in _older(left_alone):
            if dice.random() < LEFT_ALONE:
                left_alone.add(breach.id)
                continue
            thought = dice.choice(_fitting(breach))
            review_breach(breach.id, manager, Finding(thought.cause, thought.comment, thought.action), now())


def _older(left_alone: set[int]) -> list[Breach]:
    rows = sa.select(Breach).join(BreachToReview).where(BreachToReview.late_from_at <= now() - AFTER)
    found = db.session.scalars(rows.order_by(BreachToReview.late_from_at, Breach.id))
    return [breach for breach in found if breach.id not in left_alone]


def _fitting(breach: Breach) -> tuple[_Thought, ...]:
    """What he might think of this one."""
    if breach.state in ESCALATED_STATES:
        return (_VENDOR,)
    if breach.kind in (ClockKind.FIRST_RESPONSE, ClockKind.PICKUP, ClockKind.INTAKE):
        return (*_FIRST, _ANY[0], _ANY[2])
    if breach.kind in (ClockKind.RESOLUTION, ClockKind.PARTNER_RESOLUTION):
        return (*_ANY, _CUSTOMER, _VENDOR)
    return (*_ANY, _CUSTOMER)
