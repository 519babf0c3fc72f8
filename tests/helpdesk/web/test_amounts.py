"""Sums of money in the reader's way of writing."""

from __future__ import annotations

import pytest
from flask import Flask
from flask_babel import force_locale

from helpdesk.web.amounts import amount


@pytest.mark.parametrize(("language", "expected"), [("en", "16,500 EUR"), ("hu", "16 500 EUR")])
def test_a_sum_is_written_as_its_reader_writes_it(app: Flask, language: str, expected: str) -> None:
    with app.test_request_context(), force_locale(language):
        assert amount(16_500, "EUR").replace("\N{NO-BREAK SPACE}", " ") == expected
        assert amount(7, "") == "7"
