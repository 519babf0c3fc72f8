"""Makes a large desk of a small one: copies of lived tickets by bulk SQL, their event chains hashed anew.

Open and resolved originals are copied as they stand in time, so that every stored clock agrees with its
history. Closed ones are spread over three years by whole weeks. A copy has a number, a customer, a contact
and ids of its own; whatever its history says of them is rewritten before it is hashed.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import astuple, fields
from typing import Any, NamedTuple

import sqlalchemy as sa
from flask import Flask

from helpdesk.customers.names import fold
from helpdesk.database import db
from helpdesk.escalations.models import VendorCase, VendorNote
from helpdesk.sla.models import Breach, BreachReview, BreachToReview, ClockEvent, SlaClock
from helpdesk.tickets.models import Diagnosis, Message, Ticket
from tests.bench.bulk import COPY_TABLE, Bulk, chunks
from tests.bench.chains import EVENT_COLUMNS, Copy, Histories
from tests.bench.crowd import Person, add_branches
from tests.bench.lives import Originals
from workflows.vocabulary import BreachCause, ClockState


class Shares(NamedTuple):
    """How many of the copies are open, and how many resolved and still quiet; the others are closed."""

    open: float = 0.05
    resolved: float = 0.01


EVERYDAY, ALL_OPEN = Shares(), Shares(1.0, 0.0)
WEEKS = 150
CHUNK = 5_000

_OF_TICKET = "JOIN {o} ON o.ticket_id = c.original_id"
_OF_CLOCK = "JOIN sla_clock AS k ON k.ticket_id = c.original_id JOIN {o} ON o.clock_id = k.id"
_OF_CASE = "JOIN vendor_case AS k ON k.ticket_id = c.original_id JOIN {o} ON o.vendor_case_id = k.id"
_OF_BREACH = "JOIN breach AS k ON k.ticket_id = c.original_id JOIN {o} ON o.breach_id = k.id"
_CUSTOMER = "CASE WHEN o.customer_id IS NULL THEN NULL ELSE c.customer_id END"
_CONTACT = "CASE WHEN o.contact_id IS NULL THEN NULL ELSE c.contact_id END"


def multiply(
    app: Flask, originals: Originals, tickets: int, report: Callable[[str], object], shares: Shares = EVERYDAY
) -> None:
    """Copy ``originals`` until the database of ``app`` holds ``tickets``; ``report`` hears how far it is."""
    with app.app_context():
        people = add_branches(tickets)
        there = db.session.scalar(sa.select(sa.func.count()).select_from(Ticket)) or 0
        maker = _Maker(originals, people, app.config["AUDIT_KEY"].encode())
        db.session.remove()
        with Bulk(db.engine) as bulk:
            _make_copy_table(bulk)
            copies = maker.copies(tickets - there, shares)
            for count, chunk in enumerate(chunks(copies, CHUNK)):
                _write(bulk, chunk, maker)
                report(f"{there + count * CHUNK + len(chunk):,} of {tickets:,} tickets")
            bulk.execute(f"DROP TABLE {COPY_TABLE}")
            _tally(bulk)
            bulk.finish()
        db.engine.dispose()


class _Spans:
    """Hands out ids to the rows that a copy of an original needs: the originals' own ids, moved on."""

    def __init__(self, id_: Any, ticket_id: Any, numbers: Sequence[int]) -> None:
        rows = sa.select(ticket_id, sa.func.min(id_), sa.func.max(id_)).where(ticket_id.in_(numbers))
        self._of = {number: (first, last) for number, first, last in db.session.execute(rows.group_by(ticket_id))}
        self._next = (db.session.scalar(sa.select(sa.func.max(id_))) or 0) + 1

    def take(self, original_id: int) -> int:
        """What to add to each id of the original's rows for its next copy."""
        if original_id not in self._of:
            return 0
        first, last = self._of[original_id]
        offset: int = self._next - first
        self._next += last - first + 1
        return offset


class _Maker:
    """Decides about the copies, one after the other, and writes what SQL alone can't."""

    def __init__(self, originals: Originals, people: Sequence[Person], key: bytes) -> None:
        numbers = (*originals.open, *originals.resolved, *originals.closed)
        subjects = sa.select(Ticket.id, Ticket.subject).where(Ticket.id.in_(numbers))
        self.histories = Histories(numbers, key)
        self._originals = originals
        self._people = {person.contact_id: person for person in people}
        self._contacts = tuple(self._people)
        self._subjects = {number: fold(subject) for number, subject in db.session.execute(subjects)}
        self._next_id = (db.session.scalar(sa.select(sa.func.max(Ticket.id))) or 0) + 1
        self._spans = [_Spans(model.id, model.ticket_id, numbers) for model in (Message, SlaClock, Breach, VendorCase)]
        self._dice = random.Random(1)

    def copies(self, count: int, shares: Shares) -> Iterator[Copy]:
        """The closed ones first, from the oldest on, so that numbers rise with time."""
        resolved, still_open = int(count * shares.resolved), int(count * shares.open)
        weeks = sorted(self._dice.choices(range(WEEKS), k=count - resolved - still_open), reverse=True)
        for back in weeks:
            yield self._copy(self._dice.choice(self._originals.closed), back)
        for kind, many in ((self._originals.resolved, resolved), (self._originals.open, still_open)):
            for order in range(many):
                yield self._copy(kind[order % len(kind)], 0)

    def _copy(self, original_id: int, weeks: int) -> Copy:
        person = self._people[self._dice.choice(self._contacts)]
        number, self._next_id = self._next_id, self._next_id + 1
        message, clock, breach, case = (spans.take(original_id) for spans in self._spans)
        shift = weeks * 7 * 86_400
        return Copy(number, original_id, shift, person.customer_id, person.contact_id, message, clock, breach, case)

    def words(self, copy: Copy) -> str:
        return f"{copy.id} {self._subjects[copy.original_id]} {self._people[copy.contact_id].words}"


def _make_copy_table(bulk: Bulk) -> None:
    columns = ", ".join(f"{one.name} {'text' if one.type == 'str' else 'integer'}" for one in fields(Copy))
    bulk.execute(f"CREATE TEMP TABLE {COPY_TABLE} ({columns})")


def _write(bulk: Bulk, copies: Sequence[Copy], maker: _Maker) -> None:
    events = [row for copy in copies for row in maker.histories.rows(copy)]
    bulk.execute(f"DELETE FROM {COPY_TABLE}")
    bulk.load(COPY_TABLE, [one.name for one in fields(Copy)], [astuple(copy) for copy in copies])
    _copy_rows(bulk)
    bulk.load("ticket_event", EVENT_COLUMNS, events)
    links = (
        (copy.id, hashlib.sha256(f"bench {copy.id}".encode()).hexdigest(), maker.histories.began(copy))
        for copy in copies
    )
    bulk.load("tracker", ("ticket_id", "token_hash", "issued_at"), links)
    _index(bulk, copies, maker)
    bulk.commit()


def _token_hash(copy: Copy) -> str:
    return hashlib.sha256(f"bench {copy.id}".encode()).hexdigest()


def _copy_rows(bulk: Bulk) -> None:
    ticket = {"id": "c.id", "customer_id": _CUSTOMER, "contact_id": "c.contact_id", "event_head": "c.event_head"}
    own = {"ticket_id": "c.id"}
    message = own | {"id": "o.id + c.message_offset", "contact_id": _CONTACT}
    clock, breach_id = {"clock_id": "o.clock_id + c.clock_offset"}, "o.id + c.breach_offset"
    bulk.copy_rows(Ticket, ticket, joins="JOIN {o} ON o.id = c.original_id", kept=("next_due_at", "next_warns_at"))
    bulk.copy_rows(Message, message, joins=_OF_TICKET)
    bulk.copy_rows(Diagnosis, own, joins=_OF_TICKET)
    case_id = "CASE WHEN o.case_id = 0 THEN 0 ELSE o.case_id + c.case_offset END"
    bulk.copy_rows(SlaClock, own | {"id": "o.id + c.clock_offset", "case_id": case_id}, joins=_OF_TICKET)
    bulk.copy_rows(ClockEvent, clock, joins=_OF_CLOCK)
    bulk.copy_rows(Breach, own | clock | {"id": breach_id, "customer_id": _CUSTOMER}, joins=_OF_TICKET)
    bulk.copy_rows(VendorCase, own | {"id": "o.id + c.case_offset"}, joins=_OF_TICKET)
    bulk.copy_rows(VendorNote, {"vendor_case_id": "o.vendor_case_id + c.case_offset"}, joins=_OF_CASE)
    # the last weeks' breaches wait on the manager's pile, older ones have been reviewed
    pile = {"breach_id": "o.breach_id + c.breach_offset"}
    bulk.copy_rows(BreachToReview, pile, joins=_OF_BREACH, only="c.shift = 0")
    moments = f"{bulk.moved('o.late_from_at')}, {bulk.moved('o.noticed_at')}"
    review = f"{breach_id}, {moments}, 3, '{BreachCause.CAPACITY}', 'Two people were ill.', '', TRUE"
    columns = "breach_id, late_from_at, at, reviewer_id, cause, comment, action, is_acknowledged"
    bulk.execute(
        f"INSERT INTO {BreachReview.__table__} ({columns}) SELECT {review} "
        f"FROM {COPY_TABLE} AS c JOIN breach AS o ON o.ticket_id = c.original_id WHERE c.shift > 0"
    )


def _tally(bulk: Bulk) -> None:
    """Count the copies' promises with the others, each in the hour of the deadline it kept or missed (``hour_of``)."""

    def hour(moment: str) -> str:
        if bulk.is_sqlite:
            return f"strftime('%Y-%m-%d %H:00:00', {moment}, '-1 second')"
        return f"date_trunc('hour', {moment} - interval '1 second')"

    kept = (
        f"SELECT {hour('k.due_at')} AS hour, t.team_id, 1 AS met, 0 AS late FROM sla_clock AS k "
        f"JOIN ticket AS t ON t.id = k.ticket_id WHERE k.case_id = 0 AND k.state = '{ClockState.MET}' "
        "AND k.breached_at IS NULL"
    )
    broken = (
        f"SELECT {hour('b.deadline_at')}, b.team_id, 0, 1 FROM breach AS b "
        "JOIN sla_clock AS k ON k.id = b.clock_id WHERE k.case_id = 0"
    )
    bulk.execute("DELETE FROM promise_outcome")
    bulk.execute("DELETE FROM promise_tally")
    bulk.execute(
        "INSERT INTO promise_tally (due_hour_at, team_id, met, late) "
        f"SELECT hour, team_id, sum(met), sum(late) FROM ({kept} UNION ALL {broken}) AS each GROUP BY hour, team_id"
    )


def _index(bulk: Bulk, copies: Sequence[Copy], maker: _Maker) -> None:
    words = [(copy.id, maker.words(copy)) for copy in copies]
    if bulk.is_sqlite:
        bulk.load("ticket_search", ("rowid", "words"), words)
        return
    bulk.execute("CREATE TEMP TABLE IF NOT EXISTS bench_words (id integer, words text)")
    bulk.execute("DELETE FROM bench_words")
    bulk.load("bench_words", ("id", "words"), words)
    bulk.execute(
        "INSERT INTO ticket_search (ticket_id, words) SELECT id, to_tsvector('simple', words) FROM bench_words"
    )
