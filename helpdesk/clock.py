"""The only reader of the time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

NEVER = datetime(9999, 12, 31, tzinfo=UTC)
"""Stands for "no moment" where a column must sort and so may not be NULL."""

_source: Callable[[], datetime] | None = None


def now() -> datetime:
    """The present moment, aware UTC, whole seconds."""
    moment = datetime.now(UTC) if _source is None else _source()
    return moment.replace(microsecond=0)


@contextmanager
def moved(source: Callable[[], datetime]) -> Iterator[None]:
    """Let ``source`` tell the time inside the block (tests and the demo world); it returns an aware datetime."""
    global _source
    before = _source
    _source = source
    try:
        yield
    finally:
        _source = before


class Hand:
    """A clock hand that a test or the demo world turns: ``with hand.at_work(): hand.advance(60)``."""

    def __init__(self, at: datetime) -> None:
        self.at = at.astimezone(UTC)

    def __call__(self) -> datetime:
        return self.at

    def advance(self, seconds: float) -> datetime:
        """Turn the hand forward by real seconds and return the new moment."""
        self.at += timedelta(seconds=seconds)
        return self.at

    @contextmanager
    def at_work(self) -> Iterator[Hand]:
        with moved(self):
            yield self
