"""A message's plain text as safe HTML: escaped, addresses made links, line breaks kept by the style sheet."""

from __future__ import annotations

import re

import nh3
from markupsafe import Markup, escape

LINKIFY_UP_TO = 100_000
"""Characters; a longer text is shown without links, so that no message can keep a worker busy."""

_ADDRESS = re.compile(r"https?://[^\s<>\"']{1,2000}")
_NOT_AT_THE_END = ".,;:!?)]}’”"


def to_html(body: str) -> Markup:
    """``body`` as HTML in which nothing but our own links is markup."""
    if len(body) > LINKIFY_UP_TO:
        return escape(body)
    if "://" not in body:  # nothing to link: the escaped text is already all there is
        return Markup(_clean(str(escape(body))))  # noqa: S704
    parts: list[str] = []
    end = 0
    for match in _ADDRESS.finditer(body):
        address = match.group().rstrip(_NOT_AT_THE_END)
        parts += [str(escape(body[end : match.start()])), _link(address)]
        end = match.start() + len(address)
    parts.append(str(escape(body[end:])))
    return Markup(_clean("".join(parts)))  # noqa: S704


def _link(address: str) -> str:
    safe = escape(address)
    return f'<a href="{safe}">{safe}</a>'


def _clean(html: str) -> str:
    """The last word on what leaves: links over http and https, and text."""
    return nh3.clean(
        html,
        tags={"a"},
        attributes={"a": {"href"}},
        url_schemes={"http", "https"},
        link_rel="noopener noreferrer nofollow",
    )
