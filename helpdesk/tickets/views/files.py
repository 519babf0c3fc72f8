"""Attachments: streamed as downloads, never shown by our own origin."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, Response, send_file
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from helpdesk.database import db
from helpdesk.errors import NotFound
from helpdesk.tickets.files import path_of
from helpdesk.tickets.models import Attachment
from helpdesk.tickets.views.guard import sees_tickets


def register(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/tickets/<int:number>/files/<key>", view_func=attachment)


@sees_tickets
def attachment(number: int, key: str) -> ResponseReturnValue:
    """A file of this ticket; that of another one, or one whose file is gone, is not here."""
    rows = sa.select(Attachment).where(Attachment.key == key, Attachment.ticket_id == number)
    found = db.session.scalars(rows).one_or_none()
    if found is None or not path_of(found.key).is_file():
        raise NotFound(_("There is no such file."))
    return download(found)


def download(found: Attachment) -> Response:
    """Stream a file so that a browser saves it and can run nothing of it."""
    response = send_file(
        path_of(found.key),
        mimetype="application/octet-stream",
        as_attachment=True,
        download_name=found.file_name,
        conditional=True,
        etag=found.sha256,
        max_age=0,
    )
    response.headers["Content-Security-Policy"] = "sandbox"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
