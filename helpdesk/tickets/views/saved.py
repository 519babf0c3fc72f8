"""Views of the queue that a person keeps: a filter under a name, a chip over the list."""

from __future__ import annotations

from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

from flask import Blueprint, flash, request
from flask.typing import ResponseReturnValue

from helpdesk.accounts.session import person
from helpdesk.database import unit_of_work
from helpdesk.errors import Invalid
from helpdesk.tickets import queries
from helpdesk.tickets.actions.saving import forget_view, save_view
from helpdesk.tickets.filters import QueueFilter
from helpdesk.tickets.views.guard import sees_tickets
from helpdesk.web.forms import see_other
from helpdesk.web.incoming import row_number


def register(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/queue/views", "save_view", save, methods=["POST"])


class Saved(NamedTuple):
    """A filter somebody keeps, read."""

    id: int
    name: str
    filter: QueueFilter


def saved_by(user_id: int) -> list[Saved]:
    return [Saved(view.id, view.name, _read(view.query)) for view in queries.saved_views(user_id)]


def saved_chip(view: Saved, asked: QueueFilter, count: str) -> dict[str, Any]:
    """A kept view over the list ``asked`` for; ``count`` as people read it."""
    return {
        "id": view.id,
        "text": view.name,
        "count": count,
        "url": view.filter.url(),
        "is_current": view.filter == asked.but(),
    }


@sees_tickets
def save() -> ResponseReturnValue:
    """Keep the filter one looks through under a name, or remove a view of one's own."""
    asked = _read(request.form.get("query", ""))
    try:
        with unit_of_work():
            if "forget" in request.form:
                forget_view(person().id, request.form.get("forget", 0, type=row_number))
            else:
                save_view(person().id, request.form.get("name", ""), urlencode(asked.query()))
    except Invalid as error:
        flash(error.sentence, "error")
    return see_other(asked.url())


def _read(query: str) -> QueueFilter:
    return QueueFilter.read(dict(parse_qsl(query))).but()
