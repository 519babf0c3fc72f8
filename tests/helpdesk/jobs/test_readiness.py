"""Health for machines: what is wrong shows, and how to mend it is said."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from helpdesk import schema
from helpdesk.clock import Hand, now
from helpdesk.database import db, unit_of_work
from helpdesk.jobs.models import JobHeartbeat
from helpdesk.jobs.readiness import SILENT_SECONDS, Finding, examine
from helpdesk.jobs.schedule import SCHEDULE


@pytest.fixture
def beating(app: Flask, hand: Hand) -> None:
    with unit_of_work() as session:
        for job in SCHEDULE:
            session.add(JobHeartbeat(job=job.name, process="here:1", seen_at=now(), began_at=now(), ended_at=now()))


@pytest.fixture
def behind(app: Flask) -> Iterator[None]:
    """A database one migration behind."""
    _set_revision("earlier")
    yield
    db.session.remove()
    _set_revision(schema.head())


def _set_revision(name: str) -> None:
    with db.engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = :name"), {"name": name})


def finding(app: Flask, name: str) -> Finding:
    return next(finding for finding in examine(app) if finding.name == name)


def test_the_process_is_up_whatever_the_rest_does(client: FlaskClient) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json) == (200, {"status": "up"})
    assert answer.headers["Cache-Control"] == "no-store"


def test_ready_when_all_three_are_so(client: FlaskClient, beating: None) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json) == (200, {"database": True, "migrations": True, "scheduler": True})


def test_not_ready_when_the_scheduler_was_never_seen(client: FlaskClient) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json) == (503, {"database": True, "migrations": True, "scheduler": False})


def test_not_ready_when_the_scheduler_fell_silent(client: FlaskClient, beating: None, hand: Hand) -> None:
    hand.advance(SILENT_SECONDS)
    assert client.get("/readyz").status_code == 200
    hand.advance(1)
    assert client.get("/readyz").status_code == 503


def test_a_job_that_runs_seldom_is_given_more_patience(app: Flask, beating: None, hand: Hand) -> None:
    hand.advance(SILENT_SECONDS + 1)
    sentence = finding(app, "scheduler").sentence
    assert "sweep_clocks" in sentence
    assert "sweep_staged_files" not in sentence


def test_not_ready_on_an_older_schema(client: FlaskClient, beating: None, behind: None) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json) == (503, {"database": True, "migrations": False, "scheduler": True})


def test_check_says_how_to_migrate(app: Flask, behind: None) -> None:
    found = finding(app, "migrations")
    assert not found.is_well
    assert "helpdesk db upgrade" in found.sentence


def test_check_tells_of_a_failing_job(app: Flask, beating: None, hand: Hand) -> None:
    with unit_of_work() as session:
        row = session.get_one(JobHeartbeat, "sweep_clocks")
        row.failures, row.failed_at, row.last_error = 1, now(), "RuntimeError: glass"
    assert "sweep_clocks fails: RuntimeError: glass" in finding(app, "scheduler").sentence


def test_check_is_content_with_a_sound_desk(app: Flask, beating: None) -> None:
    assert [found.name for found in examine(app) if not found.is_well] == []


def test_check_finds_what_production_must_not_have(app: Flask, beating: None) -> None:
    app.config.update(
        HELPDESK_ENV="production", BASE_URL="http://desk.example", SECRET_KEY="x" * 40, AUDIT_KEY="x" * 40
    )
    assert "https" in finding(app, "configuration").sentence
    assert "HELPDESK_SMTP_URL" in finding(app, "mail").sentence
    app.config.update(SECRET_KEY="short")
    assert "SECRET_KEY" in finding(app, "configuration").sentence


def test_check_finds_a_folder_that_cannot_be_written(app: Flask, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    app.config.update(INSTANCE_DIR=tmp_path / "file" / "instance")
    assert not finding(app, "instance").is_well


def test_the_head_is_the_revision_no_other_follows(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text('revision = "a"\ndown_revision = None\n')
    (tmp_path / "b.py").write_text('revision = "b"\ndown_revision = "a"\n')
    assert schema._head_of(tmp_path) == "b"
    (tmp_path / "c.py").write_text('revision: str = "c"\ndown_revision: str = "a"\n')
    with pytest.raises(ValueError, match="one head"):
        schema._head_of(tmp_path)


def test_the_head_is_the_one_alembic_finds() -> None:
    from alembic.script import ScriptDirectory

    assert schema.head() == ScriptDirectory(str(schema.MIGRATIONS)).get_current_head()
