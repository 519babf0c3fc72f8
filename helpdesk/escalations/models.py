"""Channels to the vendor, the desk's right to use them, and the vendor's cases."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.database import Base, words
from workflows.facts import N_
from workflows.vocabulary import (
    ChannelKind,
    ClockKind,
    EntitlementChange,
    RefundReason,
    Severity,
    VendorCaseState,
)

USUAL_FEES = {
    ChannelKind.COMMERCIAL: N_("Free"),
    ChannelKind.SIGNATURE: N_("Included with a competency or designation"),
    ChannelKind.ADVANCED: N_("Yearly fee"),
    ChannelKind.PREMIER: N_("Contract"),
}
"""The fees in words that the desk begins with; while nobody has written others, each reader has them in theirs."""


class SupportChannel(Base):
    """A vehicle to the vendor. Its kind is code; its name and terms are data, because the vendor renames them."""

    __tablename__ = "support_channel"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[ChannelKind] = mapped_column(words(ChannelKind, "kind"), unique=True)
    name: Mapped[str] = mapped_column(sa.String(80))
    services: Mapped[list[Any]] = mapped_column(default=list)  # services covered, by value
    needs_entitlement: Mapped[bool] = mapped_column(default=True)
    fee: Mapped[str] = mapped_column(sa.String(120), default="")  # as people read it, by fee_on
    cost_rank: Mapped[int] = mapped_column(default=0)  # cheapest first
    # from a day on: [{"starts_on", "fee", "cost_rank" (None: as before), "source"}]
    fees: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    source: Mapped[str] = mapped_column(sa.String(300), default="")  # where the figures come from
    sources: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")  # {figure: its own source}
    starts_on: Mapped[date | None]  # the vendor offers it from then until then, both included
    ends_on: Mapped[date | None]
    is_enabled: Mapped[bool] = mapped_column(default=True)
    renewal_asked_at: Mapped[datetime | None]  # open cases are still to be timed anew; done up to case
    renewed_to_id: Mapped[int] = mapped_column(default=0, server_default="0")

    names: Mapped[list[ChannelName]] = relationship(cascade="all, delete-orphan", order_by="ChannelName.id")
    terms: Mapped[list[VendorTerm]] = relationship(cascade="all, delete-orphan")
    entitlements: Mapped[list[Entitlement]] = relationship(back_populates="channel", order_by="Entitlement.ends_on")

    def name_on(self, day: date) -> str:
        """What the channel is called on that day: its newest dated name that holds then, else its own."""
        dated = [other for other in self.names if other.starts_on is not None and other.starts_on <= day]
        held = [other for other in dated if other.ends_on is None or day <= other.ends_on]
        return max(held, key=lambda other: other.starts_on or day).name if held else self.name

    def fee_on(self, day: date) -> str:
        """The fee as people read it on that day: the desk's own words, or the usual ones in the reader's language."""
        fee = self.fee_and_rank(day, self.fees, self.fee, self.cost_rank)[0]
        return gettext(fee) if fee in USUAL_FEES.values() else fee

    def cost_rank_on(self, day: date) -> int:
        return self.fee_and_rank(day, self.fees, self.fee, self.cost_rank)[1]

    @staticmethod
    def fee_and_rank(day: date, fees: list[Any], fee: str, cost_rank: int) -> tuple[str, int]:
        """What the fees that begin by that day make of the channel's own fee and cost rank."""
        for later in sorted(fees, key=lambda each: str(each["starts_on"])):
            if date.fromisoformat(later["starts_on"]) <= day:
                fee, cost_rank = later["fee"], cost_rank if later["cost_rank"] is None else later["cost_rank"]
        return fee, cost_rank

    def other_names(self, day: date) -> list[str]:
        """Every other name it had, will have or is known by."""
        now = self.name_on(day)
        return [name for name in dict.fromkeys([self.name, *(other.name for other in self.names)]) if name != now]


class ChannelName(Base):
    """Another name of a channel: one it had, will have, or is also known by (without dates)."""

    __tablename__ = "channel_name"

    id: Mapped[int] = mapped_column(primary_key=True)
    channel_id: Mapped[int] = mapped_column(sa.ForeignKey("support_channel.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(sa.String(80))
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    source: Mapped[str] = mapped_column(sa.String(300), default="")


class PackRequirement(Base):
    """Items the pack must hold on these channels, for these kinds and services, all by value."""

    __tablename__ = "pack_requirement"

    id: Mapped[int] = mapped_column(primary_key=True)
    items: Mapped[list[Any]]
    channels: Mapped[list[Any]]
    kinds: Mapped[list[Any]]
    services: Mapped[list[Any]]
    source: Mapped[str] = mapped_column(sa.String(300), default="")
    is_enabled: Mapped[bool] = mapped_column(default=True)


class VendorTerm(Base):
    """How long the vendor may take on a channel at a severity: open seconds of the calendar, the vendor's hours."""

    __tablename__ = "vendor_term"
    __table_args__ = (
        sa.UniqueConstraint("channel_id", "severity", "clock"),
        sa.CheckConstraint("seconds > 0", name="seconds_positive"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    channel_id: Mapped[int] = mapped_column(sa.ForeignKey("support_channel.id", ondelete="CASCADE"))
    severity: Mapped[Severity] = mapped_column(words(Severity, "severity"))
    clock: Mapped[ClockKind] = mapped_column(words(ClockKind, "clock"))
    seconds: Mapped[int]
    calendar_id: Mapped[int] = mapped_column(sa.ForeignKey("calendar.id"))


class Entitlement(Base):
    """The desk's right to use a channel: contract, dates (both included), incidents."""

    __tablename__ = "entitlement"
    __table_args__ = (sa.CheckConstraint("ends_on >= starts_on", name="dates_in_order"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    channel_id: Mapped[int] = mapped_column(sa.ForeignKey("support_channel.id"), index=True)
    contract_number: Mapped[str] = mapped_column(sa.String(64), default="")
    access_number: Mapped[str] = mapped_column(sa.String(64), default="")
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    incidents_included: Mapped[int | None]  # None: not counted
    incidents_used: Mapped[int] = mapped_column(default=0)  # projection of the uses
    services: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")  # none: all that the channel covers
    fee: Mapped[int | None]  # for the whole term, in whole units of the currency
    currency: Mapped[str] = mapped_column(sa.String(3), default="EUR", server_default="EUR")
    created_at: Mapped[datetime]

    channel: Mapped[SupportChannel] = relationship(back_populates="entitlements")


class EntitlementUse(Base):
    """Append-only ledger: incidents taken (above zero), given back (below zero), or lost when the term ended.

    ``left_after`` is the balance after the row, None where incidents are not counted.
    """

    __tablename__ = "entitlement_use"
    __table_args__ = (sa.Index("ux_entitlement_use_refund", "refund_of_id", unique=True),)  # one comes back once

    id: Mapped[int] = mapped_column(primary_key=True)
    entitlement_id: Mapped[int] = mapped_column(sa.ForeignKey("entitlement.id"), index=True)
    vendor_case_id: Mapped[int | None] = mapped_column(sa.ForeignKey("vendor_case.id"))
    at: Mapped[datetime]
    change: Mapped[EntitlementChange] = mapped_column(
        words(EntitlementChange, "change"), default=EntitlementChange.USED, server_default=EntitlementChange.USED.value
    )
    incidents: Mapped[int]
    left_after: Mapped[int | None]
    reason: Mapped[str] = mapped_column(sa.String(200), default="")
    refund_reason: Mapped[RefundReason | None] = mapped_column(words(RefundReason, "refund_reason"))
    refund_of_id: Mapped[int | None] = mapped_column(sa.ForeignKey("entitlement_use.id"))
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))


IS_NOT_CLOSED = sa.text(f"state <> '{VendorCaseState.CLOSED}'")
_THEIRS = sa.text(f"state = '{VendorCaseState.OPEN}'")
_OURS = sa.text(f"state = '{VendorCaseState.ATTENTION_NEEDED}'")


class VendorCase(Base):
    """The vendor's service request, mirrored on the ticket."""

    __tablename__ = "vendor_case"
    __table_args__ = (
        sa.Index(
            "ix_vendor_case_channel",
            "channel_id",
            "id",
            sqlite_where=IS_NOT_CLOSED,
            postgresql_where=IS_NOT_CLOSED,
        ),
        sa.Index("ix_vendor_case_word_due", "word_due_at", "id", sqlite_where=_THEIRS, postgresql_where=_THEIRS),
        # the ticket with it, so that the queue needn't read the cases themselves
        sa.Index("ix_vendor_case_asks", "last_word_at", "id", "ticket_id", sqlite_where=_OURS, postgresql_where=_OURS),
        sa.Index("ix_vendor_case_number", "number"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(sa.ForeignKey("ticket.id"), index=True)
    channel_id: Mapped[int] = mapped_column(sa.ForeignKey("support_channel.id"))
    entitlement_id: Mapped[int | None] = mapped_column(sa.ForeignKey("entitlement.id"))
    state: Mapped[VendorCaseState] = mapped_column(words(VendorCaseState, "state"))
    severity: Mapped[Severity] = mapped_column(words(Severity, "severity"))
    number: Mapped[str | None] = mapped_column(sa.String(40))
    terms_id: Mapped[int | None] = mapped_column(sa.ForeignKey("sla_terms.id"))  # the vendor's clocks; None: untimed
    pack: Mapped[dict[str, Any]] = mapped_column(default=dict)  # what was handed over, as it stood
    cheaper: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")  # channels open then that cost less
    files: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")  # there: {key, name, size_bytes, url}
    created_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
    last_word_at: Mapped[datetime]  # the vendor's last note, or the opening
    word_due_at: Mapped[datetime | None]  # past it the case counts as silent; NULL unless it is the vendor's turn
    chased_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    left_open_reason: Mapped[str] = mapped_column(sa.String(300), default="")

    channel: Mapped[SupportChannel] = relationship(lazy="joined")
    notes: Mapped[list[VendorNote]] = relationship(order_by="VendorNote.id")


_HAS_FORM = sa.text("form_id IS NOT NULL")


class VendorNote(Base):
    """Append-only: what the vendor wrote to us (``is_ours`` false) or we to the vendor.

    ``external_id`` names the same note at the vendor once it was seen there; a case never holds one twice.
    """

    __tablename__ = "vendor_note"
    __table_args__ = (
        sa.Index("uq_vendor_note_external", "vendor_case_id", "external_id", unique=True),
        sa.Index(
            "uq_vendor_note_form",
            "vendor_case_id",
            "form_id",
            unique=True,
            sqlite_where=_HAS_FORM,
            postgresql_where=_HAS_FORM,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    vendor_case_id: Mapped[int] = mapped_column(sa.ForeignKey("vendor_case.id"), index=True)
    at: Mapped[datetime]
    is_ours: Mapped[bool]
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    body: Mapped[str] = mapped_column(sa.Text)
    external_id: Mapped[str | None] = mapped_column(sa.String(64))
    written_at: Mapped[datetime | None]  # by the vendor's own clock; None for what was pasted
    form_id: Mapped[str | None] = mapped_column(sa.String(43))  # a form sent twice is written down once
