"""What the timeline says of promises, their clocks, and windows that money hangs on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from flask_babel import gettext as _

from helpdesk.tickets.sentence_words import Names, Particulars, Sentence, plain, word
from helpdesk.web import moments
from workflows.vocabulary import ClockKind, EventKind, MoneyState


def _terms_changed(p: Particulars, _names: Names) -> str:
    if p.get("plan"):
        return _("put other promises in force, since the customer’s support plan changed")
    return _("put other promises in force")


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


def _warned(p: Particulars, _names: Names) -> str:
    return _("warned: %(clock)s is due soon", clock=word(ClockKind, p.get("clock")))


def _breached(p: Particulars, _names: Names) -> str:
    return _("noted a breach: %(clock)s is late", clock=word(ClockKind, p.get("clock")))


def _laddered(p: Particulars, _names: Names) -> str:
    clock = word(ClockKind, p.get("clock"))
    return _("noted that %(clock)s is still late: level %(level)s", clock=clock, level=p.get("level", ""))


CLOCK_SENTENCES: Mapping[EventKind, Sentence] = {
    EventKind.TERMS_CHANGED: _terms_changed,
    EventKind.MONEY_SET: _money_set,
    EventKind.MONEY_ENDED: _money_ended,
    EventKind.MONEY_WARNED: _money_warned,
    EventKind.MONEY_MISSED: _money_missed,
    EventKind.MONEY_CORRECTED: _money_corrected,
    EventKind.MONEY_MOVED: _money_moved,
    EventKind.MONEY_RESUMED: _money_resumed,
    EventKind.CLOCK_WARNED: _warned,
    EventKind.CLOCK_BREACHED: _breached,
    EventKind.CLOCK_LADDERED: _laddered,
    EventKind.BREACH_REVIEWED: plain(lambda: _("reviewed a breach")),
}
