"""Whom the desk talks to: Partner Center, its twin on the console, or nobody. HTTP is loaded only when needed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any

from helpdesk.escalations.partner_center import vault
from helpdesk.escalations.partner_center.console import ConsoleDesk
from helpdesk.escalations.partner_center.errors import Away, NotConnected, Throttled, VendorError
from helpdesk.escalations.partner_center.tokens import Registration
from helpdesk.escalations.partner_center.vendor_desk import VendorDesk

SHORT_QUIET = timedelta(minutes=1)
"""How long nobody is asked after the vendor was away."""


class DeskKind(StrEnum):
    """Who answers; by the names of HELPDESK_VENDOR_DESK."""

    OFF = "off"
    CONSOLE = "console"
    PARTNER_CENTER = "partner_center"


def kind_of(config: Mapping[str, Any]) -> DeskKind:
    return DeskKind(config["VENDOR_DESK"])


def is_connected(config: Mapping[str, Any]) -> bool:
    """Whether notes can be sent from here: there is somebody to talk to, and a consent."""
    kind = kind_of(config)
    if kind is not DeskKind.PARTNER_CENTER:
        return kind is DeskKind.CONSOLE
    row = vault.connection()
    return row is not None and row.sealed != ""


def may_ask(config: Mapping[str, Any], at: datetime) -> bool:
    """Whether to ask now: connected, and the vendor has not asked for quiet."""
    until = vault.quiet_until()
    return is_connected(config) and (until is None or until <= at)


def open_desk(config: Mapping[str, Any]) -> VendorDesk:
    """The vendor's desk of the configuration; close it. Raises NotConnected when there is none."""
    kind = kind_of(config)
    if kind is DeskKind.OFF:
        raise NotConnected("HELPDESK_VENDOR_DESK is off: cases are mirrored by pasting.")
    if kind is DeskKind.CONSOLE:
        return _console()
    from helpdesk.escalations.partner_center.api import PartnerCenter
    from helpdesk.escalations.partner_center.client import Client

    return PartnerCenter(Client(registration_of(config), vault.Vault(config["VENDOR_KEYS"])))


@cache
def _console() -> ConsoleDesk:
    return ConsoleDesk()


def registration_of(config: Mapping[str, Any]) -> Registration:
    return Registration(
        tenant=config["VENDOR_TENANT"],
        client_id=config["VENDOR_CLIENT_ID"],
        client_secret=config["VENDOR_CLIENT_SECRET"],
        login_url=config["VENDOR_LOGIN_URL"],
        api_url=config["VENDOR_API_URL"],
    )


def answered(at: datetime) -> None:
    """The vendor answered. Runs in the caller's unit of work."""
    vault.write(answered_at=at, quiet_until=None, failed_at=None, last_error="")


def failed(error: VendorError, at: datetime) -> datetime:
    """The vendor could not be talked to; until when nobody tries. Runs in the caller's unit of work."""
    quiet = SHORT_QUIET
    if isinstance(error, Throttled):
        quiet = max(timedelta(seconds=error.retry_after), timedelta(seconds=1))
    until = at + quiet
    vault.write(failed_at=at, quiet_until=until, last_error=error.sentence[:300])
    return until


def concerns_all(error: VendorError) -> bool:
    """Whether the next case would fare no better."""
    return isinstance(error, Away | NotConnected)
