"""What every template may use besides its own variables."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, current_app, has_request_context, request, url_for
from flask_babel import get_locale, get_timezone

from helpdesk import phrases
from helpdesk.clock import now
from helpdesk.web import amounts, labels, moments
from helpdesk.web.language import LANGUAGES

THEMES = ("system", "light", "dark")
FILTERS = (
    moments.duration,
    moments.to_the_second,
    moments.open_time,
    moments.open_time_to_the_second,
    moments.ago,
    moments.moment,
    moments.day,
    moments.day_and_time,
    moments.calendar_date,
    moments.exact,
    moments.clock_time,
    moments.iso,
    amounts.amount,
    amounts.grouped,
    phrases.said,
)


def register(app: Flask) -> None:
    """Give the templates of ``app`` the desk's name, the languages, the moment, labels and hashed static addresses."""
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(static_url=static_url, label=labels.label, due_phrase=moments.due_phrase)
    for function in FILTERS:
        app.add_template_filter(function)

    @app.context_processor
    def common() -> dict[str, Any]:
        return {
            "desk_name": app.config["DESK_NAME"],
            "languages": LANGUAGES,
            "language": str(get_locale()),
            "server_now": now(),
            "time_zone": str(get_timezone()),
            "theme": _theme(),
        }


def _theme() -> str:
    """The reader's choice, kept in a cookie by ``static/js/theme.js``."""
    chosen = request.cookies.get("theme", "")
    return chosen if chosen in THEMES else THEMES[0]


def static_url(file_name: str) -> str:
    """Address of a static file with its content's hash, so that it may be cached for a year."""
    return _static_url(request.script_root if has_request_context() else "", current_app.static_folder or "", file_name)


@lru_cache(maxsize=256)
def _static_url(_script_root: str, folder: str, file_name: str) -> str:
    return url_for("static", filename=file_name, v=_digest(Path(folder) / file_name))


@lru_cache(maxsize=256)
def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12] if path.exists() else "0"
