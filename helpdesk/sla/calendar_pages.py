"""Calendars under Admin: hours typed as text, holidays of a country, a tester over what is typed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from helpdesk.accounts import queries as accounts
from helpdesk.accounts.permissions import Permission
from helpdesk.accounts.session import person, requires
from helpdesk.clock import now
from helpdesk.database import unit_of_work
from helpdesk.errors import Invalid
from helpdesk.sla import editing, holidays, hours, queries
from helpdesk.sla.forms import CalendarForm
from helpdesk.sla.models import Calendar
from helpdesk.sla.wording import sentence
from helpdesk.web.forms import page, see_other
from workflows.business_time import BusinessCalendar, BusinessTimeError

blueprint = Blueprint("calendars", __name__, url_prefix="/admin/calendars")


@dataclass(frozen=True, slots=True)
class Trial:
    """What the tester found: is the calendar open at ``at``, why not, and where the added time ends."""

    at: datetime
    is_open: bool
    reason: str
    holiday: str | None
    opens_at: datetime | None
    added: int | None
    ends_at: datetime | None


@blueprint.get("")
@requires(Permission.EDIT_PROMISES)
def index() -> ResponseReturnValue:
    return render_template("admin/calendars.html", calendars=queries.calendars(), users=queries.policies_by_calendar())


@blueprint.route("/new", methods=["GET", "POST"])
@requires(Permission.EDIT_PROMISES)
def new() -> ResponseReturnValue:
    week = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "08:00-18:00")
    return _work_on(None, CalendarForm(data=week | {"timezone": person().timezone}))


@blueprint.route("/<int:calendar_id>", methods=["GET", "POST"])
@requires(Permission.EDIT_PROMISES)
def edit(calendar_id: int) -> ResponseReturnValue:
    calendar = queries.calendar(calendar_id)
    values: dict[str, Any] = {"name": calendar.name}
    if calendar.version is not None:
        values |= CalendarForm.values_of(calendar.version.definition)
    return _work_on(calendar, CalendarForm(data=values))


def _work_on(calendar: Calendar | None, form: CalendarForm) -> ResponseReturnValue:
    """Save, try, or bring holidays in, by the button pressed; the last two change nothing but the page."""
    if form.is_accepted():
        button = request.form.get("do")
        if button == "import":
            return _with_holidays(calendar, form)
        typed = form.calendar(now())
        if typed is not None and button == "try":
            return _page(calendar, form, trial=_tried(form, typed))
        if typed is not None and _is_saved(calendar, form, typed):
            flash(_("Saved. Open tickets keep their promises until something on them changes."), "done")
            return see_other(url_for("sla.calendars.index"))
    return _page(calendar, form)


def _is_saved(calendar: Calendar | None, form: CalendarForm, typed: BusinessCalendar) -> bool:
    by_id = person().id
    try:
        with unit_of_work():
            if calendar is None:
                editing.create_calendar(form.name.data, typed.definition, by_id, now())
            else:
                editing.edit_calendar(calendar, form.name.data, typed.definition, by_id, now())
    except Invalid as error:
        form.fail(error)
        return False
    return True


def _with_holidays(calendar: Calendar | None, form: CalendarForm) -> ResponseReturnValue:
    """The page again with a country's holidays among those typed; nothing is saved yet."""
    try:
        typed = hours.read_holidays(form.holidays.data)
        found = holidays.of_country(form.country.data or "", form.holiday_years(now()))
    except Invalid as error:
        form.fail(error)
        return _page(calendar, form)
    form.holidays.data = hours.write_holidays(found | typed)
    fresh = len(found.keys() - typed.keys())
    return _page(calendar, form, imported=fresh)


def _tried(form: CalendarForm, typed: BusinessCalendar) -> Trial | None:
    """Ask the calendar as typed. Wall time that a clock change skips or repeats is read as RFC 5545 does."""
    wall = form.at.data or now().astimezone(typed.zone).replace(tzinfo=None)
    at = wall.replace(tzinfo=typed.zone)
    try:
        added = hours.read_duration(form.add.data, hours.day_of(typed.definition)) if form.add.data else None
        is_open = typed.is_open(at)
        return Trial(
            at=at,
            is_open=is_open,
            reason=typed.explain(at, at + timedelta(seconds=1))[0].reason,
            holiday=typed.holiday_name(at.date()),
            opens_at=None if is_open else typed.next_open(at),
            added=added,
            ends_at=None if added is None else typed.add(at, added),
        )
    except Invalid as error:
        form.fail(Invalid(error.sentence, "add"))
    except BusinessTimeError as error:
        form.fail(Invalid(sentence(error), "at"))
    return None


def _page(calendar: Calendar | None, form: CalendarForm, **context: Any) -> ResponseReturnValue:
    history = queries.calendar_history(calendar.id) if calendar is not None else []
    makers = accounts.names_of({row.created_by_id for row in history if row.created_by_id is not None})
    answer = page("admin/calendar.html", form, calendar=calendar, history=history, makers=makers, **context)
    if not form.errors:
        answer.status_code = 200  # trying and importing went well
    return answer
