"""A refund in a browser: the window that ends tonight comes first, the ticket goes to Commercial and is credited."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from helpdesk.accounts.actor import Actor
from helpdesk.accounts.models import User
from helpdesk.clock import now
from helpdesk.customers.models import Customer, Subscription
from helpdesk.database import db, unit_of_work
from helpdesk.tickets.actions import assigning, diagnosing, moving, triaging
from helpdesk.tickets.actions.opening import Opening, open_ticket
from helpdesk.tickets.models import Topic
from workflows.vocabulary import Boundary, BoundaryReason, HealthResult, Kind, Level, Service, Trigger

from .conftest import LiveServer, sign_in

pytestmark = pytest.mark.browser

WINDOW = "New-commerce seats: cancel or reduce"
BOUGHT = date(2026, 11, 18)
"""Six days before the journey: seven days end at midnight."""


@pytest.fixture
def number(live_server: LiveServer) -> int:
    """Bill has found that forty seats too many were bought; somebody else's ticket is older and answered sooner."""
    with unit_of_work() as session:
        customer = session.scalars(sa.select(Customer)).one()
        bought = Subscription(customer_id=customer.id, name="Microsoft 365 E3", service=Service.MICROSOFT365)
        bought.bought_on, bought.seats, bought.vendor_id = BOUGHT, 80, "sub-80"
        session.add(bought)
        session.flush()
        bill = Actor.of_user(session.scalars(sa.select(User).where(User.email == "bill@desk.example")).one())
        topic_id = session.scalars(sa.select(Topic.id).where(Topic.kind == Kind.BILLING)).first()
    with unit_of_work():
        opened = [_open(subject) for subject in ("When is the next invoice due?", "Forty seats too many")][-1]
        assigning.assign(opened, bill, bill.user_id, now())
        triaging.confirm_customer(opened, bill, customer.id, now())
        chosen = triaging.Classification(Kind.BILLING, Service.MICROSOFT365, Level.LOW, Level.LOW, topic_id)
        triaging.classify(opened, bill, chosen, now())
        triaging.change_facts(opened, bill, "Forty seats too many", bought.id, now())
        moving.move(opened, bill, Trigger.START_DIAGNOSIS, now())
        found = diagnosing.Findings(
            HealthResult.HEALTHY,
            "Ordered twice.",
            "Partner Center refuses.",
            Boundary.VENDORS,
            BoundaryReason.COMMERCIAL,
        )
        diagnosing.record_diagnosis(opened, bill, found, now())
    db.session.remove()
    return opened


def _open(subject: str) -> int:
    opening = Opening(
        Kind.BILLING, Service.MICROSOFT365, Level.LOW, Level.LOW, subject, "Please look.", "Rita Fehér",
        "rita.feher@alpina.example",
    )  # fmt: skip
    return open_ticket(opening, None, now()).ticket.id


def test_a_refund_from_the_window_to_the_credit(
    page: Any, phone: Any, number: int, live_server: LiveServer, violations: Callable[..., list[str]]
) -> None:
    sign_in(page, "bill@desk.example")
    page.goto("/queue")
    assert page.locator("[id^=row-1]").first.get_attribute("id") != f"row-{number}"
    _let_it_run(page, number, violations)
    _it_comes_first(page, number)
    _in_the_evening_it_leads_today(page, live_server)
    _escalate(page, number)
    _credited(page, number)
    _nothing_runs_any_more(page, phone, number)


def _let_it_run(page: Any, number: int, violations: Callable[..., list[str]]) -> None:
    """Bill types no date: the desk knows when it was bought."""
    page.goto(f"/tickets/{number}")
    page.locator("#promises").get_by_role("link", name="Money").click()
    offer = page.locator(".offers li", has_text=WINDOW)
    assert "bought on 18 Nov" in offer.inner_text()
    assert violations(page) == []
    offer.get_by_role("button").click()
    running = page.locator("section.box", has_text=WINDOW).first
    assert "Cancellation window" in running.inner_text()
    assert running.locator("time.due").get_attribute("data-due") == "2026-11-24T23:00:00Z"


def _it_comes_first(page: Any, number: int) -> None:
    page.goto("/queue")
    first = page.locator("[id^=row-1]").first
    assert first.get_attribute("id") == f"row-{number}"
    assert "Cancellation window" in first.inner_text()
    assert first.locator("[data-due]").first.get_attribute("data-due") == "2026-11-24T23:00:00Z"
    page.goto(f"/tickets/{number}")
    boxed = page.locator("#promises .promise-boxed")
    assert "Cancellation window" in boxed.inner_text()
    assert "promise-warn" in (boxed.get_attribute("class") or "")  # less than a day


def _in_the_evening_it_leads_today(page: Any, server: LiveServer) -> None:
    """Long after the desk has closed, and every service clock stands still."""
    server.hand.at = datetime(2026, 11, 24, 19, 30, tzinfo=UTC)
    page.goto("/today")
    near = page.locator("#near").inner_text()
    assert "Forty seats too many" in near
    assert "Cancellation window" in near


def _escalate(page: Any, number: int) -> None:
    page.goto(f"/tickets/{number}/escalate")
    page.get_by_label("Commercial support").check()
    page.get_by_role("button", name="Escalate").click()
    page.locator(".ticket-title .pill", has_text="With Microsoft: Commercial").wait_for()
    page.get_by_label("Microsoft’s number").fill("2611240040001234")
    page.get_by_role("button", name="Keep the number").click()
    page.locator(".case-number", has_text="2611240040001234").wait_for()
    page.goto(f"/tickets/{number}/money")
    page.get_by_role("button", name="Microsoft was asked").click()
    page.get_by_text("No window runs on this ticket.").wait_for()


def _credited(page: Any, number: int) -> None:
    page.goto(f"/tickets/{number}")
    page.locator(".moves summary", has_text="Take it back from Microsoft").click()
    page.get_by_label("Microsoft answered").check()
    page.get_by_role("button", name="Take it back from Microsoft").click()
    page.locator(".ticket-title .pill", has_text="Partner resolution").wait_for()
    page.get_by_role("button", name="Close case").click()
    page.locator(".case", has_text="Closed").wait_for()
    page.locator(".moves summary", has_text="Resolve").click()
    page.get_by_label("Credited").check()
    page.get_by_label("A note the contact can read").fill("Forty seats are off your next invoice.")
    page.get_by_role("button", name="Resolve").click()
    page.locator(".ticket-title .pill", has_text="Resolved").wait_for()


def _nothing_runs_any_more(page: Any, phone: Any, number: int) -> None:
    history = page.locator("main").inner_text()
    assert f"asked in time: {WINDOW}" in history
    assert "Cancellation window" not in page.locator("#promises").inner_text()
    sign_in(phone, "bill@desk.example")
    phone.goto(f"/tickets/{number}/money")
    assert "asked for in time" in phone.locator("main").inner_text()
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
