"""The manager's pages: Today, the review of breaches, and how tickets move."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, flash, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup

from helpdesk.accounts.permissions import Permission
from helpdesk.accounts.queries import enabled_users, team_choices, teams
from helpdesk.accounts.session import actor, person_may, requires, signed_in
from helpdesk.clock import now
from helpdesk.customers import rights
from helpdesk.database import unit_of_work
from helpdesk.errors import Invalid
from helpdesk.management import actions, pile, queries, return_pages
from helpdesk.management.days import Days, closes_text, open_hours
from helpdesk.management.filters import BreachFilter, Pile, Position
from helpdesk.management.forms import ReviewForm
from helpdesk.management.lateness import seconds_late
from helpdesk.management.review import review_of
from helpdesk.management.strip import Strip, strip_of
from helpdesk.management.today import Asked, Page, said
from helpdesk.sla.queries import desk_calendar
from helpdesk.sla.tally import kept_by_hour
from helpdesk.tickets.facts import desk_day
from helpdesk.tickets.ledger import attribution, ledgers_of
from helpdesk.tickets.queries import recent_customers
from helpdesk.web import moments
from helpdesk.web.forms import see_other
from helpdesk.web.incoming import row_number
from helpdesk.web.labels import label
from workflows.drawing import draw
from workflows.machine import workflow_for
from workflows.vocabulary import ClockKind, ClockState, Kind

blueprint = Blueprint("management", __name__)
return_pages.register(blueprint)


# Today ------------------------------------------------------------------------------------------------


@blueprint.get("/today")
@requires(Permission.SEE_TODAY)
def today() -> ResponseReturnValue:
    moment = now()
    asked = Asked(request.args.get("team", type=row_number), request.args.get("silent") == "all")
    days, hours = Days.around(moment), desk_calendar()
    kept = kept_by_hour(days.last_week, days.tomorrow, asked.team_id)
    page = Page(asked, actor(), moment)
    undecided = queries.undecided_by_hour(days.today, days.tomorrow, moment, asked.team_id)
    strip: Strip = strip_of(days, kept, undecided, open_hours(hours, days))
    return render_template(
        "management/today.html",
        closes_text=closes_text(hours, moment),
        unreviewed=page.counts.unreviewed if person_may(Permission.REVIEW_BREACHES) else 0,
        unreviewed_text=said(page.counts.unreviewed),
        figures=page.figures(kept, days),
        escalation=page.escalation(),
        rights_ending=rights.ending_count(desk_day(moment)),
        strip=strip,
        blocks=page.blocks(),
        **_team_filter(asked),
    )


def _team_filter(asked: Asked) -> dict[str, Any]:
    """The menu of teams; a desk of one team needs none."""
    every = team_choices()
    if len(every) < 2:
        return {"teams": [], "team_text": ""}
    choices = [(None, _("All teams")), *every]
    shown = [
        {"text": name, "url": Asked(team_id, False).here, "is_current": team_id == asked.team_id}
        for team_id, name in choices
    ]
    current = next((name for team_id, name in choices if team_id == asked.team_id), _("unknown team"))
    return {"teams": shown, "team_text": current}


@blueprint.post("/today/questions")
@requires(Permission.NOTE)
def questions() -> ResponseReturnValue:
    """Ask the owner of a ticket by a note that mentions them, and go back to where one was."""
    number = request.form.get("number", type=row_number) or 0
    try:
        with unit_of_work():
            owner = actions.ask_owner(number, actor(), now())
    except Invalid as error:
        flash(error.sentence, "error")
    else:
        flash(_("%(name)s has been asked about #%(number)s.", name=owner.name, number=number), "done")
    back = request.form.get("next", "")
    return see_other(back if back.startswith("/today") else "/today")


# breaches ---------------------------------------------------------------------------------------------


@blueprint.get("/breaches")
@requires(Permission.SEE_TODAY)
def breaches() -> ResponseReturnValue:
    return _breaches(BreachFilter.read(request.args))


@blueprint.get("/breaches/<int:breach_id>")
@requires(Permission.SEE_TODAY)
def breach(breach_id: int) -> ResponseReturnValue:
    return _breaches(BreachFilter.read(request.args), breach_id, ReviewForm(formdata=None))


@blueprint.post("/breaches/<int:breach_id>/reviews")
@requires(Permission.REVIEW_BREACHES)
def reviews(breach_id: int) -> ResponseReturnValue:
    """Keep a review and go on to the next breach of the list; a form that is not right comes back as it was."""
    form, asked = ReviewForm(), BreachFilter.read(request.args)
    if not form.is_accepted():
        return _breaches(asked, breach_id, form, 422)
    try:
        with unit_of_work():
            review = actions.review_breach(breach_id, actor(), form.finding, now())
    except Invalid as error:
        form.fail(error)
        return _breaches(asked, breach_id, form, 422)
    following = pile.next_after(asked, Position(review.late_from_at, breach_id))
    flash(_("The review is kept.") if review.is_acknowledged else _("Kept. The breach stays on the list."), "done")
    return see_other(_url(asked, following))


def _breaches(
    asked: BreachFilter, breach_id: int | None = None, form: ReviewForm | None = None, status: int = 200
) -> Response:
    moment = now()
    page, counts = pile.breach_page(asked), pile.pile_counts(asked)
    fields = _fields(asked)
    context: dict[str, Any] = {
        "filters": [_chip(one, asked, counts[one]) for one in Pile],
        "fields": fields,
        "narrowed": _narrowed(asked, fields),
        "query": asked.but().query(),
        "breaches": _lines(page.rows, asked, moment),
        "pager": _pager(asked, page, counts[asked.pile]),
        "list_url": asked.url(),
        "review": None,
    }
    if breach_id is not None:
        found, context["review"] = review_of(breach_id, moment)
        following = pile.next_after(asked, Position(found.late_from_at, breach_id))
        context["next_url"] = _url(asked, following) if following is not None else None
        context["form"] = form if person_may(Permission.REVIEW_BREACHES) else None
        context["post_url"] = asked.url(breach_id).replace(f"/{breach_id}", f"/{breach_id}/reviews", 1)
    response = make_response(render_template("management/breaches.html", **context))
    response.status_code = status
    return response


def _url(asked: BreachFilter, breach_id: int | None) -> str:
    """The list, or one breach beside it, with the list scrolled to where it stands."""
    return asked.url(breach_id) + (f"#breach-{breach_id}" if breach_id is not None else "")


def _lines(rows: Sequence[Any], asked: BreachFilter, moment: datetime) -> list[dict[str, Any]]:
    """A page of the list; who had most of each breach's time is read for all of them at once."""
    ledgers = ledgers_of({row.ticket_id for row in rows}, moment)
    mains = [attribution(ledgers[row.ticket_id], row.started_at, row.late_from_at).main for row in rows]
    return [_line(row, main, asked, moment) for row, main in zip(rows, mains, strict=True)]


def _line(row: Any, main: str, asked: BreachFilter, moment: datetime) -> dict[str, Any]:
    return {
        "id": row.id,
        "url": _url(asked, row.id),
        "number": row.ticket_id,
        "subject": row.subject,
        "clock_text": label(row.kind),
        "late_text": _("%(time)s late", time=moments.open_time(seconds_late(row, moment))),
        "owner_text": row.owner_name or _("nobody had it"),
        "main_text": main,
        "at": row.deadline_at,
        "is_open": row.clock_state in (ClockState.RUNNING, ClockState.PAUSED),
        "is_reviewed": row.is_reviewed,
        "is_on_retarget": row.is_on_retarget,
    }


def _chip(one: Pile, asked: BreachFilter, count: int) -> dict[str, Any]:
    texts = {Pile.TO_REVIEW: _("To review"), Pile.REVIEWED: _("Reviewed"), Pile.ALL: _("All")}
    is_current = one is asked.pile
    return {"text": texts[one], "count": said(count), "url": asked.but(pile=one).url(), "is_current": is_current}


def _fields(asked: BreachFilter) -> list[dict[str, Any]]:
    """The filters a person may add; without choices it is a day."""
    named: list[tuple[str, str, Any, list[tuple[Any, str]]]] = [
        ("kind", _("Promise"), asked.kind, [(kind.value, label(kind)) for kind in ClockKind]),
        ("assignee", _("Who had it"), asked.assignee, [(user.id, user.name) for user in enabled_users()]),
        ("team", _("Team"), asked.team, [(team.id, team.name) for team in teams()]),
        ("customer", _("Customer"), asked.customer, recent_customers(asked.customer)),
        ("from", _("From"), asked.from_on, []),
        ("to", _("Until"), asked.to_on, []),
    ]
    return [{"name": name, "text": text, "value": value, "choices": choices} for name, text, value, choices in named]


def _narrowed(asked: BreachFilter, fields: list[dict[str, Any]]) -> list[dict[str, str]]:
    """The filters that are set, each with the address without it."""
    places = {"from": "from_on", "to": "to_on"}
    shown = []
    for field in fields:
        if field["value"] is not None:
            names = {str(value): text for value, text in field["choices"]}
            value = str(field["value"])
            text = names.get(value, _("unknown") if field["choices"] else value)
            without = asked.but(**{places.get(field["name"], field["name"]): None})
            shown.append({"text": f"{field['text']}: {text}", "remove_url": without.url()})
    return shown


def _pager(asked: BreachFilter, page: pile.BreachPage, count: int) -> dict[str, Any]:
    last = page.rows[-1] if page.has_more else None
    shown = len(page.rows)
    text = _("%(shown)s more of %(count)s", shown=shown, count=said(count))
    if asked.after is None:
        text = _("1–%(shown)s of %(count)s", shown=shown, count=said(count))
    return {
        "text": text,
        "first_url": asked.but().url() if asked.after else None,
        "next_url": asked.but(after=Position(last.late_from_at, last.id)).url() if last is not None else None,
        "next_text": _("Next %(count)s", count=pile.PAGE),
    }


# how tickets move -------------------------------------------------------------------------------------


@blueprint.get("/workflows")
@signed_in
def workflows() -> ResponseReturnValue:
    """Both machines, drawn from the tables the desk runs on."""
    # the drawing escapes every text it takes, see workflows.drawing
    drawn = [(kind, Markup(draw(workflow_for(kind), label, _))) for kind in Kind]  # noqa: S704
    return render_template("management/workflows.html", drawn=drawn)
