"""The forms of the agents' pages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, cast

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    Field,
    HiddenField,
    MultipleFileField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms import Form as PlainForm
from wtforms.fields.choices import SelectChoice
from wtforms.validators import ValidationError

from helpdesk.web.forms import Form, line, one_language, one_row, one_word, paragraph
from helpdesk.web.labels import label
from workflows.asks import Ask
from workflows.facts import Reason
from workflows.machine import Move
from workflows.vocabulary import (
    BoughtHere,
    Boundary,
    BoundaryReason,
    HealthResult,
    HoldCause,
    Kind,
    Level,
    LinkKind,
    Particular,
    Priority,
    Service,
    Severity,
)

LONGEST_BODY = 100_000
LONGEST_NOTE = 20_000


def let_choose(field: Field, choices: Iterable[tuple[str, str]]) -> None:
    """Give a select the choices of this very ticket."""
    cast("SelectField", field).choices = [SelectChoice(value, text) for value, text in choices]


# moves: their fields are those that the workflow asks for ------------------------------------------------


class MoveForm(PlainForm):
    """The particulars of one move. The rules check them, so the form itself refuses nothing."""

    def fail(self, name: str, sentence: str) -> None:
        """Put a refusal at its field."""
        own = self._fields[name]
        own.errors = (*own.errors, sentence)


def move_form(move: Move, sent: Mapping[str, Any] | None = None) -> MoveForm:
    """A form with a field for each thing that ``move`` asks for, filled with what was ``sent``."""
    fields = {ask.field.value: _asked(ask) for ask in move.asks}
    made: type[MoveForm] = type("MoveForm", (MoveForm,), fields)
    form = made(data={name: str(value) for name, value in (sent or {}).items()})
    for name, own in form._fields.items():  # several moves ask for a reason on one page: their ids must differ
        own.id = own.label.field_id = f"{move.trigger.value}-{name}"
        own.errors = ()
    return form


def _asked(ask: Ask) -> Any:
    text = _(ask.sentence)
    text = text[:1].upper() + text[1:]
    if ask.choices is not None:
        return RadioField(
            text, choices=[SelectChoice(word.value, label(word)) for word in ask.choices], validate_choice=False
        )
    if ask.field is Particular.TARGET:
        return StringField(_("Number of the other ticket"), description=text, render_kw={"inputmode": "numeric"})
    return TextAreaField(text, render_kw={"rows": 3})


def sentences_at_fields(reasons: tuple[Reason, ...]) -> list[tuple[str, Reason]]:
    return [(reason.field.value, reason) for reason in reasons if reason.field is not None]


# talking ----------------------------------------------------------------------------------------------


class MessageForm(Form):
    """A reply or a note."""

    body = paragraph(_l("Text"), longest=LONGEST_BODY, required=True)
    attachments = MultipleFileField(_l("Files"))


# waiting ----------------------------------------------------------------------------------------------


class HoldForm(Form):
    cause = one_word(_l("What does it wait for?"), lambda: HoldCause)
    until = StringField(
        _l("Until"),
        description=_l("Only for a scheduled hold: it goes on by itself then."),
        render_kw={"type": "datetime-local"},
    )
    without_reminders = BooleanField(
        _l("Don’t remind the customer"),
        description=_l("Otherwise they are reminded, and the ticket closes when they never answer."),
    )


# triage -----------------------------------------------------------------------------------------------


class CustomerForm(Form):
    """Whose ticket it is."""

    customer = one_row(_l("Customer"), list, none=_l("Choose"))


class ClassificationForm(Form):
    kind = one_word(_l("Kind"), lambda: Kind, _l("Another kind may be chosen in intake and diagnosis only."))
    service = one_word(_l("Service"), lambda: Service)
    topic = one_row(_l("Topic"), list, none=_l("Choose"))
    impact = one_word(_l("Impact: who can’t work?"), lambda: Level)
    urgency = one_word(_l("Urgency: how soon does it hurt?"), lambda: Level)


class FactsForm(Form):
    subject = line(_l("Subject"), _l("Say it so that a colleague knows what it is about."), longest=200, required=True)
    subscription = one_row(_l("Subscription"), list, none=_l("None in particular"))


class DiagnosisForm(Form):
    health = one_word(_l("Service health"), lambda: HealthResult, none=_l("Not checked yet"))
    findings = paragraph(_l("Findings"), _l("What was seen, with error texts and ids."), longest=LONGEST_NOTE)
    tried = paragraph(_l("Tried"), _l("What was tried and what came of it."), longest=LONGEST_NOTE)
    boundary = one_word(_l("Ours or Microsoft’s?"), lambda: Boundary, none=_l("Not decided yet"))
    boundary_reason = one_word(
        _l("Why is it Microsoft’s?"), lambda: BoundaryReason, none=_l("It isn’t, or not known yet")
    )
    boundary_override = line(
        _l("Override by a lead"),
        _l("A reason for asking Microsoft although the diagnosis says that it is ours. It is kept."),
        longest=300,
    )


class PriorityForm(Form):
    """A lead's judgement over the matrix; no priority lets the matrix decide again."""

    priority = one_word(_l("Priority"), lambda: Priority, none=_l("As impact and urgency say"))
    reason = line(_l("Reason"), _l("Needed when you set one; it is kept."), longest=300)


# the vendor's case ------------------------------------------------------------------------------------


class VendorNumberForm(Form):
    """The number of the vendor's case, when it comes and when it is mended."""

    number = line(_l("Microsoft’s number"), longest=40, required=True)

    def validate_number(self, own: Field) -> None:
        if not re.fullmatch(r"[A-Za-z0-9-]+", own.data) or not re.search("[0-9]", own.data):
            raise ValidationError(_("Use letters, digits and hyphens, with a digit at least."))


class EscalateForm(Form):
    severity = one_word(_l("Severity"), lambda: Severity, _l("A critical, B moderate, C minimal."))
    reason = line(_l("Why the channel changes"), longest=300)


class MoneyForm(Form):
    """A window put on a ticket, and from when it counts, by the reader's own clock."""

    window = one_row(_l("Window"), list, none=_l("Choose"))
    start = StringField(
        _l("Counts from"),
        description=_l("When it was bought, ordered or renewed; for a credit, a moment in the month of the outage."),
        render_kw={"type": "datetime-local"},
    )


class CorrectionForm(MoneyForm):
    """What a deadline should have been, and why it was not."""

    reason = line(_l("Why it was wrong"), _l("Kept in the history."), longest=300)


class IncidentForm(Form):
    number = line(_l("Microsoft’s number"), _l("As in the service health, such as EX25194."), longest=40, required=True)
    service = one_word(_l("Service"), lambda: Service)
    title = line(_l("What fails"), longest=200, required=True)
    started = StringField(_l("Began"), render_kw={"type": "datetime-local"})
    ended = StringField(
        _l("Ended"), description=_l("Leave it empty while it goes on."), render_kw={"type": "datetime-local"}
    )


class DowntimeForm(Form):
    """How long a customer was without the service, where people know it better than the desk."""

    began = StringField(_l("Began"), render_kw={"type": "datetime-local"})
    ended = StringField(
        _l("Ended"), description=_l("Leave it empty while it goes on."), render_kw={"type": "datetime-local"}
    )
    reason = line(_l("How do you know?"), _l("The reason is kept and shown."), longest=300, required=True)


class LinkForm(Form):
    number = line(_l("Number of the other ticket"), longest=12, required=True)
    kind = one_word(
        _l("How do they belong together?"),
        lambda: LinkKind,
        _l("Part of: the other ticket can’t be resolved while this one is open."),
    )


# opening ----------------------------------------------------------------------------------------------


class OpeningForm(Form):
    """A ticket for somebody who phoned. ``customer`` is the chosen match of ``customer_name``."""

    customer_name = line(
        _l("Customer"), _l("Begin to type the name; leave it empty when nobody knows yet."), longest=160
    )
    customer = StringField(_l("Customer"))
    contact_name = line(_l("Who called?"), longest=120)
    contact_email = line(
        _l("Their mail address"), _l("Answers and the tracker link go there."), longest=254, required=True
    )
    contact_phone = line(_l("Telephone"), longest=40)
    language = one_language(_l("Language we write in"))
    kind = one_word(_l("Kind"), lambda: Kind)
    service = one_word(_l("Service"), lambda: Service)
    bought_through_us = RadioField(
        _l("Bought through us?"),
        choices=lambda: [(word, label(word)) for word in BoughtHere],
        coerce=lambda value: value or "",
        default="",
        validate_choice=False,
    )
    topic = one_row(_l("Topic"), list, _l("With a topic the ticket counts as classified."), none=_l("Not yet"))
    impact = one_word(_l("Impact: who can’t work?"), lambda: Level)
    urgency = one_word(_l("Urgency: how soon does it hurt?"), lambda: Level)
    subject = line(_l("Subject"), longest=200, required=True)
    description = paragraph(_l("What they said"), longest=LONGEST_BODY, required=True)
    reply = paragraph(
        _l("Message to them"),
        _l("Goes out with the ticket and counts as the first response. Leave it empty to write later."),
        longest=LONGEST_BODY,
    )
    attachments = MultipleFileField(_l("Files"))
    take = BooleanField(_l("I take it"), default=True)
    draft_id = HiddenField()
    follows = HiddenField()
