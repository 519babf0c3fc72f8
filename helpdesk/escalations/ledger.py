"""The ledger of an entitlement: every incident used, given back, corrected or lost with the term, each a row."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final

import sqlalchemy as sa
from flask_babel import gettext as _

from helpdesk.accounts.models import User
from helpdesk.database import db
from helpdesk.errors import Invalid, NotFound
from helpdesk.escalations.models import Entitlement, EntitlementUse, VendorCase
from helpdesk.web.moments import desk_day
from workflows.vocabulary import EntitlementChange, RefundReason

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
    _lose(taken.entitlement_id, taken.incidents, user_id, now)


def return_unopened(case_id: int, user_id: int | None, now: datetime) -> None:
    """A case ended before it was opened at the vendor: what it took from an entitlement comes back, once."""
    given_back = sa.select(EntitlementUse.refund_of_id).where(EntitlementUse.refund_of_id.is_not(None))
    own = sa.select(EntitlementUse).where(
        EntitlementUse.vendor_case_id == case_id,
        EntitlementUse.change == EntitlementChange.USED,
        EntitlementUse.id.not_in(given_back),
    )
    for taken in db.session.scalars(own).all():
        refund(taken, RefundReason.OTHER, _("It was never opened at Microsoft."), user_id, now)


def correct(entitlement: Entitlement, incidents: int, reason: str, user_id: int | None, now: datetime) -> None:
    """Count ``incidents`` more (or fewer, below zero) than the desk knew of, such as one used elsewhere.

    Raises Invalid naming the field ``incidents`` or ``reason``.
    """
    if not reason.strip():
        raise Invalid(_("Say why, for whoever reads the count later."), "reason")
    if incidents == 0:
        raise Invalid(_("0 changes nothing: write how many more, or with a minus how many fewer."), "incidents")
    if entitlement.incidents_used + incidents < 0:
        raise Invalid(_("%(used)s are used: that can’t be taken back.", used=entitlement.incidents_used), "incidents")
    left = _count(entitlement.id, incidents, is_strict=False)
    _write(EntitlementChange.CORRECTED, entitlement.id, incidents, left, reason, user_id, now)
    _lose(entitlement.id, -incidents, user_id, now)


def changed(entitlement: Entitlement, included: int | None, user_id: int | None, now: datetime) -> None:
    """Write down that a contract was edited, where that changes the balance; ``included`` is what it held before.

    A term that is longer now gives back what had ended with the old one.
    """
    own = entitlement
    left = None if own.incidents_included is None else own.incidents_included - own.incidents_used
    if included != own.incidents_included:
        is_now = _count_text(own.incidents_included)
        told = _("Included before: %(was)s, now: %(now)s", was=_count_text(included), now=is_now)
        _write(EntitlementChange.CORRECTED, own.id, 0, left, told, user_id, now)
    lost = db.session.scalar(sa.select(sa.func.sum(EntitlementUse.incidents)).where(*_expiries(own.id))) or 0
    if lost and own.ends_on >= desk_day(now):
        _write(EntitlementChange.EXPIRED, own.id, -lost, left, _("The term goes on."), user_id, now)


def _count_text(included: int | None) -> str:
    return _("not counted") if included is None else str(included)


def expire(today: date, now: datetime) -> int:
    """Write down the incidents that ended with their term, once an entitlement; returns how many ended."""
    written = sa.exists().where(*_expiries(Entitlement.id), EntitlementUse.at > Entitlement.ends_on)
    ended = sa.select(Entitlement).where(Entitlement.ends_on < today, ~written).limit(100)
    found = db.session.scalars(ended.with_for_update(skip_locked=True)).all()
    for entitlement in found:
        included, used = entitlement.incidents_included, entitlement.incidents_used
        lost = max(0, included - used) if included is not None else 0
        left = None if included is None else 0
        _write(EntitlementChange.EXPIRED, entitlement.id, lost, left, "", None, now)
    return len(found)


def _expiries(entitlement_id: Any) -> tuple[Any, ...]:
    return EntitlementUse.entitlement_id == entitlement_id, EntitlementUse.change == EntitlementChange.EXPIRED


def _lose(entitlement_id: int, incidents: int, user_id: int | None, now: datetime) -> None:
    """What comes back after the term was written off is lost with it: nothing of it can be used."""
    own = db.session.get_one(Entitlement, entitlement_id)
    is_over = own.incidents_included is not None and own.ends_on < desk_day(now)
    if is_over and db.session.scalar(sa.select(EntitlementUse.id).where(*_expiries(own.id)).limit(1)) is not None:
        _write(EntitlementChange.EXPIRED, own.id, incidents, 0, "", user_id, now)


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


PAGE: Final = 50


def rows_of(entitlement_id: int, before: int | None = None, limit: int = PAGE) -> list[EntitlementUse]:
    """The ledger, the newest row first; those older than the row ``before``."""
    own = sa.select(EntitlementUse).where(EntitlementUse.entitlement_id == entitlement_id)
    if before is not None:
        own = own.where(EntitlementUse.id < before)
    return list(db.session.scalars(own.order_by(EntitlementUse.id.desc()).limit(limit)))


def refunded_of(rows: Sequence[EntitlementUse]) -> set[int | None]:
    """Those of the rows whose incident has come back."""
    ids = [row.id for row in rows]
    return set(db.session.scalars(sa.select(EntitlementUse.refund_of_id).where(EntitlementUse.refund_of_id.in_(ids))))


def people_of(rows: Sequence[EntitlementUse]) -> dict[int, str]:
    """{user id: name} of who wrote the rows."""
    ids = {row.user_id for row in rows if row.user_id is not None}
    return {row[0]: row[1] for row in db.session.execute(sa.select(User.id, User.name).where(User.id.in_(ids)))}


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
