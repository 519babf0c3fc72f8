"""What makes a ticket's clocks stand still: its holds, and its time with the vendor."""

from workflows.business_moments import Seconds
from workflows.sla_past import Stop, by_start
from workflows.vocabulary import PauseCause

Causes = tuple[PauseCause, ...]


class Stops:
    """Every stop of a ticket so far, whichever clock counts it. Each change returns the causes it touched.

    ``past`` are those that are over, by their end.
    """

    __slots__ = ("_hold", "_vendor", "past")

    def __init__(self) -> None:
        self.past: list[Stop] = []
        self._hold: Stop | None = None  # one at a time
        self._vendor: Stop | None = None

    @property
    def lasting(self) -> list[Stop]:
        """The stops that go on, by their start."""
        lasting = [stop for stop in (self._hold, self._vendor) if stop]
        return sorted(lasting, key=by_start) if len(lasting) > 1 else lasting

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
        if stop is None:
            return ()
        if stop.start < at:
            self.past.append(stop._replace(end=at))
        return (PauseCause(stop.cause),)
