"""The four channels to the vendor as published; the vendor renames and reprices them, so edit them freely."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

import sqlalchemy as sa

from helpdesk.database import db
from helpdesk.escalations.models import SupportChannel, VendorTerm
from helpdesk.sla import queries as sla
from helpdesk.sla.defaults import ROUND_THE_CLOCK, VENDOR_HOURS
from workflows.channels import USUAL_CHANNELS, Channel
from workflows.vocabulary import ChannelKind, ClockKind, Severity

HOUR = 3600

VENDOR_DAY = 10 * HOUR

# What the vendor publishes of its first answer (docs/partner-duties.md): Premier's is the Azure support plans'
# figure for severity A, the only one they name; Advanced's are a fact sheet's severities 1, 2 and 3; Commercial is
# no break-fix, so up to one business day; for Signature nothing is published, so nothing is timed.
_RESPONSE: Mapping[ChannelKind, Mapping[Severity, int]] = {
    ChannelKind.PREMIER: {Severity.A: HOUR},
    ChannelKind.ADVANCED: {Severity.A: HOUR, Severity.B: 4 * HOUR, Severity.C: 8 * HOUR},
    ChannelKind.COMMERCIAL: dict.fromkeys(Severity, VENDOR_DAY),
}
# No vendor promises how often it writes. These are our own rhythm: after so much silence we chase.
_UPDATE: Mapping[Severity, int] = {Severity.A: 4 * HOUR, Severity.B: VENDOR_DAY, Severity.C: 2 * VENDOR_DAY}
# Premier answers day and night. Of Advanced only the pattern of professional support is known: severity A on the
# clock, B and C in business hours. All else keeps Partner Center's hours.
_DAY_AND_NIGHT = {(ChannelKind.PREMIER, Severity.A), (ChannelKind.ADVANCED, Severity.A)}
_TEXTS = {
    ChannelKind.COMMERCIAL: (
        "Commercial support",
        "Free",
        "Partner Center: billing and subscription support is a free part of the CSP entitlement",
    ),
    ChannelKind.SIGNATURE: (
        "Signature Cloud Support",
        "Included with a competency or designation",
        "Partner membership benefits: cloud only, not linked with Microsoft 365, no published response time",
    ),
    ChannelKind.ADVANCED: (
        "Advanced Support for Partners",
        "Yearly fee",
        "Partner Center, Escalate problems to Microsoft: cloud only; response by fact sheet, to be verified",
    ),
    ChannelKind.PREMIER: (
        "Premier Support for Partners",
        "Contract",
        "Partner Center, Escalate problems to Microsoft: all products; Azure support plans: under 1 h at A",
    ),
}


def install(now: datetime) -> None:  # noqa: ARG001 - every room's defaults are called alike
    """Write the channels unless the desk has any already. Runs in the caller's unit of work."""
    if db.session.scalar(sa.select(SupportChannel.id).limit(1)) is None:
        calendars = {calendar.name: calendar.id for calendar in sla.calendars()}
        db.session.add_all(_row(channel, calendars) for channel in USUAL_CHANNELS)
        db.session.flush()


def _row(channel: Channel, calendars: Mapping[str, int]) -> SupportChannel:
    name, fee, source = _TEXTS[channel.kind]
    return SupportChannel(
        kind=channel.kind,
        name=name,
        fee=fee,
        source=source,
        services=sorted(str(service) for service in channel.services),
        needs_entitlement=channel.needs_entitlement,
        cost_rank=channel.cost_rank,
        terms=list(_terms(channel.kind, calendars)),
    )


def _terms(kind: ChannelKind, calendars: Mapping[str, int]) -> Iterator[VendorTerm]:
    """A desk that renamed the usual calendars before it had channels times the vendor by what it types itself."""
    clocks = {ClockKind.VENDOR_RESPONSE: _RESPONSE.get(kind, {}), ClockKind.VENDOR_UPDATE: _UPDATE}
    for clock, lengths in clocks.items():
        for severity, seconds in lengths.items():
            calendar = ROUND_THE_CLOCK if (kind, severity) in _DAY_AND_NIGHT else VENDOR_HOURS
            if calendar in calendars:
                yield VendorTerm(clock=clock, severity=severity, seconds=seconds, calendar_id=calendars[calendar])
