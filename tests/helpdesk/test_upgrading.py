"""A SQLite database is brought to the newest revision without its rows being dropped along with a rebuilt table."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from helpdesk import schema
from helpdesk.database import db
from tests.conftest import _create

FIRST = "20261122a"
AT = "2026-11-02 09:00:00"
LATE_TICKET: Mapping[str, Mapping[str, Any]] = {
    "team": {"name": "Service desk"},
    "contact": {"email": "rita@alpina.example"},
    "sla_terms": {"digest": "0" * 64, "content": {}},
    "ticket": {
        "contact_id": 1,
        "team_id": 1,
        "terms_id": 1,
        "subject": "Nobody can sign in",
        "intake": {},
        "kind": "technical",
        "service": "azure",
        "source": "web",
        "impact": "high",
        "urgency": "high",
        "priority": "p1",
        "state": "intake",
        "turn": "ours",
        "created_at": AT,
    },
    "sla_clock": {"ticket_id": 1, "terms_id": 1, "kind": "pickup", "cycle": 1, "state": "running", "started_at": AT},
    "breach": {"ticket_id": 1, "clock_id": 1, "cycle": 1, "kind": "pickup", "priority": "p1", "state": "intake"},
}
"""Rows of the first revision by table; what is left out is 0, no or empty."""


@pytest.fixture
def empty(tmp_path: Path) -> Flask:
    """An application on a database without a table."""
    return _create(f"sqlite:///{tmp_path / 'empty.db'}", tmp_path)


@pytest.fixture
def heard() -> Iterator[list[tuple[str, int]]]:
    """Each statement that drops a table, and whether SQLite heeded foreign keys then."""
    found: list[tuple[str, int]] = []

    def hear(connection: sa.Connection, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.strip().upper().startswith("DROP TABLE"):
            driver: Any = connection.connection.driver_connection
            found.append((statement, driver.execute("PRAGMA foreign_keys").fetchone()[0]))

    sa.event.listen(sa.Engine, "before_cursor_execute", hear)
    yield found
    sa.event.remove(sa.Engine, "before_cursor_execute", hear)


def test_a_rebuilt_table_takes_no_children_along(empty: Flask, heard: list[tuple[str, int]]) -> None:
    schema.upgrade(empty)
    assert [statement for statement, heeded in heard if heeded] == []
    assert len(heard) > 1  # tables are rebuilt on the way
    with empty.app_context(), db.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_a_late_ticket_of_the_first_revision_reaches_the_newest(empty: Flask) -> None:
    """Its clock's table is rebuilt on the way; the breach that points to the clock stays, and so does the clock."""
    import flask_migrate

    schema.bind(empty)
    with empty.app_context():
        flask_migrate.upgrade(revision=FIRST)
        with db.engine.begin() as connection:
            write_a_late_ticket(connection)
        flask_migrate.upgrade()
        with db.engine.connect() as connection:
            late = "SELECT ticket.subject, breach.kind FROM ticket JOIN breach ON breach.ticket_id = ticket.id"
            rows = connection.exec_driver_sql(f"{late} JOIN sla_clock ON sla_clock.id = breach.clock_id").fetchall()
        db.engine.dispose()
    assert [tuple(row) for row in rows] == [("Nobody can sign in", "pickup")]


def write_a_late_ticket(connection: sa.Connection) -> None:
    tables = sa.MetaData()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", sa.exc.SAWarning)  # an index by an expression is not reflected
        tables.reflect(connection)
    for name, said in LATE_TICKET.items():
        table = tables.tables[name]
        unsaid = {column.name: column.type.python_type() for column in table.columns if not column.nullable}
        connection.execute(table.insert().values(unsaid | {"id": 1} | said))
