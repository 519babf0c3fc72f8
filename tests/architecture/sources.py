"""The source files, parsed once, and where in them something stands."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent.parent


class Source(NamedTuple):
    name: str  # path from the root, with slashes
    tree: ast.Module

    def place(self, node: ast.AST) -> str:
        return f"{self.name}:{getattr(node, 'lineno', 0)}"


@cache
def sources(*folders: str) -> tuple[Source, ...]:
    """Every Python file under ``folders`` (helpdesk and workflows when none is named), by name."""
    paths = [path for folder in folders or ("helpdesk", "workflows") for path in (ROOT / folder).rglob("*.py")]
    own = [path for path in sorted(paths) if "node_modules" not in path.parts]
    return tuple(parse(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")) for path in own)


def parse(name: str, text: str) -> Source:
    return Source(name, ast.parse(text, filename=name))


def dotted(node: ast.AST) -> str:
    """``a.b.c`` as text; empty for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (left := dotted(node.value)):
        return f"{left}.{node.attr}"
    return ""


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))
