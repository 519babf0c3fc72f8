"""Signing in by the secure application model: a refresh token, given once by a person, buys access tokens.

Each purchase may bring a new refresh token, which replaces the old one at once. Source: Partner Center
developer documentation, "Enable the Secure Application Model framework".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol, Self

from helpdesk.clock import now
from helpdesk.escalations.partner_center.answers import Answer, complaint_of, quiet_seconds
from helpdesk.escalations.partner_center.errors import Away, Garbled, NotConnected, Throttled
from helpdesk.escalations.partner_center.reading import Fields, read_moment
from helpdesk.phrases import N_

EARLY = timedelta(minutes=5)
"""An access token that has less than this to live is not begun with."""

USUAL_LIFE = 3600

Post = Callable[[str, Mapping[str, str]], Answer]
"""Sends a form to an address. Raises Away."""


@dataclass(frozen=True, slots=True)
class Registration:
    """The desk's application as registered with the vendor, and where it asks."""

    tenant: str
    client_id: str
    client_secret: str = field(repr=False)
    login_url: str
    api_url: str


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the vault keeps. ``access`` is empty until it was bought."""

    refresh: str = field(repr=False)
    access: str = field(default="", repr=False)
    expires_at: datetime | None = None

    def to_json(self) -> str:
        expiry = self.expires_at.isoformat() if self.expires_at else ""
        return json.dumps({"refresh": self.refresh, "access": self.access, "expires": expiry})

    @classmethod
    def of_json(cls, text: str) -> Self:
        fields = Fields(json.loads(text))
        return cls(fields.text("refresh"), fields.text("access"), read_moment(fields.text("expires")))

    def is_fresh(self, at: datetime) -> bool:
        return bool(self.access) and self.expires_at is not None and self.expires_at - EARLY > at


class TokenKeeper(Protocol):
    def load(self) -> Tokens | None:
        """The tokens kept last; None before anybody gave the first. Raises NotConnected when they can't be read."""

    def keep(self, tokens: Tokens, bought_with: str) -> bool:
        """Replace those whose refresh token is ``bought_with``, durably before it returns.

        False when others are kept by now: another process was quicker, or a person has disconnected the desk.
        """


class SignIn:
    """Hands out access tokens, renewed when they end or are refused."""

    def __init__(self, registration: Registration, keeper: TokenKeeper, post: Post) -> None:
        self._registration = registration
        self._keeper = keeper
        self._post = post
        self._tokens: Tokens | None = None

    def access_token(self, refused: str = "") -> str:
        """A token that the API should take; ``refused`` is one it has just turned down.

        Raises NotConnected when only a person can help, Away when nobody answers.
        """
        tokens = self._tokens
        if tokens is None or refused or not tokens.is_fresh(now()):
            tokens = self._load()  # another process may have renewed it already
        if not tokens.is_fresh(now()) or tokens.access == refused:
            tokens = self._renew(tokens)
        self._tokens = tokens
        return tokens.access

    def _load(self) -> Tokens:
        tokens = self._keeper.load()
        if tokens is None:
            raise NotConnected(N_("Nobody has given the desk a refresh token yet. Run `helpdesk vendor connect`."))
        return tokens

    def _renew(self, tokens: Tokens) -> Tokens:
        """Tokens bought with ``tokens``, or with what another process has kept in their place.

        Killed between buying and keeping, the next process buys with the old refresh token again: the vendor ends
        it only when a newer one is used, and a newer one is used only after it was kept.
        """
        try:
            renewed = self._buy(tokens)
        except NotConnected:
            latest = self._load()
            if latest.refresh == tokens.refresh:
                raise
            tokens, renewed = latest, self._buy(latest)  # somebody else's renewal had ended ours
        if self._keeper.keep(renewed, tokens.refresh):
            return renewed
        latest = self._load()  # whoever was quicker keeps theirs: the one refresh token that is sure to be good
        return latest if latest.is_fresh(now()) else renewed

    def _buy(self, tokens: Tokens) -> Tokens:
        registration = self._registration
        form = {
            "grant_type": "refresh_token",
            "refresh_token": tokens.refresh,
            "client_id": registration.client_id,
            "client_secret": registration.client_secret,
            "resource": registration.api_url,
            "scope": "openid",
        }
        answer = self._post(f"{registration.login_url}/{registration.tenant}/oauth2/token", form)
        if not answer.is_success:
            raise _refusal(answer)
        try:
            fields = answer.fields()
        except Garbled as error:
            raise Away(N_("The sign-in service answered with something that is no JSON.")) from error
        if not fields.text("access_token"):
            raise Away(N_("The sign-in service answered without a token."))
        life = fields.whole("expires_in") or USUAL_LIFE
        refresh = fields.text("refresh_token") or tokens.refresh
        return Tokens(refresh, fields.text("access_token"), now() + timedelta(seconds=life))


def _refusal(answer: Answer) -> Away | NotConnected:
    # of what the service says only its code is kept: its sentence may repeat what was sent
    code = complaint_of(answer)[0]
    about: dict[str, Any] = {"status": answer.status, "details": f" ({code})" if code else ""}
    if answer.status == 429 or answer.status >= 500:
        template = N_("The sign-in service answered %(status)s%(details)s.")
        wait = quiet_seconds(answer, now())
        return Throttled(template, wait, **about) if answer.status == 429 else Away(template, **about)
    template = N_("The sign-in service answered %(status)s%(details)s: renew the consent by `helpdesk vendor connect`.")
    return NotConnected(template, code=code, **about)
