"""People who sign in, and the teams they work in."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask_login import UserMixin
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.database import Base, words
from helpdesk.web.names import initials
from workflows.vocabulary import Role


class Team(Base):
    """A group of agents with a lead; every ticket belongs to one."""

    __tablename__ = "team"
    __table_args__ = (
        sa.Index(
            "ix_team_default",
            "is_default",
            unique=True,
            sqlite_where=sa.text("is_default"),
            postgresql_where=sa.text("is_default"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(80), unique=True)
    lead_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id", use_alter=True))
    is_default: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]

    lead: Mapped[User | None] = relationship(foreign_keys=[lead_id])


class User(UserMixin, Base):
    """A member of staff. ``session_epoch`` rises when sessions must end: password change, role loss, disabling."""

    __tablename__ = "user_account"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(sa.String(254), unique=True)
    name: Mapped[str] = mapped_column(sa.String(120))
    password_hash: Mapped[str] = mapped_column(sa.String(255))
    is_enabled: Mapped[bool] = mapped_column(default=True)
    session_epoch: Mapped[int] = mapped_column(default=0)
    language: Mapped[str] = mapped_column(sa.String(5), default="en")
    timezone: Mapped[str] = mapped_column(sa.String(64), default="Europe/Budapest")
    team_id: Mapped[int | None] = mapped_column(sa.ForeignKey("team.id"), index=True)
    calendar_id: Mapped[int | None] = mapped_column(sa.ForeignKey("calendar.id"))  # working hours; None: the desk's
    created_at: Mapped[datetime]

    team: Mapped[Team | None] = relationship(foreign_keys=[team_id])
    role_rows: Mapped[list[UserRole]] = relationship(
        cascade="all, delete-orphan", lazy="selectin", order_by="UserRole.role"
    )

    @property
    def roles(self) -> frozenset[Role]:
        return frozenset(row.role for row in self.role_rows)

    @property
    def initials(self) -> str:
        return initials(self.name)

    @property
    def is_active(self) -> bool:
        return self.is_enabled

    def get_id(self) -> str:
        """What the session keeps: the account and its epoch, so that raising the epoch signs everybody out."""
        return f"{self.id}.{self.session_epoch}"


class UserRole(Base):
    __tablename__ = "user_role"

    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True)
    role: Mapped[Role] = mapped_column(words(Role, "role"), primary_key=True)


class OnCallTurn(Base):
    """Who answers for a team from one moment to another. Of overlapping turns the one that began last counts."""

    __tablename__ = "on_call_turn"
    __table_args__ = (
        sa.Index("ix_on_call_turn_team", "team_id", "starts_at"),
        sa.CheckConstraint("ends_at > starts_at", name="moments_in_order"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(sa.ForeignKey("team.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]


class AccountEvent(Base):
    """Append-only: who was created, granted, disabled, by whom."""

    __tablename__ = "account_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    actor_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    what: Mapped[str] = mapped_column(sa.String(40))
    particulars: Mapped[dict[str, Any]] = mapped_column(default=dict)


class SignInAttempt(Base):
    """Failed sign-ins of one subject (an address or an account), counted in the database: every worker sees them."""

    __tablename__ = "sign_in_attempt"

    subject: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    failures: Mapped[int]
    window_began_at: Mapped[datetime]
    blocked_until_at: Mapped[datetime | None]
