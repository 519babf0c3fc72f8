"""Hatch build hook: assets and translations are made while the package is installed."""

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# Hatch loads this file by its path, outside any package.
sys.path.insert(0, str(Path(__file__).resolve().parent))

import assets


class FrontendHook(BuildHookInterface[Any]):
    """Runs for the wheel and for the editable install alike."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 (Hatch's signature)
        assets.build()
