"""How the talk with the vendor stands: what the page, the command and the check say of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from helpdesk.escalations.partner_center import polls, posts, vault
from helpdesk.escalations.partner_center.connection import DeskKind, kind_of
from helpdesk.escalations.partner_center.errors import NotConnected
from helpdesk.escalations.partner_center.models import VendorConnection
from helpdesk.phrases import Phrase

PATIENCE = timedelta(minutes=30)
"""A failure that lasts longer needs a person's eye."""

TOKEN_ENDS = timedelta(days=90)
TOKEN_IS_OLD = timedelta(days=75)
"""A refresh token that is not used for 90 days ends by itself. Source: the vendor's identity platform."""


class Condition(StrEnum):
    """Where the connection is in its life; the worst that is true of it."""

    OFF = "off"
    PRINTED = "printed"
    NO_CONSENT = "no_consent"
    UNREADABLE = "unreadable"  # sealed with a key that we don't have
    NEVER_TRIED = "never_tried"
    FAILING = "failing"
    TOKEN_ENDS = "token_ends"  # noqa: S105 - a state, no password
    CONNECTED = "connected"


@dataclass(frozen=True, slots=True)
class Standing:
    """``next_try_at`` is set while nobody asks, ``token_ends_at`` once there is a consent; moments are aware UTC."""

    kind: DeskKind
    condition: Condition
    row: VendorConnection | None
    cases: int
    cases_unread: int
    notes_waiting: int
    notes_failed: int
    next_try_at: datetime | None
    token_ends_at: datetime | None
    is_overdue: bool  # it fails for so long that a person should look

    @property
    def trouble(self) -> str:
        """What a person should mend, in English for the command line; empty when all is well."""
        row, ends = self.row, self.token_ends_at
        match self.condition:
            case Condition.NO_CONSENT:
                return "nobody has given a refresh token yet. Run `helpdesk vendor connect`."
            case Condition.UNREADABLE:
                return "HELPDESK_VENDOR_KEY does not open what is stored. Run `helpdesk vendor connect`."
            case Condition.FAILING if self.is_overdue and row is not None:
                return f"no answer since {row.failing_since:%Y-%m-%d %H:%M} UTC: {Phrase.of(row.last_error)}"
            case Condition.TOKEN_ENDS:
                return f"the refresh token was not renewed for long; unused it ends on {ends:%Y-%m-%d}."
        return f"{self.notes_failed} notes could not be sent. Their tickets say why." if self._gave_up else ""

    @property
    def _gave_up(self) -> bool:
        return self.kind is DeskKind.PARTNER_CENTER and self.notes_failed > 0


def standing(config: Mapping[str, Any], at: datetime) -> Standing:
    """How the talk with the vendor stands at ``at``."""
    kind, row = kind_of(config), vault.connection()
    cases, unread = polls.counts()
    waiting, failed = posts.counts()
    token_at = (row.renewed_at or row.consented_at) if row is not None and row.sealed else None
    quiet = row.quiet_until if row is not None else None
    return Standing(
        kind=kind,
        condition=_condition(kind, row, token_at, config, at),
        row=row,
        cases=cases,
        cases_unread=unread,
        notes_waiting=waiting,
        notes_failed=failed,
        next_try_at=quiet if quiet is not None and quiet > at else None,
        token_ends_at=token_at + TOKEN_ENDS if token_at is not None else None,
        is_overdue=row is not None and row.failing_since is not None and at - row.failing_since > PATIENCE,
    )


def _condition(
    kind: DeskKind, row: VendorConnection | None, token_at: datetime | None, config: Mapping[str, Any], at: datetime
) -> Condition:
    if kind is not DeskKind.PARTNER_CENTER:
        return Condition.OFF if kind is DeskKind.OFF else Condition.PRINTED
    if row is None or token_at is None:
        return Condition.NO_CONSENT
    try:
        vault.Vault(config["VENDOR_KEYS"]).load()
    except NotConnected:
        return Condition.UNREADABLE
    if row.failing_since is not None:
        return Condition.FAILING
    if at - token_at > TOKEN_IS_OLD:
        return Condition.TOKEN_ENDS
    return Condition.NEVER_TRIED if row.answered_at is None else Condition.CONNECTED
