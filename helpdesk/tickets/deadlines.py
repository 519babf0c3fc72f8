"""Keeping tickets' promises in step with their histories.

Every action that touches a ticket settles its clocks before its change, so that a breach already due is
written under the terms it happened in, and again after its events. The scheduler settles tickets whose
clocks have something due. Both claim the ticket's row first, so they can't deadlock or act twice.

Any number of tickets is settled by the same few statements: see ``settle_many``, and ``change.changing_many``
for changing them together.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from helpdesk.accounts.actor import SCHEDULER
from helpdesk.bulk import write_now
from helpdesk.clock import NEVER
from helpdesk.database import db, is_sqlite
from helpdesk.sla import actions as promises
from helpdesk.sla.models import SlaClock
from helpdesk.sla.stored import StoredClock, clocks_of_many
from helpdesk.sla.strands import OWN, Strand
from helpdesk.tickets import alarms, hearing, history
from helpdesk.tickets.acting import Change
from helpdesk.tickets.climbing import climb
from helpdesk.tickets.models import Ticket
from workflows import sla
from workflows.vocabulary import ClockChange, ClockState, EventKind, SlaEvent, SlaParty

ROUNDS = 8
"""How often the acts of a ladder may make further levels due at one stroke.

Six change anything, so it ends before: three priorities up, the lead, a channel, the mark that one is due.
"""

_PUT_OFF_SECONDS = (5, 30, 120, 600, 3600)

BEHIND = timedelta(seconds=10)
"""How long what came due may wait before the sweep counts as behind."""

Clocks = Mapping[int, Sequence[StoredClock]]  # by ticket


def lock(ticket_id: int, *, skip_locked: bool = False) -> Ticket | None:
    """Claim the ticket's row for this transaction, freshly read; None if it is gone, or another has it."""
    return next(iter(claim([ticket_id], skip_locked=skip_locked)), None)


def claim(ticket_ids: Collection[int], *, skip_locked: bool = True) -> Sequence[Ticket]:
    """Claim rows for this transaction, freshly read, in the order of their numbers; others hold those missing.

    SQLite takes the whole database for a write transaction and ignores row locks, so there the claim is
    the IMMEDIATE transaction itself.
    """
    rows = sa.select(Ticket).where(Ticket.id.in_(ticket_ids)).order_by(Ticket.id)
    if not is_sqlite():
        rows = rows.with_for_update(skip_locked=skip_locked, of=Ticket)
    return db.session.scalars(rows.execution_options(populate_existing=True)).all()


def begin(ticket: Ticket, by: SlaParty, now: datetime) -> Sequence[StoredClock]:
    """Start the clocks of a ticket that was created just now under its first terms, and return them."""
    assert ticket.terms_id is not None
    created = Strand(OWN, ticket.terms_id, ticket.terms_id, [sla.Event(now, SlaEvent.CREATE, by=by)])
    settlement = promises.settle(_subject(ticket), [created], now, (), only_unended=False)
    _project(ticket, settlement.clocks)
    promises.write([settlement])
    return settlement.clocks


def settle(ticket: Ticket, now: datetime, stored: Sequence[StoredClock] | None = None) -> None:
    """Bring the clocks of ``ticket`` to ``now`` and project them onto it; the caller has claimed it."""
    settle_many([ticket], now, None if stored is None else {ticket.id: stored})


def settle_many(
    tickets: Sequence[Ticket], now: datetime, stored: Clocks | None = None, *, only_unended: bool = False
) -> Clocks:
    """Bring the clocks of claimed ``tickets`` to ``now`` (aware UTC), tell what is new, and climb the ladder.

    A ticket that another process changed a second ahead of our clock is settled at that second. ``stored`` are
    their clocks where the caller has read them, those only that never ended if ``only_unended``: enough where
    nothing but time has passed. They are changed in place, and returned with those that began. The statements
    are as many for fifty tickets as for one, but for what a ladder does to single ones.
    """
    found: dict[int, Sequence[StoredClock]] = {}
    with db.session.no_autoflush:  # every row is written once, with all that is new
        for _round in range(ROUNDS):
            settlements = _settled(tickets, now, stored, only_unended=only_unended)
            _record(list(zip(tickets, settlements, strict=True)), now)
            promises.write(settlements)
            if len(tickets) > 1:
                write_now(tickets, _SETTLED)
            found |= {settlement.subject.ticket_id: settlement.clocks for settlement in settlements}
            changes = [Change(ticket, SCHEDULER, max(now, ticket.updated_at)) for ticket in tickets]
            climbed = [climb(change, one.news) for change, one in zip(changes, settlements, strict=True)]
            tickets = [ticket for ticket, has_climbed in zip(tickets, climbed, strict=True) if has_climbed]
            if not tickets:
                break
            db.session.flush()
            stored, only_unended = None, False
    return found


def _settled(
    tickets: Sequence[Ticket], now: datetime, stored: Clocks | None, *, only_unended: bool
) -> list[promises.Settlement]:
    """Replay each ticket and project its clocks onto it."""
    strands = hearing.strands_of_many(tickets)
    if stored is None:
        stored = clocks_of_many(strands.keys())
    settlements = []
    for ticket in tickets:
        at, clocks = max(now, ticket.updated_at), stored[ticket.id]
        settlement = promises.settle(_subject(ticket), strands[ticket.id], at, clocks, only_unended=only_unended)
        _project(ticket, settlement.clocks)
        settlements.append(settlement)
    return settlements


def settle_if_due(tickets: Sequence[Ticket], now: datetime) -> Clocks:
    """Settle before a change where time alone has brought something; returns every stored clock of ``tickets``."""
    stored = clocks_of_many([ticket.id for ticket in tickets])
    due = [ticket for ticket in tickets if _is_due(stored[ticket.id], max(now, ticket.updated_at))]
    if not due:
        return stored
    return {**stored, **settle_many(due, now, stored)}


def _is_due(clocks: Sequence[StoredClock], now: datetime) -> bool:
    return any(clock.is_due(now) for clock in clocks)


# the scheduler's part ---------------------------------------------------------------------------------


def due(now: datetime, limit: int = 200) -> list[int]:
    """Ids of tickets with a clock on which something is due, the oldest first."""
    return list(dict.fromkeys(db.session.scalars(due_statement(now, limit))))


def due_statement(now: datetime, limit: int) -> sa.Select[int]:
    """The sweep's question: ticket ids by the clocks that have something due, at most ``limit`` of them."""
    rows = sa.select(SlaClock.ticket_id).where(SlaClock.next_fire_at <= now)
    return rows.order_by(SlaClock.next_fire_at).limit(limit)


def is_behind(now: datetime) -> bool:
    """Whether something came due so long ago that the sweep must still be at work on what downtime left."""
    late = sa.select(SlaClock.id).where(SlaClock.next_fire_at < now - BEHIND)
    return db.session.scalar(late.order_by(SlaClock.next_fire_at).limit(1)) is not None


def settle_due(ticket_id: int, now: datetime) -> bool:
    """Settle all due clocks of one ticket; False when another process has it or has done it."""
    return bool(settle_due_many([ticket_id], now))


def settle_due_many(ticket_ids: Collection[int], now: datetime) -> set[int]:
    """Settle all due clocks of tickets; returns those it settled: others another process has, or has done."""
    tickets = claim(ticket_ids)
    if not tickets:
        return set()
    stored = clocks_of_many([ticket.id for ticket in tickets], only_unended=True)
    due = [ticket for ticket in tickets if _is_due(stored[ticket.id], now)]
    if due:
        settle_many(due, now, stored, only_unended=True)
    return {ticket.id for ticket in due}


def put_off(ticket_id: int, now: datetime) -> None:
    """Move what is due on a ticket that could not be settled, so that it never blocks the others."""
    rows = sa.select(SlaClock).where(SlaClock.ticket_id == ticket_id, SlaClock.next_fire_at <= now)
    for clock in db.session.scalars(rows.execution_options(populate_existing=True)):
        wait = _PUT_OFF_SECONDS[min(clock.attempts, len(_PUT_OFF_SECONDS) - 1)]
        clock.attempts += 1
        clock.next_fire_at = now + timedelta(seconds=wait)


def _subject(ticket: Ticket) -> promises.Subject:
    return promises.Subject(
        ticket.id, ticket.priority, ticket.state, ticket.assignee_id, ticket.team_id, ticket.customer_id
    )


# from the clocks to the queue, the history and the people -------------------------------------------------


def _project(ticket: Ticket, clocks: Sequence[StoredClock]) -> None:
    """What the queue sorts by: the earliest deadline of an unmet clock of ours, missed ones included."""
    unmet = [clock for clock in clocks if clock.case_id == OWN and clock.state in _UNMET]
    running = [clock for clock in unmet if clock.state is ClockState.RUNNING]
    dated = [clock for clock in unmet if clock.due_at is not None]
    first = min(dated, key=lambda clock: clock.due_at or NEVER, default=None)
    paused = [clock for clock in unmet if clock.state is ClockState.PAUSED]
    ticket.is_paused = bool(unmet) and not running
    ticket.next_due_at = first.due_at if first is not None and first.due_at is not None else NEVER
    ticket.next_due_idle_seconds = first.idle_seconds if first is not None else 0
    ticket.next_warns_at = first.warns_at if first is not None and first.warns_at is not None else NEVER
    if first is None and paused:
        first = min(paused, key=_seconds_left)
    ticket.next_due_clock = first.kind if first is not None else None
    ticket.paused_seconds_left = _seconds_left(min(paused, key=_seconds_left)) if paused and not running else None
    _take_in_money(ticket)


_SETTLED = (
    "is_paused",
    "next_due_at",
    "next_due_idle_seconds",
    "next_warns_at",
    "next_due_clock",
    "paused_seconds_left",
    "terms_id",
    "updated_at",
    "event_count",
    "event_head",
)
"""What a settlement, and the terms that were put in force before it, change on a ticket."""


def _take_in_money(ticket: Ticket) -> None:
    """A window that money hangs on runs over every pause, and comes first where it ends before the clocks do."""
    due_at = ticket.money_due_at
    if due_at is None or (due_at > ticket.next_due_at and not ticket.is_paused):
        return
    ticket.is_paused, ticket.paused_seconds_left = False, None
    ticket.next_due_at, ticket.next_due_clock, ticket.next_due_idle_seconds = due_at, None, 0
    ticket.next_warns_at = ticket.money_warns_at or NEVER


_UNMET = (ClockState.RUNNING, ClockState.PAUSED)


def _seconds_left(clock: StoredClock) -> int:
    return (clock.target_seconds or 0) - (clock.elapsed_seconds or 0)


def _record(settled: Sequence[tuple[Ticket, promises.Settlement]], now: datetime) -> None:
    """Warnings, breaches and levels enter the tickets' histories and tell the people they concern."""
    told = [
        alarms.Told(ticket, [item for item in settlement.news if item.is_told])
        for ticket, settlement in settled
        if settlement.news
    ]
    history.write([_line(ticket, item, max(now, ticket.updated_at)) for ticket, news in told for item in news])
    alarms.clock_news(told, now)


def _line(ticket: Ticket, item: promises.ClockNews, at: datetime) -> dict[str, Any]:
    said = {"clock": item.kind.value, "cycle": item.cycle, "level": item.level, "at": item.at.isoformat()}
    if item.case_id != OWN:
        said["case"] = item.case_id
    return history.line(ticket, SCHEDULER, _EVENT_OF[item.change], at, particulars=said)


_EVENT_OF = {
    ClockChange.WARNED: EventKind.CLOCK_WARNED,
    ClockChange.BREACHED: EventKind.CLOCK_BREACHED,
    ClockChange.LADDERED: EventKind.CLOCK_LADDERED,
}
