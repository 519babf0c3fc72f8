"""Channels to the vendor and the desk's entitlements, under Admin."""

from __future__ import annotations

from datetime import date, timedelta

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from helpdesk.accounts.permissions import Permission
from helpdesk.accounts.session import person, requires
from helpdesk.clock import now
from helpdesk.escalations import editing, ledger, queries
from helpdesk.escalations import spending as costs
from helpdesk.escalations.forms import CLOCKS, ChannelForm, EntitlementForm, RefundForm, UseForm, source_field
from helpdesk.escalations.models import Entitlement
from helpdesk.web.forms import Form, carry_out, page
from helpdesk.web.incoming import row_number
from helpdesk.web.labels import label
from helpdesk.web.moments import calendar_date, desk_day
from workflows import channels as rules
from workflows.vocabulary import ChannelFigure, ChannelKind, Severity

blueprint = Blueprint("admin", __name__, url_prefix="/admin/channels")


def _back() -> str:
    return url_for("escalations.admin.channels")


@blueprint.get("")
@requires(Permission.EDIT_CONFIGURATION)
def channels() -> ResponseReturnValue:
    return render_template("admin/channels.html", channels=editing.channel_rows(), today=desk_day(now()))


@blueprint.route("/<int:channel_id>", methods=["GET", "POST"])
@requires(Permission.EDIT_CONFIGURATION)
def channel(channel_id: int) -> ResponseReturnValue:
    channel = editing.channel_row(channel_id)
    form = ChannelForm(obj=channel, data=ChannelForm.values_of(channel))

    def save() -> str:
        editing.edit_channel(channel, _channel_draft(form, form.terms()), now())
        flash(_("Saved. Open cases follow other times within seconds, counted from their opening."), "done")
        return _back()

    return carry_out(form, save) or page(
        "admin/channel.html",
        form,
        channel=channel,
        title=channel.name_on(desk_day(now())),
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
        fees=form.later_fees(),
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
        included = entitlement.incidents_included
        editing.edit_entitlement(entitlement, _entitlement_draft(form))
        ledger.changed(entitlement, included, person().id, now())
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
    moment = now()
    since, today = moment - timedelta(days=365), desk_day(moment)
    spent = costs.spending(since, desk_day(since) + timedelta(days=1), today)
    names = {each.channel.kind: each.channel.name_on(today) for each in spent}
    return render_template(
        "admin/spending.html",
        spent=spent,
        dearer=costs.dearer_cases(since),
        today=today,
        name_of=lambda kind: names.get(ChannelKind(kind), label(ChannelKind(kind))),
    )


def _ledger_of(entitlement_id: int) -> str:
    return url_for("escalations.admin.entitlement", entitlement_id=entitlement_id, _anchor="uses")


def _entitlement_page(entitlement: Entitlement, form: Form, use_form: Form) -> ResponseReturnValue:
    rows = ledger.rows_of(entitlement.id, request.args.get("before", type=row_number))
    return page(
        "admin/entitlement.html",
        form,
        channel=entitlement.channel,
        entitlement=entitlement,
        use_form=use_form,
        uses=rows,
        tickets=ledger.tickets_of(rows),
        refunded=ledger.refunded_of(rows),
        people=ledger.people_of(rows),
        older=rows[-1].id if len(rows) == ledger.PAGE else None,
        pace=_pace(queries.as_rule(entitlement), desk_day(now())),
        per_escalation=costs.per_escalation(entitlement),
    )


def _pace(own: rules.Entitlement, today: date) -> str:
    """How the incidents of a counted contract go on, in a few words."""
    if own.incidents_left is None:
        return ""
    if own.ends_on < today:
        return _("the term is over")
    if own.incidents_left == 0:
        return _("all are used")
    last = own.runs_out_on(today)
    if last is not None:
        return _("used up by %(day)s", day=calendar_date(last))
    return _("some will be left at the end") if own.has_pace(today) else _("too early to tell")


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
