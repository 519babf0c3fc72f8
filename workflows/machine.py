"""Which moves a ticket has, and taking one of them.

``transitions`` keeps the table and walks it; its traps stay in here. No model is ever registered with the
machine (it would be kept for ever): a ``_Token`` lives for one question. There are no callbacks, since an
effect in one would happen before the commit, unseen by the reader. Building a machine costs a third of a
millisecond, so there is one per kind for the life of the process; it holds no state of its own and may be
shared by threads.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from transitions import Machine

from workflows import billing, technical
from workflows.asks import Ask
from workflows.facts import N_, Facts, Reason, Reasons
from workflows.table import Row, Table, cells
from workflows.vocabulary import CHANNEL_OF_TRIGGER, EventKind, Kind, State, Trigger

EVENT_OF: Final[Mapping[Trigger, EventKind]] = MappingProxyType(
    {
        Trigger.START_DIAGNOSIS: EventKind.DIAGNOSIS_STARTED,
        Trigger.TURN_AWAY: EventKind.TURNED_AWAY,
        Trigger.START_RESOLUTION: EventKind.RESOLUTION_STARTED,
        Trigger.ESCALATE_TO_COMMERCIAL: EventKind.ESCALATED,
        Trigger.ESCALATE_TO_PREMIER: EventKind.ESCALATED,
        Trigger.ESCALATE_TO_ADVANCED: EventKind.ESCALATED,
        Trigger.ESCALATE_TO_SIGNATURE: EventKind.ESCALATED,
        Trigger.RETURN_TO_PARTNER: EventKind.RETURNED_TO_PARTNER,
        Trigger.RESOLVE: EventKind.RESOLVED,
        Trigger.CLOSE: EventKind.CLOSED,
        Trigger.REOPEN: EventKind.REOPENED,
        Trigger.WITHDRAW: EventKind.WITHDRAWN,
        Trigger.MERGE: EventKind.MERGED,
    }
)
KEEPS_HOLD: Final = frozenset(CHANNEL_OF_TRIGGER) | {Trigger.RETURN_TO_PARTNER}


@dataclass(frozen=True, slots=True)
class Move:
    """One way out of a state: open, or closed because of ``reasons``; ``asks`` is what its form collects."""

    trigger: Trigger
    target: State
    is_open: bool
    reasons: Reasons
    asks: tuple[Ask, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """A move that was taken: what to write down."""

    trigger: Trigger
    source: State
    target: State
    event: EventKind
    ends_hold: bool


class Refused(Exception):
    """The move may not be made; ``reasons`` are all of them, never only the first."""

    def __init__(self, trigger: str, state: State, reasons: Reasons) -> None:
        super().__init__(trigger, state, reasons)
        self.trigger = trigger
        self.state = state
        self.reasons = reasons

    def __str__(self) -> str:
        return f"{self.trigger} refused in {self.state}: " + " ".join(map(str, self.reasons))


class _Token:
    """Stands for the ticket while the machine is asked one question."""

    def __init__(self, state: State) -> None:
        self.state: str = state.value


class Workflow:
    """The way of one kind of ticket, as its table says."""

    def __init__(self, kind: Kind, table: Table) -> None:
        self.kind = kind
        self.table = table
        self._rows: dict[tuple[State, Trigger], Row] = {(s, t): row for s, t, row in cells(table)}
        self.states = tuple(
            state for state in State if any(state in row.sources or state is row.target for row in table)
        )
        self.triggers = tuple(dict.fromkeys(row.trigger for row in table))
        # Values, not members: given members, states would be known by their upper-case names.
        self._machine = Machine(
            model=None,
            states=[state.value for state in self.states],
            initial=None,
            transitions=[
                {
                    "trigger": trigger.value,
                    "source": source.value,
                    "dest": row.target.value,
                    "conditions": lambda facts, row=row: not (row.unmet(facts) or row.missing(facts)),
                }
                for source, trigger, row in cells(table)
            ],
            auto_transitions=False,
            queued=False,
        )

    def allowed(self, state: State, facts: Facts) -> tuple[Move, ...]:
        """Every move that leaves ``state``, in the table's order; the closed ones say why.

        Particulars are still to be asked for, so they close nothing here.
        """
        return tuple(
            self._move(self._rows[state, Trigger(trigger)], facts)
            for trigger in self._machine.get_triggers(state.value)
        )

    def take(self, state: State, trigger: str, facts: Facts) -> Step:
        """The step that ``trigger`` makes from ``state``.

        Raises ``Refused`` with every reason: unmet guards, missing particulars (each with its field), a
        state that the move doesn't leave, or a word that is no move of this kind of ticket.
        """
        row = self._row(state, trigger)
        if row is None:
            raise Refused(trigger, state, (self._no_way(state, trigger),))
        token = _Token(state)
        if not self._machine.events[row.trigger.value].trigger(token, facts):
            raise Refused(trigger, state, row.unmet(facts) + row.missing(facts))
        return Step(row.trigger, state, State(token.state), EVENT_OF[row.trigger], row.trigger not in KEEPS_HOLD)

    def _move(self, row: Row, facts: Facts) -> Move:
        reasons = row.unmet(facts)
        return Move(row.trigger, row.target, not reasons, reasons, row.asked(facts))

    def _row(self, state: State, trigger: str) -> Row | None:
        return self._rows.get((state, Trigger(trigger))) if trigger in self.triggers else None

    def _no_way(self, state: State, trigger: str) -> Reason:
        if trigger not in self.triggers:
            unknown = N_("A %(kind)s ticket has no move of that name.")
            return Reason("no_such_move", unknown, {"kind": self.kind})
        wrong = N_("This can't be done with a ticket in the state %(state)s.")
        return Reason("wrong_state", wrong, {"state": state})


WORKFLOWS: Final[Mapping[Kind, Workflow]] = MappingProxyType(
    {
        Kind.BILLING: Workflow(Kind.BILLING, billing.TABLE),
        Kind.TECHNICAL: Workflow(Kind.TECHNICAL, technical.TABLE),
    }
)


def workflow_for(kind: Kind) -> Workflow:
    """The workflow of a kind of ticket; one object per kind for the life of the process."""
    return WORKFLOWS[kind]


def may_change_kind(state: State) -> bool:
    """Whether a misfiled ticket may still change its kind; the other workflow's same state takes over."""
    return state in {State.INTAKE, State.DIAGNOSIS}
