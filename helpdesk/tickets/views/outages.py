"""Vendor incidents: a list, one incident with all that hangs on it, and a ticket's link to one."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from flask import Blueprint, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import to_user_timezone

from helpdesk.accounts.permissions import Permission
from helpdesk.accounts.session import actor, person
from helpdesk.clock import now
from helpdesk.database import unit_of_work
from helpdesk.errors import Forbidden, Invalid, NotFound
from helpdesk.escalations.outages import editing
from helpdesk.escalations.outages.models import VendorIncident
from helpdesk.tickets import claims, facts, outage_queries
from helpdesk.tickets.actions import outages
from helpdesk.tickets.forms import IncidentForm
from helpdesk.tickets.views.guard import sees_tickets
from helpdesk.tickets.views.ticket import Typed, find, ticket_page
from helpdesk.tickets.views.work import back, read_moment
from helpdesk.web.forms import carry_out, page, see_other
from workflows.vocabulary import CreditState

POST = ["POST"]
BOTH = ["GET", "POST"]


def register(blueprint: Blueprint) -> None:
    one = "/incidents/<int:incident_id>"
    for rule, view, methods in (
        ("/incidents", incidents, ["GET"]),
        ("/incidents/new", incident_new, BOTH),
        (one, incident, ["GET"]),
        (f"{one}/edit", incident_edit, BOTH),
        (f"{one}/tickets", incident_tickets, POST),
        (f"{one}/updates", incident_updates, POST),
        (f"{one}/credits/<int:customer_id>", incident_credit, POST),
        ("/credits", credits, ["GET"]),
        ("/tickets/<int:number>/incident", ticket_incident, POST),
    ):
        blueprint.add_url_rule(rule, view_func=view, methods=methods)


@sees_tickets
def incidents() -> ResponseReturnValue:
    found = outage_queries.incidents(request.args.get("before", type=int))
    rows = found[: outage_queries.PAGE]
    older = f"/incidents?before={rows[-1].id}" if len(found) > len(rows) else None
    return render_template("incidents/list.html", rows=rows, older_url=older, may_edit=_may_edit())


@sees_tickets
def incident_new() -> ResponseReturnValue:
    return _write(None)


@sees_tickets
def incident_edit(incident_id: int) -> ResponseReturnValue:
    return _write(outage_queries.incident(incident_id))


def _write(row: VendorIncident | None) -> ResponseReturnValue:
    _demand()
    form = IncidentForm(obj=row)
    if row is not None and request.method == "GET":
        form.started.data, form.ended.data = _local(row.started_at), _local(row.ended_at)

    def save() -> str:
        began, ended = _read(form, "started"), _read(form, "ended")
        words = (form.number.data, form.service.data, form.title.data)
        return f"/incidents/{editing.save_incident(row, *words, began, ended, person().id, now()).id}"

    return carry_out(form, save) or page("incidents/edit.html", form, row=row)


def _read(form: IncidentForm, name: str) -> datetime | None:
    try:
        return read_moment(form[name].data)
    except Invalid as error:
        raise Invalid(error.sentence, name) from None


def _local(at: datetime | None) -> str:
    return to_user_timezone(at).strftime("%Y-%m-%dT%H:%M") if at else ""


@sees_tickets
def incident(incident_id: int) -> ResponseReturnValue:
    return _page(incident_id)


def _page(incident_id: int, notice: str = "", status: int = 200) -> ResponseReturnValue:
    found, moment = outage_queries.incident(incident_id), now()
    hit = outage_queries.affected(found, moment)
    response = make_response(
        render_template(
            "incidents/incident.html",
            incident=found,
            linked=outage_queries.linked(found),
            suggested=outage_queries.suggested(found),
            affected=[(one, claims.draft(found, one), _next(one)) for one in hit],
            minutes=sum(one.minutes for one in hit),
            claim_until=claims.claim_until(found),
            updates=outage_queries.updates(found),
            may_edit=_may_edit(),
            form_id=request.form.get("form_id") or secrets.token_urlsafe(16),
            typed=request.form,
            refusal=notice,
        )
    )
    response.status_code = status
    return response


def _next(one: outage_queries.Affected) -> list[CreditState]:
    follows = editing.NEXT[one.credit.state if one.credit else None]
    return [state for state in CreditState if state in follows]


@sees_tickets
def incident_tickets(incident_id: int) -> ResponseReturnValue:
    numbers = sorted({int(text) for text in request.form.getlist("ticket") if text.isdigit()})[:50]

    def link_all() -> None:
        for number in numbers:  # in order, so that two people's links can't wait for each other
            outages.link(number, actor(), incident_id, now())

    return _act(incident_id, link_all)


@sees_tickets
def incident_updates(incident_id: int) -> ResponseReturnValue:
    sent = request.form
    texts = sent.get("text_en", ""), sent.get("text_hu", "")
    form_id = sent.get("form_id", "")[:43] or secrets.token_urlsafe(16)
    return _act(incident_id, lambda: outages.tell_all(incident_id, actor(), *texts, form_id, now()))


@sees_tickets
def incident_credit(incident_id: int, customer_id: int) -> ResponseReturnValue:
    _demand()
    state = next((state for state in CreditState if state == request.form.get("state")), None)
    if state is None:
        raise Invalid(_("Choose one of the list."), "state")
    hit = outage_queries.affected(outage_queries.incident(incident_id), now())
    if customer_id not in {one.customer.id for one in hit}:
        raise NotFound(_("There is no such customer."))
    currency = (request.form.get("currency") or "EUR").upper()[:3]
    day = facts.desk_day(now())

    def save() -> object:
        cents = _cents(request.form.get("amount", ""))
        return editing.track_credit(incident_id, customer_id, state, cents, currency, person().id, day, now())

    return _act(incident_id, save)


def _cents(text: str) -> int | None:
    """Hundredths of what was typed, with a comma or a point; None where nothing was. Raises Invalid."""
    cleaned = "".join(text.split()).replace(",", ".")
    if not cleaned:
        return None
    try:
        amount = Decimal(cleaned)
        cents = int((amount * 100).to_integral_value())
    except (InvalidOperation, ValueError, OverflowError):
        raise Invalid(_("Write an amount such as 12.50."), "amount") from None
    if not 0 < cents < 2_000_000_000:
        raise Invalid(_("Write an amount such as 12.50."), "amount")
    return cents


@sees_tickets
def credits() -> ResponseReturnValue:
    """Credits granted and not yet passed on."""
    return render_template("incidents/credits.html", rows=outage_queries.to_pass_on())


@sees_tickets
def ticket_incident(number: int) -> ResponseReturnValue:
    """Link the ticket with an incident, or with none."""
    chosen = request.form.get("incident", type=int)
    try:
        with unit_of_work():
            if chosen is None:
                outages.unlink(number, actor(), now())
            else:
                outages.link(number, actor(), chosen, now())
    except Invalid as error:
        find(number)
        return ticket_page(number, Typed(notice=error.sentence), 422)
    return back(number)


def _act(incident_id: int, act: Callable[[], Any]) -> ResponseReturnValue:
    outage_queries.incident(incident_id)
    try:
        with unit_of_work():
            act()
    except Invalid as error:
        return _page(incident_id, error.sentence, 422)
    return see_other(f"/incidents/{incident_id}")


def _may_edit() -> bool:
    return actor().may(Permission.CHASE_VENDOR)


def _demand() -> None:
    if not _may_edit():
        raise Forbidden(_("Your role doesn’t include this."))
