"""A process that does nothing but talk with the vendor, made to be killed: ``python -m tests.fakes.talker``.

Arguments: the moment and the second of the machine's clock at which time began to run SPEED times as fast.
"""

from __future__ import annotations

import sys
import time
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


def main() -> None:
    began, second = datetime.fromisoformat(sys.argv[1]), float(sys.argv[2])
    app = create_app()
    with app.app_context(), moved(lambda: fast(began, second)):
        client = Client(
            connection.registration_of(app.config),
            vault.Vault(app.config["VENDOR_KEYS"]),
            timeout=QUICK,
            whole_answer=1.0,
            sleep=Waits(),
        )
        print("ready", flush=True)
        while True:
            mirroring.send_due(now(), 5, KeptLine(client))
            surveying.survey_due(now(), KeptLine(client))
            mirroring.poll_due(now(), 5, KeptLine(client))
            time.sleep(0.005)


if __name__ == "__main__":
    main()
