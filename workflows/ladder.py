"""The ladder: whom each level before, at and after a deadline tells, and what it does (docs/workflow.md).

Read from the levels that a policy keeps for a clock as JSON. ``workflows.sla_terms`` reads the same list for
its moments; who hears and what happens changes no moment, so the clocks never look here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, TypeVar

from workflows.sla_terms import InvalidSla, is_breach, read_level
from workflows.vocabulary import LadderAct, LadderRole

Word = TypeVar("Word", bound=StrEnum)

BREACH: Final = 0
"""The level of the breach itself."""

TO_WARN: Final = frozenset({LadderRole.ASSIGNEE})
TO_BREACH: Final = frozenset({LadderRole.ASSIGNEE, LadderRole.LEAD, LadderRole.MANAGER})
"""Whom a level tells that doesn't say. Where nobody has the ticket its lead stands in for the assignee."""


class InvalidLadder(InvalidSla):
    """A level that can't be climbed; ``code`` for programs, ``str(error)`` for people."""


@dataclass(frozen=True, slots=True)
class Rung:
    """One level of a clock. Of the measures exactly one is set, none of them for the breach.

    ``percent`` of the target, ``minutes_before`` and ``minutes_after`` the deadline, in open minutes.
    """

    level: int
    percent: int | None = None
    minutes_before: int | None = None
    minutes_after: int | None = None
    to: frozenset[LadderRole] = TO_WARN
    is_urgent: bool = False
    act: LadderAct | None = None

    @property
    def is_breach(self) -> bool:
        return self.level == BREACH

    @property
    def is_warning(self) -> bool:
        return not self.is_breach and self.minutes_after is None

    def stored(self) -> dict[str, Any]:
        """The level as a policy keeps it, spelled out; ``rungs`` reads it back to the same rung."""
        measures = {name: getattr(self, name) for name in ("percent", "minutes_before", "minutes_after")}
        return {
            "level": self.level,
            **{name: measure for name, measure in measures.items() if measure is not None},
            "to": sorted(self.to),
            "is_urgent": self.is_urgent,
            **({"act": self.act.value} if self.act is not None else {}),
        }


def rungs(levels: Sequence[Mapping[str, Any]] | None) -> tuple[Rung, ...]:
    """Read {"level", percent | minutes_before | minutes_after, "to": [role], "is_urgent", "act"}.

    The breach is always among them, at its defaults when ``levels`` doesn't name it. In the order they come
    due for a long target: warnings by per cent and then by minutes left, the breach, what comes after. Raises
    InvalidLadder, and InvalidSla for a measure that makes no sense.
    """
    if isinstance(levels, str | Mapping) or not isinstance(levels or (), Iterable):
        raise InvalidLadder("invalid_level", f"Levels come as a list, not {levels!r}.")
    found = [_rung(level) for level in levels or ()]
    if len({rung.level for rung in found}) < len(found):
        raise InvalidLadder("invalid_level", "Two levels of one clock have the same number.")
    if not any(rung.is_breach for rung in found):
        found.append(Rung(BREACH, to=TO_BREACH))
    return tuple(sorted(found, key=_place))


def rung_of(levels: Sequence[Mapping[str, Any]] | None, level: int) -> Rung | None:
    """The rung of that number, None where the levels have none."""
    return next((rung for rung in rungs(levels) if rung.level == level), None)


def _rung(value: Any) -> Rung:
    breach = is_breach(value)
    if breach:
        percent, before, after = None, None, None
        if any(value.get(name) is not None for name in ("percent", "minutes_before", "minutes_after")):
            raise InvalidLadder("invalid_level", "The breach has no moment of its own: it comes with the deadline.")
    else:
        _number, percent, before, after = read_level(value)
    is_warning = not breach and after is None
    return Rung(
        level=value["level"],
        percent=percent,
        minutes_before=before,
        minutes_after=after,
        to=_roles(value.get("to"), TO_WARN if is_warning else TO_BREACH),
        is_urgent=_flag(value.get("is_urgent", False)),
        act=_word(LadderAct, value["act"], "act") if value.get("act") is not None else None,
    )


def _roles(value: Any, default: frozenset[LadderRole]) -> frozenset[LadderRole]:
    if value is None:
        return default
    if isinstance(value, str | Mapping) or not isinstance(value, Iterable):
        raise InvalidLadder("invalid_roles", f"Whom a level tells comes as a list, not {value!r}.")
    return frozenset(_word(LadderRole, role, "role") for role in value)


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise InvalidLadder("invalid_urgency", f"A level is urgent or it isn’t: true or false, not {value!r}.")
    return value


def _word(words: type[Word], value: Any, noun: str) -> Word:
    try:
        return words(value)
    except ValueError:
        raise InvalidLadder(f"unknown_{noun}", f"A ladder knows no {noun} {value!r}.") from None


def _place(rung: Rung) -> tuple[int, int]:
    if rung.is_breach:
        return 2, 0
    if rung.minutes_after is not None:
        return 3, rung.minutes_after
    return (0, rung.percent) if rung.percent is not None else (1, -(rung.minutes_before or 0))
