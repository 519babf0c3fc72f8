"""When somebody works: by a calendar of their own, else by the desk's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask import current_app

from helpdesk.database import db
from helpdesk.sla import queries
from helpdesk.sla.models import CalendarVersion
from workflows.business_time import BusinessCalendar, BusinessTimeError

_KEPT = "helpdesk.sla.working_hours"
_SECOND = timedelta(seconds=1)


class WorkingHours:
    """Openings as of one moment. Reads nothing until it is asked, and the book of promises once."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._book: queries.Promises | None = None
        self._found: dict[int | None, datetime] = {}

    def opening(self, calendar_id: int | None) -> datetime:
        """When work next goes on by that calendar, aware UTC: now where it is open, or never opens at all.

        None means the desk's own hours: those in which the default policy promises a first response, else always.
        """
        if calendar_id not in self._found:
            calendar = self._calendar(calendar_id)
            self._found[calendar_id] = self._now if calendar is None else _opening(calendar, self._now)
        return self._found[calendar_id]

    def _calendar(self, calendar_id: int | None) -> BusinessCalendar | None:
        self._book = self._book or queries.promises()
        version_id = self._book.version_ids.get(calendar_id or queries.desk_calendar_id(self._book) or 0)
        return _calendar_of(version_id) if version_id is not None else None


def _opening(calendar: BusinessCalendar, now: datetime) -> datetime:
    if calendar.is_open(now):
        return now
    try:
        return calendar.add(now, 1).astimezone(UTC) - _SECOND
    except BusinessTimeError:  # not open for ten years: better told at a bad hour than never
        return now


def _calendar_of(version_id: int) -> BusinessCalendar:
    """A version's calendar, kept for good: versions never change."""
    kept: dict[int, dict[str, Any]] = current_app.extensions.setdefault(_KEPT, {})
    if version_id not in kept:
        kept[version_id] = db.session.scalars(
            sa.select(CalendarVersion.definition).where(CalendarVersion.id == version_id)
        ).one()
    return BusinessCalendar.of(kept[version_id])
