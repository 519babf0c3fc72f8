"""Public holidays of a country or one of its regions, by name, from the ``holidays`` package."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from babel import Locale
from flask_babel import get_locale
from flask_babel import gettext as _

from helpdesk.errors import Invalid


def of_country(country: str, years: Iterable[int], region: str = "") -> dict[str, str]:
    """{ISO date: name} of ``country`` in ``years``, with those that only ``region`` keeps.

    ``country`` is its ISO 3166 letters or its name in English or the reader's language, ``region`` as the
    package knows it: ISO 3166-2 without the country, or a name. Names are in the reader's language where the
    package has it, else in English. Raises Invalid naming the field ``country`` or ``region``.
    """
    # not at the top: web workers would carry its megabytes from their start
    import holidays

    code = _code_of(country)
    regions = holidays.list_supported_countries(include_aliases=False).get(code)
    if regions is None:
        raise Invalid(_("No holidays are known for this country."), "country")
    asked: dict[str, Any] = {"years": list(years), "subdiv": _region_of(region, code, regions)}
    found = holidays.country_holidays(code, language="en_US", **asked)
    spoken = str(get_locale() or "en")
    if spoken in found.supported_languages:
        found = holidays.country_holidays(code, language=spoken, **asked)
    return {day.isoformat(): name for day, name in sorted(found.items())}


def countries() -> list[tuple[str, str]]:
    """Letters and name of every country there is, in the reader's language, by name."""
    names = _territories(get_locale())
    return sorted(names.items(), key=lambda pair: pair[1])


def _code_of(country: str) -> str:
    text = country.strip().casefold()
    for locale in (get_locale(), Locale("en")):
        for code, name in _territories(locale).items():
            if text in (code.casefold(), name.casefold()):
                return code
    return country.strip().upper()


def _territories(locale: Locale | None) -> Mapping[str, str]:
    names: Mapping[str, str] = (locale or Locale("en")).territories
    return {code: name for code, name in names.items() if len(code) == 2 and code.isalpha() and code not in _NO_COUNTRY}


_NO_COUNTRY = frozenset({"EU", "EZ", "UN", "XA", "XB", "ZZ", "QO"})


def _region_of(region: str, code: str, regions: Iterable[str]) -> str | None:
    """The region's code as the package spells it. Raises Invalid that lists what there is."""
    import holidays

    text = region.strip()
    if not text:
        return None
    aliases = holidays.country_holidays(code).get_subdivision_aliases()
    for known in regions:
        if text.casefold() in (name.casefold() for name in (known, f"{code}-{known}", *aliases.get(known, ()))):
            return known
    listed = ", ".join(sorted(regions))
    if not listed:
        raise Invalid(_("No regions of this country are known: leave it empty."), "region")
    raise Invalid(_("There is no such region; known are %(regions)s.", regions=listed), "region")
