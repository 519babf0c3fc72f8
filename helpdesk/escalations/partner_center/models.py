"""What the connector keeps: when cases are asked after, notes on their way, and the connection itself."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.database import Base, words
from workflows.vocabulary import Severity, VendorCaseState


class PostState(StrEnum):
    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"


_PENDING = sa.text("post_state = 'pending'")


class VendorPost(Base):
    """A note of ours on its way to the vendor's API: written with the note, sent after the commit.

    ``stable_id`` goes along as MS-RequestId and, in short, inside the text, so that no try can add it twice.
    ``becomes`` and ``severity`` are asked for in the same breath: the note arrives together with them or not at all.
    """

    __tablename__ = "vendor_post"
    __table_args__ = (
        sa.Index("ix_vendor_post_due", "next_attempt_at", "note_id", sqlite_where=_PENDING, postgresql_where=_PENDING),
        sa.Index("ix_vendor_post_case", "vendor_case_id", "note_id", sqlite_where=_PENDING, postgresql_where=_PENDING),
    )

    note_id: Mapped[int] = mapped_column(sa.ForeignKey("vendor_note.id", ondelete="CASCADE"), primary_key=True)
    vendor_case_id: Mapped[int] = mapped_column(sa.ForeignKey("vendor_case.id", ondelete="CASCADE"))
    stable_id: Mapped[str] = mapped_column(sa.String(36), unique=True)
    post_state: Mapped[PostState] = mapped_column(words(PostState, "post_state"), default=PostState.PENDING)
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    last_error: Mapped[str] = mapped_column(sa.String(300), default="")  # of a sent one: what it did not bring about
    becomes: Mapped[VendorCaseState | None] = mapped_column(words(VendorCaseState, "becomes"))
    severity: Mapped[Severity | None] = mapped_column(words(Severity, "severity"))

    def asks_for(self, state: VendorCaseState) -> bool:
        """Whether it waits to ask the vendor for ``state``."""
        return self.becomes is state and self.post_state is PostState.PENDING


class VendorPoll(Base):
    """When the vendor is next asked about a case; the row goes when the case is closed.

    ``vendor_state`` is the vendor's own word as last read: only its changes are mirrored, so that what an
    agent says of a case in between stands. ``listed_at`` is the last change of the case as the vendor's list told it:
    another one brings its turn forward, and so does its going from the list. None while the list doesn't show it.
    """

    __tablename__ = "vendor_poll"
    __table_args__ = (sa.Index("ix_vendor_poll_due", "next_poll_at", "vendor_case_id"),)

    vendor_case_id: Mapped[int] = mapped_column(sa.ForeignKey("vendor_case.id", ondelete="CASCADE"), primary_key=True)
    next_poll_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)  # counts claims and fences them
    failures: Mapped[int] = mapped_column(default=0)  # since the last answer
    polled_at: Mapped[datetime | None]
    vendor_state: Mapped[str] = mapped_column(sa.String(40), default="")
    listed_at: Mapped[datetime | None]
    last_error: Mapped[str] = mapped_column(sa.String(300), default="")


class VendorConnection(Base):
    """The desk's connection to the vendor's API: one row or none. Tokens are sealed with HELPDESK_VENDOR_KEY."""

    __tablename__ = "vendor_connection"
    __table_args__ = (sa.CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sealed: Mapped[str] = mapped_column(sa.Text, default="")  # refresh and access token; empty: no consent yet
    consented_at: Mapped[datetime | None]  # when a person put the first refresh token in
    renewed_at: Mapped[datetime | None]  # when the vendor last gave a new one
    quiet_until: Mapped[datetime | None]  # the vendor asked to be left alone until then
    answered_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    failing_since: Mapped[datetime | None]  # the first failure after the last answer
    next_survey_at: Mapped[datetime | None]  # when the vendor's list is read next
    last_error: Mapped[str] = mapped_column(sa.String(300), default="")
