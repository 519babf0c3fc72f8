"""When the vendor's next word is due on a case, what it asks us, and the ways of tickets to the vendor and back."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from alembic import op

from helpdesk.database import Moment

revision = "20261122k"
down_revision = "20261122o"
branch_labels = None
depends_on = None

SILENCE = timedelta(hours=24)
CASE = sa.table(
    "vendor_case", sa.column("id"), sa.column("state"), sa.column("last_word_at", Moment()),
    sa.column("word_due_at", Moment()),
)  # fmt: skip
CLOCK = sa.table(
    "sla_clock", sa.column("case_id"), sa.column("state"), sa.column("due_at", Moment()),
)  # fmt: skip
ESCALATED = "'escalated_advanced', 'escalated_commercial', 'escalated_premier', 'escalated_signature'"


def upgrade() -> None:
    op.add_column("vendor_case", sa.Column("word_due_at", Moment()))
    _expect_words()
    _partial_index("vendor_case", "word_due", ["word_due_at", "id"], "state = 'open'")
    _partial_index("vendor_case", "asks", ["last_word_at", "id", "ticket_id"], "state = 'attention_needed'")
    _partial_index("ticket_event", "went", ["at", "id"], f"to_state IN ({ESCALATED})")
    _partial_index("ticket_event", "left", ["ticket_id", "seq"], f"from_state IN ({ESCALATED})")


def _expect_words() -> None:
    """Of cases that are the vendor's turn: by their clock where one runs, else a day after the last word."""
    bind = op.get_bind()
    due = sa.select(sa.func.min(CLOCK.c.due_at)).where(CLOCK.c.case_id == CASE.c.id, CLOCK.c.state == "running")
    open_ones = sa.select(CASE.c.id, CASE.c.last_word_at, due.scalar_subquery().label("due_at"))
    for case_id, last_word_at, due_at in bind.execute(open_ones.where(CASE.c.state == "open")).all():
        word_due_at = sa.type_coerce(due_at or last_word_at + SILENCE, Moment())
        bind.execute(sa.update(CASE).where(CASE.c.id == case_id).values(word_due_at=word_due_at))


def _partial_index(table: str, name: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(f"ix_{table}_{name}", table, columns, sqlite_where=condition, postgresql_where=condition)


def downgrade() -> None:
    raise NotImplementedError("restore a backup from before the migration")
