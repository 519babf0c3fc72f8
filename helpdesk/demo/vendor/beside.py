"""The stand-in as it runs beside a demo desk: connects it, answers it, plays the engineers until it is told to stop."""

from __future__ import annotations

import structlog
from flask import Flask

from config import ConfigurationError
from helpdesk.clock import now
from helpdesk.database import db, unit_of_work
from helpdesk.demo.vendor import portal, seeding
from helpdesk.demo.vendor.playing import play
from helpdesk.demo.vendor.server import running
from helpdesk.demo.vendor.world import VendorWorld
from helpdesk.escalations.partner_center import vault
from helpdesk.escalations.partner_center.errors import NotConnected
from helpdesk.signals import Stop

EVERY = 4.0
"""Seconds between two looks at what there is to do."""

MOST_A_MINUTE = 500
"""What the vendor grants. Source: Partner Center developer documentation, customer resources."""

log = structlog.get_logger()


def serve(app: Flask, port: int) -> None:
    """Stand in for the vendor on ``port`` until SIGTERM or SIGINT. Needs the application context of ``app``.

    Raises ConfigurationError when the desk holds a consent that the stand-in has not given.
    """
    stop = Stop()
    _refuse_a_real_consent(app)
    world = VendorWorld()
    world.portal = f"http://127.0.0.1:{port}{portal.PATH}"
    world.most_a_minute = MOST_A_MINUTE
    seeding.bring_in(world)
    with running(world, port=port):
        with unit_of_work():
            vault.connect(world.first_refresh_token, app.config, now())
        log.info("stand_in_serves", port=port, cases=len(world.requests))
        while not stop.wait(EVERY):
            _turn(world)
        with unit_of_work():
            vault.disconnect()


def _turn(world: VendorWorld) -> None:
    opened = seeding.open_waiting(world, now())
    db.session.remove()
    if opened is not None:
        log.info("stand_in_opened", number=opened)
    played = play(world, now())
    if played is not None:
        log.info("stand_in_wrote", number=played)


def _refuse_a_real_consent(app: Flask) -> None:
    try:
        vault.Vault(app.config["VENDOR_KEYS"]).load()
    except NotConnected:
        raise ConfigurationError(
            "This desk holds a consent of the real Partner Center; the stand-in stays off."
        ) from None
