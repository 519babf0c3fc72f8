"""Friendly pages for what went wrong: a page for people, a fragment for htmx, problem+json for programs."""

from __future__ import annotations

import structlog
from flask import Flask, Response, g, jsonify, make_response, render_template, request
from flask_babel import gettext as _
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException, SecurityError

from helpdesk.database import db
from helpdesk.errors import HelpdeskError
from helpdesk.extensions import login_manager

TYPED = frozenset(
    {
        *("subject", "description", "error_text", "body", "note", "reply", "comment", "action"),
        *("findings", "tried", "reason", "name", "email", "company"),
    }
)
"""Fields that hold somebody's own words: choices are made again quickly, and passwords are never shown."""

PUBLIC_ROOM = "portal"
"""Its pages are the customers', whoever looks at them."""

log = structlog.get_logger()


def register(app: Flask) -> None:
    """Answer every error of ``app`` in the shape the asker understands."""
    app.register_error_handler(HelpdeskError, lambda error: answer(error.status, error.sentence))
    app.register_error_handler(CSRFError, _page_too_old)
    app.register_error_handler(SecurityError, _strange_host)
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
        template = "errors/_fragment.html" if is_fragment else _template(status)
        told = {"status": status, "title": _title(status), "sentence": sentence, "typed": _typed()}
        response = make_response(render_template(template, **told))
        if is_fragment:  # a notice at the top: what the person was working on stays as it is
            response.headers.update({"HX-Retarget": "#notices", "HX-Reswap": "innerHTML"})
    response.status_code = status
    response.headers.update(headers or {})
    return response


def _template(status: int) -> str:
    """Refusals leave people of the desk in their own frame. Where the database may be at fault it is asked nothing."""
    if status >= 500 or status == 429 or request.blueprint == PUBLIC_ROOM:
        return "errors/page.html"
    is_of_the_desk = bool(current_user) and current_user.is_authenticated  # type: ignore[attr-defined]
    return "errors/desk.html" if is_of_the_desk else "errors/page.html"


def _wants_json() -> bool:
    best = request.accept_mimetypes.best_match(["text/html", "application/json"])
    return request.path.startswith("/api/") or best == "application/json"


def _typed() -> list[tuple[str, str]]:
    """What a person typed into the form that failed, so that a dead end never swallows it."""
    if request.method != "POST" or request.mimetype not in ("application/x-www-form-urlencoded", "multipart/form-data"):
        return []
    try:
        pairs = [(name, value) for name, value in request.form.items(multi=True) if value.strip()]
    except HTTPException:  # the body itself was the trouble
        return []
    return [(_name(name), value) for name, value in pairs if name in TYPED]


def _name(name: str) -> str:
    """What a field is called on the page; a name of our own for one that has only a name in code."""
    names = {
        "action": _("Action"),
        "body": _("Message"),
        "comment": _("Comment"),
        "company": _("Company"),
        "description": _("Description"),
        "email": _("E-mail address"),
        "error_text": _("Error text"),
        "findings": _("Findings"),
        "name": _("Name"),
        "note": _("Note"),
        "reason": _("Reason"),
        "reply": _("Message"),
        "subject": _("Subject"),
        "tried": _("Tried"),
    }
    return names.get(name, name)


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


def _page_too_old(_error: CSRFError) -> Response:
    told = _("This page is too old to be sent. Your text is below: open a fresh page and send it again.")
    return answer(400, told)


def _strange_host(_error: SecurityError) -> Response:
    """One plain line: a page has links, and there is no address to make them from."""
    return Response("This desk is not reached under this address.\n", 400, mimetype="text/plain")


def _database_away(error: OperationalError) -> Response:
    db.session.rollback()
    # else the page would ask the database who reads it, and in which language
    g._login_user = login_manager.anonymous_user()
    log.error("database_unavailable", reason=str(error.orig)[:200])
    return answer(503, headers={"Retry-After": "10"})


def _unexpected(error: Exception) -> Response:
    db.session.rollback()
    log.exception("unexpected_error", path=request.path, exc_info=error)
    return answer(500)
