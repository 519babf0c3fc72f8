"""One act on several tickets of a list: it does what it may, and lists what it refused and why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import sqlalchemy as sa
from flask import Blueprint, Response, flash, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from helpdesk.accounts.session import actor
from helpdesk.clock import now
from helpdesk.database import db, unit_of_work
from helpdesk.errors import HelpdeskError, Invalid
from helpdesk.sla.tags import split
from helpdesk.tickets import facts, outage_queries
from helpdesk.tickets.actions import assigning, holding, moving, outages, tagging
from helpdesk.tickets.forms import MoveForm, move_form
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.offers import TOGETHER
from helpdesk.tickets.reasons import say
from helpdesk.tickets.views.guard import sees_tickets
from helpdesk.tickets.views.work import own_address, read_moment
from helpdesk.web.forms import see_other
from helpdesk.web.incoming import is_row_number
from helpdesk.web.labels import label
from workflows.facts import Reason
from workflows.machine import Move, Refused, workflow_for
from workflows.vocabulary import HoldCause, Particular, Trigger

MOST = 50
"""As many as a page of the queue holds."""
Act = Callable[[int], object]
Chosen = Sequence[tuple[int, str]]


class Outcome(NamedTuple):
    """What became of one ticket: no reasons when it was done. ``at_fields`` are those that the form can mend."""

    number: int
    subject: str
    reasons: Sequence[str] = ()
    at_fields: Sequence[Reason] = ()


def register(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/queue/bulk", view_func=bulk, methods=["POST"])


@sees_tickets
def bulk() -> ResponseReturnValue:
    """Carry out ``act`` on every chosen ``ticket``; a move first shows what it asks, and which of them may take it."""
    chosen = _chosen()
    try:
        if not chosen:
            raise Invalid(_("Choose tickets first: tick their boxes, or press x on a line."))
        trigger = _trigger()
        if trigger is not None and "confirmed" not in request.form:
            return _asking(trigger, chosen)
        if request.form.get("act") == "incident" and "incident" not in request.form:
            return _which_incident(chosen)
        act = _act() if trigger is None else _move(trigger)
    except Invalid as error:
        flash(error.sentence, "error")
        return see_other(own_address("/queue"))
    outcomes = [_carried_out(act, *each) for each in chosen]
    wrong = [reason for outcome in outcomes for reason in outcome.at_fields]
    if trigger is not None and wrong and all(outcome.reasons for outcome in outcomes):
        return _asking(trigger, chosen, wrong)
    return _answer(outcomes)


def _chosen() -> Chosen:
    """Number and subject of each chosen ticket that there is, in the order they were listed."""
    numbers = [int(text) for text in request.form.getlist("ticket") if is_row_number(text)][:MOST]
    rows = db.session.execute(sa.select(Ticket.id, Ticket.subject).where(Ticket.id.in_(numbers)))
    subjects = {number: subject for number, subject in rows}  # noqa: C416 - rows are no pairs to dict()
    return [(number, subjects[number]) for number in dict.fromkeys(numbers) if number in subjects]


def _trigger() -> Trigger | None:
    """The move that is asked for, None for another act. Raises Invalid for one that is each ticket's own."""
    if "trigger" not in request.form or request.form.get("act", "move") != "move":
        return None
    found = next((trigger for trigger in TOGETHER if trigger.value == request.form["trigger"]), None)
    if found is None:
        raise Invalid(_("Choose one of the list."))
    return found


def _act() -> Act:
    """The act that the pressed button names. Raises Invalid when what it needs is missing."""
    who, moment = actor(), now()
    match request.form.get("act"):
        case "take":
            return lambda number: assigning.assign(number, who, who.user_id, moment)
        case "assign":
            assignee = request.form.get("assignee", "")
            if not is_row_number(assignee):
                raise Invalid(_("Choose a colleague."))
            return lambda number: assigning.assign(number, who, int(assignee), moment)
        case "hold":
            cause = next((cause for cause in HoldCause if cause.value == request.form.get("cause")), None)
            if cause is None:
                raise Invalid(_("Choose what they wait for."))
            until = read_moment(request.form.get("until"))
            return lambda number: holding.hold(number, who, cause, moment, until=until)
        case "tag":
            names = split(request.form.get("add", ""))
            if not names:
                raise Invalid(_("Write a tag."))
            return lambda number: tagging.tag(number, who, names, (), moment)
        case "incident":
            incident_id = request.form["incident"]
            if not is_row_number(incident_id):
                raise Invalid(_("Choose an outage."))
            return lambda number: outages.link(number, who, int(incident_id), moment)
        case _:
            raise Invalid(_("Choose what to do with them."))


def _which_incident(chosen: Chosen) -> Response:
    """The page that asks which outage caused them, those that go on first."""
    recent = outage_queries.incidents_statement(outage_queries.Show.OVER).limit(10)
    page = render_template(
        "tickets/bulk_incident.html",
        chosen=[Outcome(number, subject) for number, subject in chosen],
        running=outage_queries.running(),
        over=db.session.scalars(recent).all(),
        back_to=own_address("/queue"),
    )
    return make_response(page)


def _move(trigger: Trigger) -> Act:
    who, moment = actor(), now()
    asked = {field.value: request.form[field.value] for field in Particular if field.value in request.form}
    return lambda number: moving.move(number, who, trigger, moment, asked)


def _carried_out(act: Act, number: int, subject: str) -> Outcome:
    """Do it to one ticket in a transaction of its own, so that a refusal undoes no other."""
    try:
        with unit_of_work():
            act(number)
    except Refused as error:
        at_fields = [reason for reason in error.reasons if reason.field is not None]
        return Outcome(number, subject, [say(reason) for reason in error.reasons], at_fields)
    except HelpdeskError as error:
        return Outcome(number, subject, [error.sentence])
    return Outcome(number, subject)


def _answer(outcomes: Sequence[Outcome]) -> Response:
    """Back to the list when all went well, else what was refused, each with its reasons."""
    done = [outcome for outcome in outcomes if not outcome.reasons]
    refused = [outcome for outcome in outcomes if outcome.reasons]
    if not refused:
        flash(ngettext("Done on one ticket.", "Done on %(num)s tickets.", len(done)), "done")
        return see_other(own_address("/queue"))
    page = render_template("tickets/bulk_done.html", done=done, refused=refused, back_to=own_address("/queue"))
    response = make_response(page)
    response.status_code = 200 if done else 409
    return response


# a move of several: what it asks, and who may take it ---------------------------------------------------------


def _asking(trigger: Trigger, chosen: Chosen, wrong: Sequence[Reason] = ()) -> Response:
    """The page before a move: its particulars once for all, and every ticket with what keeps it back."""
    moves = _moves(trigger, [number for number, _subject in chosen])
    page = render_template(
        "tickets/bulk.html",
        trigger=trigger,
        title=label(trigger),
        form=_form(trigger, list(moves.values()), wrong),
        ready=[Outcome(number, subject) for number, subject in chosen if number in moves and moves[number].is_open],
        refused=[
            Outcome(number, subject, _why_not(moves.get(number), trigger))
            for number, subject in chosen
            if number not in moves or not moves[number].is_open
        ],
        back_to=own_address("/queue"),
    )
    response = make_response(page)
    response.status_code = 422 if wrong else 200
    return response


def _moves(trigger: Trigger, numbers: Sequence[int]) -> dict[int, Move]:
    """The move as each ticket has it; those whose state knows no such move are left out."""
    who, moment = actor(), now()
    found = {}
    for ticket in db.session.scalars(sa.select(Ticket).where(Ticket.id.in_(numbers))):
        known = facts.gather(ticket, who, moment)
        for move in workflow_for(ticket.kind).allowed(ticket.state, known):
            if move.trigger is trigger:
                found[ticket.id] = move
    return found


def _why_not(move: Move | None, trigger: Trigger) -> list[str]:
    if move is None:
        return [_("%(move)s is no move from its state.", move=label(trigger))]
    return [say(reason) for reason in move.reasons]


def _form(trigger: Trigger, moves: Sequence[Move], wrong: Sequence[Reason]) -> MoveForm | None:
    """Everything that any of the moves asks, with what was sent and what was wrong with it."""
    asks = {ask.field: ask for move in moves for ask in move.asks}
    if not moves or not asks:
        return None
    form = move_form(replace(moves[0], trigger=trigger, asks=tuple(asks.values())), request.form.to_dict())
    for field, reason in {reason.field: reason for reason in wrong if reason.field in asks}.items():
        assert field is not None
        form.fail(field.value, say(reason))
    return form
