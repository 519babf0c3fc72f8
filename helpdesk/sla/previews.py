"""Hands a proposed change to whoever can see the tickets it would touch.

This room knows no tickets. The room that does tells us at the start how a proposal is answered: counted, and
put in force at once where no open ticket would change, else shown with what it would do; a removal is always shown.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, current_app
from flask.sansio.app import App

Answer = Callable[[int], Response]

_ANSWER = "helpdesk.sla.previews"


def answer_by(app: App, answer: Answer) -> None:
    """Let ``answer`` answer requests that proposed a change, given the revision's id."""
    app.extensions[_ANSWER] = answer


def preview(revision_id: int) -> Response:
    """The answer to a request that proposed the revision; call it after the proposal is committed."""
    answer: Answer = current_app.extensions[_ANSWER]
    return answer(revision_id)
