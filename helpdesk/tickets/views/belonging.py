"""The incident that a ticket belongs to, on the ticket's own page: chosen, begun anew, taken off."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from helpdesk.accounts.permissions import Permission
from helpdesk.accounts.session import actor
from helpdesk.clock import now
from helpdesk.database import unit_of_work
from helpdesk.errors import Forbidden, Invalid
from helpdesk.tickets import outage_queries
from helpdesk.tickets.actions import outages
from helpdesk.tickets.views.guard import sees_tickets
from helpdesk.tickets.views.outages import may_edit
from helpdesk.tickets.views.ticket import find
from helpdesk.tickets.views.work import back
from helpdesk.web.incoming import is_row_number


def register(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/tickets/<int:number>/incident", view_func=ticket_incident, methods=["GET", "POST"])


@sees_tickets
def ticket_incident(number: int) -> ResponseReturnValue:
    """Choose the incident that caused the ticket, or none."""
    found = find(number)
    if not actor().may(Permission.EDIT_TICKETS, found.kind):
        raise Forbidden(_("Your role doesn’t include this."))
    sentence = ""
    if request.method == "POST":
        try:
            with unit_of_work():
                _link(number, request.form.get("incident", ""))
            return back(number)
        except Invalid as error:
            sentence, found = error.sentence, find(number)
    own = outage_queries.belonging(found).incident
    fitting, others = outage_queries.choices(found)
    context = {"ticket": found, "own": own, "fitting": fitting, "others": others, "error": sentence}
    page = render_template("incidents/choose.html", may_edit=may_edit(), **context)
    return (page, 422) if sentence else page


def _link(number: int, chosen: str) -> None:
    """Link with the incident whose id was sent; an empty one takes the ticket off."""
    if not chosen:
        outages.unlink(number, actor(), now())
    elif is_row_number(chosen):
        outages.link(number, actor(), int(chosen), now())
    else:
        raise Invalid(_("Choose one of the list."))
