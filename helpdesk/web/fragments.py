"""Telling a script that swaps a part of the page from a person who asks for a whole one."""

from __future__ import annotations

from flask import request


def is_scripted() -> bool:
    """Whether htmx asks; then a refusal is best told by a notice, since what was typed is still in the page."""
    return request.headers.get("HX-Request") == "true"


def swapped_id() -> str:
    """The id of the element htmx will replace; it writes the target as "tr#row-1042". Empty for a whole page."""
    return request.headers.get("HX-Target", "").rpartition("#")[2] if is_scripted() else ""
