"""Open vendor cases of a channel by number, for walking them; silence is read off when a word is due."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261123h"
down_revision = "20261123v"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_vendor_case_silent", table_name="vendor_case")
    is_open = sa.text("state <> 'closed'")
    columns = ["channel_id", "id"]
    op.create_index("ix_vendor_case_channel", "vendor_case", columns, sqlite_where=is_open, postgresql_where=is_open)


def downgrade() -> None:
    raise NotImplementedError("restore a backup from before the migration")
