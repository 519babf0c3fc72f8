"""Calendars under Admin: hours typed as text, holidays brought in, a tester over what is typed, a year to look at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from helpdesk.accounts import queries as accounts
from helpdesk.accounts.permissions import Permission
from helpdesk.accounts.session import person, requires
from helpdesk.clock import now
from helpdesk.database import unit_of_work
from helpdesk.errors import Invalid, NotFound
from helpdesk.sla import editing, holidays, hours, ics, queries, revisions, year
from helpdesk.sla.drafts import CalendarDraft
from helpdesk.sla.forms import CalendarForm
from helpdesk.sla.models import Calendar
from helpdesk.sla.previews import preview
from helpdesk.sla.trials import Trial, attempt, said_day
from helpdesk.web.forms import page, see_other, zones
from helpdesk.web.incoming import row_number
from workflows.business_definition import WEEKDAYS
from workflows.business_time import BusinessCalendar

blueprint = Blueprint("calendars", __name__, url_prefix="/admin/calendars")

KEPT = ("name", "timezone", *WEEKDAYS, "holidays", "shifts", "breaks", "seen")
"""The fields that make a calendar, and what they were typed over; the others only help to fill them."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A holiday that may come in; ``known`` is the name the date has already, None where it has none."""

    day: str  # ISO date
    day_text: str
    name: str
    known: str | None

    @property
    def line(self) -> str:
        """As the field of holidays takes it."""
        return f"{self.day} {self.name}".strip()


@dataclass(frozen=True, slots=True)
class Offer:
    """What a country or a file has for these years; ``left_out`` events of the file are no whole days."""

    candidates: list[Candidate]
    left_out: int = 0

    @property
    def fresh(self) -> int:
        return sum(each.known is None for each in self.candidates)


@blueprint.get("")
@requires(Permission.EDIT_PROMISES)
def index() -> ResponseReturnValue:
    found = queries.calendars()
    weeks = {
        calendar.id: hours.runs(hours.joined(calendar.version.definition["week"]))
        for calendar in found
        if calendar.version is not None
    }
    users = queries.users_by_calendar()
    return render_template("admin/calendars.html", calendars=found, weeks=weeks, users=users, this_year=now().year)


@blueprint.route("/new", methods=["GET", "POST"])
@requires(Permission.EDIT_PROMISES)
def new() -> ResponseReturnValue:
    week = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "08:00-18:00")
    return _work_on(None, CalendarForm(data=week | {"timezone": person().timezone}))


@blueprint.route("/<int:calendar_id>", methods=["GET", "POST"])
@requires(Permission.EDIT_PROMISES)
def edit(calendar_id: int) -> ResponseReturnValue:
    calendar = queries.calendar(calendar_id)
    values: dict[str, Any] = {"name": calendar.name, "seen": _stand(calendar)}
    if calendar.version is not None:
        values |= CalendarForm.values_of(calendar.version.definition)
    return _work_on(calendar, CalendarForm(data=values | _proposed_before(calendar)))


def _proposed_before(calendar: Calendar) -> dict[str, str]:
    """What was typed into a proposal that somebody goes on editing."""
    draft_id = request.args.get("draft", type=row_number)
    revision = revisions.revision_of(draft_id) if draft_id is not None else None
    if revision is None or revision.calendar_id != calendar.id:
        return {}
    return {name: text for name, text in revision.draft.get("typed", ()) if name in KEPT}


@blueprint.get("/<int:calendar_id>/<int:number>")
@requires(Permission.EDIT_PROMISES)
def show_year(calendar_id: int, number: int) -> ResponseReturnValue:
    """The hours in force through a whole year."""
    calendar = queries.calendar(calendar_id)
    if calendar.version is None or not year.FIRST_YEAR <= number <= year.LAST_YEAR:
        raise NotFound(_("There is no such year."))
    shown = year.year_of(BusinessCalendar.of(calendar.version.definition), number)
    here = now().astimezone(BusinessCalendar.of(calendar.version.definition).zone).date()
    return render_template(
        "admin/calendar_year.html",
        calendar=calendar,
        year=shown,
        today=here,
        weekdays=year.weekday_names(),
        looks=year.LOOKS,
        letters=year.LETTERS,
        first_year=year.FIRST_YEAR,
        last_year=year.LAST_YEAR,
    )


# the form's buttons -----------------------------------------------------------------------------------


def _work_on(calendar: Calendar | None, form: CalendarForm) -> ResponseReturnValue:
    """Save, try, or bring holidays in, by the button pressed; all but saving change nothing but the page."""
    if form.is_accepted():
        match request.form.get("do"):
            case "import" | "read" as source:
                return _offering(calendar, form, from_file=source == "read")
            case "add":
                return _with_picked(calendar, form)
            case "try":
                return _page(calendar, form, trial=_tried(form))
        typed = form.calendar(now())
        if (
            typed is not None
            and not _changed_meanwhile(calendar, form)
            and (answer := _saved(calendar, form, typed)) is not None
        ):
            return answer
    return _page(calendar, form)


def _stand(calendar: Calendar) -> str:
    """What a page of the calendar was made on: other once somebody saved other hours or another name."""
    return f"{calendar.version_id} {calendar.name}"


def _changed_meanwhile(calendar: Calendar | None, form: CalendarForm) -> bool:
    """Whether somebody saved since the page was made; says so once, and the next save replaces theirs."""
    if calendar is None or form.seen.data == _stand(calendar):
        return False
    form.seen.data = _stand(calendar)
    form.form_errors.append(
        _("Somebody changed this calendar meanwhile. What you typed is kept: save again to replace it.")
    )
    return True


def _saved(calendar: Calendar | None, form: CalendarForm, typed: BusinessCalendar) -> ResponseReturnValue | None:
    """A new calendar is nobody's promise yet; a change of one is proposed, since open tickets may count in it."""
    try:
        with unit_of_work():
            if calendar is None:
                editing.create_calendar(form.name.data, typed.definition, person().id, now())
            else:
                revision_id = _proposed(calendar, form, typed)
    except Invalid as error:
        form.fail(error)
        return None
    if calendar is not None:
        return preview(revision_id)
    flash(_("Saved. Policies can count in it now."), "done")
    return see_other(url_for("sla.calendars.index"))


def _proposed(calendar: Calendar, form: CalendarForm, typed: BusinessCalendar) -> int:
    draft = CalendarDraft(form.name.data, typed.definition)
    fields = [(name, text) for name, text in request.form.items() if name in KEPT]
    return revisions.propose_calendar(calendar, draft, person().id, now(), fields, request.path).id


def _offering(calendar: Calendar | None, form: CalendarForm, *, from_file: bool) -> ResponseReturnValue:
    """The page with what a country or a file has, to be ticked; nothing is added yet."""
    try:
        offer = _offer(form, from_file=from_file)
    except Invalid as error:
        form.fail(error)
        return _page(calendar, form)
    return _page(calendar, form, offer=offer)


def _offer(form: CalendarForm, *, from_file: bool) -> Offer:
    typed, years = _typed_holidays(form), form.holiday_years(now())
    if from_file:
        read = ics.read(form.uploaded(), years)
        found, left_out = read.days, read.left_out
    else:
        found, left_out = holidays.of_country(form.country.data or "", years, form.region.data or ""), 0
    return Offer([Candidate(day, said_day(day), name, typed.get(day)) for day, name in found.items()], left_out)


def _with_picked(calendar: Calendar | None, form: CalendarForm) -> ResponseReturnValue:
    """The page with the ticked holidays among those typed; nothing is saved yet."""
    try:
        typed = _typed_holidays(form)
        picked = hours.read_holidays("\n".join(request.form.getlist("pick")))
    except Invalid as error:
        form.fail(error)
        return _page(calendar, form)
    form.holidays.data = hours.write_holidays(picked | typed)
    return _page(calendar, form, imported=len(picked.keys() - typed.keys()))


def _typed_holidays(form: CalendarForm) -> dict[str, str]:
    """Raises Invalid at the field ``holidays``."""
    try:
        return hours.read_holidays(form.holidays.data or "")
    except Invalid as error:
        raise Invalid(error.sentence, "holidays") from None


def _tried(form: CalendarForm) -> Trial | None:
    typed = form.calendar(now())
    if typed is None:
        return None
    wall: datetime = form.at.data or now().astimezone(typed.zone).replace(tzinfo=None)
    try:
        return attempt(typed, wall, form.add.data or "", form.until.data)
    except Invalid as error:
        form.fail(error)
        return None


def _page(calendar: Calendar | None, form: CalendarForm, **context: Any) -> ResponseReturnValue:
    history = queries.calendar_history(calendar.id) if calendar is not None else []
    makers = accounts.names_of({row.created_by_id for row in history if row.created_by_id is not None})
    context |= {"calendar": calendar, "history": history, "makers": makers, "this_year": now().year}
    answer = page("admin/calendar.html", form, zones=zones(), countries=holidays.countries(), **context)
    if not form.errors:
        answer.status_code = 200  # trying and bringing in went well
    return answer
