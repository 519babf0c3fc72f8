"""Whom the desk talks to: Partner Center, its twin on the console, or nobody. HTTP is loaded only when needed."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from itertools import islice
from typing import Any

from helpdesk.escalations.partner_center import polls, posts, vault
from helpdesk.escalations.partner_center.console import ConsoleDesk
from helpdesk.escalations.partner_center.errors import Away, NotConnected, Throttled, VendorError
from helpdesk.escalations.partner_center.models import VendorConnection
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


# how it stands ----------------------------------------------------------------------------------------------

PATIENCE = timedelta(minutes=30)
"""A failure that lasts longer needs a person's eye."""

TOKEN_ENDS = timedelta(days=90)
TOKEN_IS_OLD = timedelta(days=75)
"""A refresh token that is not used for 90 days ends by itself. Source: the vendor's identity platform."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What the page, the command and the check say of the connection. ``trouble`` is empty when all is well."""

    kind: DeskKind
    row: VendorConnection | None
    cases: int
    cases_unread: int
    notes_waiting: int
    notes_failed: int
    trouble: str


def standing(config: Mapping[str, Any], at: datetime) -> Standing:
    """How the talk with the vendor stands at ``at``."""
    kind, row = kind_of(config), vault.connection()
    cases, unread = polls.counts()
    waiting, failed = posts.counts()
    is_asked = kind is DeskKind.PARTNER_CENTER
    return Standing(kind, row, cases, unread, waiting, failed, _trouble(row, config, failed, at) if is_asked else "")


def _trouble(row: VendorConnection | None, config: Mapping[str, Any], given_up: int, at: datetime) -> str:
    if row is None or not row.sealed:
        return "nobody has given a refresh token yet. Run `helpdesk vendor connect`."
    try:
        vault.Vault(config["VENDOR_KEYS"]).load()
    except NotConnected as error:
        return error.sentence
    if row.failed_at is not None and at - (row.answered_at or row.consented_at or row.failed_at) > PATIENCE:
        return f"no answer since {row.answered_at or row.consented_at:%Y-%m-%d %H:%M} UTC: {row.last_error}"
    token_at = row.renewed_at or row.consented_at or at
    if at - token_at > TOKEN_IS_OLD:
        return f"the token was last renewed on {token_at:%Y-%m-%d}; unused it ends on {token_at + TOKEN_ENDS:%Y-%m-%d}."
    if given_up:
        return f"{given_up} notes could not be sent. Their tickets say why."
    return ""


def count_cases(config: Mapping[str, Any]) -> int:
    """Ask the vendor now, outside any transaction: how many cases we see, up to 200. Raises VendorError."""
    with closing(open_desk(config)) as desk:
        return sum(1 for _case in islice(desk.cases(), 200))
