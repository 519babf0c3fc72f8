"""Forms of channels and entitlements."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, DateField, DecimalField, IntegerField
from wtforms.validators import InputRequired, NumberRange, Optional

from helpdesk.web.forms import Form, line, several_words
from workflows.vocabulary import Service, Severity

HOUR = 3600
_NEEDED = _l("This is needed.")
_HOURS = [Optional(), NumberRange(0, 1000, _l("Hours, such as 2 or 0.5."))]


class ChannelForm(Form):
    name = line(_l("Name"), _l("As Microsoft calls it today; its kind stays."), longest=80, required=True)
    is_enabled = BooleanField(_l("In use"), description=_l("A channel that is switched off is shown to nobody."))
    services = several_words(_l("Covers"), lambda: Service, _l("Tickets about other services can’t go this way."))
    needs_entitlement = BooleanField(
        _l("Needs an entitlement"), description=_l("Open only while the desk holds a valid one. Commercial needs none.")
    )
    fee = line(_l("Fee"), _l("As agents read it when they choose."), longest=120)
    cost_rank = IntegerField(
        _l("Cost rank"),
        [InputRequired(_NEEDED), NumberRange(0, 100, _l("From 0 to 100."))],
        description=_l("The cheapest has the lowest: it is recommended first."),
    )
    critical = DecimalField(_l("Severity A answers in, hours"), _HOURS, places=None)
    moderate = DecimalField(_l("Severity B answers in, hours"), _HOURS, places=None)
    minimal = DecimalField(
        _l("Severity C answers in, hours"),
        _HOURS,
        places=None,
        description=_l("On the wall clock, from opening the case. Empty where Microsoft promises nothing."),
    )
    source = line(_l("Source"), _l("Where these figures come from, so that they can be checked again."), longest=300)

    @staticmethod
    def values_of(response: dict[str, int]) -> dict[str, float]:
        return {severity: seconds / HOUR for severity, seconds in response.items()}

    def response(self) -> dict[Severity, int]:
        hours = {severity: self[str(severity)].data for severity in Severity}
        return {severity: round(value * HOUR) for severity, value in hours.items() if value}


class EntitlementForm(Form):
    contract_number = line(_l("Contract id"), _l("Asked for when a case is opened."), longest=64)
    access_number = line(_l("Access id"), _l("Unlocks a benefit; empty where there is none."), longest=64)
    starts_on = DateField(_l("Valid from"), [InputRequired(_NEEDED)], description=_l("The first day, included."))
    ends_on = DateField(_l("Valid until"), [InputRequired(_NEEDED)], description=_l("The last day, included."))
    incidents_included = IntegerField(
        _l("Incidents included"),
        [Optional(), NumberRange(0, 100_000, _l("A whole number."))],
        description=_l("Empty where incidents are not counted."),
    )


class UseForm(Form):
    incidents = IntegerField(
        _l("Incidents"),
        [InputRequired(_NEEDED), NumberRange(-1000, 1000, _l("A whole number."))],
        description=_l("1 for one used elsewhere, -1 for one given back."),
    )
    reason = line(_l("Why"), _l("Such as: closed as a bug, refunded."), longest=200, required=True)
