"""The pictures tell what the tables say, and the page about them is fresh."""

import re
from enum import StrEnum
from xml.etree import ElementTree

import pytest

from workflows.diagram import PAGE, mermaid, page, table
from workflows.drawing import (
    ESCALATE,
    OPEN_FRAME,
    PLACES,
    VENDOR_FRAME,
    WORKED_FRAME,
    Box,
    draw,
    in_words,
)
from workflows.facts import N_
from workflows.machine import Workflow, workflow_for
from workflows.table import cells
from workflows.vocabulary import CHANNEL_OF_STATE, CHANNEL_OF_TRIGGER, OPEN_STATES, Kind, State, Trigger

SVG = "{http://www.w3.org/2000/svg}"
WORKFLOWS = [workflow_for(kind) for kind in Kind]
by_kind = pytest.mark.parametrize("workflow", WORKFLOWS, ids=list(Kind))


def label(word: StrEnum) -> str:
    return f"{type(word).__name__} {word}"


def drawn(workflow: Workflow, current: State | None = None) -> ElementTree.Element:
    return ElementTree.fromstring(draw(workflow, label, N_, current))


def words(element: ElementTree.Element) -> str:
    return " ".join("".join(part.itertext()) for part in element.iter(f"{SVG}tspan"))


def test_the_page_in_docs_is_fresh() -> None:
    stale = "docs/workflows.md is stale: run python -m workflows.diagram"
    assert PAGE.read_text(encoding="utf-8") == page(), stale


@by_kind
def test_mermaid_has_every_cell_once(workflow: Workflow) -> None:
    found = re.findall(r"^    (\w+) --> (\w+) : \d+ ([\w ]+)$", mermaid(workflow), re.MULTILINE)
    open_here = [state for state in workflow.states if state in OPEN_STATES]
    arrows = [
        (state, target, trigger.replace(" ", "_"))
        for source, target, trigger in found
        for state in (open_here if source == "any_open" else [source])
    ]
    assert sorted(arrows) == sorted((s, row.target, t) for s, t, row in cells(workflow.table))


@by_kind
def test_the_table_in_words_has_every_condition(workflow: Workflow) -> None:
    lines = table(workflow).splitlines()[2:]
    assert len(lines) == len(workflow.table)
    for line, row in zip(lines, workflow.table, strict=True):
        assert all(guard.sentence in line for guard in row.guards)
        assert all(ask.sentence in line for ask in row.asks)


@by_kind
def test_the_picture_shows_every_state_in_words(workflow: Workflow) -> None:
    names = [words(group) for group in drawn(workflow).iter(f"{SVG}g") if is_of(group, "wf-state")]
    expected = [label(CHANNEL_OF_STATE.get(state, state)) for state in workflow.states]
    assert [name.replace("  ", " ") for name in names] == expected


def is_of(element: ElementTree.Element, css: str) -> bool:
    return css in (element.get("class") or "").split()


@by_kind
def test_the_picture_shows_every_move(workflow: Workflow) -> None:
    edges = [group for group in drawn(workflow).iter(f"{SVG}g") if is_of(group, "wf-edge")]
    seen = {words(edge) for edge in edges} - {""}
    expected = {ESCALATE if trigger in CHANNEL_OF_TRIGGER else label(trigger) for trigger in workflow.triggers}
    assert seen == expected
    assert all(edge.find(f"{SVG}path").get("marker-end") for edge in edges)


def sources(workflow: Workflow, trigger: Trigger) -> set[State]:
    return {state for state, cell, _ in cells(workflow.table) if cell is trigger}


def inside(frame: Box, workflow: Workflow) -> set[State]:
    return {
        state
        for state in workflow.states
        if frame.x < PLACES[state].x
        and PLACES[state].right < frame.right + 1
        and frame.y < PLACES[state].y
        and PLACES[state].bottom < frame.bottom
    }


@by_kind
def test_a_frame_holds_just_the_states_its_arrows_leave(workflow: Workflow) -> None:
    assert inside(OPEN_FRAME, workflow) == sources(workflow, Trigger.WITHDRAW)
    assert inside(OPEN_FRAME, workflow) == sources(workflow, Trigger.MERGE)
    assert inside(WORKED_FRAME, workflow) == sources(workflow, Trigger.RESOLVE)
    assert inside(VENDOR_FRAME, workflow) == sources(workflow, Trigger.RETURN_TO_PARTNER)


@by_kind
def test_no_two_boxes_touch_and_all_are_in_the_picture(workflow: Workflow) -> None:
    width, height = (int(part) for part in drawn(workflow).get("viewBox", "").split()[2:])
    boxes = [PLACES[state] for state in workflow.states]
    for number, box in enumerate(boxes):
        assert 0 <= box.x < box.right <= width
        assert 0 <= box.y < box.bottom <= height
        for other in boxes[number + 1 :]:
            apart = box.right < other.x or other.right < box.x or box.bottom < other.y or other.bottom < box.y
            assert apart, (box, other)


@by_kind
def test_the_picture_obeys_a_strict_content_policy(workflow: Workflow) -> None:
    for element in drawn(workflow).iter():
        assert element.tag.removeprefix(SVG) not in {"script", "style", "foreignObject", "image"}
        assert not {name for name in element.attrib if name == "style" or name.startswith("on")}


@by_kind
def test_the_picture_speaks_to_a_screen_reader(workflow: Workflow) -> None:
    picture = drawn(workflow)
    named = [picture.find(f".//*[@id='{name}']") for name in picture.get("aria-labelledby", "").split()]
    assert picture.get("role") == "img"
    assert [part.tag for part in named if part is not None] == [f"{SVG}title", f"{SVG}desc"]
    assert in_words(workflow, label).count(";") + 1 == len(list(cells(workflow.table)))


def test_two_pictures_on_one_page_share_no_id() -> None:
    first, second = ({part.get("id") for part in drawn(workflow).iter()} - {None} for workflow in WORKFLOWS)
    assert first
    assert not first & second


def test_the_current_state_is_marked_and_only_it() -> None:
    picture = drawn(workflow_for(Kind.BILLING), State.DIAGNOSIS)
    marked = [group for group in picture.iter(f"{SVG}g") if is_of(group, "wf-current")]
    assert [words(group) for group in marked] == [label(State.DIAGNOSIS)]


def test_labels_are_escaped() -> None:
    picture = draw(workflow_for(Kind.BILLING), lambda word: f"<b>&{word}", N_)
    assert "<b>" not in picture
    ElementTree.fromstring(picture)
