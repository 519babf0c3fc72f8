"""By which form a note on a vendor's case was written, so that one sent twice is kept once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261123n"
down_revision = "20261123w"
branch_labels = None
depends_on = None

_HAS_FORM = sa.text("form_id IS NOT NULL")


def upgrade() -> None:
    op.add_column("vendor_note", sa.Column("form_id", sa.String(43), nullable=True))
    op.create_index(
        "uq_vendor_note_form",
        "vendor_note",
        ["vendor_case_id", "form_id"],
        unique=True,
        sqlite_where=_HAS_FORM,
        postgresql_where=_HAS_FORM,
    )


def downgrade() -> None:
    raise NotImplementedError("restore a backup from before the migration")
