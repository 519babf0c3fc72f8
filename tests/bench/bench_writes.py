"""Tickets opened by the form and replies by agents: eight clients at once over the real server."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import count
from typing import Any

import sqlalchemy as sa
from flask import Flask

from helpdesk.database import Base, db
from helpdesk.demo.world import DEFAULT_PASSWORD
from helpdesk.tickets.models import IS_OPEN, Message, Ticket
from tests.bench import processes, wire
from tests.bench.figures import Figure

CLIENTS = 8
SECONDS = 10.0
CREATE_TARGET, REPLY_TARGET = 150, 120
_FORM = {
    "name": "Rita Fehér",
    "company": "Alpina Logistics Kft.",
    "kind": "technical",
    "service": "azure",
    "impact": "medium",
    "urgency": "high",
    "subject": "The VPN gateway drops every few minutes",
    "description": "Since eight this morning the tunnel to Győr drops and comes back. Nobody changed anything.",
}


def figures(app: Flask, url: str, database: str, tickets: int) -> Iterator[Figure]:
    """Answers a second; the ceilings are the same rows written by one bare connection, committed one by one."""
    has_target = database == "postgresql"  # SQLite has one writer at a time
    create_target, reply_target = (CREATE_TARGET, REPLY_TARGET) if has_target else (None, None)
    numbers, turn = _open_tickets(app), count()
    with processes.web(url) as server:
        created = wire.rate([_opener(server.port, client) for client in range(CLIENTS)], SECONDS)
        replied = wire.rate([_answerer(server.port, numbers, turn) for _ in range(CLIENTS)], SECONDS)
    yield Figure(
        "creations by the form", database, tickets, created, "/s", _raw_rate(app, is_reply=False), create_target
    )
    least = _raw_rate(app, is_reply=True)
    yield Figure("replies", database, tickets, replied, "/s", least, reply_target)


def _opener(port: int, client: int) -> wire.Ask:
    browser = wire.Browser(port)
    token = browser.get("/submit").token

    def send(number: int) -> wire.Answer:
        person = f"rita.{client}.{number % 40}@alpina.example"
        return browser.post("/submit", _FORM | {"email": person, "csrf_token": token})

    return send


def _answerer(port: int, numbers: list[int], turn: Iterator[int]) -> wire.Ask:
    browser = wire.Browser(port)
    browser.sign_in("ana@desk.example", DEFAULT_PASSWORD)
    token = browser.get(f"/tickets/{numbers[0]}").token

    def send(_number: int) -> wire.Answer:
        number = numbers[next(turn) % len(numbers)]
        return browser.post(f"/tickets/{number}/replies", {"body": "We are on it.", "csrf_token": token})

    return send


def _open_tickets(app: Flask) -> list[int]:
    with app.app_context():
        return list(db.session.scalars(sa.select(Ticket.id).where(IS_OPEN).order_by(Ticket.id.desc()).limit(3000)))


def _raw_rate(app: Flask, *, is_reply: bool, seconds: float = 3.0) -> float:
    """Transactions a second that write a message and its ticket's row, new or touched, and nothing else."""
    with app.app_context():
        number = db.session.scalars(sa.select(Ticket.id).where(IS_OPEN).limit(1)).one()
        db.session.remove()
        raw: Any = db.engine.raw_connection()
        touch = f"UPDATE ticket SET event_count = event_count + 1 WHERE id = {number}"
        ticket = touch if is_reply else _again(Ticket, f"id = {number}", {"draft_id": "NULL"})
        say = _again(Message, f"ticket_id = {number} LIMIT 1", {})
        is_sqlite = db.engine.dialect.name == "sqlite"
        begin = "BEGIN IMMEDIATE" if is_sqlite else "BEGIN"
        if not is_sqlite:
            raw.dbapi_connection.autocommit = True
        cursor, began, done = raw.cursor(), time.perf_counter(), 0
        while time.perf_counter() < began + seconds:
            for statement in (begin, ticket, say, "COMMIT"):
                cursor.execute(statement)
            done += 1
        raw.invalidate()
        return done / (time.perf_counter() - began)


def _again(model: type[Base], which: str, own: dict[str, str]) -> str:
    """SQL that writes a row of ``model`` once more under a new key."""
    columns = [column.key for column in model.__table__.columns if not column.primary_key]
    values = ", ".join(own.get(name, name) for name in columns)
    return f"INSERT INTO {model.__table__} ({', '.join(columns)}) SELECT {values} FROM {model.__table__} WHERE {which}"
