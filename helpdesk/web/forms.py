"""What forms share: fields that read our words, and the way from a form to an action and back."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable, Iterable
from enum import StrEnum
from functools import cache
from typing import Any

from flask import Response, make_response, redirect, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Field, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from helpdesk.database import unit_of_work
from helpdesk.errors import Invalid
from helpdesk.web.formwords import WORDS, Words
from helpdesk.web.labels import label
from helpdesk.web.language import LANGUAGES

Choices = Callable[[], Iterable[tuple[Any, str]]]


class Form(FlaskForm):
    """A form whose fields take the refusals of an action too."""

    class Meta(FlaskForm.Meta):
        def get_translations(self, _form: Any) -> Words:
            return WORDS

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)  # type: ignore[no-untyped-call]

    def is_accepted(self) -> bool:
        """Whether the form was sent and every field of it is right."""
        return bool(self.validate_on_submit())  # type: ignore[no-untyped-call]

    def fail(self, error: Invalid) -> None:
        """Put the error's sentence at its field, or above the form when it names none of ours."""
        field = self._fields.get(error.field or "")
        if field is None:
            self.form_errors.append(error.sentence)
        else:
            field.errors = (*field.errors, error.sentence)


def carry_out(form: Form, act: Callable[[], str]) -> Response | None:
    """Hand a valid form to ``act`` in one unit of work and go to the address it returns.

    None when nothing was sent, the form is not valid or ``act`` raised Invalid: show the form (again).
    """
    if not form.is_accepted():
        return None
    try:
        with unit_of_work():
            address = act()
    except Invalid as error:
        form.fail(error)
        return None
    return see_other(address)


def see_other(address: str) -> Response:
    """Go on by GET, so that loading the page again sends nothing twice."""
    response: Response = make_response(redirect(address, 303))
    return response


def page(template: str, form: Form, **context: Any) -> Response:
    """The form's page: 422 when it was sent and came back."""
    response = make_response(render_template(template, form=form, **context))
    response.status_code = 422 if request.method == "POST" else 200
    return response


# fields -----------------------------------------------------------------------------------------------


def stripped(text: str | None) -> str:
    return (text or "").strip()


def line(name: Any, help_text: Any = "", *, longest: int, required: bool = False) -> Field:
    """One line of text without the blanks around it."""
    return StringField(name, _text_rules(longest, required), filters=[stripped], description=help_text)


def paragraph(name: Any, help_text: Any = "", *, longest: int, required: bool = False) -> Field:
    return TextAreaField(name, _text_rules(longest, required), filters=[stripped], description=help_text)


def _text_rules(longest: int, required: bool) -> list[Any]:
    rules: list[Any] = [Length(max=longest, message=_l("Use at most %(max)d characters."))]
    # not InputRequired: blanks alone are nothing, and the filter has taken them away
    return [DataRequired(_l("This is needed.")), *rules] if required else rules


_CHOOSE = _l("Choose one of the list.")
_NOT_ON_THE_LIST: dict[str, Any] = {"invalid_value_message": _CHOOSE, "invalid_choice_message": _CHOOSE}


def one_word(name: Any, words: Callable[[], Iterable[StrEnum]], help_text: Any = "", *, none: Any = None) -> Field:
    """A choice among members of an enum, by label; ``none`` is the text for none of them, read as None."""
    return SelectField(
        name,
        choices=lambda: [*_none(none), *(SelectChoice(str(word), label(word)) for word in words())],
        coerce=_read_word_of(words),
        description=help_text,
        **_NOT_ON_THE_LIST,
    )


def several_words(name: Any, words: Callable[[], Iterable[StrEnum]], help_text: Any = "") -> Field:
    """Any number of members of an enum, as boxes to tick."""
    return SelectMultipleField(
        name,
        choices=lambda: [SelectChoice(str(word), label(word)) for word in words()],
        coerce=_read_word_of(words),
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
        description=help_text,
    )


def one_row(name: Any, rows: Choices, help_text: Any = "", *, none: Any = None) -> Field:
    """A choice among rows, given as (id, text); ``none`` is the text for no row, read as None."""
    return SelectField(
        name,
        choices=lambda: [*_none(none), *(SelectChoice(str(key), text) for key, text in rows())],
        coerce=lambda value: int(value) if value not in ("", None, "None") else None,
        description=help_text,
        **_NOT_ON_THE_LIST,
    )


def one_language(name: Any, help_text: Any = "") -> Field:
    choices = [SelectChoice(code, text) for code, text in LANGUAGES.items()]
    return SelectField(name, choices=choices, description=help_text)


def one_zone(name: Any, help_text: Any = "") -> Field:
    return SelectField(name, choices=lambda: [SelectChoice(key, text) for key, text in zones()], description=help_text)


def _none(text: Any) -> list[SelectChoice]:
    return [] if text is None else [SelectChoice("", str(text))]


def _read_word_of(words: Callable[[], Iterable[StrEnum]]) -> Callable[[Any], StrEnum | None]:
    def read(value: Any) -> StrEnum | None:
        if value in ("", None, "None"):
            return None
        for word in words():
            if word == value:
                return word
        raise ValueError(_("Choose one of the list."))

    return read


@cache
def zones() -> list[tuple[str, str]]:
    """Every place of the time zone database, with readable names."""
    names = (name for name in zoneinfo.available_timezones() if "/" in name and not name.startswith("Etc/"))
    return [(name, name.replace("_", " ")) for name in sorted(names)] + [("UTC", "UTC")]
