"""Worlds that many tests begin in: made once by the desk's own doors, afterwards put back row by row.

The starting set alone takes two hundred statements; to put it back takes one for each table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any, TypeVar

from helpdesk.clock import now
from helpdesk.database import db, is_sqlite, unit_of_work
from helpdesk.demo.defaults import install_defaults
from tests.tables import SEARCH, all_tables

World = TypeVar("World")

_numbers = count(1)
_kept: dict[tuple[Any, ...], tuple[Any, Copy]] = {}
"""By database, maker and moment, each process its own."""


def starting_set() -> None:
    """What a fresh installation begins with: teams, plans, calendars, policies, channels, topics."""
    remembered(_install)


def _install() -> None:
    with unit_of_work():
        install_defaults(now())


def remembered(make: Callable[[], World]) -> World:
    """What ``make`` writes and returns, ids and values alone; from the second time on its rows are only copied.

    A test that has put something of its own into those tables gets the work itself. The planner's statistics are
    not copied.
    """
    key = db.engine.url, make, now()
    if key in _kept:
        world: World
        world, copy = _kept[key]
        if _are_empty(copy.tables):
            copy.put_back()
            return world
        return make()
    is_whole = _are_empty(all_tables())
    world = make()
    if is_whole:
        _kept[key] = world, Copy()
    return world


class Copy:
    """All rows there are, kept in memory for SQLite and in a schema of their own for PostgreSQL."""

    def __init__(self) -> None:
        self.tables = [name for name in all_tables() if not _are_empty([name])]
        self._rows: dict[str, list[tuple[Any, ...]]] = {}
        self._schema = f"kept_{next(_numbers)}"
        self._numbers: list[tuple[str, int]] = []
        with _driver() as driver:
            self._from_sqlite(driver) if is_sqlite() else self._from_postgresql(driver)

    def put_back(self) -> None:
        """Fill the same tables, which are empty."""
        db.session.rollback()
        with _driver() as driver:
            self._into_sqlite(driver) if is_sqlite() else self._into_postgresql(driver)

    def _from_sqlite(self, driver: Any) -> None:
        for name in self.tables:
            columns = "rowid, *" if name == SEARCH else "*"  # a ticket is found by its row's number
            self._rows[name] = driver.execute(f'SELECT {columns} FROM "{name}"').fetchall()

    def _into_sqlite(self, driver: Any) -> None:
        driver.execute("PRAGMA foreign_keys=OFF")  # the rows are whole: parents need not come first
        driver.execute("BEGIN IMMEDIATE")
        for name, rows in self._rows.items():
            columns = " (rowid, words)" if name == SEARCH else ""
            driver.executemany(f'INSERT INTO "{name}"{columns} VALUES ({", ".join("?" * len(rows[0]))})', rows)
        driver.execute("COMMIT")
        driver.execute("PRAGMA foreign_keys=ON")

    def _from_postgresql(self, driver: Any) -> None:
        kept = (f'CREATE TABLE {self._schema}."{name}" AS TABLE "{name}"' for name in self.tables)
        with driver.transaction():
            driver.execute("; ".join((f"CREATE SCHEMA {self._schema}", *kept)), prepare=False)
            sequences = "SELECT sequencename, last_value FROM pg_sequences"
            self._numbers = driver.execute(f"{sequences} WHERE schemaname = 'public' AND last_value > 0").fetchall()

    def _into_postgresql(self, driver: Any) -> None:
        rows = (f'INSERT INTO "{name}" TABLE {self._schema}."{name}"' for name in self.tables)
        numbers = ", ".join(f"setval('{name}', {last})" for name, last in self._numbers)
        with driver.transaction():
            script = ("SET LOCAL session_replication_role = replica", *rows, f"SELECT {numbers}")
            driver.execute("; ".join(script), prepare=False)


def _are_empty(names: Iterable[str]) -> bool:
    with _driver() as driver:
        filled = " OR ".join(f'EXISTS (SELECT 1 FROM "{name}")' for name in names)
        (answer,) = driver.execute(f"SELECT {filled}").fetchone()
    return not answer


@contextmanager
def _driver() -> Iterator[Any]:
    """The driver's own connection, for statements that SQLAlchemy need not understand."""
    connection = db.engine.raw_connection()
    try:
        yield connection.driver_connection
    finally:
        connection.close()
