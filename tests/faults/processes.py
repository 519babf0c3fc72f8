"""Real ``helpdesk`` processes for tests that stop and kill them.

``start`` begins them as an operator does, ``fork`` from a server that has the product loaded: that takes a tenth
of the time, and such a process may be halted at a named point of its work.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Protocol

from tests.faults import runner
from tests.faults.runner import Halt

ROOT = Path(__file__).resolve().parent.parent.parent

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload([runner.__name__])


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
            env=env,
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
    """A process that is asked to stop at the end of the block, and made to if it does not listen.

    What fails inside the block is told together with the last the process said.
    """
    process = start(words, env, log)
    try:
        yield process
    except BaseException as error:
        error.add_note(f"{' '.join(words)} said last: {log.read_text()[-2000:]}")
        raise
    finally:
        process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            kill(process)
            raise


@contextmanager
def forks(env: Mapping[str, str], log: Path) -> Iterator[Fork]:
    """A function that starts ``helpdesk WORDS``, to be halted at a point or not; all of them end with the block."""
    begun: list[BaseProcess] = []

    def fork(*words: str, halt: Halt | None = None) -> BaseProcess:
        process = _FORKS.Process(target=runner.run, args=(words, dict(env), str(log), halt))
        process.start()
        begun.append(process)
        return process

    try:
        yield fork
    finally:
        for process in begun:
            end(process)


def fork_talker(began: datetime, second: float, env: Mapping[str, str], log: Path) -> BaseProcess:
    """One that talks with the vendor, when it has begun to; the caller ends it.

    Raises RuntimeError with what it said when it can't.
    """
    here, there = _FORKS.Pipe(duplex=False)
    process = _FORKS.Process(target=runner.talk, args=(began, second, dict(env), str(log), there))
    process.start()
    there.close()
    with here:
        try:
            here.recv()
        except EOFError:
            raise RuntimeError(log.read_text()) from None
    return process


class Fork(Protocol):
    def __call__(self, *words: str, halt: Halt | None = None) -> BaseProcess: ...


def end(process: BaseProcess) -> None:
    """kill -9, also of one that is stopped, and wait until it is gone."""
    process.kill()
    process.join(timeout=10)


def is_stopped(process: BaseProcess) -> bool:
    """Whether SIGSTOP has reached it (Linux tells)."""
    with suppress(FileNotFoundError):
        return Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"
    return False
