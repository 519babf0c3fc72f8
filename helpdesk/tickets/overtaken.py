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

TOPICS = (NoticeTopic.CLOCK_WARNED, NoticeTopic.CLOCK_LADDERED, NoticeTopic.VENDOR_LATE)
"""Who is late themselves is told that they were; whom we wait for needs no reminder once they answered."""


class ClockKey(NamedTuple):
    ticket_id: int
    kind: ClockKind
    case_id: int
    cycle: int


def withdraw(now: datetime) -> int:
    """Remove alarms that waited until ``now`` (aware UTC) and whose clock has ended meanwhile; how many.

    Call it before anything is delivered, in a transaction of its own.
    """
    waited = db.session.execute(waiting_statement(now)).all()
    keys = {row.id: key_of(row.stable_id) for row in waited}
    ended = _ended(set(keys.values()))
    moot = [outbox_id for outbox_id, key in keys.items() if key in ended]
    if moot:
        db.session.execute(sa.delete(OutboxMessage).where(OutboxMessage.id.in_(moot)))
    return len(moot)


def waiting_statement(now: datetime) -> sa.Select[int, str]:
    """Alarms that did not leave at once and may leave now; those being sent are left alone."""
    rows = sa.select(OutboxMessage.id, OutboxMessage.stable_id).where(
        IS_PENDING,
        OutboxMessage.next_attempt_at <= now,
        OutboxMessage.next_attempt_at > OutboxMessage.created_at,
        OutboxMessage.attempts == 0,
        OutboxMessage.topic.in_(TOPICS),
    )
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
