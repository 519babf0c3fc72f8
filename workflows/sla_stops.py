"""What makes a ticket's clocks stand still: its holds, and its time with the vendor."""

from workflows.business_moments import Seconds
from workflows.sla_course import Stop
from workflows.vocabulary import PauseCause

Causes = tuple[PauseCause, ...]


class Stops:
    """Every stop of a ticket so far, whichever clock counts it. Each change returns the causes it touched."""

    __slots__ = ("_every", "_hold", "_past", "_vendor")

    def __init__(self) -> None:
        self._past: list[Stop] = []
        self._hold: Stop | None = None  # one at a time
        self._vendor: Stop | None = None
        self._every: list[Stop] | None = []

    @property
    def every(self) -> list[Stop]:
        """All stops by their start, those that last with an end of None."""
        if self._every is None:
            lasting = [stop for stop in (self._hold, self._vendor) if stop]
            self._every = sorted([*self._past, *lasting], key=_begin)
        return self._every

    def hold(self, cause: PauseCause, at: Seconds) -> Causes:
        """Put the ticket on hold; a new hold replaces the old."""
        ended = self._ended(self._hold, at)
        self._hold = Stop(at, None, cause)
        return (cause, *ended)

    def release(self, at: Seconds) -> Causes:
        hold, self._hold = self._hold, None
        return self._ended(hold, at)

    def set_vendor(self, is_with_vendor: bool, at: Seconds) -> Causes:
        """Hand the ticket to the vendor, or take it back; from tier to tier is one stop."""
        if is_with_vendor == (self._vendor is not None):
            return ()
        self._ended(self._vendor, at)
        self._vendor = Stop(at, None, PauseCause.VENDOR) if is_with_vendor else None
        return (PauseCause.VENDOR,)

    def _ended(self, stop: Stop | None, at: Seconds) -> Causes:
        """Remember a stop if it lasted at all."""
        self._every = None
        if stop is None:
            return ()
        if stop.start < at:
            self._past.append(stop._replace(end=at))
        return (PauseCause(stop.cause),)


def _begin(stop: Stop) -> Seconds:
    return stop.start
