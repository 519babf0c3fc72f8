"""The published matrix, written out a second time."""

import pytest

from workflows.priority import MATRIX, priority_of
from workflows.vocabulary import Level, Priority

LETTERS = {"H": Level.HIGH, "M": Level.MEDIUM, "L": Level.LOW}
PUBLISHED = {
    "HH": "p1",
    "HM": "p2",
    "HL": "p3",
    "MH": "p2",
    "MM": "p3",
    "ML": "p4",
    "LH": "p3",
    "LM": "p4",
    "LL": "p4",
}


@pytest.mark.parametrize(("pair", "priority"), PUBLISHED.items())
def test_matrix(pair: str, priority: str) -> None:
    impact, urgency = (LETTERS[letter] for letter in pair)
    assert priority_of(impact, urgency) == priority


def test_every_pair_has_a_priority() -> None:
    assert set(MATRIX) == {(impact, urgency) for impact in Level for urgency in Level}


@pytest.mark.parametrize("override", Priority)
def test_an_override_wins(override: Priority) -> None:
    assert priority_of(Level.LOW, Level.MEDIUM, override) is override
