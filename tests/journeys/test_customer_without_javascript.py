"""Rita's browser runs no scripts: she asks, mends a mistake, follows her request and ends it all the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from helpdesk.accounts.actor import Actor
from helpdesk.accounts.models import User
from helpdesk.clock import now
from helpdesk.database import db, unit_of_work
from helpdesk.tickets.actions import assigning, conversation
from helpdesk.tickets.models import Attachment, Ticket
from workflows.vocabulary import Kind, State

from .conftest import NARROW, LiveServer

pytestmark = pytest.mark.browser


@pytest.fixture(params=["wide", "narrow"])
def plain(request: pytest.FixtureRequest, new_page: Callable[..., Any]) -> Any:
    """A page without scripts, on a desk's screen and on a phone's."""
    return new_page(javascript=False, **({"viewport": NARROW} if request.param == "narrow" else {}))


@pytest.fixture
def invoice(tmp_path: Path) -> str:
    path = tmp_path / "invoice.pdf"
    path.write_bytes(b"%PDF-1.7 " + b"x" * 2000)
    return str(path)


def _ask(page: Any) -> None:
    page.goto("/submit")
    page.get_by_label("Billing question").check()
    page.get_by_label("What does it concern?").select_option("microsoft365")
    page.get_by_label("What do you ask for?").select_option("refund")
    page.get_by_label("Invoice or subscription").fill("INV-2026-117")
    page.get_by_label("In one line, what is it?").fill("Charged twice in October")
    page.get_by_label("What did you see or need?").fill("The same licences stand on two invoices.")
    page.get_by_label("Several people").check()
    page.get_by_label("It can wait").check()
    page.get_by_label("Your name").fill("Rita Fehér")
    page.get_by_label("Your e-mail address").fill("rita.feher@alpina.example")


def _ticket() -> Ticket:
    db.session.rollback()
    newest = sa.select(Ticket).order_by(Ticket.id.desc()).limit(1)
    return db.session.scalars(newest.execution_options(populate_existing=True)).one()


def _fits(page: Any) -> bool:
    """Whether nothing stands out at the side of the screen."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_both_kinds_of_questions_stand_there(plain, live_server):
    plain.goto("/submit")
    for question in ("Invoice or subscription", "What do you ask for?", "Since when?", "The error, word by word"):
        assert plain.get_by_label(question).is_visible()
    assert _fits(plain)


def test_she_asks_mends_and_follows(plain, live_server: LiveServer, invoice: str):
    _ask(plain)
    plain.get_by_label("Add a picture or file").set_input_files(invoice)
    plain.get_by_role("button", name="Update the times").click()
    promised = "You’ll hear from us by tomorrow 14:12, solved by"
    assert promised in plain.locator("#promise").inner_text()
    assert plain.get_by_label("invoice.pdf").is_checked()

    plain.get_by_label("Your e-mail address").fill("rita at alpina")
    plain.get_by_role("button", name="Send").click()
    assert "Write an address like" in plain.locator("#email-error").inner_text()
    assert plain.get_by_label("In one line, what is it?").input_value() == "Charged twice in October"
    assert plain.get_by_label("invoice.pdf").is_checked()

    plain.get_by_label("Your e-mail address").fill("rita.feher@alpina.example")
    plain.get_by_role("button", name="Send").click()
    ticket = _ticket()
    assert plain.locator(".number").inner_text() == f"#{ticket.number}"
    assert "tomorrow 14:12" in plain.locator(".next-steps").inner_text()
    assert (ticket.kind, ticket.intake) == (Kind.BILLING, {"asked": "refund", "reference": "INV-2026-117"})
    assert _fits(plain)

    plain.get_by_role("link", name="Open the ticket").click()
    assert plain.locator("h1").inner_text() == "Charged twice in October"
    assert plain.locator("[aria-current=step]").inner_text().startswith("We’re finding the right person for it")
    with plain.expect_download() as download:
        plain.get_by_role("link", name="invoice.pdf").click()
    assert download.value.suggested_filename == "invoice.pdf"
    assert _fits(plain)


def test_a_file_is_taken_out_by_its_box(plain, live_server: LiveServer, invoice: str):
    _ask(plain)
    plain.get_by_label("Add a picture or file").set_input_files(invoice)
    plain.get_by_role("button", name="Update the times").click()
    plain.get_by_label("invoice.pdf").uncheck()
    plain.get_by_role("button", name="Send").click()
    plain.locator(".number").wait_for()
    assert db.session.scalar(sa.select(sa.func.count(Attachment.id))) == 0


def test_they_talk_and_she_ends_it_and_comes_back(plain, live_server: LiveServer):
    _ask(plain)
    plain.get_by_role("button", name="Send").click()
    plain.get_by_role("link", name="Open the ticket").click()
    first = _ticket().number
    ana = Actor.of_user(db.session.scalars(sa.select(User).where(User.email == "ana@desk.example")).one())
    live_server.hand.advance(1800)
    with unit_of_work():
        assigning.assign(first, ana, ana.id, now())
        conversation.reply(first, ana, "The second invoice is credited.", now())
    plain.reload()
    assert "Ana Kovács has it" in plain.locator(".next-step").inner_text()
    plain.get_by_text("The second invoice is credited.").wait_for()

    plain.get_by_label("Answer to Ana Kovács").fill("Thank you, I see it.")
    plain.get_by_role("button", name="Send").click()
    plain.get_by_text("We have your message.").wait_for()
    plain.get_by_role("button", name="It’s solved").click()
    plain.get_by_text("Closed: it is solved").wait_for()
    assert _ticket().state is State.CLOSED

    live_server.hand.advance(86_400)
    plain.get_by_label("Write to us").fill("It came again in November.")
    plain.get_by_role("button", name="Send").click()
    second = _ticket().number
    assert second != first
    assert plain.locator(".number").inner_text() == f"#{second}"
    plain.get_by_role("link", name="Open the ticket").click()
    assert plain.get_by_text("It came again in November.").is_visible()
