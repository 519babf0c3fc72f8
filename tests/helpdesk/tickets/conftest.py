"""A desk with its starting set and people, for tests that work on tickets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, g
from flask.testing import FlaskClient

from helpdesk.accounts.actor import Actor
from helpdesk.accounts.models import Team, User, UserRole
from helpdesk.clock import Hand, now
from helpdesk.customers.models import Customer, SupportPlan
from helpdesk.database import db, unit_of_work
from helpdesk.escalations.models import Entitlement, SupportChannel
from helpdesk.tickets.actions import assigning, diagnosing, moving, triaging
from helpdesk.tickets.actions.opening import Opened, Opening, open_ticket
from helpdesk.tickets.models import Topic
from tests.packs import ask_for_no_pack
from tests.people import signed_in
from tests.worlds import remembered, starting_set
from workflows.vocabulary import (
    Boundary,
    BoundaryReason,
    ChannelKind,
    HealthResult,
    Kind,
    Level,
    Role,
    Service,
    Trigger,
)


@dataclass(frozen=True)
class Desk:
    """Ids of the people in tests: Ana the agent, Lea the lead, Max the manager; and a customer on a plan."""

    ana: Actor
    lea: Actor
    max: Actor
    customer_id: int


@pytest.fixture
def desk(app: Flask, hand: Hand) -> Desk:
    return remembered(staffed)


def staffed() -> Desk:
    starting_set()
    ask_for_no_pack()
    with unit_of_work() as session:
        people = {
            name: _user(name, role)
            for name, role in (("Ana Kovács", Role.AGENT), ("Lea Horváth", Role.LEAD), ("Max Berger", Role.MANAGER))
        }
        session.add_all(people.values())
        plan = session.scalars(sa.select(SupportPlan).order_by(SupportPlan.id).limit(1)).first()
        customer = Customer(name="Alpina Logistics Kft.", search_name="alpina logistics kft.", created_at=now())
        customer.support_plan_id = plan.id if plan else None
        session.add(customer)
        channel = session.scalars(sa.select(SupportChannel).where(SupportChannel.kind == ChannelKind.PREMIER)).one()
        session.add(
            Entitlement(
                channel_id=channel.id,
                starts_on=date(2026, 1, 1),
                ends_on=date(2026, 12, 31),
                incidents_included=6,
                created_at=now(),
            )
        )
        session.flush()
        actors = [Actor.of_user(user) for user in people.values()]
        customer_id = customer.id
    return Desk(*actors, customer_id)


def _user(name: str, role: Role) -> User:
    team_id = db.session.scalars(sa.select(Team.id).where(Team.is_default)).one()
    email = f"{name.split(' ')[0].lower()}@desk.example"
    user = User(email=email, name=name, password_hash="-", created_at=now(), team_id=team_id)
    user.role_rows = [UserRole(role=role)]
    return user


@pytest.fixture
def opened(desk: Desk) -> Callable[..., Opened]:
    """``open_one``, on the desk."""
    return open_one


def open_one(actor: Actor | None = None, **parts: Any) -> Opened:
    """Open a ticket as Rita would by the form; keyword arguments replace parts of the opening."""
    usual: dict[str, Any] = {
        "kind": Kind.TECHNICAL,
        "service": Service.MICROSOFT365,
        "impact": Level.HIGH,
        "urgency": Level.HIGH,
        "subject": "Outlook keeps asking for the password",
        "description": "Since about eight this morning.",
        "contact_name": "Rita Fehér",
        "contact_email": "rita.feher@alpina.example",
    }
    with unit_of_work():
        return open_ticket(Opening(**(usual | parts)), actor, now())


@pytest.fixture
def topic_id(desk: Desk) -> int:
    return db.session.scalars(sa.select(Topic.id).where(Topic.kind == Kind.TECHNICAL).order_by(Topic.id)).first() or 0


@pytest.fixture
def statements(app: Flask) -> Callable[[], AbstractContextManager[list[str]]]:
    """Collect the statements that run inside a block: ``with statements() as ran: ...``."""

    @contextmanager
    def collect() -> Iterator[list[str]]:
        ran: list[str] = []
        # requests of a test share its application context: what an earlier one has loaded must not help this one
        db.session.remove()
        g.pop("_login_user", None)

        def hear(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            ran.append(statement)

        sa.event.listen(db.engine, "before_cursor_execute", hear)
        try:
            yield ran
        finally:
            sa.event.remove(db.engine, "before_cursor_execute", hear)

    return collect


@pytest.fixture
def ana(app: Flask, desk: Desk) -> FlaskClient:
    """Ana's browser."""
    return browser_of(app, desk.ana)


def browser_of(app: Flask, person: Actor) -> FlaskClient:
    user = db.session.get(User, person.id)
    assert user is not None
    return signed_in(app, user)


@pytest.fixture
def number(opened: Callable[..., Opened]) -> int:
    return opened(description="Since about eight.\nSee https://status.example/1").ticket.id


@pytest.fixture
def worked(number: int, desk: Desk, topic_id: int) -> int:
    """A ticket that Ana has taken through diagnosis; Microsoft's to solve."""
    with unit_of_work():
        assigning.assign(number, desk.ana, desk.ana.id, now())
        triaging.confirm_customer(number, desk.ana, desk.customer_id, now())
        chosen = triaging.Classification(Kind.TECHNICAL, Service.AZURE, Level.HIGH, Level.HIGH, topic_id)
        triaging.classify(number, desk.ana, chosen, now())
        moving.move(number, desk.ana, Trigger.START_DIAGNOSIS, now())
        found = diagnosing.Findings(
            HealthResult.HEALTHY, "Token refused", "Another profile", Boundary.VENDORS, BoundaryReason.BUG
        )
        diagnosing.record_diagnosis(number, desk.ana, found, now())
    return number
