"""Links within the documents lead somewhere, anchors included, and the source refers to rules that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = (ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md")))
LINK = re.compile(r"\]\(([^)\s]+)\)|(?:src|srcset)=\"([^\"]+)\"")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(document: Path):
    for groups in LINK.findall(document.read_text(encoding="utf-8")):
        address, _, anchor = "".join(groups).partition("#")
        if address.startswith(("http://", "https://")):
            continue
        target = document.parent / address if address else document
        assert target.exists(), address
        assert not anchor or anchor in _anchors(target), f"{address}#{anchor}"


def _anchors(document: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_rules_that_the_source_refers_to_are_written_down():
    rules = set(re.findall(r"^\*\*(R\d+),", (ROOT / "docs/sla.md").read_text(encoding="utf-8"), re.MULTILINE))
    for first, last in re.findall(
        r"^\| R(\d+)(?:-R(\d+))? \|", (ROOT / "docs/partner-duties.md").read_text(), re.MULTILINE
    ):
        rules |= {f"R{number}" for number in range(int(first), int(last or first) + 1)}
    named: set[str] = set()
    for folder in ("helpdesk", "workflows"):
        for path in (ROOT / folder).rglob("*.py"):
            named.update(re.findall(r"\bR\d+\b", re.sub(r"noqa.*", "", path.read_text(encoding="utf-8"))))
    assert len(named) > 5
    assert named <= rules
