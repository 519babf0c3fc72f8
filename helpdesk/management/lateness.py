"""How late a missed promise is, in open seconds of its own calendar."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from helpdesk.sla.terms import load_terms
from workflows.vocabulary import ClockState


def seconds_late(row: Any, now: datetime) -> int:
    """Open seconds over the deadline for a row of ``pile``, without replaying its ticket.

    An ended or paused clock knows its elapsed time; a running one counts its calendar from the deadline, less
    what it stood still since.
    """
    if row.clock_state is not ClockState.RUNNING and row.elapsed_seconds is not None and row.clock_target:
        over = row.elapsed_seconds - row.clock_target
        if over > 0:  # else later terms made it good, and what was missed then stays missed
            return int(over)
    calendar = load_terms(row.terms_id).calendars.get(row.kind)
    until = row.ended_at or now
    if calendar is None:
        return max(int((until - row.deadline_at).total_seconds()), 0)
    idle: int = row.idle_seconds
    return max(calendar.between(row.deadline_at, until) - idle, 0)
