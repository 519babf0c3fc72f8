"""Reading channels, entitlements and vendor cases."""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa

from helpdesk.database import db
from helpdesk.escalations.models import Entitlement, PackRequirement, SupportChannel, VendorTerm
from helpdesk.sla.queries import also_used_by
from workflows import channels as rules
from workflows.pack import Required
from workflows.vocabulary import ChannelKind, ClockKind, Kind, PackItem, Service, Severity


def channels_and_entitlements(on: date) -> tuple[list[rules.Channel], list[rules.Entitlement]]:
    """The channels as the rules read them on a day, cheapest first, and every entitlement; ``number`` is its row's id.

    One statement, columns only: every page of a ticket asks.
    """
    rows = db.session.execute(_CHANNELS_AND_ENTITLEMENTS).all()
    known = [_channel(row, on) for row in {row.kind: row for row in reversed(rows)}.values()]
    known.sort(key=lambda channel: channel.cost_rank)
    return known, [_entitlement(row) for row in rows if row.entitlement_id is not None]


_CHANNELS_AND_ENTITLEMENTS = (
    sa.select(
        SupportChannel.kind,
        SupportChannel.services,
        SupportChannel.cost_rank,
        SupportChannel.fee,
        SupportChannel.fees,
        SupportChannel.needs_entitlement,
        SupportChannel.is_enabled,
        SupportChannel.starts_on.label("offered_from"),
        SupportChannel.ends_on.label("offered_until"),
        Entitlement.id.label("entitlement_id"),
        Entitlement.starts_on,
        Entitlement.ends_on,
        Entitlement.incidents_included,
        Entitlement.incidents_used,
        Entitlement.services.label("contracted"),
        Entitlement.contract_number,
        Entitlement.access_number,
        Entitlement.fee.label("term_fee"),
        Entitlement.currency,
    )
    .outerjoin(Entitlement, Entitlement.channel_id == SupportChannel.id)
    .order_by(SupportChannel.id.desc(), Entitlement.id)
)


def _channel(row: Any, on: date) -> rules.Channel:
    fee, cost_rank = SupportChannel.fee_and_rank(on, row.fees, row.fee, row.cost_rank)
    return rules.Channel(
        kind=row.kind,
        services=frozenset(Service(service) for service in row.services),
        cost_rank=cost_rank,
        cost=fee,
        needs_entitlement=row.needs_entitlement,
        needs_right_to_act=row.kind is not ChannelKind.COMMERCIAL,
        is_enabled=row.is_enabled,
        starts_on=row.offered_from,
        ends_on=row.offered_until,
    )


def _entitlement(row: Any) -> rules.Entitlement:
    papers = (("Contract id", row.contract_number), ("Access id", row.access_number))
    return rules.Entitlement(
        number=row.entitlement_id,
        channel=row.kind,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        incidents_included=row.incidents_included,
        incidents_used=row.incidents_used,
        services=frozenset(Service(service) for service in row.contracted) if row.contracted else None,
        papers=", ".join(f"{name} {number}" for name, number in papers if number),
        fee=row.term_fee,
        currency=row.currency,
    )


def as_rule(entitlement: Entitlement) -> rules.Entitlement:
    """One entitlement as the rules read it."""
    return rules.Entitlement(
        entitlement.id,
        entitlement.channel.kind,
        entitlement.starts_on,
        entitlement.ends_on,
        entitlement.incidents_included,
        entitlement.incidents_used,
    )


def requirements() -> tuple[Required, ...]:
    """What the pack must hold, as the desk has set it."""
    rows = db.session.execute(_REQUIREMENTS)
    return tuple(
        Required(
            items=tuple(PackItem(item) for item in row[0]),
            channels=frozenset(ChannelKind(channel) for channel in row[1]),
            kinds=frozenset(Kind(kind) for kind in row[2]),
            services=frozenset(Service(service) for service in row[3]),
        )
        for row in rows
    )


_REQUIREMENTS = (
    sa.select(PackRequirement.items, PackRequirement.channels, PackRequirement.kinds, PackRequirement.services)
    .where(PackRequirement.is_enabled)
    .order_by(PackRequirement.id)
)


def channel_of(kind: ChannelKind) -> SupportChannel:
    return db.session.scalars(sa.select(SupportChannel).where(SupportChannel.kind == kind)).one()


def vendor_terms(channel_id: int, severity: Severity) -> dict[ClockKind, tuple[int, int]]:
    """What the vendor's clocks of a case run by: {clock: (open seconds, calendar id)}; absent where untimed."""
    own = sa.select(VendorTerm.clock, VendorTerm.seconds, VendorTerm.calendar_id)
    rows = db.session.execute(own.where(VendorTerm.channel_id == channel_id, VendorTerm.severity == severity))
    return {row.clock: (row.seconds, row.calendar_id) for row in rows}


def _channels_by_calendar() -> dict[int, list[str]]:
    """{calendar id: names of the channels on which the vendor keeps its hours}."""
    rows = sa.select(VendorTerm.calendar_id, SupportChannel.name).join(SupportChannel).distinct()
    found: dict[int, list[str]] = {}
    for calendar_id, name in db.session.execute(rows.order_by(SupportChannel.name)):
        found.setdefault(calendar_id, []).append(name)
    return found


also_used_by(_channels_by_calendar)
