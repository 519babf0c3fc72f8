"""One ticket's failure never blocks the others, and a run ends between two tickets."""

from __future__ import annotations

import io
import os
from datetime import datetime, timedelta

import pytest
from flask import Flask

from helpdesk.clock import Hand, now
from helpdesk.database import db, unit_of_work
from helpdesk.jobs import jobs
from helpdesk.tickets import files, leftovers
from helpdesk.tickets.models import StagedFile


class Pile:
    """Tickets that are due until they are done; acting on the rotten ones raises."""

    def __init__(self, size: int, rotten: set[int] = frozenset()) -> None:  # type: ignore[assignment]
        self.due_ids = list(range(1, size + 1))
        self.rotten = rotten
        self.late: set[int] = set()
        self.done: list[int] = []

    def due(self, now: datetime, limit: int) -> list[int]:
        return [number for number in self.due_ids if number not in self.late][:limit]

    def act(self, ticket_id: int, now: datetime) -> bool:
        if ticket_id in self.rotten:
            raise RuntimeError("rotten")
        self.due_ids.remove(ticket_id)
        self.done.append(ticket_id)
        return True

    def put_off(self, ticket_id: int, now: datetime) -> None:
        self.late.add(ticket_id)


@pytest.fixture(autouse=True)
def _at_work(app: Flask, hand: Hand) -> None:
    """Every test here writes in units of work, on both databases."""


def test_everything_due_is_done_oldest_first_over_several_batches() -> None:
    pile = Pile(2 * jobs.BATCH + 7)
    assert all(jobs._each(pile.due, pile.act, pile.put_off))
    assert pile.done == list(range(1, 2 * jobs.BATCH + 8))


def test_a_failing_ticket_is_put_off_and_the_others_go_on() -> None:
    pile = Pile(5, rotten={2})
    assert list(jobs._each(pile.due, pile.act, pile.put_off)) == [True, False, True, True, True]
    assert pile.late == {2}


def test_more_failures_than_a_batch_holds_do_not_hide_the_tickets_behind_them() -> None:
    pile = Pile(jobs.BATCH + 50, rotten=set(range(1, jobs.BATCH + 21)))
    list(jobs._each(pile.due, pile.act))
    assert pile.done == list(range(jobs.BATCH + 21, jobs.BATCH + 51))


def test_what_another_scheduler_holds_is_tried_once_a_run() -> None:
    tries: list[int] = []
    assert list(jobs._each(lambda *_: [7], lambda number, _: bool(tries.append(number)))) == [False]
    assert tries == [7]


def test_the_caller_may_stop_between_two_tickets() -> None:
    pile = Pile(3)
    steps = jobs._each(pile.due, pile.act)
    assert next(steps)
    assert pile.done == [1]


def test_files_that_no_row_knows_go_after_a_day(app: Flask, hand: Hand) -> None:
    keys = {name: _store(app, name, age) for name, age in (("kept", 30), ("orphan", 30), ("young", 1))}
    with unit_of_work() as session:
        session.add(_staged(keys["kept"], now()))
    for _round in range(leftovers.ROUNDS):
        list(jobs.sweep_staged_files())
        hand.advance(600)
    assert {name for name, key in keys.items() if files.path_of(key).exists()} == {"young", "kept"}


def test_a_staged_file_lives_a_day(app: Flask, hand: Hand) -> None:
    key = _store(app, "draft", 0)
    with unit_of_work() as session:
        session.add(_staged(key, now()))
    hand.advance(24 * 3600)
    assert next(jobs.sweep_staged_files()) is False
    hand.advance(1)
    assert next(jobs.sweep_staged_files()) is True
    assert db.session.get(StagedFile, key) is None


def _store(app: Flask, name: str, age_hours: float) -> str:
    key = files.store(io.BytesIO(b"x"), name, "text/plain", 10).key
    at = (now() - timedelta(hours=age_hours)).timestamp()
    os.utime(files.path_of(key), (at, at))
    return key


def _staged(key: str, at: datetime) -> StagedFile:
    return StagedFile(
        key=key,
        draft_id="d",
        address="a",
        file_name="f",
        content_type="text/plain",
        size_bytes=1,
        sha256="",
        created_at=at,
    )


class Heap(Pile):
    """A pile that is taken by the dozen: one rotten ticket undoes all that are taken with it."""

    def __init__(self, size: int, rotten: set[int] = frozenset(), held: set[int] = frozenset()) -> None:  # type: ignore[assignment]
        super().__init__(size, rotten)
        self.held = held
        self.batches: list[list[int]] = []

    def act_on_many(self, ticket_ids: list[int], now: datetime) -> set[int]:
        if self.rotten & set(ticket_ids):
            raise RuntimeError("rotten")
        self.batches.append(ticket_ids)
        done = set(ticket_ids) - self.held
        for ticket_id in sorted(done):
            self.act(ticket_id, now)
        return done


def sweep(heap: Heap) -> list[bool]:
    return list(jobs._together(heap.due, heap.act_on_many, heap.act, heap.put_off))


def test_what_is_due_is_taken_together_oldest_first() -> None:
    heap = Heap(10 * jobs.TOGETHER + 3)
    assert all(sweep(heap))
    assert heap.done == list(range(1, 10 * jobs.TOGETHER + 4))
    assert {len(batch) for batch in heap.batches[:8]} == {jobs.TOGETHER}


def test_of_a_batch_that_raises_only_the_culprit_is_put_off() -> None:
    heap = Heap(3 * jobs.TOGETHER, rotten={jobs.TOGETHER + 5})
    steps = sweep(heap)
    assert heap.late == {jobs.TOGETHER + 5}
    assert len(heap.done) == 3 * jobs.TOGETHER - 1
    assert len(steps) == 2 + jobs.TOGETHER  # two batches, and the undone one ticket by ticket


def test_tickets_that_another_scheduler_has_hide_none_behind_them() -> None:
    held = set(range(1, 9 * jobs.TOGETHER))
    heap = Heap(10 * jobs.TOGETHER, held=held)
    sweep(heap)
    assert set(heap.done) == set(range(9 * jobs.TOGETHER, 10 * jobs.TOGETHER + 1))
