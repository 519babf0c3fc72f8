"""Sums of money as the reader writes them."""

from __future__ import annotations

from flask_babel import format_decimal


def amount(whole: int, currency: str) -> str:
    """Whole units with their currency: "16,500 EUR", in Hungarian "16 500 EUR"."""
    return f"{format_decimal(whole)}\N{NO-BREAK SPACE}{currency}".strip()
