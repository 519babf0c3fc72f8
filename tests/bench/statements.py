"""The SQL of a page without the framework: recorded once, played again on the bare driver."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.database import db
from helpdesk.demo.world import DEFAULT_PASSWORD
from tests.bench.wire import Delays, of_times

_TOKEN = re.compile(rb'name="csrf_token"[^>]*value="([^"]+)"')

Statement = tuple[str, Any]


def signed_in(app: Flask, email: str) -> FlaskClient:
    """A client of one of the demo's people, inside this process."""
    client = app.test_client()
    found = _TOKEN.search(client.get("/login").data)
    assert found is not None
    token = found.group(1).decode()
    client.post("/login", data={"email": email, "password": DEFAULT_PASSWORD, "csrf_token": token})
    return client


@contextmanager
def recorded(app: Flask) -> Iterator[list[Statement]]:
    """Every statement that ``app`` sends inside the block, with its parameters."""
    heard: list[Statement] = []

    def hear(_connection: Any, _cursor: Any, sql: str, parameters: Any, _context: Any, _many: bool) -> None:
        heard.append((sql, parameters))

    with app.app_context():
        engine = db.engine
    sa.event.listen(engine, "before_cursor_execute", hear)
    try:
        yield heard
    finally:
        sa.event.remove(engine, "before_cursor_execute", hear)


def of_page(app: Flask, client: FlaskClient, path: str) -> list[Statement]:
    """What a page reads once everything is warm. Raises RuntimeError when it does not answer 200."""
    client.get(path)
    with recorded(app) as heard:
        answer = client.get(path)
    if answer.status_code != 200:
        raise RuntimeError(f"{path}: {answer.status_code}")
    return heard


def replayed(app: Flask, statements: list[Statement], times: int = 60) -> Delays:
    """Milliseconds that ``statements`` take on the bare driver, rows fetched and thrown away."""
    taken: list[float] = []
    reads = [(sql, parameters) for sql, parameters in statements if not sql.startswith("BEGIN")]
    with app.app_context():
        raw = db.engine.raw_connection()
        cursor = raw.cursor()
        for _ in range(times + 10):
            began = time.perf_counter()
            for sql, parameters in reads:
                cursor.execute(sql, parameters).fetchall()
            taken.append((time.perf_counter() - began) * 1000)
        raw.rollback()
        raw.close()
    return of_times(taken[10:])
