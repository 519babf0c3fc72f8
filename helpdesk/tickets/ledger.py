"""Whose time it was: a ticket's minute ledger, and what of a missed promise's time was whose.

The rules stand in ``workflows.sla_ledger``; here its figures become texts, shares and bars. Every second belongs
to exactly one owner, so whatever is shown sums to the elapsed time to the second.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

import sqlalchemy as sa
from flask_babel import gettext as _

from helpdesk.database import db
from helpdesk.sla.terms import FrozenTerms, load_terms
from helpdesk.tickets.models import TicketEvent
from helpdesk.tickets.promises import Course
from helpdesk.web.labels import label
from workflows import sla
from workflows.business_time import BusinessCalendar
from workflows.vocabulary import ClockKind, EventKind, HoldCause, LedgerOwner, SlaEvent

MOST_BARS = 400
"""A bar has so many pieces at most: of a longer history the nights are left to the days around them."""
MOST_SPANS = 366

_WEEK = {day: [("00:00", "24:00")] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
ROUND_THE_CLOCK = BusinessCalendar(timezone="UTC", week=_WEEK)


class Stretch(NamedTuple):
    """A stretch of time of one owner; moments are aware UTC."""

    start: datetime
    end: datetime
    seconds: int


class Piece(NamedTuple):
    """A piece of a bar: where it begins and how long it is, in per cent of the whole."""

    owner: LedgerOwner
    left: float
    width: float


@dataclass(frozen=True, slots=True)
class Share:
    """What one owner had. ``per_mille`` of the whole are rounded so that all of them sum to 1000."""

    owner: LedgerOwner
    text: str
    seconds: int
    per_mille: int
    spans: Sequence[Stretch] = ()

    @property
    def percent(self) -> str:
        return percent(self.per_mille)


@dataclass(frozen=True, slots=True)
class ShownLedger:
    """A ledger as its page shows it: ``shares`` in the order of the vocabulary, ``bar`` in the order of time."""

    start: datetime
    end: datetime
    seconds: int
    shares: list[Share]
    bar: list[Piece]
    zone: str


def calendar_of(first_terms: FrozenTerms, terms: FrozenTerms | None = None) -> BusinessCalendar:
    """The resolution clock's; a policy that promises none is measured by whatever else it promises."""
    for known in (first_terms, terms or first_terms):
        for kind in (ClockKind.RESOLUTION, *known.calendars):
            if kind in known.calendars:
                return known.calendars[kind]
    return ROUND_THE_CLOCK


def ledger_of(course: Course) -> sla.Ledger:
    """The ledger of a ticket whose history was replayed."""
    return sla.ledger(course.events, calendar_of(course.first_terms, course.terms), course.at)


def show(ledger: sla.Ledger) -> ShownLedger:
    """Everything the ledger's page shows."""
    spans = ledger.spans
    by_owner: dict[LedgerOwner, list[Stretch]] = {}
    for span in spans:
        seconds = int((span.end - span.start).total_seconds())
        by_owner.setdefault(span.owner, []).append(Stretch(span.start, span.end, seconds))
    shares = [
        Share(share.owner, share.text, share.seconds, share.per_mille, by_owner.get(share.owner, ()))
        for share in shares_of(ledger.totals)
    ]
    return ShownLedger(
        ledger.start, ledger.end, ledger.elapsed_seconds, shares, _bar(ledger, spans), ledger.calendar.timezone
    )


def shares_of(totals: Mapping[LedgerOwner, int]) -> list[Share]:
    """``totals`` (seconds by owner) as shares of their sum, in the order of the vocabulary."""
    owners = [owner for owner in LedgerOwner if totals.get(owner)]
    rounded = per_mille([totals[owner] for owner in owners])
    return [Share(owner, label(owner), totals[owner], share) for owner, share in zip(owners, rounded, strict=True)]


def per_mille(parts: Sequence[int]) -> list[int]:
    """Each part's share of the sum in whole thousandths that sum to 1000: the largest remainders are rounded up."""
    whole = sum(parts)
    if not whole:
        return [0] * len(parts)
    floors = [part * 1000 // whole for part in parts]
    by_remainder = sorted(range(len(parts)), key=lambda place: -(parts[place] * 1000 % whole))
    for place in by_remainder[: 1000 - sum(floors)]:
        floors[place] += 1
    return floors


def percent(thousandths: int) -> str:
    """Thousandths as people read them: "62.4 %"."""
    return _("%(whole)s.%(tenth)s %%", whole=thousandths // 10, tenth=thousandths % 10)


def _bar(ledger: sla.Ledger, spans: Sequence[sla.LedgerSpan]) -> list[Piece]:
    if len(spans) > MOST_BARS:
        spans = [span for span in spans if span.owner is not LedgerOwner.CLOSED_HOURS]
        joined = [list(group) for _owner, group in groupby(spans, key=lambda span: span.owner)]
        spans = [group[0]._replace(end=group[-1].end) for group in joined][:MOST_BARS]
    whole = ledger.elapsed_seconds or 1
    return [
        Piece(
            span.owner,
            round((span.start - ledger.start).total_seconds() * 100 / whole, 3),
            round((span.end - span.start).total_seconds() * 100 / whole, 3),
        )
        for span in spans
    ]


# what of a missed promise's time was whose ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Attribution:
    """Whose the time was from the start of a promise to its first late second, computed and never typed in.

    ``shares`` are of the open time, ``closed_seconds`` lie beside it; together they are ``seconds`` of real time.
    """

    shares: list[Share]
    closed_seconds: int
    seconds: int

    @property
    def main(self) -> str:
        """The one who had most of it: "Diagnosis 62 %"; empty when no open time had passed."""
        if not self.shares:
            return ""
        most = max(self.shares, key=lambda share: share.seconds)
        return _("%(who)s %(share)s %%", who=most.text, share=(most.per_mille + 5) // 10)


def attribution(ledger: sla.Ledger, started_at: datetime, late_from_at: datetime) -> Attribution:
    """Share out the time of a promise that ran from ``started_at`` and was late from ``late_from_at`` (aware UTC)."""
    totals = ledger.share(started_at, late_from_at)
    closed = totals.pop(LedgerOwner.CLOSED_HOURS, 0)
    return Attribution(shares_of(totals), closed, closed + sum(totals.values()))


_READ = (EventKind.CREATED, EventKind.HELD, EventKind.RELEASED, EventKind.TERMS_CHANGED)


def ledgers_of(ticket_ids: Iterable[int], now: datetime) -> dict[int, sla.Ledger]:
    """The ledgers of several tickets up to ``now`` (aware UTC), read in one statement."""
    columns = (TicketEvent.ticket_id, TicketEvent.at, TicketEvent.what, TicketEvent.to_state, TicketEvent.particulars)
    rows = sa.select(*columns).where(
        TicketEvent.ticket_id.in_(set(ticket_ids)),
        sa.or_(TicketEvent.what.in_(_READ), TicketEvent.to_state.is_not(None)),
    )
    found = db.session.execute(rows.order_by(TicketEvent.ticket_id, TicketEvent.seq)).all()
    return {
        ticket_id: _drawn_up([row[1:] for row in group], now)
        for ticket_id, group in groupby(found, key=lambda row: row.ticket_id)
    }


def _drawn_up(rows: Sequence[Any], now: datetime) -> sla.Ledger:
    first_terms = load_terms(json.loads(rows[0][3])["terms"])
    events = [_heard(at, what, to_state, text) for at, what, to_state, text in rows]
    return sla.ledger(events, calendar_of(first_terms), max(now, events[-1].at))


def _heard(at: datetime, what: EventKind, to_state: Any, text: str) -> sla.Event:
    """An event as the ledger hears it: it asks for less than the clocks do."""
    match what:
        case EventKind.CREATED:
            return sla.Event(at, SlaEvent.CREATE)
        case EventKind.HELD:
            return sla.Event(at, SlaEvent.HOLD, cause=HoldCause(json.loads(text)["cause"]))
        case EventKind.RELEASED:
            return sla.Event(at, SlaEvent.RELEASE)
        case EventKind.TERMS_CHANGED:
            return sla.Event(at, SlaEvent.TARGETS, policy=load_terms(json.loads(text)["terms"]).whole)
        case _:
            return sla.Event(at, SlaEvent.STATE, state=to_state)
