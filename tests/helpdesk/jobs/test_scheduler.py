"""The scheduler's own machinery: runs, failures, the watch over the clock, the signal to stop."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask import Flask

from helpdesk.clock import Hand, now
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


@pytest.mark.parametrize(("set_by", "is_recalled"), [(-7200, True), (86400, False), (-3, False)])
def test_jobs_run_at_once_when_the_clock_was_set_back(app: Flask, hand: Hand, set_by: int, is_recalled: bool) -> None:
    """Set forward it strands no job: all of them are due."""
    built = scheduler.build(app, threading.Event())
    built.start(paused=True)
    try:
        before = {job.id: job.next_run_time for job in built.get_jobs()}
        hand.advance(set_by)
        scheduler.recall(built)
        after = {job.id: job.next_run_time for job in built.get_jobs()}
        assert after == (dict.fromkeys(before, hand.at) if is_recalled else before)
    finally:
        built.shutdown()


def test_one_job_that_read_the_clock_too_early_is_recalled_alone(app: Flask, hand: Hand) -> None:
    """It was counting while the clock was set: the others go by the new time, it would wait for the old one."""
    built = scheduler.build(app, threading.Event())
    built.start(paused=True)
    try:
        for job in built.get_jobs():
            built.modify_job(job.id, next_run_time=job.trigger.get_next_fire_time(None, hand.at))
        built.modify_job("sweep_clocks", next_run_time=hand.at + timedelta(days=1))
        before = {job.id: job.next_run_time for job in built.get_jobs()}
        scheduler.recall(built)
        after = {job.id: job.next_run_time for job in built.get_jobs()}
        assert after == before | {"sweep_clocks": hand.at}
    finally:
        built.shutdown()


def test_a_month_of_missed_runs_is_one_run(app: Flask) -> None:
    """Listing them takes APScheduler most of a minute, in which nothing runs."""
    built = scheduler.build(app, threading.Event())
    built.start(paused=True)
    try:
        month_later = now() + timedelta(days=30)
        for job in built.get_jobs():
            assert len(job._get_run_times(month_later)) == 1
            following = job.trigger.get_next_fire_time(job.next_run_time, month_later)
            assert job.trigger.interval <= following - month_later <= job.trigger.longest
    finally:
        built.shutdown()


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
