"""Web and scheduler on one machine, under one parent that starts the dead again and stops both together."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence

from helpdesk.signals import Stop, die_with_parent

FIRST_WAIT = 1.0
LONGEST_WAIT = 30.0
STEADY_SECONDS = 60.0
"""A child that lived so long counts as sound: its next fall is treated as the first."""

STOP_SECONDS = 25.0


class Child:
    """One ``helpdesk`` command as a process, started again with growing patience when it ends by itself."""

    def __init__(self, *arguments: str, env: Mapping[str, str] | None = None) -> None:
        """``env`` is its whole environment; our own when missing."""
        self.name = arguments[0]
        self._env = env
        self._command = [sys.executable, "-m", "helpdesk.cli", *arguments]
        self._process: subprocess.Popen[bytes] | None = None
        self._wait = FIRST_WAIT
        self._started = 0.0
        self._start_at = 0.0

    def tend(self) -> None:
        """Start it if it is time; notice if it has died."""
        if self._process is None:
            if time.monotonic() >= self._start_at:
                self._start()
        elif self._process.poll() is not None:
            self._mourn(self._process.returncode)

    def _start(self) -> None:
        # a session of its own, so that Ctrl+C reaches it once, through us
        self._process = subprocess.Popen(  # noqa: S603 (our own words)
            self._command, start_new_session=True, preexec_fn=die_with_parent, env=self._env
        )
        self._started = time.monotonic()

    def _mourn(self, code: int) -> None:
        now = time.monotonic()
        if now - self._started >= STEADY_SECONDS:
            self._wait = FIRST_WAIT
        sys.stderr.write(f"{self.name} ended with code {code}; it starts again in {self._wait:g} s\n")
        self._process = None
        self._start_at = now + self._wait
        self._wait = min(self._wait * 2, LONGEST_WAIT)

    def ask_to_stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def see_off(self, seconds: float) -> None:
        """Wait for its end, and end it after so many seconds."""
        if self._process is None:
            return
        try:
            self._process.wait(timeout=max(seconds, 0.1))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def supervise(children: Sequence[Child]) -> None:
    """Keep ``children`` running until SIGTERM or SIGINT, then stop them and wait for their end."""
    stop = Stop(also_wakes=(signal.SIGCHLD,))
    while not stop.is_set():
        for child in children:
            child.tend()
        stop.wait(0.5)
    for child in children:
        child.ask_to_stop()
    deadline = time.monotonic() + STOP_SECONDS
    for child in children:
        child.see_off(deadline - time.monotonic())


def is_free(host: str, port: int) -> bool:
    """Whether nobody listens there. Granian's workers share a port, so a second desk would start without a word."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
