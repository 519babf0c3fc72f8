"""Moments and pauses as the calendar computes with them: exact seconds since the epoch."""

from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo
from fractions import Fraction
from typing import Any, NamedTuple

from workflows.business_errors import InvalidMoment, InvalidPause, InvalidSeconds, NaiveMoment, OutOfRange
from workflows.vocabulary import SpanReason

Moment = datetime | str
PauseLike = Sequence[Any]
# Whole seconds are plain integers; a moment between two seconds is an exact fraction, so that
# sums stay exact and the common case stays fast.
Seconds = int | Fraction

MICROSECOND = Fraction(1, 1_000_000)


class Pause(NamedTuple):
    """A half-open stretch of epoch seconds in which a clock stands still, and why."""

    start: Seconds
    end: Seconds
    cause: str


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


def merged(pauses: Iterable[PauseLike]) -> list[Pause]:
    """Return the pauses in order of start, overlapping ones made one.

    Of overlapping pauses the earliest-started names the cause; those that only touch stay apart.
    """
    result: list[Pause] = []
    for pause in sorted((_read(each) for each in pauses), key=lambda each: (each.start, each.cause)):
        if pause.start == pause.end:
            continue
        last = result[-1] if result else None
        if last and pause.start < last.end:
            result[-1] = last._replace(end=max(last.end, pause.end))
        else:
            result.append(pause)
    return result


def _parsed(text: object) -> datetime:
    if not isinstance(text, str):
        raise InvalidMoment(f"A moment is a datetime or an ISO 8601 string, not {text!r}.")
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidMoment(f"The moment {text!r} is not written as ISO 8601 says.") from error


def _read(pause: PauseLike) -> Pause:
    if isinstance(pause, str) or not isinstance(pause, Sequence) or len(pause) not in (2, 3):
        raise InvalidPause(f"A pause is (from, to) or (from, to, cause), not {pause!r}.")
    start, end = to_seconds(pause[0]), to_seconds(pause[1])
    if end < start:
        raise InvalidPause(f"The pause from {pause[0]} ends before it starts, at {pause[1]}.")
    cause = pause[2] if len(pause) == 3 else SpanReason.PAUSE
    if not isinstance(cause, str) or not cause:
        raise InvalidPause(f"The cause of a pause is a word, not {cause!r}.")
    return Pause(start, end, cause)
