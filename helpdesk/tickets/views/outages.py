"""The vendor's incidents: their list, writing one down, its tickets, and telling all customers at once."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, flash, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext, to_user_timezone

from helpdesk.accounts.permissions import Permission
from helpdesk.accounts.session import actor
from helpdesk.clock import now
from helpdesk.database import unit_of_work
from helpdesk.errors import Forbidden, HelpdeskError, Invalid
from helpdesk.escalations.outages.editing import IncidentDraft
from helpdesk.escalations.outages.models import VendorIncident
from helpdesk.tickets import affected, credit_queries, outage_queries
from helpdesk.tickets.actions import crediting, outages
from helpdesk.tickets.forms import IncidentForm
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.outage_queries import Show
from helpdesk.tickets.views.guard import sees_tickets
from helpdesk.tickets.views.ticket import find
from helpdesk.tickets.views.work import read_moment
from helpdesk.web.forms import carry_out, page, see_other
from helpdesk.web.incoming import is_row_number, row_number
from workflows.vocabulary import Kind

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
    ):
        blueprint.add_url_rule(rule, view_func=view, methods=methods)


@sees_tickets
def incidents() -> ResponseReturnValue:
    show = next((show for show in Show if show == request.args.get("show")), None)
    found = outage_queries.incidents(show, request.args.get("before", type=row_number))
    rows = found[: outage_queries.PAGE]
    query = f"show={show}&" if show else ""
    older = f"/incidents?{query}before={rows[-1].incident.id}" if len(found) > len(rows) else None
    shown = {"rows": rows, "older_url": older, "show": show, "count_to": outage_queries.COUNT_TO}
    return render_template("incidents/list.html", may_edit=may_edit(), is_first="before" not in request.args, **shown)


# writing one down ---------------------------------------------------------------------------------------


@sees_tickets
def incident_new() -> ResponseReturnValue:
    """A new one; with ``?ticket=`` it begins with what that ticket says, and the ticket is linked with it."""
    number = request.args.get("ticket", type=row_number)
    return _write(None, find(number) if number else None)


@sees_tickets
def incident_edit(incident_id: int) -> ResponseReturnValue:
    return _write(outage_queries.incident(incident_id))


def _write(row: VendorIncident | None, ticket: Ticket | None = None) -> ResponseReturnValue:
    if not may_edit():
        raise Forbidden(_("Your role doesn’t include this."))
    form = IncidentForm(obj=row)
    if request.method == "GET" and row is not None:
        form.started.data, form.ended.data = local(row.started_at), local(row.ended_at)
    elif request.method == "GET" and ticket is not None:
        form.service.data, form.title.data = ticket.service, ticket.subject
        form.started.data = local(ticket.created_at)

    def save() -> str:
        draft = IncidentDraft(
            form.number.data, form.service.data, form.title.data, read_at(form, "started"), read_at(form, "ended")
        )
        saved = crediting.save_incident(row, draft, actor(), now())
        if ticket is None:
            return f"/incidents/{saved.id}"
        outages.link(ticket.id, actor(), saved.id, now())
        return f"/tickets/{ticket.id}"

    return carry_out(form, save) or page("incidents/edit.html", form, row=row, ticket=ticket)


def read_at(form: Any, name: str) -> datetime | None:
    """The moment in a form's field ``name``. Raises Invalid there."""
    try:
        return read_moment(form[name].data)
    except Invalid as error:
        raise Invalid(error.sentence, name) from None


def local(at: datetime | None) -> str:
    """A moment as a browser's field wants it, in the reader's zone."""
    return to_user_timezone(at).strftime("%Y-%m-%dT%H:%M") if at else ""


# one --------------------------------------------------------------------------------------------------


@sees_tickets
def incident(incident_id: int) -> ResponseReturnValue:
    return _page(incident_id)


def _page(incident_id: int, error: Invalid | None = None) -> ResponseReturnValue:
    found, moment = outage_queries.incident(incident_id), now()
    response = make_response(
        render_template(
            "incidents/incident.html",
            incident=found,
            totals=affected.totals(found, moment),
            sums=credit_queries.sums_of(incident_id),
            pending=len(credit_queries.pending_claims(found)),
            is_due=found.claim_due_at is not None and found.claim_due_at <= moment,
            is_soon=found.claim_due_at is not None and found.claim_due_at - moment < timedelta(days=7),
            updates=outage_queries.updates(found),
            count=outage_queries.count_of(incident_id),
            count_to=outage_queries.COUNT_TO,
            suggested=outage_queries.suggested(found) if _may_link() else [],
            may_edit=may_edit(),
            may_link=_may_link(),
            may_tell=actor().may(Permission.REPLY, Kind.TECHNICAL),
            is_anybody_told=outage_queries.is_anybody_told(incident_id),
            form_id=request.form.get("form_id") or secrets.token_urlsafe(16),
            typed=request.form,
            error=error,
            **_tickets(found),
            **_customers(found, moment),
        )
    )
    response.status_code = error.status if error is not None else 200
    return response


def _tickets(found: VendorIncident) -> dict[str, Any]:
    """A page of its tickets; ``tickets_after`` in the address says behind which number."""
    rows = outage_queries.linked(found, request.args.get("tickets_after", 0, type=row_number))
    shown = rows[: outage_queries.PAGE]
    more = f"/incidents/{found.id}?tickets_after={shown[-1].id}#tickets" if len(rows) > len(shown) else None
    return {"linked": shown, "more_tickets": more, "tickets_after": request.args.get("tickets_after", type=row_number)}


def _customers(found: VendorIncident, moment: datetime) -> dict[str, Any]:
    """A page of its customers by name; ``customers_after`` in the address says behind whom."""
    after = request.args.get("customers_after", type=row_number)
    rows = affected.customers_hit(found, moment, after)
    shown = rows[: affected.PAGE]
    more = (
        f"/incidents/{found.id}?customers_after={shown[-1].customer.id}#customers" if len(rows) > len(shown) else None
    )
    return {"hits": shown, "more_customers": more, "customers_after": after}


@sees_tickets
def incident_tickets(incident_id: int) -> ResponseReturnValue:
    """Link the chosen tickets, each in a transaction of its own; what was refused is said with its reason."""
    outage_queries.incident(incident_id)
    numbers = [int(text) for text in request.form.getlist("ticket") if is_row_number(text)]
    chosen, refused = sorted(set(numbers))[: outage_queries.PAGE], []
    off = request.form.get("off", type=row_number)
    for number in chosen if off is None else [off]:
        try:
            with unit_of_work():
                if off is None:
                    outages.link(number, actor(), incident_id, now())
                else:
                    outages.unlink(number, actor(), now(), incident_id)
        except HelpdeskError as error:
            refused.append(f"#{number}: {error.sentence}")
    if refused:
        flash(" ".join(refused), "error")
    elif not chosen and off is None:
        flash(_("Tick at least one."), "error")
    elif off is None:
        flash(ngettext("One ticket linked.", "%(num)s tickets linked.", len(chosen)), "done")
    return see_other(f"/incidents/{incident_id}#tickets")


@sees_tickets
def incident_updates(incident_id: int) -> ResponseReturnValue:
    sent = request.form
    texts = sent.get("text_en", "")[:LONGEST], sent.get("text_hu", "")[:LONGEST]
    form_id = sent.get("form_id", "")[:43] or secrets.token_urlsafe(16)

    def tell() -> None:
        outages.tell_all(incident_id, actor(), *texts, form_id, now(), may_name="may_name" in sent)

    refused = attempt(incident_id, tell)
    return _page(incident_id, refused) if refused else see_other(f"/incidents/{incident_id}#updates")


LONGEST = 20_000


def attempt(incident_id: int, act: Callable[[], Any]) -> Invalid | None:
    """Carry ``act`` out in one unit of work; what it refused, else None. Raises NotFound without the incident."""
    outage_queries.incident(incident_id)
    try:
        with unit_of_work():
            act()
    except Invalid as error:
        return error
    return None


def may_edit() -> bool:
    """Whether the reader may write incidents down."""
    return actor().may(Permission.CHASE_VENDOR, Kind.TECHNICAL)


def _may_link() -> bool:
    return actor().may(Permission.EDIT_TICKETS, Kind.TECHNICAL)
