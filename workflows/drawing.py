"""Draws a workflow as an inline SVG that a strict content policy and a screen reader accept.

The places are laid out by hand: the way of most tickets in one row, the vendor above it, what ends a ticket
early aside. Frames stand for "from any state in here". Looks come from classes (``css/workflow.css``).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from html import escape
from typing import Final

from workflows.facts import N_
from workflows.machine import Workflow
from workflows.table import cells
from workflows.vocabulary import CHANNEL_OF_STATE, State, Trigger

Label = Callable[[StrEnum], str]
Translate = Callable[[str], str]

WIDTH, HEIGHT = 1286, 440
TIER_Y, ROW_Y, BOTTOM_Y = 106, 258, 384
BOX_HEIGHT: Final = 44
LINE: Final = 14  # from one line of a label to the next

THE_WAY = N_("The way of a ticket: %(kind)s")
ANY_OPEN = N_("Open")
ANY_WORKED = N_("Being worked on")
WITH_THE_VENDOR = N_("With Microsoft")
ESCALATE = N_("Escalate")


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle, in the picture's own units."""

    x: int
    y: int
    width: int = 140
    height: int = BOX_HEIGHT

    @property
    def middle(self) -> int:
        return self.x + self.width // 2

    @property
    def right(self) -> int:
        return self.x + self.width

    @property
    def bottom(self) -> int:
        return self.y + self.height


PLACES: Final = {
    State.INTAKE: Box(36, ROW_Y, 130),
    State.DIAGNOSIS: Box(300, ROW_Y),
    State.PARTNER_RESOLUTION: Box(592, ROW_Y, 156),
    State.RESOLVED: Box(932, ROW_Y),
    State.CLOSED: Box(1130, ROW_Y),
    State.TURNED_AWAY: Box(36, BOTTOM_Y, 130),
    State.MERGED: Box(932, 52),
    State.ESCALATED_COMMERCIAL: Box(454, TIER_Y),
    State.ESCALATED_PREMIER: Box(316, TIER_Y, 120),
    State.ESCALATED_ADVANCED: Box(464, TIER_Y, 120),
    State.ESCALATED_SIGNATURE: Box(612, TIER_Y, 120),
}
OPEN_FRAME: Final = Box(16, 8, 836, 332)
WORKED_FRAME: Final = Box(280, 36, 556, 288)
VENDOR_FRAME: Final = Box(300, 66, 448, 100)


def draw(workflow: Workflow, label: Label, translate: Translate, current: State | None = None) -> str:
    """The picture of ``workflow`` as an ``<svg>`` element, safe to put into a page as it is.

    ``label`` names a word of the vocabulary, ``translate`` an English sentence of this package, both in the
    reader's language. ``current`` is the state to mark.
    """
    name = f"wf-{workflow.kind}"
    title = translate(THE_WAY) % {"kind": label(workflow.kind)}
    parts = (
        f'<svg class="wf" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
        f' aria-labelledby="{name}-title {name}-desc" xmlns="http://www.w3.org/2000/svg">',
        f'<title id="{name}-title">{escape(title)}</title>',
        f'<desc id="{name}-desc">{escape(in_words(workflow, label))}</desc>',
        _arrow_head(name),
        *_frames(translate),
        *_edges(workflow, label, translate, name),
        *(_state(state, label, state is current) for state in workflow.states),
        "</svg>",
    )
    return "\n".join(parts)


def in_words(workflow: Workflow, label: Label) -> str:
    """Every arrow as words, for those who don't see the picture."""
    return "; ".join(
        f"{label(source)} \N{RIGHTWARDS ARROW} {label(row.target)}: {label(trigger)}"
        for source, trigger, row in cells(workflow.table)
    )


def _arrow_head(name: str) -> str:
    return (
        f'<defs><marker id="{name}-head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8"'
        ' orient="auto-start-reverse"><path class="wf-head" d="M0 0.5 7.5 4 0 7.5z"/></marker></defs>'
    )


def _frames(translate: Translate) -> Iterator[str]:
    captions = ((OPEN_FRAME, ANY_OPEN), (WORKED_FRAME, ANY_WORKED), (VENDOR_FRAME, WITH_THE_VENDOR))
    for frame, caption in captions:
        yield _rectangle("wf-frame", frame, 10)
        yield _text("wf-caption", frame.x + 12, frame.y + 18, (translate(caption),))


def _state(state: State, label: Label, is_current: bool) -> str:
    box = PLACES[state]
    word = label(CHANNEL_OF_STATE.get(state, state))
    marked = " wf-current" if is_current else ""
    lines = _lines(word, 20)
    middle = box.y + box.height // 2 + 5 - LINE // 2 * (len(lines) - 1)
    return (
        f'<g class="wf-state wf-{state}{marked}">{_rectangle("wf-box", box, 6)}'
        f"{_text('wf-name', box.middle, middle, lines)}</g>"
    )


@dataclass(frozen=True, slots=True)
class Edge:
    """An arrow along ``path`` with its word at ``x``, ``y`` (last line when ``is_above``)."""

    path: str
    word: str = ""
    x: int = 0
    y: int = 0
    anchor: str = "middle"
    wrap: int = 18
    is_double: bool = False


def _edges(workflow: Workflow, label: Label, translate: Translate, name: str) -> Iterator[str]:
    edges = (
        *_main_line(label),
        *_to_the_vendor_and_back(label, translate),
        *_early_endings(label),
        *_reopenings(label),
        *(_tier_changes() if State.ESCALATED_PREMIER in workflow.states else ()),
    )
    return (_edge(edge, name) for edge in edges)


def _main_line(label: Label) -> Iterator[Edge]:
    """From left to right; resolving is possible from anywhere inside its frame."""
    y = ROW_Y + BOX_HEIGHT // 2
    hops = (
        (PLACES[State.INTAKE], PLACES[State.DIAGNOSIS], Trigger.START_DIAGNOSIS, 223),
        (PLACES[State.DIAGNOSIS], PLACES[State.PARTNER_RESOLUTION], Trigger.START_RESOLUTION, 516),
        (WORKED_FRAME, PLACES[State.RESOLVED], Trigger.RESOLVE, 892),
        (PLACES[State.RESOLVED], PLACES[State.CLOSED], Trigger.CLOSE, 1101),
    )
    for source, target, trigger, middle in hops:
        wrap = (target.x - source.right) // 7
        yield Edge(f"M{source.right} {y}H{target.x}", label(trigger), middle, y - 8, wrap=wrap)


def _to_the_vendor_and_back(label: Label, translate: Translate) -> Iterator[Edge]:
    low, high = ROW_Y, VENDOR_FRAME.bottom
    middle = (low + high) // 2 + 4
    up, away, back = PLACES[State.DIAGNOSIS].middle, 640, 700
    word = translate(ESCALATE)
    yield Edge(f"M{up} {low}V{high}", word, up + 8, middle, "start")
    yield Edge(f"M{away} {low}V{high}", word, away - 8, middle, "end")
    yield Edge(f"M{back} {high}V{low}", label(Trigger.RETURN_TO_PARTNER), back + 8, middle, "start", 16)


def _tier_changes() -> Iterator[Edge]:
    """Any tier to any other, both ways."""
    first, second, third = (
        PLACES[state] for state in (State.ESCALATED_PREMIER, State.ESCALATED_ADVANCED, State.ESCALATED_SIGNATURE)
    )
    y = TIER_Y + BOX_HEIGHT // 2
    yield Edge(f"M{first.right} {y}H{second.x}", is_double=True)
    yield Edge(f"M{second.right} {y}H{third.x}", is_double=True)
    over = TIER_Y - 14
    yield Edge(
        f"M{first.middle} {TIER_Y}V{over + 6}Q{first.middle} {over} {first.middle + 6} {over}"
        f"H{third.middle - 6}Q{third.middle} {over} {third.middle} {over + 6}V{TIER_Y}",
        is_double=True,
    )


def _early_endings(label: Label) -> Iterator[Edge]:
    intake, merged, closed = PLACES[State.INTAKE], PLACES[State.MERGED], PLACES[State.CLOSED]
    edge, y = OPEN_FRAME.right, merged.y + BOX_HEIGHT // 2
    yield Edge(f"M{edge} {y}H{merged.x}", label(Trigger.MERGE), (edge + merged.x) // 2, y - 8, wrap=9)
    turn, y = closed.middle, 160
    path = f"M{edge} {y}H{turn - 8}Q{turn} {y} {turn} {y + 8}V{ROW_Y}"
    yield Edge(path, label(Trigger.WITHDRAW), 1002, y - 8, wrap=30)
    down = intake.middle - 30
    middle = (OPEN_FRAME.bottom + BOTTOM_Y) // 2 + 4
    yield Edge(f"M{down} {intake.bottom}V{BOTTOM_Y}", label(Trigger.TURN_AWAY), down - 6, middle, "end", 9)


def _reopenings(label: Label) -> Iterator[Edge]:
    word = label(Trigger.REOPEN)
    intake, diagnosis = PLACES[State.INTAKE], PLACES[State.DIAGNOSIS]
    up, middle = intake.middle + 30, (OPEN_FRAME.bottom + BOTTOM_Y) // 2 + 4
    yield Edge(f"M{up} {BOTTOM_Y}V{intake.bottom}", word, up + 8, middle, "start")
    y, left = 372, diagnosis.middle
    for state in (State.RESOLVED, State.CLOSED):
        x = PLACES[state].middle
        path = f"M{x} {PLACES[state].bottom}V{y - 8}Q{x} {y} {x - 8} {y}H{left + 8}Q{left} {y} {left} {y - 8}"
        yield Edge(path + f"V{diagnosis.bottom}", word, x - 14, y - 8, "end")


def _edge(edge: Edge, name: str) -> str:
    head = f'marker-end="url(#{name}-head)"'
    tail = f' marker-start="url(#{name}-head)"' if edge.is_double else ""
    lines = _lines(edge.word, edge.wrap)
    y = edge.y - LINE * (len(lines) - 1)
    if edge.anchor != "middle":  # beside an upright arrow: centred on it
        y = edge.y - LINE * (len(lines) - 1) // 2
    text = _text(f"wf-label wf-{edge.anchor}", edge.x, y, lines) if edge.word else ""
    return f'<g class="wf-edge"><path d="{edge.path}" {head}{tail}/>{text}</g>'


def _rectangle(css: str, box: Box, radius: int) -> str:
    return f'<rect class="{css}" x="{box.x}" y="{box.y}" width="{box.width}" height="{box.height}" rx="{radius}"/>'


def _text(css: str, x: int, y: int, lines: tuple[str, ...]) -> str:
    spans = "".join(
        f'<tspan x="{x}" y="{y + LINE * number}">{escape(line)}</tspan>' for number, line in enumerate(lines)
    )
    return f'<text class="{css}">{spans}</text>'


def _lines(words: str, width: int) -> tuple[str, ...]:
    """``words`` on one line, or on two where they are longer than ``width`` letters."""
    if len(words) <= width or " " not in words:
        return (words,)
    spaces = [place for place, letter in enumerate(words) if letter == " "]
    middle = min(spaces, key=lambda place: abs(place - len(words) // 2))
    return words[:middle], words[middle + 1 :]
