"""Event chains of copied tickets, hashed as ``helpdesk.tickets.history`` hashes them, without its rows."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from helpdesk.database import db
from helpdesk.tickets.history import canonical
from helpdesk.tickets.models import TicketEvent
from workflows.vocabulary import EventKind

EVENT_COLUMNS = ("ticket_id", "seq", "at", "actor", "what", "from_state", "to_state", "particulars", "hash")
_IDS = frozenset({"message", "case", "customer"})


@dataclass(slots=True)
class Copy:
    """One copy to be made. ``shift`` are seconds back in time; offsets are added to the originals' ids."""

    id: int
    original_id: int
    shift: int
    customer_id: int
    contact_id: int
    message_offset: int
    clock_offset: int
    breach_offset: int
    case_offset: int
    event_head: str = ""


@dataclass(frozen=True, slots=True)
class _Line:
    """One event of an original; ``particulars`` are read only where ids stand in them."""

    seq: int
    at: datetime
    actor: str
    what: str
    states: tuple[str | None, str | None]
    text: str
    particulars: dict[str, Any] | None


class Histories:
    """The originals' events, ready to be told of their copies."""

    def __init__(self, numbers: Sequence[int], key: bytes) -> None:
        """``numbers`` are the originals'; ``key`` is that of HELPDESK_AUDIT_KEY."""
        self._key = key
        self._lines: dict[int, list[_Line]] = {}
        rows = sa.select(TicketEvent).where(TicketEvent.ticket_id.in_(numbers))
        for event in db.session.scalars(rows.order_by(TicketEvent.ticket_id, TicketEvent.seq)):
            self._lines.setdefault(event.ticket_id, []).append(_line(event))

    def began(self, copy: Copy) -> str:
        """When the copy's first event was."""
        return f"{self._lines[copy.original_id][0].at - timedelta(seconds=copy.shift):%Y-%m-%d %H:%M:%S}"

    def rows(self, copy: Copy) -> Iterator[tuple[Any, ...]]:
        """Yield the copy's events as EVENT_COLUMNS; after the last one ``copy.event_head`` is set."""
        head, back = "", timedelta(seconds=copy.shift)
        for line in self._lines[copy.original_id]:
            at = (line.at - back).strftime("%Y-%m-%d %H:%M:%S")
            actor = f"contact:{copy.contact_id}" if line.actor.startswith("contact:") else line.actor
            text = line.text if line.particulars is None else _rewritten(line, copy)
            stamp = f"{at[:10]}T{at[11:]}Z"
            parts = [copy.id, line.seq, stamp, actor, line.what, *line.states, text, head]
            head = hmac.digest(self._key, canonical(parts).encode(), hashlib.sha256).hex()
            yield copy.id, line.seq, at, actor, line.what, *line.states, text, head
        copy.event_head = head


def _line(event: TicketEvent) -> _Line:
    states = tuple(None if state is None else state.value for state in (event.from_state, event.to_state))
    particulars = json.loads(event.particulars)
    has_ids = not _IDS.isdisjoint(particulars)
    return _Line(
        event.seq,
        event.at,
        event.actor,
        event.what.value,
        (states[0], states[1]),
        event.particulars,
        particulars if has_ids else None,
    )


def _rewritten(line: _Line, copy: Copy) -> str:
    own = dict(line.particulars or {})
    for name, offset in (("message", copy.message_offset), ("case", copy.case_offset)):
        if name in own:
            own[name] += offset
    if line.what == EventKind.CUSTOMER_CONFIRMED:
        own["customer"] = copy.customer_id
    return canonical(own)
