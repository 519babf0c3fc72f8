"""Rita's form and her tracker, on a desk with its starting set."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from helpdesk.database import db
from helpdesk.tickets.models import Ticket
from tests.helpdesk.tickets.conftest import Desk, desk, opened

__all__ = ["Desk", "desk", "opened"]

FIELDS = {
    "name": "Rita Fehér",
    "email": "rita.feher@alpina.example",
    "kind": "technical",
    "impact": "high",
    "urgency": "high",
    "subject": "Outlook keeps asking for the password",
    "description": "Since about eight this morning.",
}
"""The contract's fields alone."""


@pytest.fixture
def send(client: FlaskClient, desk: Desk) -> Callable[..., TestResponse]:
    """Send the form with ``FIELDS``; keyword arguments replace fields, None leaves one out."""

    def send_form(**fields: Any) -> TestResponse:
        filled = {name: value for name, value in (FIELDS | fields).items() if value is not None}
        return client.post("/submit", data=filled)

    return send_form


def tickets() -> list[Ticket]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(Ticket).order_by(Ticket.id).execution_options(populate_existing=True)))


def words(response: TestResponse) -> str:
    """The page's text with its blanks folded, for reading sentences in."""
    return " ".join(response.get_data(as_text=True).split())
