"""Putting tags on a ticket and taking them away."""

from __future__ import annotations

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from helpdesk.accounts.session import actor
from helpdesk.clock import now
from helpdesk.database import unit_of_work
from helpdesk.errors import Conflict, Invalid
from helpdesk.sla.tags import split
from helpdesk.tickets.actions.tagging import tag
from helpdesk.tickets.views.guard import sees_tickets
from helpdesk.tickets.views.ticket import Typed, conflict_page, ticket_page
from helpdesk.tickets.views.work import back, sent_version


def register(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/tickets/<int:number>/tags", "ticket_tags", tags, methods=["POST"])


@sees_tickets
def tags(number: int) -> ResponseReturnValue:
    typed = request.form.get("add", "")
    try:
        with unit_of_work():
            tag(number, actor(), split(typed), request.form.getlist("remove"), now(), sent_version())
    except Invalid as error:
        return ticket_page(number, Typed(tag=typed, tag_error=error.sentence), 422)
    except Conflict as error:
        return conflict_page(number, error, Typed(tag=typed))
    return back(number, "#facts")
