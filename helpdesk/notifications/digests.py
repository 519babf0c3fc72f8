"""Many promises in trouble at once are one digest: after hours of downtime, or when the doors open at nine.

The digest is a row of the outbox like any other. It takes the place of the rows it tells of in one transaction:
so nothing is lost and nothing told twice, wherever a deliverer is killed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from helpdesk.database import db
from helpdesk.notifications.models import DeliveryState, OutboxMessage, Transport
from helpdesk.notifications.notices import Notice, row
from helpdesk.notifications.outbox import IS_PENDING, insert_once
from helpdesk.notifications.topics import LADDER, SHAPES, NoticeTopic

AT_LEAST: Final = {Transport.MAIL: 4, Transport.IN_APP: 11}
"""Fewer come one by one: each then names its promise in the subject, or leads from the bell to its ticket."""

SHOWN: Final = 20
"""The worst promises, which a digest lists; of the others it says how many they are."""

LONGEST_HOLD: Final = timedelta(minutes=10)
"""While what came due is still being worked off, digests wait for the rest of it, but never longer than this."""

_WORST_FIRST: Final = (
    NoticeTopic.CLOCK_LADDERED,
    NoticeTopic.CLOCK_BREACHED,
    NoticeTopic.ESCALATION_DUE,
    NoticeTopic.VENDOR_LATE,
    NoticeTopic.CLOCK_WARNED,
)


class _Waiting(NamedTuple):
    """A row that a digest takes the place of."""

    id: int
    stable_id: str
    topic: NoticeTopic
    language: str
    ticket_id: int | None
    params: Mapping[str, Any]

    @property
    def promise(self) -> str:
        """Ticket, clock and cycle: with them every cause of the ladder begins ("clock:1042:resolution:1:...")."""
        return ":".join(self.stable_id.split(":")[:4])

    @property
    def badness(self) -> tuple[int, str, int]:
        """Late ones first, and of those whatever is late the longest."""
        return _WORST_FIRST.index(self.topic), str(self.params["due_at"]), self.id


def gather(now: datetime, held_after: datetime | None = None) -> int:
    """Put one digest in the place of each person's many due notices and return how many were written.

    Only what was never tried is taken: a letter that may have left already keeps its own Message-ID. With
    ``held_after`` whatever was queued after that moment stays where it is.
    """
    due: list[Any] = [IS_PENDING, *_is_due(now, held_after)]
    counted = sa.func.count()
    crowds = (
        sa.select(OutboxMessage.recipient, OutboxMessage.transport)
        .where(*due)
        .group_by(OutboxMessage.recipient, OutboxMessage.transport)
        .having(
            sa.or_(
                counted >= AT_LEAST[Transport.IN_APP],
                sa.and_(OutboxMessage.transport == Transport.MAIL, counted >= AT_LEAST[Transport.MAIL]),
            )
        )
        .order_by(OutboxMessage.recipient, OutboxMessage.transport)
    )
    return sum(_gather_for(who, transport, due, now) for who, transport in db.session.execute(crowds).all())


def _is_due(now: datetime, held_after: datetime | None) -> Iterable[sa.ColumnElement[bool]]:
    yield OutboxMessage.next_attempt_at <= now
    yield OutboxMessage.topic.in_(sorted(LADDER))
    yield OutboxMessage.attempts == 0
    if held_after is not None:
        yield OutboxMessage.created_at <= held_after


def _gather_for(who: str, transport: Transport, due: Sequence[Any], now: datetime) -> bool:
    own = sa.select(OutboxMessage.id).where(*due, OutboxMessage.recipient == who, OutboxMessage.transport == transport)
    # waiting for another deliverer, not passing over what it holds: then it has told everything, or nothing
    found = own.order_by(OutboxMessage.id).with_for_update().cte("found")
    taken = (
        sa.update(OutboxMessage)
        .where(OutboxMessage.id.in_(sa.select(found.c.id)))
        .values(delivery_state=DeliveryState.SENT, sent_at=now)
        .returning(
            OutboxMessage.id,
            OutboxMessage.stable_id,
            OutboxMessage.topic,
            OutboxMessage.language,
            OutboxMessage.ticket_id,
            OutboxMessage.params,
        )
        .execution_options(synchronize_session=False)
    )
    rows = db.session.execute(taken).all()
    told = [_Waiting(id_, stable_id, NoticeTopic(topic), *rest) for id_, stable_id, topic, *rest in rows]
    sound = [one for one in told if _is_sound(one)]
    _give_back([one.id for one in told if not _is_sound(one)], now)
    if not sound:  # another deliverer was here first
        return False
    connection = db.session.connection()
    connection.execute(insert_once(OutboxMessage, connection.dialect.name), [row(_digest(who, transport, sound), now)])
    return True


def _digest(who: str, transport: Transport, rows: Sequence[_Waiting]) -> Notice:
    """One notice for all of ``rows``; a promise that both warned and broke, or is on its third level, is one."""
    each: dict[str, _Waiting] = {}
    for one in sorted(rows, key=lambda one: one.badness):
        each.setdefault(one.promise, one)
    soon = sum(one.topic is NoticeTopic.CLOCK_WARNED for one in each.values())
    newest = max(rows, key=lambda one: one.id)
    ids = sorted(one.id for one in rows)
    return Notice(
        stable_id=f"digest:{transport}:{ids[0]}-{ids[-1]}:{len(ids)}",
        transport=transport,
        recipient=who,
        topic=NoticeTopic.PROMISES_DIGEST,
        language=newest.language,
        params={
            "late": len(each) - soon,
            "soon": soon,
            "entries": [_entry(one) for one in list(each.values())[:SHOWN]] if transport is Transport.MAIL else [],
            "timezone": newest.params.get("timezone"),
        },
    )


def _entry(one: _Waiting) -> dict[str, Any]:
    return {"topic": one.topic.value, "number": one.ticket_id, "params": dict(one.params)}


def _is_sound(one: _Waiting) -> bool:
    """Whether a row can be told at all: one that can't must not spoil the letter of the others."""
    try:
        datetime.fromisoformat(str(one.params.get("due_at")))
    except ValueError:
        return False
    return all(one.params.get(name) is not None for name in SHAPES[one.topic].required)


def _give_back(broken: Sequence[int], now: datetime) -> None:
    """What can't be told in a digest goes out by itself, where it can be refused and looked at."""
    if broken:
        db.session.execute(
            sa.update(OutboxMessage)
            .where(OutboxMessage.id.in_(broken))
            .values(delivery_state=DeliveryState.PENDING, sent_at=None, next_attempt_at=now)
            .execution_options(synchronize_session=False)
        )
