"""Keeping a ticket's promises in step with its history.

Every action that touches a ticket settles its clocks before its change, so that a breach already due is
written under the terms it happened in, and again after its events. The scheduler settles tickets whose
clocks have something due. Both claim the ticket's row first, so they can't deadlock or act twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from helpdesk.accounts.actor import SCHEDULER
from helpdesk.clock import NEVER
from helpdesk.database import db, is_sqlite
from helpdesk.sla import actions as promises
from helpdesk.sla.models import SlaClock
from helpdesk.sla.strands import OWN, Strand
from helpdesk.tickets import hearing, history, notices
from helpdesk.tickets.acting import Change
from helpdesk.tickets.climbing import climb
from helpdesk.tickets.models import Ticket
from workflows import sla
from workflows.vocabulary import ClockChange, ClockState, EventKind, SlaEvent, SlaParty

ROUNDS = 8
"""How often the acts of a ladder may make further levels due at one stroke: each happens once, so it ends before."""

_PUT_OFF_SECONDS = (5, 30, 120, 600, 3600)


def lock(ticket_id: int, *, skip_locked: bool = False) -> Ticket | None:
    """Claim the ticket's row for this transaction, freshly read; None if it is gone, or another has it.

    SQLite takes the whole database for a write transaction and ignores row locks, so there the claim is
    the IMMEDIATE transaction itself.
    """
    rows = sa.select(Ticket).where(Ticket.id == ticket_id).execution_options(populate_existing=True)
    if not is_sqlite():
        rows = rows.with_for_update(skip_locked=skip_locked, of=Ticket)
    return db.session.scalars(rows).one_or_none()


def begin(ticket: Ticket, by: SlaParty, now: datetime) -> Sequence[SlaClock]:
    """Start the clocks of a ticket that was created just now under its first terms, and return them."""
    assert ticket.terms_id is not None
    created = Strand(OWN, ticket.terms_id, ticket.terms_id, [sla.Event(now, SlaEvent.CREATE, by=by)])
    settlement = promises.settle(_subject(ticket), [created], now, stored=())
    _project(ticket, settlement.clocks)
    promises.write(settlement)
    return settlement.clocks


def settle(ticket: Ticket, now: datetime, stored: Sequence[SlaClock] | None = None) -> None:
    """Bring the clocks of ``ticket`` to ``now`` and project them onto it; the caller has claimed it."""
    with db.session.no_autoflush:  # every row is written once, with all that is new
        for _round in range(ROUNDS):
            settlement = promises.settle(_subject(ticket), hearing.strands_of(ticket), now, stored)
            _project(ticket, settlement.clocks)
            _tell(ticket, settlement.news, now)
            promises.write(settlement)
            if not climb(Change(ticket, SCHEDULER, now), settlement.news):
                return
            db.session.flush()
            stored = None


def settle_if_due(ticket: Ticket, now: datetime) -> Sequence[SlaClock]:
    """Settle before a change, but only if time alone has brought something; returns the stored clocks."""
    clocks = promises.clocks_of(ticket.id)
    if any(clock.next_fire_at is not None and clock.next_fire_at <= now for clock in clocks):
        settle(ticket, now, clocks)
        return promises.clocks_of(ticket.id)
    return clocks


# the scheduler's part ---------------------------------------------------------------------------------


def due(now: datetime, limit: int = 200) -> list[int]:
    """Ids of tickets with a clock on which something is due, the oldest first."""
    return list(dict.fromkeys(db.session.scalars(due_statement(now, limit))))


def due_statement(now: datetime, limit: int) -> sa.Select[int]:
    """The sweep's question: ticket ids by the clocks that have something due, at most ``limit`` of them."""
    rows = sa.select(SlaClock.ticket_id).where(SlaClock.next_fire_at <= now)
    return rows.order_by(SlaClock.next_fire_at).limit(limit)


def settle_due(ticket_id: int, now: datetime) -> bool:
    """Settle all due clocks of one ticket; False when another process has it or has done it."""
    ticket = lock(ticket_id, skip_locked=True)
    if ticket is None:
        return False
    clocks = promises.clocks_of(ticket_id)
    if not any(clock.next_fire_at is not None and clock.next_fire_at <= now for clock in clocks):
        return False
    settle(ticket, max(now, ticket.updated_at), clocks)
    return True


def put_off(ticket_id: int, now: datetime) -> None:
    """Move what is due on a ticket that could not be settled, so that it never blocks the others."""
    for clock in promises.clocks_of(ticket_id):
        if clock.next_fire_at is not None and clock.next_fire_at <= now:
            wait = _PUT_OFF_SECONDS[min(clock.attempts, len(_PUT_OFF_SECONDS) - 1)]
            clock.attempts += 1
            clock.next_fire_at = now + timedelta(seconds=wait)


def _subject(ticket: Ticket) -> promises.Subject:
    return promises.Subject(
        ticket.id, ticket.priority, ticket.state, ticket.assignee_id, ticket.team_id, ticket.customer_id
    )


# from the clocks to the queue ------------------------------------------------------------------------


def _project(ticket: Ticket, clocks: Sequence[SlaClock]) -> None:
    """What the queue sorts by: the earliest deadline of an unmet clock of ours, missed ones included."""
    unmet = [
        clock for clock in clocks if clock.case_id == OWN and clock.state in (ClockState.RUNNING, ClockState.PAUSED)
    ]
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


_UNMET = (ClockState.RUNNING, ClockState.PAUSED)


def _seconds_left(clock: SlaClock) -> int:
    return (clock.target_seconds or 0) - (clock.elapsed_seconds or 0)


def _tell(ticket: Ticket, news: Sequence[promises.ClockNews], now: datetime) -> None:
    """Warnings, breaches and levels enter the ticket's history and tell the people they concern."""
    told = [item for item in news if item.is_told]
    for item in told:
        particulars = {
            "clock": item.kind.value,
            "cycle": item.cycle,
            "level": item.level,
            "at": item.at.isoformat(),
            **({"case": item.case_id} if item.case_id != OWN else {}),
        }
        history.append(ticket, SCHEDULER, _EVENT_OF[item.change], now, particulars=particulars)
    notices.clock_news(ticket, told, now)


_EVENT_OF = {
    ClockChange.WARNED: EventKind.CLOCK_WARNED,
    ClockChange.BREACHED: EventKind.CLOCK_BREACHED,
    ClockChange.LADDERED: EventKind.CLOCK_LADDERED,
}
