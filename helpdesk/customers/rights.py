"""What customers granted the desk: recorded, extended, ended; never edited away."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any, Final

import sqlalchemy as sa
from flask import current_app
from flask_babel import gettext as _
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import aliased, joinedload
from sqlalchemy.sql.functions import FunctionElement

from helpdesk.customers.models import Customer, CustomerRight
from helpdesk.database import db
from helpdesk.errors import Invalid, NotFound
from helpdesk.web.moments import desk_day
from workflows.channels import SOON, Right, Standing
from workflows.vocabulary import PartnerKind, RightKind, Service


@dataclass(frozen=True, slots=True)
class RightDraft:
    """What somebody writes of a grant: both dates included, ``ends_on`` None where it does not expire."""

    kind: RightKind
    service: Service | None
    role: str
    granted_on: date
    ends_on: date | None


# writing ----------------------------------------------------------------------------------------------


def record(customer: Customer, draft: RightDraft, user_id: int | None, now: datetime) -> CustomerRight:
    """Write down a new grant. Raises Invalid naming the field ``ends_on``."""
    right = _row(customer.id, draft, user_id, now)
    db.session.add(right)
    db.session.flush()
    return right


def replace(right: CustomerRight, draft: RightDraft, user_id: int | None, now: datetime) -> CustomerRight:
    """The customer granted it anew, perhaps for longer: the old row is closed and the new one points to it.

    Raises Invalid naming the field ``kind``, ``granted_on`` or ``ends_on``, or no field when the row was closed
    meanwhile. A grant that begins later replaces nothing yet: closing the old one would leave a gap.
    """
    if draft.kind is not right.kind:
        raise Invalid(_("This is another right: record it as a new one."), "kind")
    if draft.granted_on > desk_day(now):
        raise Invalid(_("The old one holds until then: record this as a new right."), "granted_on")
    successor = _row(right.customer_id, draft, user_id, now)
    successor.replaces_id = right.id
    _close(right, user_id, now)
    db.session.add(successor)
    db.session.flush()
    return successor


def revoke(right: CustomerRight, on: date, user_id: int | None, now: datetime) -> None:
    """The customer took it back on that day. Raises Invalid naming the field ``revoked_on``."""
    if on < right.granted_on:
        raise Invalid(_("It was granted later than that."), "revoked_on")
    if on > desk_day(now):
        raise Invalid(_("That day is still to come: renew the right with it as the last day."), "revoked_on")
    _close(right, user_id, now)
    right.revoked_on = on


def _row(customer_id: int, draft: RightDraft, user_id: int | None, now: datetime) -> CustomerRight:
    if draft.ends_on is not None and draft.ends_on < draft.granted_on:
        raise Invalid(_("It ends before it starts."), "ends_on")
    return CustomerRight(
        customer_id=customer_id,
        kind=draft.kind,
        service=Service.AZURE if draft.kind is RightKind.SUPPORT_REQUEST else draft.service,
        role=draft.role.strip(),
        granted_on=draft.granted_on,
        ends_on=draft.ends_on,
        recorded_at=now,
        recorded_by_id=user_id,
    )


def _close(right: CustomerRight, user_id: int | None, now: datetime) -> None:
    """Raises Invalid when somebody has closed it meanwhile, be it at the same moment."""
    own = sa.update(CustomerRight).where(CustomerRight.id == right.id, CustomerRight.closed_at.is_(None))
    closed = own.values(closed_at=now, closed_by_id=user_id).returning(CustomerRight.id)
    if db.session.execute(closed, execution_options={"synchronize_session": False}).one_or_none() is None:
        raise Invalid(_("Somebody has ended or replaced it already."))
    db.session.refresh(right)


# reading ----------------------------------------------------------------------------------------------


def standing(customer_id: int | None, service: Service, on: date) -> Standing:
    """How the desk stands towards a customer for a service on a day (the desk's own): one statement."""
    settings = current_app.config
    is_reseller = settings["PARTNER_KIND"] == PartnerKind.INDIRECT_RESELLER
    if settings["TRACK_RIGHTS"] == "off":
        return Standing(is_indirect_reseller=is_reseller, tracks_rights=False)
    rows = db.session.execute(_STANDING, {"customer_id": customer_id, "service": service, "today": on}).all()
    best: dict[RightKind, Right] = {}
    for row in rows:
        if row.kind is not None:
            best[row.kind] = _longer(best.get(row.kind), Right(row.ends_on))
    return Standing(
        is_indirect_reseller=is_reseller,
        tracks_rights=bool(rows[0].is_tracked) or settings["TRACK_RIGHTS"] == "on",
        delegated_admin=best.get(RightKind.DELEGATED_ADMIN),
        support_request=best.get(RightKind.SUPPORT_REQUEST),
        reseller_relationship=best.get(RightKind.RESELLER_RELATIONSHIP),
    )


_ONE = sa.select(sa.exists(sa.select(CustomerRight.id)).label("is_tracked")).subquery()
_STANDING = sa.select(_ONE.c.is_tracked, CustomerRight.kind, CustomerRight.ends_on).select_from(
    _ONE.outerjoin(
        CustomerRight,
        sa.and_(
            CustomerRight.customer_id == sa.bindparam("customer_id", type_=sa.Integer),
            CustomerRight.closed_at.is_(None),
            CustomerRight.granted_on <= sa.bindparam("today", type_=sa.Date),
            sa.or_(
                CustomerRight.service.is_(None),
                CustomerRight.service == sa.bindparam("service", type_=CustomerRight.service.type),
            ),
        ),
    )
)


def _longer(known: Right | None, other: Right) -> Right:
    if known is None or known.ends_on is None:
        return known or other
    return other if other.ends_on is None or other.ends_on > known.ends_on else known


def rights_of(customer_id: int) -> list[CustomerRight]:
    """Those in force first, then what was, each the newest first."""
    own = sa.select(CustomerRight).where(CustomerRight.customer_id == customer_id)
    order = (CustomerRight.closed_at.is_not(None), CustomerRight.id.desc())
    return list(db.session.scalars(own.order_by(*order).limit(100)))


def right_of(customer_id: int, right_id: int) -> CustomerRight:
    """A right found through its customer. Raises NotFound."""
    found = db.session.get(CustomerRight, right_id)
    if found is None or found.customer_id != customer_id:
        raise NotFound(_("There is no such right."))
    return found


PAGE: Final = 100


def ending(on: date, after: int | None = None, limit: int = PAGE) -> list[CustomerRight]:
    """Rights in force of active customers that end within 30 days or have ended, the nearest end first.

    One that another of its kind follows without a gap is not among them. ``after``: the id of the row to go on after.
    """
    rows = _ending(on, on + SOON, sa.select(CustomerRight).join(CustomerRight.customer))
    last = db.session.get(CustomerRight, after) if after is not None else None
    if last is not None and last.ends_on is not None:
        rows = rows.where(sa.tuple_(CustomerRight.ends_on, CustomerRight.id) > (last.ends_on, last.id))
    rows = rows.options(joinedload(CustomerRight.customer)).order_by(CustomerRight.ends_on, CustomerRight.id)
    return list(db.session.scalars(rows.limit(limit)))


def ending_count(on: date) -> int:
    """How many of them there are."""
    return db.session.scalar(_ending_count(), {"today": on, "until": on + SOON}) or 0


@cache  # Today asks each time, and composing it costs more than counting
def _ending_count() -> Any:
    today, until = (sa.bindparam(name, type_=sa.Date) for name in ("today", "until"))
    counted = sa.select(sa.func.count()).select_from(CustomerRight).join(CustomerRight.customer)
    return _ending(today, until, counted)


def _ending(on: Any, until: Any, rows: Any) -> Any:
    goes_on = sa.exists().where(
        _Next.customer_id == CustomerRight.customer_id,
        _Next.kind == CustomerRight.kind,
        _Next.closed_at.is_(None),
        sa.or_(_Next.service.is_(None), _Next.service == CustomerRight.service),
        sa.or_(_Next.ends_on.is_(None), _Next.ends_on > CustomerRight.ends_on),
        sa.or_(_Next.granted_on <= on, _Next.granted_on <= _DayAfter(CustomerRight.ends_on)),
    )
    in_force = CustomerRight.closed_at.is_(None), CustomerRight.ends_on <= until
    return rows.where(*in_force, Customer.is_active, ~goes_on)


_Next = aliased(CustomerRight)


class _DayAfter(FunctionElement[date]):
    """The day after a date column, which the databases write each in its own way."""

    type = sa.Date()
    inherit_cache = True


@compiles(_DayAfter)
def _day_after(element: Any, compiler: Any, **options: Any) -> str:
    return f"({compiler.process(element.clauses, **options)} + 1)"


@compiles(_DayAfter, "sqlite")
def _day_after_on_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    return f"date({compiler.process(element.clauses, **options)}, '+1 day')"


def state_words(rights: Sequence[CustomerRight], on: date) -> dict[int, str]:
    """{right id: where it stands, in a word or two}."""
    return dict(_stated(rights, on))


def _stated(rights: Iterable[CustomerRight], on: date) -> Iterable[tuple[int, str]]:
    for right in rights:
        if right.revoked_on is not None:
            yield right.id, _("taken back")
        elif right.closed_at is not None:
            yield right.id, _("replaced")
        elif right.granted_on > on:
            yield right.id, _("not yet valid")
        elif right.ends_on is not None and right.ends_on < on:
            yield right.id, _("expired")
        else:
            yield right.id, _("ends soon") if right.ends_on is not None and right.ends_on <= on + SOON else _("valid")
