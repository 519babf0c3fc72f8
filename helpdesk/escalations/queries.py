"""Reading channels, entitlements and vendor cases."""

from __future__ import annotations

import sqlalchemy as sa

from helpdesk.database import db
from helpdesk.escalations.models import Entitlement, SupportChannel, VendorCase, VendorTerm
from workflows import channels as rules
from workflows.vocabulary import ChannelKind, ClockKind, Service, Severity


def channels() -> list[rules.Channel]:
    """The channels as the rules read them, cheapest first."""
    # columns only, here and below: every page of a ticket asks
    columns = (
        SupportChannel.kind,
        SupportChannel.services,
        SupportChannel.cost_rank,
        SupportChannel.fee,
        SupportChannel.needs_entitlement,
        SupportChannel.is_enabled,
    )
    rows = db.session.execute(sa.select(*columns).order_by(SupportChannel.cost_rank, SupportChannel.id))
    return [
        rules.Channel(
            kind=row.kind,
            services=frozenset(Service(service) for service in row.services),
            cost_rank=row.cost_rank,
            cost=row.fee,
            needs_entitlement=row.needs_entitlement,
            needs_right_to_act=row.kind is not ChannelKind.COMMERCIAL,
            is_enabled=row.is_enabled,
        )
        for row in rows
    ]


def entitlements() -> list[rules.Entitlement]:
    """Every entitlement as the rules read it; ``number`` is its row's id."""
    columns = (
        Entitlement.id,
        SupportChannel.kind,
        Entitlement.starts_on,
        Entitlement.ends_on,
        Entitlement.incidents_included,
        Entitlement.incidents_used,
    )
    return [
        rules.Entitlement(
            number=row.id,
            channel=row.kind,
            starts_on=row.starts_on,
            ends_on=row.ends_on,
            incidents_included=row.incidents_included,
            incidents_used=row.incidents_used,
        )
        for row in db.session.execute(sa.select(*columns).join(Entitlement.channel))
    ]


def channel_of(kind: ChannelKind) -> SupportChannel:
    return db.session.scalars(sa.select(SupportChannel).where(SupportChannel.kind == kind)).one()


def vendor_terms(channel_id: int, severity: Severity) -> dict[ClockKind, tuple[int, int]]:
    """What the vendor's clocks of a case run by: {clock: (open seconds, calendar id)}; absent where untimed."""
    own = sa.select(VendorTerm.clock, VendorTerm.seconds, VendorTerm.calendar_id)
    rows = db.session.execute(own.where(VendorTerm.channel_id == channel_id, VendorTerm.severity == severity))
    return {row.clock: (row.seconds, row.calendar_id) for row in rows}


def cases_of(ticket_id: int) -> list[VendorCase]:
    """A ticket's vendor cases, the newest first."""
    rows = sa.select(VendorCase).where(VendorCase.ticket_id == ticket_id)
    return list(db.session.scalars(rows.order_by(VendorCase.id.desc())))
