"""A request and its answer, as the stand-in's resources see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Asked:
    """A request that was let in. Keys of ``fields`` are in lower case, those of ``body`` as they came."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    fields: dict[str, Any]
    body: dict[str, Any]
    found: tuple[str, ...] = ()


@dataclass
class Said:
    status: int
    body: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)


def refuse(status: int, code: str, description: str) -> Said:
    """The API's usual error body."""
    return Said(status, {"code": code, "description": description, "data": [], "source": "PartnerCenter"})
