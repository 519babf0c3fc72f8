"""Forms of channels and entitlements."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from itertools import product
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString
from wtforms import BooleanField, DateField, IntegerField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, NumberRange, Optional, Regexp

from helpdesk.errors import Invalid
from helpdesk.escalations.editing import LaterFee, OtherName, Term
from helpdesk.escalations.models import ChannelName, SupportChannel
from helpdesk.sla import hours
from helpdesk.sla import queries as sla
from helpdesk.web.forms import Form, line, one_row, one_word, paragraph, several_words, stripped
from helpdesk.web.labels import label
from workflows.vocabulary import ChannelFigure, ClockKind, RefundReason, Service, Severity

CLOCKS = (ClockKind.VENDOR_RESPONSE, ClockKind.VENDOR_UPDATE)
CELLS = tuple(product(CLOCKS, Severity))
MOST_RANK = 100
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
        [InputRequired(_NEEDED), NumberRange(0, MOST_RANK, _l("From 0 to 100."))],
        description=_l("The cheapest has the lowest: it is recommended first."),
    )
    source = line(_l("Source"), _l("Where these figures come from, so that they can be checked again."), longest=300)

    starts_on = DateField(_l("Offered from"), [Optional()], description=_l("The first day; empty where none is known."))
    ends_on = DateField(_l("Offered until"), [Optional()], description=_l("The last day; empty where none is known."))
    names_text = paragraph(
        _l("Other names"),
        _l("One a line: name; from; until; source. A name with a first day is the one shown from that day on."),
        longest=2000,
    )
    fees_text = paragraph(
        _l("Fees from a day on"),
        _l("One a line: first day; fee; cost rank, empty where it stays; source. Until then the fee above holds."),
        longest=2000,
    )
    source_name = line(_l("Source of the name"), longest=300)
    source_covers = line(_l("Source of what it covers"), longest=300)
    source_fee = line(_l("Source of the fee"), longest=300)
    source_response = line(_l("Source of Microsoft’s times"), longest=300)
    source_incidents = line(_l("Source of the incidents"), longest=300)

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
        values: dict[str, Any] = {source_field(figure): channel.sources.get(figure, "") for figure in ChannelFigure}
        values["names_text"] = "\n".join(map(_written, channel.names))
        values["fees_text"] = "\n".join(map(_written_fee, channel.fees))
        for term in channel.terms:
            values[ChannelForm.length(term.clock, term.severity)] = hours.write_duration(term.seconds)
            values[ChannelForm.calendar(term.clock, term.severity)] = term.calendar_id
        return values

    def sources(self) -> dict[ChannelFigure, str]:
        return {figure: self[source_field(figure)].data for figure in ChannelFigure}

    def other_names(self) -> list[OtherName]:
        """The names as typed, one a line. Raises Invalid naming the field ``names_text``."""
        return [_read_name(written) for written in (self.names_text.data or "").splitlines() if written.strip()]

    def later_fees(self) -> list[LaterFee]:
        """The fees as typed, one a line. Raises Invalid naming the field ``fees_text``."""
        return [_read_fee(written) for written in (self.fees_text.data or "").splitlines() if written.strip()]

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


def source_field(figure: ChannelFigure) -> str:
    """The name of the field with where this figure comes from."""
    return f"source_{figure}"


def _written(other: ChannelName) -> str:
    days = [day.isoformat() if day else "" for day in (other.starts_on, other.ends_on)]
    return "; ".join([other.name, *days, other.source]).rstrip("; ")


def _read_name(written: str) -> OtherName:
    name, starts, ends, source = [*(part.strip() for part in written.split(";", 3)), "", "", ""][:4]
    try:
        first, last = (date.fromisoformat(day) if day else None for day in (starts, ends))
    except ValueError:
        sentence = _("Write the days like 2025-01-31: %(line)s", line=written.strip())
        raise Invalid(sentence, "names_text") from None
    if not name or len(name) > 80:
        raise Invalid(_("Begin each line with a name of at most 80 characters."), "names_text")
    if first is not None and last is not None and last < first:
        raise Invalid(_("It ends before it starts: %(line)s", line=written.strip()), "names_text")
    return OtherName(name, first, last, source[:300])


def _written_fee(later: Mapping[str, Any]) -> str:
    rank = "" if later["cost_rank"] is None else str(later["cost_rank"])
    return "; ".join([later["starts_on"], later["fee"], rank, later["source"]]).rstrip("; ")


def _read_fee(written: str) -> LaterFee:
    first, fee, rank, source = [*(part.strip() for part in written.split(";", 3)), "", "", ""][:4]
    try:
        day = date.fromisoformat(first)
    except ValueError:
        sentence = _("Write the days like 2025-01-31: %(line)s", line=written.strip())
        raise Invalid(sentence, "fees_text") from None
    if not fee or len(fee) > 120 or not (rank == "" or (rank.isdecimal() and int(rank) <= MOST_RANK)):
        sentence = _("After the day stand the fee and, from 0 to 100, its cost rank: %(line)s", line=written.strip())
        raise Invalid(sentence, "fees_text")
    return LaterFee(day, fee, int(rank) if rank else None, source[:300])


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
        [Optional(), NumberRange(0, 100_000, _l("From 0 to 100,000."))],
        description=_l("Empty where incidents are not counted."),
    )
    services = several_words(_l("Covers"), lambda: Service, _l("None ticked: all that the channel covers."))
    fee = IntegerField(
        _l("Fee of the whole term"),
        [Optional(), NumberRange(0, 100_000_000, _l("From 0 to 100,000,000."))],
        description=_l("Without tax; the ledger shares it among the escalations."),
    )
    currency = StringField(
        _l("Currency"),
        [Regexp(r"(?:[A-Za-z]{3})?\Z", message=_l("Three letters, such as EUR."))],
        filters=[stripped],
        default="EUR",
    )


class UseForm(Form):
    incidents = IntegerField(
        _l("Incidents"),
        [InputRequired(_NEEDED), NumberRange(-1000, 1000, _l("From -1000 to 1000."))],
        description=_l("1 for one used elsewhere, -1 for one counted wrongly."),
    )
    reason = line(_l("Why"), _l("It stands in the ledger."), longest=200, required=True)


class RefundForm(Form):
    refund_reason = one_word(_l("Why did Microsoft give it back?"), lambda: RefundReason)
    reason = line(_l("In words"), _l("Needed for another reason."), longest=200)
