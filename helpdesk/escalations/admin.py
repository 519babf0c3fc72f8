"""Channels to the vendor and the desk's entitlements, under Admin."""

from __future__ import annotations

from flask import Blueprint, flash, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from helpdesk.accounts.permissions import Permission
from helpdesk.accounts.session import requires
from helpdesk.clock import now
from helpdesk.escalations import editing
from helpdesk.escalations.forms import CLOCKS, ChannelForm, EntitlementForm, UseForm
from helpdesk.escalations.models import Entitlement
from helpdesk.web.forms import Form, carry_out, page
from workflows.vocabulary import Severity

blueprint = Blueprint("admin", __name__, url_prefix="/admin/channels")


def _back() -> str:
    return url_for("escalations.admin.channels")


@blueprint.get("")
@requires(Permission.EDIT_CONFIGURATION)
def channels() -> ResponseReturnValue:
    return render_template("admin/channels.html", channels=editing.channel_rows(), today=now().date())


@blueprint.route("/<int:channel_id>", methods=["GET", "POST"])
@requires(Permission.EDIT_CONFIGURATION)
def channel(channel_id: int) -> ResponseReturnValue:
    channel = editing.channel_row(channel_id)
    form = ChannelForm(obj=channel, data=ChannelForm.values_of(channel))

    def save() -> str:
        editing.edit_channel(channel, _channel_draft(form, form.terms()))
        flash(_("Saved. Cases that are open keep the times they were opened under."), "done")
        return _back()

    return carry_out(form, save) or page(
        "admin/channel.html", form, channel=channel, clocks=CLOCKS, severities=tuple(Severity)
    )


def _channel_draft(form: ChannelForm, terms: list[editing.Term]) -> editing.ChannelDraft:
    return editing.ChannelDraft(
        name=form.name.data,
        services=form.services.data,
        needs_entitlement=form.needs_entitlement.data,
        fee=form.fee.data,
        cost_rank=form.cost_rank.data,
        terms=terms,
        source=form.source.data,
        is_enabled=form.is_enabled.data,
    )


@blueprint.route("/<int:channel_id>/entitlements/new", methods=["GET", "POST"])
@requires(Permission.EDIT_CONFIGURATION)
def new_entitlement(channel_id: int) -> ResponseReturnValue:
    channel, form = editing.channel_row(channel_id), EntitlementForm()

    def save() -> str:
        editing.add_entitlement(channel, _entitlement_draft(form), now())
        flash(_("Saved. The channel is open on these days."), "done")
        return _back()

    return carry_out(form, save) or page("admin/entitlement.html", form, channel=channel, entitlement=None)


@blueprint.route("/entitlements/<int:entitlement_id>", methods=["GET", "POST"])
@requires(Permission.EDIT_CONFIGURATION)
def entitlement(entitlement_id: int) -> ResponseReturnValue:
    entitlement = editing.entitlement_row(entitlement_id)
    form = EntitlementForm(obj=entitlement)

    def save() -> str:
        editing.edit_entitlement(entitlement, _entitlement_draft(form))
        flash(_("Saved."), "done")
        return _back()

    return carry_out(form, save) or _entitlement_page(entitlement, form, UseForm(formdata=None))


@blueprint.post("/entitlements/<int:entitlement_id>/uses")
@requires(Permission.EDIT_CONFIGURATION)
def use(entitlement_id: int) -> ResponseReturnValue:
    """Correct the count: an incident used outside this desk, or given back by the vendor."""
    entitlement, form = editing.entitlement_row(entitlement_id), UseForm()

    def save() -> str:
        editing.correct_use(entitlement, form.incidents.data, form.reason.data, now())
        flash(_("Counted."), "done")
        return url_for("escalations.admin.entitlement", entitlement_id=entitlement_id)

    return carry_out(form, save) or _entitlement_page(
        entitlement, EntitlementForm(formdata=None, obj=entitlement), form
    )


def _entitlement_page(entitlement: Entitlement, form: Form, use_form: Form) -> ResponseReturnValue:
    return page(
        "admin/entitlement.html",
        form,
        channel=entitlement.channel,
        entitlement=entitlement,
        use_form=use_form,
        uses=editing.uses_of(entitlement.id),
    )


def _entitlement_draft(form: EntitlementForm) -> editing.EntitlementDraft:
    return editing.EntitlementDraft(
        contract_number=form.contract_number.data,
        access_number=form.access_number.data,
        starts_on=form.starts_on.data,
        ends_on=form.ends_on.data,
        incidents_included=form.incidents_included.data,
    )
