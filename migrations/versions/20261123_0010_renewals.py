"""Customers whose new plan their open tickets are still to follow, channels whose times their open cases are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from helpdesk.database import Moment

revision = "20261123a"
down_revision = "20261122k"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("customer", "support_channel"):
        op.add_column(table, sa.Column("renewal_asked_at", Moment()))
        op.add_column(table, sa.Column("renewed_to_id", sa.Integer(), server_default="0", nullable=False))
    asked = sa.text("renewal_asked_at IS NOT NULL")
    op.create_index("ix_customer_renewal", "customer", ["id"], sqlite_where=asked, postgresql_where=asked)


def downgrade() -> None:
    raise NotImplementedError("restore a backup from before the migration")
