"""Support plans: what the desk offers its customers."""

from __future__ import annotations

from flask import Blueprint, flash, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from helpdesk.accounts.permissions import Permission
from helpdesk.accounts.session import requires
from helpdesk.clock import now
from helpdesk.customers import actions, queries
from helpdesk.customers.forms import PlanForm
from helpdesk.web.forms import carry_out, page

blueprint = Blueprint("admin", __name__, url_prefix="/admin/plans")


@blueprint.get("")
@requires(Permission.EDIT_CONFIGURATION)
def plans() -> ResponseReturnValue:
    return render_template("admin/plans.html", plans=queries.plans(), sizes=queries.plan_sizes())


@blueprint.route("/new", methods=["GET", "POST"])
@requires(Permission.EDIT_CONFIGURATION)
def new_plan() -> ResponseReturnValue:
    form = PlanForm()

    def save() -> str:
        actions.add_plan(_draft(form), now())
        flash(_("Saved. An SLA policy may now ask for this plan."), "done")
        return url_for("customers.admin.plans")

    return carry_out(form, save) or page("admin/plan.html", form, plan=None)


@blueprint.route("/<int:plan_id>", methods=["GET", "POST"])
@requires(Permission.EDIT_CONFIGURATION)
def plan(plan_id: int) -> ResponseReturnValue:
    plan = queries.plan(plan_id)
    form = PlanForm(obj=plan)

    def save() -> str:
        actions.edit_plan(plan, _draft(form))
        flash(_("Saved."), "done")
        return url_for("customers.admin.plans")

    return carry_out(form, save) or page("admin/plan.html", form, plan=plan)


def _draft(form: PlanForm) -> actions.PlanDraft:
    return actions.PlanDraft(form.name.data, form.scope.data, form.hours.data, form.contact.data, form.price.data)
