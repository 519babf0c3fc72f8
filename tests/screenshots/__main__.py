"""``make screenshots``: every page that documents show, wide and narrow, light and dark, then the README's selection.

The world, its moment and its dice are fixed, so a picture changes only when the product does.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from tests.screenshots.palette import Palette
from tests.screenshots.readme import ROOT, fill_readme
from tests.screenshots.shots import NARROW, SHOTS, WIDE, Shot
from tests.screenshots.stage import PASSWORD, Stage, stage

FOLDER = ROOT / "docs" / "screenshots"
LIMIT_BYTES = 3_000_000
SWITCHES = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--font-render-hinting=none",
)


def main() -> None:
    """Take the pictures, of the pages named on the command line or of all; exits 1 when they weigh too much."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium:
        sys.exit("No Chromium found: install one or name it in CHROMIUM.")
    chosen = [shot for shot in SHOTS if not sys.argv[1:] or shot.name in sys.argv[1:]]
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, stage(Path(folder)) as scene, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(SWITCHES))
        palette = Palette(browser)
        people = {person: _signed_in(browser, scene, person) for person in {shot.person for shot in chosen}}
        for shot in chosen:
            _take(browser, scene, people[shot.person], shot, palette)
        browser.close()
    fill_readme()
    weight = sum(path.stat().st_size for path in FOLDER.glob("*.png"))
    print(f"{weight / 1e6:.1f} MB in {FOLDER.relative_to(ROOT)}")
    if weight > LIMIT_BYTES:
        sys.exit(f"More than {LIMIT_BYTES / 1e6:.0f} MB of pictures: leave some out.")


def _signed_in(browser: Any, scene: Stage, person: str) -> Any:
    """The cookies of a signed-in person; nobody's for the customer's pages."""
    context = browser.new_context(base_url=scene.url)
    if person:
        page = context.new_page()
        page.goto("/login")
        page.fill("[name=email]", f"{person}@desk.example")
        page.fill("[name=password]", PASSWORD)
        page.click("main button[type=submit]")
        page.wait_for_url(lambda url: "/login" not in url)
    state = context.storage_state()
    context.close()
    return state


def _take(browser: Any, scene: Stage, cookies: Any, shot: Shot, palette: Palette) -> None:
    for size_name, size in (("wide", WIDE), ("narrow", NARROW)):
        for theme in ("light", "dark"):
            context = browser.new_context(
                base_url=scene.url,
                viewport=size,
                color_scheme=theme,
                locale=shot.locale,
                timezone_id="Europe/Budapest",
                reduced_motion="reduce",
                storage_state=cookies,
            )
            name = f"{shot.name}-{size_name}-{theme}.png"
            (FOLDER / name).write_bytes(palette.reduce(_picture(context.new_page(), scene, shot)))
            context.close()
            print(name)


def _picture(page: Any, scene: Stage, shot: Shot) -> bytes:
    """The page as PNG bytes; an answer with an error status ends the program: nobody wants its picture."""
    answers: list[Any] = []
    page.on("response", lambda answer: answers.append(answer))
    shot.open(page, scene)
    page.wait_for_load_state("networkidle")
    failed = [f"{answer.status} {answer.url}" for answer in answers if answer.status >= 400]
    if failed:
        sys.exit(f"{shot.name}: {', '.join(failed)}")
    picture: bytes = page.screenshot(full_page=shot.is_whole)
    return picture


if __name__ == "__main__":
    main()
