"""``helpdesk run``: a dead child is started again, and one signal stops everything."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.faults.processes import environment, running, start

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(
        sys.platform != "linux", reason="reads /proc, and only Linux tells children of their parent's end"
    ),
]

PATIENCE = 30


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """A migrated installation of its own: what is tested here is processes, not databases."""
    env = environment(f"sqlite:///{tmp_path / 'desk.db'}", tmp_path)
    assert start(("db", "upgrade"), env, tmp_path / "upgrade.log").wait(timeout=PATIENCE) == 0
    return env


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number: int = free.getsockname()[1]
        return number


def test_children_are_restarted_and_stopped_together(env: dict[str, str], port: int, tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    with running("run", "--port", str(port), "--workers", "1", env=env, log=log) as supervisor:
        _until(lambda: _get(port, "/readyz") == 200)
        before = _children(supervisor.pid)
        assert len(before) == 2
        for child in before:
            os.kill(child, signal.SIGKILL)
        _until(lambda: len(_children(supervisor.pid) - before) == 2)
        _until(lambda: _get(port, "/healthz") == 200)
        after = _children(supervisor.pid)
    assert supervisor.returncode == 0
    assert not any(map(_is_alive, after))
    assert _get(port, "/healthz") is None
    assert "starts again in 1 s" in log.read_text()


def test_children_go_when_the_supervisor_is_killed(env: dict[str, str], port: int, tmp_path: Path) -> None:
    with running("run", "--port", str(port), "--workers", "1", env=env, log=tmp_path / "run.log") as supervisor:
        _until(lambda: _get(port, "/healthz") == 200)
        children = _children(supervisor.pid)
        supervisor.kill()
        _until(lambda: not any(map(_is_alive, children)))
        _until(lambda: _get(port, "/healthz") is None)


def _until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _get(port: int, path: str) -> int | None:
    """The status of an answer, None when nobody listens."""
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (ConnectionError, TimeoutError):
        return None
    finally:
        connection.close()


def _children(pid: int) -> set[int]:
    return {int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}


def _is_alive(pid: int) -> bool:
    """Whether the process runs; a zombie that nobody has waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
