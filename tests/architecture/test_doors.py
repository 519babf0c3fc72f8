"""Doors commit; actions never do. Only helpdesk/clock.py reads the time."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.architecture.sources import Source, calls, dotted, parse, sources

DOORS = re.compile(
    r"helpdesk/(database|cli|vendor_commands|schema)\.py"
    r"|helpdesk/(jobs|demo|portal)/.*"  # the portal is the customer's doors and has no actions of its own
    r"|helpdesk/.*/views/.*"
    r"|helpdesk/mailbox/intake\.py"
    r"|helpdesk/notifications/delivery\.py"  # carries out what was committed, outside any transaction
    r"|helpdesk/tickets/(mirroring|surveying)\.py"  # the same for the vendor's API, both ways
    r"|helpdesk/escalations/partner_center/vault\.py"  # keeps a renewed token at once, whatever its caller does next
    r"|helpdesk/web/forms\.py"  # lets a page's form take its action's refusal
)
ROUTES = {"route", "get", "post", "put", "patch", "delete"}
CLOCK = "helpdesk/clock.py"
TIME_READERS = {
    "datetime.now", "datetime.utcnow", "datetime.today", "datetime.datetime.now", "datetime.datetime.utcnow",
    "date.today", "datetime.date.today", "time.time", "time.time_ns", "time.localtime", "time.gmtime",
    "func.now", "sa.func.now", "sqlalchemy.func.now", "func.current_timestamp", "sa.func.current_timestamp",
}  # fmt: skip


def is_door(source: Source) -> bool:
    """Doors by name, and every module that answers at an address."""
    return bool(DOORS.fullmatch(source.name)) or any(
        isinstance(mark, ast.Call) and isinstance(mark.func, ast.Attribute) and mark.func.attr in ROUTES
        for node in ast.walk(source.tree)
        if isinstance(node, ast.FunctionDef)
        for mark in node.decorator_list
    )


def commits(source: Source) -> Iterator[str]:
    for call in calls(source.tree):
        name = dotted(call.func) or getattr(call.func, "attr", "")
        if name.rpartition(".")[2] in ("commit", "unit_of_work"):
            yield f"{source.place(call)} calls {name}"


def readings(source: Source) -> Iterator[str]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute) and dotted(node) in TIME_READERS:
            yield f"{source.place(node)} reads {dotted(node)}"


def test_only_doors_open_a_unit_of_work_or_commit() -> None:
    inside = [source for source in sources() if not is_door(source)]
    assert len(inside) > 40
    assert [said for source in inside for said in commits(source)] == []


def test_actions_are_no_doors() -> None:
    actions = [source for source in sources() if "/actions" in source.name]
    assert len(actions) > 10
    assert not any(map(is_door, actions))


def test_only_the_clock_reads_the_time() -> None:
    elsewhere = [source for source in sources() if source.name != CLOCK]
    assert [said for source in elsewhere for said in readings(source)] == []


@pytest.mark.parametrize("text", ["db.session.commit()", "session().commit()", "with unit_of_work(): pass"])
def test_a_commit_would_be_seen(text: str) -> None:
    assert list(commits(parse("helpdesk/tickets/actions/x.py", text)))


@pytest.mark.parametrize(
    "text", ["datetime.now(UTC)", "x = time.time()", "column(default=datetime.utcnow)", "sa.func.now()"]
)
def test_a_reading_would_be_seen(text: str) -> None:
    assert list(readings(parse("helpdesk/x.py", text)))


def test_the_rules_are_pure() -> None:
    """workflows/ imports nothing but the standard library and transitions, and opens no file."""
    import sys

    allowed = sys.stdlib_module_names | {"workflows", "transitions"}
    forbidden_here = {"os", "io", "pathlib", "socket", "subprocess", "sqlite3", "urllib", "time", "random"}
    for source in sources("workflows"):
        if source.name == "workflows/diagram.py":  # a tool that writes docs/workflows.md; nothing imports it
            continue
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
                for name in names:
                    top = name.partition(".")[0]
                    assert top in allowed - forbidden_here, f"{source.place(node)} imports {name}"
            assert not (isinstance(node, ast.Call) and dotted(node.func) == "open"), source.place(node)
