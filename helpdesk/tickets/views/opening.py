"""A ticket opened by an agent for somebody who phoned."""

from __future__ import annotations

from flask import Blueprint


def register(blueprint: Blueprint) -> None:
    """Its pages follow."""
    _ = blueprint
