"""The vendor's incidents and what hangs on them."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.database import Base, words
from workflows.vocabulary import CreditState, Service

_RUNNING = sa.text("ended_at IS NULL")
_FIRES = sa.text("claim_fires_at IS NOT NULL")


class VendorIncident(Base):
    """An outage that the vendor has published under a number such as EX25194; going on while it has no end.

    Credits for it may be claimed from ``claim_begins_at`` until ``claim_due_at``, None where no window is known.
    ``claim_fires_at`` is the next warning or the end: what is on nobody's ticket is warned of here.
    """

    __tablename__ = "vendor_incident"
    __table_args__ = (
        sa.CheckConstraint("ended_at IS NULL OR ended_at >= started_at", name="in_order"),
        sa.Index("ix_vendor_incident_running", "id", sqlite_where=_RUNNING, postgresql_where=_RUNNING),
        sa.Index("ix_vendor_incident_service", "service", "started_at", "id"),
        sa.Index("ix_vendor_incident_claims", "claim_fires_at", sqlite_where=_FIRES, postgresql_where=_FIRES),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(sa.String(40), unique=True)
    service: Mapped[Service] = mapped_column(words(Service, "service"))
    title: Mapped[str] = mapped_column(sa.String(200))
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    claim_begins_at: Mapped[datetime | None]
    claim_due_at: Mapped[datetime | None]
    claim_fires_at: Mapped[datetime | None]
    claim_attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))


class IncidentTicket(Base):
    """A ticket that an incident caused: one incident for a ticket."""

    __tablename__ = "incident_ticket"
    __table_args__ = (sa.Index("ix_incident_ticket_incident", "incident_id", "ticket_id"),)

    ticket_id: Mapped[int] = mapped_column(sa.ForeignKey("ticket.id"), primary_key=True)
    incident_id: Mapped[int] = mapped_column(sa.ForeignKey("vendor_incident.id"))
    linked_at: Mapped[datetime]
    linked_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))


_TO_SPREAD = sa.text("spread_at IS NULL")


class IncidentUpdate(Base):
    """Append-only: what was told to all customers at once, in one language or both.

    The scheduler makes an ``IncidentTelling`` for every linked ticket, some hundred at a time: up to the ticket
    ``spread_to``, and for all of them once ``spread_at`` is set.
    """

    __tablename__ = "incident_update"
    __table_args__ = (
        sa.Index("ix_incident_update_to_spread", "id", sqlite_where=_TO_SPREAD, postgresql_where=_TO_SPREAD),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(sa.ForeignKey("vendor_incident.id"), index=True)
    form_id: Mapped[str] = mapped_column(sa.String(43), unique=True)  # a form sent twice tells once
    at: Mapped[datetime]
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    text_en: Mapped[str] = mapped_column(sa.Text, default="")
    text_hu: Mapped[str] = mapped_column(sa.Text, default="")
    spread_to: Mapped[int] = mapped_column(default=0, server_default="0")
    spread_at: Mapped[datetime | None]


_UNTOLD = sa.text("told_at IS NULL")


class IncidentTelling(Base):
    """An update on its way to one ticket: it becomes a reply there, in the transaction that sets ``told_at``.

    ``message_id`` stays NULL where the ticket had ended by then: nothing was said.
    """

    __tablename__ = "incident_telling"
    __table_args__ = (
        sa.Index("ix_incident_telling_untold", "next_attempt_at", sqlite_where=_UNTOLD, postgresql_where=_UNTOLD),
    )

    update_id: Mapped[int] = mapped_column(sa.ForeignKey("incident_update.id"), primary_key=True)
    ticket_id: Mapped[int] = mapped_column(sa.ForeignKey("ticket.id"), primary_key=True)
    next_attempt_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    told_at: Mapped[datetime | None]
    message_id: Mapped[int | None] = mapped_column(sa.ForeignKey("message.id"))


class IncidentDowntime(Base):
    """Append-only: how long a customer was without the service, where people know better. The newest speaks.

    A moment that is None is the one the desk counts by itself (``tickets.downtime``).
    """

    __tablename__ = "incident_downtime"
    __table_args__ = (
        sa.Index("ix_incident_downtime_newest", "incident_id", "customer_id", "id"),
        sa.CheckConstraint("ended_at IS NULL OR began_at IS NULL OR ended_at >= began_at", name="in_order"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(sa.ForeignKey("vendor_incident.id"))
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("customer.id"))
    began_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(sa.String(300))
    at: Mapped[datetime]
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))


_TO_PASS_ON = sa.text(f"state = '{CreditState.GRANTED}'")


class IncidentCredit(Base):
    """The service credit of one customer for one incident. ``amount_cents`` is in hundredths of ``currency``.

    ``ticket_id`` is the ticket by which it is claimed, where there is one.
    """

    __tablename__ = "incident_credit"
    __table_args__ = (
        sa.UniqueConstraint("incident_id", "customer_id"),
        sa.Index("ix_incident_credit_to_pass_on", "decided_on", sqlite_where=_TO_PASS_ON, postgresql_where=_TO_PASS_ON),
        sa.Index("ix_incident_credit_state", "state", "updated_at", "id"),
        sa.CheckConstraint(f"state != '{CreditState.GRANTED}' OR amount_cents > 0", name="granted_whole"),
        sa.CheckConstraint(
            f"state != '{CreditState.PASSED_ON}' OR (amount_cents > 0 AND invoice_reference != '')",
            name="passed_on_whole",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(sa.ForeignKey("vendor_incident.id"))
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("customer.id"))
    ticket_id: Mapped[int | None] = mapped_column(sa.ForeignKey("ticket.id"), index=True)
    state: Mapped[CreditState] = mapped_column(words(CreditState, "state"), default=CreditState.TO_REQUEST)
    requested_on: Mapped[date | None]
    decided_on: Mapped[date | None]
    passed_on_on: Mapped[date | None]
    amount_cents: Mapped[int | None]
    currency: Mapped[str] = mapped_column(sa.String(3), default="EUR")
    reason: Mapped[str] = mapped_column(sa.String(300), default="", server_default="")  # of a refusal or a waiver
    invoice_reference: Mapped[str] = mapped_column(sa.String(80), default="", server_default="")
    updated_at: Mapped[datetime]
    updated_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))


class IncidentCreditStep(Base):
    """Append-only: what was written of a credit, by whom and when."""

    __tablename__ = "incident_credit_step"
    __table_args__ = (sa.Index("ix_incident_credit_step_credit", "credit_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    credit_id: Mapped[int] = mapped_column(sa.ForeignKey("incident_credit.id"))
    at: Mapped[datetime]
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    state: Mapped[CreditState] = mapped_column(words(CreditState, "state"))
    amount_cents: Mapped[int | None]
    currency: Mapped[str] = mapped_column(sa.String(3))
    reason: Mapped[str] = mapped_column(sa.String(300), default="")
    invoice_reference: Mapped[str] = mapped_column(sa.String(80), default="")
    is_taken_back: Mapped[bool] = mapped_column(default=False)
