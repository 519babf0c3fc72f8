"""The escalation pack of a ticket: every item with its text, where it comes from, and what is still missing.

Texts stand as the vendor reads them, in English and UTC. What the desk knows already is taken from there: the
ticket, its diagnosis, the customer, the subscription, the settings, the contract. The rest people write.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from flask import current_app

from helpdesk.customers.models import Contact
from helpdesk.tickets.models import Diagnosis, Ticket, TicketPack
from workflows.escalation import SEVERITY_OF, ChannelVerdict
from workflows.pack import Completeness, Required, completeness, required_items
from workflows.vocabulary import ChannelKind, HealthResult, PackItem, Service, Severity

WRITTEN: Final = (
    PackItem.BUSINESS_IMPACT,
    PackItem.FIRST_SEEN,
    PackItem.SCOPE,
    PackItem.REPRO_STEPS,
    PackItem.ERROR_TEXT,
    PackItem.CORRELATION_IDS,
    PackItem.DIAGNOSTICS_CONSENT,
    PackItem.TITLE,
    PackItem.DESCRIPTION,
    PackItem.TRIED,
)
"""What people write on the pack's own page."""
TRANSLATED: Final = frozenset({PackItem.TITLE, PackItem.DESCRIPTION, PackItem.TRIED})
"""What the ticket and its diagnosis say already, perhaps not in English: written anew only where they don't serve."""

EVERY_PARTNERS_PLAN: Final = "Cloud Solution Provider"
_HEALTH: Final = {
    HealthResult.HEALTHY: "Checked: healthy, no incident posted",
    HealthResult.ADVISORY: "Checked: an advisory is posted",
    HealthResult.INCIDENT: "Checked: an incident is posted",
    HealthResult.NOT_APPLICABLE: "Does not apply",
}
_SERVICES: Final = {
    Service.AZURE: "Azure",
    Service.MICROSOFT365: "Microsoft 365",
    Service.DYNAMICS365: "Dynamics 365",
    Service.OTHER: "Other",
}
_WITH_OFFSET = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?\s?[+-]\d\d:?\d\d")


@dataclass(frozen=True, slots=True)
class Pack:
    """``texts`` are the items that are there, ``plans`` each channel's contract, ``requirements`` the desk's rows.

    ``unchecked`` counts attachments that nobody has looked at for personal data.
    """

    ticket: Ticket
    texts: Mapping[PackItem, str]
    plans: Mapping[ChannelKind, str]
    requirements: tuple[Required, ...]
    unchecked: int = 0
    override_reason: str = ""
    answers: Mapping[str, str] = field(default_factory=dict)

    def needed(self, channel: ChannelKind) -> tuple[PackItem, ...]:
        """What the pack must hold on this channel."""
        return required_items(self.requirements, channel, self.ticket.kind, self.ticket.service)

    def text(self, item: PackItem, channel: ChannelKind) -> str:
        """An item as the vendor reads it; empty while it is missing."""
        return self.plans.get(channel, "") if item is PackItem.PLAN else self.texts.get(item, "")

    def completeness(self, channel: ChannelKind) -> Completeness:
        needed = self.needed(channel)
        return completeness(needed, [item for item in needed if self.text(item, channel)])

    def naming_contact(self, channel: ChannelKind) -> list[PackItem]:
        """Items whose text names the customer's contact, whom the vendor must not turn to past the desk."""
        marks = _marks(self.ticket.contact)
        texts = {item: _GUID.sub("", self.text(item, channel)) for item in PackItem}  # its digits are no telephone
        return [item for item, text in texts.items() if any(mark.search(text) for mark in marks)]

    def percents(self) -> dict[ChannelKind, int]:
        """In the shape that ``Facts.packs`` wants."""
        return {channel: self.completeness(channel).percent for channel in ChannelKind}


def _marks(contact: Contact) -> list[re.Pattern[str]]:
    """What gives a contact away: the mail address, the telephone number however spaced, the full name."""
    found = [re.escape(contact.email)]
    digits = [letter for letter in contact.phone or "" if letter.isdigit()][-MARKED_DIGITS:]
    if len(digits) == MARKED_DIGITS:
        found.append(r"[\s()/.\-]{0,3}".join(digits))
    if len(contact.name.split()) > 1:
        found.append(r"\s+".join(map(re.escape, contact.name.split())))
    return [re.compile(mark, re.IGNORECASE) for mark in found]


_GUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
MARKED_DIGITS: Final = 7
"""The last digits of a telephone number, which stay the same with and without the country's."""


def pack_of(
    ticket: Ticket,
    record: Diagnosis | None,
    written: TicketPack | None,
    unchecked: int,
    requirements: tuple[Required, ...],
    verdicts: Iterable[ChannelVerdict],
) -> Pack:
    """Put the pack together; ``verdicts`` tell the entitlement that each channel would use."""
    answers = dict(written.answers) if written is not None else {}
    texts = {**_known(ticket, record), **_of_the_desk(ticket), **_answered(ticket, record, answers)}
    if unchecked == 0:
        texts[PackItem.ATTACHMENTS_CHECKED] = "All attachments were checked for personal data"
    return Pack(
        ticket=ticket,
        texts={item: "\n".join(text.strip().splitlines()) for item, text in texts.items() if text.strip()},
        plans={verdict.kind: _plan(verdict) for verdict in verdicts},
        requirements=requirements,
        unchecked=unchecked,
        override_reason=written.override_reason if written is not None else "",
        answers=answers,
    )


def _known(ticket: Ticket, record: Diagnosis | None) -> dict[PackItem, str]:
    customer, subscription = ticket.customer, ticket.subscription
    return {
        PackItem.TENANT: (customer.tenant_id or "") if customer else "",
        PackItem.DOMAIN: (customer.domain or "") if customer else "",
        PackItem.SUBSCRIPTION: (subscription.vendor_id or "") if subscription else "",
        PackItem.SEVERITY: severity_text(SEVERITY_OF[ticket.priority]),
        PackItem.SERVICE_HEALTH: _HEALTH[record.health] if record and record.health else "",
    }


def _of_the_desk(ticket: Ticket) -> dict[PackItem, str]:
    """Our own contact, never the customer's: the vendor must not go past the desk."""
    settings = current_app.config
    name = ticket.assignee.name if ticket.assignee is not None else ""
    known = (name, settings["DESK_NAME"], settings["DESK_EMAIL"], settings["DESK_PHONE"])
    return {
        PackItem.DESK_CONTACT: ", ".join(filter(None, known)),
        PackItem.DESK_LANGUAGE: settings["ESCALATION_LANGUAGE"],
        PackItem.DESK_TIME_ZONE: settings["TIMEZONE"],
    }


def _answered(ticket: Ticket, record: Diagnosis | None, answers: Mapping[str, str]) -> dict[PackItem, str]:
    """What people wrote, or what the customer's form and the findings say in its place."""
    instead = {
        PackItem.SCOPE: ticket.intake.get("affected"),
        PackItem.ERROR_TEXT: ticket.intake.get("error_text"),
        PackItem.TITLE: ticket.subject,
        PackItem.DESCRIPTION: record.findings if record else "",
        PackItem.TRIED: record.tried if record else "",
    }
    return {item: in_utc(str(answers.get(item.value) or instead.get(item) or "")) for item in WRITTEN}


def _plan(verdict: ChannelVerdict) -> str:
    if not verdict.needs_entitlement:
        return EVERY_PARTNERS_PLAN
    return verdict.entitlement.papers if verdict.entitlement is not None else ""


def in_utc(text: str) -> str:
    """``text`` with every moment that says its offset turned to UTC: "2026-11-24 14:02+01:00" is 13:02:00Z."""
    return _WITH_OFFSET.sub(_turned, text)


def _turned(found: re.Match[str]) -> str:
    try:
        moment = datetime.fromisoformat(found.group().replace(" +", "+").replace(" -", "-"))
        return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    except (ValueError, OverflowError):
        return found.group()


def severity_text(severity: Severity) -> str:
    """The vendor's letter and word: "A (critical)"."""
    return f"{severity.name} ({severity.value})"


def service_text(service: Service) -> str:
    return _SERVICES[service]
