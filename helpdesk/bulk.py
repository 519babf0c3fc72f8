"""Many rows by one statement.

A sweep writes thousands of rows a second. On PostgreSQL they travel as one JSON text, which the server unfolds:
the statement stays the same however many rows there are, so it is prepared once and costs one call instead of
one for each row. SQLite is asked without a network between, and its driver's own loop is quickest.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm.attributes import set_committed_value

from helpdesk.database import Base, db, is_sqlite

Row = Mapping[str, Any]


def append_rows(model: type[Base], rows: Sequence[Row]) -> None:
    """Insert ``rows``, all with the same names, that nothing else of this transaction refers to: no ids fetched."""
    if not rows:
        return
    connection = db.session.connection()
    if is_sqlite() or len(rows) == 1:
        connection.execute(sa.insert(model).inline(), rows if len(rows) > 1 else rows[0])
    else:
        connection.execute(_insert(model, tuple(rows[0])), {"rows": packed(rows)})


def append_returning(model: type[Base], rows: Sequence[Row], *wanted: str) -> Sequence[Any]:
    """Insert ``rows`` and return the columns ``wanted`` of each, in any order."""
    connection = db.session.connection()
    columns = [getattr(model, name) for name in wanted]
    if is_sqlite():
        return connection.execute(sa.insert(model).returning(*columns), rows).all()
    return connection.execute(_insert(model, tuple(rows[0])).returning(*columns), {"rows": packed(rows)}).all()


def update_rows(model: type[Base], rows: Sequence[Row]) -> None:
    """Give each row named by its ``id`` the other values, which are of the same names in all ``rows``."""
    if not rows:
        return
    connection = db.session.connection()
    names = tuple(rows[0])
    if is_sqlite():
        connection.execute(_update_one(model, names), [{_renamed(name): row[name] for name in names} for row in rows])
    else:
        connection.execute(_update(model, names), {"rows": packed(rows)})


def write_now(records: Sequence[Base], names: Sequence[str]) -> None:
    """Write the attributes ``names`` of mapped ``records`` of one class, changed or not, ahead of the next flush.

    A flush makes a statement of neighbours that change the same columns, one more wherever they differ, and calls
    it for each row.
    """
    if not records:
        return
    rows = [{name: getattr(record, name) for name in ("id", *names)} for record in records]
    update_rows(type(records[0]), rows)
    for record, row in zip(records, rows, strict=True):
        for name in names:
            set_committed_value(record, name, row[name])


def packed(rows: Sequence[Row]) -> str:
    """Rows as the JSON text that ``unfolded`` unfolds."""
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"), default=_plain)


def unfolded(columns: Mapping[str, sa.types.TypeEngine[Any]]) -> Any:
    """PostgreSQL's view of the parameter ``rows``: a table with ``columns``, to select from."""
    rows = sa.func.json_to_recordset(sa.cast(sa.bindparam("rows", type_=sa.Text), sa.JSON))
    table = rows.table_valued(*(sa.column(name, type_) for name, type_ in columns.items()))
    return table.render_derived(name="given", with_types=True)


def _plain(value: Any) -> str:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.isoformat(timespec="seconds")
    raise TypeError(f"neither a plain value nor an aware moment: {value!r}")


def _types(model: type[Base], names: Sequence[str]) -> dict[str, sa.types.TypeEngine[Any]]:
    table = model.__table__
    return {name: table.c[name].type for name in names}


@lru_cache
def _insert(model: type[Base], names: tuple[str, ...]) -> Any:
    given = unfolded(_types(model, names))
    return sa.insert(model).from_select(list(names), sa.select(*given.c), include_defaults=False).inline()


@lru_cache
def _update(model: type[Base], names: tuple[str, ...]) -> Any:
    given = unfolded(_types(model, names))
    values = {name: given.c[name] for name in names if name != "id"}
    return sa.update(model).where(model.__table__.c.id == given.c.id).values(values)


@lru_cache
def _update_one(model: type[Base], names: tuple[str, ...]) -> Any:
    columns = model.__table__.c
    values = {name: sa.bindparam(_renamed(name), type_=columns[name].type) for name in names if name != "id"}
    return sa.update(model).where(columns.id == sa.bindparam(_renamed("id"))).values(values)


def _renamed(name: str) -> str:
    """The bare names of columns belong to the UPDATE."""
    return f"given_{name}"
