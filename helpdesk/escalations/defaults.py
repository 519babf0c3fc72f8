"""The four channels to the vendor as published; the vendor renames and reprices them, so edit them freely."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime

import sqlalchemy as sa

from helpdesk.database import db
from helpdesk.escalations.models import USUAL_FEES, ChannelName, PackRequirement, SupportChannel, VendorTerm
from helpdesk.escalations.money import defaults as money
from helpdesk.sla import queries as sla
from helpdesk.sla.defaults import ROUND_THE_CLOCK, VENDOR_HOURS
from workflows.channels import USUAL_CHANNELS, Channel
from workflows.pack import USUAL_REQUIREMENTS, Required
from workflows.vocabulary import ChannelFigure, ChannelKind, ClockKind, Kind, Service, Severity

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
        "Partner Center: billing and subscription support is a free part of the CSP entitlement",
    ),
    ChannelKind.SIGNATURE: (
        "Signature Cloud Support",
        "Partner membership benefits: cloud only, not linked with Microsoft 365, no published response time",
    ),
    ChannelKind.ADVANCED: (
        "Advanced Support for Partners",
        "Partner Center, Escalate problems to Microsoft: cloud only; response by fact sheet, to be verified",
    ),
    ChannelKind.PREMIER: (
        "Premier Support for Partners",
        "Partner Center, Escalate problems to Microsoft: all products; Azure support plans: under 1 h at A",
    ),
}


# Where each figure comes from, so that it can be checked again (docs/partner-duties.md has the pages).
_SOURCES: Mapping[ChannelKind, Mapping[ChannelFigure, str]] = {
    ChannelKind.COMMERCIAL: {
        ChannelFigure.COVERS: "Partner Center, Provide billing support: available to all CSP partners",
        ChannelFigure.FEE: "Partner Center, Report problems on behalf of a customer: free with the CSP entitlement",
        ChannelFigure.RESPONSE: "Partner Center, same page: no break-fix, up to one business day",
    },
    ChannelKind.SIGNATURE: {
        ChannelFigure.NAME: "Renamed in 2025 by a secondary source; verify before relying on it",
        ChannelFigure.COVERS: "Partner membership benefits, 2023: cloud only, Microsoft 365 can’t be linked",
        ChannelFigure.INCIDENTS: "2023: unlimited with a cloud competency or designation, else Gold 10, Silver 5; "
        "since 2025 50 with a Solutions Partner designation by a secondary source",
    },
    ChannelKind.ADVANCED: {
        ChannelFigure.COVERS: "Partner Center, Escalate problems to Microsoft: cloud only",
        ChannelFigure.FEE: "About USD 1,250 a month or from 16,500 a year by a third party; see your contract",
        ChannelFigure.RESPONSE: "A fact sheet quoted by a third party: severity 1 in 1 h, 2 in 4 h, 3 in 8 h",
    },
    ChannelKind.PREMIER: {
        ChannelFigure.COVERS: "Partner Center, Escalate problems to Microsoft: all products",
        ChannelFigure.RESPONSE: "Azure support plans, Response: severity A under 1 h, Rapid Response under 15 min",
        ChannelFigure.INCIDENTS: "As the contract says",
    },
}
# Names by which people and contracts know the channels too. Without dates a name is only "also known as".
_RENAMED = {"Partner Cloud Support": date(2025, 1, 1)}
_NAMES: Mapping[ChannelKind, tuple[tuple[str, str], ...]] = {
    ChannelKind.SIGNATURE: (
        ("Partner Cloud Support", "Renamed in the course of 2025 by a secondary source; the day is not published"),
        ("SCS", "Abbreviation in Microsoft’s own pages"),
    ),
    ChannelKind.ADVANCED: (
        ("ASfP", "Abbreviation in Microsoft’s own pages"),
        ("Unified for Partners", "Announced to replace it in FY2027 by a secondary source"),
    ),
    ChannelKind.PREMIER: (
        ("PSfP", "Abbreviation in Microsoft’s own pages"),
        ("Unified for Partners", "Announced to replace it in FY2027 by a secondary source"),
    ),
}
_ASKED_BY = "Partner Center, Report problems on behalf of a customer; Azure Support API, fields of a ticket"


def install(now: datetime) -> None:  # noqa: ARG001 - every room's defaults are called alike
    """Write the channels, and what a pack must hold, unless the desk has any already, in the caller's unit of work."""
    if db.session.scalar(sa.select(PackRequirement.id).limit(1)) is None:
        db.session.add_all(_requirement(row) for row in USUAL_REQUIREMENTS)
    money.install()
    if db.session.scalar(sa.select(SupportChannel.id).limit(1)) is None:
        calendars = {calendar.name: calendar.id for calendar in sla.calendars()}
        db.session.add_all(_row(channel, calendars) for channel in USUAL_CHANNELS)
        db.session.flush()


def _row(channel: Channel, calendars: Mapping[str, int]) -> SupportChannel:
    name, source = _TEXTS[channel.kind]
    return SupportChannel(
        kind=channel.kind,
        name=name,
        fee=USUAL_FEES[channel.kind],
        source=source,
        sources={str(figure): text for figure, text in _SOURCES.get(channel.kind, {}).items()},
        names=[
            ChannelName(name=other, source=text, starts_on=_RENAMED.get(other))
            for other, text in _NAMES.get(channel.kind, ())
        ],
        services=sorted(str(service) for service in channel.services),
        needs_entitlement=channel.needs_entitlement,
        cost_rank=channel.cost_rank,
        terms=list(_terms(channel.kind, calendars)),
    )


def _requirement(row: Required) -> PackRequirement:
    return PackRequirement(
        items=[str(item) for item in row.items],
        channels=[str(channel) for channel in ChannelKind if channel in row.channels],
        kinds=[str(kind) for kind in Kind if kind in row.kinds],
        services=[str(service) for service in Service if service in row.services],
        source=_ASKED_BY,
    )


def _terms(kind: ChannelKind, calendars: Mapping[str, int]) -> Iterator[VendorTerm]:
    """A desk that renamed the usual calendars before it had channels times the vendor by what it types itself."""
    clocks = {ClockKind.VENDOR_RESPONSE: _RESPONSE.get(kind, {}), ClockKind.VENDOR_UPDATE: _UPDATE}
    for clock, lengths in clocks.items():
        for severity, seconds in lengths.items():
            calendar = ROUND_THE_CLOCK if (kind, severity) in _DAY_AND_NIGHT else VENDOR_HOURS
            if calendar in calendars:
                yield VendorTerm(clock=clock, severity=severity, seconds=seconds, calendar_id=calendars[calendar])
