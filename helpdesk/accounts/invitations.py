"""One-time links to choose a password: signed, and bound to the account's session epoch.

Choosing a password raises the epoch, so a link works once; so does making a newer one useless by any other
change that ends sessions.
"""

from __future__ import annotations

from flask import current_app
from itsdangerous import BadSignature, URLSafeTimedSerializer

from helpdesk.accounts.models import User
from helpdesk.database import db

LIFE = 3 * 24 * 3600  # seconds


def token_for(user: User) -> str:
    return _signer().dumps([user.id, user.session_epoch])


def invited(token: str) -> User | None:
    """The account a link is for; None when it is forged, older than three days, used, or disabled."""
    try:
        user_id, epoch = _signer().loads(token, max_age=LIFE)
    except (BadSignature, ValueError, TypeError):
        return None
    user = db.session.get(User, user_id)
    return user if user is not None and user.is_enabled and user.session_epoch == epoch else None


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="helpdesk.accounts.invitation")
