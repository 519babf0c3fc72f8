"""What WTForms says of its own accord, in the desk's words and the reader's language.

Its own catalogues stay behind the few sentences our forms can meet, in tone and, in Hungarian, altogether.
"""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import lazy_gettext as _l
from flask_wtf.i18n import translations

_CHOOSE = _l("Choose one of the list.")
_NUMBER = _l("Write a number, such as 2 or 0.5.")

SENTENCES: Mapping[str, object] = {
    "This field is required.": _l("This is needed."),
    "Not a valid choice.": _CHOOSE,
    "Invalid Choice: could not coerce.": _CHOOSE,
    "Invalid choice(s): one or more data inputs could not be coerced.": _CHOOSE,
    "'%(value)s' is not a valid choice for this field.": _CHOOSE,
    "Not a valid integer value.": _l("A whole number."),
    "Not a valid decimal value.": _NUMBER,
    "Not a valid float value.": _NUMBER,
    "Not a valid date value.": _l("Write a date as 2026-01-31."),
    "Not a valid datetime value.": _l("Write a date and a time."),
    "Not a valid time value.": _l("Write a time as 09:40."),
}
"""Ours for theirs, keyed by theirs."""


class Words:
    """Takes the place of WTForms' translations; what it does not know is theirs to say."""

    def gettext(self, text: str) -> str:
        ours = SENTENCES.get(text)
        return str(translations.gettext(text) if ours is None else ours)

    def ngettext(self, one: str, many: str, number: int) -> str:
        ours = SENTENCES.get(one)
        return str(translations.ngettext(one, many, number) if ours is None else ours)


WORDS = Words()
