"""A desk with the promises of a fresh installation."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.clock import Hand
from helpdesk.sla import queries
from helpdesk.sla.models import Calendar, SlaPolicy
from tests.people import add_person, signed_in
from tests.worlds import starting_set
from workflows.vocabulary import Role


@dataclass(frozen=True)
class Promised:
    """The two policies and the two calendars."""

    standard: SlaPolicy
    business_plus: SlaPolicy
    desk_hours: Calendar
    round_the_clock: Calendar


@pytest.fixture
def promised(app: Flask, hand: Hand) -> Promised:
    starting_set()
    policies = {policy.name: policy for policy in queries.policies()}
    calendars = {calendar.name: calendar for calendar in queries.calendars()}
    return Promised(
        policies["Standard"], policies["Business Plus"], calendars["Desk hours"], calendars["Round the clock"]
    )


@pytest.fixture
def max_(app: Flask, promised: Promised) -> FlaskClient:
    """Max the manager at his browser."""
    return signed_in(app, add_person("Max", Role.MANAGER))
