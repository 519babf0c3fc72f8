"""What a ticket's clocks hear: its history, told apart into its own strand and one for each vendor case.

Everything that a replay needs stands in the events, the frozen terms' ids included, so that what the clocks
show stays a pure function of the history (docs/sla.md, R9).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from helpdesk.database import db
from helpdesk.sla.strands import OWN, Strand
from helpdesk.sla.terms import NOTHING, load_terms
from helpdesk.tickets import history
from helpdesk.tickets.models import Ticket, TicketEvent
from workflows import sla
from workflows.sla_replay import DEAF_STATES
from workflows.vocabulary import EventKind, HoldCause, SlaEvent, SlaParty, State, VendorCaseState

SLA_KINDS = {
    EventKind.CREATED: SlaEvent.CREATE,
    EventKind.CONTACT_WROTE: SlaEvent.CONTACT_MESSAGE,
    EventKind.REPLIED: SlaEvent.PUBLIC_REPLY,
    EventKind.HELD: SlaEvent.HOLD,
    EventKind.RELEASED: SlaEvent.RELEASE,
    EventKind.ASSIGNED: SlaEvent.ASSIGNED,
    EventKind.UNASSIGNED: SlaEvent.ASSIGNED,
    EventKind.TERMS_CHANGED: SlaEvent.TARGETS,
}
"""What the ticket's own clocks hear of; besides these every event that enters a state."""

CASE_KINDS = frozenset(
    {EventKind.VENDOR_NUMBER_RECORDED, EventKind.VENDOR_NOTED, EventKind.VENDOR_CASE_CHANGED},
)
"""What the clocks of a vendor case hear of; besides these the states that the ticket enters."""


class _Line(NamedTuple):
    """An event as it is read: no rows, since a sweep reads thousands."""

    at: datetime
    what: EventKind
    to_state: State | None
    particulars: str


def strands_of(ticket: Ticket) -> tuple[Strand, ...]:
    """The ticket's own strand, then those of its timed vendor cases, with what is yet to be written."""
    return strands_of_many([ticket])[ticket.id]


def strands_of_many(tickets: Sequence[Ticket]) -> dict[int, tuple[Strand, ...]]:
    """{ticket id: its strands}, of any number of tickets by one statement."""
    lines: dict[int, list[_Line]] = {ticket.id: [] for ticket in tickets}
    for ticket_id, at, what, to_state, text in db.session.execute(_HEARD, {"ids": list(lines)}):
        lines[ticket_id].append(_Line(at, what, to_state, text))
    for event in history.unwritten():
        if event.ticket_id in lines and _is_heard(event):
            lines[event.ticket_id].append(_Line(event.at, event.what, event.to_state, event.particulars))
    return {ticket_id: tuple(_strands(heard)) for ticket_id, heard in lines.items()}


_KINDS = sorted({*SLA_KINDS, *CASE_KINDS})
_HEARD = (
    sa.select(TicketEvent.ticket_id, TicketEvent.at, TicketEvent.what, TicketEvent.to_state, TicketEvent.particulars)
    .where(
        TicketEvent.ticket_id.in_(sa.bindparam("ids", expanding=True)),
        sa.or_(TicketEvent.what.in_(_KINDS), TicketEvent.to_state.is_not(None)),
    )
    .order_by(TicketEvent.ticket_id, TicketEvent.seq)
)


def _is_heard(event: TicketEvent) -> bool:
    return event.what in SLA_KINDS or event.what in CASE_KINDS or event.to_state is not None


def _strands(lines: Iterable[_Line]) -> Iterator[Strand]:
    """Tell one ticket's events apart; a case of which nothing was ever promised has no strand."""
    own, cases, state = _Listener(OWN), dict[int, _Listener](), State.INTAKE
    for line in lines:
        if line.what in CASE_KINDS:
            particulars = json.loads(line.particulars)
            case = cases.setdefault(particulars["case"], _Listener(particulars["case"]))
            case.hear_of_case(line, particulars, state)
        elif line.what in SLA_KINDS:
            own.hear(line)
        elif line.to_state is not None:
            state = line.to_state
            for listener in (own, *cases.values()):
                listener.enter(line.at, state)
    yield own.strand()
    yield from (case.strand() for case in cases.values() if case.is_promised)


class _Listener:
    """Collects what the clocks of one strand hear."""

    def __init__(self, case_id: int) -> None:
        self._case_id = case_id
        self._first_terms_id: int | None = None
        self._terms_id: int | None = None
        self._events: list[sla.Event] = []

    @property
    def is_promised(self) -> bool:
        return self._terms_id is not None

    def strand(self) -> Strand:
        assert self._terms_id is not None
        return Strand(self._case_id, self._first_terms_id, self._terms_id, self._events)

    def enter(self, at: datetime, state: State) -> None:
        """A case that the vendor doesn't have yet hears nothing."""
        if self._events:
            self._events.append(sla.Event(at, SlaEvent.STATE, state=state))

    def hear(self, line: _Line) -> None:
        kind, at = SLA_KINDS[line.what], line.at
        match line.what:
            case EventKind.CREATED:
                particulars = json.loads(line.particulars)
                self._begin(particulars["terms"])
                self._events.append(sla.Event(at, kind, by=SlaParty(particulars["by"])))
            case EventKind.HELD:
                cause = HoldCause(json.loads(line.particulars)["cause"])
                self._events.append(sla.Event(at, kind, cause=cause))
            case EventKind.ASSIGNED:
                self._events.append(sla.Event(at, kind, is_assigned=True))
            case EventKind.TERMS_CHANGED:
                self._change_terms(at, json.loads(line.particulars)["terms"])
            case _:
                self._events.append(sla.Event(at, kind))

    def hear_of_case(self, line: _Line, particulars: dict[str, Any], state: State) -> None:
        """The case begins when its number is recorded while it waits to be opened: ``terms`` stand in that event."""
        at = line.at
        if line.what is EventKind.VENDOR_NUMBER_RECORDED:
            if "terms" in particulars and not self._events:
                self._begin(particulars["terms"])
                self._events.append(sla.Event(at, SlaEvent.VENDOR_CASE_OPENED))
                if state in DEAF_STATES:  # nobody waits for the vendor any more
                    self.enter(at, state)
            return
        if not self._events:
            return
        if line.what is EventKind.VENDOR_NOTED:
            self._hear_note(at, is_ours=particulars["is_ours"])
        elif "terms" in particulars:
            self._change_terms(at, particulars["terms"])
        if not particulars.get("is_ours") and "state" in particulars:
            self._events.append(sla.Event(at, SlaEvent.VENDOR_CASE, case=VendorCaseState(particulars["state"])))

    def _hear_note(self, at: datetime, *, is_ours: bool) -> None:
        party = SlaParty.DESK if is_ours else SlaParty.VENDOR
        self._events.append(sla.Event(at, SlaEvent.VENDOR_NOTE, by=party))

    def _begin(self, terms_id: int | None) -> None:
        self._first_terms_id = self._terms_id = terms_id

    def _change_terms(self, at: datetime, terms_id: int | None) -> None:
        terms = load_terms(terms_id).whole if terms_id is not None else NOTHING
        self._events.append(sla.Event(at, SlaEvent.TARGETS, policy=terms))
        self._terms_id = terms_id if terms_id is not None else self._terms_id
