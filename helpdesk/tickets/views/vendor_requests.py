"""What is asked of the vendor on a case: to close it, another severity; and the way to the page that opens one."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import Any

import structlog
from flask import Blueprint, current_app, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from helpdesk.accounts.permissions import Permission
from helpdesk.accounts.session import actor
from helpdesk.clock import now
from helpdesk.database import db, unit_of_work
from helpdesk.errors import Forbidden, Invalid, NotFound
from helpdesk.escalations.models import VendorCase
from helpdesk.escalations.partner_center import connection
from helpdesk.escalations.partner_center.connection import DeskKind
from helpdesk.escalations.partner_center.errors import VendorError
from helpdesk.tickets.actions import escalating
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.vendor_forms import ClosingForm, SeverityForm, VendorRequestForm
from helpdesk.tickets.views.guard import sees_tickets
from helpdesk.tickets.views.ticket import find
from helpdesk.tickets.views.work import back
from workflows.vocabulary import Kind, VendorCaseState

PARTNER_CENTER = "https://partner.microsoft.com/dashboard"
"""Where every case begins: Customers, the customer, Service requests, New. Source: Partner Center documentation,
report problems on behalf of a customer."""

PLEASE_CLOSE = "Thank you. The problem is solved for our customer; please close this case."

log = structlog.get_logger()


def register(blueprint: Blueprint) -> None:
    case = "/tickets/<int:number>/vendor-cases/<int:case_id>"
    for name, view in (("closing", case_closing), ("severity", case_severity)):
        blueprint.add_url_rule(f"{case}/{name}", view_func=view, methods=["GET", "POST"])
    blueprint.add_url_rule(f"{case}/portal", view_func=case_portal)


@sees_tickets
def case_closing(number: int, case_id: int) -> ResponseReturnValue:
    ticket, case = _find(number, case_id)
    form = ClosingForm(body=PLEASE_CLOSE)
    closed = VendorCaseState.CLOSED

    def act() -> None:
        if form.is_to_send:
            escalating.ask_vendor(number, case_id, actor(), form.body.data, now(), becomes=closed)
        else:
            escalating.change_vendor_case(number, case_id, actor(), closed, now())

    return _carry_out(ticket, case, form, act, title=_("Close Microsoft’s case"), send=_("Close case"))


@sees_tickets
def case_severity(number: int, case_id: int) -> ResponseReturnValue:
    ticket, case = _find(number, case_id)
    form = SeverityForm(severity=case.severity)

    def act() -> None:
        wanted = form.severity.data
        if form.is_to_send:
            escalating.ask_vendor(number, case_id, actor(), form.body.data, now(), severity=wanted)
        else:
            escalating.change_severity(number, case_id, actor(), wanted, now())

    return _carry_out(ticket, case, form, act, title=_("Severity at Microsoft"), send=_("Change the severity"))


def _carry_out(
    ticket: Ticket, case: VendorCase, form: VendorRequestForm, act: Callable[[], None], **texts: Any
) -> ResponseReturnValue:
    """Show the form, or do what it says; whatever is refused comes back with what was typed."""
    number = ticket.id
    if not (case.number and connection.is_connected(current_app.config)):
        for name in ("by", "body"):
            del form[name]  # type: ignore[no-untyped-call]
    if form.is_accepted() and _is_whole(form):
        try:
            with unit_of_work():
                act()
            return back(number, "#cases")
        except Invalid as error:
            form.fail(error)
            ticket = find(number)
    response = make_response(render_template("tickets/form.html", ticket=ticket, form=form, **texts))
    response.status_code = 422 if request.method == "POST" else 200
    return response


def _is_whole(form: VendorRequestForm) -> bool:
    """What leaves for the vendor has words."""
    if form.is_to_send and not form["body"].data:
        form.fail(Invalid(_("Say it in a sentence: Microsoft reads it."), "body"))
        return False
    return True


def _find(number: int, case_id: int) -> tuple[Ticket, VendorCase]:
    """The ticket and its open case, for somebody who may chase the vendor."""
    ticket = find(number)
    case = db.session.get(VendorCase, case_id)
    if case is None or case.ticket_id != number:
        raise NotFound(_("There is no such case."))
    if not actor().may(Permission.CHASE_VENDOR, ticket.kind):
        raise Forbidden(_("Your role doesn’t include this."))
    return ticket, case


# the page that opens a case -----------------------------------------------------------------------------------


@sees_tickets
def case_portal(number: int, case_id: int) -> ResponseReturnValue:
    """To the vendor's page for a new case of this customer: its API opens none. No transaction is open meanwhile."""
    ticket, _case = _find(number, case_id)
    tenant = ticket.customer.tenant_id if ticket.customer is not None else None
    if tenant is None or ticket.kind is Kind.BILLING or not _is_asked():
        return redirect(PARTNER_CENTER)
    service = ticket.service
    db.session.remove()
    try:
        with closing(connection.open_desk(current_app.config, is_hasty=True)) as line:
            return redirect(line.case_page(tenant, service) or PARTNER_CENTER)
    except VendorError as error:
        log.warning("vendor_page_unknown", reason=error.sentence)
        return redirect(PARTNER_CENTER)


def _is_asked() -> bool:
    config = current_app.config
    return connection.kind_of(config) is DeskKind.PARTNER_CENTER and connection.may_ask(config, now())
