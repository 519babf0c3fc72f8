"""What each kind of event says in the timeline: the end of a sentence that begins with who did it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from flask_babel import gettext as _
from flask_babel import ngettext

from helpdesk.web import moments
from helpdesk.web.labels import label
from workflows.vocabulary import (
    ActorKind,
    AttachmentVerdict,
    ChannelKind,
    ClockKind,
    EventKind,
    HoldCause,
    Kind,
    MoneyState,
    PackItem,
    Priority,
    ResolutionCode,
    ReturnReason,
    Severity,
    Source,
    TurnAwayReason,
    VendorCaseState,
    WithdrawReason,
)


class Happened(NamedTuple):
    """An event as plain values, so that its sentence needs no row."""

    seq: int
    at: datetime
    actor: str
    what: EventKind
    particulars: Mapping[str, Any]


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


def sentence(event: Happened, names: Names) -> str:
    """What was done, as the end of a sentence that begins with who did it."""
    return SENTENCES[event.what](event.particulars, names)


Particulars = Mapping[str, Any]
Sentence = Callable[[Particulars, Names], str]


def _word(words: type[StrEnum], value: Any) -> str:
    """The label of a word in a history; a word that is no longer known stands as it was written."""
    known = {word.value: word for word in words}
    return label(known[value]) if value in known else str(value or "")


def _created(p: Particulars, _names: Names) -> str:
    if p.get("reply"):
        return _("opened the ticket and wrote to the customer")
    source = _word(Source, p.get("source"))
    return _("opened the ticket %(source)s", source=source)


def _turned_away(p: Particulars, _names: Names) -> str:
    return _("turned it away: %(reason)s", reason=_word(TurnAwayReason, p.get("reason")))


def _escalated(p: Particulars, _names: Names) -> str:
    channel = _word(ChannelKind, p.get("channel"))
    if p.get("reason"):  # asked for on the way from one tier to another
        return _("escalated it to Microsoft: %(channel)s. %(reason)s", channel=channel, reason=p["reason"])
    return _("escalated it to Microsoft: %(channel)s", channel=channel)


def _returned(p: Particulars, _names: Names) -> str:
    return _("took it back from Microsoft: %(reason)s", reason=_word(ReturnReason, p.get("reason")))


def _resolved(p: Particulars, _names: Names) -> str:
    return _("resolved it: %(code)s", code=_word(ResolutionCode, p.get("resolution_code")))


def _reopened(p: Particulars, _names: Names) -> str:
    return _("reopened it: %(reason)s", reason=p["reason"]) if p.get("reason") else _("reopened it")


def _withdrawn(p: Particulars, _names: Names) -> str:
    return _("withdrew it: %(reason)s", reason=_word(WithdrawReason, p.get("reason")))


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
    return _("put it on hold: %(cause)s", cause=_word(HoldCause, p.get("cause")))


def _released(p: Particulars, _names: Names) -> str:
    return _("ended the hold: %(cause)s", cause=_word(HoldCause, p.get("cause")))


def _confirmed(p: Particulars, names: Names) -> str:
    return _("confirmed the customer: %(name)s", name=names.customers.get(p.get("customer", 0), ""))


def _classified(p: Particulars, _names: Names) -> str:
    return _("classified it as %(priority)s", priority=_word(Priority, p.get("priority")))


def _kind_changed(p: Particulars, _names: Names) -> str:
    return _("changed the kind to %(kind)s", kind=_word(Kind, p.get("kind")))


def _overridden(p: Particulars, _names: Names) -> str:
    priority = _word(Priority, p.get("priority"))
    if p.get("clock"):
        return _(
            "raised the priority to %(priority)s: %(clock)s", priority=priority, clock=_word(ClockKind, p["clock"])
        )
    return _("set the priority to %(priority)s: %(reason)s", priority=priority, reason=p.get("reason", ""))


def _cleared(p: Particulars, _names: Names) -> str:
    return _("let the matrix decide the priority again: %(priority)s", priority=_word(Priority, p.get("priority")))


def _facts_changed(p: Particulars, _names: Names) -> str:
    return _("put the subject in other words") if p.get("subject") else _("changed the facts")


def _linked(p: Particulars, _names: Names) -> str:
    if p.get("kind") == EventKind.MERGED.value:
        return _("merged #%(number)s into it", number=p.get("ticket"))
    return _("linked it with #%(number)s", number=p.get("ticket"))


def _guard_overridden(p: Particulars, _names: Names) -> str:
    is_pack, reason = p.get("guard") == "pack", p.get("reason", "")
    if not reason:
        return _("no longer lets the escalation pack go incomplete")
    if is_pack:
        return _("lets the escalation pack go incomplete: %(reason)s", reason=reason)
    return _("overrode the boundary: %(reason)s", reason=reason)


def _pack_recorded(p: Particulars, _names: Names) -> str:
    items = ", ".join(_word(PackItem, item) for item in p.get("items", ()))
    return _("filled in the escalation pack: %(items)s", items=items) if items else _("looked over the escalation pack")


def _attachment_checked(p: Particulars, _names: Names) -> str:
    return _("checked an attachment: %(verdict)s", verdict=_word(AttachmentVerdict, p.get("verdict")))


def _case_opened(p: Particulars, _names: Names) -> str:
    words = {"channel": _word(ChannelKind, p.get("channel")), "severity": _word(Severity, p.get("severity"))}
    return _("began a case with Microsoft: %(channel)s, severity %(severity)s", **words)


def _number_recorded(p: Particulars, _names: Names) -> str:
    return _("recorded Microsoft’s number %(number)s", number=p.get("number"))


def _vendor_noted(p: Particulars, _names: Names) -> str:
    if p.get("is_mirrored"):
        return _("brought in our note from Partner Center") if p.get("is_ours") else _("brought in Microsoft’s note")
    if p.get("asks_state"):
        return _("asked Microsoft to move the case: %(state)s", state=_word(VendorCaseState, p["asks_state"]))
    if p.get("asks_severity"):
        return _("asked Microsoft for severity %(severity)s", severity=_word(Severity, p["asks_severity"]))
    return _("wrote to Microsoft") if p.get("is_ours") else _("pasted what Microsoft wrote")


def _terms_changed(p: Particulars, _names: Names) -> str:
    if p.get("plan"):
        return _("put other promises in force, since the customer’s support plan changed")
    return _("put other promises in force")


def _case_changed(p: Particulars, _names: Names) -> str:
    if "terms" in p and not p.get("severity"):
        return _("timed Microsoft’s case by the times it promises now")
    if p.get("severity"):
        return _("changed the severity at Microsoft to %(severity)s", severity=_word(Severity, p["severity"]))
    return _("moved Microsoft’s case: %(state)s", state=_word(VendorCaseState, p.get("state")))


def _warned(p: Particulars, _names: Names) -> str:
    return _("warned: %(clock)s is due soon", clock=_word(ClockKind, p.get("clock")))


def _breached(p: Particulars, _names: Names) -> str:
    return _("noted a breach: %(clock)s is late", clock=_word(ClockKind, p.get("clock")))


def _laddered(p: Particulars, _names: Names) -> str:
    clock = _word(ClockKind, p.get("clock"))
    return _("noted that %(clock)s is still late: level %(level)s", clock=clock, level=p.get("level", ""))


def _escalation_due(p: Particulars, _names: Names) -> str:
    missing = len(p.get("missing") or ())
    if len(p.get("open") or ()) > 1:
        return _("marked it as due for escalation: several channels are open, and somebody must choose")
    if not missing:
        return _("marked it as due for escalation")
    return ngettext(
        "marked it as due for escalation: one thing is missing",
        "marked it as due for escalation: %(num)s things are missing",
        missing,
    )


def _tags_changed(p: Particulars, _names: Names) -> str:
    added, removed = ", ".join(p.get("added") or ()), ", ".join(p.get("removed") or ())
    if added and removed:
        return _("added the tags %(added)s and took away %(removed)s", added=added, removed=removed)
    return _("added the tags %(added)s", added=added) if added else _("took away the tags %(removed)s", removed=removed)


def _reminded(p: Particulars, _names: Names) -> str:
    if int(p.get("count") or 1) == 1:
        return _("reminded the customer that an answer is awaited")
    return _("reminded the customer again: reminder %(count)s", count=p["count"])


def _money_set(p: Particulars, _names: Names) -> str:
    due = moments.moment(datetime.fromisoformat(p["due"])) if p.get("due") else ""
    return _("set a money deadline: %(window)s, ends %(moment)s", window=p.get("window", ""), moment=due)


def _money_ended(p: Particulars, _names: Names) -> str:
    window = p.get("window", "")
    if p.get("state") == MoneyState.WAIVED:
        return _("waived a money deadline: %(window)s, %(reason)s", window=window, reason=p.get("reason", ""))
    if p.get("state") == MoneyState.LAPSED:
        return _("ended a money deadline with the ticket: %(window)s", window=window)
    return _("asked in time: %(window)s", window=window)


def _money_warned(p: Particulars, _names: Names) -> str:
    return _("warned: %(window)s ends soon", window=p.get("window", ""))


def _money_missed(p: Particulars, _names: Names) -> str:
    return _("noted that %(window)s was missed", window=p.get("window", ""))


def _money_corrected(p: Particulars, _names: Names) -> str:
    due = {name: moments.moment(datetime.fromisoformat(p[name])) if p.get(name) else "" for name in ("due", "was_due")}
    return _(
        "corrected a money deadline from %(was)s, ends %(was_due)s, to %(window)s, ends %(due)s: %(reason)s",
        was=p.get("was", ""), was_due=due["was_due"], window=p.get("window", ""), due=due["due"],
        reason=p.get("reason", ""),
    )  # fmt: skip


def _money_moved(p: Particulars, _names: Names) -> str:
    window = p.get("window", "")
    if p.get("to"):
        return _("handed a money deadline to #%(number)s: %(window)s", number=p["to"], window=window)
    return _("took over a money deadline from #%(number)s: %(window)s", number=p.get("was", ""), window=window)


def _money_resumed(p: Particulars, _names: Names) -> str:
    return _("let a money deadline run again: %(window)s", window=p.get("window", ""))


def _incident_linked(p: Particulars, _names: Names) -> str:
    return _("linked it with Microsoft’s incident %(number)s", number=p.get("number", ""))


def _incident_unlinked(p: Particulars, _names: Names) -> str:
    return _("took it off Microsoft’s incident %(number)s", number=p.get("number", ""))


def _plain(text: Callable[[], str]) -> Sentence:
    return lambda _p, _names: text()


SENTENCES: Mapping[EventKind, Sentence] = {
    EventKind.CREATED: _created,
    EventKind.DIAGNOSIS_STARTED: _plain(lambda: _("began the diagnosis")),
    EventKind.TURNED_AWAY: _turned_away,
    EventKind.RESOLUTION_STARTED: _plain(lambda: _("began to solve it")),
    EventKind.ESCALATED: _escalated,
    EventKind.RETURNED_TO_PARTNER: _returned,
    EventKind.RESOLVED: _resolved,
    EventKind.CLOSED: _plain(lambda: _("closed it")),
    EventKind.REOPENED: _reopened,
    EventKind.WITHDRAWN: _withdrawn,
    EventKind.MERGED: _merged,
    EventKind.CONTACT_WROTE: _plain(lambda: _("wrote")),
    EventKind.REPLIED: _plain(lambda: _("answered the customer")),
    EventKind.NOTED: _plain(lambda: _("wrote a note")),
    EventKind.ASSIGNED: _assigned,
    EventKind.UNASSIGNED: _unassigned,
    EventKind.HELD: _held,
    EventKind.RELEASED: _released,
    EventKind.CUSTOMER_CONFIRMED: _confirmed,
    EventKind.CLASSIFIED: _classified,
    EventKind.KIND_CHANGED: _kind_changed,
    EventKind.DIAGNOSIS_RECORDED: _plain(lambda: _("recorded the diagnosis")),
    EventKind.PRIORITY_OVERRIDDEN: _overridden,
    EventKind.PRIORITY_OVERRIDE_CLEARED: _cleared,
    EventKind.FACTS_CHANGED: _facts_changed,
    EventKind.TERMS_CHANGED: _terms_changed,
    EventKind.LINKED: _linked,
    EventKind.TAGS_CHANGED: _tags_changed,
    EventKind.REMINDED: _reminded,
    EventKind.TRACKER_ISSUED: _plain(lambda: _("issued a tracker link")),
    EventKind.TRACKER_REVOKED: _plain(lambda: _("revoked the tracker links")),
    EventKind.GUARD_OVERRIDDEN: _guard_overridden,
    EventKind.PACK_RECORDED: _pack_recorded,
    EventKind.ATTACHMENT_CHECKED: _attachment_checked,
    EventKind.VENDOR_CASE_OPENED: _case_opened,
    EventKind.VENDOR_NUMBER_RECORDED: _number_recorded,
    EventKind.VENDOR_NOTED: _vendor_noted,
    EventKind.VENDOR_CHASED: _plain(lambda: _("reminded Microsoft")),
    EventKind.VENDOR_CASE_CHANGED: _case_changed,
    EventKind.MONEY_SET: _money_set,
    EventKind.MONEY_ENDED: _money_ended,
    EventKind.MONEY_WARNED: _money_warned,
    EventKind.MONEY_MISSED: _money_missed,
    EventKind.MONEY_CORRECTED: _money_corrected,
    EventKind.MONEY_MOVED: _money_moved,
    EventKind.MONEY_RESUMED: _money_resumed,
    EventKind.INCIDENT_LINKED: _incident_linked,
    EventKind.INCIDENT_UNLINKED: _incident_unlinked,
    EventKind.CLOCK_WARNED: _warned,
    EventKind.CLOCK_BREACHED: _breached,
    EventKind.CLOCK_LADDERED: _laddered,
    EventKind.ESCALATION_DUE: _escalation_due,
    EventKind.BREACH_REVIEWED: _plain(lambda: _("reviewed a breach")),
}
