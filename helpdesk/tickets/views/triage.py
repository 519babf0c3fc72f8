"""What an agent finds out and writes down: the customer, the classification, facts, the diagnosis, priority."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Response, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from helpdesk.accounts.permissions import Permission
from helpdesk.accounts.session import actor
from helpdesk.clock import now
from helpdesk.customers.models import Subscription
from helpdesk.customers.queries import customer_choices
from helpdesk.database import db, unit_of_work
from helpdesk.errors import Conflict, Forbidden, Invalid
from helpdesk.tickets import facts
from helpdesk.tickets.actions import diagnosing, linking, retargeting, triaging
from helpdesk.tickets.forms import (
    ClassificationForm,
    CustomerForm,
    DiagnosisForm,
    FactsForm,
    LinkForm,
    PriorityForm,
    let_choose,
)
from helpdesk.tickets.models import Ticket, Topic
from helpdesk.tickets.suggestions import customers_for
from helpdesk.tickets.views.guard import sees_tickets
from helpdesk.tickets.views.ticket import find, meanwhile
from helpdesk.tickets.views.work import sent_version
from helpdesk.web.forms import Form, see_other
from helpdesk.web.incoming import is_row_number
from workflows.vocabulary import Kind

BOTH = ["GET", "POST"]


def register(blueprint: Blueprint) -> None:
    for name, view in (
        ("customer", customer),
        ("classification", classification),
        ("facts", subject),
        ("diagnosis", diagnosis),
        ("priority", priority),
        ("links", links),
    ):
        blueprint.add_url_rule(f"/tickets/<int:number>/{name}", f"ticket_{name}", view, methods=BOTH)


def _carry_out(
    found: Ticket, form: Form, permission: Permission, act: Callable[[], object], **context: Any
) -> ResponseReturnValue:
    """Show ``form``, or do what it says and go back to the ticket; a refusal comes back with what was typed."""
    if not actor().may(permission, found.kind):
        raise Forbidden(_("Your role doesn’t include this."))
    number, status, changed = found.id, 200, []
    if request.method == "POST":
        status = 422
        if form.is_accepted():
            try:
                with unit_of_work():
                    act()
                return see_other(f"/tickets/{number}")
            except Invalid as error:
                form.fail(error)
            except Conflict as error:
                status = 409
                changed = meanwhile(error)
    return _form_page(find(number), form, status, changed=changed, **context)


def _form_page(found: Ticket, form: Form, status: int, **context: Any) -> Response:
    response = make_response(render_template("tickets/form.html", ticket=found, form=form, **context))
    response.status_code = status
    return response


@sees_tickets
def customer(number: int) -> ResponseReturnValue:
    found = find(number)
    form = CustomerForm()
    let_choose(form.customer, [("", _("Choose")), *((str(key), name) for key, name in customer_choices())])
    if request.method == "GET" and found.customer_id is not None:
        form.customer.data = found.customer_id
    return _carry_out(
        found,
        form,
        Permission.EDIT_TICKETS,
        lambda: _confirm(number, form),
        title=_("Confirm the customer"),
        suggestions=customers_for(found),
        send=_("Confirm"),
    )


def _confirm(number: int, form: CustomerForm) -> None:
    if form.customer.data is None:
        raise Invalid(_("Choose a customer from the list."), "customer")
    triaging.confirm_customer(number, actor(), form.customer.data, now(), sent_version())


@sees_tickets
def classification(number: int) -> ResponseReturnValue:
    found = find(number)
    form = ClassificationForm(obj=_Classified(found) if request.method == "GET" else None)
    let_choose(form.topic, [("", _("Choose")), *topic_choices(found.kind)])
    return _carry_out(
        found,
        form,
        Permission.EDIT_TICKETS,
        lambda: triaging.classify(number, actor(), _classified(form), now(), sent_version()),
        title=_("Classify"),
        send=_("Keep"),
    )


class _Classified:
    """The classification as the form's fields are named."""

    def __init__(self, found: Ticket) -> None:
        self.kind, self.service, self.topic = found.kind, found.service, found.topic_id
        self.impact, self.urgency = found.impact, found.urgency


def _classified(form: ClassificationForm) -> triaging.Classification:
    if form.topic.data is None:
        raise Invalid(_("Choose a topic."), "topic")
    return triaging.Classification(
        form.kind.data, form.service.data, form.impact.data, form.urgency.data, form.topic.data
    )


def topic_choices(kind: Kind) -> list[tuple[str, str]]:
    """The topics in use, those of ``kind`` first; the other kind's say so."""
    rows = db.session.scalars(sa.select(Topic).where(Topic.is_enabled).order_by(Topic.name)).all()
    own = [(str(topic.id), topic.name) for topic in rows if topic.kind is kind]
    others = [(str(topic.id), _named_with_kind(topic)) for topic in rows if topic.kind is not kind]
    return own + others


def _named_with_kind(topic: Topic) -> str:
    kind = _("billing") if topic.kind is Kind.BILLING else _("technical")
    return f"{topic.name} ({kind})"


@sees_tickets
def subject(number: int) -> ResponseReturnValue:
    found = find(number)
    form = FactsForm(data={"subject": found.subject, "subscription": found.subscription_id})
    let_choose(form.subscription, [("", _("None in particular")), *_subscriptions(found.customer_id)])
    return _carry_out(
        found,
        form,
        Permission.EDIT_TICKETS,
        lambda: triaging.change_facts(
            number, actor(), form.subject.data, form.subscription.data, now(), sent_version()
        ),
        title=_("Subject and subscription"),
        send=_("Keep"),
    )


def _subscriptions(customer_id: int | None) -> list[tuple[str, str]]:
    rows = sa.select(Subscription.id, Subscription.name).where(Subscription.customer_id == customer_id)
    return [(str(key), name) for key, name in db.session.execute(rows.order_by(Subscription.name))]


@sees_tickets
def diagnosis(number: int) -> ResponseReturnValue:
    found = find(number)
    form = DiagnosisForm(obj=facts.diagnosis_of(number) if request.method == "GET" else None)
    if not actor().may(Permission.OVERRIDE, found.kind):
        del form.boundary_override
    return _carry_out(
        found,
        form,
        Permission.EDIT_TICKETS,
        lambda: diagnosing.record_diagnosis(number, actor(), _found_out(form), now(), sent_version()),
        title=_("Diagnosis"),
        send=_("Record the diagnosis"),
    )


def _found_out(form: DiagnosisForm) -> diagnosing.Findings:
    override = form.boundary_override.data if "boundary_override" in form else ""
    return diagnosing.Findings(
        health=form.health.data,
        findings=form.findings.data,
        tried=form.tried.data,
        boundary=form.boundary.data,
        boundary_reason=form.boundary_reason.data,
        boundary_override=override,
    )


@sees_tickets
def priority(number: int) -> ResponseReturnValue:
    found = find(number)
    form = PriorityForm(data={"priority": found.priority_override})
    return _carry_out(
        found,
        form,
        Permission.OVERRIDE,
        lambda: _override(number, form),
        title=_("Priority"),
        send=_("Keep"),
    )


def _override(number: int, form: PriorityForm) -> None:
    if form.priority.data is None:
        retargeting.clear_priority_override(number, actor(), now(), sent_version())
        return
    if not form.reason.data:
        raise Invalid(_("Say why; the reason is kept."), "reason")
    retargeting.override_priority(number, actor(), form.priority.data, form.reason.data, now(), sent_version())


@sees_tickets
def links(number: int) -> ResponseReturnValue:
    form = LinkForm()
    return _carry_out(
        find(number),
        form,
        Permission.EDIT_TICKETS,
        lambda: linking.link(number, actor(), _other(form), form.kind.data, now()),
        title=_("Link with another ticket"),
        send=_("Link"),
    )


def _other(form: LinkForm) -> int:
    digits = str(form.number.data).lstrip("#")
    if not is_row_number(digits):
        raise Invalid(_("Give the number of another ticket."), "number")
    return int(digits)
