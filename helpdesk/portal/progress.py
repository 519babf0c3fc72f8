"""How a ticket stands, in the words of somebody who waits for it: the steps taken, and what comes next."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from helpdesk.clock import now
from helpdesk.portal.queries import Arrival
from helpdesk.tickets import reminders
from helpdesk.tickets.models import Ticket
from helpdesk.web.moments import day, moment
from workflows.vocabulary import (
    ESCALATED_STATES,
    OPEN_STATES,
    ClockKind,
    EventKind,
    HoldCause,
    State,
    TurnAwayReason,
    WithdrawReason,
)


@dataclass(frozen=True, slots=True)
class Step:
    """A line of the vertical tracker. ``at``: when a past step ended, or since when the present one lasts."""

    text: str
    at: datetime | None = None
    note: str = ""
    is_done: bool = False
    is_current: bool = False


@dataclass(frozen=True, slots=True)
class NextStep:
    """The box on top: what the contact gets next and by when, in up to three lines."""

    icon: str
    headline: str
    second: str = ""


_PRESENT: Final[Mapping[State, LazyString]] = {
    State.INTAKE: _l("We’re finding the right person for it"),
    State.DIAGNOSIS: _l("We’re finding the cause"),
    State.PARTNER_RESOLUTION: _l("We’re working on the solution"),
    **dict.fromkeys(ESCALATED_STATES, _l("It is with Microsoft")),
    State.RESOLVED: _l("Solved, if you see it so too"),
    State.CLOSED: _l("Closed"),
    State.TURNED_AWAY: _l("We can’t take this one on"),
    State.MERGED: _l("Joined with another request"),
}
_PAST: Final[Mapping[State, LazyString]] = {
    State.INTAKE: _l("We found the right person for it"),
    State.DIAGNOSIS: _l("We looked into the cause"),
    State.PARTNER_RESOLUTION: _l("We worked on the solution"),
    **dict.fromkeys(ESCALATED_STATES, _l("Microsoft looked into it")),
    State.RESOLVED: _l("We thought it was solved"),
    State.CLOSED: _l("Closed for a while"),
    State.TURNED_AWAY: _l("We did not take it on at first"),
}
_AWAY: Final[Mapping[TurnAwayReason, LazyString]] = {
    TurnAwayReason.NOT_OUR_CUSTOMER: _l("It was not bought through us; our mail names where to turn."),
    TurnAwayReason.NOT_A_REQUEST: _l("It isn’t a request for support."),
}

_WITHDRAWN: Final[Mapping[WithdrawReason, LazyString]] = {
    WithdrawReason.NO_LONGER_NEEDED: _l("Closed: no longer needed"),
    WithdrawReason.SOLVED_BY_CONTACT: _l("Closed: it is solved"),
    WithdrawReason.NO_ANSWER: _l("Closed: we did not hear from you"),
}

# the tracker ------------------------------------------------------------------------------------------


def steps(ticket: Ticket, arrivals: Sequence[Arrival]) -> list[Step]:
    """The way so far, the present and the end that is hoped for. Neighbouring stays of one name are one step."""
    taken = [Step(_("We have your request"), ticket.created_at, is_done=True)]
    told = _without_repeats(arrivals)
    for here, following in pairwise(told):
        if here.state is not State.INTAKE:  # receiving it and finding somebody are one step once they are over
            taken.append(Step(_past(here, following), following.at, is_done=True))
    if told:
        taken.append(_present(ticket, told[-1]))
    if ticket.state in OPEN_STATES:
        taken.append(Step(str(_PRESENT[State.RESOLVED])))
    return taken


def _without_repeats(arrivals: Sequence[Arrival]) -> list[Arrival]:
    """A change of channel at Microsoft is one stay there for the customer."""
    told: list[Arrival] = []
    for arrival in arrivals:
        is_same_stay = told and _PRESENT[told[-1].state] is _PRESENT[arrival.state]
        if not is_same_stay:
            told.append(arrival)
    return told


def _past(here: Arrival, following: Arrival) -> str:
    if here.state is State.RESOLVED and following.state is State.CLOSED:
        return _("Solved")
    return str(_PAST[here.state])


def _present(ticket: Ticket, last: Arrival) -> Step:
    is_over = last.state not in OPEN_STATES and last.state is not State.RESOLVED
    text = str(_PRESENT[last.state])
    if last.what is EventKind.WITHDRAWN:
        reason = json.loads(last.particulars).get("reason")
        text = str(_WITHDRAWN.get(reason, _WITHDRAWN[WithdrawReason.NO_LONGER_NEEDED]))
    return Step(text, last.at, _note(ticket, last), is_done=is_over, is_current=not is_over)


def _note(ticket: Ticket, last: Arrival) -> str:
    match ticket.hold_cause:
        case HoldCause.CUSTOMER:
            return _("We wait for your answer.")
        case HoldCause.APPROVAL:
            return _("It waits for an approval.")
        case HoldCause.SCHEDULED if ticket.hold_until is not None:
            return _("We go on %(moment)s.", moment=moment(ticket.hold_until))
    if last.state is State.TURNED_AWAY:
        reason = json.loads(last.particulars).get("reason")
        return str(_AWAY.get(reason, ""))
    return ""


# what comes next --------------------------------------------------------------------------------------

_ANSWERS = (ClockKind.FIRST_RESPONSE, ClockKind.NEXT_RESPONSE, ClockKind.PERIODIC_UPDATE)


def next_step(ticket: Ticket, owed: Mapping[ClockKind, datetime | None]) -> NextStep:
    """What the contact gets next. ``owed``: the unmet promises and their deadlines, as ``queries.owed``.

    A missed promise is owned in a plain sentence, without alarm: it is ours to run, not the reader's.
    """
    match ticket.state:
        case State.RESOLVED:
            return NextStep("circle-check", _("We think it is solved"), _until_closing(ticket))
        case State.CLOSED | State.TURNED_AWAY | State.MERGED:
            return NextStep("circle-check", _("This request is closed"), _("Write below and we take it up anew."))
    if ticket.hold_cause is HoldCause.CUSTOMER:
        return NextStep("user", _("We need your answer"), _until_giving_up(ticket))
    answer = min((due for kind in _ANSWERS if (due := owed.get(kind)) is not None), default=None)
    solution = _solution(owed)
    if answer is not None:
        return NextStep("message-reply", _answer(answer), solution)
    return NextStep("tool", solution or _("We work on it"), _("We write to you as soon as there is news."))


def _answer(due_at: datetime) -> str:
    if due_at < now():
        return _("You should have heard from us by %(moment)s", moment=moment(due_at))
    return _sentence(_("You’ll hear from us by %(moment)s", moment=moment(due_at)))


def _solution(owed: Mapping[ClockKind, datetime | None]) -> str:
    if ClockKind.RESOLUTION not in owed:
        return ""
    due_at = owed[ClockKind.RESOLUTION]
    if due_at is None:
        return _("When we go on, we say by when it is solved.")
    if due_at < now():
        return _("We meant to solve it by %(moment)s and are sorry that it is taking longer.", moment=moment(due_at))
    return _sentence(_("Solved by %(moment)s", moment=moment(due_at)))


def _until_closing(ticket: Ticket) -> str:
    if ticket.closes_at is None:
        return _("Is it? Tell us below.")
    return _("Is it? Without a word from you it closes %(moment)s.", moment=moment(ticket.closes_at))


def _until_giving_up(ticket: Ticket) -> str:
    closes_at = reminders.closes_at(ticket)
    if closes_at is None:
        return _("Write below and we go on at once.")
    return _(
        "Write below and we go on at once. We’ll close this on %(day)s if we don’t hear from you.", day=day(closes_at)
    )


def _sentence(text: str) -> str:
    """Hungarian puts the moment first, and a sentence begins with a capital."""
    return text[:1].upper() + text[1:]
