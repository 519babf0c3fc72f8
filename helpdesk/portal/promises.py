"""What a customer is promised: before they send, from the policy in force; afterwards, from the ticket's clocks.

Nothing is written here: looking at a form must leave no trace.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from flask_babel import gettext as _

from helpdesk.database import db
from helpdesk.errors import Invalid
from helpdesk.portal.hours import hours_text
from helpdesk.sla.models import CalendarVersion, SlaClock, SlaPolicy, SlaTarget
from helpdesk.sla.queries import choose_policy, default_policy, promises
from helpdesk.sla.terms import load_terms
from helpdesk.tickets.models import Ticket
from helpdesk.web.labels import label
from workflows.business_time import BusinessCalendar
from workflows.priority import MATRIX, priority_of
from workflows.vocabulary import ClockKind, Kind, Level, Priority, Service

ANSWER, SOLUTION = ClockKind.FIRST_RESPONSE, ClockKind.RESOLUTION
HOUR = 3600


@dataclass(frozen=True, slots=True)
class Promise:
    """Moments are aware UTC, None where nothing is promised. ``is_known`` is False while choices are missing."""

    response_at: datetime | None = None
    solution_at: datetime | None = None
    hours_text: str = ""
    terms_text: str = ""
    is_known: bool = True


class PriorityRow(NamedTuple):
    """What the public policy promises at one priority, in open hours said in words."""

    priority: Priority
    answer: str
    solution: str


@dataclass(frozen=True, slots=True)
class Choices:
    """What of a form decides its promise; None where nothing (sensible) is chosen yet."""

    kind: Kind | None
    service: Service
    impact: Level | None
    urgency: Level | None

    @classmethod
    def read(cls, chosen: Mapping[str, Any]) -> Choices:
        return cls(
            _member(Kind, chosen.get("kind")),
            _member(Service, chosen.get("service")) or Service.OTHER,
            _member(Level, chosen.get("impact")),
            _member(Level, chosen.get("urgency")),
        )


def _member(words: Any, value: Any) -> Any:
    return words(value) if value in set(map(str, words)) else None


def promise_for(choices: Choices, now: datetime) -> Promise:
    """What a guest with these choices is promised if they send at ``now`` (aware UTC)."""
    policy = _policy(choices)
    if policy is None:
        return Promise()
    definitions = _definitions(policy)
    if choices.kind is None or choices.impact is None or choices.urgency is None:
        return Promise(hours_text=_hours(policy, definitions), is_known=False)
    priority = priority_of(choices.impact, choices.urgency)
    targets = _targets(policy, priority)
    return Promise(
        _due(targets.get(ANSWER), definitions, now),
        _due(targets.get(SOLUTION), definitions, now),
        _hours(policy, definitions),
        _("That makes it %(priority)s.", priority=label(priority)),
    )


def promise_of(ticket: Ticket) -> Promise:
    """What was promised for a ticket, as its clocks say it; paused ones promise no moment."""
    rows = sa.select(SlaClock.kind, SlaClock.due_at).where(
        SlaClock.ticket_id == ticket.id, SlaClock.kind.in_((ANSWER, SOLUTION)), SlaClock.is_current
    )
    due = dict(db.session.execute(rows).all())
    return Promise(due.get(ANSWER), due.get(SOLUTION), hours_of(ticket))


def hours_of(ticket: Ticket) -> str:
    """The hours in which the ticket's answers are promised, in words."""
    if ticket.terms_id is None:
        return ""
    versions = load_terms(ticket.terms_id).content["calendars"]
    version_id = versions.get(ANSWER.value) or versions.get(SOLUTION.value)
    return hours_text(_read([version_id])[version_id]) if version_id else ""


def priority_table(choices: Choices) -> list[PriorityRow]:
    """The published promises, one row a priority, for the chosen kind and service."""
    policy = _policy(choices)
    if policy is None:
        return []
    return [
        PriorityRow(priority, _length(targets.get(ANSWER)), _length(targets.get(SOLUTION)))
        for priority in Priority
        for targets in (_targets(policy, priority),)
    ]


def matrix() -> list[tuple[Level, list[Priority]]]:
    """The published matrix: a row per impact, a column per urgency, both from high to low."""
    return [(impact, [MATRIX[impact, urgency] for urgency in Level]) for impact in Level]


def _policy(choices: Choices) -> SlaPolicy | None:
    """The policy of a guest: no customer, no plan. None while the desk has not set one up."""
    try:
        if choices.kind is None:
            return default_policy()
        return choose_policy(choices.kind, choices.service, None, None)
    except Invalid:
        return None


def _targets(policy: SlaPolicy, priority: Priority) -> dict[ClockKind, SlaTarget]:
    return {target.clock: target for target in policy.targets if target.priority is priority}


def _definitions(policy: SlaPolicy) -> dict[int, dict[str, Any]]:
    """The definition in force of every calendar that an answer or solution is promised by."""
    in_force = promises().version_ids
    wanted = {target.calendar_id for target in policy.targets if target.clock in (ANSWER, SOLUTION)}
    versions = {calendar_id: in_force[calendar_id] for calendar_id in wanted if calendar_id in in_force}
    read = _read(list(versions.values()))
    return {calendar_id: read[version_id] for calendar_id, version_id in versions.items()}


def _read(version_ids: list[int]) -> dict[int, dict[str, Any]]:
    columns = (CalendarVersion.id, CalendarVersion.definition)
    return dict(db.session.execute(sa.select(*columns).where(CalendarVersion.id.in_(version_ids))).all())


def _due(target: SlaTarget | None, definitions: Mapping[int, dict[str, Any]], now: datetime) -> datetime | None:
    if target is None or target.calendar_id not in definitions:
        return None
    return BusinessCalendar.of(definitions[target.calendar_id]).add(now, target.seconds)


def _hours(policy: SlaPolicy, definitions: Mapping[int, dict[str, Any]]) -> str:
    """Hours of the calendar that most answers are promised by: the slowest priority's speaks for the desk."""
    answers = {target.priority: target for target in policy.targets if target.clock is ANSWER}
    for priority in reversed(Priority):
        target = answers.get(priority)
        if target is not None and target.calendar_id in definitions:
            return hours_text(definitions[target.calendar_id])
    return ""


def _length(target: SlaTarget | None) -> str:
    if target is None:
        return "–"
    if target.seconds < HOUR:
        return _("%(n)s min", n=target.seconds // 60)
    hours = f"{target.seconds / HOUR:.1f}".removesuffix(".0")
    return _("%(h)s h", h=hours)
