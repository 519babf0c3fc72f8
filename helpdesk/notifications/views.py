"""Pages of this room: what the bell says, the count in the frame, the way from a line to its ticket."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from helpdesk.accounts.permissions import Permission, may
from helpdesk.accounts.session import person, signed_in, visitor
from helpdesk.clock import now
from helpdesk.database import unit_of_work
from helpdesk.notifications import actions, messages, queries, refusals
from helpdesk.notifications import invitations as _listens  # noqa: F401 - connects itself to the accounts' signal
from helpdesk.notifications.bell import Bell
from helpdesk.notifications.models import Notification, Transport
from helpdesk.notifications.topics import REFUSABLE, NoticeTopic
from helpdesk.web import moments
from helpdesk.web.incoming import row_number

PAGE = 50
UNREAD = "unread"
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
    NoticeTopic.MONEY_WARNED: "receipt",
    NoticeTopic.MONEY_MISSED: "receipt",
    NoticeTopic.CLAIM_WARNED: "coin",
    NoticeTopic.CLAIM_MISSED: "coin",
    NoticeTopic.PROMISES_DIGEST: "alert-triangle",
}
WAYS = {Transport.IN_APP: _l("Under the bell"), Transport.MAIL: _l("By mail")}
SENTENCES = {
    NoticeTopic.ASSIGNED: _l("A ticket becomes mine"),
    NoticeTopic.CONTACT_WROTE: _l("A customer writes on my ticket"),
    NoticeTopic.MENTIONED: _l("A colleague mentions or asks me"),
    NoticeTopic.HOLD_ENDED: _l("A scheduled hold on my ticket ends"),
    NoticeTopic.CUSTOMER_SILENT: _l("A customer leaves every reminder unanswered"),
    NoticeTopic.CLOCK_WARNED: _l("A promise will soon be late"),
    NoticeTopic.CLOCK_BREACHED: _l("A promise is late"),
    NoticeTopic.CLOCK_LADDERED: _l("A promise is still late, at a later level"),
    NoticeTopic.ESCALATION_DUE: _l("A ticket should go to Microsoft"),
    NoticeTopic.VENDOR_LATE: _l("Microsoft is late on a case"),
    NoticeTopic.MONEY_WARNED: _l("A refund, cancellation or claim window ends soon"),
    NoticeTopic.MONEY_MISSED: _l("A refund, cancellation or claim window was missed"),
    NoticeTopic.CLAIM_WARNED: _l("Service credits of an outage should be claimed soon"),
    NoticeTopic.CLAIM_MISSED: _l("Service credits of an outage were not claimed in time"),
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
    before, only_unread = request.args.get("before", type=row_number), request.args.get("show") == UNREAD
    found = queries.newest_first(person().id, before, PAGE + 1, only_unread=only_unread)
    lines = [_line(one) for one in found[:PAGE]]
    return render_template(
        "notifications/notifications.html",
        lines=lines,
        older_url=_address(only_unread, lines[-1].id) if len(found) > PAGE else None,
        here_url=_address(only_unread),
        is_first=before is None,
        only_unread=only_unread,
    )


def _address(only_unread: bool, before: int | None = None) -> str:
    asked = {"show": UNREAD if only_unread else None, "before": before}
    query = urlencode({name: value for name, value in asked.items() if value is not None})
    return f"/notifications?{query}" if query else "/notifications"


@blueprint.get("/notifications/unread")
def unread() -> ResponseReturnValue:
    """The count alone, for the frame of an open page. Nothing for a person whose session has ended."""
    return render_template("notifications/_unread.html") if visitor() is not None else ("", 204)


@blueprint.post("/notifications/read")
@signed_in
def read_all() -> ResponseReturnValue:
    up_to = request.form.get("up_to", 0, type=row_number)
    user_id = person().id
    with unit_of_work():
        actions.mark_all_read(user_id, up_to, now())
    return _back()


@blueprint.post("/notifications/<int:notification_id>/read")
@signed_in
def read_one(notification_id: int) -> ResponseReturnValue:
    """Mark a line as read without going where it leads."""
    user_id = person().id
    with unit_of_work():
        actions.mark_read(queries.own_notification(notification_id, user_id), now())
    return _back()


def _back() -> ResponseReturnValue:
    return redirect(_address(request.form.get("show") == UNREAD), 303)


@blueprint.get("/notifications/<int:notification_id>")
@signed_in
def follow(notification_id: int) -> ResponseReturnValue:
    """Go where a line leads; having been there, it is read."""
    user_id = person().id
    with unit_of_work():
        line = queries.own_notification(notification_id, user_id)
        actions.mark_read(line, now())
    return redirect(_destination(line), 303)


def _destination(line: Notification) -> str:
    if line.ticket_id is not None:
        return f"/tickets/{line.ticket_id}"
    if line.topic in (NoticeTopic.CLAIM_WARNED, NoticeTopic.CLAIM_MISSED):
        return f"/incidents/{line.params['incident_id']}"
    if line.topic != NoticeTopic.PROMISES_DIGEST:
        return "/notifications"
    return "/queue" if may(person().roles, Permission.MOVE_TICKETS) else "/breaches"


# what one is told -------------------------------------------------------------------------------------


@blueprint.route("/account/notifications", methods=["GET", "POST"])
@signed_in
def choices() -> ResponseReturnValue:
    """Topics down, bell and mail across; a box that is ticked is told."""
    user_id = person().id
    if request.method == "POST":
        told = set(request.form.getlist("told"))
        refused = [(topic, way) for topic in REFUSABLE for way in refusals.TRANSPORTS if f"{topic}:{way}" not in told]
        with unit_of_work():
            refusals.refuse(user_id, refused)
        flash(_("Saved."), "done")
        return redirect("/account/notifications", 303)
    return render_template(
        "notifications/choices.html",
        topics=[(topic, SENTENCES[topic]) for topic in REFUSABLE],
        transports=[(way, WAYS[way]) for way in refusals.TRANSPORTS],
        refused=refusals.refusals_of(user_id),
    )


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
