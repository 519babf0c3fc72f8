"""Desks of a given size on each database, made once a day and kept under ``instance/bench``.

Deadlines are moments of the present, so a world made yesterday would be late all over today. Benches get a
copy each time: what one writes, the next does not find.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, Protocol

from flask import Flask

import config as settings
from helpdesk import create_app, schema
from tests.bench import bulk, chains, crowd, lives, multiply
from tests.postgres import PostgresServer

FOLDER = settings.ROOT / "instance" / "bench"
ENVIRON = {
    "HELPDESK_ENV": "development",
    "HELPDESK_RATE_LIMITS": "off",
    "HELPDESK_LOG_LEVEL": "ERROR",
    "HELPDESK_INSTANCE_DIR": str(FOLDER / "files"),
    "SECRET_KEY": "bench",
    "HELPDESK_AUDIT_KEY": "bench",
}
"""What every process of the bench runs with, besides its DATABASE_URL."""

Report = Callable[[str], object]


class Database(Protocol):
    """One engine that keeps worlds and lends copies of them."""

    name: str

    def has(self, world: str) -> bool: ...
    def make(self, world: str, fill: Callable[[str], object]) -> None: ...
    def lend(self, world: str) -> str: ...
    def take_back(self) -> None: ...
    def stop(self) -> None: ...


class Sqlite:
    """Worlds as files; a copy is a copied file."""

    name = "sqlite"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lent = folder / "lent.db"

    def has(self, world: str) -> bool:
        return (self._folder / f"{world}.db").exists()

    def make(self, world: str, fill: Callable[[str], object]) -> None:
        for old in (*self._folder.glob(f"{_size(world)}*"), *self._folder.glob("unfinished.db*")):
            old.unlink()
        unfinished = self._folder / "unfinished.db"
        fill(f"sqlite:///{unfinished}")
        unfinished.rename(self._folder / f"{world}.db")

    def lend(self, world: str) -> str:
        self.take_back()
        shutil.copyfile(self._folder / f"{world}.db", self._lent)
        os.sync()  # else the copy is still being written while something is measured
        return f"sqlite:///{self._lent}"

    def take_back(self) -> None:
        for left in self._folder.glob("lent.db*"):
            left.unlink()

    def stop(self) -> None:
        self.take_back()


class Postgres:
    """Worlds as databases of a private server on this machine; a copy is made from the template."""

    name = "postgresql"

    def __init__(self, folder: Path) -> None:
        self._server = PostgresServer(folder)

    def has(self, world: str) -> bool:
        return world in self._server.databases()

    def make(self, world: str, fill: Callable[[str], object]) -> None:
        for old in self._server.databases():
            if old.startswith((_size(world), "unfinished", "lent")):
                self._server.execute(f'DROP DATABASE "{old}"')
        self._server.execute("CREATE DATABASE unfinished")
        fill(self._server.url("unfinished"))
        self._server.execute(f'ALTER DATABASE unfinished RENAME TO "{world}"')

    def lend(self, world: str) -> str:
        self.take_back()
        self._server.execute(f'CREATE DATABASE lent TEMPLATE "{world}" STRATEGY FILE_COPY')
        os.sync()  # as above
        return self._server.url("lent")

    def take_back(self) -> None:
        self._server.execute("DROP DATABASE IF EXISTS lent WITH (FORCE)")

    def crash(self) -> None:
        """Stop the server as a power cut would, and start it again; returns when it accepts connections."""
        self._server.crash()
        self._server.start_again()

    def stop(self) -> None:
        self.take_back()
        self._server.stop()


def _size(world: str) -> str:
    """What the names of worlds as large as this one begin with: an older one makes room."""
    return world.rpartition("_")[0] + "_"


def database(name: str) -> Database:
    """``name`` is sqlite or postgresql."""
    folder = FOLDER / name
    folder.mkdir(parents=True, exist_ok=True)
    return Sqlite(folder) if name == Sqlite.name else Postgres(folder)


def prepare(on: Database, tickets: int, report: Report, *, is_all_open: bool = False) -> str:
    """Make the world of so many tickets unless it is there; returns its name. Most are closed, or none is."""
    world = f"{'open' if is_all_open else 'world'}_{tickets}_{_mark()}"
    if not on.has(world):
        shares = multiply.ALL_OPEN if is_all_open else multiply.EVERYDAY
        on.make(world, lambda url: _fill(url, tickets, report, shares))
    return world


def application(url: str, **overrides: Any) -> Flask:
    """The application on the database ``url``, in this process."""
    os.environ.update(ENVIRON | {"DATABASE_URL": url})
    return create_app(overrides)


def _fill(url: str, tickets: int, report: Report, shares: multiply.Shares) -> None:
    app = application(url)
    schema.upgrade(app)
    report("living the originals")
    multiply.multiply(app, lives.live_originals(app), tickets, report, shares)


def _mark() -> str:
    """Changes with the day, the schema and whatever makes worlds."""
    modules = (bulk, chains, crowd, lives, multiply, sys.modules["helpdesk.tickets.history"])
    files = [Path(str(module.__file__)) for module in modules]
    files += sorted((schema.MIGRATIONS / "versions").glob("*.py"))
    content = [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]
    return hashlib.sha256(json.dumps([date.today().isoformat(), content]).encode()).hexdigest()[:12]
