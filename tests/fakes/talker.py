"""What a process does that only talks with the vendor, and is made to be killed."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from helpdesk import create_app
from helpdesk.clock import moved, now
from helpdesk.escalations.partner_center import connection, vault
from helpdesk.escalations.partner_center.client import Client
from helpdesk.tickets import mirroring, surveying
from tests.fakes.partner_center import QUICK, KeptLine, Waits

SPEED = 400
"""The lease of a killed talker ends after a second of the machine's."""


def fast(began: datetime, second: float) -> datetime:
    """The moment it is, for everybody who began together."""
    return began + timedelta(seconds=(time.time() - second) * SPEED)


def talk(began: datetime, second: float, is_ready: Callable[[], None]) -> None:
    """Talk for ever, by the settings in the environment, and say when that begins.

    ``began`` is the moment, and ``second`` the one of the machine's clock, at which time began to run SPEED
    times as fast.
    """
    app = create_app()
    with app.app_context(), moved(lambda: fast(began, second)):
        client = Client(
            connection.registration_of(app.config),
            vault.Vault(app.config["VENDOR_KEYS"]),
            timeout=QUICK,
            whole_answer=1.0,
            sleep=Waits(),
        )
        is_ready()
        while True:
            mirroring.send_due(now(), 5, KeptLine(client))
            surveying.survey_due(now(), KeptLine(client))
            mirroring.poll_due(now(), 5, KeptLine(client))
            time.sleep(0.005)
