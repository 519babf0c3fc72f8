"""What a list of tickets is narrowed to: the query of its address, read and written back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, NamedTuple, Self, TypeVar
from urllib.parse import urlencode

from helpdesk.web.incoming import is_moment, is_row_number
from workflows.vocabulary import OPEN_STATES, Kind, Priority, Service, State

Word = TypeVar("Word", bound=StrEnum)
LONGEST_QUERY = 100


class View(StrEnum):
    """The standing lists of the queue."""

    ALL = "all"
    MINE = "mine"
    UNASSIGNED = "unassigned"
    OUR_TURN = "our_turn"
    LATE = "late"
    PAUSED = "paused"
    ESCALATION_DUE = "escalation_due"
    VENDOR_ASKS = "vendor_asks"


class Position(NamedTuple):
    """Where a page ends in the queue's order: the key of its last row."""

    is_paused: bool
    next_due_at: datetime
    id: int

    @classmethod
    def read(cls, text: str) -> Self | None:
        """The position written as ``text``; None for anything else."""
        parts = text.split(".")
        if len(parts) != 3 or not (parts[0] in ("0", "1") and is_moment(parts[1]) and is_row_number(parts[2])):
            return None
        paused, seconds, number = map(int, parts)
        try:
            return cls(bool(paused), datetime.fromtimestamp(seconds, UTC), number)
        except (OverflowError, ValueError, OSError):
            return None

    def __str__(self) -> str:
        return f"{int(self.is_paused)}.{int(self.next_due_at.timestamp())}.{self.id}"


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """What the queue is asked for; everything that is None or empty narrows nothing.

    ``after`` is the position the page begins behind. ``q`` are words to search for.
    """

    view: View = View.ALL
    kind: Kind | None = None
    service: Service | None = None
    state: State | None = None
    priority: Priority | None = None
    team: int | None = None
    assignee: int | None = None
    customer: int | None = None
    tag: str | None = None
    q: str = ""
    after: Position | None = None

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Self:
        """The filter that an address's ``query`` spells; what it can't mean is left out."""
        state = _word(State, query.get("state"))
        return cls(
            view=_word(View, query.get("view")) or View.ALL,
            kind=_word(Kind, query.get("kind")),
            service=_word(Service, query.get("service")),
            state=state if state in OPEN_STATES else None,
            priority=_word(Priority, query.get("priority")),
            team=_number(query.get("team")),
            assignee=_number(query.get("assignee")),
            customer=_number(query.get("customer")),
            tag=query.get("tag", "").strip().lower()[:LONGEST_QUERY] or None,
            q=query.get("q", "").strip()[:LONGEST_QUERY],
            after=Position.read(query.get("after", "")),
        )

    def but(self, **changes: Any) -> QueueFilter:
        """This filter with ``changes``, from its first page on."""
        return replace(self, **({"after": None} | changes))

    @property
    def is_narrowed(self) -> bool:
        """Whether anything besides the view is asked for."""
        return self.but(view=View.ALL) != QueueFilter()

    def query(self) -> list[tuple[str, str]]:
        """Names and values for the address, in the order of the fields; those at their default left out."""
        pairs = ((field.name, getattr(self, field.name), field.default) for field in fields(self))
        return [(name, str(value)) for name, value, default in pairs if value != default]

    def url(self, path: str = "/queue") -> str:
        query = self.query()
        return f"{path}?{urlencode(query)}" if query else path


def _word(words: Iterable[Word], text: str | None) -> Word | None:
    return next((word for word in words if word == text), None)


def _number(text: str | None) -> int | None:
    return int(text) if text and is_row_number(text) else None
