"""Many tickets in one transaction: the same few statements, and one bad ticket never holds up the others."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
import sqlalchemy as sa

from helpdesk.accounts.actor import SCHEDULER
from helpdesk.clock import Hand, now
from helpdesk.database import db, unit_of_work
from helpdesk.jobs import jobs
from helpdesk.sla.models import Breach, ClockEvent, PromiseStamp, SlaClock, SlaTarget
from helpdesk.tickets import deadlines, history
from helpdesk.tickets.actions.opening import Opened
from helpdesk.tickets.change import changing_many
from helpdesk.tickets.models import Ticket, TicketEvent
from helpdesk.tickets.terms import renew_terms
from workflows.vocabulary import ClockChange, ClockKind, EventKind

HOUR = 3600


@pytest.fixture
def numbers(opened: Callable[..., Opened], hand: Hand) -> list[int]:
    """Six tickets on which something was due an hour ago."""
    numbers = [opened().ticket.id for _ticket in range(6)]
    hand.advance(5 * HOUR)
    assert sorted(deadlines.due(now())) == numbers
    return numbers


def settled(numbers: list[int]) -> set[int]:
    with unit_of_work():
        return deadlines.settle_due_many(numbers, now())


def breached() -> list[int]:
    db.session.rollback()
    return sorted(set(db.session.scalars(sa.select(Breach.ticket_id))))


def test_what_is_due_is_settled_together_and_once(numbers: list[int]) -> None:
    assert settled(numbers) == set(numbers)
    count = db.session.scalar(sa.select(sa.func.count()).select_from(ClockEvent))
    assert settled(numbers) == set()
    assert breached() == numbers
    assert db.session.scalar(sa.select(sa.func.count()).select_from(ClockEvent)) == count
    assert all(broken is None for _number, broken in history.verify())


def test_a_batch_gives_what_its_tickets_give_one_by_one(numbers: list[int]) -> None:
    settled(numbers[:3])
    for number in numbers[3:]:
        settled([number])
    together, alone = [_outcome(number) for number in numbers[:3]], [_outcome(number) for number in numbers[3:]]
    assert together == alone


def _outcome(number: int) -> list[Any]:
    db.session.rollback()
    ticket = db.session.get_one(Ticket, number, populate_existing=True)
    clock = (SlaClock.kind, SlaClock.state, SlaClock.due_at, SlaClock.breached_at, SlaClock.next_fire_at)
    clocks = db.session.execute(sa.select(*clock).where(SlaClock.ticket_id == number).order_by(SlaClock.id)).all()
    events = sa.select(TicketEvent.seq, TicketEvent.what, TicketEvent.particulars).where(TicketEvent.seq > 2)
    told = db.session.execute(events.where(TicketEvent.ticket_id == number).order_by(TicketEvent.seq)).all()
    return [ticket.next_due_at, ticket.event_count, clocks, told]


def test_a_batch_takes_as_many_statements_as_one_ticket(
    numbers: list[int], statements: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    settled(numbers[:1])  # what is read once
    with statements() as for_one:
        settled(numbers[1:2])
    with statements() as for_four:
        settled(numbers[2:])
    assert len(for_four) == len(for_one)
    assert len(for_four) <= 16


def test_one_ticket_that_raises_is_put_off_and_the_others_are_settled(numbers: list[int], hand: Hand) -> None:
    culprit = numbers[2]
    _spoil(culprit)
    list(jobs.sweep_clocks())

    assert breached() == [number for number in numbers if number != culprit]
    assert _attempts(culprit) == {1}
    assert deadlines.due(now()) == []
    hand.advance(10)
    list(jobs.sweep_clocks())
    assert _attempts(culprit) == {2}


def _spoil(number: int) -> None:
    """Let its history speak of terms that nobody has."""
    with unit_of_work() as session:
        of_it = (TicketEvent.ticket_id == number, TicketEvent.what == EventKind.CREATED)
        session.execute(sa.update(TicketEvent).where(*of_it).values(particulars='{"by":"contact","terms":999999}'))


def _attempts(number: int) -> set[int]:
    db.session.rollback()
    rows = sa.select(SlaClock.attempts).where(SlaClock.ticket_id == number, SlaClock.attempts > 0)
    return set(db.session.scalars(rows))


# changing many ---------------------------------------------------------------------------------------------


def test_many_tickets_get_other_terms_at_one_stroke(numbers: list[int]) -> None:
    with unit_of_work() as session:
        session.execute(sa.update(SlaTarget).values(seconds=SlaTarget.seconds * 2))
        session.execute(sa.update(PromiseStamp).values(stamp="another book"))
    with unit_of_work(), changing_many(numbers, SCHEDULER, now()) as changes:
        assert [change.ticket.id for change in changes] == numbers
        for change in changes[:4]:
            renew_terms(change)

    assert breached() == numbers  # what was due before is written under the terms it happened in
    rows = sa.select(SlaClock.ticket_id).join(ClockEvent, ClockEvent.clock_id == SlaClock.id)
    rows = rows.where(ClockEvent.change == ClockChange.RETARGETED, SlaClock.kind == ClockKind.RESOLUTION)
    assert sorted(db.session.scalars(rows)) == numbers[:4]
    counts = db.session.scalars(sa.select(TicketEvent.ticket_id).where(TicketEvent.what == EventKind.TERMS_CHANGED))
    assert sorted(counts) == numbers[:4]
    assert all(broken is None for _number, broken in history.verify())
