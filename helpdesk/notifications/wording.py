"""Words of mails and of the bell in both languages.

Not from the pages' catalogue: a mail speaks its recipient's language, whoever's request or job sends it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from helpdesk.notifications.topics import NoticeTopic
from workflows.vocabulary import ClockKind, Service

FALLBACK: Final = "en"

CLOCK_NAMES: Final[Mapping[str, Mapping[ClockKind, str]]] = {
    "en": {
        ClockKind.FIRST_RESPONSE: "first response",
        ClockKind.NEXT_RESPONSE: "next response",
        ClockKind.PERIODIC_UPDATE: "periodic update",
        ClockKind.PICKUP: "pickup",
        ClockKind.INTAKE: "intake",
        ClockKind.DIAGNOSIS: "diagnosis",
        ClockKind.PARTNER_RESOLUTION: "partner resolution",
        ClockKind.RESOLUTION: "resolution",
        ClockKind.VENDOR_RESPONSE: "Microsoft’s response",
        ClockKind.VENDOR_UPDATE: "Microsoft’s update",
    },
    "hu": {
        ClockKind.FIRST_RESPONSE: "első válasz",
        ClockKind.NEXT_RESPONSE: "következő válasz",
        ClockKind.PERIODIC_UPDATE: "rendszeres tájékoztatás",
        ClockKind.PICKUP: "átvétel",
        ClockKind.INTAKE: "felvétel",
        ClockKind.DIAGNOSIS: "kivizsgálás",
        ClockKind.PARTNER_RESOLUTION: "saját megoldás",
        ClockKind.RESOLUTION: "megoldás",
        ClockKind.VENDOR_RESPONSE: "a Microsoft válasza",
        ClockKind.VENDOR_UPDATE: "a Microsoft tájékoztatása",
    },
}

LINES: Final[Mapping[str, Mapping[NoticeTopic, str]]] = {
    "en": {
        NoticeTopic.ASSIGNED: "#{number} is yours now",
        NoticeTopic.CONTACT_WROTE: "{author} wrote on #{number}",
        NoticeTopic.MENTIONED: "{author} asks you on #{number}",
        NoticeTopic.HOLD_ENDED: "#{number} goes on: the wait is over",
        NoticeTopic.CUSTOMER_SILENT: "#{number}: the customer left our reminders unanswered",
        NoticeTopic.CLOCK_WARNED: "{clock_name} on #{number}: due {due_at}",
        NoticeTopic.CLOCK_BREACHED: "{clock_name} on #{number} is late: it was due {due_at}",
        NoticeTopic.CLOCK_LADDERED: "{clock_name} on #{number} is still late: level {level}, it was due {due_at}",
        NoticeTopic.ESCALATION_DUE: "#{number} should go to Microsoft: {clock_name} was due {due_at}",
        NoticeTopic.VENDOR_LATE: "Remind Microsoft of #{number}: {clock_name} was due {due_at}",
        NoticeTopic.MONEY_WARNED: "{window} on #{number}: ends {due_at}",
        NoticeTopic.MONEY_MISSED: "{window} on #{number} was missed: it ended {due_at}",
        NoticeTopic.CLAIM_WARNED: "{incident}: claim service credits until {due_at}, customers: {customers}",
        NoticeTopic.CLAIM_MISSED: "{incident}: service credits were not claimed by {due_at}, customers: {customers}",
        NoticeTopic.PROMISES_DIGEST: "Promises that need you: {summary}",
    },
    "hu": {
        NoticeTopic.ASSIGNED: "#{number} mostantól az Öné",
        NoticeTopic.CONTACT_WROTE: "{author} írt: #{number}",
        NoticeTopic.MENTIONED: "{author} Önhöz fordult: #{number}",
        NoticeTopic.HOLD_ENDED: "#{number} folytatható: letelt a várakozás",
        NoticeTopic.CUSTOMER_SILENT: "#{number}: az ügyfél nem válaszolt az emlékeztetőkre",
        NoticeTopic.CLOCK_WARNED: "#{number}, {clock_name}: határidő {due_at}",
        NoticeTopic.CLOCK_BREACHED: "#{number}, {clock_name}: késésben, a határidő {due_at} volt",
        NoticeTopic.CLOCK_LADDERED: "#{number}, {clock_name}: még mindig késésben, {level}. szint, határidő {due_at}",
        NoticeTopic.ESCALATION_DUE: "#{number}: ideje eszkalálni ({clock_name}), a határidő {due_at} volt",
        NoticeTopic.VENDOR_LATE: "#{number}: sürgetni kell a Microsoftot ({clock_name}), a határidő {due_at} volt",
        NoticeTopic.MONEY_WARNED: "#{number}, {window}: határidő {due_at}",
        NoticeTopic.MONEY_MISSED: "#{number}, {window}: elmulasztva, a határidő {due_at} volt",
        NoticeTopic.CLAIM_WARNED: "{incident}: igénylendő jóváírások, határidő {due_at}, ügyfelek: {customers}",
        NoticeTopic.CLAIM_MISSED: "{incident}: lejárt jóváírások, a határidő {due_at} volt, ügyfelek: {customers}",
        NoticeTopic.PROMISES_DIGEST: "Teendője van: {summary}",
    },
}

SUMMARIES: Final[Mapping[str, tuple[str, str]]] = {
    "en": ("{} late", "{} due soon"),
    "hu": ("{} késésben", "{} hamarosan lejár"),
}
"""How a digest counts what is late and what is due soon."""

PORTALS: Final[Mapping[Service, tuple[str, str]]] = {
    Service.AZURE: ("Azure portal", "https://portal.azure.com/#view/Microsoft_Azure_Support/HelpAndSupportBlade"),
    Service.MICROSOFT365: ("Microsoft 365 admin center", "https://admin.microsoft.com/#/support"),
    Service.DYNAMICS365: ("Power Platform admin center", "https://admin.powerplatform.microsoft.com/support"),
    Service.OTHER: ("Microsoft Support", "https://support.microsoft.com/contactus"),
}
"""Where the customer of somebody else asks for help, by service (docs/partner-duties.md, R19): name and address."""


def language_of(wanted: str) -> str:
    """``wanted`` where we speak it, else English."""
    return wanted if wanted in LINES else FALLBACK


def summary(language: str, late: int, soon: int) -> str:
    """ "14 late, 3 due soon", or only the one that there is."""
    said = zip(SUMMARIES[language], (late, soon), strict=True)
    return ", ".join(text.format(grouped(language, count)) for text, count in said if count)


def grouped(language: str, count: int) -> str:
    """ "12,950"; Hungarian groups by a blank that doesn't break, and only from five digits on."""
    if language == FALLBACK:
        return f"{count:,}"
    return f"{count:,}".replace(",", "\N{NO-BREAK SPACE}") if count >= 10_000 else str(count)


def initial(text: str) -> str:
    """``text`` with its first letter large and the others as they are: names within stay names."""
    return text[:1].upper() + text[1:]
