"""What is wrong with a calendar, in the reader's language.

``workflows.business_time`` says it in English, each error with a code. English readers get its own words; others
the sentence for the code, with the text that was refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from workflows import business_errors as errors
from workflows.business_errors import BusinessTimeError

SENTENCES: Mapping[str, object] = {
    errors.UnknownZone.code: _l("There is no such time zone."),
    errors.InvalidInterval.code: _l("Times go from 00:00 to 24:00; what opens at 24:00 opens at 00:00 a day later."),
    errors.OverlappingIntervals.code: _l("Two of these hours overlap; those past midnight reach into the next day."),
    errors.InvalidDate.code: _l("Write a date that exists as 2026-01-31."),
    errors.NeverOpen.code: _l("These hours never open: give at least one day some."),
    errors.OutOfRange.code: _l("This lies too far away to be counted."),
}
_REFUSED = re.compile(r"'([^']+)'")


def sentence(error: BusinessTimeError) -> str:
    """Say ``error`` to a person; what it refuses, which its own words quote, stands in brackets."""
    locale = get_locale()
    if locale is None or locale.language == "en":
        return str(error)
    said = str(SENTENCES.get(error.code, _("This can’t be read as opening hours.")))
    refused = _REFUSED.search(str(error))
    return f"{said} ({refused[1]})" if refused else said
