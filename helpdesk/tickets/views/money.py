"""The money deadlines of one ticket: what runs, what became of others, and putting one on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from helpdesk.accounts.permissions import Permission
from helpdesk.accounts.session import actor
from helpdesk.clock import now
from helpdesk.database import unit_of_work
from helpdesk.errors import Conflict, Invalid
from helpdesk.escalations.money.models import MoneyDeadline
from helpdesk.escalations.money.windows import window
from helpdesk.escalations.partner_center.errors import VendorError
from helpdesk.tickets import money_lines, money_offers, purchases
from helpdesk.tickets.actions import money
from helpdesk.tickets.forms import CorrectionForm, MoneyForm, let_choose
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.views.guard import sees_tickets
from helpdesk.tickets.views.ticket import find
from helpdesk.tickets.views.work import read_moment
from helpdesk.web.forms import see_other
from helpdesk.web.incoming import row_number
from helpdesk.web.language import select_timezone
from workflows.vocabulary import ENDED_STATES, MoneyStart, MoneyState


def register(blueprint: Blueprint) -> None:
    page = "/tickets/<int:number>/money"
    blueprint.add_url_rule(page, "ticket_money", deadlines)
    blueprint.add_url_rule(page, "ticket_money_add", add, methods=["POST"])
    blueprint.add_url_rule(f"{page}/offers", "ticket_money_offered", offered, methods=["POST"])
    blueprint.add_url_rule(f"{page}/purchases", "ticket_money_purchases", read_purchases, methods=["POST"])
    one = f"{page}/<int:deadline_id>"
    blueprint.add_url_rule(f"{one}/correction", "ticket_money_correction", correction, methods=["POST"])
    blueprint.add_url_rule(f"{one}/kept", "ticket_money_kept", kept, methods=["POST"])
    blueprint.add_url_rule(f"{one}/waiver", "ticket_money_waiver", waiver, methods=["POST"])


@dataclass
class Typed:
    """What the page comes back with after a refusal: the form as it was sent, which deadline it was about."""

    form: MoneyForm | None = None
    correction: CorrectionForm | None = None
    about: int | None = None
    reason: str = ""
    notice: str = ""


@sees_tickets
def deadlines(number: int) -> ResponseReturnValue:
    return _page(find(number))


@sees_tickets
def add(number: int) -> ResponseReturnValue:
    form = MoneyForm()
    _offering(find(number), form)
    return _act(number, Typed(form=form), lambda: money.set_deadline(number, actor(), *_chosen(form), now()), form)


@sees_tickets
def correction(number: int, deadline_id: int) -> ResponseReturnValue:
    form = CorrectionForm()
    _offering(find(number), form)

    def act() -> None:
        money.correct(number, deadline_id, actor(), *_chosen(form), form.reason.data, now())

    return _act(number, Typed(correction=form, about=deadline_id), act, form)


def _chosen(form: MoneyForm) -> tuple[int, datetime]:
    """The window and from when it counts. Raises Invalid at the field that says neither."""
    if form.window.data is None:
        raise Invalid(_("Choose one of the list."), "window")
    try:
        start = read_moment(form.start.data)
    except Invalid as error:
        raise Invalid(error.sentence, "start") from None
    if start is None:
        raise Invalid(_("Write a date and a time."), "start")
    return form.window.data, start


@sees_tickets
def offered(number: int) -> ResponseReturnValue:
    """Let a window run that the desk offered; its dates are found anew, never taken from the page."""
    found, asked = find(number), request.form.get("window", type=row_number)

    def act() -> None:
        offers = money_offers.offers_for(found, money_lines.deadlines_of(number), now())
        offer = next((each for each in offers if each.window.id == asked), None)
        if offer is None:
            raise Invalid(_("This window is not on offer any more."))
        money.set_deadline(number, actor(), offer.window.id, offer.start, now(), offer.until)

    return _act(number, Typed(), act)


@sees_tickets
def read_purchases(number: int) -> ResponseReturnValue:
    """Ask the vendor what the customer bought, and when; nothing is locked while it thinks."""
    try:
        found = purchases.ask(find(number), actor(), now())
    except VendorError as error:
        flash(error.phrase.said(), "error")
    except Invalid as error:
        return _page(find(number), Typed(notice=error.sentence), 422)
    else:
        with unit_of_work():
            count = purchases.keep(number, found, now())
        flash(ngettext("Read: %(num)s subscription.", "Read: %(num)s subscriptions.", count), "done")
    return see_other(f"/tickets/{number}/money")


@sees_tickets
def kept(number: int, deadline_id: int) -> ResponseReturnValue:
    return _act(number, Typed(about=deadline_id), lambda: money.keep(number, deadline_id, actor(), now()))


@sees_tickets
def waiver(number: int, deadline_id: int) -> ResponseReturnValue:
    reason = request.form.get("reason", "")[:300]
    typed = Typed(about=deadline_id, reason=reason)
    return _act(number, typed, lambda: money.waive(number, deadline_id, actor(), reason, now()))


def _act(number: int, typed: Typed, act: Callable[[], object], form: MoneyForm | None = None) -> ResponseReturnValue:
    if form is not None and not form.is_accepted():
        return _page(find(number), typed, 422)
    try:
        with unit_of_work():
            act()
    except (Invalid, Conflict) as error:
        if form is not None and isinstance(error, Invalid):
            form.fail(error)
        else:
            typed.notice = error.sentence
        return _page(find(number), typed, 409 if isinstance(error, Conflict) else 422)
    return see_other(f"/tickets/{number}/money")


def _page(found: Ticket, typed: Typed | None = None, status: int = 200) -> ResponseReturnValue:
    typed, moment = typed or Typed(), now()
    rows = money_lines.deadlines_of(found.id)
    running = sorted((row for row in rows if row.state is MoneyState.OPEN), key=lambda row: row.due_at)
    may_edit = actor().may(Permission.EDIT_TICKETS, found.kind)
    has_ended = found.state in ENDED_STATES
    form = typed.form or MoneyForm(formdata=None)
    _offering(found, form)
    response = make_response(
        render_template(
            "tickets/money.html",
            ticket=found,
            running=[
                (row, money_lines.due_of_deadline(row, moment), _correcting(found, row, typed) if may_edit else None)
                for row in running
            ],
            ended=[row for row in rows if row.state is not MoneyState.OPEN],
            form=form if may_edit and not has_ended else None,
            offers=money_offers.offers_for(found, rows, moment) if may_edit else [],
            may_read=may_edit and not has_ended and purchases.may_ask(found, moment),
            windows=money_offers.windows_of(found),
            typed=typed,
        )
    )
    response.status_code = status
    return response


def _offering(found: Ticket, form: MoneyForm) -> None:
    """Let the form choose among the windows of this ticket."""
    windows = money_offers.windows_of(found)
    let_choose(form.window, [("", _("Choose")), *((str(row.id), row.name) for row in windows)])


def _correcting(found: Ticket, row: MoneyDeadline, typed: Typed) -> CorrectionForm:
    """The form that corrects ``row``: as it was sent, else as the deadline stands."""
    form = typed.correction if typed.about == row.id else None
    if form is None:
        form = CorrectionForm(formdata=None)
        _offering(found, form)
        form.window.data, form.start.data = row.window_id, _start_of(row)
    for field in form:
        field.id = f"{field.id}-{row.id}"  # there may be several on the page
    return form


def _start_of(row: MoneyDeadline) -> str:
    """What somebody would have typed to get it: of a billing month its last minute."""
    is_month = window(row.window_id).counts_from is MoneyStart.BILLING_MONTH_END
    start = row.begins_at - timedelta(minutes=1) if is_month else row.begins_at
    return start.astimezone(ZoneInfo(select_timezone())).strftime("%Y-%m-%dT%H:%M")
