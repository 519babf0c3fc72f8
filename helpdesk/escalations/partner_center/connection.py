"""Whom the desk talks to: Partner Center, its twin on the console, or nobody. HTTP is loaded only when needed."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from itertools import islice
from typing import Any

from helpdesk.escalations.partner_center import vault
from helpdesk.escalations.partner_center.console import ConsoleDesk
from helpdesk.escalations.partner_center.errors import Away, NotConnected, Throttled, VendorError
from helpdesk.escalations.partner_center.tokens import Registration
from helpdesk.escalations.partner_center.vendor_desk import VendorDesk
from helpdesk.phrases import N_

SHORT_QUIET = timedelta(minutes=1)
LONGEST_QUIET = timedelta(minutes=15)
"""How long nobody is asked after the vendor was away: as long as that has lasted, between these two."""


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


def lists_cases(config: Mapping[str, Any]) -> bool:
    """Whether there is a list that tells the numbers of new cases: the twin on the console knows none."""
    return kind_of(config) is DeskKind.PARTNER_CENTER


def may_ask(config: Mapping[str, Any], at: datetime) -> bool:
    """Whether to ask now: connected, and the vendor has not asked for quiet."""
    until = vault.quiet_until()
    return is_connected(config) and (until is None or until <= at)


def open_desk(config: Mapping[str, Any], *, is_hasty: bool = False) -> VendorDesk:
    """The vendor's desk of the configuration; close it. Raises NotConnected when there is none.

    ``is_hasty``: somebody waits at a page, so each question is asked once and given up after seconds.
    """
    kind = kind_of(config)
    if kind is DeskKind.OFF:
        raise NotConnected(N_("HELPDESK_VENDOR_DESK is off: cases are mirrored by pasting."))
    if kind is DeskKind.CONSOLE:
        return _console()
    from helpdesk.escalations.partner_center.api import PartnerCenter
    from helpdesk.escalations.partner_center.client import HASTE, Client

    haste: Mapping[str, Any] = HASTE if is_hasty else {}
    return PartnerCenter(Client(registration_of(config), vault.Vault(config["VENDOR_KEYS"]), **haste))


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
    vault.write(answered_at=at, quiet_until=None, failed_at=None, failing_since=None, last_error="")


def failed(error: VendorError, at: datetime) -> datetime:
    """The vendor could not be talked to; until when nobody tries. Runs in the caller's unit of work."""
    row = vault.connection()
    since = (row.failing_since if row is not None else None) or at
    quiet = min(max(at - since, SHORT_QUIET), LONGEST_QUIET)
    if isinstance(error, Throttled):
        quiet = max(timedelta(seconds=error.retry_after), timedelta(seconds=1))
    until = at + quiet
    vault.write(failed_at=at, failing_since=since, quiet_until=until, last_error=error.phrase.kept())
    return until


def concerns_all(error: VendorError) -> bool:
    """Whether the next case would fare no better."""
    return isinstance(error, Away | NotConnected)


def count_cases(config: Mapping[str, Any]) -> int:
    """Ask the vendor now, outside any transaction: how many cases we see, up to 200. Raises VendorError."""
    with closing(open_desk(config, is_hasty=True)) as desk:
        return sum(1 for _case in islice(desk.cases(), 200))
