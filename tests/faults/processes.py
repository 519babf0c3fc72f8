"""Real ``helpdesk`` processes for tests that kill them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def environment(url: str, instance: Path, **more: str) -> dict[str, str]:
    """What a process needs to work on the database at ``url``, with the keys that the ``app`` fixture uses."""
    return {
        "PATH": os.environ["PATH"],
        "HELPDESK_ENV": "testing",
        "SECRET_KEY": "tests",
        "HELPDESK_AUDIT_KEY": "tests",
        "DATABASE_URL": url,
        "HELPDESK_INSTANCE_DIR": str(instance),
        "HELPDESK_RATE_LIMITS": "off",
        "HELPDESK_LOG_LEVEL": "ERROR",
        **more,
    }


def start(words: tuple[str, ...], env: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
    """``helpdesk WORDS`` in a session of its own, its words going to ``log``."""
    with log.open("ab") as said:
        return subprocess.Popen(
            [sys.executable, "-m", "helpdesk.cli", *words],
            cwd=ROOT,
            env=dict(env),
            stdout=said,
            stderr=said,
            start_new_session=True,
        )


def kill(process: subprocess.Popen[bytes]) -> None:
    """kill -9, and wait until it is gone."""
    if process.poll() is None:
        os.kill(process.pid, signal.SIGKILL)
    process.wait(timeout=10)


@contextmanager
def running(*words: str, env: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is asked to stop at the end of the block, and made to if it does not listen."""
    process = start(words, env, log)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            kill(process)
            raise
