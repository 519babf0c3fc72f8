"""A customer's contacts and subscriptions, each changed on a page of its own."""

from __future__ import annotations

from flask import Blueprint, flash, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from helpdesk.accounts.permissions import Permission
from helpdesk.accounts.session import requires
from helpdesk.clock import now
from helpdesk.customers import actions, queries
from helpdesk.customers.forms import ContactForm, NewContactForm, SubscriptionForm
from helpdesk.database import unit_of_work
from helpdesk.web.forms import carry_out, page, see_other

blueprint = Blueprint("people", __name__, url_prefix="/customers/<int:customer_id>")


def _address(customer_id: int) -> str:
    return url_for("customers.show", customer_id=customer_id)


# contacts ---------------------------------------------------------------------------------------------


@blueprint.route("/contacts/new", methods=["GET", "POST"])
@requires(Permission.EDIT_CUSTOMERS)
def new_contact(customer_id: int) -> ResponseReturnValue:
    customer = queries.customer(customer_id)
    form = NewContactForm(language=customer.language)

    def save() -> str:
        contact = actions.add_contact(
            customer, form.email.data, form.name.data, form.language.data, now(), form.phone.data or None
        )
        flash(_("%(name)s may write for %(customer)s.", name=contact.name, customer=customer.name), "done")
        return _address(customer_id)

    return carry_out(form, save) or page("customers/contact.html", form, customer=customer, contact=None)


@blueprint.route("/contacts/<int:contact_id>", methods=["GET", "POST"])
@requires(Permission.EDIT_CUSTOMERS)
def contact(customer_id: int, contact_id: int) -> ResponseReturnValue:
    customer, contact = queries.customer(customer_id), queries.contact_of(customer_id, contact_id)
    form = ContactForm(obj=contact)

    def save() -> str:
        actions.edit_contact(contact, form.name.data, form.language.data, form.phone.data)
        flash(_("Saved."), "done")
        return _address(customer_id)

    return carry_out(form, save) or page("customers/contact.html", form, customer=customer, contact=contact)


@blueprint.post("/contacts/<int:contact_id>/removal")
@requires(Permission.EDIT_CUSTOMERS)
def remove_contact(customer_id: int, contact_id: int) -> ResponseReturnValue:
    with unit_of_work():
        contact = queries.contact_of(customer_id, contact_id)
        actions.remove_contact(queries.customer(customer_id), contact)
    flash(_("%(name)s no longer writes for this customer.", name=contact.name), "done")
    return see_other(_address(customer_id))


# subscriptions ----------------------------------------------------------------------------------------


@blueprint.route("/subscriptions/new", methods=["GET", "POST"])
@requires(Permission.EDIT_CUSTOMERS)
def new_subscription(customer_id: int) -> ResponseReturnValue:
    customer, form = queries.customer(customer_id), SubscriptionForm()

    def save() -> str:
        actions.add_subscription(customer, _draft(form))
        flash(_("Saved."), "done")
        return _address(customer_id)

    return carry_out(form, save) or page("customers/subscription.html", form, customer=customer, subscription=None)


@blueprint.route("/subscriptions/<int:subscription_id>", methods=["GET", "POST"])
@requires(Permission.EDIT_CUSTOMERS)
def subscription(customer_id: int, subscription_id: int) -> ResponseReturnValue:
    customer = queries.customer(customer_id)
    subscription = queries.subscription_of(customer_id, subscription_id)
    form = SubscriptionForm(obj=subscription)

    def save() -> str:
        actions.edit_subscription(subscription, _draft(form))
        flash(_("Saved."), "done")
        return _address(customer_id)

    return carry_out(form, save) or page(
        "customers/subscription.html", form, customer=customer, subscription=subscription
    )


def _draft(form: SubscriptionForm) -> actions.SubscriptionDraft:
    return actions.SubscriptionDraft(
        name=form.name.data,
        service=form.service.data,
        vendor_id=form.vendor_id.data,
        seats=form.seats.data,
        ends_on=form.ends_on.data,
        bought_on=form.bought_on.data,
        renewed_on=form.renewed_on.data,
    )
