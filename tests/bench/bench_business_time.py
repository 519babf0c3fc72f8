"""Business time beside businesstimedelta 1.0.1 and beside bare prefix sums, in CPU time of one thread.

``python -m tests.bench.bench_business_time`` prints the table; ``figures()`` returns it for the
runner of all benches. The ceiling is what prefix sums with bisection do on the same machine with
no checks, no pauses and a table that covers just the years asked about.
"""

import random
import statistics
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from typing import Any
from zoneinfo import ZoneInfo

import businesstimedelta
import holidays
import pytz

from workflows.business_time import BusinessCalendar

ZONE = "Europe/Budapest"
YEARS = range(2020, 2032)  # starts fall in ten years; the last of them need hours a year on
OPENING, CLOSING = 9, 17
HOUR = 3600
SPANS = ((2, 1), (40, 30), (480, 365))  # hours to add, days to count across
ADD_TARGETS = {2: 20, 40: 100, 480: 1000}  # times businesstimedelta, at least
BETWEEN_TARGETS = {2: 30, 40: 250, 480: 2500}
GROWTH_TARGET = 1.3  # the longest span over the shortest, at most
HOLIDAYS = frozenset(holidays.country_holidays("HU", years=YEARS))
ROUNDS = 7
CALLS, PEER_CALLS = 4000, 12

Figure = dict[str, Any]
Question = Callable[[datetime, int], object]  # a start, and seconds to add or to count across


def calendar_mapping() -> dict[str, Any]:
    """Return the calendar of the bench: Mon-Fri 09-17 in Budapest without public holidays."""
    days = ("mon", "tue", "wed", "thu", "fri")
    return {
        "timezone": ZONE,
        "week": {day: [[f"{OPENING:02}:00", f"{CLOSING}:00"]] for day in days},
        "holidays": [day.isoformat() for day in sorted(HOLIDAYS)],
    }


def figures() -> list[Figure]:
    """Measure and return the figures: factors over the peer, growth with the span, calls a second."""
    contenders = {"ours": _ours(), "ceiling": _bare(), "peer": _peer()}
    starts = _starts(CALLS)
    result: list[Figure] = []
    for verb, targets in (("add", ADD_TARGETS), ("between", BETWEEN_TARGETS)):
        costs = {
            hours: _side_by_side(
                {name: questions[verb] for name, questions in contenders.items()},
                starts,
                hours * HOUR if verb == "add" else days * 24 * HOUR,
            )
            for hours, days in SPANS
        }
        for hours, days in SPANS:
            name = f"business time {verb} " + (f"{hours} h" if verb == "add" else f"{hours} h / {days} days")
            cost = costs[hours]
            factor, best = cost["peer"] / cost["ours"], cost["peer"] / cost["ceiling"]
            result.append(_figure(f"{name}: times businesstimedelta", factor, "x", best, targets[hours]))
            result.append(_figure(f"{name}: calls", 1 / cost["ours"], "/s", 1 / cost["ceiling"], None))
        short, long = costs[SPANS[0][0]], costs[SPANS[-1][0]]
        growth = {name: long[name] / short[name] for name in contenders}
        name = f"business time {verb}: cost of 480 h over 2 h"
        result.append(_figure(name, growth["ours"], "x at most", growth["ceiling"], GROWTH_TARGET))
    return result


def _figure(name: str, value: float, unit: str, ceiling: float, target: float | None) -> Figure:
    return {
        "name": name,
        "database": None,
        "tickets": None,
        "value": round(value, 2),
        "unit": unit,
        "ceiling": round(ceiling, 2),
        "target": target,
    }


def _side_by_side(questions: dict[str, Question], starts: list[datetime], seconds: int) -> dict[str, float]:
    """Return each contender's CPU seconds a call: the median of rounds taken in turn."""
    rounds: dict[str, list[float]] = {name: [] for name in questions}
    for _ in range(ROUNDS):
        for name, question in questions.items():
            sample = starts[:PEER_CALLS] if name == "peer" else starts
            before = time.process_time()
            for start in sample:
                question(start, seconds)
            rounds[name].append((time.process_time() - before) / len(sample))
    return {name: statistics.median(times) for name, times in rounds.items()}


def _starts(number: int) -> list[datetime]:
    """Return moments of ten years at random, a good mix of open and closed ones."""
    chance = random.Random(20261122)
    first = datetime(YEARS[0], 1, 2, tzinfo=UTC)
    return [first + timedelta(seconds=chance.randrange(10 * 365 * 24 * HOUR)) for _ in range(number)]


def _ours() -> dict[str, Question]:
    calendar = BusinessCalendar.from_mapping(calendar_mapping())

    def between(start: datetime, seconds: int) -> int:
        return calendar.between(start, start + timedelta(seconds=seconds))

    return {"add": calendar.add, "between": between}


def _peer() -> dict[str, Question]:
    zone = pytz.timezone(ZONE)
    workday = businesstimedelta.WorkDayRule(
        start_time=clock_time(OPENING),
        end_time=clock_time(CLOSING),
        working_days=[0, 1, 2, 3, 4],
        tz=zone,
    )
    rules = businesstimedelta.Rules([workday, businesstimedelta.HolidayRule(HOLIDAYS, tz=zone)])

    def add(start: datetime, seconds: int) -> object:
        return start + businesstimedelta.BusinessTimeDelta(rules, seconds=seconds)

    def between(start: datetime, seconds: int) -> object:
        return rules.difference(start, start + timedelta(seconds=seconds))

    return {"add": add, "between": between}


def _bare() -> dict[str, Question]:
    """Return the same two questions over one flat table, the least that gives the answer."""
    zone = ZoneInfo(ZONE)
    starts: list[int] = []
    before: list[int] = []
    for ordinal in range(date(YEARS[0], 1, 1).toordinal(), date(YEARS[-1], 12, 31).toordinal()):
        day = datetime.fromordinal(ordinal).replace(hour=OPENING, tzinfo=zone)
        if day.weekday() < 5 and day.date() not in HOLIDAYS:
            before.append(len(starts) * (CLOSING - OPENING) * HOUR)
            starts.append(int(day.timestamp()))
    length = (CLOSING - OPENING) * HOUR

    def elapsed(at: float) -> float:
        index = bisect_right(starts, at) - 1
        return before[index] + min(at - starts[index], length)

    def add(start: datetime, seconds: int) -> datetime:
        wanted = elapsed(start.timestamp()) + seconds
        index = bisect_left(before, wanted) - 1
        return datetime.fromtimestamp(starts[index] + wanted - before[index], zone)

    def between(start: datetime, seconds: int) -> float:
        end = start + timedelta(seconds=seconds)
        return elapsed(end.timestamp()) - elapsed(start.timestamp())

    return {"add": add, "between": between}


def main() -> None:
    """Print each figure beside its ceiling and its target."""
    for figure in figures():
        target = "" if figure["target"] is None else f"target {figure['target']:,}"
        print(
            f"{figure['name']:<62}{figure['value']:>14,.2f} {figure['unit']:<10}"
            f"ceiling {figure['ceiling']:>14,.2f}  {target}"
        )


if __name__ == "__main__":
    main()
