"""Writes both tables for people to read: Mermaid, and every condition in words.

``python -m workflows.diagram`` rewrites ``docs/workflows.md``; a test fails when that file is stale. The
picture inside the product is drawn by ``workflows.drawing``.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from workflows.machine import KEEPS_HOLD, WORKFLOWS, Workflow
from workflows.priority import MATRIX
from workflows.table import Row
from workflows.vocabulary import OPEN_STATES, ActorKind, Level, State

PAGE: Final = Path(__file__).parent.parent / "docs" / "workflows.md"
PREFACE: Final = """\
# How tickets move

This page is written by `python -m workflows.diagram` from the tables in `workflows/billing.py` and
`workflows/technical.py`; change those, not this. The number at an arrow is the line in the table below it.

A move is offered when everything under "may happen when" holds; otherwise the page shows every reason why
not. What its form asks is demanded when the move is made. Every move ends a hold, except those marked *.
"""
WHO: Final = {
    ActorKind.STAFF: "desk",
    ActorKind.CONTACT: "contact",
    ActorKind.SCHEDULER: "scheduler",
}


def page() -> str:
    """The whole of ``docs/workflows.md``."""
    sections = [PREFACE]
    for workflow in WORKFLOWS.values():
        sections += [f"## {_words(workflow.kind).capitalize()} tickets\n", mermaid(workflow), table(workflow)]
    return "\n".join([*sections, "## Priority\n", _matrix()])


def mermaid(workflow: Workflow) -> str:
    """The table as a Mermaid state diagram, in its fence; "any open state" saves a dozen arrows."""
    lines = ["```mermaid", "stateDiagram-v2", "    direction LR"]
    lines += [f'    state "{_words(state)}" as {state}' for state in workflow.states]
    lines += ['    state "any open state" as any_open', f"    [*] --> {State.INTAKE}"]
    for number, row in enumerate(workflow.table, 1):
        for source in _sources(workflow, row):
            lines.append(f"    {source} --> {row.target} : {number} {_words(row.trigger)}")
    return "\n".join([*lines, f"    {State.MERGED} --> [*]", "```", ""])


def table(workflow: Workflow) -> str:
    """The table with its conditions in words, as Markdown."""
    lines = ["| # | from | move | to | who | may happen when | its form asks |", "|" + "---|" * 7]
    for number, row in enumerate(workflow.table, 1):
        lines.append("| " + " | ".join([str(number), *_cells(workflow, row)]) + " |")
    return "\n".join([*lines, ""])


def _cells(workflow: Workflow, row: Row) -> Iterator[str]:
    yield ", ".join(_words(source) for source in _sources(workflow, row))
    yield _words(row.trigger) + ("*" if row.trigger in KEEPS_HOLD else "")
    yield _words(row.target)
    yield ", ".join(word for kind, word in WHO.items() if kind in row.who)
    yield "; ".join(guard.sentence for guard in row.guards) or "always"
    yield "; ".join(ask.sentence for ask in row.asks) or "nothing"


def _sources(workflow: Workflow, row: Row) -> tuple[str, ...]:
    is_any_open = set(row.sources) == OPEN_STATES.intersection(workflow.states)
    return ("any_open",) if is_any_open else row.sources


def _matrix() -> str:
    lines = ["| impact \\ urgency | " + " | ".join(Level) + " |", "|" + "---|" * (len(Level) + 1)]
    lines += [
        f"| {impact} | " + " | ".join(MATRIX[impact, urgency].upper() for urgency in Level) + " |" for impact in Level
    ]
    return "\n".join([*lines, ""])


def _words(word: str) -> str:
    return word.replace("_", " ")


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
