"""PostgreSQL crashes and starts again under load: the desk says so, recovers by itself, and has lost nothing."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import NamedTuple

import pytest
import sqlalchemy as sa
from flask import Flask

from helpdesk import schema
from helpdesk.clock import Hand
from helpdesk.database import db
from helpdesk.tickets.actions.opening import Opened
from helpdesk.tickets.models import Ticket
from tests.bench.processes import free_port
from tests.bench.wire import Browser
from tests.conftest import _create, close_connections
from tests.faults import effects, world
from tests.faults.processes import Fork, running
from tests.helpdesk.tickets.conftest import Desk
from tests.postgres import PostgresServer

TICKETS = 400
AWAY = 2.0
RECOVERS_WITHIN = 10
PATIENCE = 60
SERVED, CREATED, AWAY_FOR_A_MOMENT = 200, 303, 503
FORM = {
    "name": "Rita Fehér",
    "email": "rita.feher@alpina.example",
    "kind": "technical",
    "service": "azure",
    "impact": "medium",
    "urgency": "high",
    "description": "Since eight this morning the tunnel to Győr drops and comes back.",
}

pytestmark = pytest.mark.faults


@pytest.fixture
def app(postgres_server: PostgresServer, tmp_path: Path) -> Iterator[Flask]:
    """The application on a database of its own; SQLite has no server that could crash."""
    app = _create(postgres_server.create_database("restarted"), tmp_path)
    schema.upgrade(app)
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()
    close_connections()  # a crash has cut those of the other tests too


@pytest.fixture
def due_clocks(app: Flask, desk: Desk, opened: Callable[..., Opened], hand: Hand, today: datetime) -> int:
    moments = [today - timedelta(days=60, hours=hours) for hours in range(12)]
    world.copy(app, world.open_at(opened, hand, moments, desk), TICKETS)
    return world.due(today)


def test_postgresql_crashes_under_load(
    due_clocks: int,
    postgres_server: PostgresServer,
    env: dict[str, str],
    fork: Fork,
    today: datetime,
    tmp_path: Path,
) -> None:
    expected, port = effects.of_settling_everything(today), free_port()
    postgres_server.execute("CHECKPOINT")  # what earlier tests wrote need not be replayed after the crash
    env["HELPDESK_BASE_URL"] = f"http://127.0.0.1:{port}"
    with running("web", "--port", str(port), "--workers", "1", env=env, log=tmp_path / "web.log"):
        visitor = Visitor(port)
        visitor.come()
        for _number in range(2):
            fork("scheduler")
        _until(lambda: world.due(today) < due_clocks, PATIENCE)
        db.session.remove()
        db.engine.dispose()  # our own connections
        postgres_server.crash()
        time.sleep(AWAY)
        postgres_server.start_again()
        back_at = time.monotonic()
        assert world.due(today), "everything was done before the crash"

        visitor.until_served_again(back_at, RECOVERS_WITHIN)
        _until(lambda: world.due(today) < due_clocks, RECOVERS_WITHIN)
        _until(lambda: not world.due(today), PATIENCE)
        visitor.leave()

    _assert_nobody_was_lied_to(visitor)
    effects.assert_once(expected)


class Visitor:
    """Opens one ticket after the other by the form, whatever is answered, and remembers it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._is_leaving = threading.Event()
        self._thread = threading.Thread(target=self._visit)
        self.answers: list[Answer] = []

    def come(self) -> None:
        self._thread.start()
        _until(lambda: any(answer.status == CREATED for answer in self.answers), PATIENCE)

    def leave(self) -> None:
        self._is_leaving.set()
        self._thread.join(timeout=PATIENCE)

    def until_served_again(self, since: float, seconds: float) -> None:
        _until(lambda: any(answer.status == CREATED and answer.at > since for answer in self.answers), seconds)

    def _visit(self) -> None:
        for number in count(1):
            if self._is_leaving.wait(0.05):
                return
            subject = f"The tunnel drops, {number}"
            status = None  # the line broke: nobody knows
            with suppress(OSError, LookupError), closing(Browser(self._port)) as browser:
                page = browser.get("/submit")
                status = page.status
                if page.status == SERVED:
                    status = browser.post("/submit", FORM | {"subject": subject, "csrf_token": page.token}).status
            self.answers.append(Answer(time.monotonic(), subject, status))


class Answer(NamedTuple):
    at: float
    subject: str
    status: int | None


def _assert_nobody_was_lied_to(visitor: Visitor) -> None:
    """Whoever was told that their request is received finds it, once; whoever was not may try again."""
    db.session.rollback()
    stored = Counter(db.session.scalars(sa.select(Ticket.subject).where(Ticket.subject.like("The tunnel drops, %"))))
    for answer in visitor.answers:
        assert stored[answer.subject] == 1 if answer.status == CREATED else stored[answer.subject] <= 1, answer
    statuses = {answer.status for answer in visitor.answers}
    assert AWAY_FOR_A_MOMENT in statuses
    assert statuses <= {CREATED, AWAY_FOR_A_MOMENT, None}


def _until(is_so: Callable[[], object], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)
