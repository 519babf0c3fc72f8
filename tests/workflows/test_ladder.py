"""The ladder of a clock as a policy keeps it: whom each level tells, and what it does."""

from typing import Any

import pytest

from workflows import sla
from workflows.ladder import InvalidLadder, Rung, rung_of, rungs
from workflows.sla_terms import InvalidSla
from workflows.vocabulary import ClockKind, LadderAct, LadderRole

from .sla_cases import ALWAYS, OFFICE

FULL: list[dict[str, Any]] = [
    {"level": 3, "minutes_after": 60, "to": ["on_call"], "is_urgent": True, "act": "escalate"},
    {"level": 0, "to": ["manager"], "act": "assign_to_lead"},
    {"level": 2, "minutes_before": 30, "to": ["lead"], "act": "raise_priority"},
    {"level": 1, "percent": 75},
]


def test_what_was_kept_before_the_ladder_means_what_it_meant() -> None:
    warning, breach = rungs([{"level": 1, "percent": 75}])
    assert warning == Rung(1, percent=75, to=frozenset({LadderRole.ASSIGNEE}))
    assert breach == Rung(0, to=frozenset({LadderRole.ASSIGNEE, LadderRole.LEAD, LadderRole.MANAGER}))
    assert (warning.is_warning, breach.is_warning, breach.is_breach) == (True, False, True)


def test_without_levels_a_breach_is_told_all_the_same() -> None:
    assert [rung.level for rung in rungs([])] == [rung.level for rung in rungs(None)] == [0]


def test_levels_stand_in_the_order_they_come_due() -> None:
    assert [rung.level for rung in rungs(FULL)] == [1, 2, 0, 3]
    last = rungs(FULL)[-1]
    assert last == Rung(3, minutes_after=60, to=frozenset({LadderRole.ON_CALL}), is_urgent=True, act=LadderAct.ESCALATE)
    assert not last.is_warning


def test_a_rung_is_stored_as_it_is_read() -> None:
    assert rungs([rung.stored() for rung in rungs(FULL)]) == rungs(FULL)


def test_a_level_may_tell_nobody() -> None:
    assert rungs([{"level": 0, "to": []}])[0].to == frozenset()


def test_rungs_are_found_by_number() -> None:
    found = rung_of(FULL, 2)
    assert found is not None
    assert found.act is LadderAct.RAISE_PRIORITY
    assert rung_of(FULL, 9) is None


@pytest.mark.parametrize(
    ("levels", "code"),
    [
        ([{"level": 1, "percent": 75, "to": ["boss"]}], "unknown_role"),
        ([{"level": 1, "percent": 75, "act": "shout"}], "unknown_act"),
        ([{"level": 1, "percent": 75, "to": "lead"}], "invalid_roles"),
        ([{"level": 1, "percent": 75, "is_urgent": 1}], "invalid_urgency"),
        ([{"level": 0, "percent": 75}], "invalid_level"),
        ([{"level": 0}, {"level": 0}], "invalid_level"),
        ({"level": 1}, "invalid_level"),
    ],
)
def test_a_ladder_that_makes_no_sense_is_refused(levels: Any, code: str) -> None:
    with pytest.raises(InvalidLadder) as refused:
        rungs(levels)
    assert refused.value.code == code
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize("level", [{"level": 1}, {"level": 1, "percent": 101}, {"level": False}, "75", {"percent": 5}])
def test_a_measure_that_makes_no_sense_is_refused(level: Any) -> None:
    with pytest.raises(InvalidSla):
        rungs([level])


def test_the_clocks_read_the_moments_and_nothing_else() -> None:
    bare = [{"level": 3, "minutes_after": 60}, {"level": 2, "minutes_before": 30}, {"level": 1, "percent": 75}]
    policies = [
        sla.Policy.of({"targets": {"pickup": 3600}, "levels": {"pickup": each}}, OFFICE) for each in (FULL, bare)
    ]
    assert policies[0] == policies[1]  # whom it tells changes no deadline: no retarget
    assert [level.number for level in policies[0].terms(ClockKind.PICKUP).levels] == [3, 2, 1]
    assert policies[0] != policies[0].on_calendar(ALWAYS, None)
