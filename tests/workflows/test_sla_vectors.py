"""Every checkpoint of the canonical scenarios, to the second."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from workflows import sla
from workflows.business_time import BusinessCalendar

VECTORS = Path(__file__).parents[1] / "vectors" / "canonical-scenarios.json"
SCENARIOS = json.loads(VECTORS.read_text(encoding="utf-8"))["scenarios"]


def expected(clock: dict[str, Any]) -> sla.ClockView:
    if clock["state"] == "none":
        return sla.ClockView("none", None, None, None, False)
    deadline = datetime.fromisoformat(clock["deadline"]) if clock["deadline"] else None
    return sla.ClockView(clock["state"], clock["elapsed_s"], clock["remaining_s"], deadline, clock["breached"])


def checkpoints() -> list[Any]:
    return [
        pytest.param(scenario, index, id=f"{scenario['id']}-{index}")
        for scenario in SCENARIOS
        for index in range(len(scenario["expect"]))
    ]


@pytest.mark.parametrize(("scenario", "index"), checkpoints())
def test_checkpoint(scenario: dict[str, Any], index: int) -> None:
    wanted = dict(scenario["expect"][index])
    at = wanted.pop("at")
    calendar = BusinessCalendar(**scenario["calendar"])
    views = sla.evaluate(scenario["policy"], calendar, scenario["events"], at)
    assert views == {kind: expected(clock) for kind, clock in wanted.items()}


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario["id"])
def test_replay_tells_the_same_as_evaluate(scenario: dict[str, Any]) -> None:
    calendar = BusinessCalendar(**scenario["calendar"])
    for checkpoint in scenario["expect"]:
        arguments = scenario["policy"], calendar, scenario["events"], checkpoint["at"]
        cycles = sla.replay(*arguments)
        for kind, view in sla.evaluate(*arguments).items():
            assert not cycles[kind] if view.state == "none" and not cycles[kind] else cycles[kind][-1].view == view
