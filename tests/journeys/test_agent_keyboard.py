"""Ana's day without a mouse: from the queue to a resolved ticket, by keys alone."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from helpdesk.accounts.models import User
from helpdesk.clock import now
from helpdesk.customers.models import Customer
from helpdesk.database import db, unit_of_work
from helpdesk.tickets.actions.opening import Opening, open_ticket
from helpdesk.tickets.models import Ticket
from workflows.vocabulary import HoldCause, Kind, Level, Service, State

from .conftest import CUSTOMER, NARROW, LiveServer, sign_in

pytestmark = pytest.mark.browser


@pytest.fixture
def number(live_server: LiveServer) -> int:
    """What Rita sent in: the first of two tickets, due first."""
    usual = {
        "kind": Kind.TECHNICAL,
        "service": Service.MICROSOFT365,
        "description": "Since about eight this morning.",
        "contact_name": "Rita Fehér",
        "contact_email": "rita.feher@alpina.example",
        "company": "Alpina Logistics",
    }
    with unit_of_work():
        subject = "Outlook keeps asking for the password"
        first = open_ticket(Opening(**usual, impact=Level.HIGH, urgency=Level.HIGH, subject=subject), None, now())
        open_ticket(Opening(**usual, impact=Level.LOW, urgency=Level.LOW, subject="A question"), None, now())
    found = first.ticket.id
    db.session.remove()
    return found


def ticket(number: int) -> Ticket:
    db.session.remove()
    found = db.session.get(Ticket, number)
    assert found is not None
    return found


def press(page: Any, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def tab_to(page: Any, wanted: str, at_most: int = 120) -> None:
    """Press Tab until the focused control matches the selector ``wanted``."""
    for _step in range(at_most):
        page.keyboard.press("Tab")
        if page.evaluate("wanted => document.activeElement.matches(wanted)", wanted):
            return
    raise AssertionError(f"Tab never came to {wanted}")


def test_from_the_queue_to_resolved(page: Any, number: int) -> None:
    sign_in(page, "ana@desk.example")
    page.goto("/queue")
    press(page, "j")
    page.wait_for_selector(f"#row-{number}.is-cursor")
    press(page, "t")  # take it: the line is swapped in place and keeps the cursor
    page.wait_for_selector(f"#row-{number} [aria-label='Ana Kovács']")
    assert page.locator("[data-row]").count() == 2
    press(page, "j", "k", "Enter")
    page.wait_for_url(f"**/tickets/{number}")

    tab_to(page, "a[href$='/customer']")
    press(page, "Enter")
    page.wait_for_url("**/customer")
    tab_to(page, ".suggestion button, form button.btn-primary")
    press(page, "Enter")
    page.wait_for_url(f"**/tickets/{number}")
    assert ticket(number).customer.name == CUSTOMER

    press(page, "e")
    page.wait_for_url("**/classification")
    tab_to(page, "#topic")
    page.keyboard.type("Sign-in", delay=10)  # a select chooses what begins like this
    tab_to(page, "main button[type=submit]")
    press(page, "Enter")
    page.wait_for_url(f"**/tickets/{number}")
    tab_to(page, "#moves button[type=submit]")
    press(page, "Enter")
    page.wait_for_selector("[aria-current=step]:has-text('Diagnosis')")

    press(page, "r")
    page.keyboard.type("We are looking into it, Rita.")
    press(page, "Control+Enter")
    page.wait_for_selector(".message:has-text('We are looking into it, Rita.')")
    assert page.locator("#conversation").count() == page.locator("#promises").count() == 1
    page.wait_for_selector("#timeline:has-text('answered the customer')")
    assert page.input_value("#reply-body") == ""
    press(page, "m")
    page.keyboard.type("Looks like the rule order.")
    press(page, "Control+Enter")
    page.wait_for_selector(".message-note:has-text('Looks like the rule order.')")

    press(page, "h")
    page.wait_for_selector("#hold[open]")
    tab_to(page, "#hold button[type=submit]")
    press(page, "Enter")
    page.wait_for_selector(".held")
    assert ticket(number).hold_cause is HoldCause.CUSTOMER
    press(page, "h")  # the same key ends it
    page.wait_for_selector("#hold")
    assert ticket(number).hold_cause is None

    tab_to(page, "#moves summary.btn")  # the first open move with a form: resolving
    press(page, "Enter")
    tab_to(page, "input[name=resolution_code]")
    press(page, "Space")
    tab_to(page, "textarea[name=note]")
    page.keyboard.type("The rule order is mended.")
    tab_to(page, "#moves button[type=submit]")
    press(page, "Enter")
    page.wait_for_selector("[aria-current=step]:has-text('Resolved')")
    assert ticket(number).state is State.RESOLVED


def test_pages_of_a_fresh_ticket_have_no_barriers(page: Any, number: int, violations: Any) -> None:
    sign_in(page, "ana@desk.example")
    paths = (
        f"/tickets/{number}", f"/tickets/{number}/customer", f"/tickets/{number}/classification",
        f"/tickets/{number}/diagnosis",
        f"/tickets/{number}/escalate", f"/tickets/{number}/events", f"/tickets/{number}/links",
    )  # fmt: skip
    found = {}
    for path in paths:
        page.goto(path)
        if wrong := violations(page):
            found[path] = wrong
    assert found == {}


def test_a_phone_shows_everything_without_scrolling_sideways(new_page: Any, number: int, violations: Any) -> None:
    phone = new_page(viewport=NARROW, has_touch=True)
    sign_in(phone, "ana@desk.example")
    for path in ("/queue", f"/tickets/{number}", f"/tickets/{number}/escalate", "/tickets/new"):
        phone.goto(path)
        assert phone.evaluate("document.documentElement.scrollWidth") <= NARROW["width"], path
        assert violations(phone) == [], path


def test_work_goes_on_without_scripts(new_page: Any, number: int) -> None:
    page = new_page(javascript=False)
    sign_in(page, "ana@desk.example")
    page.goto("/queue")
    page.click(f"#row-{number} button[aria-label^='Take']", force=True)
    page.wait_for_url("**/queue")
    page.goto(f"/tickets/{number}")
    page.fill("#reply-body", "We are looking into it.")
    page.click("button:has-text('Send and wait for the customer')")
    page.wait_for_url(f"**/tickets/{number}**")
    found = ticket(number)
    ana = db.session.scalars(sa.select(User).where(User.name == "Ana Kovács")).one()
    assert (found.hold_cause, found.assignee_id) == (HoldCause.CUSTOMER, ana.id)


def test_opening_for_somebody_who_phoned_finds_the_customer_while_typing(page: Any, live_server: Any) -> None:
    sign_in(page, "ana@desk.example")
    page.goto("/tickets/new")
    page.focus("#customer_name")
    page.keyboard.type("alpi")
    page.wait_for_selector("#customer-matches input[type=radio]:checked")
    page.fill("#contact_email", "zoltan@alpina.example")
    page.fill("#contact_name", "Varga Zoltán")
    page.fill("#subject", "VPN is down")
    page.fill("#description", "He phoned at nine.")
    page.click("button:has-text('Open the ticket')")
    page.wait_for_url("**/tickets/1*")
    db.session.remove()
    opened = db.session.scalars(sa.select(Ticket)).one()
    customer = db.session.scalars(sa.select(Customer).where(Customer.name == CUSTOMER)).one()
    assert opened.customer_id == customer.id
