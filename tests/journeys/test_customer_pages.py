"""The customer's pages with scripts: they follow her choices, fit every screen, and axe finds nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .conftest import LiveServer

pytestmark = pytest.mark.browser


def _fill(page: Any) -> None:
    page.get_by_label("Technical problem").check()
    page.get_by_label("In one line, what is it?").fill("Outlook keeps asking for the password")
    page.get_by_label("What did you see or need?").fill("Since about eight this morning.")
    page.get_by_label("Your name").fill("Rita Fehér")
    page.get_by_label("Your e-mail address").fill("rita.feher@alpina.example")


def test_the_questions_and_the_times_follow_the_choices(page: Any, live_server: LiveServer):
    page.goto("/submit")
    assert not page.get_by_label("Since when?").is_visible()
    page.get_by_label("Billing question").check()
    assert page.get_by_label("Invoice or subscription").is_visible()
    _fill(page)
    assert not page.get_by_label("Invoice or subscription").is_visible()
    page.get_by_label("Everyone, or a whole site or team").check()
    page.get_by_label("It hurts now: work has stopped and there is no way around it").check()
    page.get_by_text("today 16:12").wait_for()
    page.get_by_label("It can wait", exact=True).check()
    page.get_by_text("tomorrow 12:12").wait_for()


def test_a_file_that_is_too_large_says_so_before_it_is_sent(page: Any, live_server: LiveServer, tmp_path: Path):
    live_server.app.config["UPLOAD_FILE_BYTES"] = 1000
    large = tmp_path / "large.png"
    large.write_bytes(b"x" * 2000)
    page.goto("/submit")
    page.locator("#attachments").set_input_files(str(large))
    assert "too large" in page.locator(".file-chip-bad").inner_text()
    page.get_by_role("button", name="Leave out: large.png").click()
    assert page.locator(".file-chip").count() == 0


def test_a_change_of_language_keeps_what_was_typed(page: Any, live_server: LiveServer):
    page.goto("/submit")
    _fill(page)
    page.locator(".public-tools summary").click()
    page.get_by_role("link", name="Magyar").click()
    page.wait_for_load_state()
    assert page.locator("html").get_attribute("lang") == "hu"
    assert page.locator("#subject").input_value() == "Outlook keeps asking for the password"
    assert page.locator("#kind-1").is_checked()


def test_axe_finds_nothing(page: Any, barriers: Callable[[Any], list[str]]):
    found: list[str] = []

    def look() -> None:
        found.extend(barriers(page))

    page.goto("/submit")
    page.get_by_text("How we set priority").click()
    look()
    _fill(page)
    page.evaluate("document.getElementById('submit-form').noValidate = true")
    page.get_by_role("button", name="Send").click()
    page.locator("#impact-error").wait_for()
    look()
    page.get_by_label("Several people").check()
    page.get_by_label("It can wait", exact=True).check()
    page.get_by_role("button", name="Send").click()
    page.locator(".number").wait_for()
    look()
    page.get_by_role("link", name="Open the ticket").click()
    page.locator("#reply").wait_for()
    look()
    page.goto("/track/" + "A" * 43)
    look()
    assert found == []
