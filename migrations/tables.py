"""Changing tables as SQLite can't: made anew from their own text, with rows, indexes and constraints kept.

Alembic's batch operations forget CHECK constraints, which they can't reflect. The steps are those that
sqlite.org/lang_altertable.html recommends; migrations run with foreign keys off and check them afterwards.
"""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa
from alembic import op


def is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def rebuild(table: str, edit: Callable[[str], str]) -> None:
    """Make ``table`` anew from its CREATE TABLE as ``edit`` changes it; columns of the same name are kept.

    Raises ValueError when ``edit`` changes nothing: the text it looks for has changed its wording.
    """
    bind = op.get_bind()
    texts = "SELECT type, sql FROM sqlite_schema WHERE tbl_name = :table AND sql IS NOT NULL"
    found = bind.execute(sa.text(texts), {"table": table}).all()
    old = next(sql for kind, sql in found if kind == "table")
    new = edit(old)
    if new == old:
        raise ValueError(f"nothing to change in {old}")
    new = new.replace(f'TABLE "{table}" ', f"TABLE {table} ", 1)  # so a table that was renamed calls itself
    bind.exec_driver_sql(new.replace(f"TABLE {table} ", f"TABLE _new_{table} ", 1))
    columns = ", ".join(sorted(_columns(table) & _columns(f"_new_{table}")))
    copied = f"INSERT INTO _new_{table} ({columns}) SELECT {columns} FROM {table}"  # noqa: S608 - names of ours alone
    bind.exec_driver_sql(copied)
    bind.exec_driver_sql(f"DROP TABLE {table}")
    bind.exec_driver_sql(f"ALTER TABLE _new_{table} RENAME TO {table}")
    for sql in (sql for kind, sql in found if kind != "table"):
        bind.exec_driver_sql(sql)


def _columns(table: str) -> set[str]:
    return {row[1] for row in op.get_bind().exec_driver_sql(f"PRAGMA table_info({table})")}


def reword(table: str, column: str, words: tuple[str, ...]) -> None:
    """Let ``column`` hold exactly ``words``: what an enum of the vocabulary has become."""
    name = f"ck_{table}_{column}"
    listed = ", ".join(f"'{word}'" for word in words)
    if not is_sqlite():
        op.drop_constraint(op.f(name), table, type_="check")
        op.create_check_constraint(op.f(name), table, f"{column} IN ({listed})")
        return
    rebuild(table, lambda sql: _reworded(sql, f"CONSTRAINT {name} CHECK ({column} IN (", listed))


def _reworded(sql: str, before: str, listed: str) -> str:
    start = sql.index(before) + len(before)
    return sql[:start] + listed + sql[sql.index(")", start) :]
