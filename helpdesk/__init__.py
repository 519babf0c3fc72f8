"""The support desk of a Microsoft CSP partner."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flask import Flask


def create_app(overrides: Mapping[str, Any] | None = None) -> Flask:
    """Build the application from the environment; ``overrides`` are configuration keys that win (tests).

    What it wires stands in ``wiring.py``, imported only now: the command line and the supervisor import
    this package too, and need neither Flask nor a database to print a help text or to watch two children.

    Raises ConfigurationError when a setting makes no sense.
    """
    from helpdesk.wiring import build

    return build(overrides)
