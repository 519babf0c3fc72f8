"""What each kind of event says in the timeline: the end of a sentence that begins with who did it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from flask_babel import gettext as _

from helpdesk.tickets.clock_sentences import CLOCK_SENTENCES
from helpdesk.tickets.sentence_words import Happened, Names, Particulars, Sentence, plain, word
from helpdesk.tickets.vendor_sentences import VENDOR_SENTENCES
from helpdesk.web import moments
from workflows.vocabulary import (
    ClockKind,
    EventKind,
    HoldCause,
    Kind,
    Priority,
    ResolutionCode,
    Source,
    TurnAwayReason,
    WithdrawReason,
)


def sentence(event: Happened, names: Names) -> str:
    """What was done, as the end of a sentence that begins with who did it."""
    return SENTENCES[event.what](event.particulars, names)


def _created(p: Particulars, _names: Names) -> str:
    if p.get("reply"):
        return _("opened the ticket and wrote to the customer")
    source = word(Source, p.get("source"))
    return _("opened the ticket %(source)s", source=source)


def _turned_away(p: Particulars, _names: Names) -> str:
    return _("turned it away: %(reason)s", reason=word(TurnAwayReason, p.get("reason")))


def _resolved(p: Particulars, _names: Names) -> str:
    return _("resolved it: %(code)s", code=word(ResolutionCode, p.get("resolution_code")))


def _reopened(p: Particulars, _names: Names) -> str:
    return _("reopened it: %(reason)s", reason=p["reason"]) if p.get("reason") else _("reopened it")


def _withdrawn(p: Particulars, _names: Names) -> str:
    return _("withdrew it: %(reason)s", reason=word(WithdrawReason, p.get("reason")))


def _merged(p: Particulars, _names: Names) -> str:
    return _("merged it into #%(number)s", number=str(p.get("target", "")).lstrip("#"))


def _assigned(p: Particulars, names: Names) -> str:
    if p.get("was") is not None:
        return _("gave it to %(to)s, before that %(was)s had it", to=names.user(p["to"]), was=names.user(p["was"]))
    return _("gave it to %(to)s", to=names.user(p["to"]))


def _unassigned(p: Particulars, names: Names) -> str:
    return _("took it from %(was)s", was=names.user(p.get("was")))


def _held(p: Particulars, _names: Names) -> str:
    if p.get("until"):
        return _("put it on hold until %(moment)s", moment=moments.moment(datetime.fromisoformat(p["until"])))
    return _("put it on hold: %(cause)s", cause=word(HoldCause, p.get("cause")))


def _released(p: Particulars, _names: Names) -> str:
    return _("ended the hold: %(cause)s", cause=word(HoldCause, p.get("cause")))


def _confirmed(p: Particulars, names: Names) -> str:
    return _("confirmed the customer: %(name)s", name=names.customers.get(p.get("customer", 0), ""))


def _classified(p: Particulars, _names: Names) -> str:
    return _("classified it as %(priority)s", priority=word(Priority, p.get("priority")))


def _kind_changed(p: Particulars, _names: Names) -> str:
    return _("changed the kind to %(kind)s", kind=word(Kind, p.get("kind")))


def _overridden(p: Particulars, _names: Names) -> str:
    priority = word(Priority, p.get("priority"))
    if p.get("clock"):
        return _("raised the priority to %(priority)s: %(clock)s", priority=priority, clock=word(ClockKind, p["clock"]))
    return _("set the priority to %(priority)s: %(reason)s", priority=priority, reason=p.get("reason", ""))


def _cleared(p: Particulars, _names: Names) -> str:
    return _("let the matrix decide the priority again: %(priority)s", priority=word(Priority, p.get("priority")))


def _facts_changed(p: Particulars, _names: Names) -> str:
    return _("put the subject in other words") if p.get("subject") else _("changed the facts")


def _linked(p: Particulars, _names: Names) -> str:
    if p.get("kind") == EventKind.MERGED.value:
        return _("merged #%(number)s into it", number=p.get("ticket"))
    return _("linked it with #%(number)s", number=p.get("ticket"))


def _tags_changed(p: Particulars, _names: Names) -> str:
    added, removed = ", ".join(p.get("added") or ()), ", ".join(p.get("removed") or ())
    if added and removed:
        return _("added the tags %(added)s and took away %(removed)s", added=added, removed=removed)
    return _("added the tags %(added)s", added=added) if added else _("took away the tags %(removed)s", removed=removed)


def _reminded(p: Particulars, _names: Names) -> str:
    if int(p.get("count") or 1) == 1:
        return _("reminded the customer that an answer is awaited")
    return _("reminded the customer again: reminder %(count)s", count=p["count"])


SENTENCES: Mapping[EventKind, Sentence] = {
    **VENDOR_SENTENCES,
    **CLOCK_SENTENCES,
    EventKind.CREATED: _created,
    EventKind.DIAGNOSIS_STARTED: plain(lambda: _("began the diagnosis")),
    EventKind.TURNED_AWAY: _turned_away,
    EventKind.RESOLUTION_STARTED: plain(lambda: _("began to solve it")),
    EventKind.RESOLVED: _resolved,
    EventKind.CLOSED: plain(lambda: _("closed it")),
    EventKind.REOPENED: _reopened,
    EventKind.WITHDRAWN: _withdrawn,
    EventKind.MERGED: _merged,
    EventKind.CONTACT_WROTE: plain(lambda: _("wrote")),
    EventKind.REPLIED: plain(lambda: _("answered the customer")),
    EventKind.NOTED: plain(lambda: _("wrote a note")),
    EventKind.ASSIGNED: _assigned,
    EventKind.UNASSIGNED: _unassigned,
    EventKind.HELD: _held,
    EventKind.RELEASED: _released,
    EventKind.CUSTOMER_CONFIRMED: _confirmed,
    EventKind.CLASSIFIED: _classified,
    EventKind.KIND_CHANGED: _kind_changed,
    EventKind.DIAGNOSIS_RECORDED: plain(lambda: _("recorded the diagnosis")),
    EventKind.PRIORITY_OVERRIDDEN: _overridden,
    EventKind.PRIORITY_OVERRIDE_CLEARED: _cleared,
    EventKind.FACTS_CHANGED: _facts_changed,
    EventKind.LINKED: _linked,
    EventKind.TAGS_CHANGED: _tags_changed,
    EventKind.REMINDED: _reminded,
    EventKind.TRACKER_ISSUED: plain(lambda: _("issued a tracker link")),
    EventKind.TRACKER_REVOKED: plain(lambda: _("revoked the tracker links")),
}
