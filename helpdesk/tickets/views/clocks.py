"""Where a ticket's time went: all its clocks, how a promise came about, and the minute ledger."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from helpdesk.clock import now
from helpdesk.database import db
from helpdesk.errors import NotFound
from helpdesk.escalations.models import VendorCase
from helpdesk.sla.models import SlaClock
from helpdesk.tickets import clocks, explaining, ledger, promises, sheet
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.views.guard import sees_tickets
from helpdesk.tickets.views.ticket import find
from helpdesk.web.labels import label


def register(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/tickets/<int:number>/clocks", "ticket_clocks", all_clocks)
    blueprint.add_url_rule("/tickets/<int:number>/clocks/<int:clock_id>/explanation", view_func=explanation)
    blueprint.add_url_rule("/tickets/<int:number>/ledger", "ticket_ledger", minute_ledger)


@sees_tickets
def all_clocks(number: int) -> ResponseReturnValue:
    """Every cycle of every clock, ours and the vendor's."""
    found = find(number)
    course = promises.course_of(found, now())
    groups = clocks.groups_of(course, number, promises.clock_ids(number), _case_titles(number))
    return render_template("tickets/clocks.html", ticket=_head(found), groups=groups)


def _case_titles(number: int) -> dict[int, str]:
    cases = db.session.scalars(sa.select(VendorCase).where(VendorCase.ticket_id == number).order_by(VendorCase.id))
    return {case.id: f"{sheet.case_title(case)} {case.number or ''}".strip() for case in cases}


@sees_tickets
def explanation(number: int, clock_id: int) -> ResponseReturnValue:
    """How a promise came about: every second of it, what happened to it, what will."""
    found = find(number)
    clock = db.session.get(SlaClock, clock_id)
    if clock is None or clock.ticket_id != found.id:
        raise NotFound(_("There is no such promise."))
    course = promises.course_of(found, now())
    cycle = course.cycle(clock.kind, clock.case_id, clock.cycle)
    if cycle is None:
        raise NotFound(_("There is no such promise."))
    terms = course.terms_of(clock.case_id)
    return render_template(
        "tickets/explanation.html",
        ticket=_head(found),
        name=label(cycle.kind),
        explained=explaining.explain(cycle, terms.content["levels"].get(cycle.kind, ())),
        cycle=cycle,
        state_text=label(cycle.state),
        terms=terms.policy_name,
    )


@sees_tickets
def minute_ledger(number: int) -> ResponseReturnValue:
    """Whose every minute of the ticket was."""
    found = find(number)
    drawn = ledger.ledger_of(promises.course_of(found, now()))
    return render_template("tickets/ledger.html", ticket=_head(found), ledger=ledger.show(drawn), is_open=found.is_open)


def _head(found: Ticket) -> dict[str, Any]:
    return {"number": found.id, "subject": found.subject}
