"""A customer's new plan reaches hundreds of open tickets, by schedulers that are killed at work: each exactly once."""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from helpdesk.clock import Hand, now
from helpdesk.customers import actions as customers
from helpdesk.customers.models import Customer
from helpdesk.database import db, unit_of_work
from helpdesk.sla import queries
from helpdesk.sla.terms import load_terms
from helpdesk.tickets import history
from helpdesk.tickets.actions import triaging
from helpdesk.tickets.actions.opening import Opened
from helpdesk.tickets.models import Ticket, TicketEvent
from tests.faults import world
from tests.faults.processes import Fork
from tests.faults.runner import Halt
from tests.helpdesk.tickets.conftest import Desk
from workflows.vocabulary import EventKind

pytestmark = pytest.mark.faults

TICKETS, PATIENCE = 260, 60
HALTS = (Halt("between renewing and commit", 2, signal.SIGKILL), Halt("after renewing", 1, signal.SIGKILL))


def test_a_new_plan_reaches_every_open_ticket_once(
    app: Flask, desk: Desk, opened: Callable[..., Opened], hand: Hand, today: datetime, fork: Fork
) -> None:
    hand.at = today - timedelta(minutes=5)
    _give_plan(desk.customer_id, "Standard")
    number = opened().ticket.id
    with unit_of_work():
        triaging.confirm_customer(number, desk.ana, desk.customer_id, now())
    world.copy(app, [number], TICKETS)
    with unit_of_work() as session:
        theirs = {"customer_id": desk.customer_id, "is_customer_confirmed": True}
        session.execute(sa.update(Ticket).values(theirs))
    before = _changes()
    _give_plan(desk.customer_id, "Business Plus")

    for halt in HALTS:
        process = fork("scheduler", halt=halt)
        process.join(timeout=PATIENCE)
        assert process.exitcode == -signal.SIGKILL, halt.point
        assert _is_waiting(), f"nothing was left to do after {halt.point}"
    for _scheduler in range(3):
        fork("scheduler")
    _until(lambda: not _is_waiting())

    assert _changes() - before == Counter(world.numbers_of_all())
    assert {load_terms(each).policy_name for each in db.session.scalars(sa.select(Ticket.terms_id)) if each} == {
        "Business Plus"
    }
    assert [broken for _number, broken in history.verify() if broken] == []


def _give_plan(customer_id: int, policy_name: str) -> None:
    policy = next(policy for policy in queries.policies() if policy.name == policy_name)
    with unit_of_work() as session:
        customer = session.get_one(Customer, customer_id)
        draft = customers.CustomerDraft(customer.name, support_plan_id=policy.support_plan_id)
        customers.edit_customer(customer, draft, now())


def _changes() -> Counter[int]:
    db.session.rollback()
    rows = sa.select(TicketEvent.ticket_id).where(TicketEvent.what == EventKind.TERMS_CHANGED)
    return Counter(db.session.scalars(rows))


def _is_waiting() -> bool:
    db.session.rollback()
    return db.session.scalar(sa.select(Customer.id).where(Customer.renewal_asked_at.is_not(None)).limit(1)) is not None


def _until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < end, "nothing came of it"
        time.sleep(0.1)
