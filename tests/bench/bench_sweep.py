"""The scheduler's sweep after thirty hours without one: what fell due meanwhile, by one process and by two.

``python -m tests.bench.bench_sweep URL MOMENT SECONDS`` is one such process.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask import Flask

import config as settings
from helpdesk import clock
from helpdesk.database import db
from helpdesk.jobs import jobs
from helpdesk.sla.models import SlaClock
from tests.bench import worlds
from tests.bench.figures import Figure

SECONDS = 2.5
"""Short, so that at a hundred thousand tickets the first run leaves enough for the second."""

AWAY = timedelta(hours=30)
TARGETS = {1: 500, 2: 1000}
IDLE_TARGET_MS = 5


def figures(app: Flask, url: str, database: str, tickets: int) -> Iterator[Figure]:
    """Due clocks a second; the ceiling claims, moves and records one clock a transaction on the bare driver.

    A sweep shares its statements among dozens of tickets, so it may well be above that ceiling.
    """
    moment = clock.now() + AWAY
    idle, raw = idle_ms(app), raw_idle_ms(app)
    yield Figure("sweep, nothing due", database, tickets, idle, "ms", raw, IDLE_TARGET_MS)
    ceiling = _raw_rate(app, moment)
    for processes, target in TARGETS.items():
        before = due(app, moment)
        spent = sweep_beside(url, moment, processes)
        rate = (before - due(app, moment)) / max(spent, 0.001)
        name = "sweep, due clocks" + ("" if processes == 1 else ", two schedulers")
        has_target = processes == 1 or database == "postgresql"  # SQLite has one writer at a time
        yield Figure(name, database, tickets, rate, "/s", ceiling, target if has_target else None)


def idle_ms(app: Flask, times: int = 50) -> float:
    """Milliseconds of a sweep that finds nothing, with every open clock still to come."""
    with app.app_context():
        first = db.session.scalar(sa.select(sa.func.min(SlaClock.next_fire_at))) or clock.now()
        with clock.moved(lambda: first - timedelta(seconds=1)):
            return median_ms(lambda: list(jobs.sweep_clocks()), times)


def raw_idle_ms(app: Flask, times: int = 50) -> float:
    """The same question on the bare driver."""
    with app.app_context():
        raw: Any = db.engine.raw_connection()
        cursor = raw.cursor()
        sql = "SELECT ticket_id FROM sla_clock WHERE next_fire_at <= '2000-01-01' ORDER BY next_fire_at LIMIT 256"
        spent = median_ms(lambda: cursor.execute(sql).fetchall(), times)
        raw.close()
        return spent


def median_ms(act: Callable[[], object], times: int) -> float:
    act()  # what is compiled and kept once
    spent = []
    for _ in range(times):
        began = time.perf_counter()
        act()
        spent.append((time.perf_counter() - began) * 1000)
    return statistics.median(spent)


def sweep_beside(url: str, moment: datetime, processes: int, seconds: float = SECONDS) -> float:
    """Run so many sweeps at once, for so long at most; returns the longest's seconds, its start left out."""
    command = [sys.executable, "-m", "tests.bench.bench_sweep", url, moment.isoformat(), str(seconds)]
    running = [
        subprocess.Popen(command, cwd=settings.ROOT, stdout=subprocess.PIPE, text=True) for _ in range(processes)
    ]
    return max(float(process.communicate()[0].split()[-1]) for process in running)


def due(app: Flask, moment: datetime) -> int:
    with app.app_context():
        rows = sa.select(sa.func.count()).select_from(SlaClock).where(SlaClock.next_fire_at <= moment)
        return db.session.scalar(rows) or 0


def _raw_rate(app: Flask, moment: datetime, seconds: float = 3.0) -> float:
    with app.app_context():
        due = sa.select(SlaClock.id, SlaClock.ticket_id).where(SlaClock.next_fire_at > moment).limit(2000)
        rows = db.session.execute(due).all()
        db.session.remove()
        is_sqlite = db.engine.dialect.name == "sqlite"
        raw: Any = db.engine.raw_connection()
        cursor = raw.cursor()
        began, done = time.perf_counter(), 0
        while time.perf_counter() < began + seconds:
            clock_id, ticket_id = rows[done % len(rows)]
            if is_sqlite:
                cursor.execute("BEGIN IMMEDIATE")
            claim = "" if is_sqlite else " FOR UPDATE SKIP LOCKED"
            cursor.execute(f"SELECT * FROM ticket WHERE id = {ticket_id}{claim}").fetchall()
            cursor.execute(f"UPDATE sla_clock SET attempts = attempts WHERE id = {clock_id}")
            cursor.execute(
                "INSERT INTO clock_event (clock_id, cycle, position, change, level, at, noticed_at) "
                f"SELECT clock_id, cycle, {1000 + done}, 'resumed', 0, at, noticed_at FROM clock_event "
                f"WHERE clock_id = {clock_id} LIMIT 1"
            )
            raw.commit()
            done += 1
        raw.invalidate()
        return done / (time.perf_counter() - began)


def main(url: str, moment: str, seconds: str) -> None:
    """Sweep at ``moment`` for so many seconds and print how many of them it took."""
    app = worlds.application(url)
    at = datetime.fromisoformat(moment)
    with app.app_context(), clock.moved(lambda: at):
        sweep = jobs.sweep_clocks()
        next(sweep, None)  # what is compiled and kept once
        began = time.perf_counter()
        for _done in sweep:
            if time.perf_counter() > began + float(seconds):
                break
        print(time.perf_counter() - began)


if __name__ == "__main__":
    main(*sys.argv[1:])
