"""Several schedulers, killed at work: a money window is warned of and missed once, a ticket escalated once."""

from __future__ import annotations

import json
import signal
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from helpdesk.accounts.models import Team
from helpdesk.clock import Hand, now
from helpdesk.database import db, unit_of_work
from helpdesk.escalations.models import Entitlement, EntitlementUse, VendorCase
from helpdesk.escalations.money.models import MoneyDeadline, MoneyWindow
from helpdesk.notifications.models import OutboxMessage
from helpdesk.notifications.topics import NoticeTopic
from helpdesk.sla.models import PromiseStamp, SlaPolicy
from helpdesk.tickets import history
from helpdesk.tickets.actions import money
from helpdesk.tickets.actions.opening import Opened
from helpdesk.tickets.change import changing
from helpdesk.tickets.models import Ticket, TicketEvent
from helpdesk.tickets.terms import renew_terms
from tests.faults import world
from tests.faults.processes import Fork
from tests.faults.runner import Halt
from tests.helpdesk.tickets.conftest import Desk, number, topic_id, worked
from workflows.vocabulary import ClockKind, EventKind, Kind, MoneyState

__all__ = ["number", "topic_id", "worked"]

pytestmark = pytest.mark.faults

TICKETS = 60
PATIENCE = 60
WEEK, FORTNIGHT = "New-commerce seats: cancel or reduce", "Marketplace, yearly term: cancel"


def test_a_window_is_warned_of_and_missed_once_by_whomever(
    app: Flask, desk: Desk, opened: Callable[..., Opened], hand: Hand, today: datetime, fork: Fork
) -> None:
    """Ten days ago each ticket got a week, which is over, and a fortnight, of which people are to be warned."""
    hand.at = today - timedelta(days=10)
    original = opened(kind=Kind.BILLING).ticket.id
    _let_lea_lead(desk)
    world.copy(app, [original], TICKETS)
    windows = {name: window_id for window_id, name in db.session.execute(sa.select(MoneyWindow.id, MoneyWindow.name))}
    for ticket_id in world.numbers_of_all():
        with unit_of_work():
            for name in (WEEK, FORTNIGHT):
                money.set_deadline(ticket_id, desk.ana, windows[name], now(), now())
    hand.at = today

    for point in ("before a window", "between window and commit", "after a window"):
        _dies(fork("scheduler", halt=Halt(point, 3, signal.SIGKILL)), point)
        assert _due_windows(today), f"nothing was left to do after {point}"
    for _scheduler in range(3):
        fork("scheduler")
    _until(lambda: not _due_windows(today) and not world.due(today))

    of_deadline = {row.id: row.name for row in db.session.scalars(sa.select(MoneyDeadline))}
    missed, warned = _told(EventKind.MONEY_MISSED, "deadline"), _told(EventKind.MONEY_WARNED, "deadline")
    assert missed == Counter(key for key, name in of_deadline.items() if name == WEEK)
    assert warned == Counter(key for key, name in of_deadline.items() if name == FORTNIGHT)
    assert len(missed) == len(warned) == TICKETS
    states = sa.select(MoneyDeadline.state, sa.func.count()).group_by(MoneyDeadline.state)
    assert {tuple(row) for row in db.session.execute(states)} == {
        (MoneyState.MISSED, TICKETS),
        (MoneyState.OPEN, TICKETS),
    }
    assert _to_lea(NoticeTopic.MONEY_MISSED, desk) == _to_lea(NoticeTopic.MONEY_WARNED, desk) == TICKETS
    assert [broken for _number, broken in history.verify() if broken] == []


def test_a_ticket_is_escalated_by_itself_once_and_no_incident_is_spent_twice(
    app: Flask, desk: Desk, worked: int, today: datetime, fork: Fork
) -> None:
    """There are fewer incidents than tickets: those that get none are marked, and people told, once too."""
    incidents = TICKETS * 2 // 3
    _let_lea_lead(desk)
    _escalate_when_late(worked, desk)
    with unit_of_work() as session:
        term = {"starts_on": today.date() - timedelta(days=300), "ends_on": today.date() + timedelta(days=60)}
        session.execute(sa.update(Entitlement).values(incidents_included=incidents, **term))
    world.copy(app, [worked], TICKETS)

    for point in ("before an escalation", "after an escalation", "before the commit", "after the commit"):
        _dies(fork("scheduler", halt=Halt(point, 1, signal.SIGKILL)), point)
        assert world.due(today), f"nothing was left to do after {point}"
    for _scheduler in range(3):
        fork("scheduler")
    _until(lambda: not world.due(today))

    db.session.rollback()
    cases = Counter(db.session.scalars(sa.select(VendorCase.ticket_id)))
    escalated, marked = _tickets_with(EventKind.ESCALATED), _tickets_with(EventKind.ESCALATION_DUE)
    assert cases == escalated == _tickets_with(EventKind.VENDOR_CASE_OPENED)
    assert escalated + marked == Counter(world.numbers_of_all())  # each of them one of both, once
    assert len(cases) == incidents
    assert db.session.scalars(sa.select(Entitlement.incidents_used)).one() == incidents
    assert db.session.scalar(sa.select(sa.func.sum(EntitlementUse.incidents))) == incidents
    is_marked = sa.select(Ticket.id).where(Ticket.escalation_due_at.is_not(None))
    assert Counter(db.session.scalars(is_marked)) == marked
    assert _to_lea(NoticeTopic.ESCALATION_DUE, desk) == TICKETS
    assert [broken for _number, broken in history.verify() if broken] == []


def _let_lea_lead(desk: Desk) -> None:
    with unit_of_work() as session:
        session.execute(sa.update(Team).values(lead_id=desk.lea.id))


def _escalate_when_late(ticket_id: int, desk: Desk) -> None:
    level = {"level": 3, "minutes_after": 60, "act": "escalate"}
    with unit_of_work() as session:
        for policy in session.scalars(sa.select(SlaPolicy)):
            policy.levels = {ClockKind.RESOLUTION.value: [level]}
        session.execute(sa.update(PromiseStamp).values(stamp="the book is another one"))
    with unit_of_work(), changing(ticket_id, desk.lea, now()) as change:
        renew_terms(change)


def _due_windows(at: datetime) -> int:
    db.session.rollback()
    rows = sa.select(sa.func.count()).select_from(MoneyDeadline).where(MoneyDeadline.next_fire_at <= at)
    return db.session.scalar(rows) or 0


def _told(what: EventKind, name: str) -> Counter[Any]:
    """How often each thing named in the particulars of such events was told."""
    texts = db.session.scalars(sa.select(TicketEvent.particulars).where(TicketEvent.what == what))
    return Counter(json.loads(text)[name] for text in texts)


def _tickets_with(what: EventKind) -> Counter[int]:
    return Counter(db.session.scalars(sa.select(TicketEvent.ticket_id).where(TicketEvent.what == what)))


def _to_lea(topic: NoticeTopic, desk: Desk) -> int:
    """How many lines of ``topic`` hang, or are to hang, under Lea's bell."""
    rows = sa.select(sa.func.count()).where(OutboxMessage.topic == topic, OutboxMessage.recipient == str(desk.lea.id))
    return db.session.scalar(rows) or 0


def _dies(process: Any, point: str) -> None:
    process.join(timeout=PATIENCE)
    assert process.exitcode == -signal.SIGKILL, f"{point}: {process.exitcode}"


def _until(is_so: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)
