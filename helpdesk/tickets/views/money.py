"""The money deadlines of one ticket: what runs, what became of others, and putting one on it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import Blueprint, current_app, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import to_user_timezone

from helpdesk.accounts.permissions import Permission
from helpdesk.accounts.session import actor
from helpdesk.clock import now
from helpdesk.database import unit_of_work
from helpdesk.errors import Conflict, Invalid
from helpdesk.escalations.money.models import MoneyWindow
from helpdesk.escalations.money.windows import windows_for
from helpdesk.tickets import facts, money_lines
from helpdesk.tickets.actions import money
from helpdesk.tickets.forms import MoneyForm, let_choose
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.views.guard import sees_tickets
from helpdesk.tickets.views.ticket import find
from helpdesk.tickets.views.work import read_moment
from helpdesk.web.forms import see_other
from workflows.vocabulary import Kind, MoneyPurpose, MoneyState

RECENT = timedelta(days=120)
"""A renewal so long ago is offered as the start: no window of the vendor is longer."""


def register(blueprint: Blueprint) -> None:
    page = "/tickets/<int:number>/money"
    blueprint.add_url_rule(page, "ticket_money", deadlines)
    blueprint.add_url_rule(page, "ticket_money_add", add, methods=["POST"])
    blueprint.add_url_rule(f"{page}/<int:deadline_id>/kept", "ticket_money_kept", kept, methods=["POST"])
    blueprint.add_url_rule(f"{page}/<int:deadline_id>/waiver", "ticket_money_waiver", waiver, methods=["POST"])


@sees_tickets
def deadlines(number: int) -> ResponseReturnValue:
    return _page(number)


@sees_tickets
def add(number: int) -> ResponseReturnValue:
    form = _form(find(number))
    if not form.is_accepted():
        return _page(number, form, status=422)
    return _act(number, form, lambda: _set(number, form))


def _set(number: int, form: MoneyForm) -> None:
    if form.window.data is None:
        raise Invalid(_("Choose one of the list."), "window")
    try:
        start = read_moment(form.start.data)
    except Invalid as error:
        raise Invalid(error.sentence, "start") from None
    if start is None:
        raise Invalid(_("Write a date and a time."), "start")
    money.set_deadline(number, actor(), form.window.data, start, now())


@sees_tickets
def kept(number: int, deadline_id: int) -> ResponseReturnValue:
    return _act(number, None, lambda: money.keep(number, deadline_id, actor(), now()))


@sees_tickets
def waiver(number: int, deadline_id: int) -> ResponseReturnValue:
    reason = request.form.get("reason", "")[:300]
    return _act(number, None, lambda: money.waive(number, deadline_id, actor(), reason, now()), deadline_id)


def _act(
    number: int, form: MoneyForm | None, act: Callable[[], object], waived: int | None = None
) -> ResponseReturnValue:
    try:
        with unit_of_work():
            act()
    except (Invalid, Conflict) as error:
        if form is not None and isinstance(error, Invalid):
            form.fail(error)
            return _page(number, form, status=422)
        status = 409 if isinstance(error, Conflict) else 422
        return _page(number, form, notice=error.sentence, waived=waived, status=status)
    return see_other(f"/tickets/{number}/money")


def _page(
    number: int, form: MoneyForm | None = None, *, notice: str = "", waived: int | None = None, status: int = 200
) -> ResponseReturnValue:
    found, moment = find(number), now()
    rows = money_lines.deadlines_of(number)
    running = sorted((row for row in rows if row.state is MoneyState.OPEN), key=lambda row: row.due_at)
    response = make_response(
        render_template(
            "tickets/money.html",
            ticket=found,
            running=[(row, money_lines.due_of_deadline(row, moment)) for row in running],
            ended=[row for row in rows if row.state is not MoneyState.OPEN],
            form=(form or _form(found, moment)) if actor().may(Permission.EDIT_TICKETS, found.kind) else None,
            sources={row.id: row.source for row in _offered(found)},
            windows=_offered(found),
            refusal=notice,
            waived=waived,
            reason=request.form.get("reason", ""),
        )
    )
    response.status_code = status
    return response


def _offered(found: Ticket) -> list[MoneyWindow]:
    """A technical ticket knows credits alone: what was bought is a billing matter."""
    rows = windows_for(found.service)
    return [row for row in rows if found.kind is Kind.BILLING or row.purpose is MoneyPurpose.CREDIT_CLAIM]


def _form(found: Ticket, moment: datetime | None = None) -> MoneyForm:
    """With ``moment`` the start is filled with the subscription's last renewal, where that is known and recent."""
    form = MoneyForm()
    let_choose(form.window, [("", _("Choose")), *((str(row.id), row.name) for row in _offered(found))])
    own = found.subscription
    if moment is not None and own is not None and own.ends_on is not None:
        day = facts.desk_day(moment)
        if day - RECENT < own.ends_on <= day and not form.start.data:
            zone = ZoneInfo(current_app.config["TIMEZONE"])
            renewed = to_user_timezone(datetime.combine(own.ends_on, time(), zone))
            form.start.data = renewed.strftime("%Y-%m-%dT%H:%M")
    return form
