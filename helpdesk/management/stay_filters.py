"""What the report of returns is asked for: a period, and for its list a channel, a topic, how a stay ended and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Self
from urllib.parse import urlencode

from helpdesk.management.filters import Position, read_day, read_number, read_word
from workflows.vocabulary import ChannelKind, ReturnReason

REPORT, LIST = "/reports/returns", "/reports/returns/tickets"
NO_TOPIC = 0
"""Stands in an address for tickets without a topic."""


class Ending(StrEnum):
    """How a stay with the vendor ended."""

    BACK = "back"
    OTHER_TIER = "tier"
    SOLVED = "solved"
    ENDED = "ended"  # withdrawn or merged meanwhile
    THERE = "there"  # not ended yet


class Period(StrEnum):
    """How many days back one looks, today included."""

    MONTH = "30"
    QUARTER = "90"
    YEAR = "365"

    def first_day(self, today: date) -> date:
        return today - timedelta(days=int(self.value) - 1)


@dataclass(frozen=True, slots=True)
class StayFilter:
    """None narrows nothing. Both days are included, as the reader's zone has them; they win over ``period``."""

    period: Period = Period.QUARTER
    from_on: date | None = None
    to_on: date | None = None
    channel: ChannelKind | None = None
    topic: int | None = None
    ending: Ending | None = None
    reason: ReturnReason | None = None
    after: Position | None = None

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Self:
        """The filter that an address's ``query`` spells; what it can't mean is left out."""
        return cls(
            period=read_word(Period, query.get("days")) or Period.QUARTER,
            from_on=read_day(query.get("from")),
            to_on=read_day(query.get("to")),
            channel=read_word(ChannelKind, query.get("channel")),
            topic=read_number(query.get("topic")),
            ending=read_word(Ending, query.get("ending")),
            reason=read_word(ReturnReason, query.get("reason")),
            after=Position.read(query.get("after", "")),
        )

    @property
    def has_own_days(self) -> bool:
        return self.from_on is not None or self.to_on is not None

    def days(self, today: date) -> tuple[date, date]:
        """The first and the last day that are looked at."""
        if not self.has_own_days:
            return self.period.first_day(today), today
        last = self.to_on or today
        return self.from_on or self.period.first_day(last), last

    def but(self, **changes: Any) -> StayFilter:
        """This filter with ``changes``, from its first page on."""
        return replace(self, **({"after": None} | changes))

    def query(self) -> list[tuple[str, str]]:
        """Names and values for the address; those that narrow nothing left out."""
        named: dict[str, Any] = {
            "days": self.period if self.period is not Period.QUARTER else None,
            "from": self.from_on,
            "to": self.to_on,
            "channel": self.channel,
            "topic": self.topic,
            "ending": self.ending,
            "reason": self.reason,
            "after": self.after,
        }
        return [(name, str(value)) for name, value in named.items() if value is not None]

    def url(self, path: str = LIST) -> str:
        query = self.query()
        return f"{path}?{urlencode(query)}" if query else path
