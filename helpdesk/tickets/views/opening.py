"""A ticket opened by an agent for somebody who phoned."""

from __future__ import annotations

import secrets
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Response, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.exc import IntegrityError

from helpdesk.accounts.permissions import Permission
from helpdesk.accounts.session import actor, requires
from helpdesk.clock import now
from helpdesk.customers.models import Contact, Customer
from helpdesk.customers.names import fold
from helpdesk.customers.queries import contacts_known, customers_page
from helpdesk.database import db, unit_of_work
from helpdesk.errors import Forbidden, Invalid
from helpdesk.notifications.wording import PORTALS
from helpdesk.tickets.actions.assigning import assign
from helpdesk.tickets.actions.linking import link
from helpdesk.tickets.actions.opening import Opening, find_by_draft, open_ticket
from helpdesk.tickets.files import StoredFile
from helpdesk.tickets.forms import OpeningForm, let_choose
from helpdesk.tickets.models import Ticket, Topic
from helpdesk.tickets.views.triage import topic_choices
from helpdesk.tickets.views.work import stored_uploads
from helpdesk.web.forms import see_other
from helpdesk.web.incoming import is_row_number, row_number
from helpdesk.web.labels import label
from workflows.vocabulary import BoughtHere, Kind, Level, LinkKind, Service, Source

MATCHES = 8


def register(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/tickets/new", "new_ticket", new, methods=["GET", "POST"])
    blueprint.add_url_rule("/tickets/new/customers", "new_ticket_customers", matches)


@requires(Permission.OPEN_TICKETS)
def new() -> ResponseReturnValue:
    form = OpeningForm(data=_prefilled()) if request.method == "GET" else OpeningForm()
    kind = form.kind.data if form.kind.data in tuple(Kind) else Kind.TECHNICAL
    let_choose(form.topic, [("", _("Not yet")), *topic_choices(kind)])
    if request.method == "GET" or "find" in request.form:  # looking a customer up without a script
        return _page(form, 200)
    if form.is_accepted():
        try:
            return _open(form)
        except Invalid as error:
            form.fail(error)
    return _page(form, 422)


@requires(Permission.OPEN_TICKETS)
def matches() -> ResponseReturnValue:
    """The customers whose name begins as typed, to choose from: a fragment."""
    return render_template("tickets/_customers.html", **_found(request.args.get("customer_name", ""), None))


def _page(form: OpeningForm, status: int) -> Response:
    found = _found(form.customer_name.data or "", form.customer.data)
    portals = [(label(service), *PORTALS[service]) for service in Service]
    response = make_response(render_template("tickets/new.html", form=form, portals=portals, **found))
    response.status_code = status
    return response


def _found(name: str, chosen: str | None) -> dict[str, Any]:
    customers = customers_page(name, limit=MATCHES).customers if name.strip() else []
    active = [customer for customer in customers if customer.is_active]
    only = str(active[0].id) if len(active) == 1 else ""
    return {
        "customers": active,
        "chosen": chosen or only,
        "contacts": contacts_known([customer.id for customer in active[:3]]),
        "is_unknown": bool(name.strip()) and not active,
    }


def _prefilled() -> dict[str, Any]:
    """What a follow-up takes over from the ticket it follows."""
    values: dict[str, Any] = {"draft_id": secrets.token_urlsafe(24), "take": True, "kind": Kind.TECHNICAL}
    values |= {"service": Service.MICROSOFT365, "impact": Level.MEDIUM, "urgency": Level.MEDIUM}
    number = request.args.get("follows", type=row_number)
    closed = db.session.get(Ticket, number) if number is not None else None
    if closed is None:
        return values
    return values | {
        "follows": closed.id,
        "customer_name": closed.customer.name if closed.customer else closed.claimed_company,
        "customer": str(closed.customer_id or ""),
        "contact_name": closed.contact.name,
        "contact_email": closed.contact.email,
        "language": closed.language,
        "kind": closed.kind,
        "service": closed.service,
        "topic": closed.topic_id,
        "impact": closed.impact,
        "urgency": closed.urgency,
        "subject": closed.subject,
    }


def _open(form: OpeningForm) -> Response:
    """Open the ticket once, however often the form is sent. Raises Invalid at the field."""
    if not actor().may(Permission.OPEN_TICKETS, form.kind.data):
        raise Forbidden(_("Your role doesn’t include this."))
    earlier = find_by_draft(form.draft_id.data) if form.draft_id.data else None
    if earlier is not None:
        return see_other(f"/tickets/{earlier.id}")
    files = stored_uploads(form)
    opening = _opening(form, _chosen_customer(form), files)
    if form.errors:
        raise Invalid(_("Choose other files."))
    try:
        with unit_of_work():
            number = _write(form, opening)
    except IntegrityError:  # the same form came twice at once, and the other was first
        earlier = find_by_draft(form.draft_id.data)
        if earlier is None:
            raise
        number = earlier.id
    return see_other(f"/tickets/{number}")


def _write(form: OpeningForm, opening: Opening) -> int:
    number = open_ticket(opening, actor(), now()).ticket.id
    if form.take.data:
        assign(number, actor(), actor().user_id, now())
    if is_row_number(form.follows.data or ""):
        link(number, actor(), int(form.follows.data), LinkKind.FOLLOW_UP, now())
    return number


def _opening(form: OpeningForm, customer: Customer | None, files: list[StoredFile]) -> Opening:
    return Opening(
        kind=form.kind.data,
        service=form.service.data,
        impact=form.impact.data,
        urgency=form.urgency.data,
        subject=form.subject.data,
        description=form.description.data,
        contact_name=_contact_name(form),
        contact_email=_address(form),
        contact_phone=form.contact_phone.data or None,
        customer_id=customer.id if customer else None,
        company="" if customer else form.customer_name.data,
        topic_id=_topic_id(form),
        source=Source.PHONE,
        language=form.language.data,
        reply=form.reply.data,
        draft_id=form.draft_id.data or None,
        intake=_intake(form),
        files=files,
    )


def _intake(form: OpeningForm) -> dict[str, str]:
    answer = form.bought_through_us.data
    return {"bought_through_us": answer} if answer in tuple(BoughtHere) else {}


def _chosen_customer(form: OpeningForm) -> Customer | None:
    """The customer chosen from the matches, or the only one the name can mean; None when none is named."""
    name = form.customer_name.data
    if is_row_number(form.customer.data or ""):
        chosen = db.session.get(Customer, int(form.customer.data))
        if chosen is not None and chosen.is_active and (not name or fold(chosen.name).startswith(fold(name))):
            return chosen
    if not name:
        return None
    active = [customer for customer in customers_page(name, limit=MATCHES).customers if customer.is_active]
    exact = [customer for customer in active if fold(customer.name) == fold(name)]
    if len(active) > 1 and not exact:
        raise Invalid(_("Several customers begin like this: choose one."), "customer_name")
    found = exact or active
    return found[0] if found else None


def _address(form: OpeningForm) -> str:
    address = str(form.contact_email.data)
    local, _at, domain = address.partition("@")
    if not local or "." not in domain or " " in address or "@" in domain:
        raise Invalid(_("Write a mail address such as name@company.example."), "contact_email")
    return address


def _contact_name(form: OpeningForm) -> str:
    """As typed; somebody known need not be named again."""
    if form.contact_name.data:
        return str(form.contact_name.data)
    known = db.session.scalar(sa.select(Contact.name).where(Contact.email == str(form.contact_email.data).lower()))
    if known is None:
        raise Invalid(_("Say who called."), "contact_name")
    return str(known)


def _topic_id(form: OpeningForm) -> int | None:
    if form.topic.data is None:
        return None
    topic = db.session.get(Topic, form.topic.data)
    if topic is None or topic.kind is not form.kind.data:
        raise Invalid(_("Choose a topic of this kind."), "topic")
    return topic.id
