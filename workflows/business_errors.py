"""What a business calendar refuses: each error has a code for programs and a sentence for people."""

from typing import ClassVar


class BusinessTimeError(ValueError):
    """A calendar or a question to it that makes no sense; ``str(error)`` is a sentence to show."""

    code: ClassVar[str] = "business_time"


class InvalidDefinition(BusinessTimeError):
    """The mapping has unknown, missing or wrongly typed entries."""

    code = "invalid_definition"


class UnknownZone(BusinessTimeError):
    """The time zone database has no such zone."""

    code = "unknown_zone"


class InvalidInterval(BusinessTimeError):
    """A time of day or a pair of them cannot be read."""

    code = "invalid_interval"


class OverlappingIntervals(BusinessTimeError):
    """Two intervals of one date overlap once those past midnight are split."""

    code = "overlapping_intervals"


class InvalidDate(BusinessTimeError):
    """A date is not an ISO 8601 calendar date."""

    code = "invalid_date"


class NeverOpen(BusinessTimeError):
    """No open moment at all, or none within ten years."""

    code = "never_open"


class OutOfRange(BusinessTimeError):
    """The answer lies outside the years 1 to 9999."""

    code = "out_of_range"


class InvalidSeconds(BusinessTimeError):
    """A duration is negative or no integer."""

    code = "invalid_seconds"


class InvalidMoment(BusinessTimeError):
    """A moment cannot be read."""

    code = "invalid_moment"


class NaiveMoment(InvalidMoment):
    """A moment has no offset from UTC, so nobody knows when it is."""

    code = "naive_moment"


class InvalidPause(BusinessTimeError):
    """A pause ends before it starts, or is not (from, to) or (from, to, cause)."""

    code = "invalid_pause"
