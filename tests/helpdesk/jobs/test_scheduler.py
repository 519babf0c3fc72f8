"""The scheduler's own machinery: runs, failures, the watch over the clock, the signal to stop."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask import Flask

from helpdesk.clock import Hand, moved, now
from helpdesk.database import db
from helpdesk.jobs import scheduler
from helpdesk.jobs.models import JobHeartbeat
from helpdesk.jobs.schedule import SCHEDULE, Job
from helpdesk.signals import Stop


def runner(app: Flask, run: Callable[[], Iterator[bool]], stopping: threading.Event | None = None) -> scheduler.Runner:
    return scheduler.Runner(app, Job(run, 1, 0), stopping or threading.Event())


def beat(job: str) -> JobHeartbeat:
    db.session.rollback()
    return db.session.get_one(JobHeartbeat, job, populate_existing=True)


def test_a_run_is_counted(app: Flask, hand: Hand) -> None:
    def tidy() -> Iterator[bool]:
        yield True

    runner(app, tidy)()
    row = beat("tidy")
    assert (row.runs, row.failures, row.began_at, row.ended_at) == (1, 0, hand.at, hand.at)
    assert row.process.endswith(f":{os.getpid()}")


def test_a_failure_is_written_at_once_and_the_next_run_comes_all_the_same(app: Flask, hand: Hand) -> None:
    def fragile() -> Iterator[bool]:
        raise RuntimeError("glass")
        yield

    run = runner(app, fragile)
    run()
    run()
    row = beat("fragile")
    assert (row.runs, row.failures, row.last_error, row.failed_at) == (2, 2, "RuntimeError: glass", hand.at)


def test_idle_runs_write_only_now_and_then(app: Flask, hand: Hand) -> None:
    def idle() -> Iterator[bool]:
        yield from ()

    run = runner(app, idle)
    for _second in range(5):
        run()
        hand.advance(1)
    assert beat("idle").runs == 1


def test_two_processes_add_to_one_row(app: Flask, hand: Hand) -> None:
    def shared() -> Iterator[bool]:
        yield True

    runner(app, shared)()
    runner(app, shared)()
    assert beat("shared").runs == 2


def test_a_run_ends_between_two_steps_when_told_to_stop(app: Flask, hand: Hand) -> None:
    stopping, steps = threading.Event(), []

    def long() -> Iterator[bool]:
        for step in range(10):
            steps.append(step)
            stopping.set()
            yield True

    runner(app, long, stopping)()
    assert steps == [0]


def test_a_lost_database_ends_no_thread(app: Flask, hand: Hand, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> Iterator[bool]:
        yield True

    def lose(*_: object) -> None:
        raise OSError("gone")

    run = runner(app, away)
    monkeypatch.setattr(run._pulse, "_write", lose)
    run()


def test_every_line_of_the_schedule_becomes_one_tolerant_job(app: Flask) -> None:
    built = scheduler.build(app, threading.Event())
    built.start(paused=True)
    try:
        added = {job.id: job for job in built.get_jobs()}
        assert set(added) == {job.name for job in SCHEDULE}
        for job in SCHEDULE:
            made = added[job.name]
            assert (made.coalesce, made.max_instances, made.misfire_grace_time) == (True, 1, None)
            assert made.trigger.interval == timedelta(seconds=job.every)
    finally:
        built.shutdown()


@pytest.mark.parametrize(("set_by", "rearmed"), [(-3600, True), (86400, True), (3, False)])
def test_a_clock_that_was_set_rearms_the_jobs(set_by: int, rearmed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    started, base = time.monotonic(), now()
    drift = [0]
    waits = iter([False, False, True])

    class Stopping:
        def is_set(self) -> bool:
            return False

        def wait(self, seconds: float, /) -> bool:
            drift[0] = set_by
            return next(waits)

    calls: list[str] = []
    with moved(lambda: base + timedelta(seconds=time.monotonic() - started + drift[0])):
        scheduler.watch_clock(lambda: calls.append("rearmed"), Stopping())
    assert calls == (["rearmed"] if rearmed else [])


def test_rearmed_jobs_run_now(app: Flask) -> None:
    built = scheduler.build(app, threading.Event())
    built.start(paused=True)
    try:
        with moved(lambda: now_at):
            scheduler.rearm(built)
        assert {job.next_run_time for job in built.get_jobs()} == {now_at}
    finally:
        built.shutdown()


now_at = now() - timedelta(hours=1)


def test_the_signal_ends_the_wait() -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    stop = Stop()
    try:
        assert not stop.wait(0)
        threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGTERM)).start()
        assert stop.wait(10)
        assert stop.is_set()
    finally:
        stop.close()
        for number, handler in before.items():
            signal.signal(number, handler)
