"""The demo world: the same dice give the same month, and everything in it is as true as in a real desk."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from config import ConfigurationError
from helpdesk.clock import Hand
from helpdesk.customers import granting, rights
from helpdesk.database import db
from helpdesk.demo import world
from helpdesk.demo.granting import ENDING, EXPIRED
from helpdesk.demo.people import COMPANIES
from helpdesk.demo.stories import SITES, STORIES
from helpdesk.escalations.models import VendorCase
from helpdesk.escalations.money.models import MoneyDeadline
from helpdesk.escalations.outages.models import VendorIncident
from helpdesk.management import queries, stays
from helpdesk.management.stay_filters import Ending, StayFilter
from helpdesk.sla.models import Breach, ClockEvent, SlaClock
from helpdesk.tickets import credit_queries, hearing, history, outage_queries
from helpdesk.tickets.defaults import TOPICS
from helpdesk.tickets.models import Message, Ticket, TicketEvent
from tests.tables import empty_tables
from workflows.vocabulary import CreditState, Kind, MoneyPurpose, MoneyState

TICKETS = 25


def _build(app: Flask) -> None:
    world.build(app, tickets=TICKETS, seed=1, progress=lambda _more: None)


def _digest() -> str:
    """What happened, told without ids: every event, message and breach with its moment."""
    told = (
        sa.select(Ticket.subject, Ticket.language, TicketEvent.seq, TicketEvent.at, TicketEvent.what, Ticket.state),
        sa.select(Ticket.subject, Message.at, Message.body),
        sa.select(Ticket.subject, Breach.kind, Breach.late_from_at, Breach.noticed_at),
    )
    joined = (
        told[0].join(TicketEvent, TicketEvent.ticket_id == Ticket.id),
        told[1].join(Message, Message.ticket_id == Ticket.id),
        told[2].join(Breach, Breach.ticket_id == Ticket.id),
    )
    lines = [sorted(str(tuple(row)) for row in db.session.execute(rows)) for rows in joined]
    assert len(lines[0]) > 5 * TICKETS  # tickets that live, not only open
    return hashlib.sha256(json.dumps(lines).encode()).hexdigest()


def test_the_same_seed_makes_the_same_world_and_it_holds(app: Flask, hand: Hand):
    """One test for both, since building is what takes the time."""
    _build(app)
    assert db.session.scalar(sa.select(sa.func.count(Ticket.id))) == TICKETS
    assert [broken for _number, broken in history.verify() if broken] == []
    _check_clocks(hand)
    _check_stays(hand)
    _check_windows(hand)
    _check_outages()
    first = _digest()
    db.session.remove()
    empty_tables()
    _build(app)
    assert _digest() == first


def _check_clocks(hand: Hand) -> None:
    """What is stored of every clock is what its ticket's events say."""
    clocks = 0
    for ticket in db.session.scalars(sa.select(Ticket)):
        stored = {(row.case_id, row.kind, row.cycle): _stored(row) for row in _clocks(ticket)}
        assert stored == dict(_replayed(ticket, hand))
        clocks += len(stored)
    assert clocks > 4 * TICKETS


def _check_stays(hand: Hand) -> None:
    """Something stands on every page about the vendor: a question, a silence, a return and another tier."""
    assert db.session.execute(queries.asking_cases(False)).all()
    assert db.session.execute(queries.silent_cases(False), queries.given(hand.at, None)).all()
    endings = {tally.ending for tally in stays.tallies(StayFilter(), hand.at.date())}
    assert {Ending.BACK, Ending.OTHER_TIER, Ending.THERE} <= endings


def _check_windows(hand: Hand) -> None:
    """One window ends within a day and leads its ticket, another has passed unused."""
    states = sa.select(MoneyDeadline.state).where(MoneyDeadline.purpose != MoneyPurpose.CREDIT_CLAIM)
    states = list(db.session.scalars(states.order_by(MoneyDeadline.state)))
    assert states == [MoneyState.MISSED, MoneyState.OPEN]
    missed = db.session.scalars(sa.select(Ticket).where(Ticket.money_missed_at.is_not(None))).one()
    near = db.session.scalars(sa.select(Ticket).where(Ticket.money_due_at.is_not(None))).one()
    assert missed.money_missed_at < hand.at < near.money_due_at <= hand.at + timedelta(days=1)
    assert near.subscription.renewed_on is not None


def _check_outages() -> None:
    """One outage goes on and was told; of the other's credits one is passed on, one granted and one asked for."""
    over, running = db.session.scalars(sa.select(VendorIncident).order_by(VendorIncident.id))
    assert (over.ended_at is not None, running.ended_at) == (True, None)
    for incident, tickets in ((over, 3), (running, 2)):
        for update, count, told in outage_queries.updates(incident):
            assert update.spread_at is not None
            assert (count, told) == (tickets, tickets)
    sums = credit_queries.sums_of(over.id)
    assert sums.counts == {CreditState.PASSED_ON: 1, CreditState.GRANTED: 1, CreditState.REQUESTED: 1}
    assert (sums.passed_on, sums.to_pass_on) == ({"EUR": 48_20}, {"EUR": 12_60})
    claims = sa.select(MoneyDeadline.state).where(MoneyDeadline.purpose == MoneyPurpose.CREDIT_CLAIM)
    assert list(db.session.scalars(claims)) == [MoneyState.MET] * 3


def _clocks(ticket: Ticket) -> list[SlaClock]:
    return list(db.session.scalars(sa.select(SlaClock).where(SlaClock.ticket_id == ticket.id)))


def _stored(row: SlaClock) -> tuple[object, ...]:
    rows = sa.select(ClockEvent).where(ClockEvent.clock_id == row.id).order_by(ClockEvent.position)
    changes = [(event.change, event.level, event.at) for event in db.session.scalars(rows)]
    return row.state, row.target_seconds, row.due_at, row.ended_at, row.next_fire_at, changes


def _replayed(ticket: Ticket, hand: Hand) -> Iterator[tuple[object, tuple[object, ...]]]:
    for strand in hearing.strands_of(ticket):
        for cycle, _is_latest in strand.cycles(hand.at):
            changes = [(change.what, change.level, change.at) for change in cycle.changes]
            yield (
                (strand.case_id, cycle.kind, cycle.number),
                (cycle.state, cycle.target_seconds, cycle.deadline, cycle.ended_at, cycle.next_fire_at, changes),
            )


def test_outside_development_it_wants_a_password_of_its_own(app: Flask):
    app.config["HELPDESK_ENV"] = "production"
    with pytest.raises(ConfigurationError, match="HELPDESK_DEMO_PASSWORD"):
        _build(app)
    assert world.is_empty()
    app.config["DEMO_PASSWORD"] = "chosen by the operator"
    assert world.demo_password(app) == "chosen by the operator"


def test_every_story_can_be_told():
    for story in STORIES:
        assert story.topic in TOPICS[story.kind]
        for text in story[4:11]:
            told = text.format(n=7, site="Győr")
            assert told.strip()
            assert "{" not in told
    told_in = {(story.language, story.kind) for story in STORIES}
    assert told_in == {(language, kind) for language in ("en", "hu") for kind in Kind}
    assert all(SITES[company.country] for company in COMPANIES)


def test_the_town_granted_its_rights_and_two_need_a_look(app: Flask, hand: Hand):
    _build(app)
    today = granting.today()
    named = {(right.customer.name, right.ends_on) for right in rights.ending(today)}
    assert named == {(EXPIRED, today - timedelta(days=3)), (ENDING, today + timedelta(days=12))}
    cases = db.session.scalars(sa.select(VendorCase)).all()
    assert cases
    assert {case.pack["percent"] for case in cases} == {100}
