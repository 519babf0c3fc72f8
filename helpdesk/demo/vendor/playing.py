"""The vendor's engineers, played: they take a case over, ask (or know by themselves), solve it and close it.

What comes next is read off the case itself, so that the play goes on where it stood after the stand-in was
started again.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from helpdesk.demo.vendor.world import HeldRequest, Status, VendorWorld

ENGINEER = "Microsoft Support"
"""Who writes in the vendor's name."""

PAUSE = timedelta(seconds=20)
"""After anybody's last word on a case the engineers think for so long."""


class Line(NamedTuple):
    text: str
    becomes: Status
    brings: str = ""  # the name of a file that comes with it


TAKES = Line("I have taken over your case and am reading what you sent.", Status.OPEN)
ASKS = Line("Please tell me when it happened last, with the correlation id of that moment.", Status.ATTENTION_NEEDED)
SOLVES = Line("That was it: a change on our side. It has been rolled back everywhere.", Status.OPEN, "root-cause.pdf")
CLOSES = Line("It has stayed healthy since, so I am closing the case. Write if it comes back.", Status.CLOSED)


def play(world: VendorWorld, at: datetime) -> str | None:
    """Let the engineers act on one case at ``at``; its number, or None when nothing is to be done.

    The case with the latest word comes first: somebody may be watching it.
    """
    with world.lock:
        waiting = [held for held in world.requests.values() if _is_theirs(held) and held.changed_at + PAUSE <= at]
        held = max(waiting, key=lambda one: (one.changed_at, one.number), default=None)
        if held is None:
            return None
        line = _next(held)
        world.write(held.number, line.text, ENGINEER)
        world.move(held.number, line.becomes)
        if line.brings:
            world.attach(held.number, line.brings, 184_320)
        return held.number


def _next(held: HeldRequest) -> Line:
    """By what they have said already. Of two cases one needs no question: a demo in which all wait stands still."""
    lines = (TAKES, SOLVES, CLOSES) if held.number[-1:] in "13579" else (TAKES, ASKS, SOLVES, CLOSES)
    return lines[min(sum(note.author == ENGINEER for note in held.notes), len(lines) - 1)]


def _is_theirs(held: HeldRequest) -> bool:
    """Whether the engineers have the next word: not on a closed case, nor while their question is unanswered."""
    if held.is_hidden or held.status is Status.CLOSED:
        return False
    is_answered = bool(held.notes) and held.notes[-1].author != ENGINEER
    return held.status is not Status.ATTENTION_NEEDED or is_answered
