"""The web server: pages and API, no scheduler.

Granian's workers are forked from a process that has already built the application, so they share its
memory; see docs/decisions for what that is worth beside other servers.
"""

from __future__ import annotations

import ctypes
import gc
import sys
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

    _give_memory_back()
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


def _give_memory_back() -> None:
    """Let glibc return what a large page took, instead of keeping it for each thread that ever made one.

    Nothing happens with another C library. The numbers of the parameters are those of <malloc.h>.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        for parameter, value in ((_M_ARENA_MAX, 1), (_M_TRIM_THRESHOLD, 64 * 1024), (_M_MMAP_THRESHOLD, 128 * 1024)):
            mallopt(parameter, value)


_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8


def enter_worker() -> Any:
    """The application, in a worker: there already when the worker was forked, built there when it was spawned."""
    die_with_parent()
    return import_module("wsgi").app
