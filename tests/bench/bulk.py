"""Many rows at once, in each engine's own quick way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from types import TracebackType
from typing import Any, Self

import sqlalchemy as sa

from helpdesk.database import Base, Moment

COPY_TABLE = "bench_copy"


class Bulk:
    """One raw connection that skips what guards single writes: foreign keys and waiting for the disk.

    Only for databases of the bench, whose rows are copies of rows that were checked.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._raw: Any = engine.raw_connection()
        self.is_sqlite = engine.dialect.name == "sqlite"
        if self.is_sqlite:
            self.execute("PRAGMA foreign_keys=OFF")
            self.execute("PRAGMA synchronous=OFF")
            self.execute("BEGIN")
        else:
            self.execute("SET session_replication_role = replica")
            self.execute("SET synchronous_commit = off")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._raw.invalidate()  # its settings must not reach anybody else

    def execute(self, sql: str) -> None:
        self._raw.cursor().execute(sql)

    def load(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Insert rows of plain values; moments as "YYYY-MM-DD HH:MM:SS" in UTC, which both engines read."""
        names = ", ".join(columns)
        cursor = self._raw.cursor()
        if self.is_sqlite:
            marks = ", ".join("?" * len(columns))
            cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)
            return
        with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as pipe:
            for row in rows:
                pipe.write_row(row)

    def copy_rows(
        self, model: type[Base], own: Mapping[str, str], *, joins: str, kept: Iterable[str] = (), only: str = "TRUE"
    ) -> None:
        """Copy the originals' rows of ``model``, called ``o``, for every row of the copy table, called ``c``.

        ``own`` are expressions for columns that differ; moments move back by the copy's shift but for those
        in ``kept``. A primary key that is not in ``own`` is given by the database.
        """
        columns = [column for column in model.__table__.columns if not column.primary_key or column.key in own]
        names = ", ".join(column.key for column in columns)
        values = ", ".join(own.get(column.key) or self._value(column, kept) for column in columns)
        self.execute(
            f"INSERT INTO {model.__table__} ({names}) SELECT {values} "
            f"FROM {COPY_TABLE} AS c {joins.format(o=f'{model.__table__} AS o')} WHERE {only}"
        )

    def _value(self, column: Any, kept: Iterable[str]) -> str:
        name = f"o.{column.key}"
        return self.moved(name) if isinstance(column.type, Moment) and column.key not in kept else name

    def moved(self, moment: str) -> str:
        """SQL for a moment moved back by the copy's shift."""
        if self.is_sqlite:
            return f"datetime({moment}, '-' || c.shift || ' seconds')"
        return f"{moment} - c.shift * interval '1 second'"

    def commit(self) -> None:
        self._raw.commit()
        if self.is_sqlite:
            self.execute("BEGIN")

    def finish(self) -> None:
        """Move the sequences past the new ids and leave the database as an idle evening would."""
        self.commit()
        if self.is_sqlite:
            self.execute("COMMIT")
            self.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return
        for table in Base.metadata.sorted_tables:
            keys = [column for column in table.primary_key.columns if isinstance(column.type, sa.Integer)]
            if len(keys) == 1 and not keys[0].foreign_keys:
                name = f"pg_get_serial_sequence('{table.name}', '{keys[0].key}')"
                self.execute(
                    f"SELECT setval({name}, max({keys[0].key})) FROM {table.name} HAVING max({keys[0].key}) > 0"
                )
        self._raw.commit()
        self._raw.dbapi_connection.autocommit = True
        self.execute("VACUUM ANALYZE")


def chunks(rows: Iterable[Any], size: int) -> Iterable[list[Any]]:
    """Lists of at most ``size`` rows."""
    source = iter(rows)
    while chunk := list(islice(source, size)):
        yield chunk
