"""Two calendars that show what calendars can: nights that reach into the morning, and days that are different."""

from __future__ import annotations

from datetime import date, datetime

from helpdesk.sla import holidays
from helpdesk.sla.editing import create_calendar

NIGHTS = "On-call nights"
OFFICE = "Bratislava office"


def install(at: datetime) -> None:
    """Write both as of ``at`` (aware UTC), inside the caller's unit of work."""
    nights = {day: [("18:00", "08:00")] for day in ("mon", "tue", "wed", "thu")} | {"fri": [("18:00", "22:00")]}
    create_calendar(NIGHTS, {"timezone": "Europe/Budapest", "week": nights}, None, at)
    create_calendar(OFFICE, _office(at.date()), None, at)


def _office(today: date) -> dict[str, object]:
    """Closed on Slovak holidays, an hour's training in the first week of December, short days around Christmas."""
    week = {day: [("08:00", "12:00"), ("12:30", "16:30")] for day in ("mon", "tue", "wed", "thu")}
    year = today.year
    return {
        "timezone": "Europe/Bratislava",
        "week": week | {"fri": [("08:00", "14:00")]},
        "holidays": holidays.of_country("SK", (year, year + 1)),
        "breaks": [{"date": f"{year}-12-0{day}", "from": "09:00", "to": "10:00"} for day in (1, 2, 3)],
        "shifts": {f"{year}-12-12": [("08:00", "13:00")], f"{year}-12-23": [("08:00", "12:00")], f"{year}-12-31": []},
    }
