"""A channel's fees from a day on, written down before that day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261123f"
down_revision = "20261123a"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("support_channel") as table:
        table.add_column(sa.Column("fees", sa.JSON(), nullable=False, server_default="[]"))


def downgrade() -> None:
    with op.batch_alter_table("support_channel") as table:
        table.drop_column("fees")
