"""What a rule answers, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple

from flask_babel import gettext as _

from helpdesk.web import moments
from helpdesk.web.labels import label
from workflows.facts import Reason
from workflows.vocabulary import Mend


class Told(NamedTuple):
    """A reason as ``closed_move`` of macros/ui.html shows it; ``url`` leads to what would mend it."""

    text: str
    url: str | None = None
    link_text: str = ""


def say(reason: Reason) -> str:
    """The reason's sentence: words of the vocabulary by their label, days as the reader writes them."""
    params = {name: _said(value) for name, value in reason.params.items()}
    text: str = _(reason.message_id, **params)
    return text


def _said(value: Any) -> Any:
    if isinstance(value, StrEnum):
        return label(value)
    return moments.calendar_date(value) if isinstance(value, date) else value


def told(reasons: Iterable[Reason], number: int) -> list[Told]:
    """Every reason once, each with the way to open the door on the ticket ``number``."""
    sentences = list(dict.fromkeys((say(reason), reason.mend) for reason in reasons))
    following = [*(mend for _text, mend in sentences), None][1:]
    # reasons that one page mends stand together: the last of them leads there
    return [
        Told(text, *_way(mend if mend is not after else None, number))
        for (text, mend), after in zip(sentences, following, strict=False)  # nothing follows where nothing stands
    ]


def _way(mend: Mend | None, number: int) -> tuple[str | None, str]:
    here = f"/tickets/{number}"
    ways = {
        Mend.ASSIGN: ("#assignment", _("Give it to somebody")),
        Mend.BOUNDARY: (f"{here}/diagnosis", _("Look at the diagnosis")),
        Mend.CHANNELS: (f"{here}/escalate", _("Compare channels")),
        Mend.CHILDREN: ("#facts", _("See them")),
        Mend.CLASSIFY: (f"{here}/classification", _("Classify it")),
        Mend.CUSTOMER: (f"{here}/customer", _("Confirm the customer")),
        Mend.DIAGNOSIS: (f"{here}/diagnosis", _("Add it")),
        Mend.ENTITLEMENTS: (f"{here}/escalate", _("Compare channels")),
        Mend.FOLLOW_UP: (f"/tickets/new?follows={number}", _("Open a follow-up")),
        Mend.PACK: (f"{here}/pack", _("See what is missing")),
        Mend.RIGHTS: (f"{here}#rights", _("What to ask the customer")),
        Mend.VENDOR_CASE: ("#cases", _("See the case")),
    }
    return ways.get(mend, (None, "")) if mend is not None else (None, "")
