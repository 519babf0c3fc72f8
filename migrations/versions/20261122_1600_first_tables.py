"""First tables: people, customers, promises, channels, tickets and their histories."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import helpdesk.database

revision = "20261122a"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "calendar",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=True),
        sa.Column("created_at", helpdesk.database.Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["calendar_version.id"],
            name=op.f("fk_calendar_version_id_calendar_version"),
            use_alter=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar")),
        sa.UniqueConstraint("name", name=op.f("uq_calendar_name")),
    )
    op.create_table(
        "contact",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("phone", sa.String(length=40), nullable=True),
        sa.Column("language", sa.String(length=5), nullable=False),
        sa.Column("created_at", helpdesk.database.Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact")),
        sa.UniqueConstraint("email", name=op.f("uq_contact_email")),
    )
    op.create_table(
        "job_heartbeat",
        sa.Column("job", sa.String(length=60), nullable=False),
        sa.Column("process", sa.String(length=80), nullable=False),
        sa.Column("seen_at", helpdesk.database.Moment(), nullable=False),
        sa.Column("began_at", helpdesk.database.Moment(), nullable=False),
        sa.Column("ended_at", helpdesk.database.Moment(), nullable=True),
        sa.Column("runs", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failed_at", helpdesk.database.Moment(), nullable=True),
        sa.Column("last_error", sa.String(length=300), nullable=False),
        sa.PrimaryKeyConstraint("job", name=op.f("pk_job_heartbeat")),
    )
    op.create_table(
        "promise_stamp",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("stamp", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promise_stamp")),
    )
    op.create_table(
        "sign_in_attempt",
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("window_began_at", helpdesk.database.Moment(), nullable=False),
        sa.Column("blocked_until_at", helpdesk.database.Moment(), nullable=True),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_sign_in_attempt")),
    )
    op.create_table(
        "sla_terms",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("created_at", helpdesk.database.Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sla_terms")),
        sa.UniqueConstraint("digest", name=op.f("uq_sla_terms_digest")),
    )
    op.create_table(
        "staged_file",
        sa.Column("key", sa.String(length=43), nullable=False),
        sa.Column("draft_id", sa.String(length=43), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("content_type", sa.String(length=100), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("created_at", helpdesk.database.Moment(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_staged_file")),
    )
    with op.batch_alter_table("staged_file", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_staged_file_address"), ["address"], unique=False)
        batch_op.create_index(batch_op.f("ix_staged_file_created_at"), ["created_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_staged_file_draft_id"), ["draft_id"], unique=False)

    op.create_table(
        "support_channel",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "commercial",
                "premier",
                "advanced",
                "signature",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("services", sa.JSON(), nullable=False),
        sa.Column("needs_entitlement", sa.Boolean(), nullable=False),
        sa.Column("fee", sa.String(length=120), nullable=False),
        sa.Column("cost_rank", sa.Integer(), nullable=False),
        sa.Column("response", sa.JSON(), nullable=False),
        sa.Column("source", sa.String(length=300), nullable=False),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_support_channel")),
        sa.UniqueConstraint("kind", name=op.f("uq_support_channel_kind")),
    )
    op.create_table(
        "support_plan",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("hours", sa.String(length=200), nullable=False),
        sa.Column("contact", sa.String(length=200), nullable=False),
        sa.Column("price", sa.String(length=200), nullable=False),
        sa.Column("created_at", helpdesk.database.Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_support_plan")),
        sa.UniqueConstraint("name", name=op.f("uq_support_plan_name")),
    )
    op.create_table(
        "team",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("lead_id", sa.Integer(), nullable=True),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("created_at", helpdesk.database.Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["lead_id"], ["user_account.id"], name=op.f("fk_team_lead_id_user_account"), use_alter=True
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_team")),
        sa.UniqueConstraint("name", name=op.f("uq_team_name")),
    )
    with op.batch_alter_table("team", schema=None) as batch_op:
        batch_op.create_index(
            "ix_team_default",
            ["is_default"],
            unique=True,
            sqlite_where=sa.text("is_default"),
            postgresql_where=sa.text("is_default"),
        )

    op.create_table(
        "topic",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("billing", "technical", name="kind", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_topic")),
        sa.UniqueConstraint("kind", "name", name=op.f("uq_topic_kind_name")),
    )
    op.create_table(
        "customer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column("search_name", sa.String(length=160), nullable=False),
        sa.Column("tenant_id", sa.String(length=36), nullable=True),
        sa.Column("domain", sa.String(length=253), nullable=True),
        sa.Column("language", sa.String(length=5), nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("support_plan_id", sa.Integer(), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", helpdesk.database.Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["support_plan_id"], ["support_plan.id"], name=op.f("fk_customer_support_plan_id_support_plan")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer")),
        sa.UniqueConstraint("name", name=op.f("uq_customer_name")),
        sa.UniqueConstraint("tenant_id", name=op.f("uq_customer_tenant_id")),
    )
    with op.batch_alter_table("customer", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_customer_domain"), ["domain"], unique=False)
        batch_op.create_index(batch_op.f("ix_customer_search_name"), ["search_name"], unique=False)
        batch_op.create_index(batch_op.f("ix_customer_support_plan_id"), ["support_plan_id"], unique=False)

    op.create_table(
        "entitlement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("channel_id", sa.Integer(), nullable=False),
        sa.Column("contract_number", sa.String(length=64), nullable=False),
        sa.Column("access_number", sa.String(length=64), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("incidents_included", sa.Integer(), nullable=True),
        sa.Column("incidents_used", sa.Integer(), nullable=False),
        sa.Column("created_at", helpdesk.database.Moment(), nullable=False),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_entitlement_dates_in_order")),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["support_channel.id"], name=op.f("fk_entitlement_channel_id_support_channel")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entitlement")),
    )
    with op.batch_alter_table("entitlement", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_entitlement_channel_id"), ["channel_id"], unique=False)

    op.create_table(
        "promise_outcome",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("due_hour_at", helpdesk.database.Moment(), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.Column("met", sa.Integer(), nullable=False),
        sa.Column("late", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_promise_outcome_team_id_team")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promise_outcome")),
    )
    with op.batch_alter_table("promise_outcome", schema=None) as batch_op:
        batch_op.create_index("ix_promise_outcome_hour", ["due_hour_at"], unique=False)

    op.create_table(
        "promise_tally",
        sa.Column("due_hour_at", helpdesk.database.Moment(), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.Column("met", sa.Integer(), nullable=False),
        sa.Column("late", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_promise_tally_team_id_team")),
        sa.PrimaryKeyConstraint("due_hour_at", "team_id", name=op.f("pk_promise_tally")),
    )
    op.create_table(
        "user_account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.Column("session_epoch", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=5), nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=True),
        sa.Column("created_at", helpdesk.database.Moment(), nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_user_account_team_id_team")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_account")),
        sa.UniqueConstraint("email", name=op.f("uq_user_account_email")),
    )
    with op.batch_alter_table("user_account", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_user_account_team_id"), ["team_id"], unique=False)

    op.create_table(
        "account_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", helpdesk.database.Moment(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("what", sa.String(length=40), nullable=False),
        sa.Column("particulars", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["user_account.id"], name=op.f("fk_account_event_actor_id_user_account")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_account_event_user_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_event")),
    )
    with op.batch_alter_table("account_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_account_event_user_id"), ["user_id"], unique=False)

    op.create_table(
        "calendar_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("calendar_id", sa.Integer(), nullable=False),
        sa.Column("definition", sa.JSON(), nullable=False),
        sa.Column("created_at", helpdesk.database.Moment(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["calendar_id"], ["calendar.id"], name=op.f("fk_calendar_version_calendar_id_calendar")
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["user_account.id"], name=op.f("fk_calendar_version_created_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_version")),
    )
    with op.batch_alter_table("calendar_version", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_calendar_version_calendar_id"), ["calendar_id"], unique=False)

    op.create_table(
        "customer_contact",
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.id"], name=op.f("fk_customer_contact_contact_id_contact"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_customer_contact_customer_id_customer"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("customer_id", "contact_id", name=op.f("pk_customer_contact")),
    )
    with op.batch_alter_table("customer_contact", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_customer_contact_contact_id"), ["contact_id"], unique=False)

    op.create_table(
        "sla_policy",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("billing", "technical", name="kind", native_enum=False, create_constraint=True, length=32),
            nullable=True,
        ),
        sa.Column(
            "service",
            sa.Enum(
                "azure",
                "microsoft365",
                "dynamics365",
                "other",
                name="service",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("customer_id", sa.Integer(), nullable=True),
        sa.Column("support_plan_id", sa.Integer(), nullable=True),
        sa.Column("pause_on", sa.JSON(), nullable=False),
        sa.Column("levels", sa.JSON(), nullable=False),
        sa.Column("created_at", helpdesk.database.Moment(), nullable=False),
        sa.Column("updated_at", helpdesk.database.Moment(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_sla_policy_customer_id_customer")),
        sa.ForeignKeyConstraint(
            ["support_plan_id"], ["support_plan.id"], name=op.f("fk_sla_policy_support_plan_id_support_plan")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sla_policy")),
        sa.UniqueConstraint("name", name=op.f("uq_sla_policy_name")),
    )
    with op.batch_alter_table("sla_policy", schema=None) as batch_op:
        batch_op.create_index(
            "ix_sla_policy_default",
            ["is_default"],
            unique=True,
            sqlite_where=sa.text("is_default"),
            postgresql_where=sa.text("is_default"),
        )
        batch_op.create_index(batch_op.f("ix_sla_policy_position"), ["position"], unique=False)

    op.create_table(
        "subscription",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column(
            "service",
            sa.Enum(
                "azure",
                "microsoft365",
                "dynamics365",
                "other",
                name="service",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("vendor_id", sa.String(length=64), nullable=True),
        sa.Column("seats", sa.Integer(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_subscription_customer_id_customer"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription")),
    )
    with op.batch_alter_table("subscription", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_subscription_customer_id"), ["customer_id"], unique=False)

    op.create_table(
        "user_role",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "agent",
                "lead",
                "manager",
                "billing_admin",
                "sales_agent",
                "user_admin",
                "admin",
                name="role",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_user_role_user_id_user_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "role", name=op.f("pk_user_role")),
    )
    op.create_table(
        "sla_target",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("policy_id", sa.Integer(), nullable=False),
        sa.Column(
            "priority",
            sa.Enum("p1", "p2", "p3", "p4", name="priority", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column(
            "clock",
            sa.Enum(
                "first_response",
                "next_response",
                "periodic_update",
                "pickup",
                "intake",
                "diagnosis",
                "partner_resolution",
                "resolution",
                "vendor_response",
                "vendor_update",
                name="clock",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("calendar_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("seconds > 0", name=op.f("ck_sla_target_seconds_positive")),
        sa.ForeignKeyConstraint(["calendar_id"], ["calendar.id"], name=op.f("fk_sla_target_calendar_id_calendar")),
        sa.ForeignKeyConstraint(
            ["policy_id"], ["sla_policy.id"], name=op.f("fk_sla_target_policy_id_sla_policy"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sla_target")),
        sa.UniqueConstraint("policy_id", "priority", "clock", name=op.f("uq_sla_target_policy_id_priority_clock")),
    )
    with op.batch_alter_table("sla_target", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sla_target_policy_id"), ["policy_id"], unique=False)

    op.create_table(
        "ticket",
        sa.Column("id", sa.Integer(), sa.Identity(always=False, start=1001), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("billing", "technical", name="kind", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column(
            "service",
            sa.Enum(
                "azure",
                "microsoft365",
                "dynamics365",
                "other",
                name="service",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("topic_id", sa.Integer(), nullable=True),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("intake", sa.JSON(), nullable=False),
        sa.Column(
            "source",
            sa.Enum(
                "web",
                "mail",
                "phone",
                "api",
                "system",
                name="source",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("language", sa.String(length=5), nullable=False),
        sa.Column("draft_id", sa.String(length=43), nullable=True),
        sa.Column(
            "impact",
            sa.Enum("high", "medium", "low", name="impact", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column(
            "urgency",
            sa.Enum("high", "medium", "low", name="urgency", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column(
            "priority",
            sa.Enum("p1", "p2", "p3", "p4", name="priority", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column(
            "priority_override",
            sa.Enum(
                "p1", "p2", "p3", "p4", name="priority_override", native_enum=False, create_constraint=True, length=32
            ),
            nullable=True,
        ),
        sa.Column("is_classified", sa.Boolean(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "intake",
                "diagnosis",
                "partner_resolution",
                "escalated_commercial",
                "escalated_premier",
                "escalated_advanced",
                "escalated_signature",
                "resolved",
                "closed",
                "turned_away",
                "merged",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "hold_cause",
            sa.Enum(
                "customer",
                "approval",
                "scheduled",
                name="hold_cause",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("held_at", helpdesk.database.Moment(), nullable=True),
        sa.Column("hold_until", helpdesk.database.Moment(), nullable=True),
        sa.Column(
            "turn",
            sa.Enum("ours", "customer", "vendor", name="turn", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("customer_id", sa.Integer(), nullable=True),
        sa.Column("is_customer_confirmed", sa.Boolean(), nullable=False),
        sa.Column("claimed_company", sa.String(length=160), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("subscription_id", sa.Integer(), nullable=True),
        sa.Column("assignee_id", sa.Integer(), nullable=True),
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.Column("terms_id", sa.Integer(), nullable=True),
        sa.Column("next_due_at", helpdesk.database.Moment(), nullable=False),
        sa.Column(
            "next_due_clock",
            sa.Enum(
                "first_response",
                "next_response",
                "periodic_update",
                "pickup",
                "intake",
                "diagnosis",
                "partner_resolution",
                "resolution",
                "vendor_response",
                "vendor_update",
                name="next_due_clock",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("next_warns_at", helpdesk.database.Moment(), nullable=False),
        sa.Column("next_due_idle_seconds", sa.Integer(), nullable=False),
        sa.Column("is_paused", sa.Boolean(), nullable=False),
        sa.Column("paused_seconds_left", sa.Integer(), nullable=True),
        sa.Column(
            "resolution_code",
            sa.Enum(
                "fixed",
                "answered",
                "workaround",
                "vendor_fixed",
                "credited",
                "cannot_reproduce",
                "will_not_fix",
                name="resolution_code",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("resolution_note", sa.Text(), nullable=False),
        sa.Column("resolved_at", helpdesk.database.Moment(), nullable=True),
        sa.Column("ended_at", helpdesk.database.Moment(), nullable=True),
        sa.Column("closes_at", helpdesk.database.Moment(), nullable=True),
        sa.Column("merged_into_id", sa.Integer(), nullable=True),
        sa.Column("created_at", helpdesk.database.Moment(), nullable=False),
        sa.Column("updated_at", helpdesk.database.Moment(), nullable=False),
        sa.Column("last_message_at", helpdesk.database.Moment(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("event_count", sa.Integer(), nullable=False),
        sa.Column("event_head", sa.String(length=64), nullable=False),
        sa.CheckConstraint(
            "(state = 'merged') = (merged_into_id IS NOT NULL)", name=op.f("ck_ticket_merged_somewhere")
        ),
        sa.CheckConstraint(
            "hold_cause IS NULL OR state IN ('diagnosis', 'escalated_advanced', 'escalated_commercial', 'escalated_premier', 'escalated_signature', 'intake', 'partner_resolution')",
            name=op.f("ck_ticket_hold_only_open"),
        ),
        sa.CheckConstraint("(hold_cause IS NULL) = (held_at IS NULL)", name=op.f("ck_ticket_hold_whole")),
        sa.ForeignKeyConstraint(["assignee_id"], ["user_account.id"], name=op.f("fk_ticket_assignee_id_user_account")),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_ticket_contact_id_contact")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_ticket_customer_id_customer")),
        sa.ForeignKeyConstraint(["merged_into_id"], ["ticket.id"], name=op.f("fk_ticket_merged_into_id_ticket")),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscription.id"], name=op.f("fk_ticket_subscription_id_subscription")
        ),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_ticket_team_id_team")),
        sa.ForeignKeyConstraint(["terms_id"], ["sla_terms.id"], name=op.f("fk_ticket_terms_id_sla_terms")),
        sa.ForeignKeyConstraint(["topic_id"], ["topic.id"], name=op.f("fk_ticket_topic_id_topic")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket")),
        sa.UniqueConstraint("draft_id", name=op.f("uq_ticket_draft_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("ticket", schema=None) as batch_op:
        batch_op.create_index(
            "ix_ticket_closes",
            ["closes_at"],
            unique=False,
            sqlite_where=sa.text("closes_at IS NOT NULL"),
            postgresql_where=sa.text("closes_at IS NOT NULL"),
        )
        batch_op.create_index("ix_ticket_contact", ["contact_id", "id"], unique=False)
        batch_op.create_index("ix_ticket_customer", ["customer_id", "id"], unique=False)
        batch_op.create_index(
            "ix_ticket_due",
            ["next_due_at", "id"],
            unique=False,
            sqlite_where=sa.text(
                "state IN ('diagnosis', 'escalated_advanced', 'escalated_commercial', 'escalated_premier', 'escalated_signature', 'intake', 'partner_resolution')"
            ),
            postgresql_where=sa.text(
                "state IN ('diagnosis', 'escalated_advanced', 'escalated_commercial', 'escalated_premier', 'escalated_signature', 'intake', 'partner_resolution')"
            ),
        )
        batch_op.create_index(
            "ix_ticket_queue",
            ["is_paused", "next_due_at", "id", "state"],
            unique=False,
            sqlite_where=sa.text(
                "state IN ('diagnosis', 'escalated_advanced', 'escalated_commercial', 'escalated_premier', 'escalated_signature', 'intake', 'partner_resolution')"
            ),
            postgresql_where=sa.text(
                "state IN ('diagnosis', 'escalated_advanced', 'escalated_commercial', 'escalated_premier', 'escalated_signature', 'intake', 'partner_resolution')"
            ),
        )
        batch_op.create_index(
            "ix_ticket_queue_assignee",
            ["assignee_id", "is_paused", "next_due_at", "id"],
            unique=False,
            sqlite_where=sa.text(
                "state IN ('diagnosis', 'escalated_advanced', 'escalated_commercial', 'escalated_premier', 'escalated_signature', 'intake', 'partner_resolution')"
            ),
            postgresql_where=sa.text(
                "state IN ('diagnosis', 'escalated_advanced', 'escalated_commercial', 'escalated_premier', 'escalated_signature', 'intake', 'partner_resolution')"
            ),
        )
        batch_op.create_index(
            "ix_ticket_queue_customer",
            ["customer_id", "is_paused", "next_due_at", "id"],
            unique=False,
            sqlite_where=sa.text(
                "state IN ('diagnosis', 'escalated_advanced', 'escalated_commercial', 'escalated_premier', 'escalated_signature', 'intake', 'partner_resolution')"
            ),
            postgresql_where=sa.text(
                "state IN ('diagnosis', 'escalated_advanced', 'escalated_commercial', 'escalated_premier', 'escalated_signature', 'intake', 'partner_resolution')"
            ),
        )
        batch_op.create_index(
            "ix_ticket_queue_kind",
            ["kind", "is_paused", "next_due_at", "id"],
            unique=False,
            sqlite_where=sa.text(
                "state IN ('diagnosis', 'escalated_advanced', 'escalated_commercial', 'escalated_premier', 'escalated_signature', 'intake', 'partner_resolution')"
            ),
            postgresql_where=sa.text(
                "state IN ('diagnosis', 'escalated_advanced', 'escalated_commercial', 'escalated_premier', 'escalated_signature', 'intake', 'partner_resolution')"
            ),
        )
        batch_op.create_index(
            "ix_ticket_queue_priority",
            ["priority", "is_paused", "next_due_at", "id"],
            unique=False,
            sqlite_where=sa.text(
                "state IN ('diagnosis', 'escalated_advanced', 'escalated_commercial', 'escalated_premier', 'escalated_signature', 'intake', 'partner_resolution')"
            ),
            postgresql_where=sa.text(
                "state IN ('diagnosis', 'escalated_advanced', 'escalated_commercial', 'escalated_premier', 'escalated_signature', 'intake', 'partner_resolution')"
            ),
        )
        batch_op.create_index(
            "ix_ticket_queue_team",
            ["team_id", "is_paused", "next_due_at", "id"],
            unique=False,
            sqlite_where=sa.text(
                "state IN ('diagnosis', 'escalated_advanced', 'escalated_commercial', 'escalated_premier', 'escalated_signature', 'intake', 'partner_resolution')"
            ),
            postgresql_where=sa.text(
                "state IN ('diagnosis', 'escalated_advanced', 'escalated_commercial', 'escalated_premier', 'escalated_signature', 'intake', 'partner_resolution')"
            ),
        )
        batch_op.create_index(
            "ix_ticket_queue_turn",
            ["turn", "is_paused", "next_due_at", "id"],
            unique=False,
            sqlite_where=sa.text(
                "state IN ('diagnosis', 'escalated_advanced', 'escalated_commercial', 'escalated_premier', 'escalated_signature', 'intake', 'partner_resolution')"
            ),
            postgresql_where=sa.text(
                "state IN ('diagnosis', 'escalated_advanced', 'escalated_commercial', 'escalated_premier', 'escalated_signature', 'intake', 'partner_resolution')"
            ),
        )
        batch_op.create_index(
            "ix_ticket_unassigned",
            ["created_at", "id"],
            unique=False,
            sqlite_where=sa.text(
                "state IN ('diagnosis', 'escalated_advanced', 'escalated_commercial', 'escalated_premier', 'escalated_signature', 'intake', 'partner_resolution') AND assignee_id IS NULL"
            ),
            postgresql_where=sa.text(
                "state IN ('diagnosis', 'escalated_advanced', 'escalated_commercial', 'escalated_premier', 'escalated_signature', 'intake', 'partner_resolution') AND assignee_id IS NULL"
            ),
        )
        batch_op.create_index(
            "ix_ticket_wakes",
            ["hold_until"],
            unique=False,
            sqlite_where=sa.text("hold_until IS NOT NULL"),
            postgresql_where=sa.text("hold_until IS NOT NULL"),
        )

    op.create_table(
        "diagnosis",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("at", helpdesk.database.Moment(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column(
            "health",
            sa.Enum(
                "healthy",
                "advisory",
                "incident",
                "not_applicable",
                name="health",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.Column("tried", sa.Text(), nullable=False),
        sa.Column(
            "boundary",
            sa.Enum("ours", "vendors", name="boundary", native_enum=False, create_constraint=True, length=32),
            nullable=True,
        ),
        sa.Column(
            "boundary_reason",
            sa.Enum(
                "unavailable",
                "undocumented",
                "bug",
                "large_outage",
                "regional",
                "commercial",
                name="boundary_reason",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("boundary_override", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_diagnosis_ticket_id_ticket")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_diagnosis_user_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_diagnosis")),
    )
    with op.batch_alter_table("diagnosis", schema=None) as batch_op:
        batch_op.create_index("ix_diagnosis_ticket", ["ticket_id", "id"], unique=False)

    op.create_table(
        "message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("at", helpdesk.database.Moment(), nullable=False),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("contact_id", sa.Integer(), nullable=True),
        sa.Column(
            "source",
            sa.Enum(
                "web",
                "mail",
                "phone",
                "api",
                "system",
                name="source",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_message_contact_id_contact")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_message_ticket_id_ticket")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_message_user_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
    )
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.create_index("ix_message_ticket", ["ticket_id", "id"], unique=False)

    op.create_table(
        "notification",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("stable_id", sa.String(length=120), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=True),
        sa.Column("topic", sa.String(length=40), nullable=False),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.Column("created_at", helpdesk.database.Moment(), nullable=False),
        sa.Column("read_at", helpdesk.database.Moment(), nullable=True),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_notification_ticket_id_ticket")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_notification_user_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notification")),
        sa.UniqueConstraint("stable_id", name=op.f("uq_notification_stable_id")),
    )
    with op.batch_alter_table("notification", schema=None) as batch_op:
        batch_op.create_index(
            "ix_notification_unread",
            ["user_id"],
            unique=False,
            sqlite_where=sa.text("read_at IS NULL"),
            postgresql_where=sa.text("read_at IS NULL"),
        )
        batch_op.create_index("ix_notification_user", ["user_id", "id"], unique=False)

    op.create_table(
        "outbox_message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("stable_id", sa.String(length=120), nullable=False),
        sa.Column(
            "transport",
            sa.Enum("mail", "in_app", name="transport", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("recipient", sa.String(length=254), nullable=False),
        sa.Column("topic", sa.String(length=40), nullable=False),
        sa.Column("language", sa.String(length=5), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=True),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.Column(
            "delivery_state",
            sa.Enum(
                "pending", "sent", "failed", name="delivery_state", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", helpdesk.database.Moment(), nullable=False),
        sa.Column("created_at", helpdesk.database.Moment(), nullable=False),
        sa.Column("sent_at", helpdesk.database.Moment(), nullable=True),
        sa.Column("last_error", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_outbox_message_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_message")),
        sa.UniqueConstraint("stable_id", name=op.f("uq_outbox_message_stable_id")),
    )
    with op.batch_alter_table("outbox_message", schema=None) as batch_op:
        batch_op.create_index(
            "ix_outbox_message_due",
            ["next_attempt_at", "id"],
            unique=False,
            sqlite_where=sa.text("delivery_state = 'pending'"),
            postgresql_where=sa.text("delivery_state = 'pending'"),
        )
        batch_op.create_index(
            "ix_outbox_message_failed",
            ["created_at"],
            unique=False,
            sqlite_where=sa.text("delivery_state = 'failed'"),
            postgresql_where=sa.text("delivery_state = 'failed'"),
        )

    op.create_table(
        "sla_clock",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "first_response",
                "next_response",
                "periodic_update",
                "pickup",
                "intake",
                "diagnosis",
                "partner_resolution",
                "resolution",
                "vendor_response",
                "vendor_update",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "none",
                "running",
                "paused",
                "met",
                "cancelled",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("terms_id", sa.Integer(), nullable=False),
        sa.Column("started_at", helpdesk.database.Moment(), nullable=False),
        sa.Column("ended_at", helpdesk.database.Moment(), nullable=True),
        sa.Column("target_seconds", sa.Integer(), nullable=True),
        sa.Column("elapsed_seconds", sa.Integer(), nullable=True),
        sa.Column("due_at", helpdesk.database.Moment(), nullable=True),
        sa.Column("warns_at", helpdesk.database.Moment(), nullable=True),
        sa.Column("late_from_at", helpdesk.database.Moment(), nullable=True),
        sa.Column("idle_seconds", sa.Integer(), nullable=False),
        sa.Column("paused_cause", sa.String(length=32), nullable=True),
        sa.Column("warned_at", helpdesk.database.Moment(), nullable=True),
        sa.Column("breached_at", helpdesk.database.Moment(), nullable=True),
        sa.Column("next_fire_at", helpdesk.database.Moment(), nullable=True),
        sa.Column("change_count", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["terms_id"], ["sla_terms.id"], name=op.f("fk_sla_clock_terms_id_sla_terms")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_sla_clock_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sla_clock")),
        sa.UniqueConstraint("ticket_id", "kind", "cycle", name=op.f("uq_sla_clock_ticket_id_kind_cycle")),
    )
    with op.batch_alter_table("sla_clock", schema=None) as batch_op:
        batch_op.create_index(
            "ix_sla_clock_due",
            ["next_fire_at", "ticket_id"],
            unique=False,
            sqlite_where=sa.text("next_fire_at IS NOT NULL"),
            postgresql_where=sa.text("next_fire_at IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_sla_clock_undecided",
            ["due_at", "warns_at", "ticket_id"],
            unique=False,
            sqlite_where=sa.text("state = 'running' AND breached_at IS NULL"),
            postgresql_where=sa.text("state = 'running' AND breached_at IS NULL"),
        )

    op.create_table(
        "ticket_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", helpdesk.database.Moment(), nullable=False),
        sa.Column("actor", sa.String(length=40), nullable=False),
        sa.Column(
            "what",
            sa.Enum(
                "created",
                "diagnosis_started",
                "turned_away",
                "resolution_started",
                "escalated",
                "returned_to_partner",
                "resolved",
                "closed",
                "reopened",
                "withdrawn",
                "merged",
                "contact_wrote",
                "replied",
                "noted",
                "assigned",
                "unassigned",
                "held",
                "released",
                "customer_confirmed",
                "classified",
                "kind_changed",
                "diagnosis_recorded",
                "priority_overridden",
                "priority_override_cleared",
                "facts_changed",
                "terms_changed",
                "linked",
                "tracker_issued",
                "tracker_revoked",
                "guard_overridden",
                "vendor_case_opened",
                "vendor_number_recorded",
                "vendor_noted",
                "vendor_chased",
                "vendor_case_changed",
                "clock_warned",
                "clock_breached",
                "breach_reviewed",
                name="what",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "from_state",
            sa.Enum(
                "intake",
                "diagnosis",
                "partner_resolution",
                "escalated_commercial",
                "escalated_premier",
                "escalated_advanced",
                "escalated_signature",
                "resolved",
                "closed",
                "turned_away",
                "merged",
                name="from_state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column(
            "to_state",
            sa.Enum(
                "intake",
                "diagnosis",
                "partner_resolution",
                "escalated_commercial",
                "escalated_premier",
                "escalated_advanced",
                "escalated_signature",
                "resolved",
                "closed",
                "turned_away",
                "merged",
                name="to_state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("particulars", sa.Text(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_event_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_event")),
        sa.UniqueConstraint("ticket_id", "seq", name=op.f("uq_ticket_event_ticket_id_seq")),
    )
    op.create_table(
        "ticket_link",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("from_id", sa.Integer(), nullable=False),
        sa.Column("to_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "parent", "follow_up", "related", name="kind", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("created_at", helpdesk.database.Moment(), nullable=False),
        sa.ForeignKeyConstraint(["from_id"], ["ticket.id"], name=op.f("fk_ticket_link_from_id_ticket")),
        sa.ForeignKeyConstraint(["to_id"], ["ticket.id"], name=op.f("fk_ticket_link_to_id_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_link")),
        sa.UniqueConstraint("from_id", "to_id", "kind", name=op.f("uq_ticket_link_from_id_to_id_kind")),
    )
    with op.batch_alter_table("ticket_link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ticket_link_from_id"), ["from_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_ticket_link_to_id"), ["to_id"], unique=False)

    op.create_table(
        "tracker",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("issued_at", helpdesk.database.Moment(), nullable=False),
        sa.Column("revoked_at", helpdesk.database.Moment(), nullable=True),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_tracker_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tracker")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_tracker_token_hash")),
    )
    with op.batch_alter_table("tracker", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tracker_ticket_id"), ["ticket_id"], unique=False)

    op.create_table(
        "vendor_case",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("channel_id", sa.Integer(), nullable=False),
        sa.Column("entitlement_id", sa.Integer(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "to_open",
                "open",
                "attention_needed",
                "closed",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "severity",
            sa.Enum(
                "critical", "moderate", "minimal", name="severity", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("number", sa.String(length=40), nullable=True),
        sa.Column("pack", sa.JSON(), nullable=False),
        sa.Column("created_at", helpdesk.database.Moment(), nullable=False),
        sa.Column("opened_at", helpdesk.database.Moment(), nullable=True),
        sa.Column("last_word_at", helpdesk.database.Moment(), nullable=False),
        sa.Column("chased_at", helpdesk.database.Moment(), nullable=True),
        sa.Column("closed_at", helpdesk.database.Moment(), nullable=True),
        sa.Column("left_open_reason", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["support_channel.id"], name=op.f("fk_vendor_case_channel_id_support_channel")
        ),
        sa.ForeignKeyConstraint(
            ["entitlement_id"], ["entitlement.id"], name=op.f("fk_vendor_case_entitlement_id_entitlement")
        ),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_vendor_case_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vendor_case")),
    )
    with op.batch_alter_table("vendor_case", schema=None) as batch_op:
        batch_op.create_index("ix_vendor_case_number", ["number"], unique=False)
        batch_op.create_index(
            "ix_vendor_case_silent",
            ["last_word_at", "id"],
            unique=False,
            sqlite_where=sa.text("state <> 'closed'"),
            postgresql_where=sa.text("state <> 'closed'"),
        )
        batch_op.create_index(batch_op.f("ix_vendor_case_ticket_id"), ["ticket_id"], unique=False)

    op.create_table(
        "attachment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=43), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("content_type", sa.String(length=100), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("created_at", helpdesk.database.Moment(), nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_attachment_message_id_message")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_attachment_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment")),
        sa.UniqueConstraint("key", name=op.f("uq_attachment_key")),
    )
    with op.batch_alter_table("attachment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_attachment_message_id"), ["message_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_attachment_ticket_id"), ["ticket_id"], unique=False)

    op.create_table(
        "breach",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("clock_id", sa.Integer(), nullable=False),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "first_response",
                "next_response",
                "periodic_update",
                "pickup",
                "intake",
                "diagnosis",
                "partner_resolution",
                "resolution",
                "vendor_response",
                "vendor_update",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "priority",
            sa.Enum("p1", "p2", "p3", "p4", name="priority", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "intake",
                "diagnosis",
                "partner_resolution",
                "escalated_commercial",
                "escalated_premier",
                "escalated_advanced",
                "escalated_signature",
                "resolved",
                "closed",
                "turned_away",
                "merged",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("target_seconds", sa.Integer(), nullable=False),
        sa.Column("deadline_at", helpdesk.database.Moment(), nullable=False),
        sa.Column("late_from_at", helpdesk.database.Moment(), nullable=False),
        sa.Column("noticed_at", helpdesk.database.Moment(), nullable=False),
        sa.Column("is_on_retarget", sa.Boolean(), nullable=False),
        sa.Column("assignee_id", sa.Integer(), nullable=True),
        sa.Column("team_id", sa.Integer(), nullable=True),
        sa.Column("customer_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["assignee_id"], ["user_account.id"], name=op.f("fk_breach_assignee_id_user_account")),
        sa.ForeignKeyConstraint(["clock_id"], ["sla_clock.id"], name=op.f("fk_breach_clock_id_sla_clock")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_breach_customer_id_customer")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_breach_team_id_team")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_breach_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_breach")),
        sa.UniqueConstraint("clock_id", "cycle", name=op.f("uq_breach_clock_id_cycle")),
    )
    with op.batch_alter_table("breach", schema=None) as batch_op:
        batch_op.create_index("ix_breach_assignee", ["assignee_id", "late_from_at", "id"], unique=False)
        batch_op.create_index("ix_breach_customer", ["customer_id", "late_from_at", "id"], unique=False)
        batch_op.create_index("ix_breach_kind", ["kind", "late_from_at", "id"], unique=False)
        batch_op.create_index("ix_breach_late_from", ["late_from_at", "id"], unique=False)
        batch_op.create_index("ix_breach_team", ["team_id", "late_from_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_breach_ticket_id"), ["ticket_id"], unique=False)

    op.create_table(
        "clock_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("clock_id", sa.Integer(), nullable=False),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column(
            "change",
            sa.Enum(
                "started",
                "paused",
                "resumed",
                "retargeted",
                "warned",
                "skipped",
                "breached",
                "laddered",
                "met",
                "cancelled",
                "ended_without_sla",
                name="change",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("at", helpdesk.database.Moment(), nullable=False),
        sa.Column("noticed_at", helpdesk.database.Moment(), nullable=False),
        sa.Column("cause", sa.String(length=32), nullable=True),
        sa.Column("due_at", helpdesk.database.Moment(), nullable=True),
        sa.ForeignKeyConstraint(["clock_id"], ["sla_clock.id"], name=op.f("fk_clock_event_clock_id_sla_clock")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clock_event")),
    )
    with op.batch_alter_table("clock_event", schema=None) as batch_op:
        batch_op.create_index("ix_clock_event_clock", ["clock_id", "position"], unique=True)
        batch_op.create_index(
            "uq_clock_event_once",
            ["clock_id", "cycle", "change", "level"],
            unique=True,
            sqlite_where=sa.text("change IN ('warned', 'skipped', 'breached', 'laddered')"),
            postgresql_where=sa.text("change IN ('warned', 'skipped', 'breached', 'laddered')"),
        )

    op.create_table(
        "entitlement_use",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entitlement_id", sa.Integer(), nullable=False),
        sa.Column("vendor_case_id", sa.Integer(), nullable=True),
        sa.Column("at", helpdesk.database.Moment(), nullable=False),
        sa.Column("incidents", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["entitlement_id"], ["entitlement.id"], name=op.f("fk_entitlement_use_entitlement_id_entitlement")
        ),
        sa.ForeignKeyConstraint(
            ["vendor_case_id"], ["vendor_case.id"], name=op.f("fk_entitlement_use_vendor_case_id_vendor_case")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entitlement_use")),
    )
    with op.batch_alter_table("entitlement_use", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_entitlement_use_entitlement_id"), ["entitlement_id"], unique=False)

    op.create_table(
        "vendor_note",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("vendor_case_id", sa.Integer(), nullable=False),
        sa.Column("at", helpdesk.database.Moment(), nullable=False),
        sa.Column("is_ours", sa.Boolean(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_vendor_note_user_id_user_account")),
        sa.ForeignKeyConstraint(
            ["vendor_case_id"], ["vendor_case.id"], name=op.f("fk_vendor_note_vendor_case_id_vendor_case")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vendor_note")),
    )
    with op.batch_alter_table("vendor_note", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_vendor_note_vendor_case_id"), ["vendor_case_id"], unique=False)

    op.create_table(
        "breach_review",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("breach_id", sa.Integer(), nullable=False),
        sa.Column("late_from_at", helpdesk.database.Moment(), nullable=False),
        sa.Column("at", helpdesk.database.Moment(), nullable=False),
        sa.Column("reviewer_id", sa.Integer(), nullable=False),
        sa.Column(
            "cause",
            sa.Enum(
                "capacity",
                "handover",
                "misrouted",
                "vendor",
                "customer",
                "outage",
                "target_unrealistic",
                "other",
                name="cause",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("is_acknowledged", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["breach_id"], ["breach.id"], name=op.f("fk_breach_review_breach_id_breach")),
        sa.ForeignKeyConstraint(
            ["reviewer_id"], ["user_account.id"], name=op.f("fk_breach_review_reviewer_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_breach_review")),
    )
    with op.batch_alter_table("breach_review", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_breach_review_breach_id"), ["breach_id"], unique=False)
        batch_op.create_index(
            "ix_breach_review_late_from",
            ["late_from_at", "breach_id"],
            unique=False,
            sqlite_where=sa.text("is_acknowledged"),
            postgresql_where=sa.text("is_acknowledged"),
        )

    op.create_table(
        "breach_to_review",
        sa.Column("breach_id", sa.Integer(), nullable=False),
        sa.Column("late_from_at", helpdesk.database.Moment(), nullable=False),
        sa.ForeignKeyConstraint(["breach_id"], ["breach.id"], name=op.f("fk_breach_to_review_breach_id_breach")),
        sa.PrimaryKeyConstraint("breach_id", name=op.f("pk_breach_to_review")),
    )
    with op.batch_alter_table("breach_to_review", schema=None) as batch_op:
        batch_op.create_index("ix_breach_to_review_late_from", ["late_from_at", "breach_id"], unique=False)
    _tie_cycles()
    _number_from_1001()
    _create_search()


def downgrade() -> None:
    op.execute("DROP TABLE ticket_search")
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint("fk_calendar_version_id_calendar_version", "calendar", type_="foreignkey")
        op.drop_constraint("fk_team_lead_id_user_account", "team", type_="foreignkey")
    with op.batch_alter_table("breach_to_review", schema=None) as batch_op:
        batch_op.drop_index("ix_breach_to_review_late_from")

    op.drop_table("breach_to_review")
    with op.batch_alter_table("breach_review", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_breach_review_late_from",
            sqlite_where=sa.text("is_acknowledged"),
            postgresql_where=sa.text("is_acknowledged"),
        )
        batch_op.drop_index(batch_op.f("ix_breach_review_breach_id"))

    op.drop_table("breach_review")
    with op.batch_alter_table("vendor_note", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_vendor_note_vendor_case_id"))

    op.drop_table("vendor_note")
    with op.batch_alter_table("entitlement_use", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_entitlement_use_entitlement_id"))

    op.drop_table("entitlement_use")
    with op.batch_alter_table("clock_event", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_clock_event_once",
            sqlite_where=sa.text("change IN ('warned', 'skipped', 'breached', 'laddered')"),
            postgresql_where=sa.text("change IN ('warned', 'skipped', 'breached', 'laddered')"),
        )
        batch_op.drop_index("ix_clock_event_clock")

    op.drop_table("clock_event")
    with op.batch_alter_table("breach", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_breach_ticket_id"))
        batch_op.drop_index("ix_breach_team")
        batch_op.drop_index("ix_breach_late_from")
        batch_op.drop_index("ix_breach_kind")
        batch_op.drop_index("ix_breach_customer")
        batch_op.drop_index("ix_breach_assignee")

    op.drop_table("breach")
    with op.batch_alter_table("attachment", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_attachment_ticket_id"))
        batch_op.drop_index(batch_op.f("ix_attachment_message_id"))

    op.drop_table("attachment")
    with op.batch_alter_table("vendor_case", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_vendor_case_ticket_id"))
        batch_op.drop_index(
            "ix_vendor_case_silent",
            sqlite_where=sa.text("state <> 'closed'"),
            postgresql_where=sa.text("state <> 'closed'"),
        )
        batch_op.drop_index("ix_vendor_case_number")

    op.drop_table("vendor_case")
    with op.batch_alter_table("tracker", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_tracker_ticket_id"))

    op.drop_table("tracker")
    with op.batch_alter_table("ticket_link", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ticket_link_to_id"))
        batch_op.drop_index(batch_op.f("ix_ticket_link_from_id"))

    op.drop_table("ticket_link")
    op.drop_table("ticket_event")
    with op.batch_alter_table("sla_clock", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_sla_clock_undecided",
            sqlite_where=sa.text("state = 'running' AND breached_at IS NULL"),
            postgresql_where=sa.text("state = 'running' AND breached_at IS NULL"),
        )
        batch_op.drop_index(
            "ix_sla_clock_due",
            sqlite_where=sa.text("next_fire_at IS NOT NULL"),
            postgresql_where=sa.text("next_fire_at IS NOT NULL"),
        )

    op.drop_table("sla_clock")
    with op.batch_alter_table("outbox_message", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_outbox_message_failed",
            sqlite_where=sa.text("delivery_state = 'failed'"),
            postgresql_where=sa.text("delivery_state = 'failed'"),
        )
        batch_op.drop_index(
            "ix_outbox_message_due",
            sqlite_where=sa.text("delivery_state = 'pending'"),
            postgresql_where=sa.text("delivery_state = 'pending'"),
        )

    op.drop_table("outbox_message")
    with op.batch_alter_table("notification", schema=None) as batch_op:
        batch_op.drop_index("ix_notification_user")
        batch_op.drop_index(
            "ix_notification_unread",
            sqlite_where=sa.text("read_at IS NULL"),
            postgresql_where=sa.text("read_at IS NULL"),
        )

    op.drop_table("notification")
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.drop_index("ix_message_ticket")

    op.drop_table("message")
    with op.batch_alter_table("diagnosis", schema=None) as batch_op:
        batch_op.drop_index("ix_diagnosis_ticket")

    op.drop_table("diagnosis")
    with op.batch_alter_table("ticket", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_ticket_wakes",
            sqlite_where=sa.text("hold_until IS NOT NULL"),
            postgresql_where=sa.text("hold_until IS NOT NULL"),
        )
        batch_op.drop_index(
            "ix_ticket_unassigned",
            sqlite_where=sa.text(
                "state IN ('diagnosis', 'escalated_advanced', 'escalated_commercial', 'escalated_premier', 'escalated_signature', 'intake', 'partner_resolution') AND assignee_id IS NULL"
            ),
            postgresql_where=sa.text(
                "state IN ('diagnosis', 'escalated_advanced', 'escalated_commercial', 'escalated_premier', 'escalated_signature', 'intake', 'partner_resolution') AND assignee_id IS NULL"
            ),
        )
        batch_op.drop_index(
            "ix_ticket_queue_turn",
            sqlite_where=sa.text(
                "state IN ('diagnosis', 'escalated_advanced', 'escalated_commercial', 'escalated_premier', 'escalated_signature', 'intake', 'partner_resolution')"
            ),
            postgresql_where=sa.text(
                "state IN ('diagnosis', 'escalated_advanced', 'escalated_commercial', 'escalated_premier', 'escalated_signature', 'intake', 'partner_resolution')"
            ),
        )
        batch_op.drop_index(
            "ix_ticket_queue_team",
            sqlite_where=sa.text(
                "state IN ('diagnosis', 'escalated_advanced', 'escalated_commercial', 'escalated_premier', 'escalated_signature', 'intake', 'partner_resolution')"
            ),
            postgresql_where=sa.text(
                "state IN ('diagnosis', 'escalated_advanced', 'escalated_commercial', 'escalated_premier', 'escalated_signature', 'intake', 'partner_resolution')"
            ),
        )
        batch_op.drop_index(
            "ix_ticket_queue_priority",
            sqlite_where=sa.text(
                "state IN ('diagnosis', 'escalated_advanced', 'escalated_commercial', 'escalated_premier', 'escalated_signature', 'intake', 'partner_resolution')"
            ),
            postgresql_where=sa.text(
                "state IN ('diagnosis', 'escalated_advanced', 'escalated_commercial', 'escalated_premier', 'escalated_signature', 'intake', 'partner_resolution')"
            ),
        )
        batch_op.drop_index(
            "ix_ticket_queue_kind",
            sqlite_where=sa.text(
                "state IN ('diagnosis', 'escalated_advanced', 'escalated_commercial', 'escalated_premier', 'escalated_signature', 'intake', 'partner_resolution')"
            ),
            postgresql_where=sa.text(
                "state IN ('diagnosis', 'escalated_advanced', 'escalated_commercial', 'escalated_premier', 'escalated_signature', 'intake', 'partner_resolution')"
            ),
        )
        batch_op.drop_index(
            "ix_ticket_queue_customer",
            sqlite_where=sa.text(
                "state IN ('diagnosis', 'escalated_advanced', 'escalated_commercial', 'escalated_premier', 'escalated_signature', 'intake', 'partner_resolution')"
            ),
            postgresql_where=sa.text(
                "state IN ('diagnosis', 'escalated_advanced', 'escalated_commercial', 'escalated_premier', 'escalated_signature', 'intake', 'partner_resolution')"
            ),
        )
        batch_op.drop_index(
            "ix_ticket_queue_assignee",
            sqlite_where=sa.text(
                "state IN ('diagnosis', 'escalated_advanced', 'escalated_commercial', 'escalated_premier', 'escalated_signature', 'intake', 'partner_resolution')"
            ),
            postgresql_where=sa.text(
                "state IN ('diagnosis', 'escalated_advanced', 'escalated_commercial', 'escalated_premier', 'escalated_signature', 'intake', 'partner_resolution')"
            ),
        )
        batch_op.drop_index(
            "ix_ticket_queue",
            sqlite_where=sa.text(
                "state IN ('diagnosis', 'escalated_advanced', 'escalated_commercial', 'escalated_premier', 'escalated_signature', 'intake', 'partner_resolution')"
            ),
            postgresql_where=sa.text(
                "state IN ('diagnosis', 'escalated_advanced', 'escalated_commercial', 'escalated_premier', 'escalated_signature', 'intake', 'partner_resolution')"
            ),
        )
        batch_op.drop_index(
            "ix_ticket_due",
            sqlite_where=sa.text(
                "state IN ('diagnosis', 'escalated_advanced', 'escalated_commercial', 'escalated_premier', 'escalated_signature', 'intake', 'partner_resolution')"
            ),
            postgresql_where=sa.text(
                "state IN ('diagnosis', 'escalated_advanced', 'escalated_commercial', 'escalated_premier', 'escalated_signature', 'intake', 'partner_resolution')"
            ),
        )
        batch_op.drop_index("ix_ticket_customer")
        batch_op.drop_index("ix_ticket_contact")
        batch_op.drop_index(
            "ix_ticket_closes",
            sqlite_where=sa.text("closes_at IS NOT NULL"),
            postgresql_where=sa.text("closes_at IS NOT NULL"),
        )

    op.drop_table("ticket")
    with op.batch_alter_table("sla_target", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sla_target_policy_id"))

    op.drop_table("sla_target")
    op.drop_table("user_role")
    with op.batch_alter_table("subscription", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_subscription_customer_id"))

    op.drop_table("subscription")
    with op.batch_alter_table("sla_policy", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sla_policy_position"))
        batch_op.drop_index(
            "ix_sla_policy_default", sqlite_where=sa.text("is_default"), postgresql_where=sa.text("is_default")
        )

    op.drop_table("sla_policy")
    with op.batch_alter_table("customer_contact", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_customer_contact_contact_id"))

    op.drop_table("customer_contact")
    with op.batch_alter_table("calendar_version", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_calendar_version_calendar_id"))

    op.drop_table("calendar_version")
    with op.batch_alter_table("account_event", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_account_event_user_id"))

    op.drop_table("account_event")
    with op.batch_alter_table("user_account", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_user_account_team_id"))

    op.drop_table("user_account")
    op.drop_table("promise_tally")
    with op.batch_alter_table("promise_outcome", schema=None) as batch_op:
        batch_op.drop_index("ix_promise_outcome_hour")

    op.drop_table("promise_outcome")
    with op.batch_alter_table("entitlement", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_entitlement_channel_id"))

    op.drop_table("entitlement")
    with op.batch_alter_table("customer", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_customer_support_plan_id"))
        batch_op.drop_index(batch_op.f("ix_customer_search_name"))
        batch_op.drop_index(batch_op.f("ix_customer_domain"))

    op.drop_table("customer")
    op.drop_table("topic")
    with op.batch_alter_table("team", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_team_default", sqlite_where=sa.text("is_default"), postgresql_where=sa.text("is_default")
        )

    op.drop_table("team")
    op.drop_table("support_plan")
    op.drop_table("support_channel")
    with op.batch_alter_table("staged_file", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_staged_file_draft_id"))
        batch_op.drop_index(batch_op.f("ix_staged_file_created_at"))
        batch_op.drop_index(batch_op.f("ix_staged_file_address"))

    op.drop_table("staged_file")
    op.drop_table("sla_terms")
    op.drop_table("sign_in_attempt")
    op.drop_table("promise_stamp")
    op.drop_table("job_heartbeat")
    op.drop_table("contact")
    op.drop_table("calendar")


def _tie_cycles() -> None:
    """Foreign keys between tables that point at each other; SQLite took them within CREATE TABLE."""
    if op.get_bind().dialect.name == "postgresql":
        op.create_foreign_key(
            "fk_calendar_version_id_calendar_version", "calendar", "calendar_version", ["version_id"], ["id"]
        )
        op.create_foreign_key("fk_team_lead_id_user_account", "team", "user_account", ["lead_id"], ["id"])


def _number_from_1001() -> None:
    """PostgreSQL numbers tickets by the identity's start; SQLite keeps the last number in a table of its own."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('ticket', 1000)")


def _create_search() -> None:
    """Words of a ticket for the search box: each engine's own index over folded text."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("CREATE VIRTUAL TABLE ticket_search USING fts5(words, tokenize='unicode61')")
    else:
        op.execute(
            "CREATE TABLE ticket_search (ticket_id integer PRIMARY KEY REFERENCES ticket (id), words tsvector NOT NULL)"
        )
        op.execute("CREATE INDEX ix_ticket_search_words ON ticket_search USING gin (words)")
