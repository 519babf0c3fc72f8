"""The demo world: a believable month at the desk, lived through the product's own verbs under a moved clock."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, datetime, timedelta

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
from helpdesk.customers.models import Customer, SupportPlan
from helpdesk.customers.names import fold
from helpdesk.database import db, is_sqlite, unit_of_work
from helpdesk.demo import calendars
from helpdesk.demo.defaults import install_defaults
from helpdesk.demo.granting import record_rights
from helpdesk.demo.month import WEEKDAYS, Month, Town
from helpdesk.demo.people import COMPANIES, OFFICE_HOURS, ON_CALL, STAFF, Company
from helpdesk.escalations.models import Entitlement, SupportChannel
from helpdesk.notifications.models import DeliveryState, OutboxMessage
from helpdesk.sla.editing import create_calendar
from helpdesk.tickets.models import Ticket, Topic
from workflows.vocabulary import ChannelKind, Kind, Role, Service

DEFAULT_PASSWORD = "demo-only-password"  # noqa: S105 - printed on purpose, refused outside development
DAYS = 30
ZONE = "Europe/Budapest"


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
        Month(hand, end, town, random.Random(seed), progress).live(tickets)  # noqa: S311 - dice, no secrets
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
    rota.add_rotation(team, rota.Rotation(turns, at.date() - timedelta(days=6), 0, 9, ZONE, 16), at)
    name, hours, whose = OFFICE_HOURS
    week = dict.fromkeys(WEEKDAYS, hours)
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
    ends_on = at.date() + timedelta(days=60 + number * 9)
    return SubscriptionDraft(name, service, vendor_id, seats, ends_on, bought_on=ends_on - timedelta(days=2 * 365 - 1))


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
