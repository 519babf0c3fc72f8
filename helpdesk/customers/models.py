"""The organisations the desk serves and the people in them."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.database import Base, words
from workflows.vocabulary import RightKind, Service


class SupportPlan(Base):
    """What the desk offers a customer and publishes: scope, hours, contact, price (R14-R18)."""

    __tablename__ = "support_plan"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(80), unique=True)
    scope: Mapped[str] = mapped_column(sa.Text, default="")
    hours: Mapped[str] = mapped_column(sa.String(200), default="")
    contact: Mapped[str] = mapped_column(sa.String(200), default="")
    price: Mapped[str] = mapped_column(sa.String(200), default="")
    created_at: Mapped[datetime]


_RENEWAL = sa.text("renewal_asked_at IS NOT NULL")


class Customer(Base):
    """An organisation. ``search_name`` is the folded name (lower case, no accents) for prefix search."""

    __tablename__ = "customer"
    __table_args__ = (sa.Index("ix_customer_renewal", "id", sqlite_where=_RENEWAL, postgresql_where=_RENEWAL),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(160), unique=True)
    search_name: Mapped[str] = mapped_column(sa.String(160), index=True)
    tenant_id: Mapped[str | None] = mapped_column(sa.String(36), unique=True)
    domain: Mapped[str | None] = mapped_column(sa.String(253), index=True)
    language: Mapped[str] = mapped_column(sa.String(5), default="en")
    timezone: Mapped[str] = mapped_column(sa.String(64), default="Europe/Budapest")
    country: Mapped[str] = mapped_column(sa.String(2), default="HU")
    support_plan_id: Mapped[int | None] = mapped_column(sa.ForeignKey("support_plan.id"), index=True)
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    renewal_asked_at: Mapped[datetime | None]  # open tickets are to follow the new plan; done up to ticket
    renewed_to_id: Mapped[int] = mapped_column(default=0, server_default="0")

    support_plan: Mapped[SupportPlan | None] = relationship()
    contacts: Mapped[list[Contact]] = relationship(
        secondary="customer_contact", order_by="Contact.name", back_populates="customers"
    )
    subscriptions: Mapped[list[Subscription]] = relationship(order_by="Subscription.name", back_populates="customer")


class Contact(Base):
    """A person outside the desk. One address, possibly several customers; a guest belongs to none yet."""

    __tablename__ = "contact"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(120))
    email: Mapped[str] = mapped_column(sa.String(254), unique=True)
    phone: Mapped[str | None] = mapped_column(sa.String(40))
    language: Mapped[str] = mapped_column(sa.String(5), default="en")
    created_at: Mapped[datetime]

    customers: Mapped[list[Customer]] = relationship(
        secondary="customer_contact", order_by="Customer.name", back_populates="contacts"
    )


class CustomerContact(Base):
    __tablename__ = "customer_contact"

    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("customer.id", ondelete="CASCADE"), primary_key=True)
    contact_id: Mapped[int] = mapped_column(
        sa.ForeignKey("contact.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class Subscription(Base):
    """Something the customer bought through the desk.

    ``renewed_on`` is the first day of the running term where it is not the first one. ``cancellable_until`` is the
    vendor's own word of when it stops taking back, which is more than any window's figures say.
    """

    __tablename__ = "subscription"

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("customer.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(sa.String(160))
    service: Mapped[Service] = mapped_column(words(Service, "service"))
    vendor_id: Mapped[str | None] = mapped_column(sa.String(64))
    seats: Mapped[int | None]
    bought_on: Mapped[date | None]
    renewed_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    cancellable_until: Mapped[datetime | None]

    customer: Mapped[Customer] = relationship(back_populates="subscriptions")

    def term_began_on(self, today: date) -> date | None:
        """The first day of the running term, as far as is known: the purchase, or the renewal since."""
        known = (self.bought_on, self.renewed_on, self.ends_on + timedelta(days=1) if self.ends_on else None)
        return max((day for day in known if day is not None and day <= today), default=None)


_IN_FORCE = sa.text("closed_at IS NULL")


class CustomerRight(Base):
    """What a customer granted the desk. A row is never edited away: it is closed, and perhaps replaced by another.

    ``service`` is None where the right holds for all; both dates are included, ``ends_on`` is None where it does
    not expire. A row whose last day is past stays in force until somebody closes it: it tells since when.
    """

    __tablename__ = "customer_right"
    __table_args__ = (
        sa.CheckConstraint("ends_on IS NULL OR ends_on >= granted_on", name="dates_in_order"),
        sa.CheckConstraint("revoked_on IS NULL OR closed_at IS NOT NULL", name="revoked_is_closed"),
        sa.Index("ix_customer_right_customer", "customer_id", "id"),
        sa.Index("ix_customer_right_ends", "ends_on", "id", sqlite_where=_IN_FORCE, postgresql_where=_IN_FORCE),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("customer.id", ondelete="CASCADE"))
    kind: Mapped[RightKind] = mapped_column(words(RightKind, "kind"))
    service: Mapped[Service | None] = mapped_column(words(Service, "service"))
    role: Mapped[str] = mapped_column(sa.String(120), default="")  # as granted, such as Service support administrator
    granted_on: Mapped[date]
    ends_on: Mapped[date | None]
    recorded_at: Mapped[datetime]
    recorded_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    closed_at: Mapped[datetime | None]  # revoked or replaced then: it no longer speaks
    closed_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    revoked_on: Mapped[date | None]  # the customer took it back
    replaces_id: Mapped[int | None] = mapped_column(sa.ForeignKey("customer_right.id"))

    customer: Mapped[Customer] = relationship()
