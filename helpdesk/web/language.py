"""Which language and time zone to speak: the person's choice, then the browser's, then the desk's."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, has_request_context, request, session
from flask_babel import get_locale
from flask_login import current_user

_reader: Any = current_user  # whoever is signed in, whatever model that is: this room knows no accounts
LANGUAGES = {"en": "English", "hu": "Magyar"}


def select_locale() -> str:
    """The language for this answer: chosen in this session, the user's, the browser's, the desk's."""
    if not has_request_context():
        return str(current_app.config["LANGUAGE"])
    chosen = session.get("language")
    if chosen in LANGUAGES:
        return str(chosen)
    if _reader.is_authenticated:
        return str(_reader.language)
    return request.accept_languages.best_match(list(LANGUAGES)) or str(current_app.config["LANGUAGE"])


def remember_choice() -> None:
    """Keep the language of a ``?lang=hu`` link, as every page's switch has, for this session."""
    chosen = request.args.get("lang")
    if chosen in LANGUAGES:
        session["language"] = chosen


def announce(response: Response) -> Response:
    """Name the language of a page, and tell caches that another browser may get another."""
    if response.mimetype == "text/html":
        response.headers["Content-Language"] = str(get_locale())
        response.vary.add("Accept-Language")
    return response


def select_timezone() -> str:
    if has_request_context() and _reader.is_authenticated:
        return str(_reader.timezone)
    return str(current_app.config["TIMEZONE"])
