"""Everybody speaks Hungarian: Rita asks, Ana answers, Rita reads how far it is, and no page is too wide for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from helpdesk.accounts.models import User
from helpdesk.database import db, unit_of_work
from helpdesk.tickets.models import Ticket
from workflows.vocabulary import State

from .conftest import NARROW, WIDE, LiveServer, sign_in

pytestmark = pytest.mark.browser

PAGES = (
    (
        "ana@desk.example",
        ("/queue", "/tickets/{number}", "/tickets/{number}/escalate", "/tickets/new", "/notifications"),
    ),
    ("max@desk.example", ("/today", "/breaches", "/customers", "/admin/policies", "/admin/policies/1")),
    ("adam@desk.example", ("/admin", "/admin/users", "/admin/permissions", "/admin/channels", "/admin/calendars")),
)


def _ask(page: Any) -> None:
    page.goto("/submit")
    page.get_by_label("Műszaki probléma").check()
    page.get_by_label("Mi a gond, egy sorban?").fill("Az Outlook újra és újra jelszót kér")
    page.get_by_label("Mit tapasztalt, vagy mire van szüksége?").fill("Ma reggel nyolc óta.")
    page.get_by_label("Mindenkit, vagy egy egész telephelyet, csoportot").check()
    page.get_by_label("Ma vagy holnap").check()
    page.get_by_label("Az Ön neve").fill("Fehér Rita")
    page.get_by_label("E-mail-címe").fill("rita.feher@alpina.example")


def _fits(page: Any) -> bool:
    """Whether nothing stands out at the side of the screen."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def _let_ana_speak_hungarian() -> None:
    with unit_of_work() as session:
        ana = session.scalars(sa.select(User).where(User.email == "ana@desk.example")).one()
        ana.language = "hu"
    db.session.remove()


def test_a_request_goes_its_way_in_hungarian(new_page: Callable[..., Any], live_server: LiveServer):
    _let_ana_speak_hungarian()
    rita = new_page(locale="hu-HU", viewport=NARROW)
    _ask(rita)
    assert rita.locator("html").get_attribute("lang") == "hu"
    rita.get_by_text("-ig válaszolunk Önnek").wait_for()
    assert _fits(rita)
    rita.get_by_role("button", name="Küldés").click()
    rita.get_by_role("link", name="Bejelentés megnyitása").click()
    rita.get_by_text("Megkaptuk a bejelentését").wait_for()
    assert _fits(rita)

    ana = new_page(locale="en-GB")
    sign_in(ana, "ana@desk.example")
    ana.goto("/queue")
    ana.get_by_role("link", name="Az Outlook újra és újra jelszót kér").click(position={"x": 12, "y": 8})
    ana.get_by_label("Válasz az ügyfélnek").fill("Köszönjük, már nézzük az okát.")
    ana.get_by_role("button", name="Küldés", exact=True).click()
    ana.locator("#conversation").get_by_text("Köszönjük, már nézzük az okát.").wait_for()
    assert _fits(ana)

    live_server.hand.advance(20 * 60)
    rita.reload()
    rita.get_by_text("Köszönjük, már nézzük az okát.").wait_for()
    assert rita.get_by_text("ma 14:12").count()
    rita.get_by_role("button", name="Megoldódott").click()
    rita.get_by_text("Lezárva: megoldódott").wait_for()
    assert _fits(rita)
    ticket = db.session.scalars(sa.select(Ticket)).one()
    assert (ticket.language, ticket.state) == ("hu", State.CLOSED)


def test_the_longer_words_fit_every_page(new_page: Callable[..., Any], live_server: LiveServer):
    rita = new_page(locale="hu-HU")
    _ask(rita)
    rita.get_by_role("button", name="Küldés").click()
    rita.get_by_role("link", name="Bejelentés megnyitása").wait_for()
    number = db.session.scalars(sa.select(Ticket.id)).one()

    wide: list[str] = []
    for email, paths in PAGES:
        page = new_page()
        sign_in(page, email)
        for path in paths:
            page.goto(f"{path.format(number=number)}?lang=hu")
            assert page.locator("html").get_attribute("lang") == "hu"
            for viewport in (WIDE, NARROW):
                page.set_viewport_size(viewport)
                if not _fits(page):
                    wide.append(f"{path} at {viewport['width']} px")
    assert wide == []
