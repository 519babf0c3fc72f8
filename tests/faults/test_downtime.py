"""No scheduler for six hours: what fell due meanwhile is done once, oldest first, and told in one digest a person."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import parseaddr

import pytest
import sqlalchemy as sa
from flask import Flask

from helpdesk.clock import Hand
from helpdesk.database import db, unit_of_work
from helpdesk.jobs.jobs import TOGETHER
from helpdesk.notifications.models import DeliveryState, OutboxMessage
from helpdesk.sla.models import ClockEvent, SlaClock
from helpdesk.tickets.actions.opening import Opened
from tests.faults import effects, world
from tests.faults.processes import Fork
from tests.helpdesk.notifications.mailserver import MailServer
from tests.helpdesk.tickets.conftest import Desk
from workflows.vocabulary import ClockChange, ClockKind

TICKETS = 500
CLOCKS = (ClockKind.FIRST_RESPONSE, ClockKind.INTAKE, ClockKind.PERIODIC_UPDATE, ClockKind.RESOLUTION, ClockKind.PICKUP)
DOWN, PROMISED = timedelta(hours=6), timedelta(hours=8)
PATIENCE = 60

pytestmark = pytest.mark.faults


@pytest.fixture
def fell_due(app: Flask, desk: Desk, opened: Callable[..., Opened], hand: Hand, today: datetime) -> int:
    """How many clocks fell due in the last six hours: promises of round-the-clock hours, so on any day of the week."""
    with unit_of_work():
        world.promise_only(int(PROMISED.total_seconds()), clocks=CLOCKS)
    minutes = [12 * place for place in range(28)]
    moments = [today - DOWN - PROMISED + timedelta(minutes=10 + wait) for wait in minutes]
    world.copy(app, world.open_at(opened, hand, moments, desk), TICKETS)
    return world.due(today)


def test_six_hours_without_a_scheduler(fell_due: int, fork: Fork, env: dict[str, str], today: datetime) -> None:
    assert fell_due > 3 * TICKETS
    expected = effects.of_settling_everything(today)
    with MailServer() as post:
        env["HELPDESK_SMTP_URL"] = post.url
        began = time.monotonic()
        fork("scheduler")
        _until(lambda: not world.due(today))
        print(f"{fell_due} clocks drained in {time.monotonic() - began:.1f} s, the start of a scheduler included")
        _until(lambda: not _waiting())

    effects.assert_once(expected)
    _assert_oldest_first()
    _assert_told_in_digests(post)


def _assert_oldest_first() -> None:
    """Tickets in the order in which their first promise broke, but for those that share a transaction."""
    first = sa.func.min(ClockEvent.id)
    rows = sa.select(sa.func.min(ClockEvent.at)).join(SlaClock, SlaClock.id == ClockEvent.clock_id)
    rows = rows.where(ClockEvent.change == ClockChange.BREACHED).group_by(SlaClock.ticket_id).order_by(first)
    moments = list(db.session.scalars(rows))
    assert len(set(moments)) > 20
    for before, after in zip(moments, moments[TOGETHER:], strict=False):
        assert before <= after


def _assert_told_in_digests(post: MailServer) -> None:
    """Each person of the desk gets one letter about everything, and none about any single promise."""
    letters = Counter(parseaddr(str(mail["To"]))[1] for mail in post.mails)
    staff = {address: count for address, count in letters.items() if address.endswith("@desk.example")}
    assert set(staff.values()) == {1}
    assert set(staff) >= {"ana@desk.example", "max@desk.example"}


def _waiting() -> int:
    db.session.rollback()
    rows = sa.select(sa.func.count()).select_from(OutboxMessage)
    return db.session.scalar(rows.where(OutboxMessage.delivery_state == DeliveryState.PENDING)) or 0


def _until(is_so: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)
