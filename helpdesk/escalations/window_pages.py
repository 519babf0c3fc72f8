"""The vendor's refund, cancellation and claim windows, under Admin."""

from __future__ import annotations

from flask import Blueprint, flash, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, IntegerField
from wtforms.validators import InputRequired, NumberRange

from helpdesk.accounts.permissions import Permission
from helpdesk.accounts.session import requires
from helpdesk.escalations.money import windows
from helpdesk.web.forms import Form, carry_out, line, one_word, page, several_words
from workflows.vocabulary import MoneyPurpose, MoneyStart, MoneyUnit, Service

LONGEST = 1000

blueprint = Blueprint("window_pages", __name__, url_prefix="/admin/windows")


class WindowForm(Form):
    name = line(_l("Name"), _l("As agents choose it, with what must be done."), longest=120, required=True)
    purpose = one_word(_l("What it is"), lambda: MoneyPurpose)
    length = IntegerField(
        _l("Length"),
        [InputRequired(_l("This is needed.")), NumberRange(1, LONGEST, _l("Write a number from 1 to 1000."))],
    )
    unit = one_word(_l("Counted in"), lambda: MoneyUnit)
    counts_from = one_word(_l("Counts"), lambda: MoneyStart)
    services = several_words(_l("For these services"), lambda: Service, _l("None means all of them."))
    source = line(_l("Source"), _l("Where the figure stands, so that it can be checked again."), longest=300)
    is_enabled = BooleanField(_l("Offered"), description=_l("Deadlines that run keep their dates in any case."))


@blueprint.get("")
@requires(Permission.EDIT_CONFIGURATION)
def window_list() -> ResponseReturnValue:
    return render_template("admin/windows.html", rows=windows.windows(), services=list(Service))


@blueprint.route("/new", methods=["GET", "POST"])
@requires(Permission.EDIT_CONFIGURATION)
def new() -> ResponseReturnValue:
    form = WindowForm(is_enabled=True)

    def save() -> str:
        windows.add(_draft(form))
        flash(_("Saved."), "done")
        return url_for("escalations.window_pages.window_list")

    return carry_out(form, save) or page("admin/window.html", form, row=None)


@blueprint.route("/<int:window_id>", methods=["GET", "POST"])
@requires(Permission.EDIT_CONFIGURATION)
def edit(window_id: int) -> ResponseReturnValue:
    row = windows.window(window_id)
    form = WindowForm(obj=row)

    def save() -> str:
        windows.edit(row, _draft(form))
        flash(_("Saved."), "done")
        return url_for("escalations.window_pages.window_list")

    return carry_out(form, save) or page("admin/window.html", form, row=row)


def _draft(form: WindowForm) -> windows.WindowDraft:
    return windows.WindowDraft(
        name=form.name.data,
        purpose=form.purpose.data,
        services=form.services.data,
        length=form.length.data or 1,
        unit=form.unit.data,
        counts_from=form.counts_from.data,
        source=form.source.data,
        is_enabled=form.is_enabled.data,
    )
