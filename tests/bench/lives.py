"""Tickets of the bench's world as people live them: through the product's own verbs, three messages each.

They are the originals that ``multiply`` copies. Each is lived alone from its opening to its stop.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from flask import Flask

from helpdesk.accounts.actor import Actor
from helpdesk.accounts.models import User, UserRole
from helpdesk.clock import Hand, now
from helpdesk.customers.models import Contact, Customer
from helpdesk.database import db, unit_of_work
from helpdesk.demo import packing, world
from helpdesk.demo.stories import STORIES, Story
from helpdesk.sla.models import SlaClock
from helpdesk.tickets import deadlines, facts, lifecycle
from helpdesk.tickets.actions import assigning, conversation, diagnosing, moving, triaging
from helpdesk.tickets.actions.opening import Opening, open_ticket
from helpdesk.tickets.models import Message, Ticket, Topic
from workflows.business_time import BusinessCalendar
from workflows.vocabulary import (
    CHANNEL_OF_TRIGGER,
    OPEN_STATES,
    Boundary,
    HealthResult,
    Kind,
    Level,
    ResolutionCode,
    Role,
    State,
    Trigger,
)

TOWN_TICKETS = 12
"""Tickets of the demo world that come with its people, customers and policies."""

OPEN, RESOLVED, CLOSED = 160, 12, 60
"""Originals by where they stop: open in every state, resolved and still quiet, closed weeks ago."""

SEED = 20261122
ALL_ACTS = 99
_STOPS = (1, 2, 3, 4, 5, 6, 7, 7, 8, 8)
"""After how many acts an open ticket stands where it is."""

_TRIGGERS = {channel: trigger for trigger, channel in CHANNEL_OF_TRIGGER.items()}
_HOURS = BusinessCalendar(
    timezone="Europe/Budapest", week={day: [("08:00", "18:00")] for day in ("mon", "tue", "wed", "thu", "fri")}
)


@dataclass(frozen=True, slots=True)
class Originals:
    """Numbers of the tickets to copy."""

    open: tuple[int, ...]
    resolved: tuple[int, ...]
    closed: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """Who plays in one ticket, after how many acts it stops, and the dice for how long each took."""

    story: Story
    topic_id: int
    customer: Customer
    contact: Contact
    agent: Actor
    acts: int
    dice: random.Random

    @property
    def is_open(self) -> bool:
        """Whether it is to stay open."""
        return self.acts < ALL_ACTS

    def minutes(self, usual: float) -> float:
        return min(usual * self.dice.lognormvariate(0, 0.8), usual * 8)


def live_originals(app: Flask) -> Originals:
    """Fill the empty, migrated database of ``app`` with the town and live the originals until now."""
    with app.app_context():
        world.build(app, tickets=TOWN_TICKETS, seed=SEED, progress=lambda _opened: None)
        stage = _Stage(random.Random(SEED), now())
        for days, is_open, count in ((6, True, OPEN), (5, False, RESOLVED), (27, False, CLOSED)):
            for _number in range(count):
                stage.play(timedelta(days=days), is_open=is_open)
        return _originals()


def _originals() -> Originals:
    """The town's tickets are no originals, and a few that got a fourth message aren't either."""
    three = sa.select(Message.ticket_id).group_by(Message.ticket_id).having(sa.func.count() == 3)
    rows = sa.select(Ticket.id, Ticket.state).where(Ticket.id.in_(three), Ticket.id > 1000 + TOWN_TICKETS)
    found = db.session.execute(rows.order_by(Ticket.id)).all()
    return Originals(
        open=tuple(number for number, state in found if state in OPEN_STATES),
        resolved=tuple(number for number, state in found if state is State.RESOLVED),
        closed=tuple(number for number, state in found if state is State.CLOSED),
    )


class _Stage:
    """Plays one ticket after the other under a clock hand of its own, and lets what falls due happen."""

    def __init__(self, dice: random.Random, present: datetime) -> None:
        self._dice = dice
        self._present = present
        agents = sa.select(User).join(UserRole).where(UserRole.role == Role.AGENT).order_by(User.id)
        self._agents = [Actor.of_user(user) for user in db.session.scalars(agents)]
        self._customers = list(db.session.scalars(sa.select(Customer).order_by(Customer.id)))
        self._topics = {(topic.kind, topic.name): topic.id for topic in db.session.scalars(sa.select(Topic))}

    def play(self, back: timedelta, *, is_open: bool) -> None:
        """Live one ticket. An open one began at any moment of the time ``back``."""
        part = self._cast(self._dice.choice(_STOPS) if is_open else ALL_ACTS)
        began = back * (self._dice.random() * part.acts / max(_STOPS)) if is_open else back
        with Hand(self._opening(began)).at_work() as hand:
            with unit_of_work():
                number = _open(part)
            self._act(hand, part, number)
            with unit_of_work():
                _fill_up(part, number)
            self._let_pass(hand, number, self._present)

    def _cast(self, acts: int) -> Part:
        dice = self._dice
        story, customer = dice.choice(STORIES), dice.choice(self._customers)
        topic_id = self._topics[story.kind, story.topic]
        contact = dice.choice(customer.contacts)
        return Part(story, topic_id, customer, contact, dice.choice(self._agents), acts, random.Random(dice.random()))

    def _opening(self, back: timedelta) -> datetime:
        """So long ago, or at the next moment people are at work; always before the present."""
        return min(_HOURS.add(self._present - back, 60).astimezone(UTC), self._present - timedelta(minutes=1))

    def _act(self, hand: Hand, part: Part, number: int) -> None:
        acts = _acts(part, number)
        for _count in range(part.acts):
            with unit_of_work():
                wait = next(acts, None)
            if wait is None or not self._advance(hand, number, wait):
                return

    def _advance(self, hand: Hand, number: int, minutes: float) -> bool:
        then = _HOURS.add(hand.at, max(int(minutes * 60), 60)).astimezone(UTC)
        if then >= self._present:
            return False
        self._let_pass(hand, number, then)
        return True

    def _let_pass(self, hand: Hand, number: int, until: datetime) -> None:
        """What the scheduler does to this ticket, each at its own moment."""
        while (due := _next_due(number)) is not None and due <= until:
            hand.at = max(due, hand.at)
            with unit_of_work():
                deadlines.settle_due(number, hand.at)
                lifecycle.close_quiet(number, hand.at)
        hand.at = max(until, hand.at)


def _next_due(number: int) -> datetime | None:
    fires = db.session.scalar(sa.select(sa.func.min(SlaClock.next_fire_at)).where(SlaClock.ticket_id == number))
    closes = db.session.scalar(sa.select(Ticket.closes_at).where(Ticket.id == number))
    return min((moment for moment in (fires, closes) if moment is not None), default=None)


def _open(part: Part) -> int:
    story, dice = part.story, part.dice
    levels = (Level.HIGH, Level.MEDIUM, Level.LOW)
    opening = Opening(
        kind=story.kind,
        service=story.service,
        impact=dice.choices(levels, (2, 5, 5))[0],
        urgency=dice.choices(levels, (2, 6, 4))[0],
        subject=_said(part, story.subject),
        description=_said(part, story.body),
        contact_name=part.contact.name,
        contact_email=part.contact.email,
        company=part.customer.name,
        language=story.language,
    )
    return open_ticket(opening, None, now()).ticket.id


def _acts(part: Part, number: int) -> Iterator[float]:
    """What happens after the opening, act by act; yields business minutes until the next one."""
    agent, story = part.agent, part.story
    yield part.minutes(25)
    assigning.assign(number, agent, agent.id, now())
    yield part.minutes(10)
    triaging.confirm_customer(number, agent, part.customer.id, now())
    ticket = db.session.get_one(Ticket, number)
    chosen = triaging.Classification(story.kind, story.service, ticket.impact, ticket.urgency, part.topic_id)
    triaging.classify(number, agent, chosen, now())
    yield part.minutes(40)
    moving.move(number, agent, Trigger.START_DIAGNOSIS, now())
    yield part.minutes(15)
    waits = part.is_open and part.dice.random() < 0.4
    conversation.reply(number, agent, _said(part, story.question), now(), then_wait=waits)
    yield part.minutes(60)
    if waits:
        conversation.contact_writes(number, part.contact, _said(part, story.answer), now())
    _diagnose(part, number)
    yield part.minutes(20)
    if part.is_open and story.vendor is not None and _escalate(part, number):
        return
    moving.move(number, agent, Trigger.START_RESOLUTION, now())
    yield part.minutes(120)
    code = ResolutionCode.ANSWERED if story.kind is Kind.BILLING else ResolutionCode.FIXED
    moving.move(number, agent, Trigger.RESOLVE, now(), {"resolution_code": code.value, "note": story.solution})


def _diagnose(part: Part, number: int) -> None:
    story = part.story
    is_theirs = story.vendor is not None and part.is_open
    found = diagnosing.Findings(
        health=HealthResult.HEALTHY,
        findings=story.findings,
        tried=story.tried,
        boundary=Boundary.VENDORS if is_theirs else Boundary.OURS,
        boundary_reason=story.vendor if is_theirs else None,
    )
    diagnosing.record_diagnosis(number, part.agent, found, now())


def _escalate(part: Part, number: int) -> bool:
    ticket = db.session.get_one(Ticket, number)
    known = facts.gather(ticket, part.agent, now())
    best = next((found for found in facts.verdicts(ticket, known, now()) if found.is_recommended), None)
    if best is None:
        return False
    packing.fill(number, part.agent, random.Random(number))
    moving.move(number, part.agent, _TRIGGERS[best.kind], now())
    return True


def _fill_up(part: Part, number: int) -> None:
    """Three messages on every ticket: before the desk has answered the contact writes again."""
    authors = db.session.scalars(sa.select(Message.user_id).where(Message.ticket_id == number)).all()
    for _missing in range(3 - len(authors)):
        if any(authors):
            conversation.note(number, part.agent, part.story.findings, now())
        else:
            conversation.contact_writes(number, part.contact, _said(part, part.story.answer), now())


def _said(part: Part, text: str) -> str:
    return text.format(n=part.dice.randrange(3, 40), site=part.dice.choice(("Győr", "Turku", "Bristol")))
