"""What people don't want to be told: read where notices are queued, in the very statement that writes them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from helpdesk.bulk import packed, unfolded
from helpdesk.database import db, is_sqlite
from helpdesk.notifications.models import NotificationRefusal, OutboxMessage, Transport
from helpdesk.notifications.notices import Notice, row
from helpdesk.notifications.topics import REFUSABLE, NoticeTopic

Choice = tuple[NoticeTopic, Transport]

TRANSPORTS = (Transport.IN_APP, Transport.MAIL)
_READER, _PLACE = "reader_id", "place"


def insert_wanted(notices: Iterable[Notice], now: datetime) -> int:
    """Write ``notices`` to the outbox but for those that their person refuses or whose stable id is known.

    Returns how many were new. ON CONFLICT rather than a caught IntegrityError: on PostgreSQL the error would have
    ended the caller's transaction.
    """
    rows = [_asked(place, notice, now) for place, notice in enumerate(notices)]
    if not rows:
        return 0
    connection = db.session.connection()
    if is_sqlite():
        prefixed = [{f"{_OURS}{name}": value for name, value in one.items() if name != _PLACE} for one in rows]
        return connection.execute(_one_by_one(), prefixed).rowcount
    return connection.execute(_together(), {"rows": packed(rows)}).rowcount


def _asked(place: int, notice: Notice, now: datetime) -> dict[str, Any]:
    reader_id = notice.user_id if notice.topic in REFUSABLE else None
    return row(notice, now) | {_READER: reader_id, _PLACE: place}


_OURS = "asked_"  # before each parameter: the bare names of columns belong to the INSERT
_COLUMNS = tuple(column for column in OutboxMessage.__table__.columns if column.name not in ("id", "sent_at"))


@lru_cache
def _one_by_one() -> Any:
    """For SQLite, whose driver goes through the rows itself."""
    values = {column.name: sa.bindparam(f"{_OURS}{column.name}", type_=column.type) for column in _COLUMNS}
    reader = sa.bindparam(f"{_OURS}{_READER}", type_=sa.Integer)
    return _wanted(sqlite.insert(OutboxMessage), values, reader, sa.select(*values.values()))


@lru_cache
def _together() -> Any:
    """For PostgreSQL, which unfolds the rows itself."""
    given = unfolded({column.name: column.type for column in _COLUMNS} | {_READER: sa.Integer(), _PLACE: sa.Integer()})
    values = {column.name: given.c[column.name] for column in _COLUMNS}
    return _wanted(
        postgresql.insert(OutboxMessage),
        values,
        given.c[_READER],
        sa.select(*values.values()).order_by(given.c[_PLACE]),
    )


def _wanted(insert: Any, values: Mapping[str, Any], reader: Any, rows: sa.Select[Any]) -> Any:
    refused = sa.exists().where(
        NotificationRefusal.user_id == reader,
        NotificationRefusal.topic == values["topic"],
        NotificationRefusal.transport == values["transport"],
    )
    wanted = insert.from_select(list(values), rows.where(~refused), include_defaults=False)
    return wanted.on_conflict_do_nothing(index_elements=["stable_id"]).execution_options(preserve_rowcount=True)


def refusals_of(user_id: int) -> frozenset[Choice]:
    """What a person does without."""
    rows = sa.select(NotificationRefusal.topic, NotificationRefusal.transport)
    found = db.session.execute(rows.where(NotificationRefusal.user_id == user_id))
    known = {str(topic): topic for topic in REFUSABLE}
    return frozenset((known[topic], transport) for topic, transport in found if topic in known)


def refuse(user_id: int, choices: Collection[Choice]) -> None:
    """Put exactly ``choices`` in place of what the person did without; what can't be refused is passed over."""
    db.session.execute(sa.delete(NotificationRefusal).where(NotificationRefusal.user_id == user_id))
    db.session.add_all(
        NotificationRefusal(user_id=user_id, topic=str(topic), transport=transport)
        for topic, transport in sorted(set(choices))
        if topic in REFUSABLE and transport in TRANSPORTS
    )
