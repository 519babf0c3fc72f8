"""SLA policies under Admin: their order, each one's promises, and a tester that says which one a ticket gets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from helpdesk.accounts.permissions import Permission
from helpdesk.accounts.session import requires
from helpdesk.clock import now
from helpdesk.customers import queries as customers
from helpdesk.database import unit_of_work
from helpdesk.errors import Invalid
from helpdesk.sla import editing, queries
from helpdesk.sla.models import SlaPolicy
from helpdesk.sla.policy_forms import CLOCKS, ConditionsForm, PolicyForm
from helpdesk.sla.terms import preview
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
    terms, at = preview(policy, priority), now()
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
    if form.is_accepted() and _is_saved(policy, form):
        flash(_("Saved. Open tickets keep their promises until something on them changes."), "done")
        return see_other(url_for("sla.policies.index"))
    return page("admin/policy.html", form, policy=policy, clocks=CLOCKS, priorities=tuple(Priority))


def _is_saved(policy: SlaPolicy | None, form: PolicyForm) -> bool:
    draft = form.draft()
    if draft is None:
        return False
    try:
        with unit_of_work():
            if policy is None:
                editing.create_policy(draft, now())
            else:
                editing.edit_policy(policy, draft, now())
    except Invalid as error:
        form.fail(error)
        return False
    return True


@blueprint.post("/<int:policy_id>/position")
@requires(Permission.EDIT_PROMISES)
def move(policy_id: int) -> ResponseReturnValue:
    with unit_of_work():
        editing.move_policy(queries.policy(policy_id), up=request.form.get("direction") == "up")
    return see_other(url_for("sla.policies.index"))


@blueprint.post("/<int:policy_id>/removal")
@requires(Permission.EDIT_PROMISES)
def remove(policy_id: int) -> ResponseReturnValue:
    with unit_of_work():
        policy = queries.policy(policy_id)
        editing.remove_policy(policy)
    flash(_("%(name)s is removed. What it promised stays promised.", name=policy.name), "done")
    return see_other(url_for("sla.policies.index"))
