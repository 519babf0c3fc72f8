"""One row of a workflow's table."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from workflows.asks import Ask
from workflows.facts import Facts, Reasons
from workflows.guards import Guard, may_ask
from workflows.vocabulary import ActorKind, State, Trigger

DESK: Final = frozenset({ActorKind.STAFF})
DESK_OR_LADDER: Final = frozenset({ActorKind.STAFF, ActorKind.SCHEDULER})
ANY_PERSON: Final = frozenset({ActorKind.STAFF, ActorKind.CONTACT})
ANYBODY: Final = frozenset(ActorKind)
CONTACT_OR_TIME: Final = frozenset({ActorKind.CONTACT, ActorKind.SCHEDULER})


@dataclass(frozen=True, slots=True)
class Row:
    """From any of ``sources`` the ``trigger`` leads to ``target``.

    ``guards`` must hold before the move is offered; ``asks`` are collected by the move's own form;
    ``who`` may ask for it.
    """

    sources: tuple[State, ...]
    trigger: Trigger
    target: State
    who: frozenset[ActorKind]
    guards: tuple[Guard, ...] = ()
    asks: tuple[Ask, ...] = ()

    def unmet(self, facts: Facts) -> Reasons:
        """Why the move is not offered: everything but the particulars."""
        met_by_guards = tuple(reason for guard in self.guards for reason in guard.unmet(facts))
        return may_ask(self.who, facts) + met_by_guards

    def asked(self, facts: Facts) -> tuple[Ask, ...]:
        """The fields that the move's form must show for this ticket."""
        return tuple(ask for ask in self.asks if ask.is_needed(facts))

    def missing(self, facts: Facts) -> Reasons:
        """What is wrong with the particulars, each at its field."""
        return tuple(reason for ask in self.asked(facts) for reason in ask.unmet(facts))


Table = tuple[Row, ...]


def cells(table: Table) -> Iterator[tuple[State, Trigger, Row]]:
    """Every filled cell of a table: one for each source of each row."""
    for row in table:
        for source in row.sources:
            yield source, row.trigger, row
