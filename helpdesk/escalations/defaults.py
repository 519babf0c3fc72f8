"""The four channels to the vendor as published; the vendor renames and reprices them, so edit them freely."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from helpdesk.database import db
from helpdesk.escalations.models import SupportChannel
from workflows.channels import USUAL_CHANNELS, Channel
from workflows.vocabulary import ChannelKind, Severity

HOUR = 3600

# Seconds on the wall clock from opening a case to the vendor's first answer. Advanced's are a fact sheet's
# severities 1, 2 and 3; Premier publishes one for severity A only, Commercial and Signature none.
_RESPONSE = {
    ChannelKind.PREMIER: {Severity.A: HOUR},
    ChannelKind.ADVANCED: {Severity.A: HOUR, Severity.B: 4 * HOUR, Severity.C: 8 * HOUR},
}
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
        db.session.add_all(_row(channel) for channel in USUAL_CHANNELS)
        db.session.flush()


def _row(channel: Channel) -> SupportChannel:
    name, fee, source = _TEXTS[channel.kind]
    response = _RESPONSE.get(channel.kind, {})
    return SupportChannel(
        kind=channel.kind,
        name=name,
        fee=fee,
        source=source,
        services=sorted(str(service) for service in channel.services),
        needs_entitlement=channel.needs_entitlement,
        cost_rank=channel.cost_rank,
        response={str(severity): seconds for severity, seconds in response.items()},
    )
