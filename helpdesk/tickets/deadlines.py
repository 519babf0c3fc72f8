"""Keeping a ticket's promises in step with its history.

Every action that touches a ticket settles its clocks before its change, so that a breach already due is
written under the terms it happened in, and again after its events. The scheduler settles tickets whose
clocks have something due. Both claim the ticket's row first, so they can't deadlock or act twice.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa

from helpdesk.accounts.actor import SCHEDULER
from helpdesk.clock import NEVER
from helpdesk.database import db, is_sqlite
from helpdesk.sla import actions as promises
from helpdesk.sla.models import SlaClock
from helpdesk.sla.terms import load_terms
from helpdesk.tickets import history, notices
from helpdesk.tickets.models import Ticket, TicketEvent
from workflows import sla
from workflows.vocabulary import (
    ClockChange,
    ClockState,
    EventKind,
    HoldCause,
    SlaEvent,
    SlaParty,
)

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
"""What the clocks hear of; besides these every event that enters a state."""

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
    created = [sla.Event(now, SlaEvent.CREATE, by=by)]
    settlement = promises.settle(_subject(ticket), ticket.terms_id, ticket.terms_id, created, now, stored=())
    _project(ticket, settlement.clocks)
    promises.write(settlement)
    return settlement.clocks


def settle(ticket: Ticket, now: datetime, stored: Sequence[SlaClock] | None = None) -> None:
    """Bring the clocks of ``ticket`` to ``now`` and project them onto it; the caller has claimed it."""
    with db.session.no_autoflush:  # every row is written once, with all that is new
        first_terms_id, events = heard_history(ticket)
        assert ticket.terms_id is not None
        settlement = promises.settle(_subject(ticket), first_terms_id, ticket.terms_id, events, now, stored)
        _project(ticket, settlement.clocks)
        _tell(ticket, settlement.news, now)
        promises.write(settlement)


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


# from a ticket's history to what the clocks hear ---------------------------------------------------------


_HEARD = (
    sa.select(TicketEvent.at, TicketEvent.what, TicketEvent.to_state, TicketEvent.particulars)
    .where(
        TicketEvent.ticket_id == sa.bindparam("ticket_id"),
        sa.or_(TicketEvent.what.in_(SLA_KINDS), TicketEvent.to_state.is_not(None)),
    )
    .order_by(TicketEvent.seq)
)


class HeardHistory(NamedTuple):
    """The terms at creation, and everything since that a clock reacts to, in order."""

    first_terms_id: int
    events: list[sla.Event]


def heard_history(ticket: Ticket) -> HeardHistory:
    """The ticket's history as the clocks hear it, with what this transaction has yet to write."""
    written = db.session.execute(_HEARD, {"ticket_id": ticket.id})
    unwritten = [
        (event.at, event.what, event.to_state, event.particulars)
        for event in history.unwritten(ticket)
        if event.what in SLA_KINDS or event.to_state is not None
    ]
    events: list[sla.Event] = []
    first_terms_id = 0
    for at, what, to_state, text in (*written, *unwritten):
        if what in SLA_KINDS:
            particulars = json.loads(text)
            first_terms_id = first_terms_id or particulars["terms"]
            events.append(_heard(at, what, particulars))
        else:
            events.append(sla.Event(at, SlaEvent.STATE, state=to_state))
    return HeardHistory(first_terms_id, events)


def _heard(at: datetime, what: EventKind, particulars: dict[str, Any]) -> sla.Event:
    kind = SLA_KINDS[what]
    match what:
        case EventKind.CREATED:
            return sla.Event(at, kind, by=SlaParty(particulars["by"]))
        case EventKind.HELD:
            return sla.Event(at, kind, cause=HoldCause(particulars["cause"]))
        case EventKind.ASSIGNED:
            return sla.Event(at, kind, is_assigned=True)
        case EventKind.TERMS_CHANGED:
            return sla.Event(at, kind, policy=load_terms(particulars["terms"]).whole)
        case _:
            return sla.Event(at, kind)


def _subject(ticket: Ticket) -> promises.Subject:
    return promises.Subject(
        ticket.id, ticket.priority, ticket.state, ticket.assignee_id, ticket.team_id, ticket.customer_id
    )


# from the clocks to the queue ------------------------------------------------------------------------


def _project(ticket: Ticket, clocks: Sequence[SlaClock]) -> None:
    """What the queue sorts by: the earliest deadline of an unmet clock, missed ones included."""
    unmet = [clock for clock in clocks if clock.state in (ClockState.RUNNING, ClockState.PAUSED)]
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


def _seconds_left(clock: SlaClock) -> int:
    return (clock.target_seconds or 0) - (clock.elapsed_seconds or 0)


def _tell(ticket: Ticket, news: Sequence[promises.ClockNews], now: datetime) -> None:
    """Warnings and breaches enter the ticket's history and tell the people they concern."""
    for item in news:
        what = EventKind.CLOCK_BREACHED if item.change is ClockChange.BREACHED else EventKind.CLOCK_WARNED
        particulars = {
            "clock": item.kind.value,
            "cycle": item.cycle,
            "level": item.level,
            "at": item.at.isoformat(),
        }
        history.append(ticket, SCHEDULER, what, now, particulars=particulars)
    notices.clock_news(ticket, news, now)
