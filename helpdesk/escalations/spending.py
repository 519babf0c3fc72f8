"""What escalating costs: each channel's fees of a stretch of days among its cases, and those that went a dearer way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from helpdesk.database import db
from helpdesk.escalations.models import Entitlement, SupportChannel, VendorCase


@dataclass(frozen=True, slots=True)
class Spending:
    """What a channel's cases of a stretch of days cost; ``although_cheaper`` had a cheaper open channel beside them.

    ``costs``: {currency: whole units}, of each contract the share of its fee that falls on these days.
    """

    channel: SupportChannel
    cases: int
    although_cheaper: int
    costs: dict[str, int]

    @property
    def per_case(self) -> tuple[int, str] | None:
        """The fees shared among the cases, with their currency; None without a fee, a case or one currency."""
        if len(self.costs) != 1 or not self.cases:
            return None
        ((currency, cost),) = self.costs.items()
        return round(cost / self.cases), currency


def per_escalation(entitlement: Entitlement) -> int | None:
    """The term's fee shared among the incidents used so far, in whole units; None without a fee or a use."""
    if entitlement.fee is None or entitlement.incidents_used <= 0:
        return None
    return round(entitlement.fee / entitlement.incidents_used)


def dearer_cases(since: datetime, limit: int = 50) -> list[VendorCase]:
    """Cases opened on a channel while a cheaper one was open too, the newest first."""
    rows = sa.select(VendorCase).where(VendorCase.created_at >= since, _IS_DEARER)
    return list(db.session.scalars(rows.order_by(VendorCase.id.desc()).limit(limit)))


_IS_DEARER = sa.cast(VendorCase.cheaper, sa.String) != "[]"


def spending(since: datetime, first: date, last: date) -> list[Spending]:
    """What each channel's cases since then cost, the cheapest channel first; fees of these days, both included."""
    counted = sa.select(VendorCase.channel_id, sa.func.count(), sa.func.sum(sa.case((_IS_DEARER, 1), else_=0)))
    rows = db.session.execute(counted.where(VendorCase.created_at >= since).group_by(VendorCase.channel_id))
    cases = {channel_id: (count, dearer) for channel_id, count, dearer in rows}
    channels = sa.select(SupportChannel).options(selectinload(SupportChannel.entitlements))
    ordered = sorted(db.session.scalars(channels), key=lambda channel: (channel.cost_rank_on(last), channel.id))
    return [Spending(channel, *cases.get(channel.id, (0, 0)), _costs(channel, first, last)) for channel in ordered]


def _costs(channel: SupportChannel, first: date, last: date) -> dict[str, int]:
    shares: dict[str, float] = {}
    for own in channel.entitlements:
        days = (min(own.ends_on, last) - max(own.starts_on, first)).days + 1
        if own.fee is not None and days > 0:
            share = own.fee * days / ((own.ends_on - own.starts_on).days + 1)
            shares[own.currency] = shares.get(own.currency, 0) + share
    return {currency: round(share) for currency, share in sorted(shares.items())}
