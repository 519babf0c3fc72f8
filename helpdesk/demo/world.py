"""The demo world: a believable month at the desk, lived through the product's own verbs under a moved clock."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import sqlalchemy as sa
from flask import Flask

from config import ConfigurationError
from helpdesk.accounts import rota
from helpdesk.accounts.actions import Profile, add_user
from helpdesk.accounts.actor import COMMAND_LINE, Actor
from helpdesk.accounts.models import Team, User
from helpdesk.accounts.passwords import hash_password
from helpdesk.accounts.queries import default_team_id
from helpdesk.clock import Hand, now
from helpdesk.customers.actions import CustomerDraft, SubscriptionDraft, add_contact, add_customer, add_subscription
from helpdesk.customers.models import Contact, Customer, CustomerContact, SupportPlan
from helpdesk.customers.names import fold
from helpdesk.database import db, is_sqlite, unit_of_work
from helpdesk.demo import calendars
from helpdesk.demo.defaults import install_defaults
from helpdesk.demo.granting import record_rights
from helpdesk.demo.lives import Cast, Life, life
from helpdesk.demo.people import COMPANIES, OFFICE_HOURS, ON_CALL, STAFF, Company
from helpdesk.demo.reviewing import reviewing
from helpdesk.demo.stories import SITES, STORIES, Story
from helpdesk.escalations.models import Entitlement, SupportChannel
from helpdesk.notifications.models import DeliveryState, OutboxMessage
from helpdesk.sla.editing import create_calendar
from helpdesk.sla.models import SlaClock
from helpdesk.tickets import deadlines, lifecycle
from helpdesk.tickets.models import Ticket, Topic
from workflows.business_time import BusinessCalendar
from workflows.machine import Refused
from workflows.vocabulary import ChannelKind, Kind, Role, Service

DEFAULT_PASSWORD = "demo-only-password"  # noqa: S105 - printed on purpose, refused outside development
DAYS = 30
ZONE = "Europe/Budapest"
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri")


def is_empty() -> bool:
    """Whether the desk has no ticket yet."""
    return db.session.scalar(sa.select(Ticket.id).limit(1)) is None


def demo_password(app: Flask) -> str:
    """The password of the demo accounts. Raises ConfigurationError outside development when none is set."""
    chosen: str | None = app.config["DEMO_PASSWORD"]
    if chosen:
        return chosen
    if app.config["HELPDESK_ENV"] == "production":
        raise ConfigurationError("Outside development the demo world needs HELPDESK_DEMO_PASSWORD.")
    return DEFAULT_PASSWORD


def build(app: Flask, tickets: int, seed: int, progress: Callable[[int], object]) -> None:
    """Live through the last 30 days until now with ``tickets`` tickets; ``seed`` decides everything else.

    ``progress`` is called with 1 for each ticket opened. Needs the application context of ``app``.
    """
    password_hash = hash_password(demo_password(app))
    end = now()
    _do_not_wait_for_the_disk()
    with Hand(end - timedelta(days=DAYS)).at_work() as hand:
        with unit_of_work():
            install_defaults(hand.at)
            calendars.install(hand.at)
            town = _settle_town(password_hash, hand.at)
        _Month(app, hand, end, town, random.Random(seed), progress).live(tickets)  # noqa: S311 - dice, no secrets
    with unit_of_work() as session:
        # a month of mail would pour out at the first start; nobody's mail server takes part in a demo
        gone = {"delivery_state": DeliveryState.SENT, "sent_at": end, "params": {}}
        session.execute(sa.update(OutboxMessage).values(gone))
    db.session.remove()
    db.engine.dispose()


def _do_not_wait_for_the_disk() -> None:
    """A demo lost to a power cut is loaded again; waiting for every commit would take minutes."""
    if is_sqlite():
        db.session.remove()
        with db.engine.connect() as connection:
            raw = connection.connection.dbapi_connection
            assert raw is not None
            raw.execute("PRAGMA synchronous=OFF")


@dataclass
class Town:
    """Ids and plain actors of everybody, kept across transactions."""

    agents: dict[Kind, list[Actor]]
    lead: Actor
    manager: Actor
    customers: list[int]
    companies: dict[int, Company] = field(default_factory=dict)
    topics: dict[tuple[Kind, str], int] = field(default_factory=dict)


def _settle_town(password_hash: str, at: datetime) -> Town:
    team_id = default_team_id()
    users = [
        add_user(one.email, Profile(one.name, team_id), one.roles, COMMAND_LINE, at, password_hash) for one in STAFF
    ]
    actors = [Actor.of_user(user) for user in users]
    team = db.session.get_one(Team, team_id)
    team.lead_id = users[1].id
    _plan_work(team, {user.email: user for user in users}, at)
    _sign_contracts(at)
    agents = [actor for actor in actors if Role.AGENT in actor.roles]
    billing = [actor for actor in actors if Role.BILLING_ADMIN in actor.roles]
    manager = next(actor for actor in actors if Role.MANAGER in actor.roles)
    town = Town({Kind.TECHNICAL: agents, Kind.BILLING: [*billing, *billing, *agents]}, actors[1], manager, [])
    plans = {name: plan_id for plan_id, name in db.session.execute(sa.select(SupportPlan.id, SupportPlan.name))}
    for company in COMPANIES:
        customer = _found(company, plans, at)
        record_rights(customer, company.services, at, at.date() + timedelta(days=DAYS))
        town.customers.append(customer.id)
        town.companies[customer.id] = company
    for topic in db.session.scalars(sa.select(Topic)):
        town.topics[topic.kind, topic.name] = topic.id
    return town


def _plan_work(team: Team, users: dict[str, User], at: datetime) -> None:
    """A weekly rota that began before the month did and goes on after it, and working hours for two."""
    turns = tuple(users[email].id for email in ON_CALL)
    rota.add_rotation(team, rota.Rotation(turns, at.date() - timedelta(days=6), 0, 9, ZONE, 16))
    name, hours, whose = OFFICE_HOURS
    week = dict.fromkeys(_WEEKDAYS, hours)
    calendar = create_calendar(name, {"timezone": ZONE, "week": week}, None, at)
    for email in whose:
        users[email].calendar_id = calendar.id


def _found(company: Company, plans: dict[str, int], at: datetime) -> Customer:
    number = COMPANIES.index(company) + 1
    draft = CustomerDraft(
        name=company.name,
        tenant_id=f"{number:08x}-0000-4000-8000-{number * 7919:012x}",
        domain=company.domain,
        language=company.language,
        timezone=company.timezone,
        country=company.country,
        support_plan_id=plans["Business Plus" if company.is_plus else "Standard"],
    )
    customer = add_customer(draft, at)
    for person in company.people:
        add_contact(customer, f"{_address(person)}@{company.domain}", person, company.language, at)
    for service in company.services:
        add_subscription(customer, _bought(service, number, at))
    return customer


def _bought(service: Service, number: int, at: datetime) -> SubscriptionDraft:
    name = {Service.MICROSOFT365: "Microsoft 365 E3", Service.AZURE: "Azure plan"}.get(service, "Dynamics 365 Sales")
    seats = None if service is Service.AZURE else 12 + number * 7
    vendor_id = f"{number:08x}-aaaa-4000-9000-{list(Service).index(service):012x}"
    return SubscriptionDraft(name, service, vendor_id, seats, at.date() + timedelta(days=60 + number * 9))


def _address(person: str) -> str:
    return ".".join(fold(person).replace(".", "").split())


def _sign_contracts(at: datetime) -> None:
    """Premier for the year, Advanced nearly used up, Signature with the competency."""
    year = at.year
    for kind, included in ((ChannelKind.PREMIER, 60), (ChannelKind.ADVANCED, 10), (ChannelKind.SIGNATURE, None)):
        channel = db.session.scalars(sa.select(SupportChannel).where(SupportChannel.kind == kind)).one()
        right = Entitlement(channel_id=channel.id, incidents_included=included, incidents_used=0, created_at=at)
        right.starts_on, right.ends_on = date(year, 1, 1), date(year + 1, 3, 31)
        right.contract_number = f"C-{year}-{kind.value[:3].upper()}"
        right.access_number = f"A-{1000 + channel.id}"
        right.fee = {ChannelKind.PREMIER: 42_000, ChannelKind.ADVANCED: 16_500}.get(kind)
        db.session.add(right)


class _Month:
    """The moved clock, the tickets' lives waiting for their next moment, and the scheduler's part in between."""

    def __init__(
        self, app: Flask, hand: Hand, end: datetime, town: Town, dice: random.Random, progress: Callable[[int], object]
    ) -> None:
        self._app, self._hand, self._end, self._town, self._dice = app, hand, end, town, dice
        self._progress = progress
        hours = {day: [("08:00", "18:00")] for day in _WEEKDAYS}
        self._calendar = BusinessCalendar(timezone="Europe/Budapest", week=hours)
        self._lives: list[tuple[datetime, int, Life | None]] = []

    def live(self, tickets: int) -> None:
        """Open ``tickets`` tickets at moments of the month and let every life run until the present."""
        for order, at in enumerate(self._openings(tickets)):
            heapq.heappush(self._lives, (at, order, None))
        habit = reviewing(self._town.manager, random.Random(self._dice.random()))  # noqa: S311
        heapq.heappush(self._lives, (self._hand.at, tickets, habit))
        while self._lives and self._lives[0][0] <= self._end:
            at, order, ticket = heapq.heappop(self._lives)
            self._let_time_pass(at)
            self._act(at, order, ticket if ticket is not None else self._born())
        self._let_time_pass(self._end)

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

    def _born(self) -> Life:
        self._progress(1)
        dice, town = self._dice, self._town
        customer = db.session.get_one(Customer, dice.choice(town.customers))
        company = town.companies[customer.id]
        story = dice.choice(_stories_for(company))
        people = sa.select(Contact).join(CustomerContact).where(CustomerContact.customer_id == customer.id)
        contact = dice.choice(list(db.session.scalars(people.order_by(Contact.id))))
        agent = dice.choice(town.agents[story.kind])
        topic_id = town.topics[story.kind, story.topic]
        details = {"n": dice.randrange(3, 40), "site": dice.choice(SITES[company.country])}
        own_dice = random.Random(dice.random())  # noqa: S311
        return life(Cast(story, customer, contact, agent, town.lead, topic_id, details, own_dice))

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
                for ticket_id in lifecycle.due_to_wake(self._hand.at):
                    lifecycle.wake(ticket_id, self._hand.at)
                for ticket_id in lifecycle.due_to_remind(self._hand.at):
                    lifecycle.remind(ticket_id, self._hand.at)
                for ticket_id in lifecycle.due_to_close(self._hand.at):
                    lifecycle.close_quiet(ticket_id, self._hand.at)
        self._hand.at = max(until, self._hand.at)

    def _next_due(self) -> datetime | None:
        moments = [
            db.session.scalar(sa.select(column).where(column.is_not(None)).order_by(column).limit(1))
            for column in (SlaClock.next_fire_at, Ticket.hold_until, Ticket.remind_at, Ticket.closes_at)
        ]
        return min((moment for moment in moments if moment is not None), default=None)


def _stories_for(company: Company) -> list[Story]:
    """Stories in the company's language about what it bought; billing questions come from everybody."""
    return [
        story
        for story in STORIES
        if story.language == company.language and (story.service in (*company.services, Service.OTHER))
    ]
