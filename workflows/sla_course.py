"""The arithmetic of one clock between two changes: start, target, calendar and pauses stand fixed.

A change of terms or pauses gives a clock another course; the old one still answers for its time,
so that the log of a clock can be written long after. Answers are computed when first asked for.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from workflows.business_errors import NeverOpen
from workflows.business_time import BusinessCalendar
from workflows.vocabulary import PauseCause, SpanReason


class Pause(NamedTuple):
    """A half-open stretch of time that a clock does not count; ``until`` is None while it lasts."""

    start: datetime  # aware, UTC
    until: datetime | None
    cause: PauseCause | SpanReason


class Course:
    """``start``: aware UTC; ``target``: business seconds; ``pauses``: those that this clock counts.

    ``paused_from`` is where the clock stopped if a pause still lasts, else None.
    """

    __slots__ = ("_moments", "_past", "calendar", "paused_from", "pauses", "start", "target")

    def __init__(
        self, start: datetime, target: int, calendar: BusinessCalendar, pauses: Sequence[Pause]
    ) -> None:
        self.start = start
        self.target = target
        self.calendar = calendar
        self.pauses = pauses
        self.paused_from = min((each.start for each in pauses if each.until is None), default=None)
        self._past = [each for each in pauses if each.until] if self.paused_from else pauses
        self._moments: dict[int, datetime] = {}

    def elapsed(self, at: datetime) -> int:
        """Return the business seconds from the start to ``at``; they stand still while paused."""
        until = self._stopped(at)
        return self.calendar.between(self.start, until, self._past) if until > self.start else 0

    def moment(self, seconds: int) -> datetime:
        """Return when ``seconds`` have elapsed if no other pause begins; raise NeverOpen if never."""
        moment = self._moments.get(seconds)
        if moment is None:
            moment = self.calendar.add(self.start, seconds, self._past).astimezone(UTC)
            self._moments[seconds] = moment
        return moment

    def passed(self, threshold: int) -> datetime | None:
        """Return the first second at which more than ``threshold`` have elapsed.

        None if the clock stopped before, or if the calendar never opens again.
        """
        try:
            moment = self.moment(max(threshold + 1, 0))
        except NeverOpen:
            return None
        return None if self.paused_from and moment > self.paused_from else moment

    def has_passed(self, threshold: int, at: datetime) -> bool:
        """Tell whether more than ``threshold`` seconds have elapsed at ``at``."""
        # business time is never faster than the wall clock: most questions end here
        if self._stopped(at) - self.start < timedelta(seconds=threshold + 1):
            return False
        moment = self.passed(threshold)
        return moment is not None and moment <= at

    @property
    def late_from(self) -> datetime | None:
        """The first late second (sla.md, R2); None if the clock stopped before or can't get late."""
        return self.passed(self.target)

    @property
    def deadline(self) -> datetime | None:
        """The earliest instant when the target has elapsed; None while paused, unless already late (R3)."""
        if self.paused_from and not self.has_passed(self.target, self.paused_from):
            return None
        return self.moment(self.target)

    def _stopped(self, at: datetime) -> datetime:
        return self.paused_from if self.paused_from and self.paused_from < at else at
