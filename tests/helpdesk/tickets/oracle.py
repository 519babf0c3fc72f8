"""What the database should say of some tickets' clocks, worked out from their histories alone.

It reads the rows of ``ticket_event`` and ``sla_terms`` and nothing the product keeps of the clocks, translates
them by a table of its own and asks the pure replay. So an error in the product's translation, storing or
projecting shows as a difference.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, NamedTuple

import sqlalchemy as sa
from flask import current_app

from helpdesk.database import db
from helpdesk.sla.models import Breach, BreachToReview, CalendarVersion, ClockEvent, SlaClock, SlaTerms
from helpdesk.tickets.models import Ticket, TicketEvent
from workflows import sla
from workflows.business_time import BusinessCalendar
from workflows.vocabulary import (
    ClockChange,
    ClockKind,
    ClockState,
    EventKind,
    HoldCause,
    SlaEvent,
    SlaParty,
    State,
    VendorCaseState,
)

Key = tuple[ClockKind, int, int]  # kind, vendor case or 0, cycle
UNMET = (ClockState.RUNNING, ClockState.PAUSED)
FAR = datetime.fromisoformat("9999-12-31T00:00:00+00:00")


# what should be -----------------------------------------------------------------------------------------------


class Strand(NamedTuple):
    """What the clocks of a ticket, or of one of its vendor cases, heard; ``first`` were its terms at first."""

    first: sla.Policy
    events: list[sla.Event]


@dataclass(frozen=True)
class Truth:
    """One ticket at ``at`` (aware UTC), by its history: the ticket's own strand is that of case 0."""

    strands: dict[int, Strand]
    at: datetime

    @cached_property
    def cycles(self) -> dict[Key, sla.Cycle]:
        return {
            (kind, case_id, cycle.number): cycle
            for case_id, strand in self.strands.items()
            for kind, found in sla.replay(strand.first, {}, strand.events, self.at).items()
            for cycle in found
        }

    def ledger(self) -> sla.Ledger:
        own = self.strands[0]
        return sla.ledger(own.events, own.first.terms(ClockKind.RESOLUTION).calendar or ANY_HOURS, self.at)


ANY_HOURS = BusinessCalendar(timezone="Europe/Budapest", week={"mon": [("09:00", "17:00")]})


def truth_of(number: int, rows: Sequence[TicketEvent], at: datetime) -> Truth:
    """``rows`` are the ticket's whole history in order."""
    assert rows[0].what is EventKind.CREATED, f"the history of {number} begins with {rows[0].what}"
    strands = {0: Strand(policy_of(_said(rows[0])["terms"]), [])}
    for row in rows:
        strands[0].events.extend(_heard(row))
        if row.what in OF_CASES:
            _hear_case(strands, row, _state_at(rows, row.seq))
        elif row.what is not EventKind.CREATED and row.to_state is not None:
            for case_id in strands.keys() - {0}:
                strands[case_id].events.append(sla.Event(row.at, SlaEvent.STATE, state=row.to_state))
    return Truth(strands, max(at, rows[-1].at))


OF_CASES = (EventKind.VENDOR_NUMBER_RECORDED, EventKind.VENDOR_NOTED, EventKind.VENDOR_CASE_CHANGED)
ENDED = (State.CLOSED, State.TURNED_AWAY, State.MERGED)


def _said(row: TicketEvent) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(row.particulars)
    return said


def _state_at(rows: Sequence[TicketEvent], seq: int) -> State:
    return [row.to_state for row in rows if row.seq < seq and row.to_state is not None][-1]


def _hear_case(strands: dict[int, Strand], row: TicketEvent, state: State) -> None:
    """A case begins with its number, under the terms that stand beside it, None where nothing is promised."""
    at, said = row.at, _said(row)
    if row.what is EventKind.VENDOR_NUMBER_RECORDED and "terms" in said and said["case"] not in strands:
        begun = [sla.Event(at, SlaEvent.VENDOR_CASE_OPENED)]
        if state in ENDED:
            begun.append(sla.Event(at, SlaEvent.STATE, state=state))
        strands[said["case"]] = Strand(policy_of(said["terms"]), begun)
    elif said["case"] in strands:
        events = strands[said["case"]].events
        if row.what is EventKind.VENDOR_NOTED:
            events.append(sla.Event(at, SlaEvent.VENDOR_NOTE, by=SlaParty.DESK if said["is_ours"] else SlaParty.VENDOR))
        elif "terms" in said:
            events.append(sla.Event(at, SlaEvent.TARGETS, policy=policy_of(said["terms"])))
        if said.get("state") and not said.get("is_ours"):
            events.append(sla.Event(at, SlaEvent.VENDOR_CASE, case=VendorCaseState(said["state"])))


def _heard(row: TicketEvent) -> list[sla.Event]:
    """A row of the history in the words of docs/sla.md; most rows say nothing to a clock."""
    at, said = row.at, _said(row)
    match row.what:
        case EventKind.CREATED:
            return [sla.Event(at, SlaEvent.CREATE, by=SlaParty(said["by"]))]
        case EventKind.CONTACT_WROTE:
            return [sla.Event(at, SlaEvent.CONTACT_MESSAGE)]
        case EventKind.REPLIED:
            return [sla.Event(at, SlaEvent.PUBLIC_REPLY)]
        case EventKind.NOTED:
            return [sla.Event(at, SlaEvent.INTERNAL_NOTE)]
        case EventKind.HELD:
            return [sla.Event(at, SlaEvent.HOLD, cause=HoldCause(said["cause"]))]
        case EventKind.RELEASED:
            return [sla.Event(at, SlaEvent.RELEASE)]
        case EventKind.ASSIGNED | EventKind.UNASSIGNED:
            return [sla.Event(at, SlaEvent.ASSIGNED, is_assigned=row.what is EventKind.ASSIGNED)]
        case EventKind.TERMS_CHANGED:
            return [sla.Event(at, SlaEvent.TARGETS, policy=policy_of(said["terms"]))]
    return [sla.Event(at, SlaEvent.STATE, state=row.to_state)] if row.to_state is not None else []


def policy_of(terms_id: int | None) -> sla.Policy:
    """The frozen terms, read from their row; None promises nothing."""
    if terms_id is None:
        return sla.Policy.of({}, {})
    known: dict[int, sla.Policy] = current_app.extensions.setdefault("oracle", {})  # rows never change, tests' apps do
    if terms_id not in known:
        said = db.session.scalars(sa.select(SlaTerms.content).where(SlaTerms.id == terms_id)).one()
        calendars = {clock: _calendar(version_id) for clock, version_id in said["calendars"].items()}
        known[terms_id] = sla.Policy.of({part: said[part] for part in ("targets", "pause_on", "levels")}, calendars)
    return known[terms_id]


def _calendar(version_id: int) -> BusinessCalendar:
    definition = db.session.scalars(sa.select(CalendarVersion.definition).where(CalendarVersion.id == version_id)).one()
    return BusinessCalendar.from_mapping(definition)


# what is stored -----------------------------------------------------------------------------------------------


class Line(NamedTuple):
    """One row of ``clock_event``."""

    change: ClockChange
    level: int
    at: datetime
    cause: str | None
    due_at: datetime | None


@dataclass(frozen=True)
class Stored:
    """Everything the database holds of one ticket's promises."""

    ticket: Ticket
    history: list[TicketEvent]
    clocks: dict[Key, SlaClock]
    lines: dict[int, list[ClockEvent]]  # by clock, in order
    breaches: dict[int, Breach]  # by id

    @property
    def breached(self) -> dict[int, tuple[Any, ...]]:
        """Every column of every breach, to see that none ever changes."""
        columns = [column.key for column in Breach.__table__.columns]
        return {key: tuple(getattr(breach, name) for name in columns) for key, breach in self.breaches.items()}


def stored_of(numbers: Iterable[int]) -> dict[int, Stored]:
    """Freshly read, five statements however many tickets."""
    db.session.rollback()
    db.session.expunge_all()
    wanted = list(numbers)
    tickets = {row.id: row for row in db.session.scalars(sa.select(Ticket).where(Ticket.id.in_(wanted)))}
    found = {number: Stored(tickets[number], [], {}, {}, {}) for number in wanted}
    events = sa.select(TicketEvent).where(TicketEvent.ticket_id.in_(wanted))
    for event in db.session.scalars(events.order_by(TicketEvent.ticket_id, TicketEvent.seq)):
        found[event.ticket_id].history.append(event)
    owner: dict[int, int] = {}
    for clock in db.session.scalars(sa.select(SlaClock).where(SlaClock.ticket_id.in_(wanted)).order_by(SlaClock.id)):
        found[clock.ticket_id].clocks[clock.kind, clock.case_id, clock.cycle] = clock
        owner[clock.id] = clock.ticket_id
    lines = sa.select(ClockEvent).join(SlaClock, SlaClock.id == ClockEvent.clock_id)
    lines = lines.where(SlaClock.ticket_id.in_(wanted))
    for line in db.session.scalars(lines.order_by(ClockEvent.clock_id, ClockEvent.position)):
        found[owner[line.clock_id]].lines.setdefault(line.clock_id, []).append(line)
    for breach in db.session.scalars(sa.select(Breach).where(Breach.ticket_id.in_(wanted))):
        found[breach.ticket_id].breaches[breach.id] = breach
    return found


# comparing ----------------------------------------------------------------------------------------------------


def assert_true(numbers: Iterable[int], at: datetime) -> dict[int, Stored]:
    """Everything stored of the tickets agrees with their histories at ``at``; returns what is stored.

    A change that time alone has brought may be missing while nobody has swept, but then the clock that lacks
    it says that it is due.
    """
    found = stored_of(numbers)
    for number, stored in found.items():
        truth = truth_of(number, stored.history, at)
        assert set(stored.clocks) == set(truth.cycles), f"#{number}: other clocks than its history gives"
        for key, cycle in truth.cycles.items():
            _assert_clock(stored, key, cycle, truth.at)
        _assert_queue(stored, truth)
        _assert_breaches(stored)
        _assert_explained(truth)
    return found


def _assert_clock(stored: Stored, key: Key, cycle: sla.Cycle, at: datetime) -> None:
    row = stored.clocks[key]
    written = stored.lines.get(row.id, [])
    expected = [_line(change) for change in cycle.changes]
    assert [line.position for line in written] == list(range(len(written))), key
    assert row.change_count == len(written), key
    assert [_written(line) for line in written] == expected[: len(written)], key
    assert all(line.at <= line.noticed_at <= at for line in written), key
    if len(written) < len(expected):
        assert row.next_fire_at is not None, f"{key}: nobody would ever notice {expected[len(written) :]}"
        assert row.next_fire_at <= expected[len(written)].at <= at, key
        return
    shown = {name: getattr(row, name) for name in _projected(cycle)}
    assert shown == _projected(cycle), key
    assert row.attempts == 0, f"{key}: the sweep failed on it"
    if cycle.ended_at is None and row.case_id == 0:
        assert row.terms_id == stored.ticket.terms_id, key


def _line(change: sla.Change) -> Line:
    return Line(change.what, change.level, change.at, change.cause and str(change.cause), change.deadline_at)


def _written(line: ClockEvent) -> Line:
    return Line(line.change, line.level, line.at, line.cause, line.due_at)


def _projected(cycle: sla.Cycle) -> Mapping[str, Any]:
    def last(what: ClockChange) -> datetime | None:
        return next((change.at for change in reversed(cycle.changes) if change.what is what), None)

    return {
        "state": cycle.state,
        "started_at": cycle.started_at,
        "ended_at": cycle.ended_at,
        "target_seconds": cycle.target_seconds,
        "elapsed_seconds": None if cycle.state is ClockState.RUNNING else cycle.elapsed_seconds,
        "due_at": cycle.deadline,
        "warns_at": cycle.warns_at,
        "late_from_at": cycle.late_from,
        "warned_at": last(ClockChange.WARNED),
        "breached_at": last(ClockChange.BREACHED),
        "paused_cause": str(cycle.paused_by) if cycle.state is ClockState.PAUSED else None,
        "next_fire_at": cycle.next_fire_at,
    }


def _assert_queue(stored: Stored, truth: Truth) -> None:
    """The queue's columns: the earliest deadline of the desk's unmet promises, or that all of them wait."""
    ticket, number = stored.ticket, stored.ticket.id
    unmet = [cycle for key, cycle in truth.cycles.items() if key[1] == 0 and cycle.state in UNMET]
    dated = [cycle.deadline for cycle in unmet if cycle.deadline is not None]
    assert ticket.next_due_at == min(dated, default=FAR), number
    is_paused = bool(unmet) and all(cycle.state is ClockState.PAUSED for cycle in unmet)
    assert ticket.is_paused == is_paused, number
    if dated:
        assert ticket.next_due_clock in {cycle.kind for cycle in unmet if cycle.deadline == min(dated)}, number
    is_current = {key for key, row in stored.clocks.items() if row.is_current}
    newest = {key[:2]: key for key in truth.cycles}
    assert is_current == set(newest.values()), number


def _assert_breaches(stored: Stored) -> None:
    """A breach for every clock that says so, once, with the instants of its change; told once in the history."""
    lines = {
        (row.id, row.cycle): line
        for row in stored.clocks.values()
        for line in stored.lines.get(row.id, [])
        if line.change is ClockChange.BREACHED
    }
    by_cycle = {(breach.clock_id, breach.cycle): breach for breach in stored.breaches.values()}
    assert len(by_cycle) == len(stored.breaches)
    assert set(by_cycle) == set(lines)
    for key, breach in by_cycle.items():
        assert breach.noticed_at == lines[key].noticed_at
        assert breach.deadline_at < breach.late_from_at <= breach.noticed_at or breach.is_on_retarget, key
        assert lines[key].at == breach.late_from_at or breach.is_on_retarget, key
    kinds = {row.id: (row.kind, row.case_id) for row in stored.clocks.values()}
    told = Counter(_told(event) for event in stored.history if event.what is EventKind.CLOCK_BREACHED)
    assert told == Counter((*kinds[clock_id], cycle) for clock_id, cycle in by_cycle)
    every = Counter((event.what, *_told(event), _level(event)) for event in stored.history if event.what in _OF_CLOCKS)
    assert not [one for one, times in every.items() if times > 1]


_OF_CLOCKS = (EventKind.CLOCK_WARNED, EventKind.CLOCK_BREACHED, EventKind.CLOCK_LADDERED)


def _told(event: TicketEvent) -> Key:
    said = json.loads(event.particulars)
    return ClockKind(said["clock"]), said.get("case") or 0, said["cycle"]


def _level(event: TicketEvent) -> int:
    level: int = json.loads(event.particulars).get("level", 0)
    return level


def _assert_explained(truth: Truth) -> None:
    """Explanations cover their time without gaps, counted seconds are the elapsed ones, the ledger sums."""
    for key, cycle in truth.cycles.items():
        spans = sla.explain(cycle)
        if cycle.target_seconds is None:
            assert spans == [], key
            continue
        until = cycle.ended_at or truth.at
        assert sum(span.seconds for span in spans if span.counted) == cycle.elapsed_seconds, key
        edges = [cycle.started_at, *(_utc(span.end) for span in spans)]
        assert [_utc(span.start) for span in spans] == edges[:-1], key
        assert edges[-1] == until, key
    ledger = truth.ledger()
    seconds = int((ledger.end - ledger.start).total_seconds())
    assert sum(ledger.totals.values()) == ledger.elapsed_seconds == seconds
    edges = [ledger.start, *(span.end for span in ledger.spans)]
    assert [span.start for span in ledger.spans] == edges[:-1]
    assert edges[-1] == ledger.end
    assert ledger.end in (truth.at, *(event.at for event in truth.strands[0].events))


def _utc(moment: datetime) -> datetime:
    """In the hour that comes twice a local time equals no time of another zone, not even its own (PEP 495)."""
    return moment.astimezone(UTC)


def assert_pile_is_whole(stored: Iterable[Stored]) -> None:
    """Nobody has reviewed anything here: every breach of ours waits for the manager, the vendor's do not."""
    found = list(stored)
    own = {row.id for one in found for row in one.clocks.values() if row.case_id == 0}
    every = {number for one in found for number in one.breaches}
    expected = {number for one in found for number, breach in one.breaches.items() if breach.clock_id in own}
    rows = sa.select(BreachToReview.breach_id).where(BreachToReview.breach_id.in_(every))
    assert set(db.session.scalars(rows)) == expected
