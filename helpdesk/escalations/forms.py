"""Forms of channels and entitlements."""

from __future__ import annotations

from enum import StrEnum
from itertools import product
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString
from wtforms import BooleanField, DateField, IntegerField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, NumberRange, Optional

from helpdesk.errors import Invalid
from helpdesk.escalations.editing import Term
from helpdesk.escalations.models import SupportChannel
from helpdesk.sla import hours
from helpdesk.sla import queries as sla
from helpdesk.web.forms import Form, line, one_row, several_words, stripped
from helpdesk.web.labels import label
from workflows.vocabulary import ClockKind, Service, Severity

CLOCKS = (ClockKind.VENDOR_RESPONSE, ClockKind.VENDOR_UPDATE)
CELLS = tuple(product(CLOCKS, Severity))
_NEEDED = _l("This is needed.")


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
    source = line(_l("Source"), _l("Where these figures come from, so that they can be checked again."), longest=300)

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self._calendars = [calendar for calendar in sla.calendars() if calendar.version is not None]
        choices = [SelectChoice(str(calendar.id), calendar.name) for calendar in self._calendars]
        for clock, severity in CELLS:
            self[self.calendar(clock, severity)].choices = choices  # read once for all of them

    @staticmethod
    def length(clock: ClockKind, severity: Severity) -> str:
        """The name of the field with how long the vendor may take; under it stands the calendar."""
        return f"length_{clock}_{severity}"

    @staticmethod
    def calendar(clock: ClockKind, severity: Severity) -> str:
        return f"calendar_{clock}_{severity}"

    @staticmethod
    def values_of(channel: SupportChannel) -> dict[str, Any]:
        """What the fields of the vendor's clocks show."""
        values: dict[str, Any] = {}
        for term in channel.terms:
            values[ChannelForm.length(term.clock, term.severity)] = hours.write_duration(term.seconds)
            values[ChannelForm.calendar(term.clock, term.severity)] = term.calendar_id
        return values

    def terms(self) -> list[Term]:
        """The vendor's clocks as typed. Raises Invalid naming the field of the first that can't be read."""
        days = {each.id: hours.day_of(each.version.definition) for each in self._calendars if each.version is not None}
        return [term for cell in CELLS if (term := self._term(*cell, days)) is not None]

    def _term(self, clock: ClockKind, severity: Severity, days: dict[int, int]) -> Term | None:
        name, calendar_id = self.length(clock, severity), self[self.calendar(clock, severity)].data
        if not self[name].data:
            return None
        try:
            return Term(clock, severity, hours.read_duration(self[name].data, days[calendar_id]), calendar_id)
        except Invalid as error:
            raise Invalid(error.sentence, name) from None


def _add_term_fields() -> None:
    """A field for every clock and severity, with its calendar; written out they would be a dozen of one pattern."""
    for clock, severity in CELLS:
        length = StringField(LazyString(_named, "%s, %s", clock, severity), filters=[stripped])
        setattr(ChannelForm, ChannelForm.length(clock, severity), length)
        calendar = one_row(LazyString(_named, _l("Hours of %s, %s"), clock, severity), list)
        setattr(ChannelForm, ChannelForm.calendar(clock, severity), calendar)


def _named(pattern: Any, *words: StrEnum) -> str:
    """A field's name in the reader's language, as its error at the top of the page calls it."""
    return str(pattern) % tuple(label(word) for word in words)


_add_term_fields()


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
