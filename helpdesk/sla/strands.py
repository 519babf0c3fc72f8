"""What is replayed as one: the events of a ticket's own clocks, or of those of one vendor case."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from helpdesk.sla.terms import NOTHING, load_terms
from workflows import sla

OWN: Final = 0
"""The case id of the ticket's own clocks."""


class Strand(NamedTuple):
    """One replay. ``case_id`` is OWN, or the vendor case's; terms are those in force at its beginning and now.

    ``first_terms_id`` is None where nothing was promised at first; ``terms_id`` is the last promise there was.
    """

    case_id: int
    first_terms_id: int | None
    terms_id: int
    events: Sequence[sla.Event]

    def cycles(self, at: datetime) -> Iterator[tuple[sla.Cycle, bool]]:
        """Replay it up to ``at`` (aware UTC); yields each cycle of each clock, and whether it is the latest."""
        first = load_terms(self.first_terms_id).whole if self.first_terms_id is not None else NOTHING
        for cycles in sla.replay(first, {}, self.events, at).values():
            for cycle in cycles:
                yield cycle, cycle is cycles[-1]
