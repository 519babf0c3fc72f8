"""The clock stands two months back: what tests make there is long due for processes that live today."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask

from helpdesk.clock import Hand
from tests.faults.processes import Fork, environment, forks
from tests.helpdesk.tickets.conftest import desk, opened

__all__ = ["desk", "opened"]


@pytest.fixture
def today() -> datetime:
    """The real present, whole seconds, as the processes will read it."""
    return datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def hand(today: datetime) -> Iterator[Hand]:
    with Hand(today - timedelta(days=60)).at_work() as hand:
        yield hand


@pytest.fixture
def env(app: Flask, tmp_path: Path) -> dict[str, str]:
    """The environment of processes that work on the test's own database."""
    return environment(app.config["DATABASE_URL"], tmp_path)


@pytest.fixture
def fork(env: dict[str, str], tmp_path: Path) -> Iterator[Fork]:
    """Starts processes that live until the test ends; what they say is shown when it fails."""
    log = tmp_path / "processes.log"
    with forks(env, log) as fork:
        yield fork
    if log.exists():
        print(log.read_text()[-4000:])
