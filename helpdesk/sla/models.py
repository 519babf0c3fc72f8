"""Promises as rows: policies and calendars that people edit, frozen terms, clocks and what happened to them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.database import Base, words
from workflows.vocabulary import (
    OPEN_REVISIONS,
    BreachCause,
    ClockChange,
    ClockKind,
    ClockState,
    Kind,
    Priority,
    RevisionState,
    Service,
    State,
)


class Calendar(Base):
    """Opening hours under a name; the hours themselves stand in its versions, the newest is in force."""

    __tablename__ = "calendar"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(80), unique=True)
    version_id: Mapped[int | None] = mapped_column(sa.ForeignKey("calendar_version.id", use_alter=True))
    created_at: Mapped[datetime]

    version: Mapped[CalendarVersion | None] = relationship(foreign_keys=[version_id], lazy="joined")


class CalendarVersion(Base):
    """Immutable. ``definition`` is the mapping that BusinessCalendar is built from."""

    __tablename__ = "calendar_version"

    id: Mapped[int] = mapped_column(primary_key=True)
    calendar_id: Mapped[int] = mapped_column(sa.ForeignKey("calendar.id"), index=True)
    definition: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))


class SlaPolicy(Base):
    """Chooses targets: the first in ``position`` whose every condition matches; only the default matches all (R6)."""

    __tablename__ = "sla_policy"
    __table_args__ = (
        sa.Index(
            "ix_sla_policy_default",
            "is_default",
            unique=True,
            sqlite_where=sa.text("is_default"),
            postgresql_where=sa.text("is_default"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(80), unique=True)
    position: Mapped[int] = mapped_column(index=True)
    is_default: Mapped[bool] = mapped_column(default=False)
    is_enabled: Mapped[bool] = mapped_column(default=True)
    kind: Mapped[Kind | None] = mapped_column(words(Kind, "kind"))
    service: Mapped[Service | None] = mapped_column(words(Service, "service"))
    customer_id: Mapped[int | None] = mapped_column(sa.ForeignKey("customer.id"))
    support_plan_id: Mapped[int | None] = mapped_column(sa.ForeignKey("support_plan.id"))
    tag: Mapped[str | None] = mapped_column(sa.String(40))
    pause_on: Mapped[dict[str, Any]] = mapped_column(default=dict)  # {clock kind: [pause cause]}
    levels: Mapped[dict[str, Any]] = mapped_column(default=dict)  # {clock kind: [level]}, see workflows.ladder
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    targets: Mapped[list[SlaTarget]] = relationship(cascade="all, delete-orphan", lazy="selectin")

    @property
    def has_conditions(self) -> bool:
        """Whether it asks anything of a ticket."""
        wanted = (self.kind, self.service, self.customer_id, self.support_plan_id, self.tag)
        return any(want is not None for want in wanted)


class SlaTarget(Base):
    """How long one promise may take, in business seconds of its calendar, at one priority."""

    __tablename__ = "sla_target"
    __table_args__ = (
        sa.UniqueConstraint("policy_id", "priority", "clock"),
        sa.CheckConstraint("seconds > 0", name="seconds_positive"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    policy_id: Mapped[int] = mapped_column(sa.ForeignKey("sla_policy.id", ondelete="CASCADE"), index=True)
    priority: Mapped[Priority] = mapped_column(words(Priority, "priority"))
    clock: Mapped[ClockKind] = mapped_column(words(ClockKind, "clock"))
    seconds: Mapped[int]
    calendar_id: Mapped[int] = mapped_column(sa.ForeignKey("calendar.id"))


_UNFINISHED = sa.text("state IN ({})".format(", ".join(f"'{state}'" for state in sorted(OPEN_REVISIONS))))


class PromiseRevision(Base):
    """A change of a policy, calendar or order: first counted over the open tickets, then carried out on them.

    ``draft`` is what somebody wants, as JSON; ``counts`` what it does to open tickets. Tickets are looked at in
    the order of their ids, ``last_ticket_id`` is how far; one scheduler at a time has it, until its claim ends.
    """

    __tablename__ = "promise_revision"
    __table_args__ = (
        sa.Index("ix_promise_revision_unfinished", "id", sqlite_where=_UNFINISHED, postgresql_where=_UNFINISHED),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[RevisionState] = mapped_column(words(RevisionState, "state"))
    draft: Mapped[dict[str, Any]]
    policy_id: Mapped[int | None] = mapped_column(sa.ForeignKey("sla_policy.id", ondelete="SET NULL"))
    calendar_id: Mapped[int | None] = mapped_column(sa.ForeignKey("calendar.id"))
    stamp: Mapped[str | None] = mapped_column(sa.String(32))  # of the book it was counted against
    counts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    ticket_count: Mapped[int] = mapped_column(default=0)  # open tickets to look at, counted when it began
    seen_count: Mapped[int] = mapped_column(default=0)
    changed_count: Mapped[int] = mapped_column(default=0)
    failed_count: Mapped[int] = mapped_column(default=0)
    last_ticket_id: Mapped[int] = mapped_column(default=0)
    claimed_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    confirmed_at: Mapped[datetime | None]
    confirmed_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    finished_at: Mapped[datetime | None]


class PromiseStamp(Base):
    """One row, rewritten at random with every edit of a policy or calendar.

    What a process keeps of them in memory is good while the stamp stands; see ``sla.queries.promises``.
    """

    __tablename__ = "promise_stamp"

    id: Mapped[int] = mapped_column(primary_key=True)
    stamp: Mapped[str] = mapped_column(sa.String(32))


class SlaTerms(Base):
    """Immutable, content-addressed: what was promised. Tickets and their histories point here.

    ``content``: {"policy_id", "policy_name", "priority", "targets": {clock: seconds}, "pause_on": {clock: [cause]},
    "levels": {clock: [level]}, "calendars": {clock: calendar version id}}.
    """

    __tablename__ = "sla_terms"

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(sa.String(64), unique=True)
    content: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]


_SOMETHING_TO_COME = sa.text("next_fire_at IS NOT NULL")
UNDECIDED = f"state = '{ClockState.RUNNING}' AND breached_at IS NULL"
"""The condition of the partial index over promises that may still be kept, word for word."""
_UNDECIDED = sa.text(UNDECIDED)


class SlaClock(Base):
    """One promise running on one ticket: the stored projection of ``workflows.sla.replay`` (R9).

    ``case_id`` is 0 for the ticket's own promises, else the vendor case it runs on: a plain value, since this
    room doesn't know cases, and never NULL, since NULLs would escape the unique constraint.
    """

    __tablename__ = "sla_clock"
    __table_args__ = (
        sa.UniqueConstraint("ticket_id", "kind", "case_id", "cycle"),
        sa.Index(
            "ix_sla_clock_due",
            "next_fire_at",
            "ticket_id",
            sqlite_where=_SOMETHING_TO_COME,
            postgresql_where=_SOMETHING_TO_COME,
        ),
        sa.Index(
            "ix_sla_clock_undecided",
            "due_at",
            "warns_at",
            "ticket_id",
            sqlite_where=_UNDECIDED,
            postgresql_where=_UNDECIDED,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(sa.ForeignKey("ticket.id"))
    kind: Mapped[ClockKind] = mapped_column(words(ClockKind, "kind"))
    case_id: Mapped[int] = mapped_column(default=0, server_default="0")
    cycle: Mapped[int] = mapped_column(default=1)
    is_current: Mapped[bool] = mapped_column(default=True)
    state: Mapped[ClockState] = mapped_column(words(ClockState, "state"))
    terms_id: Mapped[int] = mapped_column(sa.ForeignKey("sla_terms.id"))
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]  # met or cancelled then
    target_seconds: Mapped[int | None]  # None: no SLA in the terms in force
    elapsed_seconds: Mapped[int | None]  # business seconds; None while running, when replay tells
    due_at: Mapped[datetime | None]  # the deadline; None while paused and not late (R3)
    warns_at: Mapped[datetime | None]  # from here on it is shown amber
    late_from_at: Mapped[datetime | None]  # first late second (R2)
    idle_seconds: Mapped[int] = mapped_column(default=0)  # open seconds it stood still after its deadline
    paused_cause: Mapped[str | None] = mapped_column(sa.String(32))
    warned_at: Mapped[datetime | None]
    breached_at: Mapped[datetime | None]  # what happened, kept across retargets
    next_fire_at: Mapped[datetime | None]
    change_count: Mapped[int] = mapped_column(default=0)  # ClockEvents written so far
    attempts: Mapped[int] = mapped_column(default=0)  # times the sweep failed on it


_ONCE = sa.text("change IN ('warned', 'skipped', 'breached', 'laddered')")


class ClockEvent(Base):
    """Append-only: what happened to a clock. The partial unique index makes every effect happen exactly once."""

    __tablename__ = "clock_event"
    __table_args__ = (
        sa.Index(
            "uq_clock_event_once",
            "clock_id",
            "cycle",
            "change",
            "level",
            unique=True,
            sqlite_where=_ONCE,
            postgresql_where=_ONCE,
        ),
        sa.Index("ix_clock_event_clock", "clock_id", "position", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    clock_id: Mapped[int] = mapped_column(sa.ForeignKey("sla_clock.id"))
    cycle: Mapped[int]
    position: Mapped[int]  # order within the clock's history, from 0
    change: Mapped[ClockChange] = mapped_column(words(ClockChange, "change"))
    level: Mapped[int] = mapped_column(default=0)
    at: Mapped[datetime]  # when it was true
    noticed_at: Mapped[datetime]  # when it was written
    cause: Mapped[str | None] = mapped_column(sa.String(32))
    due_at: Mapped[datetime | None]


class Breach(Base):
    """Append-only: a promise that was broken, with the owner of that moment. Reviews are rows of their own."""

    __tablename__ = "breach"
    __table_args__ = (
        sa.UniqueConstraint("clock_id", "cycle"),
        sa.Index("ix_breach_late_from", "late_from_at", "id"),
        sa.Index("ix_breach_kind", "kind", "late_from_at", "id"),
        sa.Index("ix_breach_assignee", "assignee_id", "late_from_at", "id"),
        sa.Index("ix_breach_customer", "customer_id", "late_from_at", "id"),
        sa.Index("ix_breach_team", "team_id", "late_from_at", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    clock_id: Mapped[int] = mapped_column(sa.ForeignKey("sla_clock.id"))
    cycle: Mapped[int]
    ticket_id: Mapped[int] = mapped_column(sa.ForeignKey("ticket.id"), index=True)
    kind: Mapped[ClockKind] = mapped_column(words(ClockKind, "kind"))
    priority: Mapped[Priority] = mapped_column(words(Priority, "priority"))
    state: Mapped[State] = mapped_column(words(State, "state"))
    target_seconds: Mapped[int]
    deadline_at: Mapped[datetime]
    late_from_at: Mapped[datetime]
    noticed_at: Mapped[datetime]
    is_on_retarget: Mapped[bool] = mapped_column(default=False)
    assignee_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    team_id: Mapped[int | None] = mapped_column(sa.ForeignKey("team.id"))
    customer_id: Mapped[int | None] = mapped_column(sa.ForeignKey("customer.id"))

    clock: Mapped[SlaClock] = relationship()
    reviews: Mapped[list[BreachReview]] = relationship(order_by="BreachReview.id")


_ACKNOWLEDGED = sa.text("is_acknowledged")


class BreachReview(Base):
    """Append-only: what a manager found. The newest speaks; the older ones stay."""

    __tablename__ = "breach_review"
    __table_args__ = (
        sa.Index(
            "ix_breach_review_late_from",
            "late_from_at",
            "breach_id",
            sqlite_where=_ACKNOWLEDGED,
            postgresql_where=_ACKNOWLEDGED,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    breach_id: Mapped[int] = mapped_column(sa.ForeignKey("breach.id"), index=True)
    late_from_at: Mapped[datetime]  # the breach's own: lists of reviewed breaches stand in that order
    at: Mapped[datetime]
    reviewer_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    cause: Mapped[BreachCause] = mapped_column(words(BreachCause, "cause"))
    comment: Mapped[str] = mapped_column(sa.Text)
    action: Mapped[str] = mapped_column(sa.Text, default="")  # corrective action
    is_acknowledged: Mapped[bool] = mapped_column(default=True)


class BreachToReview(Base):
    """The pile on the manager's desk: written with the breach, taken away by the first acknowledging review.

    A pile of its own keeps "not yet reviewed" a short indexed list however long the history grows.
    """

    __tablename__ = "breach_to_review"
    __table_args__ = (sa.Index("ix_breach_to_review_late_from", "late_from_at", "breach_id"),)

    breach_id: Mapped[int] = mapped_column(sa.ForeignKey("breach.id"), primary_key=True)
    late_from_at: Mapped[datetime]

    breach: Mapped[Breach] = relationship()


class PromiseOutcome(Base):
    """A promise just kept or missed, waiting to be added to its hour's tally.

    Actions only insert here, so that a hundred tickets answered in the same hour never wait for one row.
    ``met`` is -1 where a reopening took an achievement back. ``due_hour_at``: the hour of the deadline, UTC.
    """

    __tablename__ = "promise_outcome"
    __table_args__ = (sa.Index("ix_promise_outcome_hour", "due_hour_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    due_hour_at: Mapped[datetime]
    team_id: Mapped[int] = mapped_column(sa.ForeignKey("team.id"))
    met: Mapped[int]
    late: Mapped[int]


class PromiseTally(Base):
    """How many promises due in an hour were kept and missed by a team: what a week's figure is summed from."""

    __tablename__ = "promise_tally"

    due_hour_at: Mapped[datetime] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(sa.ForeignKey("team.id"), primary_key=True)
    met: Mapped[int]
    late: Mapped[int]
