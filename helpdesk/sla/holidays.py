"""Public holidays of a country, by name, from the ``holidays`` package."""

from __future__ import annotations

from collections.abc import Iterable

from flask_babel import get_locale
from flask_babel import gettext as _

from helpdesk.errors import Invalid


def of_country(country: str, years: Iterable[int]) -> dict[str, str]:
    """{ISO date: name} of ``country`` (ISO 3166 alpha-2) in ``years``.

    Names are in the reader's language where the package has it, else in English. Raises Invalid, naming the
    field ``country``, for a country the package doesn't know.
    """
    # not at the top: web workers would carry its megabytes from their start
    import holidays

    try:
        found = holidays.country_holidays(country.upper(), years=list(years), language="en_US")
        spoken = str(get_locale() or "en")
        if spoken in found.supported_languages:
            found = holidays.country_holidays(country.upper(), years=list(years), language=spoken)
    except NotImplementedError:
        raise Invalid(_("No holidays are known for this country."), "country") from None
    return {day.isoformat(): name for day, name in sorted(found.items())}
