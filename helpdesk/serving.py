"""The web server: pages and API, no scheduler.

Granian's workers are forked from a process that has already built the application, so they share its
memory; see docs/decisions for what that is worth beside other servers.
"""

from __future__ import annotations

import gc
from importlib import import_module
from typing import Any

from helpdesk.signals import die_with_parent

THREADS = 4
"""Requests a worker handles at a time: enough to overlap waiting, fewer than its connections."""

STOP_SECONDS = 20
"""How long a request may go on after SIGTERM."""


def serve(host: str, port: int, workers: int) -> None:
    """Serve until SIGTERM or SIGINT; a worker that dies is replaced, requests under way are finished."""
    from granian.constants import HTTPModes, Interfaces
    from granian.log import LogLevels
    from granian.server import Server

    import_module("wsgi")
    gc.collect()
    gc.freeze()  # collecting would touch, and so copy, the pages that workers share
    Server(
        "wsgi:app",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        websockets=False,
        workers=workers,
        blocking_threads=THREADS,
        respawn_failed_workers=True,
        respawn_interval=0.5,
        workers_kill_timeout=STOP_SECONDS,
        log_level=LogLevels.warning,
    ).serve(target_loader=enter_worker, wrap_loader=False)


def enter_worker() -> Any:
    """The application, in a worker: there already when the worker was forked, built there when it was spawned."""
    die_with_parent()
    return import_module("wsgi").app
