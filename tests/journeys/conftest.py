"""A real browser against a real server in this process, whose clock the test moves.

Journeys run on SQLite: what differs between the databases is tested without a browser. ``live_server`` has
a desk with its starting set and staff (``PASSWORD`` signs each in); ``page`` is 1440 px wide, ``phone`` 390.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.serving import make_server

from helpdesk import schema
from helpdesk.accounts.actions import Profile, add_user
from helpdesk.accounts.actor import COMMAND_LINE
from helpdesk.accounts.passwords import hash_password
from helpdesk.clock import Hand, now
from helpdesk.customers.models import Customer, SupportPlan
from helpdesk.database import db, unit_of_work
from helpdesk.escalations.models import Entitlement, SupportChannel
from tests.conftest import _create, application, close_connections
from tests.packs import ask_for_no_pack
from tests.worlds import remembered, starting_set
from workflows.vocabulary import ChannelKind, Role

PASSWORD = "demo-only-password"
PEOPLE = (
    ("ana@desk.example", "Ana Kovács", Role.AGENT),
    ("lea@desk.example", "Lea Horváth", Role.LEAD),
    ("max@desk.example", "Max Berger", Role.MANAGER),
    ("bill@desk.example", "Bill Varga", Role.BILLING_ADMIN),
    ("adam@desk.example", "Adam Szabó", Role.ADMIN),
)
CUSTOMER = "Alpina Logistics Kft."
WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
LOOKS = ((WIDE, "light", True), (WIDE, "dark", False), (NARROW, "dark", True), (NARROW, "light", False))
"""Viewport, colour scheme, and whether all rules are asked: in a page's other scheme only its colours differ."""
SWITCHES = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
AXE = Path(__file__).parents[2] / "helpdesk/frontend/node_modules/axe-core/axe.min.js"


@pytest.fixture(scope="session")
def migrated_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One SQLite file for all journeys, in place of the two databases of other tests."""
    url = f"sqlite:///{tmp_path_factory.mktemp('journeys') / 'journeys.db'}"
    schema.upgrade(_create(url, tmp_path_factory.mktemp("instance")))
    yield url
    close_connections()


@pytest.fixture
def app(migrated_url: str, tmp_path: Path) -> Iterator[Flask]:
    """The application as people meet it: forms carry their CSRF token."""
    with application(migrated_url, tmp_path, WTF_CSRF_ENABLED=True) as app:
        yield app


@dataclass(frozen=True)
class LiveServer:
    """``url`` has no slash at its end; ``hand`` moves the time for server and test alike."""

    url: str
    app: Flask
    hand: Hand


@pytest.fixture
def live_server(app: Flask, hand: Hand) -> Iterator[LiveServer]:
    staff_the_desk()
    db.session.remove()
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="journey-server", daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}"
    app.config["BASE_URL"] = url
    yield LiveServer(url, app, hand)
    server.shutdown()
    thread.join(timeout=10)
    server.server_close()


def staff_the_desk() -> None:
    """The starting set, a person of every role, a customer on a plan and the right to use Premier."""
    remembered(_staffed)


def _staffed() -> None:
    hashed = hash_password(PASSWORD)
    starting_set()
    ask_for_no_pack()
    with unit_of_work() as session:
        for email, name, role in PEOPLE:
            add_user(email, Profile(name), [role], COMMAND_LINE, now(), hashed)
        plan_id = session.scalar(sa.select(SupportPlan.id).order_by(SupportPlan.id).limit(1))
        session.add(Customer(name=CUSTOMER, search_name=CUSTOMER.lower(), support_plan_id=plan_id, created_at=now()))
        channel_id = session.scalars(
            sa.select(SupportChannel.id).where(SupportChannel.kind == ChannelKind.PREMIER)
        ).one()
        term = {"starts_on": date(2026, 1, 1), "ends_on": date(2027, 12, 31), "incidents_included": 6}
        session.add(Entitlement(channel_id=channel_id, created_at=now(), **term))


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(SWITCHES))
        yield browser
        browser.close()


@pytest.fixture
def new_page(browser: Any, live_server: LiveServer) -> Iterator[Callable[..., Any]]:
    """Open a page as another person: ``new_page(javascript=False, locale="hu-HU", viewport=NARROW, ...)``.

    Paths are relative to the server. What a page complains of in its console fails the test, the answers
    with an error status that a journey provokes aside.
    """
    contexts: list[Any] = []
    complaints: list[str] = []

    def hear(message: Any) -> None:
        if message.type == "error" and "Failed to load resource" not in message.text:
            complaints.append(message.text)

    def open_one(*, javascript: bool = True, locale: str = "en-GB", **options: Any) -> Any:
        settings = {"viewport": WIDE, "timezone_id": "Europe/Budapest", "reduced_motion": "reduce"} | options
        context = browser.new_context(
            base_url=live_server.url, java_script_enabled=javascript, locale=locale, **settings
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        page.on("console", hear)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def page(new_page: Callable[..., Any]) -> Any:
    return new_page()


@pytest.fixture
def phone(new_page: Callable[..., Any]) -> Any:
    return new_page(viewport=NARROW, has_touch=True)


@pytest.fixture
def violations() -> Callable[..., list[str]]:
    """What axe finds wrong with a page: "rule: first element", one line each; all rules, or those of colour.

    axe comes with the assets that an installation fetches, so its absence is a fault and no reason to skip.
    """
    source = AXE.read_text(encoding="utf-8")

    def check(page: Any, is_whole: bool = True) -> list[str]:
        if not page.evaluate("'axe' in window"):
            page.evaluate(source)  # evaluated by the browser itself, so that the page's policy stays strict
        rules = {} if is_whole else {"runOnly": ["color-contrast", "link-in-text-block"]}
        options = {"resultTypes": ["violations"], **rules}
        found = page.evaluate("async options => (await axe.run(document, options)).violations", options)
        return [f"{each['id']}: {each['nodes'][0]['html'][:160]}" for each in found]

    return check


@pytest.fixture
def barriers(violations: Callable[..., list[str]]) -> Callable[[Any], list[str]]:
    """What is wrong with a page as it stands, wide and narrow, light and dark: what axe finds, and what overflows."""

    def look(page: Any) -> list[str]:
        looks = LOOKS if page.viewport_size == WIDE else LOOKS[::-1]  # to lay a page out anew takes long: once
        return [f"{page.url} {scheme}: {wrong}" for viewport, scheme, is_whole in looks
                for wrong in _wrong(page, viewport, scheme, is_whole)]  # fmt: skip

    def _wrong(page: Any, viewport: dict[str, int], scheme: str, is_whole: bool) -> list[str]:
        if page.viewport_size != viewport:
            page.set_viewport_size(viewport)
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function("scheme => document.documentElement.dataset.bsTheme === scheme", arg=scheme)
        is_too_wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
        return violations(page, is_whole) + ["wider than the screen"] * is_too_wide

    return look


def sign_in(page: Any, email: str) -> None:
    page.goto("/login")
    page.fill("[name=email]", email)
    page.fill("[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_load_state()
