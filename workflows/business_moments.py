"""Moments and durations as the calendar computes with them: exact seconds since the epoch."""

from datetime import datetime, tzinfo
from fractions import Fraction

from workflows.business_errors import InvalidMoment, InvalidSeconds, NaiveMoment, OutOfRange

Moment = datetime | str
# Whole seconds are plain integers; a moment between two seconds is an exact fraction, so that
# sums stay exact and the common case stays fast.
Seconds = int | Fraction

MICROSECOND = Fraction(1, 1_000_000)


def to_seconds(moment: Moment) -> Seconds:
    """Return the epoch seconds of an aware datetime or an ISO 8601 string with an offset.

    Raises NaiveMoment without an offset, InvalidMoment for anything else that is no moment.
    """
    if not isinstance(moment, datetime):
        moment = _parsed(moment)
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise NaiveMoment(f"The moment {moment.isoformat()} has no offset from UTC.")
    if moment.microsecond:
        whole = int(moment.replace(microsecond=0).timestamp())
        return whole + moment.microsecond * MICROSECOND
    return int(moment.timestamp())


def to_datetime(seconds: Seconds, zone: tzinfo) -> datetime:
    """Return epoch seconds as an aware datetime in ``zone``; OutOfRange past the years 1 to 9999."""
    try:
        if isinstance(seconds, int):
            return datetime.fromtimestamp(seconds, zone)
        whole = seconds // 1
        microsecond = int((seconds - whole) / MICROSECOND)
        return datetime.fromtimestamp(whole, zone).replace(microsecond=microsecond)
    except (ValueError, OverflowError, OSError) as error:
        raise OutOfRange("The moment lies outside the years 1 to 9999.") from error


def checked_duration(seconds: object) -> int:
    """Return ``seconds`` if it is a duration: an integer, zero or more (a bool is none)."""
    if type(seconds) is not int:
        raise InvalidSeconds(f"A duration is a whole number of seconds, not {seconds!r}.")
    if seconds < 0:
        raise InvalidSeconds(f"A duration is zero or more seconds, not {seconds}.")
    return seconds


def _parsed(text: object) -> datetime:
    if not isinstance(text, str):
        raise InvalidMoment(f"A moment is a datetime or an ISO 8601 string, not {text!r}.")
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidMoment(f"The moment {text!r} is not written as ISO 8601 says.") from error
