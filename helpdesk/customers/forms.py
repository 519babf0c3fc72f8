"""Forms of customers, their people, what they bought, and the plans offered."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, DateField, IntegerField, StringField
from wtforms.validators import Email, InputRequired, Length, NumberRange, Optional, Regexp

from helpdesk.customers import queries
from helpdesk.web.forms import Form, line, one_language, one_row, one_word, one_zone, paragraph, stripped
from workflows.vocabulary import RightKind, Service


class CustomerForm(Form):
    name = line(
        _l("Name"), _l("As on the contract; agents find the customer by its beginning."), longest=160, required=True
    )
    domain = line(_l("Domain"), _l("Such as contoso.com. Microsoft asks for it when a case is opened."), longest=253)
    tenant_id = line(_l("Tenant id"), _l("The customer’s GUID at Microsoft. Escalating needs it."), longest=64)
    support_plan_id = one_row(
        _l("Support plan"),
        lambda: [(plan.id, plan.name) for plan in queries.plans()],
        _l("Decides what is promised: SLA policies may ask for a plan."),
        none=_l("None"),
    )
    language = one_language(_l("Language"), _l("The language we write to them in, unless a contact chose another."))
    timezone = one_zone(_l("Time zone"), _l("Where they work."))
    country = StringField(
        _l("Country"),
        [InputRequired(_l("This is needed.")), Regexp(r"[A-Za-z]{2}\Z", message=_l("Two letters, such as HU."))],
        filters=[stripped],
        description=_l("Two letters, such as HU."),
    )
    is_active = BooleanField(
        _l("Served by us"), description=_l("Untick it when the contract ends: history stays, new tickets stop.")
    )


class ContactForm(Form):
    name = line(_l("Name"), _l("As they sign their mails."), longest=120, required=True)
    phone = line(_l("Telephone"), _l("With the country’s number, such as +36 1 555 0100."), longest=40)
    language = one_language(_l("Language"), _l("The language we write to this person in."))


class NewContactForm(ContactForm):
    email = StringField(
        _l("E-mail"),
        [InputRequired(_l("This is needed.")), Length(max=254), Email(_l("This is not an e-mail address."))],
        filters=[stripped],
        description=_l("One person, one address. Somebody we know already keeps their name."),
    )


class SubscriptionForm(Form):
    name = line(
        _l("Name"), _l("As on the invoice, such as Microsoft 365 Business Premium."), longest=160, required=True
    )
    service = one_word(_l("Service"), lambda: Service, _l("Decides which channels to Microsoft cover it."))
    vendor_id = line(_l("Subscription id"), _l("Its id at Microsoft. Escalating asks for it."), longest=64)
    seats = IntegerField(
        _l("Seats"),
        [Optional(), NumberRange(1, 1_000_000, _l("A whole number above zero."))],
        description=_l("Leave it empty where seats are not counted."),
    )
    bought_on = DateField(
        _l("Bought on"), [Optional()], description=_l("Refund windows count from it, cancellation windows too.")
    )
    renewed_on = DateField(
        _l("Renewed on"), [Optional()], description=_l("The first day of the term that runs, when it is not the first.")
    )
    ends_on = DateField(_l("Ends on"), [Optional()], description=_l("The last day of the term."))


class RightForm(Form):
    kind = one_word(_l("What was granted"), lambda: RightKind)
    service = one_word(_l("For"), lambda: Service, none=_l("All services"))
    role = line(
        _l("Role"), _l("As granted, such as Service support administrator or Support request contributor."), longest=120
    )
    granted_on = DateField(_l("Granted on"), [InputRequired(_l("This is needed."))], description=_l("The first day."))
    ends_on = DateField(
        _l("Ends on"), [Optional()], description=_l("The last day, included; empty where it doesn’t expire.")
    )


class RevocationForm(Form):
    revoked_on = DateField(_l("On"), [InputRequired(_l("This is needed."))])


class PlanForm(Form):
    name = line(_l("Name"), _l("As customers read it."), longest=80, required=True)
    scope = paragraph(_l("What it covers"), _l("What is in, what is out, in plain words."), longest=4000)
    hours = line(_l("Service hours"), _l("As customers read them, such as Mon-Fri 8-18, Budapest."), longest=200)
    contact = line(_l("How to reach us"), _l("The ways this plan offers."), longest=200)
    price = line(_l("Price"), _l("Say it before work that is charged begins."), longest=200)
