"""Reading policies and calendars. The book of promises is kept in memory while its stamp stands."""

from __future__ import annotations

from dataclasses import dataclass, field

import sqlalchemy as sa
from flask import current_app
from flask_babel import gettext as _

from helpdesk.database import db
from helpdesk.errors import Invalid, NotFound
from helpdesk.sla.models import Calendar, CalendarVersion, PromiseStamp, SlaPolicy, SlaTarget
from workflows.vocabulary import Kind, Priority, Service

_BOOK = "helpdesk.sla.promises"


@dataclass(frozen=True, slots=True)
class Promises:
    """Every enabled policy in order, and the version in force of every calendar, as of ``stamp``.

    The policies are detached: read them, never change them. ``terms_ids`` remembers which frozen terms a
    policy and priority gave under this stamp.
    """

    stamp: str | None
    policies: tuple[SlaPolicy, ...]
    version_ids: dict[int, int]  # calendar id -> calendar version id
    terms_ids: dict[tuple[int, Priority], int] = field(default_factory=dict)


def choose_policy(
    kind: Kind, service: Service, customer_id: int | None, support_plan_id: int | None, book: Promises | None = None
) -> SlaPolicy:
    """The first enabled policy whose every condition matches, else the marked default (docs/sla.md, R6).

    Guests have no customer and no plan: they match only policies without those conditions. The policy is
    detached from any session. ``book`` is given by whoever has read it in this transaction already. Raises
    Invalid when the desk has no default policy yet.
    """
    asked = (kind, service, customer_id, support_plan_id)
    for policy in (book or promises()).policies:
        if policy.is_default or _matches(policy, asked):
            return policy
    raise Invalid(_("No default SLA policy is set up yet, so nothing can be promised."))


def _matches(policy: SlaPolicy, asked: tuple[Kind, Service, int | None, int | None]) -> bool:
    wanted = (policy.kind, policy.service, policy.customer_id, policy.support_plan_id)
    conditions = [(want, is_) for want, is_ in zip(wanted, asked, strict=True) if want is not None]
    return bool(conditions) and all(want == is_ for want, is_ in conditions)


def promises() -> Promises:
    """The book of promises; read anew only when somebody changed a policy or a calendar since."""
    stamp = db.session.scalar(sa.select(PromiseStamp.stamp))
    kept: Promises | None = current_app.extensions.get(_BOOK)
    if kept is None or stamp is None or kept.stamp != stamp:
        kept = current_app.extensions[_BOOK] = _read_promises(stamp)
    return kept


def _read_promises(stamp: str | None) -> Promises:
    # one policy object of our own each, beside those the caller's session may hold and change
    with sa.orm.Session(bind=db.session.connection(), expire_on_commit=False) as reader:
        found = reader.scalars(sa.select(SlaPolicy).where(SlaPolicy.is_enabled).order_by(*_IN_ORDER)).all()
        rows = reader.execute(sa.select(Calendar.id, Calendar.version_id)).all()
        reader.expunge_all()
    in_force = {calendar_id: version_id for calendar_id, version_id in rows if version_id is not None}
    return Promises(stamp, tuple(found), in_force)


# the default is the catch-all, so it comes last whatever its position says
_IN_ORDER = (SlaPolicy.is_default, SlaPolicy.position, SlaPolicy.id)


def default_policy() -> SlaPolicy:
    """What guests are promised: the marked default, detached. Raises Invalid when there is none yet."""
    for policy in promises().policies:
        if policy.is_default:
            return policy
    raise Invalid(_("No default SLA policy is set up yet, so nothing can be promised."))


# the admin pages --------------------------------------------------------------------------------------


def policies() -> list[SlaPolicy]:
    return list(db.session.scalars(sa.select(SlaPolicy).order_by(*_IN_ORDER)))


def policy(policy_id: int) -> SlaPolicy:
    """Raises NotFound."""
    found = db.session.get(SlaPolicy, policy_id)
    if found is None:
        raise NotFound(_("There is no such SLA policy."))
    return found


def calendars() -> list[Calendar]:
    return list(db.session.scalars(sa.select(Calendar).order_by(Calendar.name)))


def calendar(calendar_id: int) -> Calendar:
    """Raises NotFound."""
    found = db.session.get(Calendar, calendar_id)
    if found is None:
        raise NotFound(_("There is no such calendar."))
    return found


def calendar_history(calendar_id: int) -> list[CalendarVersion]:
    """Every version, the newest first."""
    newest_first = sa.select(CalendarVersion).where(CalendarVersion.calendar_id == calendar_id)
    return list(db.session.scalars(newest_first.order_by(CalendarVersion.id.desc())))


def policies_by_calendar() -> dict[int, list[str]]:
    """{calendar id: names of the policies that count in it}."""
    rows = sa.select(SlaTarget.calendar_id, SlaPolicy.name).join(SlaPolicy, SlaPolicy.id == SlaTarget.policy_id)
    found: dict[int, list[str]] = {}
    for calendar_id, name in db.session.execute(rows.distinct().order_by(SlaPolicy.name)):
        found.setdefault(calendar_id, []).append(name)
    return found
