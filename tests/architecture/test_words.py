"""State words stand in workflows/vocabulary.py and nowhere else; moves are made in one place.

A word such as "customer" or "open" is also a field's name, a file's mode or a page's address. So words that
can mean only a state are refused wherever they stand as a whole string, and the others only where a string
is used as a state or cause: compared, matched, or given to something named so.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.architecture.sources import Source, calls, dotted, parse, sources
from workflows.vocabulary import HoldCause, SpanReason, State, VendorCaseState

VOCABULARY = "workflows/vocabulary.py"
WORDS = {member.value for enum in (State, HoldCause, SpanReason, VendorCaseState) for member in enum}
ALSO_OTHER_THINGS = {
    "customer", "approval", "scheduled", "holiday", "break", "pause",
    "intake", "diagnosis", "resolved", "open", "closed",
}  # fmt: skip
ONLY_STATES = WORDS - ALSO_OTHER_THINGS
NAMED_SO = re.compile(r"(^|_)(state|cause|source|target|reason)s?$")
IN_SQL = re.compile(r"\b(state|cause|hold_cause)\b[^']{0,12}'(" + "|".join(sorted(WORDS)) + r")'")


def spelled(source: Source) -> Iterator[str]:
    """Every place in ``source`` that spells a state word out."""
    docstrings = {id(node.value) for node in ast.walk(source.tree) if isinstance(node, ast.Expr)}
    used = set(_used_as_states(source.tree))
    for node in ast.walk(source.tree):
        if not (isinstance(node, ast.Constant) and isinstance(node.value, str)) or id(node) in docstrings:
            continue
        is_word = node.value in ONLY_STATES or (node.value in WORDS and id(node) in used)
        if is_word or IN_SQL.search(node.value):
            yield f"{source.place(node)} spells {node.value!r}"


def _used_as_states(tree: ast.AST) -> Iterator[int]:
    for node in ast.walk(tree):
        match node:
            case ast.Compare(left=left, comparators=others):
                if any(_is_named_so(side) for side in (left, *others)):
                    yield from _strings(left, *others)
            case ast.MatchValue(value=value):
                yield from _strings(value)
            case ast.keyword(arg=str(name), value=value) if NAMED_SO.search(name):
                yield from _strings(value)
            case ast.Assign(targets=targets, value=value) if any(map(_is_named_so, targets)):
                yield from _strings(value)
            case ast.AnnAssign(target=target, value=ast.expr() as value) if _is_named_so(target):
                yield from _strings(value)


def _is_named_so(node: ast.AST) -> bool:
    return bool(NAMED_SO.search(dotted(node).rpartition(".")[2]))


def _strings(*nodes: ast.AST) -> Iterator[int]:
    """Strings standing bare, or as members of a bare tuple, list or set."""
    for node in nodes:
        members = node.elts if isinstance(node, ast.Tuple | ast.List | ast.Set) else [node]
        yield from (id(member) for member in members if isinstance(member, ast.Constant))


def test_state_words_are_spelled_once() -> None:
    elsewhere = [source for source in sources() if source.name != VOCABULARY]
    assert [said for source in elsewhere for said in spelled(source)] == []


@pytest.mark.parametrize(
    "text",
    [
        'x = "partner_resolution"',
        'if ticket.state == "open": pass',
        'if ticket.hold_cause in ("customer", "approval"): pass',
        'hold(cause="customer")',
        'state: str = "closed"',
        'match word:\n    case "resolved": pass',
        "sa.text(\"state = 'merged'\")",
    ],
)
def test_a_spelled_word_would_be_seen(text: str) -> None:
    assert list(spelled(parse("helpdesk/x.py", text)))


@pytest.mark.parametrize(
    "text", ['"""closed"""', 'open(path, "open")', 'form["customer"]', 'url_for("merged_tickets")']
)
def test_other_meanings_are_let_be(text: str) -> None:
    assert not list(spelled(parse("helpdesk/x.py", text)))


MOVERS = re.compile(r"helpdesk/tickets/actions(/.*|\.py)|helpdesk/(sla|escalations)/.*|workflows/.*")
"""Who may assign ``.state``: the ticket's actions. Clocks and vendor cases have states of their own, in rooms
that can't see tickets."""


def assignments(source: Source) -> Iterator[str]:
    for node in ast.walk(source.tree):
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        for target in targets if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign) else ():
            if isinstance(target, ast.Attribute) and target.attr == "state":
                yield f"{source.place(node)} assigns {dotted(target)}"
    for call in calls(source.tree):
        name = dotted(call.func) or getattr(call.func, "attr", "")
        is_writer = name.rpartition(".")[2] in ("values", "Ticket", "setattr")
        if is_writer and (_gives_state(call) or _sets_state(call)):
            yield f"{source.place(call)} writes state by {name}"


def _gives_state(call: ast.Call) -> bool:
    return any(keyword.arg == "state" for keyword in call.keywords)


def _sets_state(call: ast.Call) -> bool:
    return any(isinstance(argument, ast.Constant) and argument.value == "state" for argument in call.args)


def test_only_the_actions_move_a_ticket() -> None:
    others = [source for source in sources() if not MOVERS.fullmatch(source.name)]
    assert [said for source in others for said in assignments(source)] == []


@pytest.mark.parametrize(
    "text",
    ["ticket.state = State.CLOSED", "update(Ticket).values(state=x)", 'setattr(ticket, "state", x)', "Ticket(state=x)"],
)
def test_a_move_elsewhere_would_be_seen(text: str) -> None:
    assert list(assignments(parse("helpdesk/management/views.py", text)))
