"""Being told to stop, and going when the parent goes."""

from __future__ import annotations

import ctypes
import select
import signal
import socket
import sys

_PR_SET_PDEATHSIG = 1


class Stop:
    """SIGTERM or SIGINT, to be waited for or asked about; only the main thread may make one.

    The handler sets a plain flag: ``threading.Event.set`` takes a lock that the interrupted ``wait`` may
    hold, and would then wait for itself.
    """

    def __init__(self, *, also_wakes: tuple[signal.Signals, ...] = ()) -> None:
        """``also_wakes``: signals that end a ``wait`` early but don't mean stop, such as SIGCHLD."""
        self._reader, self._writer = socket.socketpair()
        for end in (self._reader, self._writer):
            end.setblocking(False)
        self._came = False
        signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        for number in also_wakes:
            signal.signal(number, lambda *_: None)

    def close(self) -> None:
        """Hear no more; the signals' handlers stay."""
        signal.set_wakeup_fd(-1)
        self._reader.close()
        self._writer.close()

    def _stop(self, *_: object) -> None:
        self._came = True

    def is_set(self) -> bool:
        return self._came

    def wait(self, seconds: float) -> bool:
        """Wait so long at most; whether the signal came by then."""
        if not self._came and select.select([self._reader], [], [], seconds)[0]:
            self._reader.recv(512)
        return self._came


def die_with_parent() -> None:
    """On Linux, get SIGTERM when the parent is gone, be it by kill -9: an orphan would keep the port."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
