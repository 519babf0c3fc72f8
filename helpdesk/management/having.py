"""Who had a ticket while a promise ran: the minute ledger, cut where the owner changed."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from flask_babel import gettext as _

from helpdesk.accounts.queries import names_of
from helpdesk.database import db
from helpdesk.tickets.change import particulars_of
from helpdesk.tickets.models import TicketEvent
from helpdesk.tickets.promises import Course
from helpdesk.web.labels import label
from workflows import sla
from workflows.vocabulary import ChannelKind, EventKind, HoldCause, LedgerOwner, State

OURS, PAUSED, VENDOR = "ours", "paused", "plain"
_OURS = frozenset({LedgerOwner.INTAKE, LedgerOwner.DIAGNOSIS, LedgerOwner.PARTNER_RESOLUTION})
_VENDOR = {
    LedgerOwner.VENDOR_COMMERCIAL: ChannelKind.COMMERCIAL,
    LedgerOwner.VENDOR_PREMIER: ChannelKind.PREMIER,
    LedgerOwner.VENDOR_ADVANCED: ChannelKind.ADVANCED,
    LedgerOwner.VENDOR_SIGNATURE: ChannelKind.SIGNATURE,
}
_WAITS = frozenset({LedgerOwner.CUSTOMER, LedgerOwner.APPROVAL, LedgerOwner.SCHEDULED})


@dataclass(frozen=True, slots=True)
class Stretch:
    """Open time that one owner had; ``share`` and ``left`` are per cent of all of it."""

    since: datetime
    text: str
    tone: str
    seconds: int
    left: float
    share: float


class _Piece(NamedTuple):
    start: datetime
    owner: LedgerOwner
    assignee_id: int | None
    seconds: int


def stretches(ticket_id: int, course: Course, cycle: sla.Cycle) -> list[Stretch]:
    """Who had the ticket from the cycle's start to its end, or to now, in order; closed hours left out."""
    if cycle.calendar is None:
        return []
    ledger = sla.ledger(course.events, cycle.calendar, course.at)
    until = cycle.ended_at or course.at
    pieces = _joined(_cut(ledger, _owners(ticket_id), cycle.started_at, until))
    whole = sum(piece.seconds for piece in pieces)
    names = names_of({piece.assignee_id for piece in pieces if piece.assignee_id is not None})
    found: list[Stretch] = []
    done = 0
    for piece in pieces:
        left, share = round(done / whole * 100, 2), round(piece.seconds / whole * 100, 2)
        found.append(Stretch(piece.start, _text(piece, names), _tone(piece.owner), piece.seconds, left, share))
        done += piece.seconds
    return found


def _owners(ticket_id: int) -> list[tuple[datetime, int | None]]:
    """Each change of the owner with its moment, in order."""
    kinds = (EventKind.ASSIGNED, EventKind.UNASSIGNED)
    rows = sa.select(TicketEvent).where(TicketEvent.ticket_id == ticket_id, TicketEvent.what.in_(kinds))
    events = db.session.scalars(rows.order_by(TicketEvent.seq))
    return [(event.at, particulars_of(event).get("to")) for event in events]


def _cut(
    ledger: sla.Ledger, owners: list[tuple[datetime, int | None]], start: datetime, end: datetime
) -> Iterator[_Piece]:
    """Open spans of [start, end), ours cut where the owner changed."""
    changes = [at for at, _owner in owners]
    for span in ledger.spans:
        if span.owner is LedgerOwner.CLOSED_HOURS:
            continue
        begin, finish = max(span.start, start), min(span.end, end)
        edges = [begin, *(at for at in changes if begin < at < finish and span.owner in _OURS), finish]
        for since, until in itertools.pairwise(edges):
            seconds = int((until - since).total_seconds())
            if seconds > 0:
                yield _Piece(since, span.owner, _owner_at(owners, since) if span.owner in _OURS else None, seconds)


def _owner_at(owners: list[tuple[datetime, int | None]], at: datetime) -> int | None:
    return next((owner for since, owner in reversed(owners) if since <= at), None)


def _joined(pieces: Iterator[_Piece]) -> list[_Piece]:
    """Neighbours of one owner become one: a night between them does not part them."""
    joined: list[_Piece] = []
    for piece in pieces:
        last = joined[-1] if joined else None
        if last is not None and (last.owner, last.assignee_id) == (piece.owner, piece.assignee_id):
            joined[-1] = last._replace(seconds=last.seconds + piece.seconds)
        else:
            joined.append(piece)
    return joined


def _tone(owner: LedgerOwner) -> str:
    return OURS if owner in _OURS else PAUSED if owner in _WAITS else VENDOR


def _text(piece: _Piece, names: dict[int, str]) -> str:
    owner = piece.owner
    if owner in _VENDOR:
        return _("Microsoft, %(channel)s", channel=label(_VENDOR[owner]))
    if owner in _WAITS:
        return label(HoldCause(owner.value))
    if owner not in _OURS:
        return label(State.RESOLVED)
    who = names.get(piece.assignee_id, "") if piece.assignee_id is not None else _("nobody")
    return f"{label(State(owner.value))}, {who}"
