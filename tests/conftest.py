"""What tests share: an application on each database, people, a clock hand.

Every test that asks for ``app`` runs twice, on SQLite and on PostgreSQL. The schema is migrated once per
test process and database; each test starts from empty tables.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, g
from flask.testing import FlaskClient

from helpdesk import create_app, schema
from helpdesk.clock import Hand
from helpdesk.database import Base, db
from helpdesk.frontend.assets import compile_translations
from tests.postgres import PostgresServer

os.environ["HELPDESK_ENV"] = "testing"

TUESDAY = datetime(2026, 11, 24, 13, 12, tzinfo=UTC)
"""Tue 24 Nov 2026, 14:12 in Budapest: the moment all pictures share."""


def pytest_configure() -> None:
    """A catalogue that was edited since the last installation speaks in the tests too."""
    compile_translations()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database_name" in metafunc.fixturenames:
        metafunc.parametrize("database_name", ["sqlite", "postgresql"], indirect=True, scope="session")


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    server = PostgresServer(tmp_path_factory.mktemp("pg"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def database_name(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="session")
def migrated_url(database_name: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database at head: a URL of SQLite or PostgreSQL that belongs to this test process."""
    if database_name == "postgresql":
        url: str = request.getfixturevalue("postgres_server").create_database("tests")
    else:
        url = f"sqlite:///{tmp_path_factory.mktemp('sqlite') / 'tests.db'}"
    app = _create(url, tmp_path_factory.mktemp("instance"))
    schema.upgrade(app)
    return url


def _create(url: str, instance: Path, **overrides: Any) -> Flask:
    return create_app(
        {
            "HELPDESK_ENV": "testing",
            "TESTING": True,
            "SECRET_KEY": "tests",
            "AUDIT_KEY": "tests",
            "DATABASE_URL": url,
            "INSTANCE_DIR": instance,
            "RATE_LIMITS": False,
            "BASE_URL": "http://localhost",
            "SERVER_NAME": None,
            "WTF_CSRF_ENABLED": False,
        }
        | overrides
    )


@pytest.fixture
def app(migrated_url: str, tmp_path: Path) -> Iterator[Flask]:
    """The application on one of the two databases, with empty tables."""
    app = _create(migrated_url, tmp_path)
    keep_requests_apart(app)
    with app.app_context():
        _empty_tables()
        yield app
        db.session.remove()
        db.engine.dispose()


def keep_requests_apart(app: Flask) -> None:
    """Requests of a test share its application context: what was kept there, who was signed in or which
    language a text was asked in, belongs to somebody else."""
    app.before_request_funcs.setdefault(None, []).insert(0, _forget)
    app.teardown_request(lambda _error: _forget())


def _forget() -> None:
    for name in tuple(g):
        g.pop(name)


def _empty_tables() -> None:
    if db.engine.dialect.name == "postgresql":
        with db.engine.begin() as connection:
            names = ", ".join(f'"{table.name}"' for table in Base.metadata.sorted_tables)
            connection.execute(sa.text(f"TRUNCATE {names}, ticket_search RESTART IDENTITY CASCADE"))
        return
    with db.engine.connect() as connection:
        raw: Any = connection.connection.dbapi_connection
        raw.execute("PRAGMA foreign_keys=OFF")  # all tables go: looking for children of each row would take minutes
        for table in Base.metadata.tables.values():
            connection.execute(table.delete())
        connection.exec_driver_sql("DELETE FROM ticket_search")
        connection.exec_driver_sql("UPDATE sqlite_sequence SET seq = 1000 WHERE name = 'ticket'")
        connection.commit()
        raw.execute("PRAGMA foreign_keys=ON")


@pytest.fixture
def hand() -> Iterator[Hand]:
    """The clock, standing at 14:12 in Budapest on Tue 24 Nov 2026 until the test turns it."""
    with Hand(TUESDAY).at_work() as hand:
        yield hand


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of a Chromium; the test is skipped, and says so, where there is none."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not path:
        pytest.skip("no Chromium found: browser tests are skipped")
    return path
