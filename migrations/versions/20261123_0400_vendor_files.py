"""The files on a vendor's case, as the vendor lists them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261123w"
down_revision = "20261123h"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("vendor_case", sa.Column("files", sa.JSON(), server_default="[]", nullable=False))


def downgrade() -> None:
    raise NotImplementedError("restore a backup from before the migration")
