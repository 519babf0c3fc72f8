"""A small selection of the pictures between the README's two markers."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BEGIN, END = "<!-- screenshots: begin -->", "<!-- screenshots: end -->"
SELECTION = (
    ("submit", "narrow", "The customer sees the promised times before she sends"),
    ("track", "narrow", "A secret link shows where it stands"),
    ("queue", "wide", "The queue, next deadline first"),
    ("ticket", "wide", "A ticket: promises, conversation, and the moves that are open or why not"),
    ("today", "wide", "The manager's day"),
)


def fill_readme() -> None:
    """Write the selection; each picture follows the reader's light or dark."""
    path = ROOT / "README.md"
    before, rest = path.read_text(encoding="utf-8").split(BEGIN)
    after = rest.split(END)[1]
    wide = [_figure(name, text) for name, size, text in SELECTION if size == "wide"]
    narrow = [_picture(name, "narrow", text, ' width="300"') for name, size, text in SELECTION if size == "narrow"]
    shown = "\n\n".join([*wide, "<p>\n" + "\n".join(narrow) + "\n</p>"])
    path.write_text(f"{before}{BEGIN}\n{shown}\n{END}{after}", encoding="utf-8")


def _figure(name: str, text: str) -> str:
    return f"{text}:\n\n{_picture(name, 'wide', text)}"


def _picture(name: str, size: str, text: str, more: str = "") -> str:
    file = f"docs/screenshots/{name}-{size}"
    dark = f'<source media="(prefers-color-scheme: dark)" srcset="{file}-dark.png">'
    return f'<picture>{dark}<img src="{file}-light.png" alt="{text}"{more}></picture>'
