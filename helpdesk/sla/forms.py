"""The form of a calendar: hours as text, checked by the calendar itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import DateTimeLocalField, Field, FileField, HiddenField, IntegerField, StringField
from wtforms.validators import NumberRange, Optional, ValidationError

from helpdesk.errors import Invalid
from helpdesk.sla import hours
from helpdesk.sla.ics import MAX_BYTES
from helpdesk.sla.wording import sentence
from helpdesk.web.forms import Form, line, paragraph, stripped, zones
from workflows.business_definition import WEEKDAYS
from workflows.business_time import BusinessCalendar, BusinessTimeError

_WALL = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]


def is_zone(_form: Form, field: Field) -> None:
    """Take a zone however its letters and blanks are typed; refuse one that the database doesn't know."""
    wanted = (field.data or "").replace(" ", "_").casefold()
    field.data = next((name for name, _text in zones() if name.casefold() == wanted), field.data)
    if field.data not in dict(zones()):
        raise ValidationError(_("There is no such time zone: choose one of the list, such as Europe/Budapest."))


class CalendarForm(Form):
    name = line(_l("Name"), _l("As policies and explanations call it."), longest=80, required=True)
    timezone = StringField(
        _l("Time zone"), [is_zone], filters=[stripped], description=_l("Where these hours are read off the wall.")
    )
    mon = line(_l("Monday"), longest=120)
    tue = line(_l("Tuesday"), longest=120)
    wed = line(_l("Wednesday"), longest=120)
    thu = line(_l("Thursday"), longest=120)
    fri = line(_l("Friday"), longest=120)
    sat = line(_l("Saturday"), longest=120)
    sun = line(_l("Sunday"), longest=120)
    holidays = paragraph(_l("Holidays"), _l("A date a line, with its name: 2026-12-25 Christmas Day."), longest=40_000)
    shifts = paragraph(
        _l("Replaced hours"),
        _l("Dates with hours of their own: 2026-12-12 08:00-14:00, or 2026-12-24 closed."),
        longest=20_000,
    )
    breaks = paragraph(_l("Breaks"), _l("Hours that fall out of a date: 2026-01-02 10:00-11:30."), longest=20_000)
    country = line(_l("Country"), _l("Its name or two letters, such as HU."), longest=60)
    region = line(_l("Region"), _l("Where it has holidays of its own, such as BY."), longest=60)
    first_year = IntegerField(_l("From year"), [Optional(), NumberRange(2000, 2100, _l("A year such as 2026."))])
    last_year = IntegerField(_l("To year"), [Optional(), NumberRange(2000, 2100, _l("A year such as 2026."))])
    ics = FileField(_l("Calendar file"), description=_l("An .ics file with whole-day events."))
    at = DateTimeLocalField(_l("From"), [Optional()], format=_WALL)
    until = DateTimeLocalField(_l("To"), [Optional()], format=_WALL)
    add = line(_l("Add"), _l("Open time, such as 4h or 2d."), longest=20)
    seen = HiddenField()  # what the page was made on

    @classmethod
    def values_of(cls, definition: Mapping[str, Any]) -> dict[str, str]:
        """What the fields show for a calendar's canonical definition."""
        week = hours.joined({day: definition["week"].get(day, []) for day in WEEKDAYS})
        return {day: hours.write_intervals(intervals) for day, intervals in week.items()} | {
            "timezone": definition["timezone"],
            "holidays": hours.write_holidays(definition["holidays"]),
            "shifts": hours.write_shifts(definition["shifts"]),
            "breaks": hours.write_breaks(definition["breaks"]),
        }

    def calendar(self, now: datetime) -> BusinessCalendar | None:
        """The calendar as typed, open at some time after ``now``; None with the reason at the field."""
        parts = self._parts()
        if parts is None:
            return None
        try:
            calendar = BusinessCalendar.from_mapping(parts)
            calendar.next_open(now)
        except BusinessTimeError as error:
            self.fail(Invalid(sentence(error), self._field_of(parts, error)))
            return None
        return calendar

    def _parts(self) -> dict[str, Any] | None:
        """The definition as typed, or None when a line can't be split."""
        week = {day: self._read(day, hours.read_intervals) for day in WEEKDAYS}
        parts = {
            "holidays": self._read("holidays", hours.read_holidays),
            "shifts": self._read("shifts", hours.read_shifts),
            "breaks": self._read("breaks", hours.read_breaks),
        }
        if any(part is None for part in (*week.values(), *parts.values())):
            return None
        return {"timezone": self.timezone.data, "week": week} | parts

    def _read(self, name: str, read: Callable[[str], Any]) -> Any:
        try:
            return read(self[name].data or "")
        except Invalid as error:
            self.fail(Invalid(error.sentence, name))
            return None

    def _field_of(self, parts: dict[str, Any], error: BusinessTimeError) -> str | None:
        """Whose fault it is: the first field that fails alone, else the day that the sentence names."""
        week: dict[str, Any] = parts["week"]
        for day, intervals in week.items():
            if intervals and _fails(week={day: intervals}):
                return day
        for name in ("holidays", "shifts", "breaks"):
            if parts[name] and _fails(week={"mon": [("00:00", "24:00")]}, **{name: parts[name]}):
                return name
        named = [day for day, text in WEEKDAYS.items() if text in str(error)]
        return named[0] if named else "mon"

    def uploaded(self) -> bytes:
        """The file that was sent, one byte more at most than is read. Raises Invalid when there is none."""
        sent = self.ics.data
        if not sent or not sent.filename:
            raise Invalid(_("Choose a file first."), "ics")
        raw: bytes = sent.stream.read(MAX_BYTES + 1)
        sent.close()
        return raw

    def holiday_years(self, now: datetime) -> range:
        """The years whose holidays are asked for; this year and the next when none are said."""
        first = self.first_year.data or now.year
        last = self.last_year.data or max(first, now.year + 1)
        if last < first or last - first > 20:
            raise Invalid(_("The last year comes after the first, by twenty at most."), "last_year")
        return range(first, last + 1)


def _fails(**parts: Any) -> bool:
    try:
        BusinessCalendar(timezone="UTC", **parts)
    except BusinessTimeError:
        return True
    return False
