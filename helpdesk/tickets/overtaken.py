"""Alarms that waited for somebody's working hours while the promise they warn of was kept: nobody needs them any more.

A breach of ours is told all the same: it has happened, whatever came after.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from helpdesk.database import db
from helpdesk.notifications.models import OutboxMessage
from helpdesk.notifications.outbox import IS_PENDING
from helpdesk.notifications.topics import NoticeTopic
from helpdesk.sla.models import SlaClock
from helpdesk.sla.strands import OWN
from workflows.vocabulary import ClockKind

AT_ONCE = 200
"""Alarms that one transaction looks at: short, so that nobody who writes waits for it."""

TOPICS = (NoticeTopic.CLOCK_WARNED, NoticeTopic.CLOCK_LADDERED, NoticeTopic.VENDOR_LATE)
"""Who is late themselves is told that they were; whom we wait for needs no reminder once they answered."""


class ClockKey(NamedTuple):
    ticket_id: int
    kind: ClockKind
    case_id: int
    cycle: int


class Place(NamedTuple):
    """Where a look at the outbox has come to."""

    next_attempt_at: datetime
    outbox_id: int


class Page(NamedTuple):
    """``withdrawn``: how many alarms were moot; ``end``: where to go on, None when there are no more."""

    withdrawn: int
    end: Place | None


def withdraw(now: datetime, after: Place | None = None) -> Page:
    """Remove alarms that waited until ``now`` (aware UTC) and whose clock has ended meanwhile.

    Looks at AT_ONCE of them behind ``after``: call it page by page, each in a transaction of its own, before
    anything is delivered. With the same ``now`` on every page it ends: what comes meanwhile is the next run's.
    """
    waited = db.session.execute(waiting_statement(now, after)).all()
    keys = {row.id: key_of(row.stable_id) for row in waited}
    ended = _ended(set(keys.values()))
    moot = [outbox_id for outbox_id, key in keys.items() if key in ended]
    if moot:
        db.session.execute(sa.delete(OutboxMessage).where(OutboxMessage.id.in_(moot)))
    return Page(len(moot), Place(waited[-1].next_attempt_at, waited[-1].id) if len(waited) == AT_ONCE else None)


def waiting_statement(now: datetime, after: Place | None = None) -> sa.Select[int, str, datetime]:
    """Alarms that did not leave at once and may leave now; those being sent are left alone."""
    rows = sa.select(OutboxMessage.id, OutboxMessage.stable_id, OutboxMessage.next_attempt_at).where(
        IS_PENDING,
        OutboxMessage.next_attempt_at <= now,
        OutboxMessage.next_attempt_at > OutboxMessage.created_at,
        OutboxMessage.attempts == 0,
        OutboxMessage.topic.in_(TOPICS),
    )
    if after is not None:
        columns = (OutboxMessage.next_attempt_at, OutboxMessage.id)
        types = [column.type for column in columns]
        rows = rows.where(sa.tuple_(*columns) > sa.tuple_(*after, types=types))
    rows = rows.order_by(OutboxMessage.next_attempt_at, OutboxMessage.id).limit(AT_ONCE)
    return rows.with_for_update(skip_locked=True)


def key_of(cause: str) -> ClockKey:
    """The clock that ``cause`` is about: "clock:1042:resolution:1:…", or "clock:1042:vendor_update.7:1:…" of a case."""
    _word, ticket_id, clock, cycle, *_rest = cause.split(":")
    kind, _dot, case_id = clock.partition(".")
    return ClockKey(int(ticket_id), ClockKind(kind), int(case_id or OWN), int(cycle))


def _ended(keys: set[ClockKey]) -> set[ClockKey]:
    if not keys:
        return set()
    columns = (SlaClock.ticket_id, SlaClock.kind, SlaClock.case_id, SlaClock.cycle)
    rows = sa.select(*columns).where(
        SlaClock.ticket_id.in_({key.ticket_id for key in keys}), SlaClock.ended_at.is_not(None)
    )
    return keys & {ClockKey(*row) for row in db.session.execute(rows)}
