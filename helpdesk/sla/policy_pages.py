"""SLA policies under Admin: their order, each one's promises, and a tester that says which one a ticket gets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from helpdesk.accounts.permissions import Permission
from helpdesk.accounts.session import person, requires
from helpdesk.clock import now
from helpdesk.customers import queries as customers
from helpdesk.database import unit_of_work
from helpdesk.errors import Invalid
from helpdesk.sla import queries, revisions
from helpdesk.sla.models import SlaPolicy
from helpdesk.sla.policy_forms import CLOCKS, ConditionsForm, PolicyForm
from helpdesk.sla.previews import preview
from helpdesk.sla.terms import preview as preview_terms
from helpdesk.web.forms import page, see_other
from workflows.vocabulary import ClockKind, Kind, Priority, Service

blueprint = Blueprint("policies", __name__, url_prefix="/admin/policies")

SHOWN_BY_TESTER = (ClockKind.FIRST_RESPONSE, ClockKind.RESOLUTION)


@dataclass(frozen=True, slots=True)
class Trial:
    """The policy a made-up ticket gets, and when its first promises would fall due if it came now."""

    policy: SlaPolicy
    deadlines: dict[Priority, dict[ClockKind, datetime | None]]


@blueprint.get("")
@requires(Permission.EDIT_PROMISES)
def index() -> ResponseReturnValue:
    form = ConditionsForm(formdata=request.args, meta={"csrf": False})
    is_asked = "try" in request.args and form.validate()  # type: ignore[no-untyped-call]
    trial = _tried(form) if is_asked else None
    names = dict(customers.customer_choices())
    plans = {plan.id: plan.name for plan in customers.plans()}
    return render_template(
        "admin/policies.html", policies=queries.policies(), form=form, trial=trial, customers=names, plans=plans
    )


def _tried(form: ConditionsForm) -> Trial:
    # a ticket has a kind and a service; "any" tries the commonest
    kind, service = form.kind.data or Kind.TECHNICAL, form.service.data or Service.OTHER
    policy = queries.choose_policy(kind, service, form.customer_id.data, form.support_plan_id.data)
    return Trial(policy, {priority: _deadlines(policy, priority) for priority in Priority})


def _deadlines(policy: SlaPolicy, priority: Priority) -> dict[ClockKind, datetime | None]:
    terms, at = preview_terms(policy, priority), now()
    return {
        clock: terms.calendars[clock].add(at, terms.policy["targets"][clock]) if clock in terms.calendars else None
        for clock in SHOWN_BY_TESTER
    }


@blueprint.route("/new", methods=["GET", "POST"])
@requires(Permission.EDIT_PROMISES)
def new() -> ResponseReturnValue:
    return _work_on(None, PolicyForm(data=PolicyForm.values_of(None) | {"is_enabled": True}))


@blueprint.route("/<int:policy_id>", methods=["GET", "POST"])
@requires(Permission.EDIT_PROMISES)
def edit(policy_id: int) -> ResponseReturnValue:
    policy = queries.policy(policy_id)
    return _work_on(policy, PolicyForm(obj=policy, data=PolicyForm.values_of(policy)))


def _work_on(policy: SlaPolicy | None, form: PolicyForm) -> ResponseReturnValue:
    if form.is_accepted():
        revision_id = _proposed(policy, form)
        if revision_id is not None:
            return preview(revision_id)
    return page("admin/policy.html", form, policy=policy, clocks=CLOCKS, priorities=tuple(Priority))


def _proposed(policy: SlaPolicy | None, form: PolicyForm) -> int | None:
    draft = form.draft()
    if draft is None:
        return None
    typed = [pair for pair in request.form.items(multi=True) if pair[0] != "csrf_token"]
    try:
        with unit_of_work():
            return revisions.propose_policy(policy, draft, person().id, now(), typed, request.path).id
    except Invalid as error:
        form.fail(error)
        return None


@blueprint.post("/<int:policy_id>/position")
@requires(Permission.EDIT_PROMISES)
def move(policy_id: int) -> ResponseReturnValue:
    up = request.form.get("direction") == "up"
    with unit_of_work():
        revision = revisions.propose_order(queries.policy(policy_id), person().id, now(), up=up)
    return preview(revision.id) if revision is not None else see_other(url_for("sla.policies.index"))


@blueprint.post("/<int:policy_id>/removal")
@requires(Permission.EDIT_PROMISES)
def remove(policy_id: int) -> ResponseReturnValue:
    with unit_of_work():
        revision = revisions.propose_removal(queries.policy(policy_id), person().id, now())
    return preview(revision.id)
