"""Pauses laid over a calendar's time: made one where they overlap, and told as spans."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from workflows.business_days import Segment
from workflows.business_errors import InvalidPause
from workflows.business_moments import Seconds, to_seconds
from workflows.vocabulary import SpanReason

PauseLike = Sequence[Any]
Piece = tuple[Seconds, Seconds, bool, str]  # [start, end) in epoch seconds, counted, reason


class Pause(NamedTuple):
    """A half-open stretch of epoch seconds in which a clock stands still, and why."""

    start: Seconds
    end: Seconds
    cause: str


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


def pieces(segments: Iterable[Segment], begin: Seconds, finish: Seconds, pauses: Sequence[Pause]) -> Iterator[Piece]:
    """Yield the segments clipped to [begin, finish), the open ones cut by the merged pauses.

    Neighbours of one reason are joined.
    """
    last: Piece | None = None
    for piece in _cut(segments, begin, finish, pauses):
        if last and last[2:] == piece[2:]:
            last = last[0], piece[1], *last[2:]
            continue
        if last:
            yield last
        last = piece
    if last:
        yield last


def _cut(segments: Iterable[Segment], begin: Seconds, finish: Seconds, pauses: Sequence[Pause]) -> Iterator[Piece]:
    passed = 0
    for first, last, reason in segments:
        at, until = max(first, begin), min(last, finish)
        if at >= until:
            continue
        if reason is not SpanReason.OPEN:
            yield at, until, False, reason
            continue
        while passed < len(pauses) and pauses[passed].end <= at:
            passed += 1
        yield from _open_pieces(at, until, pauses[passed:])


def _open_pieces(at: Seconds, until: Seconds, pauses: Iterable[Pause]) -> Iterator[Piece]:
    """Yield open time cut by the pauses, none of which ends before it starts."""
    for pause in pauses:
        if pause.start >= until:
            break
        if at < pause.start:
            yield at, pause.start, True, SpanReason.OPEN
            at = pause.start
        yield at, min(pause.end, until), False, pause.cause
        at = min(pause.end, until)
    if at < until:
        yield at, until, True, SpanReason.OPEN


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
