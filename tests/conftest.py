"""What tests share: an application on each database, people, a clock hand.

Every test that asks for ``app`` runs twice, on SQLite and on PostgreSQL. The schema is migrated once per
test process and database; each test starts from empty tables.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, g
from flask.testing import FlaskClient

from helpdesk import create_app, logs, schema
from helpdesk.clock import Hand
from helpdesk.database import db
from helpdesk.extensions import limiter
from helpdesk.frontend.assets import compile_translations
from tests.postgres import UNSAFE, PostgresServer
from tests.tables import empty_tables

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
    server = PostgresServer(tmp_path_factory.mktemp("pg"), UNSAFE)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def database_name(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="session")
def migrated_url(
    database_name: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """A database at head: a URL of SQLite or PostgreSQL that belongs to this test process."""
    if database_name == "postgresql":
        url: str = request.getfixturevalue("postgres_server").create_database("tests")
    else:
        url = f"sqlite:///{tmp_path_factory.mktemp('sqlite') / 'tests.db'}"
    app = _create(url, tmp_path_factory.mktemp("instance"))
    schema.upgrade(app)
    yield url
    close_connections()


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
    with application(migrated_url, tmp_path) as app:
        yield app


@contextmanager
def application(url: str, instance: Path, **overrides: Any) -> Iterator[Flask]:
    """The process's application on the database at ``url``, as new and with empty tables; ``overrides`` are settings.

    Building one takes longer than most tests, and a new one has no template and no statement compiled; a new
    connection knows no table. What a test may do to the application is undone: it changes settings, listens at
    the engine, lets things be kept in ``extensions``.
    """
    app = _built(url, **overrides)
    logs.configure(app)
    limiter.enabled = app.config["RATE_LIMITS"]  # it is the process's own: another application may have set it
    kept = app.config.copy(), app.extensions.copy()
    app.config["INSTANCE_DIR"] = instance
    with app.app_context():
        engines: Any = db.engines
        engine = engines[None]
        engines[None] = engine.execution_options()  # shares everything but who listens
        empty_tables()
        try:
            yield app
        finally:
            db.session.remove()
            engines[None] = engine
            for used, new in zip((app.config, app.extensions), kept, strict=True):
                used.clear()
                used.update(new)


_applications: list[Flask] = []


@cache
def _built(url: str, **overrides: Any) -> Flask:
    app = _create(url, Path("unset"), **overrides)
    keep_requests_apart(app)
    _applications.append(app)
    return app


def close_connections() -> None:
    """Those that the applications above have kept from test to test."""
    for app in _applications:
        with app.app_context():
            db.engine.dispose()


def keep_requests_apart(app: Flask) -> None:
    """Requests of a test share its application context: what was kept there, who was signed in or which
    language a text was asked in, belongs to somebody else."""
    app.before_request_funcs.setdefault(None, []).insert(0, _forget)
    app.teardown_request(lambda _error: _forget())


def _forget() -> None:
    for name in tuple(g):
        g.pop(name)


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
