"""Making a small table large by SQL alone: a hundred thousand rows in a second or two."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import sqlalchemy as sa

from helpdesk.database import Base, db, is_sqlite

SHIFTED = frozenset({"id", "ticket_id", "clock_id", "breach_id", "vendor_case_id"})
"""Numbers that move along with the rows they belong to, so that copies refer to copies."""


def double(models: Iterable[Any], times: int) -> None:
    """Copy every row of ``models`` (parents first) ``times`` times over, and gather the planner's statistics."""
    tables = [model.__table__ for model in models]
    with db.engine.begin() as connection:
        top = max(_top(connection, table) for table in tables)
        for step in range(times):
            for table in tables:
                connection.execute(_copy(table, top * 2**step))
    gather_statistics()


def gather_statistics() -> None:
    """Let the planner know how large the tables are: the desk's own, not the copies that tests keep beside them."""
    names = ", ".join(Base.metadata.tables)
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE" if is_sqlite() else f"VACUUM ANALYZE {names}")


def _top(connection: sa.Connection, table: sa.Table) -> int:
    key = table.c.get("id", next(iter(table.primary_key)))
    return connection.scalar(sa.select(sa.func.max(key))) or 0


def _copy(table: sa.Table, offset: int) -> sa.Insert:
    columns = [column for column in table.columns if column.name != "draft_id"]
    values = [column + offset if column.name in SHIFTED else column for column in columns]
    return sa.insert(table).from_select([column.name for column in columns], sa.select(*values))


def spread(model: Any, times: int, **own: Callable[[sa.ColumnElement[int]], Any]) -> None:
    """Copy the first row of ``model`` so many times; ``own`` gives columns by the number of the copy, from 1.

    The primary key, if the database gives it, need not be among them.
    """
    numbers = sa.select(sa.literal(1).label("n")).cte("numbers", recursive=True)
    numbers = numbers.union_all(sa.select(numbers.c.n + 1).where(numbers.c.n < times))
    table = model.__table__
    columns = [column for column in table.columns if column.name in own or column.name not in ("id", "draft_id")]
    values = [own[column.name](numbers.c.n) if column.name in own else column for column in columns]
    first = sa.select(sa.func.min(table.c.id)).scalar_subquery()
    copies = sa.select(*values).select_from(numbers.join(table, table.c.id == first))
    with db.engine.begin() as connection:
        connection.execute(sa.insert(table).from_select([column.name for column in columns], copies))
    if not is_sqlite():
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(f"VACUUM ANALYZE {table.name}")
