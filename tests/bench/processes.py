"""The desk's own processes, started as an operator would, measured from outside."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import config as settings
from tests.bench.wire import Browser
from tests.bench.worlds import ENVIRON

START_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Server:
    """A web server that answers, on a port of this machine."""

    port: int
    pid: int
    started_in: float
    """Seconds from the command to the first page."""

    def pss_mib(self) -> float:
        """Proportional memory of the process and all its descendants: shared pages are counted once."""
        return sum(_pss(pid) for pid in family(self.pid)) / 1024


@contextmanager
def web(url: str, *, workers: int = 2, command: Sequence[str] | None = None, page: str = "/login") -> Iterator[Server]:
    """``helpdesk web`` on the database ``url``, or ``command`` with {port} in it, until the block ends."""
    port = free_port()
    ours = ("-m", "helpdesk.cli", "web", "--port", "{port}", "--workers", str(workers))
    words = [word.replace("{port}", str(port)) for word in (command or ours)]
    environ = {**os.environ, **ENVIRON, "DATABASE_URL": url, "HELPDESK_BASE_URL": f"http://127.0.0.1:{port}"}
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *words], cwd=settings.ROOT, env=environ, stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        _await_page(process, port, page)
        yield Server(port, process.pid, time.perf_counter() - began)
    finally:
        stop(process)


@contextmanager
def scheduler(url: str) -> Iterator[None]:
    """``helpdesk scheduler`` on the database ``url`` until the block ends."""
    environ = {**os.environ, **ENVIRON, "DATABASE_URL": url}
    command = [sys.executable, "-m", "helpdesk.cli", "scheduler"]
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, cwd=settings.ROOT, env=environ, start_new_session=True, **silent)
    try:
        yield
    finally:
        stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=15)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _await_page(process: subprocess.Popen[bytes], port: int, page: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        try:
            if Browser(port).get(page).status == 200:
                return
        except OSError:
            time.sleep(0.02)
    raise RuntimeError(f"no page within {START_SECONDS} s")


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def family(pid: int) -> list[int]:
    """The process and all its descendants."""
    found = [pid]
    for parent in found:
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            found.extend(int(child) for child in task.read_text().split())
    return found


def _pss(pid: int) -> int:
    """Proportional set size in KiB."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
