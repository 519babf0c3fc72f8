"""Tracker links as the customer's browser knows them: shown after sending, kept in its signed session."""

from __future__ import annotations

from flask import current_app, session, url_for

_SENT = "sent"
_KEPT = 3


def tracker_url(token: str) -> str:
    """The whole address of a tracker, as it stands in mails too."""
    return f"{current_app.config['BASE_URL']}{url_for('portal.track', secret=token)}"


def remember_link(number: int, token: str) -> None:
    """Let this browser see the page after sending; the last few are kept, the newest last."""
    others = [[known, kept] for known, kept in session.get(_SENT, []) if known != number]
    session[_SENT] = [*others, [number, token]][-_KEPT:]


def remembered_link(number: int) -> str | None:
    """The token of a ticket this browser sent; "" when it was sent before and its link is in the mail alone."""
    for known, token in session.get(_SENT, []):
        if known == number:
            return str(token)
    return None
