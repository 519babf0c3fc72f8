"""axe looks at every page, wide and narrow, light and dark; and no page is wider than its screen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from helpdesk.accounts.actor import Actor
from helpdesk.accounts.models import User
from helpdesk.clock import now
from helpdesk.customers.actions import add_contact
from helpdesk.customers.models import Customer
from helpdesk.database import db, unit_of_work
from helpdesk.jobs import jobs
from helpdesk.sla.models import Breach, SlaClock
from helpdesk.tickets.actions import assigning, conversation, diagnosing, holding, moving, triaging
from helpdesk.tickets.actions.opening import Opening, open_ticket
from helpdesk.tickets.models import Topic
from workflows.vocabulary import (
    Boundary,
    BoundaryReason,
    HealthResult,
    HoldCause,
    Kind,
    Level,
    Service,
    Trigger,
)

from .conftest import LiveServer, sign_in

pytestmark = pytest.mark.browser

AREAS = ("users", "teams", "calendars", "policies", "topics", "channels", "plans", "pack")


@dataclass(frozen=True)
class Shown:
    """Tickets in telling states, a tracker's link, a missed promise and a contact."""

    fresh: int
    diagnosed: int
    escalated: int
    tracker: str
    breach_id: int
    clock_id: int
    contact_id: int
    customer_id: int


@pytest.fixture
def shown(live_server: LiveServer, app: Flask) -> Shown:
    """A small desk with something of everything, two days into its life."""
    ana = Actor.of_user(db.session.scalars(sa.select(User).where(User.email == "ana@desk.example")).one())
    customer_id = db.session.scalars(sa.select(Customer.id)).one()
    topic_id = db.session.scalars(sa.select(Topic.id).where(Topic.kind == Kind.TECHNICAL)).first() or 0
    with unit_of_work():
        customer = db.session.get_one(Customer, customer_id)
        contact_id = add_contact(customer, "rita.feher@alpina.example", "Rita Fehér", "en", now()).id
    held, fresh, diagnosed, escalated = (_opened(number) for number in range(4))
    with unit_of_work():
        holding.hold(held[0], ana, HoldCause.CUSTOMER, now())
    for number in (diagnosed[0], escalated[0]):
        _diagnose(number, ana, customer_id, topic_id)
    with unit_of_work():
        moving.move(escalated[0], ana, Trigger.ESCALATE_TO_PREMIER, now())
        conversation.note(escalated[0], ana, "They will call back.", now())
    live_server.hand.advance(2 * 24 * 3600)
    for _step in jobs.sweep_clocks():
        pass
    breach_id = db.session.scalars(sa.select(Breach.id)).first() or 0
    clock_id = db.session.scalars(sa.select(SlaClock.id).where(SlaClock.ticket_id == fresh[0])).first() or 0
    db.session.remove()
    return Shown(fresh[0], diagnosed[0], escalated[0], fresh[1], breach_id, clock_id, contact_id, customer_id)


def _opened(number: int) -> tuple[int, str]:
    with unit_of_work():
        opening = Opening(
            kind=Kind.TECHNICAL,
            service=Service.MICROSOFT365,
            impact=Level.HIGH,
            urgency=Level.MEDIUM,
            subject=f"Outlook keeps asking for the password on floor {number}",
            description="Since about eight this morning.",
            contact_name="Rita Fehér",
            contact_email="rita.feher@alpina.example",
            company="Alpina",
        )
        opened = open_ticket(opening, None, now())
        return opened.ticket.id, opened.token


def _diagnose(number: int, ana: Actor, customer_id: int, topic_id: int) -> None:
    chosen = triaging.Classification(Kind.TECHNICAL, Service.MICROSOFT365, Level.HIGH, Level.MEDIUM, topic_id)
    bug = Boundary.VENDORS, BoundaryReason.BUG
    with unit_of_work():
        assigning.assign(number, ana, ana.id, now())
        triaging.confirm_customer(number, ana, customer_id, now())
        triaging.classify(number, ana, chosen, now())
        moving.move(number, ana, Trigger.START_DIAGNOSIS, now())
        found = diagnosing.Findings(HealthResult.HEALTHY, "Token refused", "Another profile", *bug)
        diagnosing.record_diagnosis(number, ana, found, now())
        conversation.reply(number, ana, "We are looking into it.", now())


@pytest.fixture
def look(new_page: Callable[..., Any], barriers: Callable[[Any], list[str]]) -> Callable[..., list[str]]:
    """Open addresses as somebody and say all that is wrong with them; addresses may stand with their status."""

    def look_at(email: str | None, addresses: tuple[str | tuple[str, int], ...]) -> list[str]:
        page = new_page()
        if email is not None:
            sign_in(page, email)
        found: list[str] = []
        for each in addresses:
            address, status = each if isinstance(each, tuple) else (each, 200)
            assert page.goto(address).status == status, address
            page.evaluate("document.querySelectorAll('main details').forEach(part => { part.open = true })")
            found += barriers(page)
        return found

    return look_at


def test_the_customers_pages(shown: Shown, look: Callable[..., list[str]]) -> None:
    addresses = ("/submit", f"/track/{shown.tracker}", "/submitted", "/new-link", "/login", ("/nothing", 404))
    assert look(None, addresses) == []


def test_the_agents_pages(shown: Shown, look: Callable[..., list[str]]) -> None:
    fresh, diagnosed = f"/tickets/{shown.fresh}", f"/tickets/{shown.diagnosed}"
    parts = ("customer", "classification", "facts", "diagnosis", "links", "events", "escalate", "pack")
    addresses = (
        "/queue", "/queue?hold=customer", "/search?q=outlook", "/search?q=nothing-like-it", "/tickets/new",
        fresh, diagnosed, f"/tickets/{shown.escalated}", *(f"{diagnosed}/{part}" for part in parts),
        f"{fresh}/clocks/{shown.clock_id}/explanation", ("/tickets/999999", 404), "/notifications",
        "/account/settings", "/account/password", ("/admin/users", 403),
        "/incidents", "/incidents/new", f"{diagnosed}/incident", "/credits",
    )  # fmt: skip
    assert look("ana@desk.example", addresses) == []


def test_the_managers_pages(shown: Shown, look: Callable[..., list[str]]) -> None:
    ticket = f"/tickets/{shown.escalated}"
    reports = ("/reports/returns", "/reports/returns/tickets?channel=premier", "/reports/returns?to=2020-01-01")
    addresses = ("/today", "/breaches", f"/breaches/{shown.breach_id}", *reports, "/workflows", ticket)
    assert look("max@desk.example", addresses) == []


def test_the_admins_lists_and_new_things(shown: Shown, look: Callable[..., list[str]]) -> None:
    lists, new = (f"/admin/{area}" for area in AREAS), (f"/admin/{area}/new" for area in AREAS if area != "channels")
    addresses = ("/admin", "/admin/permissions", "/admin/jobs", *lists, *new, "/admin/channels/1/entitlements/new")
    assert look("adam@desk.example", addresses) == []


def test_the_admins_things_and_customers(shown: Shown, look: Callable[..., list[str]]) -> None:
    customer = f"/customers/{shown.customer_id}"
    addresses = (
        *(f"/admin/{area}/1" for area in AREAS), "/admin/channels/entitlements/1",
        "/customers", customer, f"{customer}/edit", "/customers/new", f"{customer}/contacts/new",
        f"{customer}/contacts/{shown.contact_id}", f"{customer}/subscriptions/new", f"{customer}/rights/new",
        "/customers/rights", "/admin/channels/spending",
    )  # fmt: skip
    assert look("adam@desk.example", addresses) == []


def test_axe_would_find_something(new_page: Callable[..., Any], violations: Callable[..., list[str]]) -> None:
    page = new_page()
    page.goto("/login")
    page.evaluate("document.querySelector('label[for=email]').remove()")
    assert [wrong.partition(":")[0] for wrong in violations(page)] == ["label"]
