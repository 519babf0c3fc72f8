"""Is this installation fit for work? ``/readyz`` asks briefly, ``helpdesk check`` and /admin/jobs in full."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from helpdesk import schema
from helpdesk.clock import now
from helpdesk.database import db
from helpdesk.escalations.partner_center import connection, standing
from helpdesk.jobs.models import JobHeartbeat
from helpdesk.jobs.queries import heartbeats
from helpdesk.jobs.schedule import SCHEDULE, Job
from helpdesk.notifications import queries

MAIL_PATIENCE = timedelta(minutes=15)
"""A refused mail is tried again after 1, 2 and 4 minutes; one that still waits then needs a person's eye."""

GIVEN_UP_LATELY = timedelta(days=7)

SILENT_SECONDS = 60
"""Six missed beats: a job that runs often and was quiet for longer counts as stopped."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found; the sentence of a bad one says how to mend it."""

    name: str
    is_well: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class JobHealth:
    """One line of the schedule beside its heartbeat, if it ever ran."""

    job: Job
    heartbeat: JobHeartbeat | None
    is_silent: bool

    @property
    def has_just_failed(self) -> bool:
        beat = self.heartbeat
        return beat is not None and beat.failed_at is not None and beat.failed_at >= beat.began_at


def is_ready() -> dict[str, bool]:
    """The three things ``/readyz`` promises, each true or false; never raises."""
    try:
        return {
            "database": True,
            "migrations": schema.is_at_head(),
            "scheduler": not any(line.is_silent for line in job_health(now())),
        }
    except SQLAlchemyError:
        return {"database": False, "migrations": False, "scheduler": False}
    finally:
        db.session.remove()


def job_health(at: datetime) -> list[JobHealth]:
    """Every line of the schedule with its heartbeat, as of ``at`` (aware UTC)."""
    rows = {row.job: row for row in heartbeats()}
    return [JobHealth(job, rows.get(job.name), _is_silent(job, rows.get(job.name), at)) for job in SCHEDULE]


def _is_silent(job: Job, beat: JobHeartbeat | None, at: datetime) -> bool:
    patience = timedelta(seconds=max(SILENT_SECONDS, 3 * (job.every + job.jitter)))
    return beat is None or at - beat.seen_at > patience


def examine(app: Flask) -> list[Finding]:
    """Everything ``helpdesk check`` says, in the order in which it is best mended."""
    findings = [_guarded(name, look, app) for name, look in CHECKS]
    db.session.remove()
    return findings


def _guarded(name: str, look: Callable[[Flask], str], app: Flask) -> Finding:
    try:
        return Finding(name, True, look(app))
    except Trouble as trouble:
        return Finding(name, False, str(trouble))
    except SQLAlchemyError as error:
        db.session.rollback()
        return Finding(name, False, f"the database did not answer ({type(error).__name__}).")


class Trouble(Exception):
    """A check found something to mend."""


def _configuration(app: Flask) -> str:
    conf = app.config
    if conf["HELPDESK_ENV"] == "production":
        if len(conf["SECRET_KEY"]) < 32 or len(conf["AUDIT_KEY"]) < 32:
            raise Trouble("SECRET_KEY or HELPDESK_AUDIT_KEY is short. Use 32 random characters or more for each.")
        if conf["BASE_URL"].startswith("http://") and "://127.0.0.1" not in conf["BASE_URL"]:
            raise Trouble("HELPDESK_BASE_URL is not https, so cookies travel in the clear. Serve it over https.")
    return f"every setting makes sense ({conf['HELPDESK_ENV']}, {conf['BASE_URL']})."


def _instance(app: Flask) -> str:
    folder = Path(app.config["INSTANCE_DIR"])
    probe = folder / ".probe"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise Trouble(f"{folder} can't be written ({error.strerror}). Attachments are kept there.") from None
    return f"{folder} can be written."


def _database(_app: Flask) -> str:
    try:
        schema.current()
    except SQLAlchemyError as error:
        raise Trouble(f"no answer ({type(error).__name__}). Look at DATABASE_URL and at the server.") from None
    return f"{db.engine.url.render_as_string(hide_password=True)} answers."


def _migrations(_app: Flask) -> str:
    current, head = schema.current(), schema.head()
    if current != head:
        raise Trouble(f"at {current or 'nothing'}, this release needs {head}. Run `helpdesk db upgrade`.")
    return f"at {head}, the newest."


def _scheduler(_app: Flask) -> str:
    lines = job_health(now())
    silent = [line.job.name for line in lines if line.is_silent]
    if len(silent) == len(lines):
        raise Trouble("no scheduler is running, so nothing warns or breaches. Start `helpdesk scheduler`.")
    if silent:
        raise Trouble(f"{', '.join(silent)} stopped. Look at the scheduler's log and start it again.")
    failing = [line.heartbeat for line in lines if line.has_just_failed and line.heartbeat is not None]
    if failing:
        raise Trouble("; ".join(f"{beat.job} fails: {beat.last_error}" for beat in failing) + ".")
    return f"every job was seen lately, on {', '.join(sorted(set(_processes(lines))))}."


def _processes(lines: list[JobHealth]) -> Iterator[str]:
    return (line.heartbeat.process for line in lines if line.heartbeat is not None)


def _mail(app: Flask) -> str:
    url = app.config["SMTP_URL"]
    if not url and app.config["HELPDESK_ENV"] == "production":
        raise Trouble("HELPDESK_SMTP_URL is not set, so mail only goes to the log. Give it your mail server.")
    post = queries.post(now() - GIVEN_UP_LATELY)
    if post.waiting_since is not None and post.waiting_since < now() - MAIL_PATIENCE:
        raise Trouble(f"mail waits since {post.waiting_since:%Y-%m-%d %H:%M} UTC: {post.waiting_because}")
    if post.given_up:
        raise Trouble(f"{post.given_up} given up in the last week, the latest because: {post.given_up_because}")
    return "mail goes to the server of HELPDESK_SMTP_URL." if url else "mail is printed to the log."


def _vendor(app: Flask) -> str:
    found = standing.standing(app.config, now())
    if found.trouble:
        raise Trouble(found.trouble)
    if found.kind is connection.DeskKind.OFF:
        return "not connected: cases are mirrored by pasting, or by a file under Admin, Channels."
    if found.kind is connection.DeskKind.CONSOLE:
        return "notes to the vendor are printed to the log."
    row = found.row
    answered = f"{row.answered_at:%Y-%m-%d %H:%M} UTC" if row and row.answered_at else "never yet"
    return f"{found.cases} cases are asked after, {found.notes_waiting} notes wait; last answer {answered}."


CHECKS = (
    ("configuration", _configuration),
    ("instance", _instance),
    ("database", _database),
    ("migrations", _migrations),
    ("scheduler", _scheduler),
    ("mail", _mail),
    ("vendor", _vendor),
)
