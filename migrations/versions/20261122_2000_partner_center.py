"""The connector to the vendor: its connection, when cases are asked after, notes on their way, notes told apart."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from helpdesk.database import Moment

revision = "20261122c"
down_revision = "20261122b"
branch_labels = None
depends_on = None

PENDING = sa.text("post_state = 'pending'")


def upgrade() -> None:
    op.add_column("vendor_note", sa.Column("external_id", sa.String(64)))
    op.add_column("vendor_note", sa.Column("written_at", Moment()))
    op.create_index("uq_vendor_note_external", "vendor_note", ["vendor_case_id", "external_id"], unique=True)
    _create_posts()
    _create_polls()
    _create_connection()


def _create_posts() -> None:
    op.create_table(
        "vendor_post",
        sa.Column("note_id", sa.Integer(), nullable=False),
        sa.Column("vendor_case_id", sa.Integer(), nullable=False),
        sa.Column("stable_id", sa.String(36), nullable=False),
        sa.Column(
            "post_state",
            sa.Enum(
                "pending", "sent", "failed", name="post_state", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", Moment(), nullable=False),
        sa.Column("sent_at", Moment()),
        sa.Column("last_error", sa.String(300), nullable=False),
        _child_of("vendor_post", "note_id", "vendor_note"),
        _child_of("vendor_post", "vendor_case_id", "vendor_case"),
        sa.PrimaryKeyConstraint("note_id", name=op.f("pk_vendor_post")),
        sa.UniqueConstraint("stable_id", name=op.f("uq_vendor_post_stable_id")),
    )
    for name, columns in (("due", ["next_attempt_at", "note_id"]), ("case", ["vendor_case_id", "note_id"])):
        op.create_index(
            f"ix_vendor_post_{name}", "vendor_post", columns, sqlite_where=PENDING, postgresql_where=PENDING
        )


def _create_polls() -> None:
    op.create_table(
        "vendor_poll",
        sa.Column("vendor_case_id", sa.Integer(), nullable=False),
        sa.Column("next_poll_at", Moment(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("polled_at", Moment()),
        sa.Column("vendor_state", sa.String(40), nullable=False),
        sa.Column("last_error", sa.String(300), nullable=False),
        _child_of("vendor_poll", "vendor_case_id", "vendor_case"),
        sa.PrimaryKeyConstraint("vendor_case_id", name=op.f("pk_vendor_poll")),
    )
    op.create_index("ix_vendor_poll_due", "vendor_poll", ["next_poll_at", "vendor_case_id"])
    op.execute(
        "INSERT INTO vendor_poll (vendor_case_id, next_poll_at, attempts, failures, vendor_state, last_error)"
        " SELECT id, last_word_at, 0, 0, '', '' FROM vendor_case WHERE number IS NOT NULL AND state <> 'closed'"
    )


def _create_connection() -> None:
    op.create_table(
        "vendor_connection",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        *(
            sa.Column(what, Moment())
            for what in ("consented_at", "renewed_at", "quiet_until", "answered_at", "failed_at")
        ),
        sa.Column("last_error", sa.String(300), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_vendor_connection_only_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vendor_connection")),
    )


def _child_of(table: str, column: str, parent: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{parent}.id"], name=op.f(f"fk_{table}_{column}_{parent}"), ondelete="CASCADE"
    )


def downgrade() -> None:
    """Notes of ours may be on their way by now: dropping them would lose them in silence."""
    raise NotImplementedError("restore a backup from before the migration")
