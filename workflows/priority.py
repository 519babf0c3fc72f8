"""Impact by urgency gives the priority; the matrix is published, so everybody can check theirs."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from workflows.vocabulary import Level, Priority

HIGH, MEDIUM, LOW = Level.HIGH, Level.MEDIUM, Level.LOW

# fmt: off
MATRIX: Final[Mapping[tuple[Level, Level], Priority]] = MappingProxyType({
    # impact, urgency
    (HIGH, HIGH): Priority.P1,   (HIGH, MEDIUM): Priority.P2,   (HIGH, LOW): Priority.P3,
    (MEDIUM, HIGH): Priority.P2, (MEDIUM, MEDIUM): Priority.P3, (MEDIUM, LOW): Priority.P4,
    (LOW, HIGH): Priority.P3,    (LOW, MEDIUM): Priority.P4,    (LOW, LOW): Priority.P4,
})
# fmt: on


def priority_of(impact: Level, urgency: Level, override: Priority | None = None) -> Priority:
    """The priority of a ticket; an ``override`` (a lead's or the ladder's) wins until it is cleared."""
    return override or MATRIX[impact, urgency]
