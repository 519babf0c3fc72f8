"""Friendly pages for what went wrong: a page for people, a fragment for htmx, problem+json for programs."""

from __future__ import annotations

import structlog
from flask import Flask, Response, jsonify, make_response, render_template, request
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException

from helpdesk.database import db
from helpdesk.errors import HelpdeskError

log = structlog.get_logger()


def register(app: Flask) -> None:
    """Answer every error of ``app`` in the shape the asker understands."""
    app.register_error_handler(HelpdeskError, lambda error: answer(error.status, error.sentence))
    app.register_error_handler(CSRFError, lambda error: answer(400, _("This page is too old to be sent. Your text is below: open a fresh page and send it again.")))
    app.register_error_handler(HTTPException, lambda error: answer(error.code or 500, headers=_retry_after(error)))
    app.register_error_handler(OperationalError, _database_away)
    app.register_error_handler(Exception, _unexpected)


def answer(status: int, sentence: str | None = None, headers: dict[str, str] | None = None) -> Response:
    """An answer with ``status``; people read ``sentence`` when there is one, else the page's own words."""
    if _wants_json():
        body = {"type": "about:blank", "title": sentence or _title(status), "status": status}
        response = jsonify(body)
        response.mimetype = "application/problem+json"
    else:
        is_fragment = request.headers.get("HX-Request") == "true"
        template = "errors/_fragment.html" if is_fragment else "errors/page.html"
        response = make_response(render_template(template, status=status, title=_title(status), sentence=sentence, typed=_typed()))
        if is_fragment:  # a notice at the top: what the person was working on stays as it is
            response.headers.update({"HX-Retarget": "#notices", "HX-Reswap": "innerHTML"})
    response.status_code = status
    response.headers.update(headers or {})
    return response


def _wants_json() -> bool:
    best = request.accept_mimetypes.best_match(["text/html", "application/json"])
    return request.path.startswith("/api/") or best == "application/json"


def _typed() -> list[tuple[str, str]]:
    """What a person typed into the form that failed, so that a dead end never swallows it."""
    if request.method != "POST" or request.mimetype not in ("application/x-www-form-urlencoded", "multipart/form-data"):
        return []
    try:
        pairs = request.form.items(multi=True)
        return [(name, value) for name, value in pairs if name in ("subject", "description", "body", "note", "comment", "findings", "tried", "reason") and value.strip()]
    except HTTPException:  # the body itself was the trouble
        return []


def _title(status: int) -> str:
    titles = {
        400: _("That could not be understood"),
        403: _("This is not yours to do"),
        404: _("Nothing here"),
        405: _("That does not work this way"),
        409: _("It changed meanwhile"),
        413: _("That is too large"),
        422: _("Something is missing"),
        429: _("A little slower, please"),
        503: _("Back in a moment"),
    }
    return titles.get(status, _("Something went wrong on our side"))


def _retry_after(error: HTTPException) -> dict[str, str]:
    return {name: value for name, value in error.get_headers() if name in ("Retry-After", "Allow")}


def _database_away(error: OperationalError) -> Response:
    db.session.rollback()
    log.error("database_unavailable", reason=str(error.orig)[:200])
    return answer(503, headers={"Retry-After": "10"})


def _unexpected(error: Exception) -> Response:
    db.session.rollback()
    log.exception("unexpected_error", path=request.path, exc_info=error)
    return answer(500)
