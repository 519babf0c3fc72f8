"""What runs in a forked process: a ``helpdesk`` command that may be halted at a named point of its work.

The product knows nothing of these points: they are put around its functions here, in the process to be halted.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from itertools import count
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from helpdesk import cli
from helpdesk.jobs import scheduler  # noqa: F401 - loaded before the fork, so that a process starts at once
from helpdesk.notifications import outbox, transports
from helpdesk.tickets import climbing, deadlines, money_sweep, renewing
from helpdesk.tickets.actions import telling
from tests.fakes import talker

Strike = Callable[[], None]


class Halt(NamedTuple):
    """Send the own process ``signal`` when ``point`` is come to for the ``nth`` time."""

    point: str
    nth: int
    signal: int


def run(words: tuple[str, ...], env: Mapping[str, str], log: str, halt: Halt | None) -> None:
    """``helpdesk WORDS`` with this environment and no other, its words going to ``log``."""
    _live_by(env, log)
    if halt is not None:
        _arm(halt)
    cli.cli(args=list(words))


def talk(began: datetime, second: float, env: Mapping[str, str], log: str, ready: Connection) -> None:
    """A talker with this environment and no other, its words going to ``log``; it says through ``ready`` when it is."""
    _live_by(env, log)
    talker.talk(began, second, lambda: ready.send(True))


def _live_by(env: Mapping[str, str], log: str) -> None:
    os.environ.clear()
    os.environ.update(env)
    with open(log, "ab") as said:
        os.dup2(said.fileno(), 1)
        os.dup2(said.fileno(), 2)


def _arm(halt: Halt) -> None:
    times = count(1)

    def strike() -> None:
        if next(times) == halt.nth:
            os.kill(os.getpid(), halt.signal)

    POINTS[halt.point](strike)


def _before(room: Any, name: str) -> Callable[[Strike], None]:
    def arm(strike: Strike) -> None:
        real = getattr(room, name)

        def halting(*args: Any, **more: Any) -> Any:
            strike()
            return real(*args, **more)

        setattr(room, name, halting)

    return arm


def _after(room: Any, name: str) -> Callable[[Strike], None]:
    def arm(strike: Strike) -> None:
        real = getattr(room, name)

        def halting(*args: Any, **more: Any) -> Any:
            answer = real(*args, **more)
            strike()
            return answer

        setattr(room, name, halting)

    return arm


def _after_commit(room: Any, name: str) -> Callable[[Strike], None]:
    """Behind the commit of a transaction that called the function, before anything else is begun."""

    def arm(strike: Strike) -> None:
        called = threading.local()
        real = getattr(room, name)

        def calling(*args: Any, **more: Any) -> Any:
            called.now = True
            return real(*args, **more)

        setattr(room, name, calling)

        @sa.event.listens_for(Session, "after_commit")
        def committed(_session: Session) -> None:
            if getattr(called, "now", False):
                called.now = False
                strike()

    return arm


POINTS: Mapping[str, Callable[[Strike], None]] = {
    "before the claim": _before(deadlines, "claim"),
    "after the claim": _after(deadlines, "claim"),
    "before the commit": _after(deadlines, "settle_due_many"),
    "after the commit": _after_commit(deadlines, "settle_due_many"),
    "before an escalation": _before(climbing, "_escalates"),
    "after an escalation": _after(climbing, "_escalates"),
    "before a window": _before(money_sweep, "settle"),
    "between window and commit": _after(money_sweep, "settle"),
    "after a window": _after_commit(money_sweep, "settle"),
    "between noting and commit": _after(telling, "spread_one"),
    "after noting": _after_commit(telling, "spread_one"),
    "before telling": _before(telling, "tell_one"),
    "between telling and commit": _after(telling, "tell_one"),
    "after telling": _after_commit(telling, "tell_one"),
    "between renewing and commit": _after(renewing, "step"),
    "after renewing": _after_commit(renewing, "step"),
    "with rows of the outbox claimed": _after(outbox, "claim"),
    "between bell and commit": _after(outbox, "ring"),
    "before a letter": _before(transports.Smtp, "send"),
    "after a letter": _after(transports.Smtp, "send"),
}
