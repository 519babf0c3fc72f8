"""How much a form without files may bring."""

from __future__ import annotations

from flask import current_app, request


def limit_text() -> None:
    """Hold forms of text alone to MAX_FORM_MEMORY_SIZE: Werkzeug applies that to multipart forms only.

    Runs before anything reads the form; what is larger is answered with 413.
    """
    if request.mimetype == "application/x-www-form-urlencoded":
        request.max_content_length = current_app.config["MAX_FORM_MEMORY_SIZE"]
