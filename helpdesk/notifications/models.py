"""What people are told: rows written with the change they tell of, delivered after it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.database import Base, words


class Transport(StrEnum):
    """How a notification travels."""

    MAIL = "mail"
    IN_APP = "in_app"


class DeliveryState(StrEnum):
    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"


_PENDING = sa.text("delivery_state = 'pending'")
_FAILED = sa.text("delivery_state = 'failed'")
_SENT = sa.text("delivery_state = 'sent'")


class OutboxMessage(Base):
    """One message to one recipient. ``stable_id`` is unique, so that the same cause can't be queued twice."""

    __tablename__ = "outbox_message"
    __table_args__ = (
        sa.Index("ix_outbox_message_due", "next_attempt_at", "id", sqlite_where=_PENDING, postgresql_where=_PENDING),
        sa.Index("ix_outbox_message_failed", "created_at", sqlite_where=_FAILED, postgresql_where=_FAILED),
        sa.Index("ix_outbox_message_sent", "sent_at", sqlite_where=_SENT, postgresql_where=_SENT),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    stable_id: Mapped[str] = mapped_column(sa.String(120), unique=True)
    transport: Mapped[Transport] = mapped_column(words(Transport, "transport"))
    recipient: Mapped[str] = mapped_column(sa.String(254))  # an address, or a user id for in_app
    topic: Mapped[str] = mapped_column(sa.String(40))  # which message: a name in messages.py
    language: Mapped[str] = mapped_column(sa.String(5), default="en")
    ticket_id: Mapped[int | None] = mapped_column(sa.ForeignKey("ticket.id"))
    params: Mapped[dict[str, Any]] = mapped_column(default=dict)
    delivery_state: Mapped[DeliveryState] = mapped_column(
        words(DeliveryState, "delivery_state"), default=DeliveryState.PENDING
    )
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    last_error: Mapped[str] = mapped_column(sa.String(300), default="")


class NotificationRefusal(Base):
    """What a person does not want to be told by a transport. No row: they are told."""

    __tablename__ = "notification_refusal"

    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True)
    topic: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    transport: Mapped[Transport] = mapped_column(words(Transport, "transport"), primary_key=True)


_UNREAD = sa.text("read_at IS NULL")
_READ = sa.text("read_at IS NOT NULL")


class Notification(Base):
    """A line under a person's bell."""

    __tablename__ = "notification"
    __table_args__ = (
        sa.Index("ix_notification_user", "user_id", "id"),
        sa.Index("ix_notification_unread", "user_id", "id", sqlite_where=_UNREAD, postgresql_where=_UNREAD),
        sa.Index("ix_notification_read", "read_at", sqlite_where=_READ, postgresql_where=_READ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    stable_id: Mapped[str] = mapped_column(sa.String(120), unique=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    ticket_id: Mapped[int | None] = mapped_column(sa.ForeignKey("ticket.id"))
    topic: Mapped[str] = mapped_column(sa.String(40))
    params: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
