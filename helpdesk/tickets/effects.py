"""What new terms would do to a ticket's promises: the same history replayed under the old and the new, compared.

Nothing here is written, and nothing but the history is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from helpdesk.sla.strands import Strand
from helpdesk.sla.terms import FrozenTerms
from workflows import sla
from workflows.vocabulary import ClockChange, ClockKind, RevisionEffect, SlaEvent

MOST_EXAMPLES = 20
_RANK = {effect: rank for rank, effect in enumerate(RevisionEffect)}


class ClockEffect(NamedTuple):
    """One promise before and after. Deadlines are None while it is paused or nothing is promised.

    While it is paused, and only then, the seconds that it has left stand in for its deadline.
    """

    kind: ClockKind
    effect: RevisionEffect
    before: datetime | None
    after: datetime | None
    left_before: int | None
    left_after: int | None


def effects_of(strand: Strand, terms: FrozenTerms, now: datetime) -> list[ClockEffect]:
    """What every unmet clock of a ticket's own strand would do if ``terms`` came in force at ``now``."""
    before = _unmet(strand, now)
    change = sla.Event(now, SlaEvent.TARGETS, policy=terms.whole)
    after = _unmet(strand._replace(events=[*strand.events, change]), now)
    kinds = [kind for kind in ClockKind if kind in before or kind in after]
    return [_effect(kind, before.get(kind), after.get(kind)) for kind in kinds]


def _unmet(strand: Strand, now: datetime) -> dict[ClockKind, sla.Cycle]:
    return {cycle.kind: cycle for cycle, is_latest in strand.cycles(now) if is_latest and cycle.ended_at is None}


def _effect(kind: ClockKind, before: sla.Cycle | None, after: sla.Cycle | None) -> ClockEffect:
    was, is_ = _deadline(before), _deadline(after)
    return ClockEffect(kind, _told(before, after), was, is_, _left(before), _left(after))


def _deadline(cycle: sla.Cycle | None) -> datetime | None:
    return cycle.deadline if cycle is not None and cycle.target_seconds is not None else None


def _left(cycle: sla.Cycle | None) -> int | None:
    return cycle.remaining_seconds if cycle is not None and cycle.deadline is None else None


def _told(before: sla.Cycle | None, after: sla.Cycle | None) -> RevisionEffect:
    had, has = _is_promised(before), _is_promised(after)
    if not had and not has:
        return RevisionEffect.SAME
    if _breaches(after) > _breaches(before):
        return RevisionEffect.BREACHES
    if had != has:
        return RevisionEffect.PROMISED if has else RevisionEffect.UNPROMISED
    assert before is not None
    assert after is not None
    return _moved(before, after)


def _is_promised(cycle: sla.Cycle | None) -> bool:
    return cycle is not None and cycle.target_seconds is not None


def _breaches(cycle: sla.Cycle | None) -> int:
    return sum(change.what is ClockChange.BREACHED for change in cycle.changes) if cycle is not None else 0


def _moved(before: sla.Cycle, after: sla.Cycle) -> RevisionEffect:
    """By the deadline; by the seconds left while both stand still; one that goes on again comes earlier."""
    if before.deadline is not None and after.deadline is not None:
        was, is_ = before.deadline.timestamp(), after.deadline.timestamp()
    elif before.deadline is None and after.deadline is None:
        was, is_ = float(before.remaining_seconds or 0), float(after.remaining_seconds or 0)
    else:
        return RevisionEffect.EARLIER if before.deadline is None else RevisionEffect.LATER
    if was == is_:
        return RevisionEffect.SAME
    return RevisionEffect.EARLIER if is_ < was else RevisionEffect.LATER


# counting ---------------------------------------------------------------------------------------------


def effect_on_ticket(effects: Iterable[ClockEffect]) -> RevisionEffect:
    """Of what happens to its promises that which people would hear of first."""
    return min((each.effect for each in effects), key=_RANK.__getitem__, default=RevisionEffect.SAME)


@dataclass
class Counts:
    """How many tickets and promises a change touches, and how; a few of them as examples.

    ``as_json``: {"tickets": {effect: n}, "clocks": {clock: {effect: n}}, "examples": [{"ticket", "effect",
    "clocks": [[clock, effect, before, after, left_before, left_after]]}]}, moments as ISO 8601 or None.
    """

    tickets: dict[str, int] = field(default_factory=dict)
    clocks: dict[str, dict[str, int]] = field(default_factory=dict)
    examples: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Counts:
        clocks = {clock: dict(effects) for clock, effects in kept.get("clocks", {}).items()}
        return cls(dict(kept.get("tickets", {})), clocks, list(kept.get("examples", [])))

    def as_json(self) -> dict[str, Any]:
        return {"tickets": self.tickets, "clocks": self.clocks, "examples": self.examples}

    @property
    def changed(self) -> int:
        """Tickets that are promised something else; one that keeps its deadlines is told apart."""
        return sum(self.tickets.values()) - self.kept

    @property
    def kept(self) -> int:
        return self.tickets.get(RevisionEffect.SAME, 0)

    def add(self, ticket_id: int, effects: Sequence[ClockEffect]) -> None:
        """Count one ticket whose terms would change."""
        effect = effect_on_ticket(effects)
        self.take_in(Counts({effect: 1}, {}, [_example(ticket_id, effect, effects)]))
        for each in effects:
            self.take_in(Counts(clocks={each.kind: {each.effect: 1}}))

    def take_in(self, more: Counts) -> None:
        """Add what was counted elsewhere; of the examples those that tell most are kept."""
        _add_up(self.tickets, more.tickets)
        for clock, effects in more.clocks.items():
            _add_up(self.clocks.setdefault(clock, {}), effects)
        self.examples += more.examples
        self.examples.sort(key=lambda example: (_RANK[RevisionEffect(example["effect"])], example["ticket"]))
        del self.examples[MOST_EXAMPLES:]


def _add_up(sums: dict[str, int], more: Mapping[str, int]) -> None:
    for name, count in more.items():
        sums[name] = sums.get(name, 0) + count


def _example(ticket_id: int, effect: RevisionEffect, effects: Iterable[ClockEffect]) -> dict[str, Any]:
    clocks = [
        [each.kind, each.effect, _written(each.before), _written(each.after), each.left_before, each.left_after]
        for each in effects
        if each.effect is not RevisionEffect.SAME
    ]
    return {"ticket": ticket_id, "effect": effect, "clocks": clocks}


def _written(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None
