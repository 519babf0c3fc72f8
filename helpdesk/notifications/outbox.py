"""The outbox as a deliverer works on it: claim with a lease, then sent, put off, released or failed.

A claim counts the attempt and moves ``next_attempt_at`` to the end of its lease: whoever crashes loses the
row to the next deliverer then. The attempt's number fences: a result is written only while it is still ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from helpdesk.accounts.models import User
from helpdesk.database import db
from helpdesk.notifications.models import DeliveryState, Notification, OutboxMessage, Transport
from helpdesk.notifications.topics import LADDER, SECRET_PARAMS

LEASE = timedelta(minutes=5)
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=4)
MOST_ATTEMPTS = 15
"""With the waits above a refused letter is tried for a day and a half."""

# spelled out, not bound: with a parameter in its place no database would use the partial indexes
IS_PENDING = sa.text("delivery_state = 'pending'")
IS_FAILED = sa.text("delivery_state = 'failed'")
IS_SENT = sa.text("delivery_state = 'sent'")


@dataclass(frozen=True, slots=True)
class Claim:
    """A row that is ours until its lease ends; plain values, because sending happens outside any transaction."""

    id: int
    stable_id: str
    transport: Transport
    recipient: str
    topic: str
    language: str
    ticket_id: int | None
    params: dict[str, Any]
    attempts: int
    created_at: datetime


_COLUMNS = tuple(getattr(OutboxMessage, name) for name in Claim.__slots__)


@lru_cache
def insert_once(model: type[OutboxMessage | Notification], dialect: str) -> Any:
    """INSERT that leaves a row with a known stable id alone.

    The rows go beside the statement, not into it: so it is compiled once. ON CONFLICT rather than a caught
    IntegrityError: on PostgreSQL the error would have ended the caller's transaction.
    """
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    statement = insert(model).on_conflict_do_nothing(index_elements=["stable_id"])
    return statement.execution_options(preserve_rowcount=True)


def claim(now: datetime, limit: int, held_after: datetime | None = None) -> list[Claim]:
    """Take up to ``limit`` due rows, oldest first; those another deliverer is taking are passed over.

    SKIP LOCKED on PostgreSQL; SQLite knows no row locks, there the unit of work has the file to itself. What the
    ladder told after ``held_after`` stays where it is.
    """
    return _take(due_now(now, limit, held_after), now)


def _take(due_ids: sa.Select[int], now: datetime) -> list[Claim]:
    due = due_ids.cte("due")  # a CTE that locks runs once; a subquery the planner may run again and take more
    taken = (
        sa.update(OutboxMessage)
        .where(OutboxMessage.id.in_(sa.select(due.c.id)))
        .values(attempts=OutboxMessage.attempts + 1, next_attempt_at=now + LEASE)
        .returning(*_COLUMNS)
        .execution_options(synchronize_session=False)
    )
    rows = db.session.execute(taken).all()
    return sorted((Claim(*row) for row in rows), key=lambda one: one.id)


def due_now(now: datetime, limit: int, held_after: datetime | None = None) -> sa.Select[int]:
    """The query behind ``claim``: ids of due rows in the order of their partial index."""
    rows = sa.select(OutboxMessage.id)
    if held_after is not None:
        rows = rows.where(sa.or_(OutboxMessage.topic.not_in(sorted(LADDER)), OutboxMessage.created_at <= held_after))
    return (
        rows.where(IS_PENDING, OutboxMessage.next_attempt_at <= now)
        .order_by(OutboxMessage.next_attempt_at, OutboxMessage.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )


def mark_sent(claim: Claim, now: datetime) -> None:
    """It has left. What it carried in secret is forgotten here too."""
    _settle(claim, delivery_state=DeliveryState.SENT, sent_at=now, last_error="", params=_without_secrets(claim))


def fail(claim: Claim, reason: str) -> None:
    """Give up on it; a person may read ``reason`` and try again."""
    _settle(claim, delivery_state=DeliveryState.FAILED, last_error=reason[:300], params=_without_secrets(claim))


def put_off(claim: Claim, now: datetime, reason: str) -> None:
    """Try again later, each time after twice the wait."""
    _settle(claim, next_attempt_at=now + wait_after(claim.attempts), last_error=reason[:300])


def release(claims: Sequence[Claim], now: datetime, reason: str) -> None:
    """Give rows back whose turn did not come, without charging them the attempt."""
    for one in claims:
        later = now + FIRST_WAIT
        _settle(one, attempts=one.attempts - 1, next_attempt_at=later, last_error=reason[:300])


def wait_after(attempts: int) -> timedelta:
    """How long to wait after so many failed attempts (from 1)."""
    return min(FIRST_WAIT * (1 << (attempts - 1)), LONGEST_WAIT)


def ring(claims: Sequence[Claim], now: datetime) -> None:
    """Hang ``claims`` under their people's bells and mark them sent, in the same transaction: exactly once."""
    if not claims:
        return
    rows = [_notification(one) for one in claims]
    connection = db.session.connection()
    connection.execute(insert_once(Notification, connection.dialect.name), rows)
    db.session.execute(
        sa.update(OutboxMessage)
        .where(OutboxMessage.id.in_([one.id for one in claims]))
        .values(delivery_state=DeliveryState.SENT, sent_at=now)
        .execution_options(synchronize_session=False)
    )


def known_users(claims: Sequence[Claim]) -> set[str]:
    """Which of the claims' recipients are users; others would break the whole batch on their foreign key."""
    ids = {int(one.recipient) for one in claims if one.recipient.isdecimal()}
    return {str(found) for found in db.session.scalars(sa.select(User.id).where(User.id.in_(ids)))}


def _notification(claim: Claim) -> dict[str, Any]:
    return {
        "stable_id": claim.stable_id,
        "user_id": int(claim.recipient),
        "ticket_id": claim.ticket_id,
        "topic": claim.topic,
        "params": _without_secrets(claim),
        "created_at": claim.created_at,
    }


def _without_secrets(claim: Claim) -> dict[str, Any]:
    return {name: value for name, value in claim.params.items() if name not in SECRET_PARAMS}


def _settle(claim: Claim, **values: Any) -> None:
    db.session.execute(
        sa.update(OutboxMessage)
        .where(OutboxMessage.id == claim.id, OutboxMessage.attempts == claim.attempts, IS_PENDING)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
