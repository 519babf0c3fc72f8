"""Walking the open tickets for a change of promises: first to count what it would do, then to do it.

Both walks go by ticket number, a batch at a time, each batch in a transaction of its own that also keeps how far
the walk has come. So a ticket gets its new terms exactly once, whoever is killed wherever, and however many
processes try.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import OperationalError

from helpdesk.accounts.actor import Actor
from helpdesk.database import db
from helpdesk.escalations.editing import follow_calendar
from helpdesk.sla import revisions
from helpdesk.sla.models import PromiseRevision, SlaPolicy
from helpdesk.sla.queries import keep_promises, promises
from helpdesk.sla.revisions import Claim
from helpdesk.sla.stored import StoredClock
from helpdesk.sla.terms import FrozenTerms, freeze, preview
from helpdesk.tickets import deadlines, hearing, history
from helpdesk.tickets.effects import Counts, effects_of
from helpdesk.tickets.models import IS_OPEN, Ticket
from helpdesk.tickets.stretches import Affected, Stretch, next_length, open_count, stretch
from workflows.vocabulary import ActorKind, EventKind, Priority, RevisionState

BATCH = 50
"""Tickets that change in one transaction: short, so that nobody waits for one of them."""

Transaction = Callable[[], AbstractContextManager[Any]]
Moment = Callable[[], datetime]

log = structlog.get_logger()


def work(transaction: Transaction, now: Moment, revision_id: int | None = None) -> Iterator[bool]:
    """Count or carry out the oldest unfinished revision, or ``revision_id``; yields after every transaction.

    The caller is a door and hands in its ``transaction``. Whoever stops in between lets others go on at once;
    whoever is killed keeps them waiting until the claim ends.
    """
    with transaction():
        claim = revisions.claim(now(), revision_id)
    if claim is None:
        return
    try:
        is_counting = revisions.revision_of(claim.revision_id).state is RevisionState.COUNTING
        yield from (_count if is_counting else _carry_out)(claim, transaction, now)
    finally:
        with transaction():
            revisions.release(claim)


# counting ---------------------------------------------------------------------------------------------


def _count(claim: Claim, transaction: Transaction, now: Moment) -> Iterator[bool]:
    """Replay what each affected ticket went through, under its terms and under the new; nothing of it is kept."""
    revision = revisions.revision_of(claim.revision_id)
    book, scope, known = revisions.book_of(revision), revision.draft["scope"], dict[Any, FrozenTerms]()

    def terms_of(policy: SlaPolicy, priority: Priority) -> FrozenTerms:
        if (policy.id, priority) not in known:
            known[policy.id, priority] = preview(policy, priority, book)
        return known[policy.id, priority]

    total, after, length, is_end = open_count(), revision.last_ticket_id, 2 * BATCH, False
    while not is_end:
        part = stretch(after, length, book, scope, terms_of, BATCH)
        found = _count_effects(part.affected, now())
        with transaction():
            current = revisions.held(claim, now())
            if current is None or current.last_ticket_id != after:
                return
            _keep_count(current, found, part, total)
            if part.is_end:
                revisions.finish_walk(current, now())
        after, length, is_end = part.last, next_length(length, part, BATCH), part.is_end
        yield True


def _count_effects(affected: Sequence[Affected], at: datetime) -> Counts:
    counts = Counts()
    strands = hearing.strands_of_many([each.facts for each in affected]) if affected else {}
    for facts, terms in affected:
        own = strands[facts.id][0]
        counts.add(facts.id, effects_of(own, terms, max(at, facts.updated_at)))
    return counts


def _keep_count(revision: PromiseRevision, found: Counts, part: Stretch, total: int) -> None:
    counts = Counts.of(revision.counts)
    counts.take_in(found)
    revision.counts = counts.as_json()
    revision.changed_count += found.changed
    revision.seen_count += part.seen
    revision.last_ticket_id = part.last
    revision.ticket_count = max(total, revision.seen_count)


# carrying out -----------------------------------------------------------------------------------------


def _carry_out(claim: Claim, transaction: Transaction, now: Moment) -> Iterator[bool]:
    """Give the affected tickets their new terms; one that fails is tried once more by itself, then passed by.

    It ends before its end where the next ticket is somebody else's just now: the next run goes on there. Raises
    OperationalError when the database is away, or chose us to end a deadlock: then nothing is passed by.
    """
    walk, alone = _Walk(claim), 0  # how many are to be taken one by one, since a batch failed
    while walk.goes_on:
        try:
            with transaction():
                walk.step(now(), 1 if alone else BATCH)
        except OperationalError:
            raise
        except Exception:
            if not walk.ticket_id:
                raise
            if alone:
                log.exception("ticket_keeps_its_terms", ticket=walk.ticket_id, revision=claim.revision_id)
                with transaction():
                    walk.pass_by(now())
            else:
                alone = BATCH + 1
        if walk.is_lost or walk.is_held_up:
            return
        alone = max(0, alone - 1)
        yield True


class _Walk:
    """Carrying out one revision, as far as this process does."""

    def __init__(self, claim: Claim) -> None:
        self.goes_on = True  # until the end
        self.is_lost = False  # to another process
        self.is_held_up = False  # by somebody who has the next ticket
        self.ticket_id = 0  # the one at hand
        self._claim = claim
        self._length = 2 * BATCH

    def step(self, now: datetime, batch: int) -> None:
        """Give a batch its terms and keep how far the walk has come, in the caller's transaction."""
        self.ticket_id = 0
        keep_promises()  # before the revision's row, as whoever confirms does
        revision = revisions.held(self._claim, now)
        if revision is None:
            self.is_lost = True
            return
        if revision.last_ticket_id == 0:
            revision.ticket_count = open_count()
        part = self._part(revision, now, batch)
        if part.affected:
            self.ticket_id = part.affected[0].facts.id
            part, tickets = _claimed(part, revision.last_ticket_id)
            if not tickets:
                self.is_held_up = True
                return
            revision.changed_count += _give(part.affected, tickets, revision, now)
        self._keep(revision, part, now)

    def _part(self, revision: PromiseRevision, now: datetime, batch: int) -> Stretch:
        book, scope = promises(), revision.draft["scope"]

        def terms_of(policy: SlaPolicy, priority: Priority) -> FrozenTerms:
            return freeze(policy, priority, now, book)

        part = stretch(revision.last_ticket_id, self._length, book, scope, terms_of, batch)
        self._length = next_length(self._length, part, BATCH)
        return part

    def pass_by(self, now: datetime) -> None:
        """Leave the ticket at hand as it is, and say so."""
        revision = revisions.held(self._claim, now)
        if revision is None:
            self.is_lost = True
            return
        revisions.note_failure(revision, self.ticket_id)
        seen = _seen_between(revision.last_ticket_id, self.ticket_id)
        self._keep(revision, Stretch((), seen, self.ticket_id, is_end=False), now)

    def _keep(self, revision: PromiseRevision, part: Stretch, now: datetime) -> None:
        revision.last_ticket_id = part.last
        revision.seen_count += part.seen
        revision.ticket_count = max(revision.ticket_count, revision.seen_count)
        if part.is_end:
            revisions.finish_walk(revision, now)
            if revision.calendar_id is not None:
                follow_calendar(revision.calendar_id, now)
            self.goes_on = False


def _claimed(part: Stretch, after: int) -> tuple[Stretch, Sequence[Ticket]]:
    """As much of the stretch behind number ``after`` as nobody else has just now, and its tickets.

    None is waited for: those behind it are held by now, and somebody who has it may wait for one of them.
    """
    ids = [facts.id for facts, _terms in part.affected]
    tickets = deadlines.claim(ids)
    free = {ticket.id for ticket in tickets}
    taken = next((place for place, ticket_id in enumerate(ids) if ticket_id not in free), None)
    if taken is None:
        return part, tickets
    if taken == 0:
        return part, ()
    last = ids[taken - 1]
    kept = Stretch(part.affected[:taken], _seen_between(after, last), last, is_end=False)
    return kept, [ticket for ticket in tickets if ticket.id <= last]


def _seen_between(after: int, last: int) -> int:
    rows = sa.select(sa.func.count()).select_from(Ticket).where(IS_OPEN, Ticket.id > after, Ticket.id <= last)
    return db.session.scalar(rows) or 0


def _give(affected: Sequence[Affected], tickets: Sequence[Ticket], revision: PromiseRevision, now: datetime) -> int:
    """Put their new terms in force on claimed tickets, and settle what follows; how many are promised something else.

    A ticket that changed since its facts were read is left alone: who changed it since the revision was
    confirmed has renewed its terms. So has the ladder, where what is due already raises the priority.
    """
    read = {facts.id: (facts, terms) for facts, terms in affected}
    as_read = [ticket for ticket in tickets if _is_as_read(ticket, read[ticket.id][0])]
    stored = deadlines.settle_if_due(as_read, now)  # what is due already is late by the terms it had
    changing = [ticket for ticket in as_read if _is_as_read(ticket, read[ticket.id][0])]
    before = {ticket.id: _promised(stored[ticket.id]) for ticket in changing}
    history.write([_put_in_force(ticket, read[ticket.id][1].id, revision, now) for ticket in changing])
    after = deadlines.settle_many(changing, now, stored)
    return sum(_promised(after[ticket_id]) != promised for ticket_id, promised in before.items())


def _promised(clocks: Iterable[StoredClock]) -> set[tuple[Any, ...]]:
    """When the unmet promises of a ticket are due, or what they have left while they stand still."""
    unmet = (clock for clock in clocks if clock.case_id == 0 and clock.ended_at is None)
    return {
        (
            clock.kind,
            clock.due_at,
            None if clock.due_at is not None else clock.target_seconds - (clock.elapsed_seconds or 0),
        )
        for clock in unmet
        if clock.target_seconds is not None
    }


def _is_as_read(ticket: Ticket, facts: Any) -> bool:
    return ticket.is_open and all(getattr(ticket, name) == getattr(facts, name) for name in _READ)


_READ = ("kind", "service", "priority", "terms_id")


def _put_in_force(ticket: Ticket, terms_id: int, revision: PromiseRevision, now: datetime) -> dict[str, Any]:
    """Give the ticket its terms; returns the line of its history that says so."""
    by, at = Actor(ActorKind.STAFF, revision.confirmed_by_id, ""), max(now, ticket.updated_at)
    said = {"terms": terms_id, "was": ticket.terms_id, "revision": revision.id}
    ticket.terms_id, ticket.updated_at = terms_id, at
    return history.line(ticket, by, EventKind.TERMS_CHANGED, at, particulars=said)
