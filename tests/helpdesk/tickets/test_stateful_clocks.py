"""Whatever people and time do to tickets, what is stored of their promises is what their histories say."""

from __future__ import annotations

import os

from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from helpdesk.clock import Hand
from helpdesk.database import is_sqlite

from .conftest import Desk
from .lives import Lives, World

LIVES, STEPS = int(os.environ.get("LIVES", "20")), 30
"""LIVES=2000 looks for a night; usual runs take seconds."""


def test_stored_clocks_are_the_replay_of_their_histories(app: Flask, desk: Desk, hand: Hand) -> None:
    world = World(desk.lea.id)
    lived = settings(
        max_examples=LIVES if is_sqlite() else LIVES // 2,
        stateful_step_count=STEPS,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(lambda: Lives(desk, hand, world), settings=lived)
