"""Escalation: rights at customers, channels with names and dates, the pack and its checks, the entitlement's ledger."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from helpdesk.database import Moment
from migrations import tables

revision = "20261122d"
down_revision = "20261122c"
branch_labels = None
depends_on = None

EVENTS = (
    "created", "diagnosis_started", "turned_away", "resolution_started", "escalated", "returned_to_partner",
    "resolved", "closed", "reopened", "withdrawn", "merged", "contact_wrote", "replied", "noted", "assigned",
    "unassigned", "held", "released", "customer_confirmed", "classified", "kind_changed", "diagnosis_recorded",
    "priority_overridden", "priority_override_cleared", "facts_changed", "terms_changed", "linked", "tags_changed",
    "reminded", "tracker_issued", "tracker_revoked", "guard_overridden", "vendor_case_opened",
    "vendor_number_recorded", "vendor_noted", "vendor_chased", "vendor_case_changed", "clock_warned",
    "clock_breached", "clock_laddered", "escalation_due", "breach_reviewed", "pack_recorded", "attachment_checked",
)  # fmt: skip
SERVICES = ("azure", "microsoft365", "dynamics365", "other")
RIGHTS = ("delegated_admin", "support_request", "reseller_relationship")
VERDICTS = ("clean", "found", "redacted", "looked_through", "left_out")
CHANGES = ("used", "refunded", "corrected", "expired")
REFUNDS = ("duplicate", "bug", "other")
IN_FORCE = sa.text("closed_at IS NULL")


def upgrade() -> None:
    _create_rights()
    _describe_channels()
    _ask_for_packs()
    _keep_packs()
    _keep_the_ledger()
    tables.reword("ticket_event", "what", EVENTS)


def _words(name: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=32)


def _refers(table: str, column: str, to: str, ondelete: str | None = None, key: str = "id") -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{to}")
    return sa.ForeignKeyConstraint([column], [f"{to}.{key}"], name=name, ondelete=ondelete)


def _create_rights() -> None:
    table = "customer_right"
    op.create_table(
        table,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("kind", _words("kind", *RIGHTS), nullable=False),
        sa.Column("service", _words("service", *SERVICES)),
        sa.Column("role", sa.String(120), nullable=False),
        sa.Column("granted_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date()),
        sa.Column("recorded_at", Moment(), nullable=False),
        sa.Column("recorded_by_id", sa.Integer()),
        sa.Column("closed_at", Moment()),
        sa.Column("closed_by_id", sa.Integer()),
        sa.Column("revoked_on", sa.Date()),
        sa.Column("replaces_id", sa.Integer()),
        sa.CheckConstraint("ends_on IS NULL OR ends_on >= granted_on", name=op.f(f"ck_{table}_dates_in_order")),
        sa.CheckConstraint("revoked_on IS NULL OR closed_at IS NOT NULL", name=op.f(f"ck_{table}_revoked_is_closed")),
        _refers(table, "customer_id", "customer", "CASCADE"),
        _refers(table, "recorded_by_id", "user_account"),
        _refers(table, "closed_by_id", "user_account"),
        _refers(table, "replaces_id", table),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    op.create_index("ix_customer_right_customer", table, ["customer_id", "id"])
    where = {"sqlite_where": IN_FORCE, "postgresql_where": IN_FORCE}
    op.create_index("ix_customer_right_ends", table, ["ends_on", "id"], **where)


def _describe_channels() -> None:
    op.add_column("support_channel", sa.Column("sources", sa.JSON(), server_default="{}", nullable=False))
    op.add_column("support_channel", sa.Column("starts_on", sa.Date()))
    op.add_column("support_channel", sa.Column("ends_on", sa.Date()))
    op.create_table(
        "channel_name",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("channel_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("starts_on", sa.Date()),
        sa.Column("ends_on", sa.Date()),
        sa.Column("source", sa.String(300), nullable=False),
        _refers("channel_name", "channel_id", "support_channel", "CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel_name")),
    )
    op.create_index("ix_channel_name_channel_id", "channel_name", ["channel_id"])
    op.add_column("entitlement", sa.Column("services", sa.JSON(), server_default="[]", nullable=False))
    op.add_column("entitlement", sa.Column("fee", sa.Integer()))
    op.add_column("entitlement", sa.Column("currency", sa.String(3), server_default="EUR", nullable=False))


def _ask_for_packs() -> None:
    op.create_table(
        "pack_requirement",
        sa.Column("id", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.JSON(), nullable=False) for name in ("items", "channels", "kinds", "services")),
        sa.Column("source", sa.String(300), nullable=False),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pack_requirement")),
    )


def _keep_packs() -> None:
    op.create_table(
        "ticket_pack",
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("override_reason", sa.String(300), nullable=False),
        sa.Column("override_by_id", sa.Integer()),
        sa.Column("updated_at", Moment(), nullable=False),
        _refers("ticket_pack", "ticket_id", "ticket"),
        _refers("ticket_pack", "override_by_id", "user_account"),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_ticket_pack")),
    )
    _refer("attachment", "original_id", "attachment")
    op.create_table(
        "attachment_check",
        sa.Column("attachment_id", sa.Integer(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("user_id", sa.Integer()),
        sa.Column("verdict", _words("verdict", *VERDICTS), nullable=False),
        sa.Column("found", sa.JSON(), nullable=False),
        sa.Column("copy_id", sa.Integer()),
        _refers("attachment_check", "attachment_id", "attachment"),
        _refers("attachment_check", "user_id", "user_account"),
        _refers("attachment_check", "copy_id", "attachment"),
        sa.PrimaryKeyConstraint("attachment_id", name=op.f("pk_attachment_check")),
    )


def _keep_the_ledger() -> None:
    table = "entitlement_use"
    _add_words(table, "change", CHANGES, "DEFAULT 'used' NOT NULL")
    op.add_column(table, sa.Column("left_after", sa.Integer()))
    _add_words(table, "refund_reason", REFUNDS)
    _refer(table, "refund_of_id", table)
    _refer(table, "user_id", "user_account")
    op.create_index("ux_entitlement_use_refund", table, ["refund_of_id"], unique=True)
    op.execute("UPDATE entitlement_use SET change = 'corrected' WHERE vendor_case_id IS NULL")
    op.add_column("vendor_case", sa.Column("cheaper", sa.JSON(), server_default="[]", nullable=False))


def _refer(table: str, column: str, to: str) -> None:
    """A column that points to another table, in the words both engines know."""
    name = f"fk_{table}_{column}_{to}"
    op.execute(f"ALTER TABLE {table} ADD COLUMN {column} INTEGER CONSTRAINT {name} REFERENCES {to} (id)")


def _add_words(table: str, column: str, words: tuple[str, ...], more: str = "") -> None:
    """A column of words under its CHECK, in the words both engines know."""
    listed = ", ".join(f"'{word}'" for word in words)
    check = f"CONSTRAINT ck_{table}_{column} CHECK ({column} IN ({listed}))"
    op.execute(f"ALTER TABLE {table} ADD COLUMN {column} VARCHAR(32) {more} {check}")


def downgrade() -> None:
    """Histories are append-only, and hold by now what the tables before have no word for."""
    raise NotImplementedError("restore a backup from before the migration")
