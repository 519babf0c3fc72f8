"""The ledger of an entitlement: every incident used, given back, corrected or lost with the term, each a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import selectinload

from helpdesk.database import db
from helpdesk.errors import Invalid, NotFound
from helpdesk.escalations.models import Entitlement, EntitlementUse, SupportChannel, VendorCase
from workflows import channels as rules
from workflows.vocabulary import ChannelKind, EntitlementChange, RefundReason

# writing ----------------------------------------------------------------------------------------------


def use(entitlement_id: int, case_id: int | None, reason: str, user_id: int | None, now: datetime) -> None:
    """Take one incident. Raises Invalid when none is left by now."""
    left = _count(entitlement_id, 1)
    _write(EntitlementChange.USED, entitlement_id, 1, left, reason, user_id, now, vendor_case_id=case_id)


def refund(taken: EntitlementUse, why: RefundReason, reason: str, user_id: int | None, now: datetime) -> None:
    """The vendor gave this row's incident back. Raises Invalid naming the field ``refund_reason`` or ``reason``."""
    if taken.change is not EntitlementChange.USED or taken.incidents <= 0:
        raise Invalid(_("Only an incident that was used can come back."), "refund_reason")
    if db.session.scalar(sa.select(EntitlementUse.id).where(EntitlementUse.refund_of_id == taken.id)) is not None:
        raise Invalid(_("It was given back already."), "refund_reason")
    if why is RefundReason.OTHER and not reason.strip():
        raise Invalid(_("Say why, for whoever reads the count later."), "reason")
    left = _count(taken.entitlement_id, -taken.incidents)
    row = _write(
        EntitlementChange.REFUNDED, taken.entitlement_id, -taken.incidents, left, reason, user_id, now,
        vendor_case_id=taken.vendor_case_id,
    )  # fmt: skip
    row.refund_of_id, row.refund_reason = taken.id, why


def correct(entitlement: Entitlement, incidents: int, reason: str, user_id: int | None, now: datetime) -> None:
    """Count ``incidents`` more (or fewer, below zero) than the desk knew of, such as one used elsewhere.

    Raises Invalid naming the field ``incidents`` or ``reason``.
    """
    if not reason.strip():
        raise Invalid(_("Say why, for whoever reads the count later."), "reason")
    if incidents == 0 or entitlement.incidents_used + incidents < 0:
        raise Invalid(_("%(used)s are used: that can’t be taken back.", used=entitlement.incidents_used), "incidents")
    left = _count(entitlement.id, incidents, is_strict=False)
    _write(EntitlementChange.CORRECTED, entitlement.id, incidents, left, reason, user_id, now)


def expire(today: date, now: datetime) -> int:
    """Write down the incidents that ended with their term, once an entitlement; returns how many ended."""
    written = sa.select(EntitlementUse.entitlement_id).where(EntitlementUse.change == EntitlementChange.EXPIRED)
    ended = sa.select(Entitlement).where(Entitlement.ends_on < today, Entitlement.id.not_in(written)).limit(100)
    found = db.session.scalars(ended.with_for_update(skip_locked=True)).all()
    for entitlement in found:
        included, used = entitlement.incidents_included, entitlement.incidents_used
        lost = max(0, included - used) if included is not None else 0
        left = None if included is None else 0
        _write(EntitlementChange.EXPIRED, entitlement.id, lost, left, "", None, now)
    return len(found)


def _count(entitlement_id: int, incidents: int, *, is_strict: bool = True) -> int | None:
    """Change the projection by the database, so that an escalation at the same moment isn't lost; what is left."""
    counted = sa.update(Entitlement).where(Entitlement.id == entitlement_id)
    if incidents > 0 and is_strict:
        is_left = Entitlement.incidents_used + incidents <= Entitlement.incidents_included
        counted = counted.where(sa.or_(Entitlement.incidents_included.is_(None), is_left))
    values = counted.values(incidents_used=Entitlement.incidents_used + incidents)
    row = db.session.execute(
        values.returning(Entitlement.incidents_included, Entitlement.incidents_used),
        execution_options={"synchronize_session": False},
    ).one_or_none()
    if row is None:
        raise Invalid(_("Another ticket has just taken the last incident."))
    known = db.session.get(Entitlement, entitlement_id)
    if known is not None:
        db.session.refresh(known)
    return None if row[0] is None else max(0, row[0] - row[1])


def _write(
    change: EntitlementChange,
    entitlement_id: int,
    incidents: int,
    left: int | None,
    reason: str,
    user_id: int | None,
    now: datetime,
    vendor_case_id: int | None = None,
) -> EntitlementUse:
    row = EntitlementUse(
        entitlement_id=entitlement_id,
        vendor_case_id=vendor_case_id,
        at=now,
        change=change,
        incidents=incidents,
        left_after=left,
        reason=reason.strip()[:200],
        user_id=user_id,
    )
    db.session.add(row)
    return row


# reading ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Spending:
    """What a channel's cases of a stretch of time cost; ``although_cheaper`` had a cheaper open channel beside them."""

    channel: SupportChannel
    cases: int
    although_cheaper: int
    cost: int | None
    currency: str

    @property
    def per_case(self) -> int | None:
        """The fee shared among the cases, in whole units of the currency; None without a fee or a case."""
        return None if self.cost is None or not self.cases else round(self.cost / self.cases)


def rows_of(entitlement_id: int, limit: int = 200) -> list[EntitlementUse]:
    """The ledger, the newest row first."""
    own = sa.select(EntitlementUse).where(EntitlementUse.entitlement_id == entitlement_id)
    return list(db.session.scalars(own.order_by(EntitlementUse.id.desc()).limit(limit)))


def row(entitlement_id: int, use_id: int) -> EntitlementUse:
    """A row of the ledger, found through its entitlement. Raises NotFound."""
    found = db.session.get(EntitlementUse, use_id)
    if found is None or found.entitlement_id != entitlement_id:
        raise NotFound(_("There is no such row."))
    return found


def tickets_of(rows: Sequence[EntitlementUse]) -> dict[int, int]:
    """{vendor case id: number of its ticket} for the rows that were taken by a case."""
    ids = {row.vendor_case_id for row in rows if row.vendor_case_id is not None}
    found = db.session.execute(sa.select(VendorCase.id, VendorCase.ticket_id).where(VendorCase.id.in_(ids)))
    return {row[0]: row[1] for row in found} if ids else {}


def runs_out_on(entitlement: Entitlement, kind: ChannelKind, today: date) -> date | None:
    """The day the last incident goes at the pace so far; None when some will be left."""
    own = rules.Entitlement(
        entitlement.id,
        kind,
        entitlement.starts_on,
        entitlement.ends_on,
        entitlement.incidents_included,
        entitlement.incidents_used,
    )
    return own.runs_out_on(today)


def per_escalation(entitlement: Entitlement) -> int | None:
    """The term's fee shared among the incidents used, in whole units; None without a fee or a use."""
    if entitlement.fee is None or entitlement.incidents_used <= 0:
        return None
    return round(entitlement.fee / entitlement.incidents_used)


def dearer_cases(since: datetime, limit: int = 50) -> list[VendorCase]:
    """Cases opened on a channel while a cheaper one was open too, the newest first."""
    rows = sa.select(VendorCase).where(VendorCase.created_at >= since, _IS_DEARER)
    return list(db.session.scalars(rows.order_by(VendorCase.id.desc()).limit(limit)))


_IS_DEARER = sa.cast(VendorCase.cheaper, sa.String) != "[]"


def spending(since: datetime) -> list[Spending]:
    """What each channel's cases since then cost, the cheapest channel first."""
    counted = sa.select(VendorCase.channel_id, sa.func.count(), sa.func.sum(sa.case((_IS_DEARER, 1), else_=0)))
    rows = db.session.execute(counted.where(VendorCase.created_at >= since).group_by(VendorCase.channel_id))
    cases = {channel_id: (count, dearer) for channel_id, count, dearer in rows}
    channels = sa.select(SupportChannel).options(selectinload(SupportChannel.entitlements))
    ordered = db.session.scalars(channels.order_by(SupportChannel.cost_rank, SupportChannel.id))
    return [_spent(channel, *cases.get(channel.id, (0, 0)), since) for channel in ordered]


def _spent(channel: SupportChannel, cases: int, dearer: int, since: datetime) -> Spending:
    paid = [own for own in channel.entitlements if own.ends_on >= since.date() and own.fee is not None]
    cost = sum(own.fee or 0 for own in paid) if paid else None
    return Spending(channel, cases, dearer, cost, paid[0].currency if paid else "")
