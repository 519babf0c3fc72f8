"""Pages of this room: what the bell says, the count in the frame, the way from a line to its ticket."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import get_locale

from helpdesk.accounts.session import person, signed_in, visitor
from helpdesk.clock import now
from helpdesk.database import unit_of_work
from helpdesk.notifications import actions, messages, queries
from helpdesk.notifications import invitations as _listens  # noqa: F401 - connects itself to the accounts' signal
from helpdesk.notifications.bell import Bell
from helpdesk.notifications.models import Notification
from helpdesk.notifications.topics import NoticeTopic
from helpdesk.web import moments

PAGE = 50
ICONS = {
    NoticeTopic.ASSIGNED: "user-check",
    NoticeTopic.CONTACT_WROTE: "message-circle",
    NoticeTopic.MENTIONED: "at",
    NoticeTopic.HOLD_ENDED: "alarm",
    NoticeTopic.CUSTOMER_SILENT: "user",
    NoticeTopic.CLOCK_WARNED: "clock",
    NoticeTopic.CLOCK_BREACHED: "alert-triangle",
    NoticeTopic.CLOCK_LADDERED: "alert-triangle",
    NoticeTopic.ESCALATION_DUE: "arrow-up-right",
    NoticeTopic.VENDOR_LATE: "hourglass",
    NoticeTopic.PROMISES_DIGEST: "alert-triangle",
}

blueprint = Blueprint("notifications", __name__)
blueprint.record_once(lambda state: state.app.jinja_env.globals.update(bell=Bell()))


@dataclass(frozen=True, slots=True)
class Line:
    """One line as the page shows it."""

    id: int
    text: str
    subject: str
    icon: str
    at: datetime
    is_read: bool


@blueprint.get("/notifications")
@signed_in
def notifications() -> ResponseReturnValue:
    before = request.args.get("before", type=int)
    found = queries.newest_first(person().id, before, PAGE + 1)
    lines = [_line(one) for one in found[:PAGE]]
    older_url = f"/notifications?before={lines[-1].id}" if len(found) > PAGE else None
    return render_template(
        "notifications/notifications.html", lines=lines, older_url=older_url, is_first=before is None
    )


@blueprint.get("/notifications/unread")
def unread() -> ResponseReturnValue:
    """The count alone, for the frame of an open page. Nothing for a person whose session has ended."""
    return render_template("notifications/_unread.html") if visitor() is not None else ("", 204)


@blueprint.post("/notifications/read")
@signed_in
def read_all() -> ResponseReturnValue:
    up_to = request.form.get("up_to", 0, type=int)
    user_id = person().id
    with unit_of_work():
        actions.mark_all_read(user_id, up_to, now())
    return redirect("/notifications", 303)


@blueprint.get("/notifications/<int:notification_id>")
@signed_in
def follow(notification_id: int) -> ResponseReturnValue:
    """Go where a line leads; having been there, it is read."""
    user_id = person().id
    with unit_of_work():
        line = queries.own_notification(notification_id, user_id)
        actions.mark_read(line, now())
    return redirect(f"/tickets/{line.ticket_id}" if line.ticket_id is not None else "/notifications", 303)


def _line(one: Notification) -> Line:
    return Line(
        id=one.id,
        text=_text(one),
        subject=str(one.params.get("subject", "")),
        icon=ICONS.get(NoticeTopic(one.topic), "bell"),
        at=one.created_at,
        is_read=one.read_at is not None,
    )


def _text(one: Notification) -> str:
    return messages.line(NoticeTopic(one.topic), str(get_locale()), one.params, one.ticket_id, moments.moment)
