"""Forgetting what was told long ago, a batch at a time: whoever waits for the tables never waits long."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask import current_app

from helpdesk.database import db
from helpdesk.notifications.models import Notification, OutboxMessage
from helpdesk.notifications.outbox import IS_SENT

BATCH = 500


def forget_sent(now: datetime) -> int:
    """Remove the oldest rows of the outbox that were sent long enough ago; how many they were."""
    return _remove(OutboxMessage, sent_before(now - timedelta(seconds=current_app.config["KEEP_SENT"])))


def forget_read(now: datetime) -> int:
    """Remove the lines under bells that were read long enough ago; unread ones stay."""
    return _remove(Notification, read_before(now - timedelta(seconds=current_app.config["KEEP_READ"])))


def sent_before(moment: datetime) -> sa.Select[int]:
    """Ids of the rows of the outbox that were sent before ``moment``, the oldest first."""
    rows = sa.select(OutboxMessage.id).where(IS_SENT, OutboxMessage.sent_at < moment)
    return rows.order_by(OutboxMessage.sent_at).limit(BATCH)


def read_before(moment: datetime) -> sa.Select[int]:
    """Ids of the lines that were read before ``moment``, the oldest first."""
    rows = sa.select(Notification.id).where(Notification.read_at.is_not(None), Notification.read_at < moment)
    return rows.order_by(Notification.read_at).limit(BATCH)


def _remove(model: type[OutboxMessage | Notification], old: sa.Select[int]) -> int:
    gone = sa.delete(model).where(model.id.in_(old.with_for_update(skip_locked=True)))
    result: Any = db.session.execute(gone.execution_options(synchronize_session=False))
    return int(result.rowcount)
