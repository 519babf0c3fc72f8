"""SLA clocks as a pure function of (events, calendar, policy, now): the public door.

Replay gives the same answer every time (docs/sla.md, R9); jobs and rows only store it. Policies and
events may be given as plain mappings, or parsed once by ``Policy.of`` and ``read_events``.
"""

from collections.abc import Mapping
from typing import Any

from workflows.business_moments import Seconds, to_seconds
from workflows.business_time import BusinessCalendar, Span
from workflows.sla_cycle import NO_VIEW, Change, ClockView, Cycle, Pause
from workflows.sla_events import Event, Events, Moment, read_events, read_moment
from workflows.sla_ledger import Ledger, LedgerSpan, draw_up
from workflows.sla_replay import Replay
from workflows.sla_terms import Calendars, InvalidSla, Policy
from workflows.vocabulary import ClockKind

__all__ = [
    "Change",
    "ClockView",
    "Cycle",
    "Event",
    "InvalidSla",
    "Ledger",
    "LedgerSpan",
    "Pause",
    "Policy",
    "evaluate",
    "explain",
    "explain_clock",
    "ledger",
    "read_events",
    "replay",
]

PolicyLike = Policy | Mapping[str, Any]


def evaluate(policy: PolicyLike, calendar: Calendars, events: Events, at: Moment) -> dict[ClockKind, ClockView]:
    """Return how the latest cycle of each clock stands at ``at``, for every kind a target was ever set for.

    ``policy``: {"targets": {kind: seconds or None}, "pause_on": {kind: [cause]}, "levels"?}.
    ``calendar``: one BusinessCalendar or {kind: BusinessCalendar}. ``events``: mappings of the
    types of docs/sla.md in time order; those after ``at`` are ignored. Moments are aware datetimes
    or ISO 8601 strings with an offset. Raises InvalidSla or BusinessTimeError, both ValueErrors.
    """
    moment = to_seconds(at)
    play = _played(policy, calendar, events, moment, is_timed=False)
    cycles = play.cycles
    return {kind: cycles[kind][-1].view(moment) if kind in cycles else NO_VIEW for kind in play.kinds}


def replay(policy: PolicyLike, calendar: Calendars, events: Events, at: Moment) -> dict[ClockKind, tuple[Cycle, ...]]:
    """Return every cycle of every clock with its whole history up to ``at``; arguments as ``evaluate``.

    A cycle for which nothing was ever promised is left out. The changes of a cycle only grow with
    ``at`` and with further events. Levels come with the policy or a ``targets`` event: "levels":
    {kind: [{"level": 1, "percent": 75} | {"level": 2, "minutes_before": 30} | {"level": 3,
    "minutes_after": 60}]}, minutes being business minutes.
    """
    moment = to_seconds(at)
    play = _played(policy, calendar, events, moment, is_timed=True)
    return {
        kind: tuple(
            clock.cycle(number, moment)
            for number, clock in enumerate((clock for clock in play.cycles.get(kind, ()) if clock.is_known), start=1)
        )
        for kind in play.kinds
    }


def explain(cycle: Cycle) -> list[Span]:
    """Return the spans from the cycle's start to its end, or to its ``as_of``, that counted or not.

    They leave no gap, and those counted sum to ``elapsed_seconds`` (R10). Reasons: open, closed,
    holiday, break, the cause of a pause, or ``resolved`` for the time before a reopening. Empty
    when nothing is promised.
    """
    if cycle.calendar is None or cycle.target_seconds is None:
        return []
    until = cycle.ended_at or cycle.as_of
    pauses = [pause._replace(until=pause.until or until) for pause in cycle.pauses]
    return cycle.calendar.explain(cycle.started_at, until, pauses)


def explain_clock(policy: PolicyLike, calendar: Calendars, events: Events, kind: ClockKind, at: Moment) -> list[Span]:
    """Explain the latest cycle of one clock; empty if it has none. Arguments as ``evaluate``."""
    cycles = replay(policy, calendar, events, at).get(kind)
    return explain(cycles[-1]) if cycles else []


def ledger(events: Events, calendar: BusinessCalendar, at: Moment) -> Ledger:
    """Return whom every second of a ticket belongs to, from its creation to its last closing, merge or
    turning away, or to ``at``.

    ``calendar``: the resolution clock's at creation, else the default policy's; events that change it
    are heeded, and the last one rules the whole ledger. Raises InvalidSla before the creation.
    """
    return draw_up(read_events(events), calendar, read_moment(at))


def _played(policy: PolicyLike, calendar: Calendars, events: Events, at: Seconds, *, is_timed: bool) -> Replay:
    terms = policy if isinstance(policy, Policy) else Policy.of(policy, calendar)
    play = Replay(terms, is_timed=is_timed)
    play.run(read_events(events), at)
    return play
