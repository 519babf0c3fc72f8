"""Changing policies and calendars. Every change renews the stamp that tells processes to read them anew.

Open tickets keep the terms they were promised; ``sla.revisions`` carries these changes out so that they get
the new ones too.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from helpdesk.database import db
from helpdesk.errors import Invalid
from helpdesk.sla import queries
from helpdesk.sla.models import Calendar, CalendarVersion, PromiseStamp, SlaPolicy, SlaTarget
from helpdesk.sla.wording import sentence
from workflows.business_time import BusinessCalendar, BusinessTimeError
from workflows.vocabulary import ClockKind, Kind, Priority, Service


@dataclass(frozen=True, slots=True)
class Target:
    """One promise: ``seconds`` of open time of the calendar, above zero."""

    priority: Priority
    clock: ClockKind
    seconds: int
    calendar_id: int


@dataclass(frozen=True, slots=True)
class PolicyDraft:
    """What somebody wants a policy to be. ``pause_on`` and ``levels`` as SlaPolicy keeps them."""

    name: str
    kind: Kind | None = None
    service: Service | None = None
    customer_id: int | None = None
    support_plan_id: int | None = None
    tag: str | None = None
    targets: tuple[Target, ...] = ()
    pause_on: Mapping[str, list[str]] = field(default_factory=dict)
    levels: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)
    is_enabled: bool = True

    @property
    def has_conditions(self) -> bool:
        wanted = (self.kind, self.service, self.customer_id, self.support_plan_id, self.tag)
        return any(want is not None for want in wanted)


# calendars --------------------------------------------------------------------------------------------


def create_calendar(name: str, definition: Mapping[str, Any], by_id: int | None, now: datetime) -> Calendar:
    """A calendar under a free ``name``. Raises Invalid naming the field ``name`` or ``definition``."""
    _check_name_is_free(Calendar, name, None)
    checked = _checked(definition)
    calendar = Calendar(name=name.strip(), created_at=now)
    db.session.add(calendar)
    db.session.flush()
    _add_version(calendar, checked, by_id, now)
    return calendar


def edit_calendar(
    calendar: Calendar, name: str, definition: Mapping[str, Any], by_id: int | None, now: datetime
) -> Calendar:
    """Rename ``calendar`` and put new hours in force; the version before stays for what it promised."""
    _check_name_is_free(Calendar, name, calendar.id)
    checked = _checked(definition)
    calendar.name = name.strip()
    if calendar.version is None or calendar.version.definition != checked:
        _add_version(calendar, checked, by_id, now)
    return calendar


def check_calendar(calendar: Calendar, name: str, definition: Mapping[str, Any]) -> dict[str, Any]:
    """The canonical definition; raises Invalid, naming the field, unless ``calendar`` may become so."""
    _check_name_is_free(Calendar, name, calendar.id)
    return _checked(definition)


def _checked(definition: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return BusinessCalendar.from_mapping(definition).definition
    except BusinessTimeError as error:
        raise Invalid(sentence(error), "definition") from error


def _add_version(calendar: Calendar, definition: dict[str, Any], by_id: int | None, now: datetime) -> None:
    version = CalendarVersion(calendar_id=calendar.id, definition=definition, created_at=now, created_by_id=by_id)
    db.session.add(version)
    db.session.flush()
    calendar.version = version
    renew_stamp()


# policies ---------------------------------------------------------------------------------------------


def create_policy(draft: PolicyDraft, now: datetime, *, is_default: bool = False) -> SlaPolicy:
    """A policy at the end of the order, before the default. Raises Invalid."""
    last = db.session.scalar(sa.select(sa.func.max(SlaPolicy.position))) or 0
    policy = SlaPolicy(position=last + 1, is_default=is_default, created_at=now)
    _fill(policy, draft, now)
    return policy


def edit_policy(policy: SlaPolicy, draft: PolicyDraft, now: datetime) -> SlaPolicy:
    """Put ``draft`` in force for promises made from now on. Raises Invalid."""
    return _fill(policy, draft, now)


def remove_policy(policy: SlaPolicy) -> None:
    """Take ``policy`` out of the order; what it promised stays promised. Raises Invalid for the default."""
    if policy.is_default:
        raise Invalid(_("The default policy stays: without it some tickets would be promised nothing."))
    db.session.delete(policy)
    renew_stamp()


def move_policy(policy: SlaPolicy, *, up: bool) -> None:
    """Swap ``policy`` with its neighbour. At the end of the order nothing happens; the default never moves."""
    if swap(queries.policies(), policy.id, up=up):
        renew_stamp()


def swap(policies: Iterable[SlaPolicy], policy_id: int, *, up: bool) -> tuple[SlaPolicy, SlaPolicy] | None:
    """Change places between a policy and its neighbour in the order of ``policies``; the two, or None at its end."""
    order = [each for each in policies if not each.is_default]
    here = next((place for place, each in enumerate(order) if each.id == policy_id), None)
    if here is None:
        return None
    there = here - 1 if up else here + 1
    if not 0 <= there < len(order):
        return None
    order[here], order[there] = order[there], order[here]
    for position, each in enumerate(order, start=1):
        each.position = position
    return order[here], order[there]


def _fill(policy: SlaPolicy, draft: PolicyDraft, now: datetime) -> SlaPolicy:
    check_policy(policy, draft)
    policy.updated_at = now
    put_in(policy, draft)
    db.session.add(policy)
    renew_stamp()
    return policy


def check_policy(policy: SlaPolicy, draft: PolicyDraft) -> None:
    """Raise Invalid, naming the field, unless ``policy`` may become what ``draft`` says."""
    _check_name_is_free(SlaPolicy, draft.name, policy.id)
    if policy.is_default and draft.has_conditions:
        raise Invalid(_("The default policy has no conditions: it takes what no other takes."), "kind")
    if policy.is_default and not draft.is_enabled:
        raise Invalid(_("The default policy can’t be switched off."), "is_enabled")
    if not policy.is_default and not draft.has_conditions:
        raise Invalid(_("Choose at least one condition: only the default policy takes every ticket."), "kind")
    if not draft.targets:
        raise Invalid(_("Promise at least one thing."), "targets")


def put_in(policy: SlaPolicy, draft: PolicyDraft) -> None:
    """Make the object ``policy`` what ``draft`` says; where it belongs to no session nothing is written."""
    policy.name, policy.is_enabled = draft.name.strip(), draft.is_enabled
    policy.kind, policy.service, policy.tag = draft.kind, draft.service, draft.tag
    policy.customer_id, policy.support_plan_id = draft.customer_id, draft.support_plan_id
    policy.pause_on, policy.levels = dict(draft.pause_on), dict(draft.levels)
    _retarget(policy, draft.targets)


def _retarget(policy: SlaPolicy, targets: Iterable[Target]) -> None:
    wanted = {(target.priority, target.clock): target for target in targets}
    kept = [row for row in policy.targets if (row.priority, row.clock) in wanted]
    known = {(row.priority, row.clock): row for row in kept}
    fresh = [SlaTarget(priority=key[0], clock=key[1]) for key in wanted if key not in known]
    policy.targets = kept + fresh
    for row in policy.targets:
        target = wanted[row.priority, row.clock]
        row.seconds, row.calendar_id = target.seconds, target.calendar_id


def _check_name_is_free(model: type[Calendar | SlaPolicy], name: str, own_id: int | None) -> None:
    if not name.strip():
        raise Invalid(_("Give it a name."), "name")
    holder = db.session.scalar(sa.select(model.id).where(model.name == name.strip()))
    if holder is not None and holder != own_id:
        raise Invalid(_("This name is taken."), "name")


def renew_stamp() -> None:
    """Tell every process that what it keeps of policies and calendars is out of date."""
    row = db.session.get(PromiseStamp, 1)
    if row is None:
        row = PromiseStamp(id=1)
        db.session.add(row)
    row.stamp = secrets.token_hex(16)
    db.session.flush()
