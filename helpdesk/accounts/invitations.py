"""One-time links to choose a password: signed, and bound to the account's session epoch.

Choosing a password raises the epoch, so a link works once; so does making a newer one useless by any other
change that ends sessions.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from blinker import Namespace
from flask import current_app
from itsdangerous import BadSignature, URLSafeTimedSerializer

from helpdesk.accounts.models import User
from helpdesk.database import db

LIFE = 3 * 24 * 3600  # seconds

made = Namespace().signal("invitation-made")
"""Sent inside the inviting transaction with the account, ``path``, ``by``, ``expires_at`` and ``now``. Telling
people happens in a room above this one, which listens; nothing here depends on anybody doing so."""


def announce(user: User, by: str, now: datetime) -> None:
    """Let whoever listens know that ``user`` may choose a password by a fresh link."""
    path = f"/account/invitation/{token_for(user)}"
    made.send(user, path=path, by=by, expires_at=now + timedelta(seconds=LIFE), now=now)


def token_for(user: User) -> str:
    return _signer().dumps([user.id, user.session_epoch])


def invited(token: str, *, lock: bool = False) -> User | None:
    """The account a link is for; None when it is forged, older than three days, used, or disabled.

    ``lock`` keeps the account's row to the end of the transaction, so that a link sent twice is used once.
    """
    try:
        user_id, epoch = _signer().loads(token, max_age=LIFE)
    except (BadSignature, ValueError, TypeError):
        return None
    user = db.session.get(User, user_id, populate_existing=lock, with_for_update=lock or None)
    return user if user is not None and user.is_enabled and user.session_epoch == epoch else None


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="helpdesk.accounts.invitation")
