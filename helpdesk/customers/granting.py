"""A customer's grants to the desk: the list, and the pages that record, renew and end one."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from helpdesk.accounts.permissions import Permission
from helpdesk.accounts.session import person, requires
from helpdesk.clock import now
from helpdesk.customers import queries, rights
from helpdesk.customers.forms import RevocationForm, RightForm
from helpdesk.web.forms import carry_out, page
from helpdesk.web.incoming import row_number
from helpdesk.web.moments import desk_day

blueprint = Blueprint("granting", __name__)
HERE = "/customers/<int:customer_id>/rights"


def today() -> date:
    """The day that counts: the desk's own."""
    return desk_day(now())


@blueprint.get("/customers/rights")
@requires(Permission.SEE_CUSTOMERS)
def ending() -> ResponseReturnValue:
    """Rights that end within 30 days, and those that have ended."""
    on = today()
    found = rights.ending(on, request.args.get("after", type=row_number))
    return render_template(
        "customers/rights.html",
        rights=found,
        words=rights.state_words(found, on),
        today=on,
        more=found[-1].id if len(found) == rights.PAGE else None,
    )


@blueprint.route(f"{HERE}/new", methods=["GET", "POST"])
@requires(Permission.EDIT_CUSTOMERS)
def new(customer_id: int) -> ResponseReturnValue:
    customer, form = queries.customer(customer_id), RightForm(granted_on=today())

    def save() -> str:
        rights.record(customer, _draft(form), person().id, now())
        flash(_("Recorded."), "done")
        return _address(customer_id)

    return carry_out(form, save) or page("customers/right.html", form, customer=customer, right=None)


@blueprint.route(f"{HERE}/<int:right_id>", methods=["GET", "POST"])
@requires(Permission.EDIT_CUSTOMERS)
def renew(customer_id: int, right_id: int) -> ResponseReturnValue:
    """Record that it was granted anew; the old row stays as it was, closed."""
    customer, right = queries.customer(customer_id), rights.right_of(customer_id, right_id)
    form = RightForm(kind=right.kind, service=right.service, role=right.role, granted_on=today(), ends_on=None)

    def save() -> str:
        rights.replace(right, _draft(form), person().id, now())
        flash(_("Recorded; the old grant stands in the history."), "done")
        return _address(customer_id)

    ending_form = RevocationForm(formdata=None, revoked_on=today())
    return carry_out(form, save) or page(
        "customers/right.html", form, customer=customer, right=right, ending_form=ending_form
    )


@blueprint.post(f"{HERE}/<int:right_id>/end")
@requires(Permission.EDIT_CUSTOMERS)
def end(customer_id: int, right_id: int) -> ResponseReturnValue:
    customer, right = queries.customer(customer_id), rights.right_of(customer_id, right_id)
    form = RevocationForm()

    def save() -> str:
        rights.revoke(right, form.revoked_on.data, person().id, now())
        flash(_("Ended. Channels that need it are closed to this customer’s tickets."), "done")
        return _address(customer_id)

    shown = RightForm(formdata=None, kind=right.kind, service=right.service, role=right.role, granted_on=today())
    answer = carry_out(form, save)
    if answer is not None:
        return answer
    return page("customers/right.html", shown, customer=customer, right=right, ending_form=form)


def _address(customer_id: int) -> str:
    return url_for("customers.show", customer_id=customer_id, _anchor="rights")


def _draft(form: RightForm) -> rights.RightDraft:
    return rights.RightDraft(
        kind=form.kind.data,
        service=form.service.data,
        role=form.role.data,
        granted_on=form.granted_on.data,
        ends_on=form.ends_on.data,
    )
