"""An outage in a browser: from three tickets of three customers to a credit that is passed on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from helpdesk.accounts.actor import Actor
from helpdesk.accounts.models import User
from helpdesk.clock import now
from helpdesk.customers.models import Customer, Subscription
from helpdesk.database import db, unit_of_work
from helpdesk.escalations.outages.editing import IncidentDraft
from helpdesk.jobs import jobs
from helpdesk.tickets.actions import crediting, triaging
from helpdesk.tickets.actions.opening import Opening, open_ticket
from workflows.vocabulary import Kind, Level, Service

from .conftest import NARROW, WIDE, LiveServer, sign_in

pytestmark = pytest.mark.browser

COMPANIES = ("Alpina Logistics Kft.", "Borealis Energia Zrt.", "Cser Malom Bt.")


@pytest.fixture
def numbers(live_server: LiveServer) -> list[int]:
    """Three confirmed tickets about the same fault, the second of a customer who writes Hungarian."""
    with unit_of_work() as session:
        for name in COMPANIES[1:]:
            session.add(Customer(name=name, search_name=name.lower(), domain="other.example", created_at=now()))
        session.flush()
        customers = {row.name: row for row in session.scalars(sa.select(Customer))}
        alpina = customers[COMPANIES[0]]
        alpina.tenant_id, alpina.domain = "5f0c1d2e-0000-4000-8000-000000000001", "alpina.example"
        bought = Subscription(customer_id=alpina.id, name="Microsoft 365 E3", service=Service.MICROSOFT365)
        bought.vendor_id = "sub-77"
        session.add(bought)
        ana = Actor.of_user(session.scalars(sa.select(User).where(User.email == "ana@desk.example")).one())
    found = []
    for place, name in enumerate(COMPANIES):
        with unit_of_work():
            opening = Opening(
                Kind.TECHNICAL, Service.MICROSOFT365, Level.HIGH, Level.HIGH, "Mail does not arrive", "Since eight.",
                f"Person {place}", f"rita{place}@alpina.example", language="hu" if place == 1 else "en",
            )  # fmt: skip
            found.append(open_ticket(opening, None, now()).ticket.id)
            triaging.confirm_customer(found[-1], ana, customers[name].id, now())
    db.session.remove()
    return found


def test_from_three_tickets_to_a_credit_passed_on(
    page: Any, live_server: LiveServer, numbers: list[int], violations: Callable[..., list[str]]
) -> None:
    sign_in(page, "ana@desk.example")
    _begin_on_a_ticket(page, numbers[0])
    _link_the_others_from_the_queue(page, numbers)
    page.get_by_role("navigation", name="Main", exact=True).get_by_role("link", name="Outages").click()
    page.get_by_role("link", name="EX25194").click()
    assert page.locator(".figures").inner_text().split()[-1].isdigit()
    assert violations(page) == []
    _tell(page, live_server, numbers)
    page.get_by_role("link", name=COMPANIES[0]).click()
    assert "Subscription: Microsoft 365 E3, sub-77" in page.locator("#draft-1").inner_text()
    assert violations(page) == []
    page.get_by_role("button", name="Claim by this ticket").click()
    page.get_by_text("Claimed by").wait_for()
    page.get_by_role("button", name="Microsoft was asked").click()
    page.get_by_role("button", name="Granted").click()  # without the amount
    assert "Write the amount that was granted." in page.locator("#amount-error").inner_text()
    page.get_by_label("Amount granted").fill("48,20")
    page.get_by_role("button", name="Granted").click()
    page.get_by_label("On which invoice or credit note?").fill("CN-118")
    page.get_by_role("button", name="Passed on").click()
    page.locator("h1 + .pill", has_text="Passed on").wait_for()
    assert "48.20 EUR" in page.locator(".credit-amount").first.inner_text()
    page.goto("/credits")
    page.get_by_text("Every credit was passed on").wait_for()


def test_a_title_of_one_long_word_widens_no_page(page: Any, live_server: LiveServer, numbers: list[int]) -> None:
    with unit_of_work() as session:
        ana = Actor.of_user(session.scalars(sa.select(User).where(User.email == "ana@desk.example")).one())
        draft = IncidentDraft("EX25194", Service.MICROSOFT365, "x" * 200, now())
        incident_id = crediting.save_incident(None, draft, ana, now()).id
    sign_in(page, "ana@desk.example")
    for path in (
        f"/tickets/{numbers[0]}",
        f"/tickets/{numbers[0]}/incident",
        f"/incidents/{incident_id}",
        "/incidents",
    ):
        page.goto(path)
        page.get_by_text("EX25194").first.wait_for()
        for viewport in (WIDE, NARROW):
            page.set_viewport_size(viewport)
            width = page.evaluate("document.documentElement.scrollWidth")
            assert width <= viewport["width"], f"{path} at {viewport['width']} px"


def _begin_on_a_ticket(page: Any, number: int) -> None:
    page.goto(f"/tickets/{number}/incident")
    page.get_by_role("link", name="Add an outage").click()
    page.get_by_label("Microsoft’s number").fill("EX25194")
    page.get_by_role("button", name="Add and link").click()
    page.locator("#facts").get_by_role("link", name="EX25194").wait_for()


def _link_the_others_from_the_queue(page: Any, numbers: list[int]) -> None:
    page.goto("/queue")
    for number in numbers[1:]:
        page.locator(f"#row-{number} input[name=ticket]").check()
    page.get_by_role("button", name="Outage…").click()
    page.get_by_role("radio", name="EX25194").check()
    page.get_by_role("button", name="Link").click()
    page.get_by_text("Done on 2 tickets.").wait_for()


def _tell(page: Any, live_server: LiveServer, numbers: list[int]) -> None:
    page.get_by_label("In English").fill("Borealis Energia reported it first. It works again.")
    page.get_by_role("button", name="Tell them").click()
    assert "Borealis Energia Zrt." in page.locator("#may_name-error").inner_text()
    page.get_by_label("In English").fill("It works again.")
    page.get_by_label("In Hungarian").fill("Újra működik.")
    page.get_by_role("button", name="Tell them").click()
    page.get_by_text("on its way").wait_for()
    with live_server.app.app_context():
        list(jobs.tell_outages())
        db.session.remove()
    page.reload()
    page.get_by_text("told on 3 of 3 tickets").wait_for()
    page.goto(f"/tickets/{numbers[1]}")
    assert "Újra működik." in page.locator("#conversation").inner_text()
    page.go_back()
