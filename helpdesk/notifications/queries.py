"""What this room reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext as _

from helpdesk.database import composed_once, db
from helpdesk.errors import NotFound
from helpdesk.notifications.models import Notification, OutboxMessage
from helpdesk.notifications.outbox import IS_FAILED, IS_PENDING

UNREAD_SHOWN = 9
"""The bell counts to here and then says "9+": it never reads more of the index than it shows."""


def unread_count(user_id: int) -> int:
    """How many lines a person has not read, at most one more than the bell shows."""
    return db.session.scalar(_unread(), {"user": user_id}) or 0


@composed_once
def _unread() -> sa.Select[int]:
    own = Notification.user_id == sa.bindparam("user", type_=sa.Integer)
    unread = sa.select(Notification.id).where(own, Notification.read_at.is_(None)).limit(UNREAD_SHOWN + 1)
    return sa.select(sa.func.count()).select_from(unread.subquery())


def newest_first(user_id: int, before_id: int | None, limit: int, *, only_unread: bool = False) -> list[Notification]:
    """A person's lines, those older than ``before_id`` when it is given."""
    lines = sa.select(Notification).where(Notification.user_id == user_id)
    if only_unread:
        lines = lines.where(Notification.read_at.is_(None))
    if before_id is not None:
        lines = lines.where(Notification.id < before_id)
    return list(db.session.scalars(lines.order_by(Notification.id.desc()).limit(limit)))


def own_notification(notification_id: int, user_id: int) -> Notification:
    """The line under the person's own bell. Raises NotFound, also for somebody else's."""
    found = db.session.get(Notification, notification_id)
    if found is None or found.user_id != user_id:
        raise NotFound(_("There is no such notification."))
    return found


@dataclass(frozen=True, slots=True)
class Post:
    """How the post does: the oldest mail that was refused and waits, and how many were given up, each with why."""

    waiting_since: datetime | None
    waiting_because: str
    given_up: int
    given_up_because: str


def post(since: datetime) -> Post:
    """What waits now and what was given up since then, for whoever looks after the desk."""
    waits = sa.select(OutboxMessage.created_at, OutboxMessage.last_error).where(
        IS_PENDING, OutboxMessage.last_error != ""
    )
    waiting = db.session.execute(waits.order_by(OutboxMessage.created_at).limit(1)).first()
    waiting_since, waiting_because = waiting or (None, "")
    failed = sa.select(OutboxMessage.last_error).where(IS_FAILED, OutboxMessage.created_at >= since)
    reasons = list(db.session.scalars(failed.order_by(OutboxMessage.created_at.desc()).limit(1000)))
    return Post(waiting_since, waiting_because, len(reasons), reasons[0] if reasons else "")
