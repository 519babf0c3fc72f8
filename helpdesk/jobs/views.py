"""Health for machines, and the jobs' page for people."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, render_template
from flask.typing import ResponseReturnValue

from helpdesk.accounts.permissions import Permission
from helpdesk.accounts.session import requires
from helpdesk.clock import now
from helpdesk.extensions import limiter
from helpdesk.jobs.readiness import is_ready, job_health

blueprint = Blueprint("jobs", __name__)


@blueprint.get("/healthz")
@limiter.exempt
def healthz() -> ResponseReturnValue:
    """The process is up: nothing else is asked, so that a slow database gets no worker killed."""
    return _plain(jsonify(status="up"))


@blueprint.get("/readyz")
@limiter.exempt
def readyz() -> ResponseReturnValue:
    """The database answers, migrations are at head, every job was seen lately; 503 when one is not so."""
    checks = is_ready()
    return _plain(jsonify(checks)), 200 if all(checks.values()) else 503


@blueprint.get("/admin/jobs")
@requires(Permission.EDIT_CONFIGURATION)
def jobs() -> ResponseReturnValue:
    return render_template("jobs/jobs.html", lines=job_health(now()))


def _plain(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
