"""The escalation pack of a ticket: every item with its text, where it comes from, and what is still missing.

Texts stand as the vendor reads them, in English and UTC. What the desk knows already is taken from there: the
ticket, its diagnosis, the customer, the subscription, the settings, the contract. The rest people write.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from flask import current_app

from helpdesk.tickets.models import Diagnosis, Ticket, TicketPack
from workflows.channels import Entitlement
from workflows.escalation import SEVERITY_OF
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
    PackItem.DESCRIPTION,
)
"""What people write on the pack's own page; the description only where the findings don't serve."""

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

    def percents(self) -> dict[ChannelKind, int]:
        """In the shape that ``Facts.packs`` wants."""
        return {channel: self.completeness(channel).percent for channel in ChannelKind}


def pack_of(
    ticket: Ticket,
    record: Diagnosis | None,
    written: TicketPack | None,
    unchecked: int,
    requirements: tuple[Required, ...],
    held: Mapping[ChannelKind, Entitlement | None],
) -> Pack:
    """Put the pack together; ``held`` is the entitlement each channel would use."""
    answers = dict(written.answers) if written is not None else {}
    texts = {**_known(ticket, record), **_of_the_desk(ticket), **_answered(ticket, record, answers)}
    if unchecked == 0:
        texts[PackItem.ATTACHMENTS_CHECKED] = "All attachments were checked for personal data"
    return Pack(
        ticket=ticket,
        texts={item: text for item, text in texts.items() if text.strip()},
        plans={channel: _plan(channel, own) for channel, own in held.items()},
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
        PackItem.TITLE: ticket.subject,
        PackItem.SEVERITY: severity_text(SEVERITY_OF[ticket.priority]),
        PackItem.SERVICE_HEALTH: _HEALTH[record.health] if record and record.health else "",
        PackItem.TRIED: in_utc(record.tried) if record else "",
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
        PackItem.DESCRIPTION: record.findings if record else "",
    }
    return {item: in_utc(str(answers.get(item.value) or instead.get(item) or "")) for item in WRITTEN}


def _plan(channel: ChannelKind, held: Entitlement | None) -> str:
    if channel is ChannelKind.COMMERCIAL:
        return EVERY_PARTNERS_PLAN
    return held.papers if held is not None else ""


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
