"""What a fresh installation promises: its calendars and two policies, to be edited from there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa

from helpdesk.customers.models import SupportPlan
from helpdesk.database import db
from helpdesk.sla import editing, holidays, queries
from helpdesk.sla.editing import PolicyDraft, Target
from workflows.ladder import rungs
from workflows.sla_terms import DEFAULT_PAUSE_ON
from workflows.vocabulary import ClockKind, Priority

DESK_HOURS = "Desk hours"
ROUND_THE_CLOCK = "Round the clock"
VENDOR_HOURS = "Microsoft, business hours"
STANDARD = "Standard"
BUSINESS_PLUS = "Business Plus"
WARN_AT_PERCENT = 75
YEARS_OF_HOLIDAYS = 5

MINUTE, HOUR = 60, 3600
DESK_DAY = 10 * HOUR
_WORKDAYS = ("mon", "tue", "wed", "thu", "fri")
_ALL_DAYS = (*_WORKDAYS, "sat", "sun")

_LEVELS = rungs([{"level": 1, "percent": WARN_AT_PERCENT}])

Row = tuple[int, int, int, int]  # business seconds for P1, P2, P3, P4

_STANDARD: Mapping[ClockKind, Row] = {
    ClockKind.FIRST_RESPONSE: (2 * HOUR, 4 * HOUR, 8 * HOUR, DESK_DAY),
    ClockKind.NEXT_RESPONSE: (4 * HOUR, 8 * HOUR, DESK_DAY, 2 * DESK_DAY),
    ClockKind.PICKUP: (HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR),
    ClockKind.INTAKE: (2 * HOUR, 4 * HOUR, 8 * HOUR, DESK_DAY),
    ClockKind.DIAGNOSIS: (4 * HOUR, DESK_DAY, 2 * DESK_DAY, 3 * DESK_DAY),
    ClockKind.PARTNER_RESOLUTION: (8 * HOUR, 2 * DESK_DAY, 4 * DESK_DAY, 6 * DESK_DAY),
    ClockKind.RESOLUTION: (DESK_DAY, 3 * DESK_DAY, 5 * DESK_DAY, 10 * DESK_DAY),
}
_BUSINESS_PLUS: Mapping[ClockKind, Row] = {
    ClockKind.FIRST_RESPONSE: (30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR),
    ClockKind.NEXT_RESPONSE: (HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR),
    ClockKind.PERIODIC_UPDATE: (2 * HOUR, 8 * HOUR, 2 * DESK_DAY, 3 * DESK_DAY),
    ClockKind.PICKUP: (15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR),
    ClockKind.INTAKE: (30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR),
    ClockKind.DIAGNOSIS: (2 * HOUR, 4 * HOUR, 8 * HOUR, 2 * DESK_DAY),
    ClockKind.PARTNER_RESOLUTION: (4 * HOUR, 8 * HOUR, 2 * DESK_DAY, 4 * DESK_DAY),
    ClockKind.RESOLUTION: (8 * HOUR, DESK_DAY, 3 * DESK_DAY, 5 * DESK_DAY),
}


def install(now: datetime) -> None:
    """Write the starting set unless the desk has a policy already. Runs in the caller's unit of work."""
    if queries.policies():
        return
    years = range(now.year - 1, now.year + YEARS_OF_HOLIDAYS)
    desk = editing.create_calendar(DESK_HOURS, _desk_hours(holidays.of_country("HU", years)), None, now).id
    always = editing.create_calendar(ROUND_THE_CLOCK, _round_the_clock(), None, now).id
    editing.create_calendar(VENDOR_HOURS, _vendor_hours(), None, now)
    plan_id = db.session.scalar(sa.select(SupportPlan.id).where(SupportPlan.name == BUSINESS_PLUS))
    if plan_id is not None:
        urgent_always = {Priority.P1: always}
        editing.create_policy(_draft(BUSINESS_PLUS, _BUSINESS_PLUS, desk, urgent_always, support_plan_id=plan_id), now)
    editing.create_policy(_draft(STANDARD, _STANDARD, desk, {}), now, is_default=True)


def _draft(
    name: str,
    table: Mapping[ClockKind, Row],
    calendar_id: int,
    other_calendars: Mapping[Priority, int],
    support_plan_id: int | None = None,
) -> PolicyDraft:
    targets = tuple(
        Target(priority, clock, seconds, other_calendars.get(priority, calendar_id))
        for clock, row in table.items()
        for priority, seconds in zip(Priority, row, strict=True)
    )
    pause_on = {str(clock): sorted(str(cause) for cause in DEFAULT_PAUSE_ON.get(clock, ())) for clock in table}
    levels = {str(clock): [rung.stored() for rung in _LEVELS] for clock in table}
    return PolicyDraft(name, support_plan_id=support_plan_id, targets=targets, pause_on=pause_on, levels=levels)


def _desk_hours(holiday_names: Mapping[str, str]) -> dict[str, object]:
    week = {day: [("08:00", "18:00")] for day in _WORKDAYS}
    return {"timezone": "Europe/Budapest", "week": week, "holidays": holiday_names}


def _round_the_clock() -> dict[str, object]:
    return {"timezone": "Europe/Budapest", "week": {day: [("00:00", "24:00")] for day in _ALL_DAYS}}


def _vendor_hours() -> dict[str, object]:
    """Partner Center's support in English for Europe: Mon-Fri 8-18 Western European time. Holidays vary by country."""
    return {"timezone": "Europe/Lisbon", "week": {day: [("08:00", "18:00")] for day in _WORKDAYS}}
