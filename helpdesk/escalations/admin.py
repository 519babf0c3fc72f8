"""Channels to the vendor and the desk's entitlements, under Admin."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, flash, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from helpdesk.accounts.permissions import Permission
from helpdesk.accounts.session import person, requires
from helpdesk.clock import now
from helpdesk.escalations import editing, ledger
from helpdesk.escalations.forms import CLOCKS, ChannelForm, EntitlementForm, RefundForm, UseForm, source_field
from helpdesk.escalations.models import Entitlement
from helpdesk.web.forms import Form, carry_out, page
from helpdesk.web.labels import label
from workflows.vocabulary import ChannelFigure, ChannelKind, Severity

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
        "admin/channel.html",
        form,
        channel=channel,
        title=channel.name_on(now().date()),
        clocks=CLOCKS,
        severities=tuple(Severity),
        source_fields=[source_field(figure) for figure in ChannelFigure],
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
        starts_on=form.starts_on.data,
        ends_on=form.ends_on.data,
        names=form.other_names(),
        sources=form.sources(),
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
    """Correct the count: an incident used outside this desk, or counted wrongly."""
    entitlement, form = editing.entitlement_row(entitlement_id), UseForm()

    def save() -> str:
        ledger.correct(entitlement, form.incidents.data, form.reason.data, person().id, now())
        flash(_("Counted."), "done")
        return _ledger_of(entitlement_id)

    return carry_out(form, save) or _entitlement_page(
        entitlement, EntitlementForm(formdata=None, obj=entitlement), form
    )


@blueprint.route("/entitlements/<int:entitlement_id>/uses/<int:use_id>/refund", methods=["GET", "POST"])
@requires(Permission.EDIT_CONFIGURATION)
def refund(entitlement_id: int, use_id: int) -> ResponseReturnValue:
    """Microsoft closed the case as a duplicate or a bug and gave the incident back."""
    entitlement, taken = editing.entitlement_row(entitlement_id), ledger.row(entitlement_id, use_id)
    form = RefundForm()

    def save() -> str:
        ledger.refund(taken, form.refund_reason.data, form.reason.data, person().id, now())
        flash(_("Given back."), "done")
        return _ledger_of(entitlement_id)

    return carry_out(form, save) or page("admin/refund.html", form, entitlement=entitlement, use=taken)


@blueprint.get("/spending")
@requires(Permission.SEE_TODAY)
def spending() -> ResponseReturnValue:
    """What the last twelve months' escalations cost, and how many went a dearer way than they had to."""
    since = now() - timedelta(days=365)
    return render_template(
        "admin/spending.html",
        spent=ledger.spending(since),
        dearer=ledger.dearer_cases(since),
        since=since,
        today=now().date(),
        kind_name=lambda kind: label(ChannelKind(kind)),
    )


def _ledger_of(entitlement_id: int) -> str:
    return url_for("escalations.admin.entitlement", entitlement_id=entitlement_id, _anchor="uses")


def _entitlement_page(entitlement: Entitlement, form: Form, use_form: Form) -> ResponseReturnValue:
    rows = ledger.rows_of(entitlement.id)
    return page(
        "admin/entitlement.html",
        form,
        channel=entitlement.channel,
        entitlement=entitlement,
        use_form=use_form,
        uses=rows,
        tickets=ledger.tickets_of(rows),
        refunded={row.refund_of_id for row in rows},
        runs_out_on=ledger.runs_out_on(entitlement, entitlement.channel.kind, now().date()),
        per_escalation=ledger.per_escalation(entitlement),
    )


def _entitlement_draft(form: EntitlementForm) -> editing.EntitlementDraft:
    return editing.EntitlementDraft(
        contract_number=form.contract_number.data,
        access_number=form.access_number.data,
        starts_on=form.starts_on.data,
        ends_on=form.ends_on.data,
        incidents_included=form.incidents_included.data,
        services=form.services.data,
        fee=form.fee.data,
        currency=form.currency.data or "EUR",
    )
