"""One ticket: its page, its whole history, and how a promise came about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Response, current_app, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import joinedload

from helpdesk.accounts.actor import Actor
from helpdesk.accounts.models import User
from helpdesk.accounts.permissions import Permission, may
from helpdesk.accounts.queries import staff
from helpdesk.accounts.session import actor, person
from helpdesk.clock import now
from helpdesk.database import db
from helpdesk.errors import Conflict, NotFound
from helpdesk.tickets import (
    asking,
    facts,
    incident_lines,
    money_lines,
    offers,
    outage_queries,
    promises,
    queries,
    reminders,
    sheet,
    talk,
    timeline,
    way,
)
from helpdesk.tickets.forms import HoldForm, MessageForm, MoveForm
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.rows import hold_text, person_named
from helpdesk.tickets.sentence_words import Names
from helpdesk.tickets.views import vendor_cards
from helpdesk.tickets.views.guard import sees_tickets
from helpdesk.tickets.views.queue import count_text, is_remembered, remembered, view_text
from helpdesk.web import moments
from helpdesk.web.forms import Form
from helpdesk.web.incoming import row_number
from helpdesk.web.labels import label
from workflows.vocabulary import Kind, Role, State, Trigger

Colleagues = list[tuple[int, str, frozenset[Role]]]


def register(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/tickets/<int:number>", view_func=ticket)
    blueprint.add_url_rule("/tickets/<int:number>/events", view_func=events)


@dataclass
class Typed:
    """What a page comes back with after a refusal: the forms as they were sent, and what changed meanwhile."""

    moves: Mapping[Trigger, MoveForm] = field(default_factory=dict)
    reply: MessageForm | None = None
    note: MessageForm | None = None
    kept: Mapping[str, list[Any]] = field(default_factory=dict)  # files of a reply or note that came back
    hold: HoldForm | None = None
    case: Mapping[int, Form] = field(default_factory=dict)  # the form on a vendor case’s card, by case
    notice: str = ""
    conflict: list[timeline.Told] | None = None
    link: str = ""  # a new tracker link, shown once
    tag: str = ""
    tag_error: str = ""


def find(number: int) -> Ticket:
    """The ticket with what its page reads of it, in one statement. Raises NotFound."""
    found = db.session.scalars(_WHOLE, {"number": number}).one_or_none()
    if found is None:
        raise NotFound(_("There is no such ticket."))
    return found


_WHOLE = (
    sa.select(Ticket)
    .where(Ticket.id == sa.bindparam("number"))
    .options(
        joinedload(Ticket.customer),
        joinedload(Ticket.contact),
        joinedload(Ticket.topic),
        joinedload(Ticket.subscription),
        # not their roles: what the reader may do must come from the session's own load
        joinedload(Ticket.assignee).lazyload(User.role_rows),
        joinedload(Ticket.team),
    )
)


@sees_tickets
def ticket(number: int) -> ResponseReturnValue:
    return ticket_page(number)


def ticket_page(number: int, typed: Typed | None = None, status: int = 200) -> Response:
    """The page of a ticket; after a refusal with ``typed`` and its ``status``."""
    found, reader, moment = find(number), actor(), now()
    context = _context(found, reader, moment, typed or Typed())
    response = make_response(render_template("tickets/ticket.html", **context))
    response.status_code = status
    return response


def conflict_page(number: int, error: Conflict, typed: Typed) -> Response:
    """409: what changed meanwhile, with everything typed still in its form."""
    typed.conflict = meanwhile(error)
    return ticket_page(number, typed, 409)


def meanwhile(error: Conflict) -> list[timeline.Told]:
    """What happened since the page was made, as far as its ``seen_events`` says.

    Without it everything since the page's version, which stands still while replies and warnings go on.
    """
    seen = request.form.get("seen_events", 0, type=row_number)
    events = [timeline.happened(event) for event in error.changes]  # type: ignore[arg-type]
    return timeline.tell([event for event in events if event.seq > seen])


def _context(found: Ticket, reader: Actor, moment: datetime, typed: Typed) -> dict[str, Any]:
    studied, colleagues = facts.study(found, reader, moment), staff()
    belonging = outage_queries.belonging(found)
    known = studied.facts
    course = promises.course_of(found, moment)
    ids = promises.clock_ids(found.id)
    walked = way.way_of(found, course, current_app.config["CLOSE_AFTER"])
    offered = offers.offers_for(found, known, typed.moves)
    return {
        "ticket": _head(found),
        "place": _place(found, moment),
        "terms": f"{course.terms.policy_name}, {label(found.priority)}",
        "promises": money_lines.with_money(promises.unmet_promises(course, found.id, ids), found, moment),
        "met": promises.ended_promises(course, found.id, ids),
        "has_money": found.kind is Kind.BILLING or bool(found.money_due_at or found.money_missed_at),
        "facts": [*sheet.facts_of(found), *incident_lines.incident_facts(found, belonging)],
        "suggested_incidents": belonging.suggested,
        "has_incident": belonging.incident is not None,
        "diagnosis": sheet.diagnosis_facts(known.diagnosis),
        "elsewhere": asking.elsewhere_of(found),
        "lacking": asking.lacking_of(found, studied.standing, facts.desk_day(moment)),
        "way": walked.steps,
        "way_sums": walked.sums,
        "open_for": walked.open_for,
        "moves": offered.moves,
        "more": offered.more,
        "aside": offered.aside,
        "overdue": offers.overdue_of(found, known),
        "cases": vendor_cards.cards_of(found.id, course, ids, typed.case),
        "conflict": typed.conflict,
        "typed": typed,
        "tags": [tag.name for tag in found.tags],
        "tag_typed": typed.tag,
        "tag_error": typed.tag_error,
        **_rights(found, reader),
        **_talk(found),
        **_timeline(found, colleagues),
        **_boxes(found, reader, typed, colleagues),
    }


def _place(found: Ticket, moment: datetime) -> dict[str, str] | None:
    """Where it stands in the list one came from; the neighbours are looked up only when somebody goes there."""
    if not found.is_open:
        return None
    asked = remembered()
    name = view_text(asked.view)
    place = queries.place_in(asked, found, person().id, moment) if is_remembered() else None
    words = {"list": name, "place": count_text(place.position), "count": count_text(place.length)} if place else {}
    return {
        "text": _("%(place)s of %(count)s in %(list)s", **words) if words else _("back to %(list)s", list=name),
        "list_url": asked.url(),
        "previous_url": f"/tickets/{found.id}/previous",
        "next_url": f"/tickets/{found.id}/next",
    }


def _head(found: Ticket) -> dict[str, Any]:
    return {
        "number": found.id,
        "subject": found.subject,
        "state_text": label(found.state),
        "priority": found.priority,
        "kind": found.kind,
        "version": found.version,
        "event_count": found.event_count,
        "customer_name": found.customer.name if found.customer else found.claimed_company,
        "customer_url": f"/customers/{found.customer_id}" if found.customer_id else "",
    }


def _rights(found: Ticket, reader: Actor) -> dict[str, Any]:
    rights = {
        "may_edit": Permission.EDIT_TICKETS,
        "may_override": Permission.OVERRIDE,
        "may_chase": Permission.CHASE_VENDOR,
        "may_move": Permission.MOVE_TICKETS,
    }
    return {name: reader.may(permission, found.kind) for name, permission in rights.items()}


def _talk(found: Ticket) -> dict[str, Any]:
    view = next((view for view in talk.TalkView if view == request.args.get("talk")), talk.TalkView.ALL)
    before = request.args.get("before", type=row_number)
    said = talk.talk_of(found, view, before)
    return {
        "messages": said.messages,
        "earlier": said.earlier,
        "earlier_text": said.earlier_text,
        "earlier_since": found.created_at,
        "older_url": said.older_url,
        "views": said.views,
    }


def _timeline(found: Ticket, colleagues: Colleagues) -> dict[str, Any]:
    latest = timeline.events_of(found.id)
    customers = {found.customer.id: found.customer.name} if found.customer else {}
    users = {user_id: name for user_id, name, _roles in colleagues}
    known = Names(users, {found.contact_id: found.contact.name}, customers)
    has_more = found.event_count > len(latest)
    return {
        "timeline": timeline.tell(latest, known),
        "timeline_count": found.event_count,
        "timeline_url": f"/tickets/{found.id}/events" if has_more else None,
    }


def _boxes(found: Ticket, reader: Actor, typed: Typed, colleagues: Colleagues) -> dict[str, Any]:
    """The forms at hand: reply, note, hold, assignee. Each takes what was sent to it alone: all boxes say ``body``."""
    may_reply = reader.may(Permission.REPLY, found.kind) and found.state is not State.MERGED
    may_note = reader.may(Permission.NOTE, found.kind)
    may_hold = reader.may(Permission.MOVE_TICKETS, found.kind) and found.is_open
    return {
        "reply_form": (typed.reply or MessageForm(formdata=None)) if may_reply else None,
        "note_form": (typed.note or MessageForm(formdata=None)) if may_note else None,
        "reply_to": found.contact.name,
        "hold": {"text": _held(found)} if found.hold_cause is not None else None,
        "may_release": may_hold,
        "hold_form": (typed.hold or HoldForm(formdata=None)) if may_hold else None,
        "assignee": person_named(found.assignee.name, found.assignee_id) if found.assignee else None,
        "assign_choices": assign_choices(found, colleagues) if reader.may(Permission.ASSIGN, found.kind) else None,
        "may_take": reader.may(Permission.MOVE_TICKETS, found.kind) and found.assignee_id != reader.user_id,
    }


def _held(found: Ticket) -> str:
    if found.hold_until is not None:
        return _("On hold %(until)s", until=hold_text(found.hold_cause, found.hold_until))
    since = moments.moment(found.held_at) if found.held_at else ""
    text = _("%(cause)s since %(moment)s", cause=label(found.hold_cause), moment=since)
    closes_at = reminders.closes_at(found)
    if closes_at is None:
        return text
    return _("%(text)s; without an answer it closes %(moment)s", text=text, moment=moments.moment(closes_at))


def assign_choices(found: Ticket, colleagues: Colleagues) -> list[tuple[Any, str]]:
    """Everybody who may work on a ticket of this kind, and nobody."""
    able = {user_id: name for user_id, name, roles in colleagues if may(roles, Permission.MOVE_TICKETS, found.kind)}
    return [("", _("Nobody")), *able.items()]


# the whole history ------------------------------------------------------------------------------------


@sees_tickets
def events(number: int) -> ResponseReturnValue:
    found = find(number)
    before = request.args.get("before", type=row_number)
    shown = timeline.events_of(found.id, timeline.PAGE, before)
    earlier = shown[0].seq if shown and shown[0].seq > 1 else None
    return render_template(
        "tickets/events.html",
        ticket=_head(found),
        events=timeline.tell(shown),
        count=found.event_count,
        earlier_url=f"/tickets/{number}/events?before={earlier}" if earlier else None,
        latest_url=f"/tickets/{number}/events" if before else None,
    )
