"""Where the time went, from the ticket to its ledger; several lines of the queue at once, with a script and without."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from helpdesk.clock import now
from helpdesk.database import db, unit_of_work
from helpdesk.jobs import jobs
from helpdesk.sla.models import Breach
from helpdesk.tickets.actions.opening import Opening, open_ticket
from helpdesk.tickets.models import Ticket
from workflows.vocabulary import HoldCause, Kind, Level, Service, State

from .conftest import LiveServer, sign_in

pytestmark = pytest.mark.browser

HOUR = 3600


@pytest.fixture
def five(live_server: LiveServer) -> list[int]:
    """Five tickets, the one due first first."""
    numbers = []
    for place in range(5):
        opening = Opening(
            kind=Kind.TECHNICAL,
            service=Service.MICROSOFT365,
            impact=Level.HIGH,
            urgency=Level.HIGH,
            subject=f"Outlook keeps asking for the password on floor {place}",
            description="Since about eight this morning.",
            contact_name="Rita Fehér",
            contact_email="rita.feher@alpina.example",
            company="Alpina Logistics",
        )
        with unit_of_work():
            numbers.append(open_ticket(opening, None, now()).ticket.id)
        live_server.hand.advance(60)
    db.session.remove()
    return numbers


def tickets(numbers: list[int]) -> list[Ticket]:
    db.session.remove()
    return [db.session.get_one(Ticket, number) for number in numbers]


def test_from_a_promise_to_its_every_second(page: Any, five: list[int], live_server: LiveServer) -> None:
    live_server.hand.advance(9 * 24 * HOUR)
    sign_in(page, "ana@desk.example")
    page.goto(f"/tickets/{five[0]}")
    page.click("#promises a:has-text('All clocks')")
    page.wait_for_url("**/clocks")
    page.get_by_role("row", name="Resolution").get_by_role("link", name="Explain").click()
    page.wait_for_url("**/explanation")
    fold = page.locator("details.fold").first
    assert "nights closed" in fold.locator("summary").inner_text()
    assert not fold.locator(".parts").is_visible()
    fold.locator("summary").click()
    parts = fold.locator(".parts li")
    assert parts.first.is_visible()
    assert parts.count() > 10
    page.click("nav a:has-text('Minute ledger')")
    page.wait_for_url("**/ledger")
    rows = page.locator("table.ledger tbody tr td:nth-child(3)").all_inner_texts()
    together = page.locator("table.ledger tfoot td").nth(1).inner_text()
    assert sum(map(int, rows)) == int(together) == 9 * 24 * HOUR + 5 * 60
    assert page.locator(".ledger-bar rect").count() > 5


COUNT = """([due, closes, late]) => {
    const at = Date.parse(document.documentElement.dataset.now);
    const moment = (minutes) => new Date(at + 60000 * minutes).toISOString();
    const time = document.createElement("time");
    time.dataset.due = moment(due);
    if (closes !== null) time.dataset.closes = moment(closes);
    if (late !== null) time.dataset.late = moment(late);
    time.textContent = "the server's words";
    document.body.append(time);
    document.dispatchEvent(new Event("htmx:after:swap"));
    return time.textContent;
}"""


@pytest.mark.parametrize(
    ("due", "closes", "late", "said"),
    [
        (59.9, 60, None, "in 1 h"),
        (0, 60, None, "in 0 s"),  # acting at the deadline is in time
        (61, 60, None, "the server's words"),
        (-90, 60, None, "late by 1 h 30 min"),
        (-120, -120, None, "today 13:0"),  # at closing: not late before the desk opens
        (-24 * 60, -24 * 60, None, "yesterday 15:0"),
        (-72 * 60, -72 * 60, None, "the server's words"),
        (-72 * 60, 60, -35, "late by 35 min"),
        (-72 * 60, -5, -35, "late by 30 min"),  # closed since: the desk's time stands still
    ],
)
def test_what_came_late_counts_from_its_own_moment(
    page: Any, live_server: LiveServer, due: float, closes: float | None, late: float | None, said: str
) -> None:
    live_server.hand.at = datetime(2026, 11, 25, 14, 0, tzinfo=UTC)
    sign_in(page, "ana@desk.example")
    page.goto("/queue")
    assert page.evaluate(COUNT, [due, closes, late]).startswith(said)


def test_the_keys_select_and_the_bar_acts(page: Any, five: list[int]) -> None:
    sign_in(page, "ana@desk.example")
    page.goto("/queue")
    assert not page.locator("#bulk").is_visible()
    for key in ("j", "x", "j", "j", "Shift+X"):
        page.keyboard.press(key)
    assert page.locator("[data-selected]").inner_text() == "3 selected"
    page.locator(f"#row-{five[4]} .q-state").click(modifiers=["Control"])
    assert page.locator("[data-selected]").inner_text() == "4 selected"
    page.keyboard.press("k")
    page.keyboard.press("x")
    assert page.locator(".q-row.is-selected").count() == 3
    page.click("#bulk button:has-text('Take')")
    page.wait_for_selector(".notice:has-text('Done on 3 tickets.')")
    assert sum(ticket.assignee_id is not None for ticket in tickets(five)) == 3


def test_ranges_by_shift_and_all_of_the_page(page: Any, five: list[int]) -> None:
    sign_in(page, "ana@desk.example")
    page.goto("/queue")
    page.locator(f"#row-{five[1]} input").check()
    page.locator(f"#row-{five[3]} input").click(modifiers=["Shift"])
    assert page.locator("[data-row] input:checked").count() == 3
    page.check("[data-selects-all]")
    assert page.locator("[data-selected]").inner_text() == "5 selected"
    page.click("#bulk button[type=reset]")
    assert not page.locator("#bulk").is_visible()


def test_what_is_refused_is_listed_and_the_rest_is_done(
    page: Any, five: list[int], violations: Callable[..., list[str]]
) -> None:
    sign_in(page, "ana@desk.example")
    page.goto("/queue")
    page.check("[data-selects-all]")
    page.click("#bulk summary:has-text('Move')")
    page.select_option("#bulk select[name=trigger]", "start_diagnosis")
    page.click("#bulk button:has-text('See who may')")
    page.wait_for_selector("text=None of them may take this move now.")
    assert page.locator("text=Nobody has confirmed the customer yet.").count() == 5
    assert violations(page) == []
    page.click("a:has-text('Back to the queue')")
    page.check("[data-selects-all]")
    page.click("#bulk summary:has-text('Move')")
    page.select_option("#bulk select[name=trigger]", "withdraw")
    page.click("#bulk button:has-text('See who may')")
    page.click("main button:has-text('Withdraw')")
    page.wait_for_selector("text=Choose why it is withdrawn.")
    page.get_by_label("No longer needed").check()
    page.click("main button:has-text('Withdraw')")
    page.wait_for_url("**/queue")
    assert {ticket.state for ticket in tickets(five)} == {State.CLOSED}


def test_without_a_script_the_boxes_are_a_form(new_page: Callable[..., Any], five: list[int]) -> None:
    page = new_page(javascript=False)
    sign_in(page, "ana@desk.example")
    page.goto("/queue")
    for number in five[:2]:
        page.check(f"#row-{number} input[name=ticket]")
    page.click("#bulk summary:has-text('Hold')")
    page.select_option("#bulk select[name=cause]", "customer")
    page.click("#bulk button:has-text('Put on hold')")
    page.wait_for_selector("text=Done on 2 tickets.")
    held = [ticket.hold_cause for ticket in tickets(five)]
    assert held == [HoldCause.CUSTOMER, HoldCause.CUSTOMER, None, None, None]


def test_a_view_of_ones_own(page: Any, five: list[int]) -> None:
    sign_in(page, "ana@desk.example")
    page.goto("/queue?view=unassigned")
    page.click("summary:has-text('Save as view')")
    page.fill("input[name=name]", "To give away")
    page.click("button:has-text('Save as view')")
    page.wait_for_selector(".chip[aria-current]:has-text('To give away')")
    assert "5" in page.locator(".chip:has-text('To give away')").inner_text()
    page.click("button[title='Remove this view']")
    page.wait_for_url("**/queue?view=unassigned")
    assert page.locator(".chip:has-text('To give away')").count() == 0


def test_the_new_pages_have_no_barriers(
    page: Any, five: list[int], live_server: LiveServer, barriers: Callable[[Any], list[str]]
) -> None:
    live_server.hand.advance(4 * 24 * HOUR)
    for _step in jobs.sweep_clocks():
        pass
    with unit_of_work() as session:
        session.execute(sa.update(Ticket).where(Ticket.id == five[0]).values(escalation_due_at=now()))
    breach_id = db.session.scalars(sa.select(Breach.id)).first()
    db.session.remove()
    here = f"/tickets/{five[0]}"
    clock = f"{here}/clocks/{_clock(five[0])}/explanation"
    paths = ("/queue?view=escalation_due", here, f"{here}/clocks", clock, f"{here}/ledger", "/no-such-page")
    sign_in(page, "max@desk.example")
    found: list[str] = []
    for path in ("/today", f"/breaches/{breach_id}", *paths):
        page.goto(path)
        for box in page.locator("[data-row] input[name=ticket]").all()[:2]:
            box.check()
        page.evaluate("document.querySelectorAll('main details.fold').forEach(part => { part.open = true })")
        found += barriers(page)
    assert found == []


def _clock(number: int) -> int:
    from helpdesk.sla.models import SlaClock

    rows = sa.select(SlaClock.id).where(SlaClock.ticket_id == number)
    found = db.session.scalars(rows.order_by(SlaClock.id.desc())).first() or 0
    db.session.remove()
    return found
