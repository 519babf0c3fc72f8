"""The vendor's incidents and what hangs on them."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.database import Base, words
from workflows.vocabulary import CreditState, Service


class VendorIncident(Base):
    """An outage that the vendor has published under a number such as EX25194; going on while it has no end."""

    __tablename__ = "vendor_incident"
    __table_args__ = (sa.CheckConstraint("ended_at IS NULL OR ended_at >= started_at", name="in_order"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(sa.String(40), unique=True)
    service: Mapped[Service] = mapped_column(words(Service, "service"))
    title: Mapped[str] = mapped_column(sa.String(200))
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
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


class IncidentUpdate(Base):
    """Append-only: what was told to all customers at once, in one language or both."""

    __tablename__ = "incident_update"

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(sa.ForeignKey("vendor_incident.id"), index=True)
    form_id: Mapped[str] = mapped_column(sa.String(43), unique=True)  # a form sent twice tells once
    at: Mapped[datetime]
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    text_en: Mapped[str] = mapped_column(sa.Text, default="")
    text_hu: Mapped[str] = mapped_column(sa.Text, default="")


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


_TO_PASS_ON = sa.text(f"state = '{CreditState.GRANTED}'")


class IncidentCredit(Base):
    """The service credit of one customer for one incident. ``amount_cents`` is in hundredths of ``currency``."""

    __tablename__ = "incident_credit"
    __table_args__ = (
        sa.UniqueConstraint("incident_id", "customer_id"),
        sa.Index("ix_incident_credit_to_pass_on", "decided_on", sqlite_where=_TO_PASS_ON, postgresql_where=_TO_PASS_ON),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(sa.ForeignKey("vendor_incident.id"))
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("customer.id"))
    state: Mapped[CreditState] = mapped_column(words(CreditState, "state"), default=CreditState.REQUESTED)
    requested_on: Mapped[date]
    decided_on: Mapped[date | None]
    passed_on_on: Mapped[date | None]
    amount_cents: Mapped[int | None]
    currency: Mapped[str] = mapped_column(sa.String(3), default="EUR")
    updated_at: Mapped[datetime]
    updated_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
