"""What a web worker and the bare command must not carry: each costs megabytes and half a second a process."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.architecture.sources import ROOT

SERVE_ONE = "import sys, wsgi; wsgi.app.test_client().get('/healthz'); print(*sys.modules)"
HELP = "import sys; from helpdesk.cli import cli; cli(['--help'], standalone_mode=False); print(*sys.modules)"


def modules_after(code: str) -> set[str]:
    environment = {"HELPDESK_ENV": "testing", "PATH": os.environ["PATH"], "DATABASE_URL": "sqlite:////tmp/none.db"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    return set(done.stdout.splitlines()[-1].split())


HEAVY = ("holidays", "alembic", "flask_migrate", "mako", "apscheduler", "granian", "httpx", "cryptography")


@pytest.mark.parametrize("heavy", HEAVY)
def test_a_web_worker_does_without(heavy: str, web_modules: set[str]) -> None:
    assert "flask" in web_modules
    assert heavy not in web_modules


@pytest.fixture(scope="module")
def web_modules() -> set[str]:
    return modules_after(SERVE_ONE)


def test_the_command_line_starts_without_flask_and_sqlalchemy() -> None:
    assert not modules_after(HELP) & {"flask", "sqlalchemy", "alembic", "apscheduler"}
