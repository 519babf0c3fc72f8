"""The SLA engine in full: vendor's clocks, ladder, rota, revisions of promises, tags, reminders."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from helpdesk.database import Moment
from migrations import tables

revision = "20261122b"
down_revision = "20261122a"
branch_labels = None
depends_on = None

EVENTS = (
    "created", "diagnosis_started", "turned_away", "resolution_started", "escalated", "returned_to_partner",
    "resolved", "closed", "reopened", "withdrawn", "merged", "contact_wrote", "replied", "noted", "assigned",
    "unassigned", "held", "released", "customer_confirmed", "classified", "kind_changed", "diagnosis_recorded",
    "priority_overridden", "priority_override_cleared", "facts_changed", "terms_changed", "linked",
    "tracker_issued", "tracker_revoked", "guard_overridden", "vendor_case_opened", "vendor_number_recorded",
    "vendor_noted", "vendor_chased", "vendor_case_changed", "clock_warned", "clock_breached", "breach_reviewed",
    "tags_changed", "reminded", "clock_laddered", "escalation_due",
)  # fmt: skip
CLOCKS = (
    "first_response", "next_response", "periodic_update", "pickup", "intake", "diagnosis", "partner_resolution",
    "resolution", "vendor_response", "vendor_update",
)  # fmt: skip
REVISION_STATES = ("counting", "counted", "applying", "applied", "dropped")
OPEN = sa.text(
    "state IN ('diagnosis', 'escalated_advanced', 'escalated_commercial', 'escalated_premier', 'escalated_signature',"
    " 'intake', 'partner_resolution')"
)
UNFINISHED = sa.text("state IN ('applying', 'counting')")


def upgrade() -> None:
    _create_vendor_terms()
    _move_vendor_responses()
    _create_people()
    _create_revisions()
    _create_tags()
    _create_saved_views()
    _index_post()
    _count_cases()
    tables.reword("ticket_event", "what", EVENTS)
    op.add_column("sla_policy", sa.Column("tag", sa.String(40)))
    _add_to_tickets()
    _refer("user_account", "calendar_id", "calendar")
    _refer("vendor_case", "terms_id", "sla_terms")


def _words(name: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=32)


def _create_vendor_terms() -> None:
    op.create_table(
        "vendor_term",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("channel_id", sa.Integer(), nullable=False),
        sa.Column("severity", _words("severity", "critical", "moderate", "minimal"), nullable=False),
        sa.Column("clock", _words("clock", *CLOCKS), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("calendar_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("seconds > 0", name=op.f("ck_vendor_term_seconds_positive")),
        sa.ForeignKeyConstraint(["calendar_id"], ["calendar.id"], name=op.f("fk_vendor_term_calendar_id_calendar")),
        sa.ForeignKeyConstraint(
            ["channel_id"],
            ["support_channel.id"],
            name=op.f("fk_vendor_term_channel_id_support_channel"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vendor_term")),
        sa.UniqueConstraint("channel_id", "severity", "clock", name=op.f("uq_vendor_term_channel_id_severity_clock")),
    )


def _move_vendor_responses() -> None:
    """What a channel's JSON said, on the wall clock, becomes terms on the calendar that never closes."""
    bind = op.get_bind()
    channel = sa.table("support_channel", sa.column("id"), sa.column("response", sa.JSON()))
    term = sa.table("vendor_term", *map(sa.column, ("channel_id", "severity", "clock", "seconds", "calendar_id")))
    always = bind.execute(sa.text("SELECT id FROM calendar WHERE name = 'Round the clock'")).scalar()
    if always is not None:
        rows = [
            {"channel_id": row.id, "severity": severity, "clock": CLOCKS[-2], "seconds": seconds, "calendar_id": always}
            for row in bind.execute(sa.select(channel))
            for severity, seconds in (row.response or {}).items()
        ]
        if rows:
            bind.execute(term.insert(), rows)
    op.execute("ALTER TABLE support_channel DROP COLUMN response")


def _create_people() -> None:
    op.create_table(
        "notification_refusal",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("topic", sa.String(40), nullable=False),
        sa.Column("transport", _words("transport", "mail", "in_app"), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user_account.id"],
            name=op.f("fk_notification_refusal_user_id_user_account"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("user_id", "topic", "transport", name=op.f("pk_notification_refusal")),
    )
    op.create_table(
        "on_call_turn",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("starts_at", Moment(), nullable=False),
        sa.Column("ends_at", Moment(), nullable=False),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_on_call_turn_moments_in_order")),
        sa.ForeignKeyConstraint(
            ["team_id"], ["team.id"], name=op.f("fk_on_call_turn_team_id_team"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_on_call_turn_user_id_user_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_on_call_turn")),
    )
    op.create_index("ix_on_call_turn_team", "on_call_turn", ["team_id", "starts_at"])
    op.create_index("ix_on_call_turn_user_id", "on_call_turn", ["user_id"])


def _create_revisions() -> None:
    op.create_table(
        "promise_revision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("state", _words("state", *REVISION_STATES), nullable=False),
        sa.Column("draft", sa.JSON(), nullable=False),
        sa.Column("policy_id", sa.Integer()),
        sa.Column("calendar_id", sa.Integer()),
        sa.Column("stamp", sa.String(32)),
        sa.Column("counts", sa.JSON(), nullable=False),
        *(sa.Column(f"{what}_count", sa.Integer(), nullable=False) for what in ("ticket", "seen", "changed", "failed")),
        sa.Column("last_ticket_id", sa.Integer(), nullable=False),
        sa.Column("claimed_until", Moment()),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("created_by_id", sa.Integer()),
        sa.Column("confirmed_at", Moment()),
        sa.Column("confirmed_by_id", sa.Integer()),
        sa.Column("finished_at", Moment()),
        sa.ForeignKeyConstraint(
            ["policy_id"],
            ["sla_policy.id"],
            name=op.f("fk_promise_revision_policy_id_sla_policy"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["calendar_id"], ["calendar.id"], name=op.f("fk_promise_revision_calendar_id_calendar")
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["user_account.id"], name=op.f("fk_promise_revision_created_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["confirmed_by_id"], ["user_account.id"], name=op.f("fk_promise_revision_confirmed_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promise_revision")),
    )
    _partial_index("promise_revision", "unfinished", ["id"], UNFINISHED)


def _create_tags() -> None:
    op.create_table(
        "ticket_tag",
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_tag_ticket_id_ticket"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("ticket_id", "name", name=op.f("pk_ticket_tag")),
    )
    op.create_index("ix_ticket_tag_name", "ticket_tag", ["name", "ticket_id"])


def _create_saved_views() -> None:
    op.create_table(
        "saved_view",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("query", sa.String(500), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_saved_view_user_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
        sa.UniqueConstraint("user_id", "name", name=op.f("uq_saved_view_user_id_name")),
    )


def _index_post() -> None:
    """What is old is found by when it was sent or read; a bell's unread lines stand in their order."""
    op.drop_index("ix_notification_unread", table_name="notification")
    _partial_index("notification", "unread", ["user_id", "id"], sa.text("read_at IS NULL"))
    _partial_index("notification", "read", ["read_at"], sa.text("read_at IS NOT NULL"))
    _partial_index("outbox_message", "sent", ["sent_at"], sa.text("delivery_state = 'sent'"))


def _count_cases() -> None:
    """A clock belongs to the ticket (0) or to one of its vendor cases."""
    op.add_column("sla_clock", sa.Column("case_id", sa.Integer(), server_default="0", nullable=False))
    old, new = "uq_sla_clock_ticket_id_kind_cycle", "uq_sla_clock_ticket_id_kind_case_id_cycle"
    if tables.is_sqlite():
        was, becomes = f"{old} UNIQUE (ticket_id, kind, cycle)", f"{new} UNIQUE (ticket_id, kind, case_id, cycle)"
        tables.rebuild("sla_clock", lambda sql: sql.replace(was, becomes))
        return
    op.drop_constraint(old, "sla_clock", type_="unique")
    op.create_unique_constraint(new, "sla_clock", ["ticket_id", "kind", "case_id", "cycle"])


def _add_to_tickets() -> None:
    op.add_column("ticket", sa.Column("remind_at", Moment()))
    op.add_column("ticket", sa.Column("reminder_count", sa.Integer(), server_default="0", nullable=False))
    op.add_column("ticket", sa.Column("escalation_due_at", Moment()))
    _partial_index("ticket", "open", ["id"], OPEN)
    _partial_index("ticket", "reminds", ["remind_at"], sa.text("remind_at IS NOT NULL"))
    _partial_index("ticket", "escalation_due", ["escalation_due_at", "id"], sa.text("escalation_due_at IS NOT NULL"))


def _partial_index(table: str, name: str, columns: list[str], where: sa.TextClause) -> None:
    op.create_index(f"ix_{table}_{name}", table, columns, sqlite_where=where, postgresql_where=where)


def _refer(table: str, column: str, to: str) -> None:
    """A column that points to another table, in the words both engines know."""
    name = f"fk_{table}_{column}_{to}"
    op.execute(f"ALTER TABLE {table} ADD COLUMN {column} INTEGER CONSTRAINT {name} REFERENCES {to} (id)")


def downgrade() -> None:
    """Histories are append-only, and hold by now what the tables before have no word for."""
    raise NotImplementedError("restore a backup from before the migration")
