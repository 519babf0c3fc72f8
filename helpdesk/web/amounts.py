"""Numbers and sums of money as the reader writes them."""

from __future__ import annotations

from flask_babel import format_decimal


def grouped(count: int) -> str:
    """A count with its thousands apart: "16,500", in Hungarian "16 500"."""
    return str(count) if -1000 < count < 1000 else str(format_decimal(count))  # a page says dozens of small ones


def amount(whole: int, currency: str) -> str:
    """Whole units with their currency: "16,500 EUR", in Hungarian "16 500 EUR"."""
    return f"{grouped(whole)}\N{NO-BREAK SPACE}{currency}".strip()
