"""Windows that money hangs on: they run over pauses, come first where they end first, and are told of exactly once."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from helpdesk.accounts.models import Team
from helpdesk.clock import Hand, now
from helpdesk.database import db, unit_of_work
from helpdesk.errors import Conflict, Invalid
from helpdesk.escalations.money.models import MoneyDeadline, MoneyWindow
from helpdesk.jobs import jobs
from helpdesk.notifications.models import OutboxMessage
from helpdesk.notifications.topics import NoticeTopic
from helpdesk.tickets import money_sweep
from helpdesk.tickets.actions import assigning, conversation, holding, money
from helpdesk.tickets.actions.opening import Opened
from helpdesk.tickets.models import Ticket, TicketEvent
from tests.people import add_person, signed_in
from workflows.vocabulary import EventKind, HoldCause, Kind, MoneyPurpose, MoneyState, Role

from .conftest import Desk

DAY = 24 * 3600
WEEK = "New-commerce seats: cancel or reduce"
HOURS = "Marketplace, monthly term: cancel"


@pytest.fixture
def billing(opened: Callable[..., Opened], desk: Desk) -> int:
    number = opened(kind=Kind.BILLING, subject="Too many seats").ticket.id
    with unit_of_work() as session:
        session.execute(sa.update(Team).values(lead_id=desk.lea.id))
        assigning.assign(number, desk.ana, desk.ana.id, now())
    return number


def window(name: str) -> int:
    return db.session.scalars(sa.select(MoneyWindow.id).where(MoneyWindow.name == name)).one()


def put(number: int, desk: Desk, name: str = WEEK, ago: timedelta = timedelta(0)) -> int:
    with unit_of_work():
        return money.set_deadline(number, desk.ana, window(name), now() - ago, now()).id


def ticket(number: int) -> Ticket:
    db.session.rollback()
    return db.session.get_one(Ticket, number, populate_existing=True)


def deadline(deadline_id: int) -> MoneyDeadline:
    db.session.rollback()
    return db.session.get_one(MoneyDeadline, deadline_id, populate_existing=True)


def told(topic: NoticeTopic) -> list[str]:
    rows = sa.select(OutboxMessage.recipient).where(
        OutboxMessage.topic == topic, OutboxMessage.recipient.not_like("%@%")
    )
    return sorted(db.session.scalars(rows))


def count(number: int, what: EventKind) -> int:
    rows = sa.select(sa.func.count()).where(TicketEvent.ticket_id == number, TicketEvent.what == what)
    return db.session.scalar(rows) or 0


def sweep() -> None:
    list(jobs.sweep_money())
    list(jobs.sweep_clocks())


def test_it_comes_before_the_clocks_where_it_ends_before_them(billing: int, desk: Desk) -> None:
    service_due = ticket(billing).next_due_at
    put(billing, desk)
    assert ticket(billing).next_due_at == service_due
    first = put(billing, desk, HOURS, ago=timedelta(hours=23, minutes=30))
    found = ticket(billing)
    assert found.next_due_at == deadline(first).due_at < service_due
    assert (found.next_due_clock, found.money_purpose) == (None, MoneyPurpose.CANCELLATION)


def wait(number: int, desk: Desk) -> None:
    """Answer the customer and wait for them: no clock of ours runs."""
    with unit_of_work():
        conversation.reply(number, desk.ana, "We ask.", now())
        holding.hold(number, desk.ana, HoldCause.CUSTOMER, now())


def test_it_runs_while_the_ticket_waits_and_gives_way_once_it_is_kept(billing: int, desk: Desk) -> None:
    deadline_id = put(billing, desk)
    wait(billing, desk)
    found = ticket(billing)
    assert (found.is_paused, found.next_due_at) == (False, deadline(deadline_id).due_at)
    with unit_of_work():
        money.keep(billing, deadline_id, desk.ana, now())
    found = ticket(billing)
    assert found.is_paused
    assert found.money_due_at is None
    assert deadline(deadline_id).state is MoneyState.MET


def test_it_is_late_by_days_and_service_clocks_by_open_hours(
    ana: FlaskClient, billing: int, desk: Desk, hand: Hand
) -> None:
    put(billing, desk)
    wait(billing, desk)
    hand.advance(10 * DAY)  # the sweep has not noticed yet
    for page in ("/queue", f"/tickets/{billing}"):
        html = ana.get(page).text
        assert "late by 3 days" in html
        assert re.search(r" data-calendar>", html)
        assert "data-late=" not in html


def test_people_are_warned_twice_and_a_miss_is_written_once(billing: int, desk: Desk, hand: Hand) -> None:
    deadline_id = put(billing, desk)
    both = sorted([str(desk.ana.id), str(desk.lea.id)])
    sweep()
    assert told(NoticeTopic.MONEY_WARNED) == []
    hand.advance(int(3.5 * DAY))
    sweep()
    sweep()
    assert told(NoticeTopic.MONEY_WARNED) == both
    hand.advance(int(2.5 * DAY))
    sweep()
    assert told(NoticeTopic.MONEY_WARNED) == sorted(both * 2)
    hand.advance(DAY)
    sweep()
    sweep()
    assert told(NoticeTopic.MONEY_MISSED) == both
    assert deadline(deadline_id).state is MoneyState.MISSED
    assert (count(billing, EventKind.MONEY_WARNED), count(billing, EventKind.MONEY_MISSED)) == (2, 1)
    assert ticket(billing).money_due_at is None


def test_warnings_that_downtime_swallowed_are_one(billing: int, desk: Desk, hand: Hand) -> None:
    put(billing, desk)
    hand.advance(int(6.5 * DAY))
    sweep()
    assert count(billing, EventKind.MONEY_WARNED) == 1
    assert len(told(NoticeTopic.MONEY_WARNED)) == 2


def test_a_second_scheduler_finds_nothing_left(billing: int, desk: Desk, hand: Hand) -> None:
    put(billing, desk, HOURS)
    hand.advance(2 * DAY)
    assert money_sweep.due(now()) == [billing]
    with unit_of_work():
        assert money_sweep.settle(billing, now())
    with unit_of_work():
        assert not money_sweep.settle(billing, now())
    assert count(billing, EventKind.MONEY_MISSED) == 1


def test_what_makes_no_sense_is_refused(billing: int, desk: Desk, hand: Hand) -> None:
    deadline_id = put(billing, desk)
    with pytest.raises(Conflict), unit_of_work():
        money.set_deadline(billing, desk.ana, window(WEEK), now(), now())
    for start in (now() + timedelta(hours=1), now() - timedelta(days=8)):
        with pytest.raises(Invalid), unit_of_work():
            money.set_deadline(billing, desk.ana, window(WEEK), start, now())
    with pytest.raises(Invalid), unit_of_work():
        money.waive(billing, deadline_id, desk.ana, "  ", now())
    hand.advance(8 * DAY)
    with pytest.raises(Invalid), unit_of_work():
        money.keep(billing, deadline_id, desk.ana, now())


def test_the_page_puts_one_on_shows_it_and_waives_it(ana: FlaskClient, billing: int, desk: Desk) -> None:
    here = f"/tickets/{billing}/money"
    assert ana.get(here).status_code == 200
    refused = ana.post(here, data={"window": window(WEEK), "start": ""})
    assert refused.status_code == 422
    text = (now() - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M")
    assert ana.post(here, data={"window": window(WEEK), "start": text}).status_code == 303
    assert WEEK in ana.get(f"/tickets/{billing}").get_data(as_text=True)
    wait(billing, desk)
    assert "Cancellation window" in ana.get("/queue").get_data(as_text=True)
    row = db.session.scalars(sa.select(MoneyDeadline)).one()
    assert "Macro" not in ana.get(here).get_data(as_text=True)
    unexplained = ana.post(f"{here}/{row.id}/waiver", data={"reason": ""})
    assert unexplained.status_code == 422
    assert "Say why; the reason is kept." in unexplained.get_data(as_text=True)
    assert ana.post(f"{here}/{row.id}/waiver", data={"reason": "They keep the seats"}).status_code == 303
    assert "They keep the seats" in ana.get(here).get_data(as_text=True)


def test_a_ticket_page_without_money_asks_nothing_more(ana: FlaskClient, billing: int, statements) -> None:
    with statements() as ran:
        ana.get(f"/tickets/{billing}")
    assert [one for one in ran if "money_deadline" in one] == []


def test_an_admin_edits_the_windows(app, desk: Desk) -> None:
    admin = signed_in(app, add_person("Adam", Role.ADMIN))
    assert "New-commerce" in admin.get("/admin/windows").get_data(as_text=True)
    form = {"name": "Seats", "purpose": "refund", "length": "0", "unit": "days", "counts_from": "moment", "source": ""}
    assert admin.post("/admin/windows/new", data=form).status_code == 422
    assert admin.post("/admin/windows/new", data=form | {"length": "9", "is_enabled": "y"}).status_code == 303
    assert admin.post("/admin/windows/new", data=form | {"length": "9"}).status_code == 422  # the name is taken
    assert db.session.get_one(MoneyWindow, window("Seats")).length == 9
