"""What is done to a ticket from its page: moves, messages, holds, assigning, the vendor's case, tracker links."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, current_app, flash, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from helpdesk.accounts.queries import names_of
from helpdesk.accounts.session import actor, person
from helpdesk.clock import now
from helpdesk.database import unit_of_work
from helpdesk.errors import Conflict, Invalid
from helpdesk.tickets import facts, queries
from helpdesk.tickets.actions import assigning, conversation, holding, moving
from helpdesk.tickets.files import StoredFile
from helpdesk.tickets.forms import HoldForm, MessageForm, MoveForm, move_form
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.reasons import say
from helpdesk.tickets.rows import rows_for
from helpdesk.tickets.uploads import take_uploads
from helpdesk.tickets.views.escalating import escalate_again
from helpdesk.tickets.views.guard import sees_tickets
from helpdesk.tickets.views.kept import Draft
from helpdesk.tickets.views.ticket import Typed, conflict_page, find, ticket_page
from helpdesk.web.forms import Form, see_other
from helpdesk.web.fragments import is_scripted, swapped_id
from helpdesk.web.incoming import is_row_number, row_number
from helpdesk.web.language import select_timezone
from workflows.machine import Refused, workflow_for
from workflows.vocabulary import CHANNEL_OF_TRIGGER, HoldCause, Severity, Trigger


def register(blueprint: Blueprint) -> None:
    here = "/tickets/<int:number>"
    for rule, view in (
        (f"{here}/transitions", transitions),
        (f"{here}/replies", replies),
        (f"{here}/notes", notes),
        (f"{here}/hold", hold),
        (f"{here}/assignment", assignment),
    ):
        blueprint.add_url_rule(rule, view_func=view, methods=["POST"])


def back(number: int, part: str = "") -> Response:
    """On to the page one came from when it is ours, else to the ticket."""
    return see_other(own_address(f"/tickets/{number}{part}"))


def own_address(otherwise: str) -> str:
    """The page one came from, as the form's ``next`` names it, when it is one of ours."""
    address = request.form.get("next", "")
    parts = urlsplit(address)
    is_own = address.startswith("/") and not address.startswith("//") and not parts.netloc and "\\" not in address
    return address if is_own else otherwise


def sent_version() -> int | None:
    """The version of the page that was sent; None where the form carries none."""
    return request.form.get("version", type=row_number)


# moves ------------------------------------------------------------------------------------------------


@sees_tickets
def transitions(number: int) -> ResponseReturnValue:
    trigger, moment = request.form.get("trigger", ""), now()
    try:
        with unit_of_work():
            moving.move(number, actor(), trigger, moment, _particulars(trigger), sent_version())
    except Invalid as error:
        return escalate_again(number, trigger, 422, error)
    except Refused as error:
        if trigger in CHANNEL_OF_TRIGGER:
            return escalate_again(number, trigger, _status(error), error)
        return _move_refused(number, trigger, error)
    except Conflict as error:
        if trigger in CHANNEL_OF_TRIGGER:
            return escalate_again(number, trigger, 409, error)
        return conflict_page(number, error, Typed(moves=_typed_moves(find(number), trigger)))
    return back(number)


def _particulars(trigger: str) -> dict[str, Any]:
    """What the move's form collected. Raises Invalid for a severity that there is not."""
    sent: dict[str, Any] = {name: request.form[name] for name in _PARTICULARS if name in request.form}
    if trigger in CHANNEL_OF_TRIGGER and sent.get("severity"):
        if sent["severity"] not in {severity.value for severity in Severity}:
            raise Invalid(_("Choose one of the list."), "severity")
    else:
        sent.pop("severity", None)
    return sent


_PARTICULARS = ("reason", "resolution_code", "note", "left_open_reason", "target", "severity")


def _status(error: Refused) -> int:
    """422 when only the form's own fields were wrong, 409 when the move itself is closed."""
    return 422 if error.reasons and all(reason.field is not None for reason in error.reasons) else 409


def _move_refused(number: int, trigger: str, error: Refused) -> Response:
    found = find(number)
    typed = Typed(moves=_typed_moves(found, trigger))
    form = next(iter(typed.moves.values()), None)
    at_no_field = []
    for reason in error.reasons:
        if form is not None and reason.field is not None and reason.field.value in form:
            form.fail(reason.field.value, say(reason))
        else:
            at_no_field.append(say(reason))
    typed.notice = " ".join(at_no_field)
    return ticket_page(number, typed, _status(error))


def _typed_moves(found: Ticket, trigger: str) -> dict[Trigger, MoveForm]:
    """The form of ``trigger`` filled as it was sent, if that move is open and has one."""
    moves = workflow_for(found.kind).allowed(found.state, facts.gather(found, actor(), now()))
    return {
        move.trigger: move_form(move, request.form.to_dict())
        for move in moves
        if move.trigger.value == trigger and move.is_open and move.asks
    }


# talking ----------------------------------------------------------------------------------------------


@sees_tickets
def replies(number: int) -> ResponseReturnValue:
    then_wait = request.form.get("hold") == HoldCause.CUSTOMER.value
    return _write(
        number,
        "reply",
        lambda form, stored: conversation.reply(number, actor(), form.body.data, now(), stored, then_wait=then_wait),
    )


@sees_tickets
def notes(number: int) -> ResponseReturnValue:
    return _write(
        number, "note", lambda form, stored: conversation.note(number, actor(), form.body.data, now(), stored)
    )


def _write(number: int, box: str, act: Callable[[MessageForm, list[StoredFile]], object]) -> Response:
    find(number)
    form, draft = MessageForm(), Draft(number, box)
    form.is_accepted()
    if not (form.errors and is_scripted()):  # a script's page still has its files
        draft.take(form)
    if form.errors and is_scripted():
        raise Invalid(" ".join(str(sentence) for field in form for sentence in field.errors))
    if form.errors:
        kept = {box: draft.keep(form)}
        return ticket_page(number, Typed(reply=form, kept=kept) if box == "reply" else Typed(note=form, kept=kept), 422)
    with unit_of_work():
        act(form, draft.files)
    return back(number, "#conversation")


def stored_uploads(form: Form) -> list[StoredFile]:
    """Put the form's files on disk before any transaction; what is not taken in fails at its field."""
    taken = take_uploads(request.files.getlist("attachments"), current_app.config["UPLOAD_FILES"])
    for sentence in taken.errors:
        form.fail(Invalid(sentence, "attachments"))
    return taken.files


# waiting, and who has it ------------------------------------------------------------------------------


@sees_tickets
def hold(number: int) -> ResponseReturnValue:
    find(number)
    if "release" in request.form:
        return _release(number)
    form = HoldForm()
    if not form.is_accepted():
        return ticket_page(number, Typed(hold=form), 422)
    try:
        until = read_moment(form.until.data)
        with unit_of_work():
            reminds = not form.without_reminders.data
            holding.hold(number, actor(), form.cause.data, now(), until=until, reminds=reminds, version=sent_version())
    except Invalid as error:
        form.fail(error)
        return ticket_page(number, Typed(hold=form), 422)
    except Conflict as error:
        return conflict_page(number, error, Typed(hold=form))
    return back(number)


def _release(number: int) -> Response:
    try:
        with unit_of_work():
            holding.release(number, actor(), now(), sent_version())
    except Conflict as error:
        return conflict_page(number, error, Typed())
    return back(number)


def read_moment(text: str | None) -> datetime | None:
    """A moment as a browser writes it, in the reader's own zone unless it says another. Raises Invalid."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(select_timezone()))).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid(_("Write a date and a time."), "until") from None
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise Invalid(_("Write a date and a time."), "until")
    return moment


_FIRST_YEAR, _LAST_YEAR = 1970, 9000
"""At the ends of the calendar a moment of one zone has no date in another: a page that shows it would fail."""


@sees_tickets
def assignment(number: int) -> ResponseReturnValue:
    find(number)
    chosen = str(person().id) if "take" in request.form else request.form.get("assignee", "")
    if chosen and not is_row_number(chosen):
        raise Invalid(_("There is no such colleague."), "assignee")
    try:
        with unit_of_work():
            assigning.assign(number, actor(), int(chosen) if chosen else None, now(), sent_version())
    except Invalid as error:
        return ticket_page(number, Typed(notice=error.sentence), 422)
    except Conflict as error:
        return conflict_page(number, error, Typed())
    if swapped_id() == f"row-{number}":
        return _row(number)
    if own_address(""):  # the ticket's own page shows who has it
        flash(_given(number, int(chosen) if chosen else None), "done")
    return back(number, "#assignment")


def _given(number: int, user_id: int | None) -> str:
    if user_id is None:
        return _("Nobody has #%(number)s now.", number=number)
    return _("#%(number)s is with %(name)s now.", number=number, name=names_of({user_id})[user_id])


def _row(number: int) -> Response:
    """The ticket's line of the queue, in place of the one whose button was pressed."""
    record = queries.row_of(number)
    rows = rows_for([record], actor(), now())
    return make_response(render_template("tickets/_row.html", row=rows[0]))
