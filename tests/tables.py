"""Emptying the tables between two tests, which is done some thousand times."""

from __future__ import annotations

from functools import cache
from typing import Any

from helpdesk.database import Base, db, is_sqlite

SEARCH = "ticket_search"
"""Each engine makes this table in its own way, outside the models."""

# TRUNCATE makes every file of a table anew, fifty milliseconds for all: right where DELETE would leave a
# table large or its statistics behind, which the plans of later tests would show.
_WORN = """
SELECT format('%I', relname) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
AND relname <> 'alembic_version' AND (reltuples >= 0 OR pg_relation_size(oid) > 65536)
"""
_BEGIN_AGAIN = """
SELECT setval(format('%I', sequencename)::regclass, start_value, false) FROM pg_sequences
WHERE schemaname = 'public' AND last_value IS NOT NULL
"""


def all_tables() -> list[str]:
    return [*Base.metadata.tables, SEARCH]


def empty_tables() -> None:
    """Leave no row in any table and let every number begin anew; the planner's statistics go too."""
    connection: Any = db.engine.raw_connection()
    try:
        driver = connection.driver_connection
        has_been_analyzed = (_empty_sqlite if is_sqlite() else _empty_postgresql)(driver)
    finally:
        connection.close()
    if has_been_analyzed:
        db.engine.dispose()  # connections keep what they know of the statistics


def _empty_sqlite(driver: Any) -> bool:
    # all tables go: looking for children of each row would take minutes
    numbers = "UPDATE sqlite_sequence SET seq = 1000 WHERE name = 'ticket'"
    script = f"BEGIN IMMEDIATE; {_deletes()}; {numbers}; COMMIT"
    driver.executescript(f"PRAGMA foreign_keys=OFF; {script}; PRAGMA foreign_keys=ON")
    analyzed = driver.execute("SELECT name FROM sqlite_schema WHERE name LIKE 'sqlite_stat_'").fetchall()
    for (name,) in analyzed:
        driver.execute(f"DROP TABLE {name}")
    return bool(analyzed)


def _empty_postgresql(driver: Any) -> bool:
    with driver.transaction():
        if worn := [name for (name,) in driver.execute(_WORN)]:
            driver.execute(f"TRUNCATE {', '.join(worn)} CASCADE")
        driver.execute(f"SET LOCAL session_replication_role = replica; {_deletes()}", prepare=False)
        driver.execute(_BEGIN_AGAIN)
    return False


@cache
def _deletes() -> str:
    return "; ".join(f'DELETE FROM "{name}"' for name in all_tables())
