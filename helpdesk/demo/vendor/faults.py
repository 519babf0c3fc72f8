"""What goes wrong, on demand or by dice: between asking and answering everything can."""

from __future__ import annotations

import random
import threading
from collections import deque
from collections.abc import Sequence
from enum import StrEnum


class Fault(StrEnum):
    THROTTLED = "throttled"  # 429 with its odd body, nothing done
    SERVER_ERROR = "server error"  # 500, nothing done
    ERROR_AFTER_WORK = "error after work"  # done, then 503
    GARBLED = "garbled"  # done, then half a JSON object
    SIGNED_OUT = "signed out"  # 401 to a good token, nothing done
    LOST_REQUEST = "lost request"  # the line breaks before anything is done
    LOST_ANSWER = "lost answer"  # done, then the line breaks
    SILENCE = "silence"  # done, then nothing for `hold` seconds
    SLOW_BODY = "slow body"  # done, then the answer drips for `hold` seconds


QUICK = tuple(fault for fault in Fault if fault not in (Fault.SILENCE, Fault.SLOW_BODY))
"""Those that cost no waiting."""


class Faults:
    """Decides for each request whether something goes wrong: first what is scripted, then the dice.

    ``chance`` per request of one of ``kinds``; ``retry_after`` seconds go with THROTTLED; ``hold`` seconds are
    how long the slow ones hold the line. ``hits`` counts what happened.
    """

    def __init__(self, seed: int = 1) -> None:
        self._dice = random.Random(seed)  # noqa: S311 - no secret
        self._lock = threading.Lock()
        self._script: deque[tuple[Fault, str]] = deque()
        self.chance = 0.0
        self.kinds: Sequence[Fault] = QUICK
        self.retry_after = 1
        self.hold = 1.0
        self.hits: dict[Fault, int] = dict.fromkeys(Fault, 0)

    def next(self, *faults: Fault, method: str = "") -> None:
        """Let the next requests (of ``method``, if given) go wrong, one by one."""
        with self._lock:
            self._script.extend((fault, method) for fault in faults)

    def clear(self) -> None:
        """Forget what is scripted."""
        with self._lock:
            self._script.clear()

    def strike(self, method: str) -> Fault | None:
        with self._lock:
            fault = self._choose(method)
            if fault is not None:
                self.hits[fault] += 1
            return fault

    def _choose(self, method: str) -> Fault | None:
        if self._script:
            fault, wanted = self._script[0]
            if wanted in ("", method):
                self._script.popleft()
                return fault
            return None
        return self._dice.choice(self.kinds) if self._dice.random() < self.chance else None
