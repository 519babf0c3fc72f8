"""The way a ticket has really gone: its steps, repeats included, and whom its time belonged to."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from flask_babel import gettext as _

from helpdesk.database import db
from helpdesk.tickets.ledger import ledger_of
from helpdesk.tickets.models import LEFT_VENDOR, Ticket, TicketEvent
from helpdesk.tickets.promises import Course
from helpdesk.web import moments
from helpdesk.web.labels import label
from workflows import sla
from workflows.vocabulary import (
    ESCALATED_STATES,
    OPEN_STATES,
    EventKind,
    HoldCause,
    LedgerOwner,
    ReturnReason,
    SlaEvent,
    State,
)

BESIDE_THE_STEPS = {
    LedgerOwner.CUSTOMER: HoldCause.CUSTOMER,
    LedgerOwner.APPROVAL: HoldCause.APPROVAL,
    LedgerOwner.SCHEDULED: HoldCause.SCHEDULED,
    LedgerOwner.CLOSED_HOURS: None,
}
"""Time that no step is given: listed under the way instead."""


class Step(NamedTuple):
    """``why``: what was said when it left the vendor for this step, or went on to another tier."""

    text: str
    time_text: str
    is_current: bool = False
    is_to_come: bool = False
    why: str = ""


class Sum(NamedTuple):
    text: str
    time_text: str


@dataclass(frozen=True, slots=True)
class Way:
    steps: list[Step]
    sums: list[Sum]
    open_for: str


def way_of(ticket: Ticket, course: Course, close_after: int) -> Way:
    """The way of ``ticket``; ``close_after`` are the seconds a resolved ticket stays quiet before it closes."""
    ledger = ledger_of(course)
    entered = _entered(course.events)
    ends = [at for _state, at in entered[1:]] + [ledger.end]
    reasons = _reasons(ticket.id, [state for state, _at in entered])
    steps = [
        Step(
            label(state),
            _time_in(ledger, at, end) if state in OPEN_STATES else "",
            is_current=place == len(entered),
            why=why,
        )
        for place, ((state, at), end, why) in enumerate(zip(entered, ends, reasons, strict=True), start=1)
    ]
    return Way(steps + _to_come(ticket, close_after), _sums(ledger), _open_for(ticket, ledger))


def _entered(events: Sequence[sla.Event]) -> list[tuple[State, datetime]]:
    """Every state with the moment it was entered."""
    entered: list[tuple[State, datetime]] = []
    for event in events:
        if event.type is SlaEvent.CREATE:
            entered.append((State.INTAKE, event.at))
        elif event.type is SlaEvent.STATE and event.state is not None and event.state is not entered[-1][0]:
            entered.append((event.state, event.at))
    return entered


def _reasons(ticket_id: int, states: Sequence[State]) -> list[str]:
    """Why each state was entered, for those that follow a stay with the vendor; else empty."""
    if not ESCALATED_STATES.intersection(states):
        return [""] * len(states)
    columns = sa.select(TicketEvent.what, TicketEvent.particulars).where(TicketEvent.ticket_id == ticket_id)
    rows = columns.where(sa.text(f"ticket_event.{LEFT_VENDOR}")).order_by(TicketEvent.seq)
    left = iter([_reason(what, json.loads(text)) for what, text in db.session.execute(rows)])
    follows = [False, *(state in ESCALATED_STATES for state in states[:-1])]
    return [next(left, "") if is_behind else "" for is_behind in follows]


def _reason(what: EventKind, particulars: Mapping[str, Any]) -> str:
    said = str(particulars.get("reason") or "")
    if what is EventKind.RETURNED_TO_PARTNER:
        known = {reason.value: label(reason) for reason in ReturnReason}
        return known.get(said, said)
    return said if what is EventKind.ESCALATED else ""


def _time_in(ledger: sla.Ledger, start: datetime, end: datetime) -> str:
    shares = ledger.share(start, end)
    return moments.open_time(sum(seconds for owner, seconds in shares.items() if owner not in BESIDE_THE_STEPS))


def _to_come(ticket: Ticket, close_after: int) -> list[Step]:
    after = _("%(time)s after", time=moments.duration(close_after))
    if ticket.is_open:
        return [Step(label(State.RESOLVED), "", is_to_come=True), Step(label(State.CLOSED), after, is_to_come=True)]
    if ticket.state is State.RESOLVED:
        return [
            Step(label(State.CLOSED), moments.moment(ticket.closes_at) if ticket.closes_at else after, is_to_come=True)
        ]
    return []


def _sums(ledger: sla.Ledger) -> list[Sum]:
    return [
        Sum(label(cause), moments.open_time(ledger.totals[owner]))
        if cause
        else Sum(_("Outside our hours"), moments.duration(ledger.totals[owner]))
        for owner, cause in BESIDE_THE_STEPS.items()
        if ledger.totals.get(owner)
    ]


def _open_for(ticket: Ticket, ledger: sla.Ledger) -> str:
    time = moments.duration(ledger.elapsed_seconds)
    return _("open for %(time)s", time=time) if ticket.is_open else _("took %(time)s", time=time)
