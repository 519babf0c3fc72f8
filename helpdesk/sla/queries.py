"""Reading policies and calendars. The book of promises is kept in memory while its stamp stands."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import sqlalchemy as sa
from flask import current_app
from flask_babel import gettext as _

from helpdesk.database import db, is_sqlite
from helpdesk.errors import Invalid, NotFound
from helpdesk.sla.models import Calendar, CalendarVersion, PromiseStamp, SlaPolicy, SlaTarget
from workflows.business_time import BusinessCalendar
from workflows.vocabulary import ClockKind, Kind, Priority, Service

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
    drafted: Mapping[int, dict[str, Any]] = field(default_factory=dict)  # definitions of versions that are no rows yet

    @property
    def asks_for_tags(self) -> bool:
        """Whether any policy looks at a ticket's tags; if none does, nobody needs to read them."""
        return any(policy.tag is not None for policy in self.policies)


class Asked(NamedTuple):
    """What the conditions of policies are held against. Guests have no customer and no plan."""

    kind: Kind
    service: Service
    customer_id: int | None
    support_plan_id: int | None
    tags: Collection[str] = ()


def choose_policy(
    kind: Kind,
    service: Service,
    customer_id: int | None,
    support_plan_id: int | None,
    book: Promises | None = None,
    *,
    tags: Collection[str] = (),
) -> SlaPolicy:
    """The first enabled policy whose every condition matches, else the marked default (docs/sla.md, R6).

    Guests have no customer and no plan: they match only policies without those conditions. ``tags`` are the
    ticket's own. The policy is detached from any session. ``book`` is given by whoever has read it in this
    transaction already. Raises Invalid when the desk has no default policy yet.
    """
    asked = Asked(kind, service, customer_id, support_plan_id, tags)
    for policy in (book or promises()).policies:
        if policy.is_default or matches(policy, asked):
            return policy
    raise Invalid(_("No default SLA policy is set up yet, so nothing can be promised."))


def matches(policy: SlaPolicy, asked: Asked) -> bool:
    """Whether ``policy`` has conditions and ``asked`` meets every one of them."""
    return policy.has_conditions and not unmet(policy, asked)


def unmet(policy: SlaPolicy, asked: Asked) -> tuple[str, ...]:
    """Which conditions of ``policy`` are not met, by the names of its columns."""
    wanted = (policy.kind, policy.service, policy.customer_id, policy.support_plan_id)
    names = ("kind", "service", "customer_id", "support_plan_id")
    missed = [name for name, want, is_ in zip(names, wanted, asked[:4], strict=True) if want not in (None, is_)]
    return (*missed, "tag") if policy.tag is not None and policy.tag not in asked.tags else tuple(missed)


def keep_promises() -> None:
    """Let nobody put other promises in force until this transaction ends.

    Whoever promises something in it is then committed before a change of policies begins to look at open
    tickets, or reads the changed ones: no ticket is left behind with the old. SQLite writes one at a time anyway.
    """
    if not is_sqlite():
        db.session.execute(_SHARED)


def change_promises() -> None:
    """Wait for everybody who is promising something, and let others wait until this transaction ends."""
    if not is_sqlite():
        db.session.execute(_ALONE)


_LOCK = 0x50524F4D
_SHARED = sa.text(f"SELECT pg_advisory_xact_lock_shared({_LOCK})")
_ALONE = sa.text(f"SELECT pg_advisory_xact_lock({_LOCK})")


def promises() -> Promises:
    """The book of promises; read anew only when somebody changed a policy or a calendar since."""
    current = stamp()
    kept: Promises | None = current_app.extensions.get(_BOOK)
    if kept is None or current is None or kept.stamp != current:
        kept = current_app.extensions[_BOOK] = _read_promises(current)
    return kept


def _read_promises(stamp: str | None) -> Promises:
    found, in_force = read_book()
    return Promises(stamp, tuple(policy for policy in found if policy.is_enabled), in_force)


def read_book() -> tuple[list[SlaPolicy], dict[int, int]]:
    """Every policy in order, enabled or not, and {calendar id: id of its version in force}.

    The policies are the caller's own objects, detached: what is done to them changes nothing.
    """
    # beside those that the caller's session may hold and change
    with sa.orm.Session(bind=db.session.connection(), expire_on_commit=False) as reader:
        found = list(reader.scalars(sa.select(SlaPolicy).order_by(*_IN_ORDER)))
        rows = reader.execute(sa.select(Calendar.id, Calendar.version_id)).all()
        reader.expunge_all()
    return found, {calendar_id: version_id for calendar_id, version_id in rows if version_id is not None}


def stamp() -> str | None:
    """The present stamp: policies and calendars are as they were while it stands."""
    return db.session.scalar(sa.select(PromiseStamp.stamp))


# the default is the catch-all, so it comes last whatever its position says
_IN_ORDER = (SlaPolicy.is_default, SlaPolicy.position, SlaPolicy.id)


def default_policy() -> SlaPolicy:
    """What guests are promised: the marked default, detached. Raises Invalid when there is none yet."""
    for policy in promises().policies:
        if policy.is_default:
            return policy
    raise Invalid(_("No default SLA policy is set up yet, so nothing can be promised."))


def desk_calendar() -> BusinessCalendar | None:
    """The desk's own hours; None while nothing is promised."""
    book = promises()
    version_id = book.version_ids.get(desk_calendar_id(book) or 0)
    if version_id is None:
        return None
    definition = db.session.scalars(sa.select(CalendarVersion.definition).where(CalendarVersion.id == version_id)).one()
    return BusinessCalendar.of(definition)


def desk_calendar_id(book: Promises) -> int | None:
    """The calendar by which the default policy promises a first response.

    Of the priorities that of the least urgent one, since the others may be promised round the clock.
    """
    targets = [
        target
        for policy in book.policies
        if policy.is_default
        for target in policy.targets
        if target.clock is ClockKind.FIRST_RESPONSE
    ]
    order = list(Priority)
    return max(targets, key=lambda target: order.index(target.priority)).calendar_id if targets else None


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


CalendarUsers = Callable[[], Mapping[int, Sequence[str]]]
_other_users: list[CalendarUsers] = []


def also_used_by(read: CalendarUsers) -> None:
    """Say what else counts in calendars, {calendar id: names}: rooms above this one time more than its policies."""
    _other_users.append(read)


def users_by_calendar() -> dict[int, list[str]]:
    """{calendar id: names of the policies that count in it, then of what else does}."""
    found = _policies_by_calendar()
    for read in _other_users:
        for calendar_id, names in read().items():
            found.setdefault(calendar_id, []).extend(names)
    return found


def _policies_by_calendar() -> dict[int, list[str]]:
    rows = sa.select(SlaTarget.calendar_id, SlaPolicy.name).join(SlaPolicy, SlaPolicy.id == SlaTarget.policy_id)
    found: dict[int, list[str]] = {}
    for calendar_id, name in db.session.execute(rows.distinct().order_by(SlaPolicy.name)):
        found.setdefault(calendar_id, []).append(name)
    return found
