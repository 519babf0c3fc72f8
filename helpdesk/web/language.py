"""Which language and time zone to speak: the person's choice, then the browser's, then the desk's."""

from __future__ import annotations

from flask import current_app, has_request_context, request, session
from flask_login import current_user

LANGUAGES = {"en": "English", "hu": "Magyar"}


def select_locale() -> str:
    """The language for this answer: chosen in this session, the user's, the browser's, the desk's."""
    if not has_request_context():
        return str(current_app.config["LANGUAGE"])
    chosen = session.get("language")
    if chosen in LANGUAGES:
        return str(chosen)
    if current_user.is_authenticated:
        return str(current_user.language)
    return request.accept_languages.best_match(list(LANGUAGES)) or str(current_app.config["LANGUAGE"])


def remember_choice() -> None:
    """Keep the language of a ``?lang=hu`` link, as every page's switch has, for this session."""
    chosen = request.args.get("lang")
    if chosen in LANGUAGES:
        session["language"] = chosen


def select_timezone() -> str:
    if has_request_context() and current_user.is_authenticated:
        return str(current_user.timezone)
    return str(current_app.config["TIMEZONE"])
