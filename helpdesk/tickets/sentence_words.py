"""What a sentence of the timeline is made from: an event as plain values, names, and the labels of words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from flask_babel import gettext as _

from helpdesk.web.labels import label
from workflows.vocabulary import ActorKind, EventKind

Particulars = Mapping[str, Any]


class Happened(NamedTuple):
    """An event as plain values, so that its sentence needs no row."""

    seq: int
    at: datetime
    actor: str
    what: EventKind
    particulars: Particulars


class Names(NamedTuple):
    """Names by id of everybody a stretch of history speaks of."""

    users: Mapping[int, str]
    contacts: Mapping[int, str]
    customers: Mapping[int, str]

    def with_others(self, others: Names) -> Names:
        return Names(*({**own, **more} for own, more in zip(self, others, strict=True)))

    def actor(self, reference: str) -> str:
        """Who did it: "Ana Kovács", or the desk itself."""
        kind, _colon, number = reference.partition(":")
        names = {ActorKind.STAFF.value: self.users, ActorKind.CONTACT.value: self.contacts}.get(kind)
        if names is None or not number.isdigit():
            return _("the desk")
        return names.get(int(number), _("somebody"))

    def user(self, number: Any) -> str:
        return self.users.get(int(number), _("somebody")) if number is not None else _("nobody")


Sentence = Callable[[Particulars, Names], str]


def word(words: type[StrEnum], value: Any) -> str:
    """The label of a word in a history; a word that is no longer known stands as it was written."""
    known = {each.value: each for each in words}
    return label(known[value]) if value in known else str(value or "")


def plain(text: Callable[[], str]) -> Sentence:
    """A sentence that says the same of every such event."""
    return lambda _p, _names: text()
