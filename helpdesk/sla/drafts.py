"""What somebody wants policies and calendars to become, as the JSON that a revision keeps of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from helpdesk.sla import editing
from helpdesk.sla.editing import PolicyDraft, Target
from helpdesk.sla.models import SlaPolicy
from helpdesk.sla.queries import Promises, read_book
from workflows.vocabulary import ClockKind, Kind, Priority, Service

NEW = 0
"""Stands for the id of a policy, or of a calendar's version, that is no row yet."""

Typed = Iterable[tuple[str, str]]


class Edit(StrEnum):
    """What is wanted."""

    POLICY = "policy"  # a new policy, or another content for one
    REMOVAL = "removal"
    ORDER = "order"
    CALENDAR = "calendar"


@dataclass(frozen=True, slots=True)
class CalendarDraft:
    """What somebody wants a calendar to be. ``definition`` is the mapping that BusinessCalendar is built from."""

    name: str
    definition: Mapping[str, Any]


def of_policy(draft: PolicyDraft, policy_id: int | None) -> dict[str, Any]:
    """A policy's new content; ``scope`` are the policies whose open tickets may be promised something else."""
    return {"edit": Edit.POLICY, "name": draft.name.strip(), "policy": asdict(draft), "scope": [policy_id or NEW]}


def of_removal(policy: SlaPolicy) -> dict[str, Any]:
    return {"edit": Edit.REMOVAL, "name": policy.name, "scope": [policy.id]}


def of_order(policy: SlaPolicy, *, up: bool) -> dict[str, Any] | None:
    """None where the policy stands at the end of the order already."""
    swapped = editing.swap(read_book()[0], policy.id, up=up)
    if swapped is None:
        return None
    return {"edit": Edit.ORDER, "name": policy.name, "up": up, "scope": sorted(each.id for each in swapped)}


def of_calendar(calendar_id: int, name: str, definition: Mapping[str, Any]) -> dict[str, Any]:
    users = [
        policy.id for policy in read_book()[0] if any(target.calendar_id == calendar_id for target in policy.targets)
    ]
    draft = {"name": name.strip(), "definition": dict(definition)}
    return {"edit": Edit.CALENDAR, "name": name.strip(), "calendar": draft, "scope": users}


def policy_draft(kept: Mapping[str, Any]) -> PolicyDraft:
    """The draft of a policy as ``of_policy`` kept it."""
    targets = tuple(
        Target(Priority(each["priority"]), ClockKind(each["clock"]), each["seconds"], each["calendar_id"])
        for each in kept["targets"]
    )
    kind, service = kept["kind"], kept["service"]
    words = {"kind": Kind(kind) if kind else None, "service": Service(service) if service else None}
    return PolicyDraft(**{**kept, **words, "targets": targets})


def book_with(draft: Mapping[str, Any], policy_id: int | None, calendar_id: int | None) -> Promises:
    """The book of promises as ``draft`` would make it, of the policy or calendar it is about; nothing is written."""
    policies, version_ids = read_book()
    drafted: dict[int, dict[str, Any]] = {}
    match Edit(draft["edit"]):
        case Edit.POLICY:
            _put_in(policies, policy_id, policy_draft(draft["policy"]))
        case Edit.REMOVAL:
            policies = [policy for policy in policies if policy.id != policy_id]
        case Edit.ORDER:
            editing.swap(policies, policy_id or NEW, up=draft["up"])
        case Edit.CALENDAR if calendar_id is not None:
            version_ids = version_ids | {calendar_id: NEW}
            drafted = {NEW: draft["calendar"]["definition"]}
    order = sorted(policies, key=lambda policy: (policy.is_default, policy.position, policy.id))
    return Promises(None, tuple(policy for policy in order if policy.is_enabled), version_ids, drafted=drafted)


def _put_in(policies: list[SlaPolicy], policy_id: int | None, draft: PolicyDraft) -> None:
    policy = next((each for each in policies if each.id == policy_id), None)
    if policy is None:
        last = max((each.position for each in policies), default=0)
        policy = SlaPolicy(id=NEW, position=last + 1, is_default=False)
        policies.append(policy)
    editing.put_in(policy, draft)
