"""What every template keeps to: no inline script or style (the policy forbids them), only icons that exist."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

HELPDESK = Path(__file__).resolve().parents[2] / "helpdesk"
TEMPLATES = sorted((HELPDESK / "templates").rglob("*.html"))
FORBIDDEN = {
    "an inline style": re.compile(r"\sstyle\s*=|<style\b"),
    "an inline handler": re.compile(r"\son[a-z]+\s*=\s*[\"']|\bhx-on"),
    "an inline script": re.compile(r"<script(?![^>]*\bsrc=)"),
    "evaluated text for htmx": re.compile(r"hx-(?:vals|headers)\s*=\s*[\"']js:|hx-trigger=\"[^\"]*\["),
}


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(HELPDESK / "templates")))
def test_template_needs_no_exception_to_the_content_policy(template: Path) -> None:
    text = template.read_text(encoding="utf-8")

    found = [name for name, pattern in FORBIDDEN.items() if pattern.search(text)]

    assert found == []


def test_every_table_that_may_scroll_is_reached_by_keyboard() -> None:
    boxes = [box for template in TEMPLATES for box in re.findall(r"<div class=\"table-scroll[^>]*>", _live(template))]

    assert len(boxes) > 8
    assert [box for box in boxes if 'tabindex="0" role="region" aria-label=' not in box] == []


def _live(template: Path) -> str:
    """The template without its comments."""
    return re.sub(r"\{#.*?#\}", "", template.read_text(encoding="utf-8"), flags=re.DOTALL)


def test_every_icon_named_in_a_template_is_drawn() -> None:
    lines = (HELPDESK / "frontend" / "icons.txt").read_text(encoding="utf-8").splitlines()
    drawn = {line for line in lines if line and not line.startswith("#")}

    used = {
        name
        for template in TEMPLATES
        for name in re.findall(r"\b(?:icon|mark)\('([a-z0-9-]+)'", template.read_text(encoding="utf-8"))
    }

    assert len(used) > 20
    assert used - drawn == set()


def test_lock_file_names_no_host() -> None:
    text = (HELPDESK / "frontend" / "package-lock.json").read_text(encoding="utf-8")
    packages = json.loads(text)["packages"]

    assert all("resolved" not in package for package in packages.values())
    assert all(package.get("integrity") for name, package in packages.items() if name)
