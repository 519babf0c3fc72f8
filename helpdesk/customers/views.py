"""Customers for everybody who sees tickets; changing them for those who may."""

from __future__ import annotations

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from helpdesk.accounts.permissions import Permission
from helpdesk.accounts.session import requires
from helpdesk.clock import now
from helpdesk.customers import actions, admin, granting, people, queries, rights
from helpdesk.customers.forms import CustomerForm
from helpdesk.web.forms import carry_out, page
from helpdesk.web.incoming import row_number

blueprint = Blueprint("customers", __name__)
blueprint.register_blueprint(admin.blueprint)
blueprint.register_blueprint(people.blueprint)
blueprint.register_blueprint(granting.blueprint)


@blueprint.get("/customers")
@requires(Permission.SEE_CUSTOMERS)
def index() -> ResponseReturnValue:
    prefix = request.args.get("q", "").strip()
    after = request.args.get("after", type=row_number)
    found = queries.customers_page(prefix, after)
    ending = rights.ending_count(granting.today())
    return render_template("customers/list.html", found=found, prefix=prefix, after=after, ending=ending)


@blueprint.get("/customers/<int:customer_id>")
@requires(Permission.SEE_CUSTOMERS)
def show(customer_id: int) -> ResponseReturnValue:
    granted = rights.rights_of(customer_id)
    words = rights.state_words(granted, granting.today())
    return render_template(
        "customers/customer.html", customer=queries.customer(customer_id), rights=granted, words=words
    )


@blueprint.route("/customers/new", methods=["GET", "POST"])
@requires(Permission.EDIT_CUSTOMERS)
def new() -> ResponseReturnValue:
    form = CustomerForm(country="HU", timezone="Europe/Budapest", is_active=True)

    def save() -> str:
        customer = actions.add_customer(_draft(form), now())
        flash(_("%(name)s is a customer now. Add the people who may write to us.", name=customer.name), "done")
        return url_for("customers.show", customer_id=customer.id)

    return carry_out(form, save) or page("customers/edit.html", form, customer=None)


@blueprint.route("/customers/<int:customer_id>/edit", methods=["GET", "POST"])
@requires(Permission.EDIT_CUSTOMERS)
def edit(customer_id: int) -> ResponseReturnValue:
    customer = queries.customer(customer_id)
    form = CustomerForm(obj=customer)

    def save() -> str:
        plan_id = customer.support_plan_id
        actions.edit_customer(customer, _draft(form), now())
        if customer.support_plan_id == plan_id:
            flash(_("Saved."), "done")
        else:
            flash(_("Saved. Open tickets get the promises of the new plan within seconds."), "done")
        return url_for("customers.show", customer_id=customer_id)

    return carry_out(form, save) or page("customers/edit.html", form, customer=customer)


def _draft(form: CustomerForm) -> actions.CustomerDraft:
    return actions.CustomerDraft(
        name=form.name.data,
        tenant_id=form.tenant_id.data,
        domain=form.domain.data,
        language=form.language.data,
        timezone=form.timezone.data,
        country=form.country.data,
        support_plan_id=form.support_plan_id.data,
        is_active=form.is_active.data,
    )
