"""Every move has a label for its button, a sentence for the timeline, and tests that name it."""

from __future__ import annotations

import re

from flask import Flask

from helpdesk.tickets.sentence_words import Names
from helpdesk.tickets.sentences import SENTENCES
from helpdesk.web.labels import label
from tests.architecture.sources import ROOT
from workflows.machine import EVENT_OF
from workflows.vocabulary import EventKind, State, Trigger

NOBODY = Names({}, {}, {})


def test_every_move_and_every_state_has_a_label(app: Flask) -> None:
    assert [word for word in (*Trigger, *State) if label(word) in ("", word.value)] == []


def test_the_timeline_tells_of_every_move(app: Flask) -> None:
    sentences = {trigger: SENTENCES[EVENT_OF[trigger]]({}, NOBODY) for trigger in Trigger}
    assert [trigger for trigger, said in sentences.items() if len(said.split()) < 2] == []


def test_the_timeline_tells_of_every_kind_of_event() -> None:
    assert set(SENTENCES) == set(EventKind)


def test_every_move_has_tests_that_name_it() -> None:
    own = ROOT / "tests" / "architecture"
    paths = [path for path in (ROOT / "tests").rglob("test_*.py") if own not in path.parents]
    everything = "\n".join(path.read_text(encoding="utf-8") for path in paths)
    unnamed = [
        trigger for trigger in Trigger if not re.search(rf"Trigger\.{trigger.name}\b|[\"']{trigger}[\"']", everything)
    ]
    assert unnamed == []
