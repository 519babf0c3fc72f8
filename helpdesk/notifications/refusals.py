"""What people don't want to be told: read where notices are queued, in the very statement that writes them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from helpdesk.database import db
from helpdesk.notifications.models import NotificationRefusal, OutboxMessage, Transport
from helpdesk.notifications.notices import Notice, row
from helpdesk.notifications.topics import REFUSABLE, NoticeTopic

Choice = tuple[NoticeTopic, Transport]

TRANSPORTS = (Transport.IN_APP, Transport.MAIL)
_OURS = "asked_"  # before each parameter: the bare names of columns belong to the INSERT
_READER = f"{_OURS}reader_id"


def asked(notice: Notice, now: datetime) -> dict[str, Any]:
    """The parameters of ``insert_wanted`` for one notice."""
    reader_id = notice.user_id if notice.topic in REFUSABLE else None
    return {f"{_OURS}{name}": value for name, value in row(notice, now).items()} | {_READER: reader_id}


@lru_cache
def insert_wanted(dialect: str) -> Any:
    """INSERT of one row for the outbox, unless its person refuses it or its stable id is known.

    The rows go beside the statement, not into it: so it is compiled once. ON CONFLICT rather than a caught
    IntegrityError: on PostgreSQL the error would have ended the caller's transaction.
    """
    columns = [column for column in OutboxMessage.__table__.columns if column.name not in ("id", "sent_at")]
    values = {column.name: sa.bindparam(f"{_OURS}{column.name}", type_=_type_of(column)) for column in columns}
    refused = sa.exists().where(
        NotificationRefusal.user_id == sa.bindparam(_READER, type_=sa.Integer),
        NotificationRefusal.topic == values["topic"],
        NotificationRefusal.transport == values["transport"],
    )
    insert = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(OutboxMessage)
    wanted = insert.from_select(list(values), sa.select(*values.values()).where(~refused), include_defaults=False)
    statement = wanted.on_conflict_do_nothing(index_elements=["stable_id"])
    return statement.execution_options(preserve_rowcount=True)


def _type_of(column: Any) -> Any:
    """PostgreSQL must know what a parameter is before it sees the column: of an enum it would not be told."""
    return sa.String(32) if isinstance(column.type, sa.Enum) else column.type


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
