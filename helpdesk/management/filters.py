"""What the list of breaches is narrowed to: the query of its address, read and written back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, NamedTuple, Self, TypeVar
from urllib.parse import urlencode

from helpdesk.web.incoming import is_moment, is_row_number
from workflows.vocabulary import ClockKind

Word = TypeVar("Word", bound=StrEnum)


class Pile(StrEnum):
    """Which breaches are listed; the address says ``reviewed=no``, ``yes`` or ``all``."""

    TO_REVIEW = "no"
    REVIEWED = "yes"
    ALL = "all"


class Position(NamedTuple):
    """Where a page of what is listed by a moment ends: the key of its last row."""

    at: datetime
    id: int

    @classmethod
    def read(cls, text: str) -> Self | None:
        """The position written as ``text``; None for anything else."""
        parts = text.split(".")
        if len(parts) != 2 or not (is_moment(parts[0]) and is_row_number(parts[1])):
            return None
        return cls(datetime.fromtimestamp(int(parts[0]), UTC), int(parts[1]))

    def __str__(self) -> str:
        return f"{int(self.at.timestamp())}.{self.id}"


@dataclass(frozen=True, slots=True)
class BreachFilter:
    """What is asked for; None narrows nothing. Both days are included, as the reader's zone has them."""

    pile: Pile = Pile.TO_REVIEW
    kind: ClockKind | None = None
    assignee: int | None = None
    team: int | None = None
    customer: int | None = None
    from_on: date | None = None
    to_on: date | None = None
    after: Position | None = None

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Self:
        """The filter that an address's ``query`` spells; what it can't mean is left out."""
        return cls(
            pile=read_word(Pile, query.get("reviewed")) or Pile.TO_REVIEW,
            kind=read_word(ClockKind, query.get("kind")),
            assignee=read_number(query.get("assignee")),
            team=read_number(query.get("team")),
            customer=read_number(query.get("customer")),
            from_on=read_day(query.get("from")),
            to_on=read_day(query.get("to")),
            after=Position.read(query.get("after", "")),
        )

    def but(self, **changes: Any) -> BreachFilter:
        """This filter with ``changes``, from its first page on."""
        return replace(self, **({"after": None} | changes))

    def query(self) -> list[tuple[str, str]]:
        """Names and values for the address; those that narrow nothing left out."""
        named: dict[str, Any] = {
            "reviewed": self.pile if self.pile is not Pile.TO_REVIEW else None,
            "kind": self.kind,
            "assignee": self.assignee,
            "team": self.team,
            "customer": self.customer,
            "from": self.from_on,
            "to": self.to_on,
            "after": self.after,
        }
        return [(name, str(value)) for name, value in named.items() if value is not None]

    def url(self, breach_id: int | None = None) -> str:
        """The list, or one breach beside it."""
        path = "/breaches" if breach_id is None else f"/breaches/{breach_id}"
        query = self.query()
        return f"{path}?{urlencode(query)}" if query else path


def read_word(words: Iterable[Word], text: str | None) -> Word | None:
    return next((word for word in words if word == text), None)


def read_number(text: str | None) -> int | None:
    return int(text) if text and is_row_number(text) else None


def read_day(text: str | None) -> date | None:
    """The day that an address spells; None for anything else, and for days whose midnight has no moment in UTC."""
    try:
        day = date.fromisoformat(text) if text else None
    except ValueError:
        return None
    return day if day is not None and _FIRST <= day <= _LAST else None


_FIRST, _LAST = date(1970, 1, 1), date(9000, 12, 31)
