"""The draft behind a form: a signed random id that makes a form sent twice one request and keeps its files."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from flask import current_app, request
from itsdangerous import BadSignature, Signer


def new_draft() -> str:
    """A signed draft id for a fresh form; nothing is written for it."""
    return _signer().sign(secrets.token_urlsafe(24)).decode()


def draft_of(signed: str | None) -> str:
    """The id inside a form's draft; a new one for a form without, or with one that we did not sign."""
    try:
        return _signer().unsign(signed or "").decode()
    except BadSignature:
        return secrets.token_urlsafe(24)


def signed(draft_id: str) -> str:
    return _signer().sign(draft_id).decode()


def sender_hash() -> str:
    """Stands for the sender's network address where staged files are counted: the address itself is not kept."""
    address = request.remote_addr or ""
    return hmac.new(_key(), b"address:" + address.encode(), hashlib.sha256).hexdigest()


def _signer() -> Signer:
    return Signer(_key(), salt="draft")


def _key() -> bytes:
    return str(current_app.config["SECRET_KEY"]).encode()
