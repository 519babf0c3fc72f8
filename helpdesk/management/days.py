"""Days and weeks as the reader lives them, and the desk's opening hours today."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask_babel import get_timezone
from flask_babel import gettext as _

from helpdesk.web import moments
from workflows.business_time import BusinessCalendar

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def midnight(day: date) -> datetime:
    """The beginning of the reader's ``day`` (aware UTC)."""
    return datetime.combine(day, time(), _zone()).astimezone(UTC)


def local_day(at: datetime) -> date:
    return at.astimezone(_zone()).date()


def _zone() -> ZoneInfo:
    """The reader's zone; what Flask-Babel gives is of another kind, whose wall times can't be combined."""
    return ZoneInfo(str(get_timezone()))


@dataclass(frozen=True, slots=True)
class Days:
    """Beginnings that Today counts from, aware UTC and whole hours: tallies are kept by the hour.

    In a zone that stands half an hour off, the day so begins half an hour early.
    """

    now: datetime
    today: datetime
    tomorrow: datetime
    this_week: datetime
    last_week: datetime

    @classmethod
    def around(cls, now: datetime) -> Days:
        day = local_day(now)
        monday = day - timedelta(days=day.weekday())
        beginnings = (day, day + DAY, monday, monday - 7 * DAY)
        return cls(now, *(midnight(day).replace(minute=0) for day in beginnings))

    @property
    def this_week_day(self) -> date:
        """The reader's Monday."""
        day = local_day(self.now)
        return day - timedelta(days=day.weekday())

    @property
    def hours(self) -> list[datetime]:
        """Beginning of every hour of today: 24 of them, 23 or 25 when the clocks change."""
        count = (self.tomorrow - self.today) // HOUR
        return [self.today + hour * HOUR for hour in range(count)]


def closes_text(calendar: BusinessCalendar | None, now: datetime) -> str:
    """Say until when the desk is there today, or when it opens next."""
    if calendar is None:
        return ""
    if not calendar.is_open(now):
        return _("the desk opens %(moment)s", moment=moments.moment(calendar.next_open(now).astimezone(UTC)))
    closes_at = calendar.closes_at(now)
    if closes_at is None:
        return _("the desk never closes")
    return _("the desk closes at %(time)s", time=moments.clock_time(closes_at.astimezone(UTC)))


def open_hours(calendar: BusinessCalendar | None, days: Days) -> set[datetime]:
    """Those hours of today in which the desk is there at all."""
    if calendar is None:
        return set()
    return {hour for hour in days.hours if calendar.between(hour, hour + HOUR)}
