"""The month of the demo world: a moved clock, the lives of its tickets, and the scheduler's part in between."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from helpdesk.accounts.actor import Actor
from helpdesk.clock import Hand
from helpdesk.customers.models import Contact, Customer, CustomerContact
from helpdesk.database import db, unit_of_work
from helpdesk.demo import with_outages
from helpdesk.demo.cast import Cast, Life
from helpdesk.demo.granting import ENDING, EXPIRED
from helpdesk.demo.lives import fated_life, life, money_life
from helpdesk.demo.people import Company
from helpdesk.demo.reviewing import reviewing
from helpdesk.demo.stories import SITES, STORIES, Story
from helpdesk.demo.with_money import MoneyFate
from helpdesk.demo.with_vendor import Fate
from helpdesk.escalations.money.models import MoneyDeadline
from helpdesk.sla.models import SlaClock
from helpdesk.tickets import deadlines, lifecycle, money_sweep
from helpdesk.tickets.models import Ticket
from workflows.business_time import BusinessCalendar
from workflows.machine import Refused
from workflows.vocabulary import Kind, Service

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri")
_FATES: dict[Fate | MoneyFate, int] = {
    Fate.SILENT: 26,
    Fate.SENT_BACK: 21,
    MoneyFate.MISSED: 19,
    MoneyFate.NEAR: 15,
    Fate.SECOND_TIER: 13,
    Fate.ASKED: 6,
}
"""How many open hours before the demo's present each of these begins."""
CANCELLING = "Cancellation"
"""The topic of stories about a window of the vendor's."""

OUTAGES_FROM = 24
"""Tickets a world must have for two outages to hit some."""

FATED_FROM = 12
"""Tickets a world must have for six of them to be fated."""


@dataclass
class Town:
    """Ids and plain actors of everybody, kept across transactions."""

    agents: dict[Kind, list[Actor]]
    lead: Actor
    manager: Actor
    customers: list[int]
    companies: dict[int, Company] = field(default_factory=dict)
    topics: dict[tuple[Kind, str], int] = field(default_factory=dict)

    def has_azure(self, customer_id: int) -> bool:
        """Whether two tiers are open to the customer's Azure: written to in English, with every right granted."""
        company = self.companies[customer_id]
        is_theirs = Service.AZURE in company.services and company.language == "en"
        return is_theirs and company.name not in (EXPIRED, ENDING)


class Month:
    """The moved clock, the tickets' lives waiting for their next moment, and the scheduler's part in between."""

    def __init__(
        self, hand: Hand, end: datetime, town: Town, dice: random.Random, progress: Callable[[int], object]
    ) -> None:
        self._hand, self._end, self._town, self._dice = hand, end, town, dice
        self._progress = progress
        hours = {day: [("08:00", "18:00")] for day in WEEKDAYS}
        self._calendar = BusinessCalendar(timezone="Europe/Budapest", week=hours)
        self._lives: list[tuple[datetime, int, Life | None]] = []
        self._fates: dict[int, Fate | MoneyFate] = {}

    def live(self, tickets: int) -> None:
        """Open ``tickets`` tickets at moments of the month and let every life run until the present."""
        fates = [(self._business_hours_ago(hours), fate) for fate, hours in _FATES.items() if tickets >= FATED_FROM]
        for order, (at, fate) in enumerate(fates):
            self._fates[order] = fate
            heapq.heappush(self._lives, (at, order, None))
        has_outages = tickets >= OUTAGES_FROM
        others = tickets - len(fates) - (with_outages.TICKETS if has_outages else 0)
        for order, at in enumerate(self._openings(others), start=len(fates)):
            heapq.heappush(self._lives, (at, order, None))
        if has_outages:
            self._let_services_fail(tickets)
        habit = reviewing(self._town.manager, random.Random(self._dice.random()))  # noqa: S311
        heapq.heappush(self._lives, (self._hand.at, tickets, habit))
        while self._lives and self._lives[0][0] <= self._end:
            at, order, ticket = heapq.heappop(self._lives)
            self._let_time_pass(at)
            self._act(at, order, ticket if ticket is not None else self._born(self._fates.get(order)))
        self._let_time_pass(self._end)

    def _let_services_fail(self, tickets: int) -> None:
        """Two outages, whose tickets count among ``tickets``; they act behind all others of the same moment."""
        agent = self._town.agents[Kind.TECHNICAL][0]
        over = with_outages.outage_that_is_over(agent, self._progress)
        running = with_outages.outage_that_goes_on(agent, self._progress)
        starts = (with_outages.OVER_HOURS_AGO, over), (with_outages.RUNNING_HOURS_AGO, running)
        for order, (hours, outage) in enumerate(starts, start=tickets + 1):
            heapq.heappush(self._lives, (self._business_hours_ago(hours), order, outage))

    def _openings(self, tickets: int) -> list[datetime]:
        """Mostly within the desk's hours; some people write in the evening."""
        begin = self._hand.at
        open_seconds = self._calendar.between(begin, self._end)
        fresh = min(tickets, 3 + tickets // 60)  # somebody always has just written
        moments = [self._end - timedelta(minutes=self._dice.randrange(3, 60)) for _number in range(fresh)]
        for _number in range(tickets - fresh):
            part_of_month = self._dice.random() ** 0.6  # the desk grows: more come towards the end
            at = self._calendar.add(begin, max(int(open_seconds * part_of_month), 1))
            late = timedelta(hours=self._dice.uniform(4, 12)) if self._dice.random() < 0.12 else timedelta()
            moments.append((at + late if at + late < self._end else at).astimezone(UTC).replace(microsecond=0))
        return sorted(moments)

    def _business_hours_ago(self, hours: int) -> datetime:
        """So many open hours of the desk before the demo's present."""
        begin = self._hand.at
        at = self._calendar.add(begin, max(self._calendar.between(begin, self._end) - hours * 3600, 1))
        return at.astimezone(UTC).replace(microsecond=0)

    def _born(self, fate: Fate | MoneyFate | None) -> Life:
        self._progress(1)
        dice, town = self._dice, self._town
        customer = db.session.get_one(Customer, dice.choice(self._customers_for(fate)))
        company = town.companies[customer.id]
        story = dice.choice(_stories_for(company, fate))
        people = sa.select(Contact).join(CustomerContact).where(CustomerContact.customer_id == customer.id)
        contact = dice.choice(list(db.session.scalars(people.order_by(Contact.id))))
        agent = dice.choice(town.agents[story.kind])
        topic_id = town.topics[story.kind, story.topic]
        details = {"n": dice.randrange(3, 40), "site": dice.choice(SITES[company.country])}
        own_dice = random.Random(dice.random())  # noqa: S311
        cast = Cast(story, customer, contact, agent, town.lead, topic_id, details, own_dice)
        if isinstance(fate, MoneyFate):
            return money_life(cast, fate, self._end)
        return life(cast) if fate is None else fated_life(cast, fate)

    def _customers_for(self, fate: Fate | MoneyFate | None) -> list[int]:
        town = self._town
        if isinstance(fate, Fate):
            return [one for one in town.customers if town.has_azure(one)]
        return [one for one in town.customers if _stories_for(town.companies[one], fate)]

    def _act(self, at: datetime, order: int, ticket: Life) -> None:
        self._hand.at = max(at, self._hand.at)
        try:
            with unit_of_work():
                wait = next(ticket, None)  # StopIteration would roll the last act back
        except Refused:  # the rules say no: the ticket stays where it is
            return
        if wait is None:
            return
        then = self._calendar.add(self._hand.at, max(int(wait * 60), 1)).astimezone(UTC)
        heapq.heappush(self._lives, (then, order, ticket))

    def _let_time_pass(self, until: datetime) -> None:
        """What the scheduler does between two acts, each at its own moment."""
        while (due := self._next_due()) is not None and due <= until:
            self._hand.at = max(due, self._hand.at)
            with unit_of_work():
                for ticket_id in deadlines.due(self._hand.at):
                    deadlines.settle_due(ticket_id, self._hand.at)
                for ticket_id in money_sweep.due(self._hand.at):
                    money_sweep.settle(ticket_id, self._hand.at)
                for ticket_id in lifecycle.due_to_wake(self._hand.at):
                    lifecycle.wake(ticket_id, self._hand.at)
                for ticket_id in lifecycle.due_to_remind(self._hand.at):
                    lifecycle.remind(ticket_id, self._hand.at)
                for ticket_id in lifecycle.due_to_close(self._hand.at):
                    lifecycle.close_quiet(ticket_id, self._hand.at)
        self._hand.at = max(until, self._hand.at)

    def _next_due(self) -> datetime | None:
        columns = (
            SlaClock.next_fire_at, MoneyDeadline.next_fire_at, Ticket.hold_until, Ticket.remind_at, Ticket.closes_at,
        )  # fmt: skip
        moments = [
            db.session.scalar(sa.select(column).where(column.is_not(None)).order_by(column).limit(1))
            for column in columns
        ]
        return min((moment for moment in moments if moment is not None), default=None)


def _is_azures_fault(story: Story) -> bool:
    return story.service is Service.AZURE and story.kind is Kind.TECHNICAL and story.vendor is not None


def _stories_for(company: Company, fate: Fate | MoneyFate | None = None) -> list[Story]:
    """Stories in the company's language about what it bought; billing questions come from everybody."""
    told = [
        story
        for story in STORIES
        if story.language == company.language and (story.service in (*company.services, Service.OTHER))
    ]
    if isinstance(fate, MoneyFate):
        return [story for story in told if story.topic == CANCELLING]
    return told if fate is None else [story for story in told if _is_azures_fault(story)]
