"""Trying the policies out: which one would a ticket get, why not those before it, and what it would be promised."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from flask_babel import get_timezone
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import DateTimeLocalField
from wtforms.validators import Optional

from helpdesk.customers import queries as customers
from helpdesk.errors import Invalid, NotFound
from helpdesk.sla import queries, tags, trials
from helpdesk.sla.models import SlaPolicy
from helpdesk.sla.policy_forms import ConditionsForm
from helpdesk.sla.policy_words import Names, why_not
from helpdesk.sla.terms import FrozenTerms, preview
from helpdesk.web.forms import one_word
from workflows.vocabulary import ClockKind, Kind, Priority, Service

USUAL = (Kind.TECHNICAL, Service.MICROSOFT365)


class TrialForm(ConditionsForm):
    """A made-up ticket. Its customer's plan counts; the plan field is for a customer yet to come."""

    priority = one_word(_l("Priority"), lambda: Priority)
    at = DateTimeLocalField(_l("It comes"), [Optional()], format=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"])

    def asked(self) -> queries.Asked:
        """What the conditions are held against; a ticket has a kind and a service, so "any" tries the commonest."""
        words = frozenset(tags.fold(text, "tag") for text in tags.split(self.tag.data or ""))
        return queries.Asked(
            self.kind.data or USUAL[0], self.service.data or USUAL[1], self.customer_id.data, self._plan_id(), words
        )

    def _plan_id(self) -> int | None:
        if self.customer_id.data is None:
            plan_id: int | None = self.support_plan_id.data
            return plan_id
        try:
            return customers.customer(self.customer_id.data).support_plan_id
        except NotFound:
            return None


@dataclass(frozen=True, slots=True)
class Deadline:
    """What one clock would promise if it began at the moment that was tried."""

    clock: ClockKind
    target_seconds: int
    calendar_name: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class PolicyTrial:
    """The policy that wins, those passed by with the reason, and its promises; ``lines`` explain ``explained``."""

    policy: SlaPolicy
    passed: list[tuple[SlaPolicy, str]]
    deadlines: list[Deadline]
    explained: ClockKind | None
    lines: list[trials.Line]


def attempt(form: TrialForm, now: datetime, clock: str | None) -> PolicyTrial:
    """Choose a policy for the form's ticket at its moment (``now`` when none is said), and explain ``clock``.

    Raises Invalid at the field.
    """
    asked = form.asked()
    kind, service, customer_id, plan_id, words = asked
    policy = queries.choose_policy(kind, service, customer_id, plan_id, tags=words)
    terms = preview(policy, form.priority.data or Priority.P1)
    wall = form.at.data
    zone = ZoneInfo(str(get_timezone()))  # its own class reads wall times by the rules, a replaced tzinfo does not
    at = wall.replace(tzinfo=zone) if wall is not None else now
    explained = next((each for each in terms.calendars if each == clock), None)
    lines = _explained(terms, explained, at) if explained is not None else []
    return PolicyTrial(policy, _passed(policy, asked), _deadlines(policy, terms, at), explained, lines)


def _passed(winner: SlaPolicy, asked: queries.Asked) -> list[tuple[SlaPolicy, str]]:
    names, passed = Names.read(), []
    for policy in queries.policies():
        if policy.id == winner.id:
            break
        passed.append((policy, why_not(policy, asked, names)))
    return passed


def _deadlines(policy: SlaPolicy, terms: FrozenTerms, at: datetime) -> list[Deadline]:
    names = {calendar.id: calendar.name for calendar in queries.calendars()}
    chosen = {
        target.clock: target.calendar_id for target in policy.targets if target.priority == terms.content["priority"]
    }
    targets = terms.policy["targets"]
    return [
        Deadline(clock, targets[clock], names.get(chosen[clock], ""), terms.calendars[clock].add(at, targets[clock]))
        for clock in ClockKind
        if clock in terms.calendars
    ]


def _explained(terms: FrozenTerms, clock: ClockKind, at: datetime) -> list[trials.Line]:
    """From the moment to the deadline, on the wall of the calendar, as its own tester lays it out."""
    calendar = terms.calendars[clock]
    due = calendar.add(at, terms.policy["targets"][clock])
    if due - at > trials.LONGEST:
        raise Invalid(_("At most a year can be laid out here."), "at")
    start, end = (moment.astimezone(calendar.zone).replace(tzinfo=None) for moment in (at, due))
    return trials.attempt(calendar, start, until=end).lines
