"""The jobs' page: every line of the schedule in words, and what is wrong at the top."""

from __future__ import annotations

from flask import Flask

from helpdesk.clock import Hand, now
from helpdesk.database import unit_of_work
from helpdesk.jobs.models import JobHeartbeat
from helpdesk.jobs.schedule import SCHEDULE
from tests.people import add_person, signed_in
from workflows.vocabulary import Role


def page(app: Flask) -> str:
    answer = signed_in(app, add_person("Adam", Role.ADMIN)).get("/admin/jobs")
    assert answer.status_code == 200
    return answer.text


def test_every_job_is_listed_and_a_missing_scheduler_shows(app: Flask, hand: Hand) -> None:
    text = page(app)
    assert all(f"<code>{job.name}</code></th>" in text for job in SCHEDULE)
    assert '<th scope="row"><br>' not in text, "a job has no words that say what it does"
    assert "No scheduler is running" in text


def test_a_failure_shows_its_error(app: Flask, hand: Hand) -> None:
    moment = now()
    with unit_of_work() as session:
        for job in SCHEDULE:
            session.add(JobHeartbeat(job=job.name, process="here:1", seen_at=moment, began_at=moment, ended_at=moment))
    with unit_of_work() as session:
        row = session.get_one(JobHeartbeat, "sweep_clocks")
        row.failures, row.failed_at, row.last_error = 3, moment, "RuntimeError: <glass>"
    text = page(app)
    assert "No scheduler is running" not in text
    assert "Failing" in text
    assert "RuntimeError: &lt;glass&gt;" in text


def test_only_who_configures_the_desk_may_see_it(app: Flask, hand: Hand) -> None:
    assert signed_in(app, add_person("Ana", Role.AGENT)).get("/admin/jobs").status_code == 403
    assert app.test_client().get("/admin/jobs").status_code == 302
