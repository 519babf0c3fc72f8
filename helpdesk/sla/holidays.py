"""Public holidays of a country, by name, from the ``holidays`` package."""

from __future__ import annotations

from collections.abc import Iterable

from flask_babel import gettext as _

from helpdesk.errors import Invalid


def of_country(country: str, years: Iterable[int]) -> dict[str, str]:
    """{ISO date: name in English where known} of ``country`` (ISO 3166 alpha-2) in ``years``.

    Raises Invalid, naming the field ``country``, for a country the package doesn't know.
    """
    # not at the top: web workers would carry its megabytes from their start
    import holidays

    try:
        found = holidays.country_holidays(country.upper(), years=list(years), language="en_US")
    except NotImplementedError:
        raise Invalid(_("No holidays are known for this country."), "country") from None
    return {day.isoformat(): name for day, name in sorted(found.items())}
