"""The form of a policy: conditions, and for each clock its targets, pause causes and levels."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from enum import StrEnum
from functools import cached_property
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString
from wtforms import BooleanField, StringField
from wtforms.fields.choices import SelectChoice

from helpdesk.customers import queries as customers
from helpdesk.errors import Invalid
from helpdesk.sla import hours, queries, tags
from helpdesk.sla.editing import PolicyDraft, Target
from helpdesk.sla.level_fields import LevelRow, LevelsField
from helpdesk.sla.models import SlaPolicy
from helpdesk.web.forms import Form, line, one_row, one_word, several_words, stripped
from helpdesk.web.labels import label
from workflows.ladder import Rung
from workflows.sla_terms import DEFAULT_PAUSE_ON
from workflows.vocabulary import ClockKind, Kind, PauseCause, Priority, Service

# the vendor's clocks run on the channel's terms, not on what we promise
CLOCKS = tuple(clock for clock in ClockKind if clock not in (ClockKind.VENDOR_RESPONSE, ClockKind.VENDOR_UPDATE))

USUAL_LEVELS = [Rung(1, percent=75).stored()]
"""What a new policy begins with for each clock, besides the breach itself."""


class ConditionsForm(Form):
    """What a policy asks of a ticket, or what a tester makes up."""

    kind = one_word(_l("Kind"), lambda: Kind, none=_l("Any"))
    service = one_word(_l("Service"), lambda: Service, none=_l("Any"))
    support_plan_id = one_row(
        _l("Support plan"), lambda: [(plan.id, plan.name) for plan in customers.plans()], none=_l("Any")
    )
    customer_id = one_row(_l("Customer"), customers.customer_choices, none=_l("Any"))
    tag = line(_l("Tag"), longest=tags.LONGEST)


class PolicyForm(ConditionsForm):
    name = line(_l("Name"), _l("As tickets and reports call the promise."), longest=80, required=True)
    is_enabled = BooleanField(_l("In use"), description=_l("A policy that is switched off is skipped."))

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        choices = [SelectChoice(str(calendar_id), name) for calendar_id, name in _calendar_choices()]
        for clock in CLOCKS:
            for priority in Priority:
                self[self.calendar(clock, priority)].choices = choices  # read once for all of them

    @staticmethod
    def target(clock: ClockKind, priority: Priority) -> str:
        """The name of the field with the length of a promise; beside it stands its calendar."""
        return f"target_{clock}_{priority}"

    @staticmethod
    def calendar(clock: ClockKind, priority: Priority) -> str:
        return f"calendar_{clock}_{priority}"

    @staticmethod
    def values_of(policy: SlaPolicy | None) -> dict[str, Any]:
        """What the clocks' fields show; for a new policy what the desk usually pauses on and warns at."""
        values: dict[str, Any] = {}
        for clock in CLOCKS:
            causes = policy.pause_on.get(clock) if policy is not None else None
            values[f"pause_{clock}"] = sorted(DEFAULT_PAUSE_ON.get(clock, ())) if causes is None else causes
            values[f"levels_{clock}"] = policy.levels.get(clock, []) if policy is not None else USUAL_LEVELS
        for target in policy.targets if policy is not None else ():
            values[PolicyForm.target(target.clock, target.priority)] = hours.write_duration(target.seconds)
            values[PolicyForm.calendar(target.clock, target.priority)] = target.calendar_id
        return values

    def draft(self) -> PolicyDraft | None:
        """What was typed, or None with the reasons at the fields."""
        targets, tag = tuple(self._targets()), self._tag()
        self._check_levels()
        if self.errors:
            return None
        promised = {str(target.clock) for target in targets}
        return PolicyDraft(
            name=self.name.data,
            kind=self.kind.data,
            service=self.service.data,
            customer_id=self.customer_id.data,
            support_plan_id=self.support_plan_id.data,
            tag=tag,
            is_enabled=self.is_enabled.data,
            targets=targets,
            pause_on={clock: sorted(self[f"pause_{clock}"].data) for clock in promised},
            levels={clock: self[f"levels_{clock}"].data for clock in promised},
        )

    def _tag(self) -> str | None:
        if self.tag.errors:  # told already, of the same words
            return None
        try:
            return tags.fold(self.tag.data, "tag") if self.tag.data else None
        except Invalid as error:
            self.fail(error)
            return None

    def promised(self, clock: ClockKind) -> list[tuple[Priority, str]]:
        """The lengths typed for a clock, by priority; those that are empty left out."""
        typed = ((priority, self[self.target(clock, priority)].data) for priority in Priority)
        return [(priority, text) for priority, text in typed if text]

    def has_errors(self, clock: ClockKind) -> bool:
        names = [f"pause_{clock}", f"levels_{clock}"]
        names += [each(clock, priority) for priority in Priority for each in (self.target, self.calendar)]
        return any(self[name].errors for name in names)

    def never_for(self, clock: ClockKind, row: LevelRow) -> str:
        """The priorities that a level never comes for, as a page lists them."""
        return ", ".join(label(priority) for priority in self._too_short(clock, row))

    def _too_short(self, clock: ClockKind, row: LevelRow) -> list[Priority]:
        """The priorities whose promise of a clock begins only after the level would come."""
        lengths = self._lengths(clock)
        return [priority for priority, seconds in lengths.items() if seconds < row.seconds_before]

    def _check_levels(self) -> None:
        for clock in CLOCKS:
            levels = self[f"levels_{clock}"]
            for row in levels.rows:
                never = self._too_short(clock, row)
                if never and never == list(self._lengths(clock)):
                    levels.refuse(row, _("It would come before the promise begins: no priority has so much time."))

    def _lengths(self, clock: ClockKind) -> dict[Priority, int]:
        """The seconds promised on a clock; lengths that can't be read are left out."""
        found = {}
        for priority, text in self.promised(clock):
            with suppress(Invalid):
                found[priority] = self._seconds(text, self[self.calendar(clock, priority)].data)
        return found

    def _seconds(self, text: str, calendar_id: int | None) -> int:
        return hours.read_duration(text, self._days.get(calendar_id, hours.DAY))

    @cached_property
    def _days(self) -> dict[int | None, int]:
        """How long a day is, by calendar."""
        return {calendar.id: _day_of(calendar) for calendar in queries.calendars()}

    def _targets(self) -> Iterator[Target]:
        for clock in CLOCKS:
            for priority in Priority:
                name, calendar_id = self.target(clock, priority), self[self.calendar(clock, priority)].data
                text = self[name].data
                if not text:
                    continue
                try:
                    yield Target(priority, clock, self._seconds(text, calendar_id), calendar_id)
                except Invalid as error:
                    self.fail(Invalid(error.sentence, name))


def _day_of(calendar: Any) -> int:
    return hours.day_of(calendar.version.definition) if calendar.version is not None else hours.DAY


def _calendar_choices() -> list[tuple[int, str]]:
    return [(calendar.id, calendar.name) for calendar in queries.calendars() if calendar.version_id is not None]


def _add_clock_fields() -> None:
    """A row of fields for every clock; written out they would be seventy lines of one pattern."""
    for clock in CLOCKS:
        for priority in Priority:
            length = StringField(LazyString(_named, "%s, %s", clock, priority), filters=[stripped])
            setattr(PolicyForm, PolicyForm.target(clock, priority), length)
            hours_of = one_row(LazyString(_named, _l("Calendar of %s, %s"), clock, priority), list)
            setattr(PolicyForm, PolicyForm.calendar(clock, priority), hours_of)
        pauses = several_words(LazyString(_named, _l("%s pauses on"), clock), lambda: PauseCause)
        setattr(PolicyForm, f"pause_{clock}", pauses)
        setattr(PolicyForm, f"levels_{clock}", LevelsField(LazyString(_named, _l("Levels of %s"), clock)))


def _named(pattern: Any, *words: StrEnum) -> str:
    """A field's name in the reader's language, as its error at the top of the page calls it."""
    return str(pattern) % tuple(label(word) for word in words)


_add_clock_fields()
