"""The customer's forms. Every sentence stands at its field; what was typed stays."""

from __future__ import annotations

import re
from typing import Any, Final

from email_validator import EmailNotValidError, validate_email
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Field, HiddenField, MultipleFileField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import AnyOf, InputRequired, Length, StopValidation, ValidationError

from helpdesk.web.forms import Form
from helpdesk.web.labels import label
from workflows.vocabulary import BillingQuestion, BoughtHere, Kind, Level, Service

LONGEST_TEXT: Final = 20_000
"""Characters of a description or message; a longer log belongs into an attachment."""

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_BLANKS = re.compile(r"\s+")


def one_line(text: str | None) -> str:
    """Text of one line: control characters would break mail headers, and PostgreSQL refuses NUL."""
    return _BLANKS.sub(" ", _CONTROLS.sub(" ", text or "")).strip()


def lines(text: str | None) -> str:
    """Text of several lines with plain line ends."""
    return _CONTROLS.sub("", (text or "").replace("\r\n", "\n").replace("\r", "\n")).strip()


def is_said(_form: Form, field: Field) -> None:
    """Refuse blanks alone, which a browser's own check lets through."""
    if not field.data:
        raise StopValidation(_("This is needed."))


def is_address(_form: Form, field: Field) -> None:
    try:
        # whether mail arrives is seen by sending it; reserved names such as .test are let through
        field.data = validate_email(field.data, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError:
        raise ValidationError(_("Write an address like name@company.com, so that we can answer.")) from None


def _longest(characters: int) -> Length:
    return Length(max=characters, message=_l("Use at most %(max)d characters."))


def _needed(*rules: Any) -> list[Any]:
    return [InputRequired(_l("This is needed.")), is_said, *rules]


def _one_of(name: Any, choices: Any, words: Any) -> RadioField:
    choose = _l("Choose one.")
    rules = [InputRequired(choose), AnyOf(list(map(str, words)), message=choose)]
    return RadioField(name, rules, choices=choices, validate_choice=False)


class SubmitForm(Form):
    """A request as a customer makes it. The questions of the kind that was not chosen are not read."""

    draft = HiddenField("")
    website = StringField("", render_kw={"autocomplete": "off"})  # a trap: people never see it, programs fill it in
    kind = _one_of(
        _l("What is it about?"),
        lambda: [(Kind.BILLING, _("Billing question")), (Kind.TECHNICAL, _("Technical problem"))],
        Kind,
    )
    service = SelectField(
        _l("What does it concern?"),
        choices=lambda: [
            *((word, label(word)) for word in (Service.MICROSOFT365, Service.AZURE, Service.DYNAMICS365)),
            (Service.OTHER, _("Something else, or I don’t know")),
        ],
        default=Service.OTHER,
        coerce=lambda value: value or Service.OTHER,
        validate_choice=False,
        validators=[AnyOf(list(map(str, Service)), message=_l("Choose one of the list."))],
    )
    bought_through_us = RadioField(
        _l("Did you buy it through us?"),
        [AnyOf(["", *map(str, BoughtHere)], message=_l("Choose one."))],
        choices=lambda: [(word, label(word)) for word in BoughtHere],
        coerce=lambda value: value or "",
        default="",
        validate_choice=False,
    )
    subject = StringField(_l("In one line, what is it?"), _needed(_longest(200)), filters=[one_line])
    description = TextAreaField(_l("What did you see or need?"), _needed(_longest(LONGEST_TEXT)), filters=[lines])
    attachments = MultipleFileField(_l("Pictures and files"))

    reference = StringField(
        _l("Invoice or subscription"),
        [_longest(100)],
        filters=[one_line],
        description=_l("Its number or its name."),
    )
    asked = SelectField(
        _l("What do you ask for?"),
        choices=lambda: [("", _("Choose …")), *((word, label(word)) for word in BillingQuestion)],
        default="",
        validate_choice=False,
        validators=[AnyOf(["", *map(str, BillingQuestion)], message=_l("Choose one of the list."))],
    )
    since = StringField(
        _l("Since when?"),
        [_longest(200)],
        filters=[one_line],
        description=_l("As well as you know."),
    )
    affected = StringField(
        _l("Who is affected?"),
        [_longest(500)],
        filters=[one_line],
        description=_l("How many people, which team or site."),
    )
    error_text = TextAreaField(
        _l("The error, word by word"),
        [_longest(4_000)],
        filters=[lines],
        description=_l("Copy it, with any number or code in it."),
    )

    impact = _one_of(
        _l("Who can’t work?"),
        lambda: [
            (Level.HIGH, _("Everyone, or a whole site or team")),
            (Level.MEDIUM, _("Several people")),
            (Level.LOW, _("One person, or nobody yet")),
        ],
        Level,
    )
    urgency = _one_of(
        _l("How soon does it hurt?"),
        lambda: [
            (Level.HIGH, _("It hurts now: work has stopped and there is no way around it")),
            (Level.MEDIUM, _("Today or tomorrow: we manage for the moment")),
            (Level.LOW, _("It can wait")),
        ],
        Level,
    )
    name = StringField(_l("Your name"), _needed(_longest(120)), filters=[one_line])
    email = StringField(_l("Your e-mail address"), _needed(_longest(254), is_address), filters=[one_line])
    company = StringField(_l("Your company"), [_longest(160)], filters=[one_line])

    def questions(self, kind: Kind) -> list[Field]:
        """The further questions of one kind, in order."""
        names = {Kind.BILLING: ("asked", "reference"), Kind.TECHNICAL: ("since", "affected", "error_text")}
        return [self._fields[name] for name in names[kind]]

    def answers(self) -> dict[str, str]:
        """What was answered to the chosen kind's own questions, and whether it was bought through us."""
        asked = [self.bought_through_us, *self.questions(Kind(self.kind.data))]
        return {str(field.name): str(field.data) for field in asked if field.data}


class ReplyForm(Form):
    """A message from the contact on their tracker."""

    draft = HiddenField("")
    body = TextAreaField(_l("Message"), _needed(_longest(LONGEST_TEXT)), filters=[lines])
    attachments = MultipleFileField(_l("Pictures and files"))
