"""The desk of the tickets' tests, with Max and Ana signed in, and time that passes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.accounts.models import User
from helpdesk.clock import Hand
from helpdesk.database import db, unit_of_work
from helpdesk.tickets import deadlines
from tests.helpdesk.tickets.conftest import Desk, desk, opened, topic_id  # noqa: F401
from tests.people import signed_in


@pytest.fixture
def max_browses(app: Flask, desk: Desk) -> FlaskClient:  # noqa: F811
    return signed_in(app, db.session.get_one(User, desk.max.id))


@pytest.fixture
def ana_browses(app: Flask, desk: Desk) -> FlaskClient:  # noqa: F811
    return signed_in(app, db.session.get_one(User, desk.ana.id))


@pytest.fixture
def let_pass(hand: Hand) -> Callable[..., None]:
    """Turn the clock forward (``days=1``, ``minutes=5``) and let the scheduler do what came due."""

    def turn(**span: int) -> None:
        hand.advance(timedelta(**span).total_seconds())
        while due := deadlines.due(hand.at):
            for ticket_id in due:
                with unit_of_work():
                    deadlines.settle_due(ticket_id, hand.at)

    return turn
