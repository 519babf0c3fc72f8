"""A made desk must pass for a lived one: whole chains, three messages a ticket, clocks that agree with histories."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from flask import Flask, current_app

from helpdesk.clock import Hand
from helpdesk.database import db, unit_of_work
from helpdesk.sla import tally
from helpdesk.sla.models import Breach, BreachToReview, ClockEvent, SlaClock
from helpdesk.tickets import deadlines, history
from helpdesk.tickets.models import IS_OPEN, Message, Ticket
from helpdesk.tickets.search import found_ids
from tests.bench import lives, multiply
from tests.worlds import remembered
from workflows.vocabulary import ClockState

TICKETS = 300


@pytest.fixture
def made(app: Flask, hand: Hand, monkeypatch: pytest.MonkeyPatch) -> Flask:
    for name, few in (("TOWN_TICKETS", 2), ("OPEN", 12), ("RESOLVED", 2), ("CLOSED", 4)):
        monkeypatch.setattr(lives, name, few)
    monkeypatch.setattr(multiply, "CHUNK", 64)
    remembered(_multiply)
    return app


def _multiply() -> None:
    app = current_app._get_current_object()
    multiply.multiply(app, lives.live_originals(app), TICKETS, lambda _step: None)


def test_a_made_desk_passes_for_a_lived_one(made: Flask) -> None:
    assert [broken for _number, broken in history.verify() if broken] == []
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Ticket)) == TICKETS
    copies = sa.select(sa.func.count()).where(Message.ticket_id > 1030).group_by(Message.ticket_id)
    assert set(db.session.scalars(copies)) == {3}
    assert _orphans(Message.ticket_id, Ticket.id) == _orphans(ClockEvent.clock_id, SlaClock.id) == 0
    assert _orphans(Breach.clock_id, SlaClock.id) == _orphans(BreachToReview.breach_id, Breach.id) == 0


def test_what_was_kept_and_missed_is_counted(made: Flask) -> None:
    tallied = tally.kept_by_hour(datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)).values()
    kept = sa.select(sa.func.count()).where(
        SlaClock.case_id == 0, SlaClock.state == ClockState.MET, SlaClock.breached_at.is_(None)
    )
    assert sum(one.met for one in tallied) == db.session.scalar(kept)
    missed = sa.select(sa.func.count()).select_from(Breach).join(SlaClock, SlaClock.id == Breach.clock_id)
    assert sum(one.late for one in tallied) == db.session.scalar(missed.where(SlaClock.case_id == 0))


def test_an_open_copy_goes_on_like_its_original(made: Flask) -> None:
    number = db.session.scalars(sa.select(Ticket.id).where(IS_OPEN).order_by(Ticket.id.desc()).limit(1)).one()
    before = _clocks(number)
    with unit_of_work():
        ticket = deadlines.lock(number)
        assert ticket is not None
        deadlines.settle(ticket, ticket.updated_at)
    assert _clocks(number) == before
    assert found_ids(str(number), 5) == [number]


def _orphans(child: sa.ColumnElement[int], parent: sa.ColumnElement[int]) -> int:
    return db.session.scalar(sa.select(sa.func.count()).where(child.not_in(sa.select(parent)))) or 0


def _clocks(number: int) -> list[tuple[object, ...]]:
    columns = (SlaClock.kind, SlaClock.state, SlaClock.due_at, SlaClock.change_count, SlaClock.breached_at)
    rows = sa.select(*columns).where(SlaClock.ticket_id == number).order_by(SlaClock.id)
    return [tuple(row) for row in db.session.execute(rows)]
