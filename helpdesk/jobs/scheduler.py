"""The scheduler process: runs the schedule's table until it is told to stop.

It keeps nothing of its own. What is due stands in the database, each effect is claimed and written in one
transaction, so any number of these processes may run at once and any of them may be killed at any moment.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import UTC
from typing import Protocol

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger
from flask import Flask

from helpdesk.clock import now
from helpdesk.jobs.heartbeat import Pulse
from helpdesk.jobs.schedule import SCHEDULE, Job
from helpdesk.signals import Stop

WATCH_SECONDS = 1.0
DRIFT_SECONDS = 5

log = structlog.get_logger()


class Stopping(Protocol):
    """What the scheduler asks about its end: ``helpdesk.signals.Stop`` or a ``threading.Event``."""

    def is_set(self) -> bool: ...
    def wait(self, seconds: float, /) -> bool: ...


def run(app: Flask) -> None:
    """Run every job of the schedule on ``app`` until SIGTERM or SIGINT; what is begun is finished."""
    stopping = Stop()
    scheduler = build(app, stopping)
    scheduler.start()
    log.info("scheduler_started", jobs=len(SCHEDULE))
    watch_clock(lambda: rearm(scheduler), stopping)
    scheduler.shutdown(wait=True)
    log.info("scheduler_stopped")


def build(app: Flask, stopping: Stopping) -> BackgroundScheduler:
    """A scheduler, not started, with one interval job a line of the schedule."""
    # it would warn every second that a long sweep is still running, which is no news
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    scheduler = BackgroundScheduler(
        timezone=UTC,
        executors={"default": ThreadPoolExecutor(len(SCHEDULE))},
        # without a grace time of None a run that comes a second late would be dropped
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
    for job in SCHEDULE:
        runner = Runner(app, job, stopping)
        scheduler.add_job(runner, _trigger(job), id=job.name, name=job.name, next_run_time=now())
    return scheduler


def _trigger(job: Job) -> IntervalTrigger:
    return IntervalTrigger(seconds=job.every, jitter=job.jitter or None, timezone=UTC)


def rearm(scheduler: BackgroundScheduler) -> None:
    """Let every job run now and count its interval from here."""
    for job in SCHEDULE:
        scheduler.modify_job(job.name, trigger=_trigger(job), next_run_time=now())


def watch_clock(on_drift: Callable[[], None], stopping: Stopping) -> None:
    """Call ``on_drift`` whenever wall clock and monotonic clock part by more than DRIFT_SECONDS.

    Interval jobs wait for a wall-clock moment: a clock set back an hour would stop them for an hour.
    Returns when ``stopping`` is set.
    """
    offset = now().timestamp() - time.monotonic()
    while not stopping.wait(WATCH_SECONDS):
        drift = now().timestamp() - time.monotonic() - offset
        if abs(drift) > DRIFT_SECONDS:
            log.warning("clock_was_set", seconds=round(drift))
            offset += drift
            on_drift()


class Runner:
    """One job as the scheduler calls it: steps through it, keeps its heartbeat, and never raises."""

    def __init__(self, app: Flask, job: Job, stopping: Stopping) -> None:
        self._app = app
        self._job = job
        self._stopping = stopping
        self._pulse = Pulse(job.name)

    def __call__(self) -> None:
        with self._app.app_context():
            try:
                self._run()
                self._pulse.ended()
            except Exception:  # the heartbeat can't be written: the database is away
                log.exception("heartbeat_lost", job=self._job.name)

    def _run(self) -> None:
        self._pulse.began()
        try:
            for _is_done in self._job.run():
                if self._stopping.is_set():
                    return
                self._pulse.beat()
        except Exception as error:
            log.exception("job_failed", job=self._job.name)
            self._pulse.failed(error)
