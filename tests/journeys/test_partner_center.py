"""A case through Partner Center in a browser: opened at the vendor's, its number comes by itself, they ask, we answer,
they solve it, we let them close it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from helpdesk.accounts.actor import Actor
from helpdesk.accounts.models import User
from helpdesk.clock import now
from helpdesk.customers.models import Customer
from helpdesk.database import db, unit_of_work
from helpdesk.demo.vendor.playing import PAUSE, play
from helpdesk.demo.vendor.server import VendorServer
from helpdesk.escalations.partner_center import vault
from helpdesk.tickets import mirroring, surveying
from helpdesk.tickets.actions import assigning, diagnosing, moving, triaging
from helpdesk.tickets.actions.opening import Opening, open_ticket
from helpdesk.tickets.models import Topic
from tests.fakes.partner_center import settings, vendor
from workflows.vocabulary import Boundary, BoundaryReason, HealthResult, Kind, Level, Service, Trigger

from .conftest import LiveServer, sign_in

__all__ = ["vendor"]

pytestmark = pytest.mark.browser

TENANT = "5f0c1d2e-0000-4000-8000-000000000001"


@pytest.fixture
def number(live_server: LiveServer, vendor: VendorServer, monkeypatch: pytest.MonkeyPatch) -> int:
    """A fault that Ana has diagnosed as Microsoft's, on a desk that is connected to the stand-in."""
    live_server.app.config.update(settings(vendor))
    vendor.world.add_customer("Alpina", "alpina.example", TENANT)
    vendor.world.portal = f"{vendor.url}/portal"
    monkeypatch.setattr(vendor.world, "new_number", lambda: "261124004000122")  # one about which they ask
    with unit_of_work() as session:
        vault.connect(vendor.world.first_refresh_token, live_server.app.config, now())
        customer = session.scalars(sa.select(Customer)).one()
        customer.tenant_id = TENANT
        ana = Actor.of_user(session.scalars(sa.select(User).where(User.email == "ana@desk.example")).one())
        topic_id = session.scalars(sa.select(Topic.id).where(Topic.kind == Kind.TECHNICAL)).first()
    with unit_of_work():
        opening = Opening(
            Kind.TECHNICAL, Service.MICROSOFT365, Level.HIGH, Level.MEDIUM, "Mail to one domain is held back",
            "Since noon.", "Rita Fehér", "rita.feher@alpina.example",
        )  # fmt: skip
        opened = open_ticket(opening, None, now()).ticket.id
        assigning.assign(opened, ana, ana.user_id, now())
        triaging.confirm_customer(opened, ana, customer.id, now())
        chosen = triaging.Classification(Kind.TECHNICAL, Service.MICROSOFT365, Level.HIGH, Level.MEDIUM, topic_id)
        triaging.classify(opened, ana, chosen, now())
        moving.move(opened, ana, Trigger.START_DIAGNOSIS, now())
        found = diagnosing.Findings(
            HealthResult.HEALTHY, "Queued in the service.", "A connector of our own.", Boundary.VENDORS,
            BoundaryReason.BUG,
        )  # fmt: skip
        diagnosing.record_diagnosis(opened, ana, found, now())
    db.session.remove()
    return opened


def time_passes(live_server: LiveServer, vendor: VendorServer) -> None:
    """The engineers take their turn, and the scheduler its jobs."""
    live_server.hand.advance(PAUSE.total_seconds())
    play(vendor.world, now())
    live_server.hand.advance(300)
    surveying.survey_due(now())
    mirroring.send_due(now())
    mirroring.poll_due(now())
    db.session.remove()


def test_a_case_that_comes_and_goes_by_itself(
    page: Any, number: int, live_server: LiveServer, vendor: VendorServer, violations: Callable[..., list[str]]
) -> None:
    sign_in(page, "ana@desk.example")
    page.goto(f"/tickets/{number}/escalate")
    page.get_by_label("Premier Support for Partners").check()
    page.get_by_role("button", name="Escalate").click()
    _open_at_microsoft(page, number)
    time_passes(live_server, vendor)
    page.reload()
    case = page.locator(".case")
    case.get_by_text("With them since").wait_for()
    [held] = vendor.world.requests.values()
    assert held.number in case.inner_text()
    _they_ask_and_are_answered(page, live_server, vendor)
    assert vendor.world.texts(held.number)[-1].startswith("Today at noon")
    _we_let_them_close_it(page, live_server, vendor, violations)


def _open_at_microsoft(page: Any, number: int) -> None:
    page.locator(".case").get_by_text("Open it at Microsoft, then write its number here.").wait_for()
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Open it at Microsoft").click()
    portal = opened.value
    portal.get_by_label("Title").fill("Mail to one domain is held back")
    portal.get_by_label("Description").fill(f"Our reference\n#{number}\n\nService\nMicrosoft 365")
    portal.get_by_role("button", name="Create").click()
    portal.get_by_role("heading", name="Support request").wait_for()
    portal.close()


def _they_ask_and_are_answered(page: Any, live_server: LiveServer, vendor: VendorServer) -> None:
    time_passes(live_server, vendor)
    time_passes(live_server, vendor)
    page.reload()
    case = page.locator(".case")
    case.get_by_text("They asked").wait_for()
    case.locator("summary", has_text="2 notes").click()
    case.get_by_text("Please tell me when it happened last").wait_for()
    case.locator("summary", has_text="Notes to and from Microsoft").click()
    case.get_by_label("We: send it to Microsoft now").check()
    case.get_by_label("Text", exact=True).fill("Today at noon: 3a1f0a7e.")
    with page.expect_navigation():
        case.get_by_role("button", name="Keep the note").click()
    case.get_by_text("With them since").wait_for()
    time_passes(live_server, vendor)


def _we_let_them_close_it(
    page: Any, live_server: LiveServer, vendor: VendorServer, violations: Callable[..., list[str]]
) -> None:
    time_passes(live_server, vendor)
    page.reload()
    page.locator(".case").get_by_role("link", name="Close case").click()
    assert violations(page) == []
    page.get_by_label("Text for Microsoft").fill("")
    page.get_by_role("button", name="Close case").click()
    page.locator("#body-error").wait_for()
    page.get_by_label("Text for Microsoft").fill("Thank you, it is solved.")
    page.get_by_role("button", name="Close case").click()
    page.locator(".case").get_by_text("Closing at Microsoft").wait_for()
    assert violations(page) == []
    time_passes(live_server, vendor)
    page.reload()
    page.locator(".case").get_by_text("Closed today").wait_for()
