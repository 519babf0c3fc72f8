"""One ticket from the customer's form to its closing, with Rita, Ana, Max and the scheduler each at their part."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from helpdesk.jobs import jobs

from .conftest import CUSTOMER, LiveServer, sign_in

pytestmark = pytest.mark.browser

NUMBER = "2611240040017766"


def _at(hour: int, minute: int, day: int = 24) -> datetime:
    """A moment of November 2026 as Budapest's clocks show it."""
    return datetime(2026, 11, day, hour - 1, minute, tzinfo=UTC)


def _scheduler_runs(server: LiveServer) -> None:
    with server.app.app_context():
        for job in (jobs.sweep_clocks, jobs.wake_holds, jobs.close_resolved):
            for _step in job():
                pass


def test_from_the_form_to_closing(new_page: Callable[..., Any], live_server: LiveServer) -> None:
    rita, ana, manager = new_page(), new_page(), new_page()
    tracker = _rita_asks_for_help(rita)
    sign_in(ana, "ana@desk.example")
    _ana_takes_it(ana)
    _ana_finds_the_cause(ana)
    _ana_escalates(ana)
    sign_in(manager, "max@desk.example")
    _a_promise_is_missed(ana, manager, live_server)
    _max_reviews_it(manager)
    _microsoft_answers(ana)
    _ana_resolves_it(ana)
    _rita_sees_it(rita, tracker, live_server)


def _rita_asks_for_help(page: Any) -> str:
    page.goto("/submit")
    page.get_by_label("Technical problem").check()
    page.get_by_label("Everyone, or a whole site or team").check()
    page.get_by_label("It hurts now: work has stopped and there is no way around it").check()
    page.get_by_label("In one line, what is it?").fill("Nobody can sign in to Outlook")
    page.get_by_label("What did you see or need?").fill("Since about eight it asks for the password again and again.")
    page.get_by_label("Your name").fill("Rita Fehér")
    page.get_by_label("Your e-mail address").fill("rita.feher@alpina.example")
    page.get_by_text("today 16:12").wait_for()  # what is promised stands there before anything is sent
    page.get_by_role("button", name="Send").click()
    assert page.locator(".number").inner_text().strip() == "#1001"
    page.get_by_role("link", name="Open the ticket").click()
    page.get_by_text("Our team has it").wait_for()
    return str(page.url)


def _ana_takes_it(page: Any) -> None:
    page.goto("/queue")
    row = page.locator("[data-row]", has_text="Nobody can sign in to Outlook")
    assert "P1" in row.inner_text()
    row.get_by_role("link", name="Nobody can sign in to Outlook").click(position={"x": 20, "y": 8})
    closed = page.locator(".closed-move", has_text="Start diagnosis")
    for reason in ("Nobody has confirmed the customer yet", "topic is not chosen", "Nobody has the ticket yet"):
        assert reason in closed.inner_text()
    page.get_by_role("button", name="Take", exact=True).click()
    page.locator("#assignment", has_text="Ana Kovács").wait_for()
    page.get_by_role("link", name="Confirm the customer").first.click()
    page.get_by_label("Customer", exact=True).select_option(label=CUSTOMER)
    page.get_by_role("button", name="Confirm", exact=True).click()
    page.locator(".closed-move", has_text="Start diagnosis").get_by_role("link", name="Classify it").first.click()
    page.get_by_label("Topic").select_option(index=1)
    page.get_by_role("button", name="Keep").click()
    page.get_by_role("button", name="Start diagnosis").click()
    page.locator(".ticket-title .pill", has_text="Diagnosis").wait_for()


def _ana_finds_the_cause(page: Any) -> None:
    closed = page.locator(".closed-move", has_text="Start resolution")
    closed.get_by_role("link").first.click()
    page.get_by_label("Service health").select_option(label="Healthy")
    page.get_by_label("Findings").fill("The token is refused after every policy sync.")
    page.get_by_label("Tried").fill("A new profile, another network.")
    page.get_by_label("Ours or Microsoft’s?").select_option(label="Microsoft’s to solve")
    page.get_by_label("Why is it Microsoft’s?").select_option(label="A bug in the product")
    page.get_by_role("button", name="Record the diagnosis").click()
    page.get_by_role("button", name="Start resolution").click()
    page.locator(".ticket-title .pill", has_text="Partner resolution").wait_for()


def _ana_escalates(page: Any) -> None:
    page.locator(".moves").get_by_role("link", name="Escalate to Premier").click()
    assert page.get_by_label("Premier Support for Partners").is_enabled()
    closed = page.locator(".channel-closed")
    assert closed.count() == 3
    assert all(closed.nth(place).locator("li").count() >= 1 for place in range(3))
    assert "It takes billing questions only." in closed.filter(has_text="Commercial").inner_text()
    page.get_by_label("Premier Support for Partners").check()
    page.get_by_role("button", name="Escalate").click()
    page.locator(".ticket-title .pill", has_text="With Microsoft: Premier").wait_for()
    page.get_by_label("Microsoft’s number").fill(NUMBER)
    page.get_by_role("button", name="Keep the number").click()
    page.locator(".case-number", has_text=NUMBER).wait_for()


def _a_promise_is_missed(ana: Any, manager: Any, server: LiveServer) -> None:
    """First response was promised for 16:12: at 15:55 a warning, at 16:30 a breach, each by the scheduler."""
    server.hand.at = _at(15, 55)
    _scheduler_runs(server)
    ana.reload()
    promise = ana.locator("#promises .promise-warn", has_text="First response")
    assert "16:12" in promise.inner_text()
    manager.goto("/today")
    assert "#1001" in manager.locator("#near").inner_text()
    server.hand.at = _at(16, 30)
    _scheduler_runs(server)
    ana.reload()
    assert "late by 18 min" in ana.locator("#promises .promise-late", has_text="First response").inner_text()
    manager.reload()
    late = manager.locator("#late")
    assert "late by 18 min" in late.inner_text()
    assert "First response" in late.inner_text()


def _max_reviews_it(page: Any) -> None:
    page.goto("/breaches")
    page.locator(".review-line", has_text="First response").click()
    page.locator(".review", has_text="Alpina").or_(page.locator(".review", has_text="First response")).first.wait_for()
    page.get_by_label("Why it was missed").select_option(label="Lost in a handover")
    page.get_by_label("What happened").fill("Everybody thought that Microsoft had written to her.")
    page.get_by_role("button", name="Keep the review").click()
    page.goto("/breaches?reviewed=yes")
    page.get_by_text("reviewed").first.wait_for()


def _microsoft_answers(page: Any) -> None:
    page.reload()
    page.get_by_label("Reply to the customer").fill("Microsoft has found it, and is mending it.")
    page.get_by_role("button", name="Send", exact=True).click()
    page.locator(".case summary", has_text="Notes to and from Microsoft").click()
    page.get_by_label("Text", exact=True).fill("The policy service was rolled back.")
    page.get_by_role("button", name="Keep the note").last.click()
    page.locator(".case summary", has_text="1 note").wait_for()
    page.locator(".moves summary", has_text="Take it back from Microsoft").click()
    page.get_by_label("Microsoft answered").check()
    page.get_by_role("button", name="Take it back from Microsoft").click()
    page.locator(".ticket-title .pill", has_text="Partner resolution").wait_for()


def _ana_resolves_it(page: Any) -> None:
    page.get_by_role("button", name="Close case").click()
    page.locator(".case", has_text="Closed").wait_for()
    page.locator(".moves summary", has_text="Resolve").click()
    page.get_by_label("Microsoft fixed it").check()
    page.get_by_label("A note the contact can read").fill("Sign out and in again: it stays signed in now.")
    page.get_by_role("button", name="Resolve").click()
    page.locator(".ticket-title .pill", has_text="Resolved").wait_for()


def _rita_sees_it(page: Any, tracker: str, server: LiveServer) -> None:
    page.goto(tracker)
    page.get_by_text("Sign out and in again: it stays signed in now.").first.wait_for()
    page.get_by_role("button", name="It’s solved").wait_for()
    server.hand.at = _at(17, 0, day=30)
    _scheduler_runs(server)
    page.reload()
    assert page.get_by_role("button", name="It’s solved").is_visible()  # six days are not yet seven
    server.hand.at = datetime(2026, 12, 2, 9, 0, tzinfo=UTC)
    _scheduler_runs(server)
    page.reload()
    page.get_by_text("This request is closed.").wait_for()
    assert not page.get_by_role("button", name="It’s solved").is_visible()
