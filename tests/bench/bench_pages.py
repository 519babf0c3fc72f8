"""The first page of the queue, one ticket, Today: one reader after another, over the real server."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from flask import Flask

from helpdesk.database import db
from helpdesk.demo.world import DEFAULT_PASSWORD
from helpdesk.tickets.models import IS_OPEN, Ticket
from tests.bench import processes, statements, wire
from tests.bench.figures import Figure

TIMES = 200
MEDIAN_TARGET, P95_TARGET = 20, 40
HELLO = """
import sys, types
from flask import Flask
app = Flask("hello")
app.route("/login")(lambda: "hello, world")
sys.modules["wsgi"] = types.SimpleNamespace(app=app)
from helpdesk.serving import serve
serve("127.0.0.1", {port}, 2)
"""


def figures(app: Flask, url: str, database: str, tickets: int) -> Iterator[Figure]:
    """Median and p95 of each page in milliseconds; the ceiling is its SQL on the bare driver."""
    numbers = _open_tickets(app)
    readers = {"ana@desk.example": (("queue", "/queue"), ("ticket", "")), "max@desk.example": (("today", "/today"),)}
    with processes.web(url) as server:
        for email, pages in readers.items():
            browser = wire.Browser(server.port)
            browser.sign_in(email, DEFAULT_PASSWORD)
            inside = statements.signed_in(app, email)
            for name, path in pages:
                heard = statements.of_page(app, inside, path or f"/tickets/{numbers[0]}")
                least = statements.replayed(app, heard)
                paths = [path] if path else [f"/tickets/{number}" for number in numbers]
                found = wire.delays(_reader(browser, paths), TIMES)
                yield Figure(f"{name} page, median", database, tickets, found.median, "ms", least.median, MEDIAN_TARGET)
                yield Figure(f"{name} page, p95", database, tickets, found.p95, "ms", least.p95, P95_TARGET)
                yield Figure(f"{name} page, statements", database, tickets, len(heard), "statements")


def _reader(browser: wire.Browser, paths: list[str]) -> wire.Ask:
    return lambda number: browser.get(paths[number % len(paths)])


def hello(url: str) -> Iterator[Figure]:
    """The least this server takes for any page."""
    with processes.web(url, command=("-c", HELLO)) as server:
        browser = wire.Browser(server.port)
        found = wire.delays(lambda _n: browser.get("/login"), 500)
        yield Figure("hello-world route on the same server, median", None, None, found.median, "ms")


def _open_tickets(app: Flask) -> list[int]:
    with app.app_context():
        rows = sa.select(Ticket.id).where(IS_OPEN).order_by(Ticket.id.desc()).limit(200)
        return list(db.session.scalars(rows))
