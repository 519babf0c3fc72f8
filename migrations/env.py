"""Runs migrations on the application's own engine."""

from __future__ import annotations

from typing import Any

from alembic import context
from sqlalchemy import Connection

from helpdesk.database import Base, db

HAND_MADE = ("ticket_search",)  # tables that each engine makes in its own way, outside the models


def _is_modelled(_object: Any, name: str | None, type_: str, _reflected: bool, _to: Any) -> bool:
    return not (type_ in ("table", "index") and name is not None and name.startswith((*HAND_MADE, "ix_ticket_search")))


def _heed_foreign_keys(connection: Connection, *, on: bool) -> None:
    """Tell SQLite whether rows may point nowhere: a rebuilt table is dropped, and would take its children along.

    Said to the driver itself: SQLAlchemy begins a transaction first, in which SQLite hears the words and ignores them.
    """
    driver = connection.connection.driver_connection
    driver.execute(f"PRAGMA foreign_keys={'ON' if on else 'OFF'}")
    if driver.execute("PRAGMA foreign_keys").fetchone() != (int(on),):
        raise RuntimeError("SQLite did not hear about foreign keys: it is inside a transaction")


def run() -> None:
    engine = db.engine
    is_sqlite = engine.dialect.name == "sqlite"
    with engine.connect() as connection:
        if is_sqlite:
            _heed_foreign_keys(connection, on=False)
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            include_object=_is_modelled,
            render_as_batch=True,
            compare_type=True,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()
        if is_sqlite:
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
            connection.commit()
            _heed_foreign_keys(connection, on=True)
            if broken:
                raise RuntimeError(f"foreign keys point nowhere after the migration: {broken[:5]}")


run()
