"""The strip chart: today's promises by the hour of their deadline, kept, missed, at risk and to come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _

from helpdesk.management.days import HOUR, Days
from helpdesk.management.queries import COUNT_TO, Undecided
from helpdesk.sla.tally import Kept
from helpdesk.web import moments
from helpdesk.web.amounts import grouped

MET, LATE, AT_RISK, TO_COME = "met", "late", "warn", "plain"
_NONE, _NOTHING = Kept(0, 0), Undecided(0, 0)


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a column, from below; ``count_text`` says "1,000+" where counting stopped."""

    tone: str
    count: int
    count_text: str


@dataclass(frozen=True, slots=True)
class Column:
    text: str
    total: int
    total_text: str
    parts: list[Part]

    @property
    def tones(self) -> dict[str, str]:
        """{tone: its count as people read it}."""
        return {part.tone: part.count_text for part in self.parts}


@dataclass(frozen=True, slots=True)
class Strip:
    """``now_share``: per cent of the width at which the present stands, None when it is off the chart."""

    hours: list[Column]
    now_share: float | None
    now_text: str
    key: list[tuple[str, str]]


def strip_of(
    days: Days, kept: Mapping[datetime, Kept], undecided: Mapping[datetime, Undecided], desk_hours: set[datetime]
) -> Strip:
    """Draw the hours in which the desk is open and all between them and any deadline of today."""
    filled = {hour for hour in days.hours if kept.get(hour, _NONE).decided or hour in undecided}
    shown = sorted(desk_hours | filled)
    hours = [hour for hour in days.hours if shown and shown[0] <= hour <= shown[-1]]
    columns = [_column(hour, kept.get(hour, _NONE), undecided.get(hour, _NOTHING)) for hour in hours]
    return Strip(columns, _share(days.now, hours), _("now %(time)s", time=moments.clock_time(days.now)), _key(columns))


def _column(hour: datetime, kept: Kept, undecided: Undecided) -> Column:
    is_cut = undecided.total > COUNT_TO
    to_come = min(undecided.total, COUNT_TO) - undecided.at_risk
    counts = {
        MET: max(kept.met, 0),
        LATE: max(kept.late, 0),
        AT_RISK: min(undecided.at_risk, COUNT_TO),
        TO_COME: max(to_come, 0),
    }
    parts = [Part(tone, count, _said(count, is_cut and tone == TO_COME)) for tone, count in counts.items()]
    total = sum(counts.values())
    return Column(f"{_hour(hour)}–{_hour(hour + HOUR)}", total, _said(total, is_cut), parts)


def _said(count: int, is_cut: bool) -> str:
    return f"{grouped(count)}+" if is_cut else grouped(count)


def _hour(at: datetime) -> str:
    """ "8" for a full hour; zones that stand half an hour off say "8:30"."""
    text = moments.clock_time(at).lstrip("0") or "0"
    text = f"0{text}" if text.startswith(":") else text
    return text.removesuffix(":00")


def _share(now: datetime, hours: list[datetime]) -> float | None:
    if not hours or not hours[0] <= now < hours[-1] + HOUR:
        return None
    return round((now - hours[0]) / HOUR / len(hours) * 100, 2)


def _key(columns: list[Column]) -> list[tuple[str, str]]:
    sums = dict.fromkeys((MET, LATE, AT_RISK, TO_COME), 0)
    is_cut = any(column.total_text.endswith("+") for column in columns)
    for column in columns:
        for part in column.parts:
            sums[part.tone] += part.count
    return [
        (MET, _("met %(count)s", count=_said(sums[MET], False))),
        (LATE, _("late %(count)s", count=_said(sums[LATE], False))),
        (AT_RISK, _("at risk %(count)s", count=_said(sums[AT_RISK], False))),
        (TO_COME, _("to come %(count)s", count=_said(sums[TO_COME], is_cut))),
    ]
