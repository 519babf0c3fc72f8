"""Facts from other systems' tests, and generated ones, to the second."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from workflows.business_time import BusinessCalendar

VECTORS = Path(__file__).parent.parent / "vectors"
FILES = ("biz", "working-hours-gem", "frappe-helpdesk", "libredesk", "generated")


def facts() -> list[Any]:
    result = []
    for name in FILES:
        for vector in json.loads((VECTORS / f"{name}.json").read_text())["vectors"]:
            # where a peer disagrees with the rules, the oracle's values stand in
            result.append(pytest.param({**vector, **vector.get("oracle", {})}, id=vector["id"]))
    return result


def epoch(moment: datetime | str) -> float:
    return (datetime.fromisoformat(moment) if isinstance(moment, str) else moment).timestamp()


@pytest.mark.parametrize("vector", facts())
def test_vector(vector: dict[str, Any]) -> None:
    calendar = BusinessCalendar.of(vector["calendar"])
    start, pauses = vector["start"], vector.get("pauses", ())
    match vector["op"]:
        case "add":
            assert epoch(calendar.add(start, vector["seconds"], pauses)) == epoch(vector["end_close"])
        case "sub":
            assert epoch(calendar.sub(start, vector["seconds"], pauses)) == epoch(vector["end"])
        case "between":
            assert calendar.between(start, vector["end"], pauses) == vector["seconds"]
            spans = calendar.explain(start, vector["end"], pauses)
            assert sum(span.seconds for span in spans if span.counted) == vector["seconds"]
        case "open":
            assert calendar.is_open(start) is vector["open"]
        case other:
            pytest.fail(f"no such question: {other}")


def test_every_file_speaks() -> None:
    """A file that lost its vectors must not pass for want of questions."""
    assert len(facts()) == 804
