"""What is promised: targets, calendars, pause causes and warning levels, read and checked.

A ``Policy`` holds the terms of every clock at one moment; a ``targets`` or ``calendar`` event gives
a new one. ``ClockTerms`` are those of a single clock. Nothing here knows of tickets or of time.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, NamedTuple, Self, TypeVar

from workflows.business_time import BusinessCalendar
from workflows.vocabulary import ClockChange, ClockKind, PauseCause

Word = TypeVar("Word", bound=StrEnum)
Calendars = BusinessCalendar | Mapping[str, Any]

# The last column of the table in docs/sla.md: what pauses a clock if the policy says nothing of it.
_CUSTOMER = frozenset({PauseCause.CUSTOMER})
DEFAULT_PAUSE_ON: Mapping[ClockKind, frozenset[PauseCause]] = {
    ClockKind.PERIODIC_UPDATE: _CUSTOMER,
    ClockKind.INTAKE: _CUSTOMER,
    ClockKind.DIAGNOSIS: _CUSTOMER,
    ClockKind.PARTNER_RESOLUTION: _CUSTOMER,
    ClockKind.RESOLUTION: _CUSTOMER,
}
_NOTHING: frozenset[PauseCause] = frozenset()


class InvalidSla(ValueError):
    """A policy or an event that makes no sense; ``code`` for programs, ``str(error)`` for people."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


class Due(NamedTuple):
    """What happens to a clock by mere passing of time, once more than ``threshold`` seconds have elapsed."""

    threshold: int
    rank: int  # of things due at one moment: warning, breach, ladder
    level: int
    what: ClockChange


class Level(NamedTuple):
    """A warning before the deadline, or a step of the ladder after it. Exactly one measure is set."""

    number: int
    percent: int | None
    minutes_before: int | None
    minutes_after: int | None

    def due(self, target: int) -> Due:
        """Return when this level is due for a target in seconds; per cent rounds up (docs/sla.md, R7)."""
        if self.minutes_after is not None:
            return Due(target + 60 * self.minutes_after, 2, self.number, ClockChange.LADDERED)
        if self.percent is not None:
            return Due(-(-target * self.percent // 100), 0, self.number, ClockChange.WARNED)
        return Due(target - 60 * (self.minutes_before or 0), 0, self.number, ClockChange.WARNED)


class ClockTerms(NamedTuple):
    """The terms of one clock. ``target`` in business seconds; None promises nothing."""

    target: int | None
    calendar: BusinessCalendar | None
    pause_on: frozenset[PauseCause]
    levels: tuple[Level, ...]


class TermsChange(NamedTuple):
    """What a ``targets`` event merges into the policy in force."""

    targets: dict[ClockKind, int | None]
    pause_on: dict[ClockKind, frozenset[PauseCause]]
    levels: dict[ClockKind, tuple[Level, ...]]


@dataclass(frozen=True, slots=True)
class Policy:
    """The terms of all clocks at one moment. Build it once with ``of`` and pass it to many calls."""

    change: TermsChange
    calendars: Mapping[ClockKind, BusinessCalendar]
    calendar: BusinessCalendar | None  # of the kinds that ``calendars`` does not name

    @classmethod
    def of(cls, policy: Mapping[str, Any], calendar: Calendars) -> Self:
        """Read {"targets": {kind: seconds or None}, "pause_on": {kind: [cause]}, "levels": {kind: [level]}}.

        ``calendar`` is one BusinessCalendar or {kind: BusinessCalendar}. Raises InvalidSla.
        """
        change = read_change(policy)
        if isinstance(calendar, BusinessCalendar):
            return cls(change, {}, calendar)
        if not isinstance(calendar, Mapping):
            raise InvalidSla("invalid_calendar", f"A calendar is a BusinessCalendar, not {calendar!r}.")
        if "timezone" in calendar:
            return cls(change, {}, read_calendar(calendar))
        by_kind = {read_kind(kind): read_calendar(value) for kind, value in calendar.items()}
        return cls(change, by_kind, None)._checked()

    def merged(self, change: TermsChange) -> Self:
        """Return the policy with a ``targets`` event merged in; None removes a target."""
        old = self.change
        merged = TermsChange(
            {**old.targets, **change.targets},
            {**old.pause_on, **change.pause_on},
            {**old.levels, **change.levels},
        )
        return replace(self, change=merged)._checked()

    def on_calendar(self, calendar: BusinessCalendar, kinds: Iterable[ClockKind] | None) -> Self:
        """Return the policy with another calendar for ``kinds``, for all of them if None."""
        if kinds is None:
            return replace(self, calendars={}, calendar=calendar)
        return replace(self, calendars={**self.calendars, **dict.fromkeys(kinds, calendar)})

    def terms(self, kind: ClockKind) -> ClockTerms:
        targets, pause_on, levels = self.change
        causes = pause_on.get(kind)
        return ClockTerms(
            targets.get(kind),
            self.calendars.get(kind, self.calendar),
            DEFAULT_PAUSE_ON.get(kind, _NOTHING) if causes is None else causes,
            levels.get(kind, ()),
        )

    def _checked(self) -> Self:
        if self.calendar is None:
            for kind, target in self.change.targets.items():
                if target is not None and kind not in self.calendars:
                    raise InvalidSla("no_calendar", f"The clock {kind} has a target but no calendar.")
        return self


def read_change(policy: object) -> TermsChange:
    """Read the targets, pause causes and levels of a policy or of a ``targets`` event."""
    if not isinstance(policy, Mapping):
        raise InvalidSla("invalid_policy", f"A policy is a mapping, not {policy!r}.")
    return TermsChange(
        {read_kind(kind): _target(kind, value) for kind, value in _part(policy, "targets")},
        {read_kind(kind): _causes(value) for kind, value in _part(policy, "pause_on")},
        {read_kind(kind): _levels(value) for kind, value in _part(policy, "levels")},
    )


def read_calendar(value: object) -> BusinessCalendar:
    """Return a BusinessCalendar, or build one from its constructor's mapping."""
    if isinstance(value, BusinessCalendar):
        return value
    if not isinstance(value, Mapping):
        raise InvalidSla("invalid_calendar", f"A calendar is a BusinessCalendar or a mapping, not {value!r}.")
    return BusinessCalendar.of(value)  # kept, so that replaying a ticket again builds nothing


def read_kind(value: object) -> ClockKind:
    return read_word(ClockKind, value, "clock_kind", "clock")


def read_word(words: type[Word], value: object, code: str, noun: str) -> Word:
    """Return the member of ``words`` that ``value`` spells; raise InvalidSla(``unknown_<code>``) if none."""
    try:
        return words(value)  # type: ignore[arg-type]  # anything may be asked, a stranger is refused
    except ValueError:
        raise InvalidSla(f"unknown_{code}", f"There is no {noun} {value!r}.") from None


def _part(policy: Mapping[str, Any], name: str) -> Iterable[tuple[object, object]]:
    part = policy.get(name)
    if part is None:
        return ()
    if not isinstance(part, Mapping):
        raise InvalidSla("invalid_policy", f"The {name} of a policy go by clock, not {part!r}.")
    return part.items()


def _target(kind: object, value: object) -> int | None:
    if value is None:
        return None
    if type(value) is not int or value <= 0:
        raise InvalidSla("invalid_target", f"A target of {kind} is whole seconds above zero, not {value!r}.")
    return value


def _causes(value: object) -> frozenset[PauseCause]:
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise InvalidSla("invalid_policy", f"Pause causes come as a list, not {value!r}.")
    return frozenset(read_word(PauseCause, cause, "cause", "pause cause") for cause in value)


def _levels(value: object) -> tuple[Level, ...]:
    if value is None:
        return ()
    if isinstance(value, str | Mapping) or not isinstance(value, Iterable):
        raise InvalidSla("invalid_level", f"Levels come as a list, not {value!r}.")
    levels = tuple(read_level(each) for each in value if not is_breach(each))
    if len({level.number for level in levels}) < len(levels):
        raise InvalidSla("invalid_level", "Two levels of one clock have the same number.")
    return levels


def is_breach(level: object) -> bool:
    """Whether it says what happens at the breach (level 0), whose moment the target gives."""
    return isinstance(level, Mapping) and type(level.get("level")) is int and level["level"] == 0


def read_level(value: object) -> Level:
    """Read {"level": n} with percent, minutes_before or minutes_after; other keys are the ladder's own.

    Raises InvalidSla.
    """
    if not isinstance(value, Mapping):
        raise InvalidSla("invalid_level", f"A level is a mapping, not {value!r}.")
    measures = [value.get(name) for name in ("percent", "minutes_before", "minutes_after")]
    numbers = [value.get("level"), *(measure for measure in measures if measure is not None)]
    if len(numbers) != 2 or any(type(number) is not int or number <= 0 for number in numbers):
        raise InvalidSla(
            "invalid_level",
            "A level has a number above zero and one of percent, minutes_before and minutes_after, "
            f"whole and above zero: not {dict(value)!r}.",
        )
    level = Level(value["level"], *measures)
    if level.percent is not None and level.percent > 100:
        raise InvalidSla("invalid_level", f"A warning comes by the deadline, not at {level.percent} per cent.")
    return level
