"""What a bench says: one figure a line, beside what is possible here and what was asked for."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """``ceiling`` is the same without the framework, ``target`` what the desk wants; None where there is none."""

    name: str
    database: str | None
    tickets: int | None
    value: float
    unit: str
    ceiling: float | None = None
    target: float | None = None

    @property
    def is_met(self) -> bool:
        """Times and sizes should stay below their target, rates and factors above."""
        if self.target is None:
            return True
        is_rate = self.unit in ("/s", "x")
        return self.value >= self.target if is_rate else self.value <= self.target

    def line(self) -> str:
        where = self.database or ""
        ceiling = "" if self.ceiling is None else f"ceiling {self.ceiling:,.2f}"
        target = "" if self.target is None else f"target {self.target:,.10g} {'met' if self.is_met else 'MISSED'}"
        return f"{self.name:<58}{where:<11}{self.value:>14,.2f} {self.unit:<10}{ceiling:<24}{target}".rstrip()


def of_mapping(mapping: dict[str, Any]) -> Figure:
    return Figure(**mapping)


def machine() -> dict[str, Any]:
    """What was measured on; the load says how much of it others had."""
    return {
        "processor": _first("/proc/cpuinfo", "model name"),
        "cores": os.cpu_count(),
        "memory_mib": int(_first("/proc/meminfo", "MemTotal").split()[0]) // 1024,
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load_average": [round(load, 2) for load in os.getloadavg()],
    }


def _first(path: str, name: str) -> str:
    try:
        lines = Path(path).read_text().splitlines()
    except OSError:
        return "0"
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "0")


def write(figures: Sequence[Figure], began: dict[str, Any], path: Path) -> None:
    """Write ``figures`` with the machine as it was when the bench ``began``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"machine": began, "figures": [asdict(figure) for figure in figures]}
    path.write_text(json.dumps(content, indent=1) + "\n")
