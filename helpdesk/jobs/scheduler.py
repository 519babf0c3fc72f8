"""The scheduler process: runs the schedule's table until it is told to stop.

It keeps nothing of its own. What is due stands in the database, each effect is claimed and written in one
transaction, so any number of these processes may run at once and any of them may be killed at any moment.
"""

from __future__ import annotations

import logging
import random
from datetime import UTC, datetime, timedelta
from typing import Protocol

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger
from flask import Flask

from helpdesk.clock import now
from helpdesk.jobs.heartbeat import Pulse
from helpdesk.jobs.schedule import SCHEDULE, Job
from helpdesk.signals import Stop

WATCH_SECONDS = 1.0
SLACK = timedelta(seconds=5)
"""A clock that is corrected by less strands nobody."""

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
    while not stopping.wait(WATCH_SECONDS):
        recall(scheduler)
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
        scheduler.add_job(runner, Steady(job), id=job.name, name=job.name, next_run_time=now())
    return scheduler


class Steady(BaseTrigger):
    """An interval that starts anew where runs were missed, instead of counting each of them.

    The clock set forward by a day, or a machine that slept so long, means 300,000 missed runs: APScheduler's own
    interval would list them, one by one under its lock, only to make one run of them.
    """

    def __init__(self, job: Job) -> None:
        self.interval = timedelta(seconds=job.every)
        self.longest = self.interval + timedelta(seconds=job.jitter)

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        """The moment of the next run, aware UTC: an interval after ``previous_fire_time``, never one already missed."""
        wait = self.interval + random.random() * (self.longest - self.interval)  # noqa: S311 - no secret
        following = (previous_fire_time or now) + wait
        return following if following > now else now + wait


def recall(scheduler: BackgroundScheduler) -> None:
    """Let run at once the jobs that wait for a moment further ahead than their interval.

    They wait for a wall-clock moment, so a clock set back an hour would stop them for an hour. This looks at what
    they wait for and not at how the clock went: whoever read it a moment before it was set is found as well.
    """
    moment = now()
    ahead = {job.id: (job.next_run_time - moment, job.trigger.longest) for job in scheduler.get_jobs()}
    stranded = {name: wait for name, (wait, longest) in ahead.items() if wait > longest + SLACK}
    for name in stranded:
        scheduler.modify_job(name, next_run_time=moment)
    if stranded:
        log.warning("clock_was_set", jobs=len(stranded), seconds=round(max(stranded.values()).total_seconds()))


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
