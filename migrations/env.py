"""Runs migrations on the application's own engine."""

from __future__ import annotations

from typing import Any

from alembic import context

from helpdesk.database import Base, db

HAND_MADE = ("ticket_search",)  # tables that each engine makes in its own way, outside the models


def _is_modelled(_object: Any, name: str | None, type_: str, _reflected: bool, _to: Any) -> bool:
    return not (type_ in ("table", "index") and name is not None and name.startswith((*HAND_MADE, "ix_ticket_search")))


def run() -> None:
    engine = db.engine
    is_sqlite = engine.dialect.name == "sqlite"
    with engine.connect() as connection:
        if is_sqlite:
            # batch operations rebuild a table; with foreign keys on that would empty its children by cascade
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            connection.commit()
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
            connection.exec_driver_sql("PRAGMA foreign_keys=ON")
            if broken:
                raise RuntimeError(f"foreign keys point nowhere after the migration: {broken[:5]}")


run()
