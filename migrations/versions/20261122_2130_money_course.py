"""When subscriptions were bought and renewed, the last window a ticket missed, what becomes of money deadlines."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from helpdesk.database import Moment
from migrations import tables

revision = "20261122f"
down_revision = "20261122e"
branch_labels = None
depends_on = None

EVENTS = (
    "created", "diagnosis_started", "turned_away", "resolution_started", "escalated", "returned_to_partner",
    "resolved", "closed", "reopened", "withdrawn", "merged", "contact_wrote", "replied", "noted", "assigned",
    "unassigned", "held", "released", "customer_confirmed", "classified", "kind_changed", "diagnosis_recorded",
    "priority_overridden", "priority_override_cleared", "facts_changed", "terms_changed", "linked", "tags_changed",
    "reminded", "tracker_issued", "tracker_revoked", "guard_overridden", "pack_recorded", "attachment_checked",
    "vendor_case_opened", "vendor_number_recorded", "vendor_noted", "vendor_chased", "vendor_case_changed",
    "money_set", "money_ended", "money_warned", "money_missed", "money_corrected", "money_moved", "money_resumed",
    "incident_linked", "incident_unlinked",
    "clock_warned", "clock_breached", "clock_laddered", "escalation_due", "breach_reviewed",
)  # fmt: skip


def upgrade() -> None:
    op.add_column("subscription", sa.Column("bought_on", sa.Date()))
    op.add_column("subscription", sa.Column("renewed_on", sa.Date()))
    op.add_column("subscription", sa.Column("cancellable_until", Moment()))
    op.add_column("ticket", sa.Column("money_missed_at", Moment()))
    tables.reword("ticket_event", "what", EVENTS)


def downgrade() -> None:
    """Histories are append-only, and hold by now what the tables before have no word for."""
    raise NotImplementedError("restore a backup from before the migration")
