"""Heartbeat rows: one a job, written every few seconds, so that an idle sweep costs a read and no write."""

from __future__ import annotations

import os
import socket
import time
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from helpdesk.clock import now
from helpdesk.database import is_sqlite, unit_of_work
from helpdesk.jobs.models import JobHeartbeat

BEAT_SECONDS = 10
"""How often a job's row moves. Whoever judges by it should allow several times as much."""


class Pulse:
    """What one job did since its row was last written; ``beat`` writes it when it is time."""

    def __init__(self, job: str) -> None:
        self._job = job
        self._runs = 0
        self._failures = 0
        self._error = ""
        self._began_at: datetime | None = None
        self._began = 0.0
        self._written = float("-inf")

    def began(self) -> None:
        self._began_at, self._began = now(), time.monotonic()
        self._runs += 1

    def failed(self, error: Exception) -> None:
        self._failures += 1
        self._error = f"{type(error).__name__}: {error}"[:300]

    def ended(self) -> None:
        """After a run: written at once when it failed or was the first, else when its time has come."""
        if self._failures or time.monotonic() - self._written >= BEAT_SECONDS:
            self._write(ended_at=now())

    def beat(self) -> None:
        """In the middle of a long run, so that it does not pass for a dead one."""
        if time.monotonic() - max(self._written, self._began) >= BEAT_SECONDS:
            self._write(ended_at=None)

    def _write(self, ended_at: datetime | None) -> None:
        moment = now()
        values = {
            "process": f"{socket.gethostname()[:60]}:{os.getpid()}",
            "seen_at": moment,
            "began_at": self._began_at or moment,
            "ended_at": ended_at,
        }
        if self._failures:
            values |= {"failed_at": moment, "last_error": self._error}
        with unit_of_work() as session:
            session.execute(_upsert(self._job, values, self._runs, self._failures))
        self._runs = self._failures = 0
        self._written = time.monotonic()


def _upsert(job: str, values: dict[str, object], runs: int, failures: int) -> sa.Executable:
    """Add to the job's row or make it, in one statement: several schedulers write the same row."""
    insert = sqlite.insert if is_sqlite() else postgresql.insert
    statement = insert(JobHeartbeat).values(job=job, runs=runs, failures=failures, **values)
    counted = {"runs": JobHeartbeat.runs + runs, "failures": JobHeartbeat.failures + failures}
    return statement.on_conflict_do_update(index_elements=["job"], set_=values | counted)
