"""What an escalation pack must hold, per channel, kind and service, under Admin."""

from __future__ import annotations

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from helpdesk.accounts.permissions import Permission
from helpdesk.accounts.session import requires
from helpdesk.escalations import demands, queries
from helpdesk.escalations.requirement_forms import RequirementForm, TrialForm
from helpdesk.web.forms import carry_out, page
from workflows.pack import required_items
from workflows.vocabulary import PackItem

blueprint = Blueprint("requiring", __name__, url_prefix="/admin/pack")


def _back() -> str:
    return url_for("escalations.requiring.requirements")


@blueprint.get("")
@requires(Permission.EDIT_CONFIGURATION)
def requirements() -> ResponseReturnValue:
    """Every row, and a trial: what these ask for on a channel, for a kind and a service."""
    trial = TrialForm(formdata=request.args)
    chosen = trial.chosen()
    asked: tuple[PackItem, ...] = required_items(queries.requirements(), *chosen) if chosen else ()
    return render_template(
        "admin/requirements.html", rows=demands.rows(), read=demands.read, trial=trial, chosen=chosen, asked=asked
    )


@blueprint.route("/new", methods=["GET", "POST"])
@requires(Permission.EDIT_CONFIGURATION)
def new() -> ResponseReturnValue:
    form = RequirementForm(is_enabled=True)

    def save() -> str:
        demands.add(_draft(form))
        flash(_("Saved. Packs are judged by it from now on."), "done")
        return _back()

    return carry_out(form, save) or page("admin/requirement.html", form, row=None)


@blueprint.route("/<int:row_id>", methods=["GET", "POST"])
@requires(Permission.EDIT_CONFIGURATION)
def edit(row_id: int) -> ResponseReturnValue:
    row = demands.row(row_id)
    kept = demands.read(row)
    form = RequirementForm(
        items=list(kept.items),
        channels=list(kept.channels),
        kinds=list(kept.kinds),
        services=list(kept.services),
        source=row.source,
        is_enabled=row.is_enabled,
    )

    def save() -> str:
        demands.edit(row, _draft(form))
        flash(_("Saved. Packs are judged by it from now on."), "done")
        return _back()

    return carry_out(form, save) or page("admin/requirement.html", form, row=row)


def _draft(form: RequirementForm) -> demands.Demand:
    return demands.Demand(
        items=form.items.data,
        channels=form.channels.data,
        kinds=form.kinds.data,
        services=form.services.data,
        source=form.source.data,
        is_enabled=form.is_enabled.data,
    )
