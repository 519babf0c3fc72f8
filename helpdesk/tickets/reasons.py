"""What a rule answers, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

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
    if mend is None or mend not in _WAYS:
        return None, ""
    address, text = _WAYS[mend]
    return address.format(number=number), str(text)


_WAYS = {
    Mend.ASSIGN: ("#assignment", _l("Give it to somebody")),
    Mend.BOUNDARY: ("/tickets/{number}/diagnosis", _l("Look at the diagnosis")),
    Mend.CHANNELS: ("/tickets/{number}/escalate", _l("Compare channels")),
    Mend.CHILDREN: ("#facts", _l("See them")),
    Mend.CLASSIFY: ("/tickets/{number}/classification", _l("Classify it")),
    Mend.CUSTOMER: ("/tickets/{number}/customer", _l("Confirm the customer")),
    Mend.DIAGNOSIS: ("/tickets/{number}/diagnosis", _l("Add it")),
    Mend.ENTITLEMENTS: ("/tickets/{number}/escalate", _l("Compare channels")),
    Mend.FOLLOW_UP: ("/tickets/new?follows={number}", _l("Open a follow-up")),
    Mend.PACK: ("/tickets/{number}/pack", _l("See what is missing")),
    Mend.RIGHTS: ("/tickets/{number}#rights", _l("What to ask the customer")),
    Mend.VENDOR_CASE: ("#cases", _l("See the case")),
}
"""Where a door that is closed can be opened: an address, and what the link to it says."""
