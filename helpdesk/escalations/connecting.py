"""The connection to the vendor under Admin: how it stands, the refresh token that begins it, a trial."""

from __future__ import annotations

from flask import Blueprint, current_app, flash, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from wtforms import PasswordField

from helpdesk.accounts.permissions import Permission
from helpdesk.accounts.session import requires
from helpdesk.clock import now
from helpdesk.database import unit_of_work
from helpdesk.errors import Invalid
from helpdesk.escalations.partner_center import connection, standing, vault
from helpdesk.escalations.partner_center.errors import VendorError
from helpdesk.web.forms import Form, page, see_other

blueprint = Blueprint("connecting", __name__, url_prefix="/admin/channels/connection")


class ConsentForm(Form):
    token = PasswordField(  # never written back into the page
        _l("Refresh token"),
        description=_l("From a Partner Center user’s consent. It is kept encrypted and never shown again."),
    )


def _here() -> str:
    return url_for("escalations.connecting.show")


@blueprint.route("", methods=["GET", "POST"])
@requires(Permission.EDIT_CONFIGURATION)
def show() -> ResponseReturnValue:
    form = ConsentForm()
    if form.is_accepted():
        try:
            with unit_of_work():
                vault.connect(form.token.data or "", current_app.config, now())
            flash(_("Kept. Now try the connection."), "done")
            return see_other(_here())
        except Invalid as error:
            form.fail(error)
    return page("admin/connection.html", form, found=standing.standing(current_app.config, now()))


@blueprint.post("/trial")
@requires(Permission.EDIT_CONFIGURATION)
def trial() -> ResponseReturnValue:
    """Ask the vendor now. No transaction is open while the vendor thinks."""
    try:
        count = connection.count_cases(current_app.config)
    except VendorError as error:
        with unit_of_work():
            connection.failed(error, now())
        flash(error.phrase.said(), "error")
    else:
        with unit_of_work():
            connection.answered(now())
        flash(ngettext("It answers: %(num)s case.", "It answers: %(num)s cases.", count), "done")
    return see_other(_here())


@blueprint.post("/end")
@requires(Permission.EDIT_CONFIGURATION)
def end() -> ResponseReturnValue:
    with unit_of_work():
        vault.disconnect()
    flash(_("Disconnected. Withdraw the consent at Microsoft too."), "done")
    return see_other(_here())
