"""Promises kept and missed, by the hour of their deadline: true at once, and the same after folding."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from helpdesk.accounts.models import Team
from helpdesk.clock import Hand, now
from helpdesk.database import db, unit_of_work
from helpdesk.management.queries import undecided_by_hour
from helpdesk.sla import tally
from helpdesk.sla.models import Breach, PromiseOutcome, PromiseTally, SlaClock
from helpdesk.sla.tally import Kept
from helpdesk.tickets import deadlines
from helpdesk.tickets.actions import assigning, conversation, moving, triaging
from tests.helpdesk.tickets.conftest import Desk, desk, opened, topic_id  # noqa: F401
from workflows.vocabulary import ClockKind, ClockState, Kind, Level, Service, Trigger

FAR = datetime(2026, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)


def total() -> Kept:
    hours = tally.kept_by_hour(*FAR).values()
    return Kept(sum(one.met for one in hours), sum(one.late for one in hours))


def due_at(number: int, kind: ClockKind) -> datetime:
    rows = sa.select(SlaClock.due_at).where(SlaClock.ticket_id == number, SlaClock.kind == kind)
    return db.session.scalars(rows).one()


hour_of = tally.hour_of


def settle_what_is_due() -> None:
    for number in deadlines.due(now()):
        with unit_of_work():
            deadlines.settle_due(number, now())


def test_an_open_promise_counts_for_nothing(desk: Desk, opened: Callable[..., object]) -> None:  # noqa: F811
    opened()

    assert total() == Kept(0, 0)


def test_a_kept_promise_counts_in_the_hour_of_its_deadline(desk, opened):  # noqa: F811
    number = opened().ticket.id
    promised = due_at(number, ClockKind.FIRST_RESPONSE)
    with unit_of_work():
        conversation.reply(number, desk.ana, "We are on it.", now())

    kept = tally.kept_by_hour(hour_of(promised), hour_of(promised) + timedelta(hours=1))

    assert hour_of(promised) != hour_of(now())
    assert kept == {hour_of(promised): Kept(1, 0)}


def test_a_deadline_on_the_full_hour_counts_in_the_hour_that_ends_there(
    desk: Desk,  # noqa: F811
    opened: Callable[..., Any],  # noqa: F811
) -> None:
    closing = datetime(2026, 11, 24, 17, tzinfo=UTC)
    number = opened().ticket.id
    clocks = sa.update(SlaClock).where(SlaClock.ticket_id == number, SlaClock.state == ClockState.RUNNING)
    with unit_of_work() as session:
        session.execute(clocks.values(due_at=closing))
    hour, midnight = closing - timedelta(hours=1), datetime(2026, 11, 23, 23, tzinfo=UTC)

    undecided = undecided_by_hour(midnight, midnight + timedelta(days=1), now(), None)

    assert list(undecided) == [hour]
    assert tally.hour_of(closing) == tally.hour_of(hour + timedelta(seconds=1)) == hour
    assert tally.hour_of(closing + timedelta(seconds=1)) == closing


def test_a_missed_promise_counts_once_and_stays_missed_when_kept_late(desk, opened, hand):  # noqa: F811
    number = opened().ticket.id
    hand.advance(timedelta(days=7).total_seconds())
    settle_what_is_due()
    missed = db.session.scalar(sa.select(sa.func.count()).select_from(Breach))
    assert missed
    assert total() == Kept(0, missed)

    with unit_of_work():
        conversation.reply(number, desk.ana, "Late, but here.", now())

    assert total() == Kept(0, missed)


def test_a_reopening_takes_the_achievement_back(desk, opened, topic_id):  # noqa: F811
    number = opened().ticket.id
    with unit_of_work():
        triaging.confirm_customer(number, desk.ana, desk.customer_id, now())
        chosen = triaging.Classification(Kind.TECHNICAL, Service.MICROSOFT365, Level.HIGH, Level.HIGH, topic_id)
        triaging.classify(number, desk.ana, chosen, now())
        assigning.assign(number, desk.ana, desk.ana.id, now())
        moving.move(number, desk.ana, Trigger.START_DIAGNOSIS, now())
    before = total()
    with unit_of_work():
        given = {"resolution_code": "answered", "note": "Told how."}
        moving.move(number, desk.ana, Trigger.RESOLVE, now(), given)
    resolved = total()
    assert resolved.met > before.met
    with unit_of_work():
        moving.move(number, desk.lea, Trigger.REOPEN, now(), {"reason": "It is back."})

    reopened = total()

    assert reopened.met == resolved.met - 1  # the resolution runs again; what else was kept stays kept
    assert reopened.late == 0


@pytest.mark.usefixtures("desk")
class TestFolding:
    hour = datetime(2026, 11, 24, 9, tzinfo=UTC)

    def write(self, *kept: tuple[int, int, int]) -> None:
        """(hours after nine, met, late) for the default team."""
        team_id = db.session.scalars(sa.select(Team.id).where(Team.is_default)).one()
        with unit_of_work() as session:
            for hours, met, late in kept:
                at = self.hour + timedelta(hours=hours)
                session.add(PromiseOutcome(due_hour_at=at, team_id=team_id, met=met, late=late))

    def fold(self, limit: int = 100) -> bool:
        with unit_of_work():
            return tally.fold(limit)

    def read(self) -> dict[datetime, Kept]:
        return dict(tally.kept_by_hour(self.hour, self.hour + timedelta(hours=5)))

    def test_it_changes_no_figure(self) -> None:
        self.write((0, 1, 0), (0, 1, 0), (1, 0, 1), (0, -1, 0))
        before = self.read()

        assert self.fold() is True

        assert self.read() == before == {self.hour: Kept(1, 0), self.hour + timedelta(hours=1): Kept(0, 1)}
        assert db.session.scalar(sa.select(sa.func.count()).select_from(PromiseOutcome)) == 0
        assert db.session.scalar(sa.select(sa.func.count()).select_from(PromiseTally)) == 2

    def test_it_adds_to_what_was_folded_before(self) -> None:
        self.write((0, 2, 0))
        self.fold()
        self.write((0, 3, 1))
        self.fold()

        assert self.read() == {self.hour: Kept(5, 1)}

    def test_it_works_in_steps_until_nothing_waits(self) -> None:
        self.write(*[(0, 1, 0)] * 5)

        assert [self.fold(2), self.fold(2), self.fold(2), self.fold(2)] == [True, True, True, False]
        assert self.read() == {self.hour: Kept(5, 0)}

    def test_an_hour_belongs_to_the_span_that_begins_with_it(self) -> None:
        self.write((0, 1, 0), (1, 1, 0))

        assert list(tally.kept_by_hour(self.hour, self.hour + timedelta(hours=1))) == [self.hour]


def test_a_team_has_its_own_figures(app: Flask, hand: Hand, desk: Desk) -> None:  # noqa: F811
    team_id = db.session.scalars(sa.select(Team.id).where(Team.is_default)).one()
    with unit_of_work() as session:
        other = Team(name="Night desk", created_at=now())
        session.add(other)
        session.flush()
        other_id = other.id
        session.add(PromiseOutcome(due_hour_at=hour_of(now()), team_id=team_id, met=1, late=0))
        session.add(PromiseOutcome(due_hour_at=hour_of(now()), team_id=other_id, met=0, late=1))

    assert list(tally.kept_by_hour(*FAR, other_id).values()) == [Kept(0, 1)]
    assert list(tally.kept_by_hour(*FAR).values()) == [Kept(1, 1)]
