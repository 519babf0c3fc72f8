"""Two agents want the same at the same moment: one wins, the other is told why not, nothing is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import NamedTuple

import pytest
import sqlalchemy as sa
from flask import Flask

from helpdesk.accounts.actor import Actor
from helpdesk.clock import now
from helpdesk.database import db, unit_of_work
from helpdesk.errors import Conflict, Invalid
from helpdesk.escalations import actions as vendor_cases
from helpdesk.tickets import history
from helpdesk.tickets.actions import escalating
from helpdesk.tickets.actions.moving import move
from helpdesk.tickets.actions.opening import Opened
from helpdesk.tickets.models import Ticket, TicketEvent
from tests.helpdesk.tickets.conftest import Desk
from workflows.vocabulary import ChannelKind, EventKind, Severity, State, Trigger, TurnAwayReason

RACES = 500
NUMBERS = 100
TICKETS = 20

pytestmark = pytest.mark.faults


class Outcome(NamedTuple):
    who: str
    has_won: bool
    told: tuple[str, ...]  # by whom the changes were made that the loser is told of


@pytest.fixture
def numbers(opened: Callable[..., Opened]) -> list[int]:
    return [opened().ticket.id for _number in range(TICKETS)]


def test_five_hundred_races_have_one_winner_each(app: Flask, desk: Desk, numbers: list[int]) -> None:
    start = Barrier(2)

    def run(agent: Actor, number: int, version: int, trigger: Trigger) -> Outcome:
        with app.app_context():
            start.wait(timeout=30)
            try:
                with unit_of_work():
                    move(number, agent, trigger, now(), {"reason": TurnAwayReason.SPAM}, version)
            except Conflict as conflict:
                return Outcome(agent.reference, False, tuple(event.actor for event in conflict.changes))  # type: ignore[attr-defined]
            return Outcome(agent.reference, True, ())

    wins: Counter[str] = Counter()
    with ThreadPoolExecutor(2) as pool:
        for race in range(RACES):
            number = numbers[race % TICKETS]
            trigger = Trigger.REOPEN if race // TICKETS % 2 else Trigger.TURN_AWAY
            version = _ticket(number).version
            racers = [pool.submit(run, agent, number, version, trigger) for agent in (desk.ana, desk.lea)]
            outcomes = [racer.result(timeout=60) for racer in racers]
            (winner,) = [outcome for outcome in outcomes if outcome.has_won]
            (loser,) = [outcome for outcome in outcomes if not outcome.has_won]
            assert loser.told
            assert set(loser.told) == {winner.who}
            wins[winner.who] += 1

    assert sum(wins.values()) == RACES
    assert len(wins) == 2, "one of the two never won: they did not race"
    _assert_nothing_was_lost(numbers)


def test_one_vendor_number_goes_to_one_ticket(app: Flask, desk: Desk, numbers: list[int]) -> None:
    with unit_of_work():
        cases = [
            vendor_cases.open_case(number, ChannelKind.PREMIER, None, Severity.B, {}, now()) for number in numbers[:2]
        ]
    case_ids, start = [(case.ticket_id, case.id) for case in cases], Barrier(2)

    def run(agent: Actor, ticket_id: int, case_id: int, vendor_number: str) -> bool:
        with app.app_context():
            start.wait(timeout=30)
            try:
                with unit_of_work():
                    escalating.record_vendor_number(ticket_id, case_id, agent, vendor_number, now())
            except Invalid as invalid:
                return invalid.field != "number"
            return True

    wins: Counter[str] = Counter()
    with ThreadPoolExecutor(2) as pool:
        for race in range(NUMBERS):
            pairs = [(desk.ana, case_ids[0], f"case-{race}"), (desk.lea, case_ids[1], f"CASE-{race}")]
            pairs = pairs if race % 2 else pairs[::-1]  # who is called last is often the first to run
            racers = [pool.submit(run, agent, *ids, spelling) for agent, ids, spelling in pairs]
            outcomes = [racer.result(timeout=60) for racer in racers]
            assert sorted(outcomes) == [False, True], f"race {race}"
            wins[pairs[outcomes.index(True)][0].name] += 1
    assert len(wins) == 2, "one of the two never won: they did not race"


def _assert_nothing_was_lost(numbers: list[int]) -> None:
    db.session.rollback()  # else we would read what stood before the last race
    moves = sa.select(TicketEvent.what, sa.func.count()).where(
        TicketEvent.what.in_([EventKind.TURNED_AWAY, EventKind.REOPENED])
    )
    assert sum(count for _what, count in db.session.execute(moves.group_by(TicketEvent.what))) == RACES
    for number in numbers:
        ticket = _ticket(number)
        events = db.session.scalar(sa.select(sa.func.count()).where(TicketEvent.ticket_id == number))
        assert ticket.version == ticket.event_count == events
        assert ticket.state is (State.TURNED_AWAY if RACES // TICKETS % 2 else State.INTAKE)
    assert [broken for _number, broken in history.verify() if broken] == []


def _ticket(number: int) -> Ticket:
    db.session.rollback()
    return db.session.get_one(Ticket, number, populate_existing=True)
