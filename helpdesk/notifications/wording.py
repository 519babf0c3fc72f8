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
        NoticeTopic.CLOCK_WARNED: "{clock_name} on #{number}: due {due_at}",
        NoticeTopic.CLOCK_BREACHED: "{clock_name} on #{number} is late: it was due {due_at}",
        NoticeTopic.VENDOR_CHASE_DUE: "Microsoft is silent on #{number} since {since_at}",
    },
    "hu": {
        NoticeTopic.ASSIGNED: "#{number} mostantól az Öné",
        NoticeTopic.CONTACT_WROTE: "{author} írt: #{number}",
        NoticeTopic.MENTIONED: "{author} Önhöz fordult: #{number}",
        NoticeTopic.CLOCK_WARNED: "#{number}, {clock_name}: határidő {due_at}",
        NoticeTopic.CLOCK_BREACHED: "#{number}, {clock_name}: késésben, a határidő {due_at} volt",
        NoticeTopic.VENDOR_CHASE_DUE: "#{number}: a Microsoft hallgat, utolsó jelzése {since_at}",
    },
}

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


def initial(text: str) -> str:
    """``text`` with its first letter large and the others as they are: names within stay names."""
    return text[:1].upper() + text[1:]
