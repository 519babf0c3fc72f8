"""Escalating in a browser: two of three channels closed with reasons, a pack from about 60 % to 100 %, off it goes;
Microsoft asks, is answered, gives it back; the second tier solves it.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from helpdesk.accounts.actor import Actor
from helpdesk.accounts.models import User
from helpdesk.clock import now
from helpdesk.customers.models import Customer, Subscription
from helpdesk.database import db, unit_of_work
from helpdesk.escalations.models import Entitlement, SupportChannel
from helpdesk.tickets.actions import assigning, diagnosing, moving, triaging
from helpdesk.tickets.actions.opening import Opening, open_ticket
from helpdesk.tickets.models import Topic
from tests.packs import ask_for_packs
from workflows.vocabulary import Boundary, BoundaryReason, ChannelKind, HealthResult, Kind, Level, Service, Trigger

from .conftest import LiveServer, sign_in

pytestmark = pytest.mark.browser

TRACE = {"log": {"entries": [{"request": {"headers": [{"name": "Cookie", "value": "ESTSAUTH=very-secret"}]}}]}}


@pytest.fixture
def number(live_server: LiveServer) -> int:
    """An Azure fault that Ana has diagnosed as Microsoft's, on a desk with an ended and a used up contract."""
    ask_for_packs()
    with unit_of_work() as session:
        _sign_contracts(session)
        customer = session.scalars(sa.select(Customer)).one()
        customer.tenant_id, customer.domain = "5f0c1d2e-0000-4000-8000-000000000001", "alpina.example"
        session.add(Subscription(customer_id=customer.id, name="Azure plan", service=Service.AZURE, vendor_id="sub-77"))
        ana = Actor.of_user(session.scalars(sa.select(User).where(User.email == "ana@desk.example")).one())
        topic_id = session.scalars(sa.select(Topic.id).where(Topic.kind == Kind.TECHNICAL)).first()
    with unit_of_work():
        opening = Opening(
            Kind.TECHNICAL, Service.AZURE, Level.HIGH, Level.HIGH, "The gateway drops every tenth packet",
            "Since eight.", "Rita Fehér", "rita.feher@alpina.example",
        )  # fmt: skip
        opened = open_ticket(opening, None, now()).ticket.id
        assigning.assign(opened, ana, ana.user_id, now())
        triaging.confirm_customer(opened, ana, customer.id, now())
        chosen = triaging.Classification(Kind.TECHNICAL, Service.AZURE, Level.HIGH, Level.HIGH, topic_id)
        triaging.classify(opened, ana, chosen, now())
        moving.move(opened, ana, Trigger.START_DIAGNOSIS, now())
        found = diagnosing.Findings(
            HealthResult.HEALTHY, "Drops under load.", "Moved it to another zone.", Boundary.VENDORS, BoundaryReason.BUG
        )
        diagnosing.record_diagnosis(opened, ana, found, now())
    db.session.remove()
    return opened


def _sign_contracts(session: Any) -> None:
    ids = {row.kind: row.id for row in session.scalars(sa.select(SupportChannel))}
    session.execute(sa.update(Entitlement).values(contract_number="C-2026-PRE"))
    ended = Entitlement(channel_id=ids[ChannelKind.ADVANCED], starts_on=date(2025, 1, 1), ends_on=date(2026, 6, 30))
    used_up = Entitlement(channel_id=ids[ChannelKind.SIGNATURE], starts_on=date(2026, 1, 1), ends_on=date(2026, 12, 31))
    used_up.incidents_included = used_up.incidents_used = 5
    ended.created_at = used_up.created_at = now()
    session.add_all([ended, used_up])


def percent(page: Any) -> int:
    return int(page.locator("#percent").inner_text().split(" ")[0])


def test_from_two_closed_channels_to_the_second_tier_and_solved(
    page: Any, number: int, live_server: LiveServer, violations: Callable[..., list[str]]
) -> None:
    sign_in(page, "ana@desk.example")
    page.goto(f"/tickets/{number}/escalate")
    closed = page.locator(".channel-closed")
    assert "ended on" in closed.filter(has_text="Advanced").inner_text()
    assert "All included incidents are used: 5." in closed.filter(has_text="Partner Cloud Support").inner_text()
    assert page.locator(".channel-waiting").count() == 1
    assert page.get_by_role("button", name="Escalate").count() == 0
    page.get_by_role("link", name="Fill in the pack").click()
    began = percent(page)
    assert 55 <= began <= 70
    _name_the_subscription(page, number)
    _answer(page)
    assert began < percent(page) < 100  # a trace has come meanwhile that nobody has looked at
    _check_the_trace(page)
    assert percent(page) == 100
    assert violations(page) == []
    _take_it_along(page)
    page.get_by_role("link", name="Compare channels").click()
    page.get_by_label("Premier Support for Partners").check()
    page.get_by_role("button", name="Escalate").click()
    _stands_at(page, "With Microsoft: Premier")
    _microsoft_waits_and_is_answered(page, number, live_server)
    _it_is_silent_and_reminded(page, live_server)
    _it_comes_back(page)
    _on_to_the_second_tier(page, number)
    _solved(page)
    assert violations(page) == []
    _the_report_says_so(page, number)


def _stands_at(page: Any, text: str) -> None:
    page.locator(".ticket-title .pill", has_text=text).wait_for()


def _microsoft_waits_and_is_answered(page: Any, number: int, live_server: LiveServer) -> None:
    case = page.locator(".case")
    case.get_by_text("Open it at Microsoft, then write its number here.").wait_for()
    case.get_by_label("Microsoft’s number").fill("2611240040001234")
    case.get_by_role("button", name="Keep the number").click()
    case.get_by_text("With them since").wait_for()
    _write(case, "Microsoft", "Please send the gateway's own log.", needs_us=True)
    case.get_by_text("They asked").wait_for()
    live_server.hand.advance(1800)
    page.goto("/queue?view=vendor_asks")
    assert "Microsoft waits" in page.locator(f"#row-{number}").inner_text()
    page.goto("/today")
    asking = page.locator("#asking .block-row")
    assert "for 30 min" in asking.inner_text()
    asking.get_by_role("link", name="The gateway drops").click()
    _write(case, "We", "Here it is, from 08:00 to 09:00 UTC.")
    case.get_by_text("With them since").wait_for()
    assert case.locator("h2 + .strong").inner_text() == "Microsoft’s turn"


def _write(case: Any, who: str, text: str, *, needs_us: bool = False) -> None:
    case.locator("summary", has_text="Notes to and from Microsoft").click()
    case.get_by_label(who, exact=True).check()
    case.get_by_label("Text", exact=True).fill(text)
    case.get_by_label("They wait for us now").set_checked(needs_us)
    with case.page.expect_navigation():
        case.get_by_role("button", name="Keep the note").click()


def _it_is_silent_and_reminded(page: Any, live_server: LiveServer) -> None:
    """Four hours without a word on severity A, and the words to remind them are there."""
    live_server.hand.advance(4 * 3600 + 60)
    page.reload()
    case = page.locator(".case")
    case.locator("summary", has_text="Remind Microsoft").click()
    text = case.get_by_label("Text for Microsoft")
    assert "Service request 2611240040001234, severity A" in text.input_value()
    assert "Forty people can't work; orders wait." in text.input_value()
    case.get_by_role("button", name="Keep it as our note").click()
    case.get_by_text("Reminded ").wait_for()


def _it_comes_back(page: Any) -> None:
    _write(page.locator(".case"), "Microsoft", "By design. Please ask the networking experts.")
    page.locator("#moves summary", has_text="Take it back").click()
    page.locator("#moves").get_by_label("Microsoft refused").check()
    page.locator("#moves").get_by_role("button", name="Take it back from Microsoft").click()
    _stands_at(page, "Partner resolution")
    assert page.locator(".way [aria-current]").get_by_text("Microsoft refused").count() == 1
    page.locator(".case").get_by_role("button", name="Close case").click()
    page.locator(".case").get_by_text("Closed today").wait_for()


def _on_to_the_second_tier(page: Any, number: int) -> None:
    """The incidents of Partner Cloud Support have been renewed meanwhile."""
    with unit_of_work() as session:
        renewed = {"incidents_included": 9, "contract_number": "C-2026-PCS"}
        session.execute(sa.update(Entitlement).where(Entitlement.incidents_included == 5).values(renewed))
    db.session.remove()
    page.goto(f"/tickets/{number}/escalate")
    page.get_by_label("Partner Cloud Support").check()
    page.get_by_role("button", name="Escalate").click()
    _stands_at(page, "With Microsoft: Signature")
    assert page.locator(".case").count() == 2
    newest = page.locator(".case").first
    newest.get_by_label("Microsoft’s number").fill("2611240040005678")
    newest.get_by_role("button", name="Keep the number").click()
    newest.get_by_text("With them since").wait_for()
    _write(newest, "Microsoft", "A host was replaced; the drops are gone.")
    newest.get_by_role("button", name="Close case").click()
    newest.get_by_text("Closed today").wait_for()


def _solved(page: Any) -> None:
    page.locator("#moves summary", has_text="Resolve").click()
    page.locator("#moves").get_by_label("Microsoft fixed it").check()
    page.locator("#moves [name=note]").fill("Microsoft replaced a host; nothing is lost any more.")
    page.locator("#moves").get_by_role("button", name="Resolve").click()
    _stands_at(page, "Resolved")
    steps = page.locator(".way li").all_inner_texts()
    assert [step.split("\n")[0] for step in steps[:6]] == [
        "Intake", "Diagnosis", "With Microsoft: Premier", "Partner resolution", "With Microsoft: Signature", "Resolved",
    ]  # fmt: skip


def _the_report_says_so(page: Any, number: int) -> None:
    page.goto("/reports/returns")
    premier = page.locator("[aria-label='By channel'] tr", has_text="Premier")
    assert premier.locator("td").nth(2).inner_text() == "100 %"
    premier.locator("td").nth(1).get_by_role("link").click()
    assert "Microsoft refused" in page.locator("tbody tr", has_text=f"#{number}").inner_text()


def _name_the_subscription(page: Any, number: int) -> None:
    page.locator(".pack-list li", has_text="Subscription id").get_by_role("link").click()
    page.get_by_label("Subscription").select_option(label="Azure plan")
    page.get_by_role("button", name="Keep").click()
    page.get_by_label("Note to colleagues").or_(page.locator("#composer")).first.wait_for()
    trace = {"name": "trace.har", "mimeType": "application/json", "buffer": json.dumps(TRACE).encode()}
    page.locator("[data-writes=note]").or_(page.get_by_role("tab", name="Note")).first.click()
    page.locator("#note-files").set_input_files(trace)
    page.locator("#note-body").fill("Recorded while it happened.")
    page.locator("#note-body").press("Control+Enter")
    page.get_by_text("Recorded while it happened.").first.wait_for()
    page.goto(f"/tickets/{number}/pack")


def _answer(page: Any) -> None:
    answers = {
        "Business impact": "Forty people can't work; orders wait.",
        "First seen": "2026-11-24T08:00",
        "Scope": "40 users in Győr",
        "Steps to reproduce": "Send a hundred requests; ten are lost.",
        "Error text": "502 Bad Gateway",
        "Correlation ids": "3a1f0a7e 2026-11-24 09:02+01:00",
        "Consent to collect diagnostics": "Given by Rita Fehér on 24 November",
    }
    for name, text in answers.items():
        page.get_by_label(name, exact=True).fill(text)
    page.get_by_role("button", name="Keep", exact=True).click()
    page.locator("#pack-text", has_text="40 users in Győr").wait_for()
    assert "2026-11-24T08:02:00Z" in page.locator("#pack-text").input_value()


def _check_the_trace(page: Any) -> None:
    page.get_by_role("button", name="Search for personal data").click()
    page.locator(".enclosures", has_text="Personal data found").wait_for()
    assert "very-secret" not in page.content()
    page.get_by_role("button", name="Send a redacted copy").click()
    page.locator(".enclosures", has_text="A redacted copy goes").wait_for()


def _take_it_along(page: Any) -> None:
    with page.expect_download() as begun:
        page.get_by_role("link", name="Zip with attachments").click()
    content = begun.value.path().read_bytes()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert "attachments/01-trace.redacted.har" in archive.namelist()
        assert b"very-secret" not in b"".join(map(archive.read, archive.namelist()))


def test_the_pack_without_javascript_and_on_a_telephone(new_page: Callable[..., Any], number: int) -> None:
    page = new_page(javascript=False, viewport={"width": 390, "height": 844})
    sign_in(page, "ana@desk.example")
    page.goto(f"/tickets/{number}/pack")
    page.get_by_label("Scope", exact=True).fill("Two sites")
    page.get_by_role("button", name="Keep", exact=True).click()
    assert "Two sites" in page.locator("#pack-text").input_value()
    box = page.locator(".pack").bounding_box()
    assert box is not None
    assert box["width"] <= 390
