"""What an address, a query and a form may bring: numbers that a table can hold, text that a database takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Flask, Request
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.routing import IntegerConverter, Map, UnicodeConverter

MOST = 2**31 - 1
"""The largest number of a row: PostgreSQL's integer. To ask for a larger one is an error there, not an empty answer."""


class Numbers(IntegerConverter):
    """The ``<int:...>`` of an address: one that no table can hold is an address that leads nowhere (404)."""

    regex = "[0-9]{1,10}"

    def __init__(self, map: Map) -> None:
        super().__init__(map, max=MOST)


class Words(UnicodeConverter):
    """The ``<...>`` of an address, without NUL."""

    def __init__(self, map: Map) -> None:
        super().__init__(map)
        self.regex = r"[^/\x00]+"


def row_number(text: str) -> int:
    """The number of a row in a query or a form, for ``.get(..., type=row_number)``, which then has the default.

    Raises ValueError for anything but plain digits up to ``MOST``.
    """
    if not is_row_number(text):
        raise ValueError(text)
    return int(text)


def is_row_number(text: str) -> bool:
    # isdigit() would let a superscript through, which int() refuses
    return text.isascii() and text.isdigit() and len(text) <= len(str(MOST)) and int(text) <= MOST


def is_moment(text: str) -> bool:
    """Whether ``text`` is a moment as a position in a list carries it: seconds since 1970, at most year 9999."""
    return text.isascii() and text.isdigit() and len(text) < 13 and int(text) <= _LATEST


_LATEST = 253402300799


class Texts(ImmutableMultiDict[str, Any]):
    """Parameters without NUL: no keyboard writes it, and PostgreSQL refuses it."""

    def __init__(self, mapping: Any = None) -> None:
        super().__init__(mapping if mapping is None else list(_without_nul(mapping)))


def _without_nul(mapping: Any) -> Iterator[tuple[str, Any]]:
    pairs = mapping.items(multi=True) if hasattr(mapping, "getlist") else mapping
    for name, value in pairs:
        yield name, value.replace("\0", "") if isinstance(value, str) else value


class DeskRequest(Request):
    parameter_storage_class = Texts


def guard(app: Flask) -> None:
    """Hold every request of ``app`` to this. Call it before any address is registered."""
    app.request_class = DeskRequest
    app.url_map.converters |= {"int": Numbers, "default": Words}
