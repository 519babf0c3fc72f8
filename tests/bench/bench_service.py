"""The service as a whole: how soon it answers after a start, and how much memory it holds."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator

import sqlalchemy as sa
from flask import Flask

import config as settings
from helpdesk.database import db
from helpdesk.demo.world import DEFAULT_PASSWORD
from helpdesk.tickets.models import IS_OPEN, Ticket
from tests.bench import processes, wire
from tests.bench.figures import Figure

PSS_TARGET = 200
START_TARGET = 3
_PACKAGES = ("flask", "flask_sqlalchemy", "flask_login", "flask_wtf", "flask_babel", "flask_limiter")
_FLOOR = f"import {', '.join(_PACKAGES)}, psycopg, granian, structlog"


def start(url: str, database: str) -> Iterator[Figure]:
    """Seconds from the command to the first page; the ceiling imports the same packages and does nothing."""
    floor = statistics.median(_seconds_of([sys.executable, "-c", _FLOOR]) for _ in range(3))
    found = []
    for _ in range(3):
        with processes.web(url) as server:
            found.append(server.started_in)
    yield Figure("cold start to first page", database, None, statistics.median(found), "s", floor, START_TARGET)


def _seconds_of(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, cwd=settings.ROOT)
    return time.perf_counter() - began


def memory(app: Flask, url: str, database: str, tickets: int, requests: int) -> Iterator[Figure]:
    """Proportional memory of two workers and their master: warm, and after so many ``requests`` of all kinds."""
    numbers = _open_tickets(app)
    with processes.web(url) as server:
        browsers = [_reader(server.port, who) for who in ("ana", "max", "lea", "ana")]
        _read(browsers, numbers, 400)
        warm = server.pss_mib()
        _read(browsers, numbers, requests)
        after = server.pss_mib()
    yield Figure("memory of 2 workers and master, warm", database, tickets, warm, "MiB PSS", None, PSS_TARGET)
    yield Figure(f"memory after {requests:,} requests", database, tickets, after, "MiB PSS", warm, PSS_TARGET)


def _reader(port: int, who: str) -> wire.Browser:
    browser = wire.Browser(port)
    browser.sign_in(f"{who}@desk.example", DEFAULT_PASSWORD)
    return browser


def _read(browsers: list[wire.Browser], numbers: list[int], requests: int) -> None:
    def reader(browser: wire.Browser) -> wire.Ask:
        pages = ("/queue", "/tickets/{}", "/today", "/tickets/{}", "/submit", "/tickets/{}")
        return lambda n: browser.get(pages[n % len(pages)].format(numbers[n % len(numbers)]))

    wire.run([reader(browser) for browser in browsers], requests)


def _open_tickets(app: Flask) -> list[int]:
    with app.app_context():
        return list(db.session.scalars(sa.select(Ticket.id).where(IS_OPEN).order_by(Ticket.id).limit(1000)))
