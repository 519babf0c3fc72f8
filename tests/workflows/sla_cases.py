"""A week of June 2024 at a desk open on weekdays from nine to five, for the tests of the clocks."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from workflows import sla
from workflows.business_time import BusinessCalendar
from workflows.vocabulary import ClockKind

HOUR = 3600
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri")
OFFICE = BusinessCalendar(timezone="Europe/Budapest", week={day: [("09:00", "17:00")] for day in WEEKDAYS})
ALWAYS = BusinessCalendar(
    timezone="Europe/Budapest", week={day: [("00:00", "24:00")] for day in (*WEEKDAYS, "sat", "sun")}
)

Log = list[tuple[str, str]]


def on(day: int, clock: str) -> datetime:
    """A moment of June 2024 in Budapest; the 10th is a Monday."""
    return datetime.fromisoformat(f"2024-06-{day:02}T{clock}+02:00")


def event(day: int, clock: str, kind: str, **particulars: Any) -> dict[str, Any]:
    return {"at": on(day, clock), "type": kind, **particulars}


def state(day: int, clock: str, name: str) -> dict[str, Any]:
    return event(day, clock, "state", state=name)


def policy(pause_on: dict[str, Any] | None = None, levels: Any = None, **targets: Any) -> dict[str, Any]:
    return {"targets": targets, "pause_on": pause_on or {}, "levels": levels or {}}


def view(
    terms: dict[str, Any], events: Sequence[Any], at: datetime, kind: str, calendar: Any = OFFICE
) -> sla.ClockView:
    return sla.evaluate(terms, calendar, events, at)[ClockKind(kind)]


def cycles(
    terms: dict[str, Any], events: Sequence[Any], at: datetime, kind: str, calendar: Any = OFFICE
) -> tuple[sla.Cycle, ...]:
    return sla.replay(terms, calendar, events, at)[ClockKind(kind)]


def states(found: Sequence[sla.Cycle]) -> list[str]:
    return [str(cycle.state) for cycle in found]


def log(cycle: sla.Cycle) -> Log:
    """What happened and when, "day hour:minute:second" in Budapest, with level or cause."""
    lines = []
    for change in cycle.changes:
        local = change.at.astimezone(OFFICE.zone).strftime("%d %H:%M:%S")
        mark = change.cause or change.level or ("on retarget" if change.is_on_retarget else "")
        lines.append((local, f"{change.what} {mark}".strip()))
    return lines
