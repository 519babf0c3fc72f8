"""Downtime by customer, claims of service credits with their deadlines, every step of a credit, updates for thousands."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from helpdesk.database import Moment
from migrations import tables

revision = "20261122o"
down_revision = "20261122f"
branch_labels = None
depends_on = None

CREDITS = ("to_request", "requested", "granted", "refused", "passed_on", "not_claimed")
GRANTED = "state != 'granted' OR amount_cents > 0"
PASSED_ON = "state != 'passed_on' OR (amount_cents > 0 AND invoice_reference != '')"


def upgrade() -> None:
    _date_claims()
    _spread_updates()
    _create_downtime()
    _widen_credits()
    _create_steps()


def _words(name: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=32)


def _refers(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}_{to}"))


def _partial_index(table: str, name: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(f"ix_{table}_{name}", table, columns, sqlite_where=condition, postgresql_where=condition)


def _date_claims() -> None:
    """The scheduler dates the claims of the incidents there are: it looks at those that are due first."""
    table = "vendor_incident"
    for name in ("claim_begins_at", "claim_due_at", "claim_fires_at"):
        op.add_column(table, sa.Column(name, Moment()))
    op.add_column(table, sa.Column("claim_attempts", sa.Integer(), nullable=False, server_default="0"))
    op.execute("UPDATE vendor_incident SET claim_fires_at = created_at")
    _partial_index(table, "running", ["id"], "ended_at IS NULL")
    _partial_index(table, "claims", ["claim_fires_at"], "claim_fires_at IS NOT NULL")
    op.create_index("ix_vendor_incident_service", table, ["service", "started_at", "id"])


def _spread_updates() -> None:
    """Whom an update that was written before is for is known already."""
    table = "incident_update"
    op.add_column(table, sa.Column("spread_to", sa.Integer(), nullable=False, server_default="0"))
    op.add_column(table, sa.Column("spread_at", Moment()))
    op.execute("UPDATE incident_update SET spread_at = at")
    _partial_index(table, "to_spread", ["id"], "spread_at IS NULL")


def _create_downtime() -> None:
    table = "incident_downtime"
    in_order = "ended_at IS NULL OR began_at IS NULL OR ended_at >= began_at"
    op.create_table(
        table,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("began_at", Moment()),
        sa.Column("ended_at", Moment()),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.CheckConstraint(in_order, name=op.f(f"ck_{table}_in_order")),
        _refers(table, "incident_id", "vendor_incident"),
        _refers(table, "customer_id", "customer"),
        _refers(table, "user_id", "user_account"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    op.create_index(f"ix_{table}_newest", table, ["incident_id", "customer_id", "id"])


def _widen_credits() -> None:
    table = "incident_credit"
    op.add_column(table, sa.Column("reason", sa.String(300), nullable=False, server_default=""))
    op.add_column(table, sa.Column("invoice_reference", sa.String(80), nullable=False, server_default=""))
    # before, a credit was passed on without saying where
    op.execute("UPDATE incident_credit SET invoice_reference = 'not recorded' WHERE state = 'passed_on'")
    op.execute("UPDATE incident_credit SET amount_cents = NULL WHERE amount_cents <= 0")
    if tables.is_sqlite():
        tables.rebuild(table, _loosened)
    else:
        op.add_column(table, sa.Column("ticket_id", sa.Integer()))
        op.create_foreign_key(op.f("fk_incident_credit_ticket_id_ticket"), table, "ticket", ["ticket_id"], ["id"])
        op.alter_column(table, "requested_on", nullable=True)
        op.create_check_constraint(op.f("ck_incident_credit_granted_whole"), table, GRANTED)
        op.create_check_constraint(op.f("ck_incident_credit_passed_on_whole"), table, PASSED_ON)
    tables.reword(table, "state", CREDITS)
    op.create_index("ix_incident_credit_ticket_id", table, ["ticket_id"])
    op.create_index("ix_incident_credit_state", table, ["state", "updated_at", "id"])


def _loosened(sql: str) -> str:
    """The table with a day of asking that may be missing, a ticket, and what a credit in each state must have."""
    more = (
        "CONSTRAINT fk_incident_credit_ticket_id_ticket FOREIGN KEY(ticket_id) REFERENCES ticket (id)",
        f"CONSTRAINT ck_incident_credit_granted_whole CHECK ({GRANTED})",
        f"CONSTRAINT ck_incident_credit_passed_on_whole CHECK ({PASSED_ON})",
    )
    sql = sql.replace("requested_on DATE NOT NULL", "requested_on DATE, ticket_id INTEGER", 1)
    return f"{sql[: sql.rindex(')')]}, {', '.join(more)})"


def _create_steps() -> None:
    table = "incident_credit_step"
    op.create_table(
        table,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("credit_id", sa.Integer(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("user_id", sa.Integer()),
        sa.Column("state", _words("state", *CREDITS), nullable=False),
        sa.Column("amount_cents", sa.Integer()),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.Column("invoice_reference", sa.String(80), nullable=False),
        sa.Column("is_taken_back", sa.Boolean(), nullable=False),
        _refers(table, "credit_id", "incident_credit"),
        _refers(table, "user_id", "user_account"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    op.create_index(f"ix_{table}_credit", table, ["credit_id", "id"])
    # the steps that rows remember; who took the earlier ones is not known
    copied = "credit_id, at, user_id, state, amount_cents, currency, reason, invoice_reference, is_taken_back"
    known = "id, updated_at, updated_by_id, state, amount_cents, currency, reason, invoice_reference, false"
    op.execute(f"INSERT INTO {table} ({copied}) SELECT {known} FROM incident_credit")  # noqa: S608 - names of ours alone


def downgrade() -> None:
    """Steps and downtime are append-only; the tables before have no place for them."""
    raise NotImplementedError("restore a backup from before the migration")
