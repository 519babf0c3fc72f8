"""The door of new requests: the form, its promise, the page after sending."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Response, make_response, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy.exc import IntegrityError

from helpdesk.accounts.actor import Actor
from helpdesk.clock import now
from helpdesk.customers.models import Contact
from helpdesk.database import db, unit_of_work
from helpdesk.errors import NotFound
from helpdesk.notifications.wording import PORTALS
from helpdesk.portal import attachments, promises
from helpdesk.portal.attachments import Kept
from helpdesk.portal.drafts import draft_of, new_draft, signed
from helpdesk.portal.forms import SubmitForm
from helpdesk.portal.links import remember_link, remembered_link, tracker_url
from helpdesk.tickets.actions.opening import Opened, Opening, find_by_draft, open_ticket
from helpdesk.tickets.actions.trackers import another_tracker
from helpdesk.tickets.files import StoredFile
from helpdesk.tickets.leftovers import STAGED_FOR
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.uploads import Uploads
from helpdesk.web.forms import see_other
from helpdesk.web.incoming import row_number
from helpdesk.web.labels import label
from workflows.vocabulary import Kind, Level, Service


def submit() -> Response:
    """The form (GET), and what becomes of it (POST)."""
    if request.method == "GET":
        chosen = promises.Choices.read(request.args)
        return _page(SubmitForm(formdata=None, draft=new_draft(), kind=chosen.kind, service=chosen.service))
    form = SubmitForm()
    if form.website.data:  # a program filled in the trap: it learns nothing, and nothing is opened
        return see_other(url_for("portal.submitted_nothing"))
    draft_id = draft_of(form.draft.data)
    form.draft.data = signed(draft_id)
    if "refresh" in request.form:
        return _page(form, attachments.keep(draft_id, attachments.take()))
    return _send(form, draft_id)


def _send(form: SubmitForm, draft_id: str) -> Response:
    uploads = attachments.take()  # copied before the transaction: it should hold the database only briefly
    is_valid = form.is_accepted()
    if not is_valid or uploads.errors:
        return _page(form, attachments.keep(draft_id, uploads), uploads.errors, status=422)
    number, token = _open(form, draft_id, uploads)
    remember_link(number, token)
    return see_other(url_for("portal.submitted", number=number))


def _open(form: SubmitForm, draft_id: str, uploads: Uploads) -> tuple[int, str]:
    """The new ticket's number and token, or those of the ticket that an earlier sending opened."""
    try:
        with unit_of_work():
            files = [*attachments.staged(draft_id), *uploads.files]
            opened: Opened = open_ticket(_opening(form, draft_id, files), None, now())
            return opened.ticket.number, opened.token
    except IntegrityError:
        ticket = find_by_draft(draft_id)
        if ticket is None:
            raise
        return ticket.number, _token_of(ticket)


def _opening(form: SubmitForm, draft_id: str, files: list[StoredFile]) -> Opening:
    return Opening(
        kind=Kind(form.kind.data),
        service=Service(form.service.data),
        impact=Level(form.impact.data),
        urgency=Level(form.urgency.data),
        subject=form.subject.data,
        description=form.description.data,
        contact_name=form.name.data,
        contact_email=form.email.data,
        company=form.company.data,
        language=str(get_locale()),
        draft_id=draft_id,
        intake=form.answers(),
        files=files,
    )


def _token_of(ticket: Ticket) -> str:
    """The link for a form that was sent twice: the one just shown here, else one more, within a day of opening."""
    known = remembered_link(ticket.number)
    if known or now() - ticket.created_at > STAGED_FOR:
        return known or ""
    contact = db.session.get_one(Contact, ticket.contact_id)
    with unit_of_work():
        return another_tracker(ticket.id, Actor.of_contact(contact.id, contact.name), now())


def _page(form: SubmitForm, kept: Kept = (), file_errors: Sequence[str] = (), status: int = 200) -> Response:
    form.attachments.errors = tuple(file_errors)
    chosen = promises.Choices.read(form.data)
    page = render_template(
        "portal/submit.html",
        form=form,
        billing_fields=form.questions(Kind.BILLING),
        technical_fields=form.questions(Kind.TECHNICAL),
        kept_files=kept,
        upload=attachments.limits(),
        promise=promises.promise_for(chosen, now()),
        priority_table=promises.priority_table(chosen),
        matrix=promises.matrix(),
        portals=[(label(service), *PORTALS[service]) for service in Service],
        levels=tuple(Level),
    )
    return make_response(page, status)


def promise() -> Response:
    """The promise beside the button, for the choices in the query."""
    chosen = promises.Choices.read(request.args)
    return make_response(render_template("portal/_promise.html", promise=promises.promise_for(chosen, now())))


def submitted(number: int) -> Response:
    """What happens next. Only the browser that sent the request has its link, in its session."""
    token = remembered_link(number)
    ticket = db.session.get(Ticket, number) if token is not None else None
    if ticket is None:
        raise NotFound(_("This page is shown once to whoever sent the request. Its link is in the mail we sent."))
    page = render_template(
        "portal/submitted.html",
        number=ticket.number,
        earlier=request.args.get("after", type=row_number),
        tracker_url=tracker_url(token) if token else "",
        promise=promises.promise_of(ticket),
        email=ticket.contact.email,
    )
    return make_response(page)


def submitted_nothing() -> Response:
    """What a program in the trap is shown."""
    return make_response(render_template("portal/submitted.html", number=None, promise=promises.Promise()))
