"""The desk's cases and their append-only histories."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.accounts.models import Team, User
from helpdesk.clock import NEVER
from helpdesk.customers.models import Contact, Customer, Subscription
from helpdesk.database import Base, words
from workflows.vocabulary import (
    ESCALATED_STATES,
    OPEN_STATES,
    AttachmentVerdict,
    Boundary,
    BoundaryReason,
    ClockKind,
    EventKind,
    HealthResult,
    HoldCause,
    Kind,
    Level,
    LinkKind,
    MoneyPurpose,
    Priority,
    ResolutionCode,
    Service,
    Source,
    State,
    Turn,
)

_OPEN = sa.text("state IN ({})".format(", ".join(f"'{state}'" for state in sorted(OPEN_STATES))))
IS_OPEN: sa.ColumnElement[Any] = sa.literal_column(f"ticket.{_OPEN.text}")
"""The condition of the queue's partial indexes, word for word: SQLite uses them for no other spelling.

It has no Boolean type on purpose: on SQLite that would be spelled "... = 1".
"""

_OPEN_UNASSIGNED = sa.text(f"{_OPEN.text} AND assignee_id IS NULL")
_CLOSES = sa.text("closes_at IS NOT NULL")
_WAKES = sa.text("hold_until IS NOT NULL")
_REMINDS = sa.text("remind_at IS NOT NULL")
_ESCALATION_DUE = sa.text("escalation_due_at IS NOT NULL")
_ESCALATED = ", ".join(f"'{state}'" for state in sorted(ESCALATED_STATES))
WENT_TO_VENDOR = f"to_state IN ({_ESCALATED})"
LEFT_VENDOR = f"from_state IN ({_ESCALATED})"
"""The conditions of the partial indexes over a ticket's way to the vendor and back, word for word."""


_IN_ORDER = ("is_paused", "next_due_at", "id")


def _queue_index(name: str, *columns: str) -> sa.Index:
    """The queue's order behind ``columns``, over open tickets only: history does not weigh on it."""
    return sa.Index(name, *columns, *_IN_ORDER, sqlite_where=_OPEN, postgresql_where=_OPEN)


class Topic(Base):
    """What tickets of a kind are about: data, so that reports can follow it."""

    __tablename__ = "topic"
    __table_args__ = (sa.UniqueConstraint("kind", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[Kind] = mapped_column(words(Kind, "kind"))
    name: Mapped[str] = mapped_column(sa.String(80))
    is_enabled: Mapped[bool] = mapped_column(default=True)


class Ticket(Base):
    """The desk's case. ``id`` is the number people see: from 1001, gaps allowed, never reused.

    ``next_due_at``, ``next_due_clock``, ``next_warns_at``, ``next_due_idle_seconds``, ``is_paused`` and
    ``paused_seconds_left`` are the projection of its clocks that the queue sorts and shows;
    ``tickets.deadlines`` alone writes them.
    """

    __tablename__ = "ticket"
    __table_args__ = (
        # no index begins with the state: SQLite would read "state IN (...)" off it, every open ticket, and then sort
        sa.Index("ix_ticket_queue", *_IN_ORDER, "state", sqlite_where=_OPEN, postgresql_where=_OPEN),
        _queue_index("ix_ticket_queue_assignee", "assignee_id"),
        _queue_index("ix_ticket_queue_team", "team_id"),
        _queue_index("ix_ticket_queue_customer", "customer_id"),
        _queue_index("ix_ticket_queue_kind", "kind"),
        _queue_index("ix_ticket_queue_turn", "turn"),
        _queue_index("ix_ticket_queue_priority", "priority"),
        sa.Index(
            "ix_ticket_unassigned",
            "created_at",
            "id",
            sqlite_where=_OPEN_UNASSIGNED,
            postgresql_where=_OPEN_UNASSIGNED,
        ),
        sa.Index("ix_ticket_due", "next_due_at", "id", sqlite_where=_OPEN, postgresql_where=_OPEN),
        sa.Index("ix_ticket_open", "id", sqlite_where=_OPEN, postgresql_where=_OPEN),  # for walking them all
        sa.Index("ix_ticket_closes", "closes_at", sqlite_where=_CLOSES, postgresql_where=_CLOSES),
        sa.Index("ix_ticket_wakes", "hold_until", sqlite_where=_WAKES, postgresql_where=_WAKES),
        sa.Index("ix_ticket_reminds", "remind_at", sqlite_where=_REMINDS, postgresql_where=_REMINDS),
        sa.Index(
            "ix_ticket_escalation_due",
            "escalation_due_at",
            "id",
            sqlite_where=_ESCALATION_DUE,
            postgresql_where=_ESCALATION_DUE,
        ),
        sa.Index("ix_ticket_customer", "customer_id", "id"),
        sa.Index("ix_ticket_contact", "contact_id", "id"),
        sa.CheckConstraint("(hold_cause IS NULL) = (held_at IS NULL)", name="hold_whole"),
        sa.CheckConstraint(f"hold_cause IS NULL OR {_OPEN.text}", name="hold_only_open"),
        sa.CheckConstraint(f"(state = '{State.MERGED}') = (merged_into_id IS NOT NULL)", name="merged_somewhere"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(sa.Identity(start=1001), primary_key=True)
    kind: Mapped[Kind] = mapped_column(words(Kind, "kind"))
    service: Mapped[Service] = mapped_column(words(Service, "service"))
    topic_id: Mapped[int | None] = mapped_column(sa.ForeignKey("topic.id"))
    subject: Mapped[str] = mapped_column(sa.String(200))
    intake: Mapped[dict[str, Any]] = mapped_column(default=dict)  # the kind's own questions, as answered
    source: Mapped[Source] = mapped_column(words(Source, "source"))
    language: Mapped[str] = mapped_column(sa.String(5), default="en")
    draft_id: Mapped[str | None] = mapped_column(sa.String(43), unique=True)  # a form sent twice opens one ticket

    impact: Mapped[Level] = mapped_column(words(Level, "impact"))
    urgency: Mapped[Level] = mapped_column(words(Level, "urgency"))
    priority: Mapped[Priority] = mapped_column(words(Priority, "priority"))  # in force
    priority_override: Mapped[Priority | None] = mapped_column(words(Priority, "priority_override"))
    is_classified: Mapped[bool] = mapped_column(
        default=False
    )  # an agent has gone over kind, service, impact, urgency, topic

    state: Mapped[State] = mapped_column(words(State, "state"), default=State.INTAKE)
    hold_cause: Mapped[HoldCause | None] = mapped_column(words(HoldCause, "hold_cause"))
    held_at: Mapped[datetime | None]
    hold_until: Mapped[datetime | None]
    remind_at: Mapped[datetime | None]  # the contact is reminded then, or their idle ticket closed
    reminder_count: Mapped[int] = mapped_column(default=0, server_default="0")  # since the hold began
    escalation_due_at: Mapped[datetime | None]  # the ladder found it overdue then; NULL once it is escalated or done
    turn: Mapped[Turn] = mapped_column(words(Turn, "turn"), default=Turn.OURS)

    customer_id: Mapped[int | None] = mapped_column(sa.ForeignKey("customer.id"))
    is_customer_confirmed: Mapped[bool] = mapped_column(default=False)
    claimed_company: Mapped[str] = mapped_column(
        sa.String(160), default=""
    )  # what a guest says; shows and attaches nothing
    contact_id: Mapped[int] = mapped_column(sa.ForeignKey("contact.id"))
    subscription_id: Mapped[int | None] = mapped_column(sa.ForeignKey("subscription.id"))
    assignee_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    team_id: Mapped[int] = mapped_column(sa.ForeignKey("team.id"))

    terms_id: Mapped[int | None] = mapped_column(sa.ForeignKey("sla_terms.id"))
    next_due_at: Mapped[datetime] = mapped_column(default=NEVER)
    next_due_clock: Mapped[ClockKind | None] = mapped_column(words(ClockKind, "next_due_clock"))
    next_warns_at: Mapped[datetime] = mapped_column(default=NEVER)
    next_due_idle_seconds: Mapped[int] = mapped_column(default=0)  # what that clock stood still after its deadline
    is_paused: Mapped[bool] = mapped_column(default=False)
    paused_seconds_left: Mapped[int | None]
    # the nearest open money deadline, kept by actions.money; the projection above takes it in. And the last one missed
    money_due_at: Mapped[datetime | None]
    money_warns_at: Mapped[datetime | None]
    money_purpose: Mapped[MoneyPurpose | None] = mapped_column(words(MoneyPurpose, "money_purpose"))
    money_missed_at: Mapped[datetime | None]

    resolution_code: Mapped[ResolutionCode | None] = mapped_column(words(ResolutionCode, "resolution_code"))
    resolution_note: Mapped[str] = mapped_column(sa.Text, default="")
    resolved_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]  # closed, turned away or merged then
    closes_at: Mapped[datetime | None]  # a resolved ticket's quiet period ends
    merged_into_id: Mapped[int | None] = mapped_column(sa.ForeignKey("ticket.id"))

    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    last_message_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)  # seq of the last move or field edit; pages carry it
    event_count: Mapped[int] = mapped_column(default=0)
    event_head: Mapped[str] = mapped_column(sa.String(64), default="")

    topic: Mapped[Topic | None] = relationship()
    customer: Mapped[Customer | None] = relationship()
    contact: Mapped[Contact] = relationship()
    subscription: Mapped[Subscription | None] = relationship()
    assignee: Mapped[User | None] = relationship()
    team: Mapped[Team] = relationship()
    tags: Mapped[list[TicketTag]] = relationship(cascade="all, delete-orphan", order_by="TicketTag.name")

    @property
    def number(self) -> int:
        return self.id

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES


class TicketTag(Base):
    """A word put on a ticket, folded to lower case; policies may ask for it."""

    __tablename__ = "ticket_tag"
    __table_args__ = (sa.Index("ix_ticket_tag_name", "name", "ticket_id"),)

    ticket_id: Mapped[int] = mapped_column(sa.ForeignKey("ticket.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(40), primary_key=True)


class TicketEvent(Base):
    """Append-only, chained: who, when, what, from, to, particulars (the exact text that was hashed).

    ``actor`` reads "staff:3", "contact:7" or "scheduler". A message enters only as its hash, so that
    erasing a person leaves the chain whole.
    """

    __tablename__ = "ticket_event"
    __table_args__ = (
        sa.UniqueConstraint("ticket_id", "seq"),
        sa.Index(
            "ix_ticket_event_went",
            "at",
            "id",
            sqlite_where=sa.text(WENT_TO_VENDOR),
            postgresql_where=sa.text(WENT_TO_VENDOR),
        ),
        sa.Index(
            "ix_ticket_event_left",
            "ticket_id",
            "seq",
            sqlite_where=sa.text(LEFT_VENDOR),
            postgresql_where=sa.text(LEFT_VENDOR),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(sa.ForeignKey("ticket.id"))
    seq: Mapped[int]  # from 1, without gaps
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(sa.String(40))
    what: Mapped[EventKind] = mapped_column(words(EventKind, "what"))
    from_state: Mapped[State | None] = mapped_column(words(State, "from_state"))
    to_state: Mapped[State | None] = mapped_column(words(State, "to_state"))
    particulars: Mapped[str] = mapped_column(sa.Text)  # canonical JSON
    hash: Mapped[str] = mapped_column(sa.String(64))


class Message(Base):
    """Something said on a ticket: public to the contact, or a note only the desk sees."""

    __tablename__ = "message"
    __table_args__ = (sa.Index("ix_message_ticket", "ticket_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(sa.ForeignKey("ticket.id"))
    at: Mapped[datetime]
    is_public: Mapped[bool]
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    contact_id: Mapped[int | None] = mapped_column(sa.ForeignKey("contact.id"))
    source: Mapped[Source] = mapped_column(words(Source, "source"))
    body: Mapped[str] = mapped_column(sa.Text)

    user: Mapped[User | None] = relationship()
    contact: Mapped[Contact | None] = relationship()
    attachments: Mapped[list[Attachment]] = relationship(  # as sent: redacted copies are no part of what was said
        primaryjoin="and_(Message.id == Attachment.message_id, Attachment.original_id.is_(None))",
        order_by="Attachment.id",
        back_populates="message",
    )


class Attachment(Base):
    """A file of a message. ``key`` is random and unguessable: the name on disk and in the address."""

    __tablename__ = "attachment"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(sa.String(43), unique=True)
    ticket_id: Mapped[int] = mapped_column(sa.ForeignKey("ticket.id"), index=True)
    message_id: Mapped[int] = mapped_column(sa.ForeignKey("message.id"), index=True)
    file_name: Mapped[str] = mapped_column(sa.String(200))
    content_type: Mapped[str] = mapped_column(sa.String(100))
    size_bytes: Mapped[int]
    sha256: Mapped[str] = mapped_column(sa.String(64))
    created_at: Mapped[datetime]
    original_id: Mapped[int | None] = mapped_column(sa.ForeignKey("attachment.id"))  # of a redacted copy

    message: Mapped[Message] = relationship(back_populates="attachments")


class AttachmentCheck(Base):
    """What was found in an attachment before it may go to the vendor, and what becomes of it."""

    __tablename__ = "attachment_check"

    attachment_id: Mapped[int] = mapped_column(sa.ForeignKey("attachment.id"), primary_key=True)
    at: Mapped[datetime]
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    verdict: Mapped[AttachmentVerdict] = mapped_column(words(AttachmentVerdict, "verdict"))
    found: Mapped[dict[str, Any]] = mapped_column(default=dict)  # {kind of personal data: how often}
    copy_id: Mapped[int | None] = mapped_column(sa.ForeignKey("attachment.id"))  # the redacted one


class TicketPack(Base):
    """What people wrote into the escalation pack of a ticket; the rest of it is read where it already stands.

    ``answers`` are texts by ``PackItem``. ``override_reason`` is a lead's, for escalating once though it is not whole.
    """

    __tablename__ = "ticket_pack"

    ticket_id: Mapped[int] = mapped_column(sa.ForeignKey("ticket.id"), primary_key=True)
    answers: Mapped[dict[str, Any]] = mapped_column(default=dict)
    override_reason: Mapped[str] = mapped_column(sa.String(300), default="")
    override_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    updated_at: Mapped[datetime]


class StagedFile(Base):
    """A valid upload of a form that was not accepted yet: kept 24 h under the draft, so that nothing is lost."""

    __tablename__ = "staged_file"

    key: Mapped[str] = mapped_column(sa.String(43), primary_key=True)
    draft_id: Mapped[str] = mapped_column(sa.String(43), index=True)
    address: Mapped[str] = mapped_column(sa.String(64), index=True)  # hashed sender address, for the quota
    file_name: Mapped[str] = mapped_column(sa.String(200))
    content_type: Mapped[str] = mapped_column(sa.String(100))
    size_bytes: Mapped[int]
    sha256: Mapped[str] = mapped_column(sa.String(64))
    created_at: Mapped[datetime] = mapped_column(index=True)


class Diagnosis(Base):
    """Append-only: what was checked, found and tried, and whose fault it is. The newest speaks."""

    __tablename__ = "diagnosis"
    __table_args__ = (sa.Index("ix_diagnosis_ticket", "ticket_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(sa.ForeignKey("ticket.id"))
    at: Mapped[datetime]
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    health: Mapped[HealthResult | None] = mapped_column(words(HealthResult, "health"))
    findings: Mapped[str] = mapped_column(sa.Text, default="")
    tried: Mapped[str] = mapped_column(sa.Text, default="")
    boundary: Mapped[Boundary | None] = mapped_column(words(Boundary, "boundary"))
    boundary_reason: Mapped[BoundaryReason | None] = mapped_column(words(BoundaryReason, "boundary_reason"))
    boundary_override: Mapped[str] = mapped_column(sa.String(300), default="")  # a lead's kept reason


class SavedView(Base):
    """A filter of the queue that somebody keeps under a name: the query of its address."""

    __tablename__ = "saved_view"
    __table_args__ = (sa.UniqueConstraint("user_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    name: Mapped[str] = mapped_column(sa.String(40))
    query: Mapped[str] = mapped_column(sa.String(500))
    position: Mapped[int]


class TicketLink(Base):
    """``from_id`` is the parent, or the closed ticket that ``to_id`` follows up."""

    __tablename__ = "ticket_link"
    __table_args__ = (sa.UniqueConstraint("from_id", "to_id", "kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    from_id: Mapped[int] = mapped_column(sa.ForeignKey("ticket.id"), index=True)
    to_id: Mapped[int] = mapped_column(sa.ForeignKey("ticket.id"), index=True)
    kind: Mapped[LinkKind] = mapped_column(words(LinkKind, "kind"))
    created_at: Mapped[datetime]


class Tracker(Base):
    """A secret link of a ticket: only the SHA-256 of its 256-bit token is kept."""

    __tablename__ = "tracker"

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(sa.ForeignKey("ticket.id"), index=True)
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    issued_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
