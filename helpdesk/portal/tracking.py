"""The doors of a tracker link: looking, answering, saying whether it is solved, files, a new link."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import Response, current_app, flash, make_response, render_template, request, send_file, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from helpdesk.accounts.actor import Actor
from helpdesk.clock import now
from helpdesk.database import unit_of_work
from helpdesk.errors import NotFound
from helpdesk.portal import attachments, progress, promises, queries
from helpdesk.portal.attachments import Kept
from helpdesk.portal.drafts import draft_of, new_draft, signed
from helpdesk.portal.forms import LONGEST_TEXT, ReplyForm
from helpdesk.portal.links import remember_link
from helpdesk.tickets import deadlines
from helpdesk.tickets.actions.conversation import contact_writes
from helpdesk.tickets.actions.moving import move
from helpdesk.tickets.actions.trackers import another_tracker, reissue_tracker
from helpdesk.tickets.files import StoredFile, path_of
from helpdesk.tickets.models import Attachment, Message, Ticket
from helpdesk.tickets.uploads import size_text
from helpdesk.web.forms import see_other
from workflows.vocabulary import OPEN_STATES, State, Trigger, WithdrawReason

SHOWN_MESSAGES = 6
"""The newest messages; earlier ones are folded away."""


def track(secret: str) -> Response:
    """The tracker (GET), and a message from the contact (POST)."""
    ticket = queries.find_tracked(secret, now())
    if request.method == "GET":
        return _page(ticket, secret, ReplyForm(formdata=None, draft=new_draft()))
    form = ReplyForm()
    draft_id = draft_of(form.draft.data)
    form.draft.data = signed(draft_id)
    uploads = attachments.take()
    is_valid = form.is_accepted()
    if not is_valid or uploads.errors:
        return _page(ticket, secret, form, attachments.keep(draft_id, uploads), uploads.errors, status=422)
    return _write(ticket, secret, form.body.data, draft_id, uploads.files)


def _write(ticket: Ticket, secret: str, body: str, draft_id: str, new: list[StoredFile]) -> Response:
    with unit_of_work():
        moment = now()
        deadlines.lock(ticket.id)  # so that of a form sent twice the second sees the first
        landed = queries.said_just_now(ticket, body, moment)
        if landed is None:
            files = [*attachments.staged(draft_id), *new]
            landed = contact_writes(ticket.id, ticket.contact, body, moment, files).id
        token = another_tracker(landed, _contact(ticket), moment) if landed != ticket.id else ""
    if landed == ticket.id:
        flash(_("We have your message."), "done")
        return see_other(url_for("portal.track", secret=secret, _anchor="conversation"))
    remember_link(landed, token)
    return see_other(url_for("portal.submitted", number=landed, after=ticket.id))


def solved(secret: str) -> Response:
    """The contact says it is solved: what we resolved is closed, what is open is withdrawn as solved by them."""
    ticket = queries.find_tracked(secret, now())
    form, uploads = ReplyForm(), attachments.take()
    body = form.body.data[:LONGEST_TEXT]
    with unit_of_work():
        ticket = deadlines.lock(ticket.id) or ticket
        if ticket.state is State.RESOLVED:
            move(ticket.id, _contact(ticket), Trigger.CLOSE, now())
        elif ticket.state in OPEN_STATES:
            if body:  # what stood in the reply box is said, not lost
                files = [*attachments.staged(draft_of(form.draft.data)), *uploads.files]
                contact_writes(ticket.id, ticket.contact, body, now(), files)
            move(ticket.id, _contact(ticket), Trigger.WITHDRAW, now(), {"reason": WithdrawReason.SOLVED_BY_CONTACT})
    flash(_("Thank you. We have closed it."), "done")
    return _back(secret)


def withdraw(secret: str) -> Response:
    """The contact no longer needs it."""
    ticket = queries.find_tracked(secret, now())
    with unit_of_work():
        ticket = deadlines.lock(ticket.id) or ticket
        if ticket.state in OPEN_STATES:
            move(ticket.id, _contact(ticket), Trigger.WITHDRAW, now(), {"reason": WithdrawReason.NO_LONGER_NEEDED})
    flash(_("We have closed it. Write below if you need us after all."), "done")
    return _back(secret)


def renew(secret: str) -> Response:
    """Replace the link by one that is sent by mail alone: for a link that went where it should not have."""
    ticket = queries.find_tracked(secret, now())
    with unit_of_work():
        reissue_tracker(ticket.id, _contact(ticket), now())
    return see_other(url_for("portal.link_renewed"))


def link_renewed() -> Response:
    return make_response(render_template("portal/renewed.html"))


def file(secret: str, key: str) -> Response:
    """A file of the conversation, streamed, never shown in the page's own origin."""
    found = queries.public_file(queries.find_tracked(secret, now()), key)
    path = path_of(found.key)
    if not path.exists():
        raise NotFound(_("There is no such file."))
    response = send_file(path, found.content_type, as_attachment=True, download_name=found.file_name, max_age=0)
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


def keep_to_yourself(response: Response) -> Response:
    """A tracker's answers are nobody else's: not stored, not indexed. Runs after every view of this room."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _back(secret: str) -> Response:
    return see_other(url_for("portal.track", secret=secret))


def _contact(ticket: Ticket) -> Actor:
    return Actor.of_contact(ticket.contact_id, ticket.contact.name)


# the page ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Author:
    name: str
    initials: str


@dataclass(frozen=True, slots=True)
class SaidFile:
    name: str
    size_text: str
    url: str


@dataclass(frozen=True, slots=True)
class Said:
    """A message as the contact sees it."""

    id: int
    author: Author
    is_you: bool
    at: datetime
    body: str
    files: list[SaidFile]


def _page(
    ticket: Ticket,
    secret: str,
    form: ReplyForm,
    kept: Kept = (),
    file_errors: Sequence[str] = (),
    status: int = 200,
) -> Response:
    form.attachments.errors = tuple(file_errors)
    said = [_said(message, ticket, secret) for message in queries.public_messages(ticket)]
    earlier, shown = said[:-SHOWN_MESSAGES], said[-SHOWN_MESSAGES:]
    page = render_template(
        "portal/track.html",
        ticket=ticket,
        secret=secret,
        state=State,
        is_open=ticket.state in OPEN_STATES,
        next_step=progress.next_step(ticket, queries.owed(ticket)),
        who=ticket.assignee.name if ticket.assignee is not None else "",
        hours_text=promises.hours_of(ticket),
        steps=progress.steps(ticket, queries.arrivals(ticket)),
        messages=shown,
        earlier=earlier,
        earlier_text=ngettext("%(num)d earlier message", "%(num)d earlier messages", len(earlier)),
        form=form,
        kept_files=kept,
        upload=attachments.limits(),
    )
    return make_response(page, status)


def _said(message: Message, ticket: Ticket, secret: str) -> Said:
    is_you = message.contact_id is not None and message.contact_id == ticket.contact_id
    if message.contact is not None:
        name = message.contact.name
    else:
        name = message.user.name if message.user is not None else str(current_app.config["DESK_NAME"])
    files = [_said_file(attachment, secret) for attachment in message.attachments]
    author = Author(name, _("You") if is_you else initials(name))
    return Said(message.id, author, is_you, message.at, message.body, files)


def _said_file(attachment: Attachment, secret: str) -> SaidFile:
    url = url_for("portal.file", secret=secret, key=attachment.key)
    return SaidFile(attachment.file_name, size_text(attachment.size_bytes), url)


def initials(name: str) -> str:
    words = name.split()
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()
