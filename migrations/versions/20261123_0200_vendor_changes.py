"""What a note to the vendor asks for beside its words, the vendor's list, and since when the talk has failed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from helpdesk.database import Moment

revision = "20261123v"
down_revision = "20261123f"
branch_labels = None
depends_on = None

STATES = ("to_open", "open", "attention_needed", "closed")
SEVERITIES = ("critical", "moderate", "minimal")


def upgrade() -> None:
    _add_words("vendor_post", "becomes", STATES)
    _add_words("vendor_post", "severity", SEVERITIES)
    op.add_column("vendor_poll", sa.Column("listed_at", Moment()))
    op.add_column("vendor_connection", sa.Column("failing_since", Moment()))
    op.add_column("vendor_connection", sa.Column("next_survey_at", Moment()))
    op.execute("UPDATE vendor_connection SET failing_since = failed_at WHERE failed_at IS NOT NULL")


def _add_words(table: str, column: str, words: tuple[str, ...]) -> None:
    """A column that holds one of ``words`` or nothing; the CHECK stands in the column's own line on both engines."""
    listed = ", ".join(f"'{word}'" for word in words)
    check = f"CONSTRAINT ck_{table}_{column} CHECK ({column} IN ({listed}))"
    op.execute(f"ALTER TABLE {table} ADD COLUMN {column} VARCHAR(32) {check}")


def downgrade() -> None:
    """A closing on its way would become a mere note: dropping the columns would change what people asked for."""
    raise NotImplementedError("restore a backup from before the migration")
