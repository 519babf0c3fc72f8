"""The vendor's refund, cancellation and claim windows as data, and those that tickets have."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.database import Base, words
from workflows.vocabulary import MoneyPurpose, MoneyStart, MoneyState, MoneyUnit


class MoneyWindow(Base):
    """How long the vendor takes something back. Data with its source, because the vendor changes it."""

    __tablename__ = "money_window"
    __table_args__ = (sa.CheckConstraint("length > 0", name="has_length"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(120), unique=True)
    purpose: Mapped[MoneyPurpose] = mapped_column(words(MoneyPurpose, "purpose"))
    services: Mapped[list[Any]] = mapped_column(default=list)  # it holds for these, by value; none: for all
    length: Mapped[int]
    unit: Mapped[MoneyUnit] = mapped_column(words(MoneyUnit, "unit"))
    counts_from: Mapped[MoneyStart] = mapped_column(words(MoneyStart, "counts_from"))
    source: Mapped[str] = mapped_column(sa.String(300), default="")
    is_enabled: Mapped[bool] = mapped_column(default=True)


_OPEN = sa.text(f"state = '{MoneyState.OPEN}'")
_FIRES = sa.text("next_fire_at IS NOT NULL")


class MoneyDeadline(Base):
    """A window that runs on a ticket. It keeps the dates it was given, whatever becomes of the window's figures.

    ``next_fire_at`` is the next warning or the end; NULL once it is no longer open.
    """

    __tablename__ = "money_deadline"
    __table_args__ = (
        sa.Index("ix_money_deadline_open", "ticket_id", "due_at", sqlite_where=_OPEN, postgresql_where=_OPEN),
        sa.Index("ix_money_deadline_fires", "next_fire_at", sqlite_where=_FIRES, postgresql_where=_FIRES),
        sa.Index("ix_money_deadline_ticket", "ticket_id", "id"),
        sa.CheckConstraint(f"(state = '{MoneyState.OPEN}') = (ended_at IS NULL)", name="ended_whole"),
        sa.CheckConstraint("begins_at < due_at", name="runs"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(sa.ForeignKey("ticket.id"))
    window_id: Mapped[int] = mapped_column(sa.ForeignKey("money_window.id"))
    name: Mapped[str] = mapped_column(sa.String(120))  # the window's, as it was then
    purpose: Mapped[MoneyPurpose] = mapped_column(words(MoneyPurpose, "purpose"))
    begins_at: Mapped[datetime]
    due_at: Mapped[datetime]
    state: Mapped[MoneyState] = mapped_column(words(MoneyState, "state"), default=MoneyState.OPEN)
    next_fire_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str] = mapped_column(sa.String(300), default="")  # why it was waived
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
