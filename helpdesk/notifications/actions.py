"""What changes in this room, inside the caller's transaction; nothing here commits.

How an action tells people, in the transaction of the change they are told of::

    from helpdesk.notifications import recipients
    from helpdesk.notifications.actions import queue_many
    from helpdesk.notifications.notices import tell
    from helpdesk.notifications.recipients import Recipient
    from helpdesk.notifications.topics import NoticeTopic

    rita = Recipient("rita@alpina.example", "hu", "Europe/Budapest")        # a contact: mail only
    ana = Recipient.of_user(ticket.assignee)                                # staff: bell and mail
    cause = f"event:{ticket.id}:{event.seq}"
    queue_many(
        [
            *tell(NoticeTopic.PUBLIC_REPLY, recipients.for_contact(rita), cause=cause, ticket_id=ticket.id,
                  params={"subject": ticket.subject, "author": "Ana Kovács", "body": message.body}),
            *tell(NoticeTopic.ASSIGNED, recipients.for_assignment(ana, by_user_id=actor.user_id), cause=cause,
                  ticket_id=ticket.id, params={"subject": ticket.subject, "by": actor.name}),
        ],
        now,
    )

Everything goes out in one statement. The same cause queued again writes nothing and raises nothing. Which
params a topic needs stands in ``topics.SHAPES``; ``secret_path`` is "/track/<token>" or another path that
opens without a password.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from helpdesk.database import db
from helpdesk.notifications.models import Notification, Transport
from helpdesk.notifications.notices import Notice
from helpdesk.notifications.refusals import insert_wanted
from helpdesk.notifications.topics import NoticeTopic


def queue_many(notices: Iterable[Notice], now: datetime) -> int:
    """Write ``notices`` to the outbox in one statement and return how many were new.

    What a person doesn't want to be told by that transport is left out there and then.
    """
    return insert_wanted(notices, now)


def queue(
    stable_id: str,
    transport: Transport,
    recipient: str,
    topic: NoticeTopic,
    language: str,
    params: Mapping[str, Any],
    ticket_id: int | None,
    now: datetime,
) -> bool:
    """Write one notice to the outbox; False when its ``stable_id`` was there. Raises ValueError as Notice.

    Nobody may refuse it: whoever knows only an address knows no person behind it.
    """
    return queue_many([Notice(stable_id, transport, recipient, topic, language, params, ticket_id)], now) == 1


def mark_read(line: Notification, now: datetime) -> None:
    """Mark a line as read, and with it whatever else the person's bell said of that ticket: they see it now."""
    is_same = Notification.id == line.id
    if line.ticket_id is not None:
        is_same |= Notification.ticket_id == line.ticket_id
    _mark(is_same, line.user_id, now)


def mark_all_read(user_id: int, up_to_id: int, now: datetime) -> None:
    """Mark everything the person has seen, that is up to ``up_to_id``: what came meanwhile stays unread."""
    _mark(Notification.id <= up_to_id, user_id, now)


def _mark(which: sa.ColumnElement[bool], user_id: int, now: datetime) -> None:
    db.session.execute(
        sa.update(Notification)
        .where(Notification.user_id == user_id, Notification.read_at.is_(None), which)
        .values(read_at=now)
        .execution_options(synchronize_session=False)
    )
