"""Whom the ladder tells, when, and once: real clocks on a real ticket, swept by the real job."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from helpdesk.accounts import rota
from helpdesk.accounts.actor import Actor
from helpdesk.accounts.models import Team, User
from helpdesk.clock import Hand, now
from helpdesk.database import db, unit_of_work
from helpdesk.escalations.models import SupportChannel, VendorCase
from helpdesk.jobs import jobs
from helpdesk.notifications.models import Notification, OutboxMessage, Transport
from helpdesk.notifications.outbox import IS_PENDING
from helpdesk.sla.actions import ClockNews
from helpdesk.sla.editing import create_calendar, renew_stamp
from helpdesk.sla.models import SlaPolicy
from helpdesk.tickets import alarms, deadlines, overtaken
from helpdesk.tickets.actions import conversation
from helpdesk.tickets.actions.assigning import assign
from helpdesk.tickets.actions.opening import Opening, open_ticket
from helpdesk.tickets.models import Ticket
from tests.helpdesk.notifications.test_delivery import mails, put
from tests.people import add_person
from tests.worlds import starting_set
from workflows.ladder import Rung
from workflows.vocabulary import (
    ClockChange,
    ClockKind,
    Kind,
    LadderRole,
    Level,
    Role,
    Service,
    Severity,
    VendorCaseState,
)

SILENT = [{"level": 0, "to": []}]
LADDER: list[dict[str, Any]] = [
    {"level": 1, "percent": 50, "to": ["on_call"]},
    {"level": 0, "to": ["lead", "manager"]},
    {"level": 2, "minutes_after": 30, "to": ["manager"]},
]


class Desk:
    """Ana has the turn, Lea leads, Max manages; the first response has the ladder, other clocks are silent."""

    def __init__(self, ladder: list[dict[str, Any]]) -> None:
        starting_set()
        with unit_of_work():
            policy = db.session.scalars(sa.select(SlaPolicy).where(SlaPolicy.is_default)).one()
            policy.levels = {clock.value: SILENT for clock in ClockKind} | {"first_response": ladder}
            renew_stamp()
        self.ana = add_person("Ana Kovács", Role.AGENT)
        self.lea = add_person("Lea Farkas", Role.LEAD)
        self.max = add_person("Max Berger", Role.MANAGER)
        with unit_of_work():
            self.team = db.session.scalars(sa.select(Team).where(Team.is_default)).one()
            self.team.lead_id = self.lea.id

    def on_call(self, user: User, starts_at: datetime, hours: int) -> None:
        with unit_of_work():
            rota.add_turn(self.team, rota.TurnDraft(user.id, starts_at, starts_at + timedelta(hours=hours)), now())

    def open(self) -> Ticket:
        """A P1 whose first response is due in two open hours, at 16:12 in Budapest."""
        request = Opening(
            Kind.TECHNICAL, Service.MICROSOFT365, Level.HIGH, Level.HIGH, "Outlook asks for the password",
            "Since eight.", "Rita Fehér", "rita@alpina.example",
        )  # fmt: skip
        with unit_of_work():
            ticket = open_ticket(request, None, now()).ticket
        with unit_of_work() as session:
            session.execute(sa.delete(OutboxMessage))  # the acknowledgement is no alarm
        return ticket


@pytest.fixture
def desk(app: Flask, hand: Hand) -> Desk:
    return Desk(LADDER)


def sweep(hand: Hand, minutes: int) -> None:
    hand.advance(minutes * 60)
    list(jobs.sweep_clocks())


def told(transport: Transport = Transport.MAIL) -> list[tuple[str, str]]:
    """(topic, who) in the order they were queued."""
    db.session.rollback()
    rows = db.session.scalars(sa.select(OutboxMessage).order_by(OutboxMessage.id))
    users = {str(user.id): user.email for user in db.session.scalars(sa.select(User))}
    return [
        (row.topic, users.get(row.recipient, row.recipient).split("@")[0]) for row in rows if row.transport == transport
    ]


def test_each_level_tells_whom_it_names(desk: Desk, hand: Hand) -> None:
    desk.on_call(desk.ana, hand(), 8)
    desk.open()
    sweep(hand, 61)
    assert told() == [("clock_warned", "ana")]
    sweep(hand, 60)
    assert told()[1:] == [("clock_breached", "lea"), ("clock_breached", "max")]
    sweep(hand, 30)
    assert told()[3:] == [("clock_laddered", "max")]
    assert told(Transport.IN_APP) == told()
    sweep(hand, 600)
    assert len(told()) == 4, "each once"


def test_where_nobody_is_on_call_the_lead_is_told(desk: Desk, hand: Hand) -> None:
    desk.on_call(desk.ana, hand() + timedelta(hours=2), 8)
    desk.open()
    sweep(hand, 61)
    assert told() == [("clock_warned", "lea")]


def test_a_stand_in_is_told_while_their_turn_lasts(desk: Desk, hand: Hand) -> None:
    desk.on_call(desk.ana, hand() - timedelta(hours=1), 9)
    desk.on_call(desk.max, hand() + timedelta(minutes=30), 1)
    desk.open()
    sweep(hand, 61)
    assert told() == [("clock_warned", "max")]


def test_without_a_ladder_a_warning_goes_to_the_owner_and_a_breach_to_all_three(app: Flask, hand: Hand) -> None:
    desk = Desk([{"level": 1, "percent": 50}])
    ticket = desk.open()
    with unit_of_work():
        assign(ticket.id, Actor.of_user(desk.ana), desk.ana.id, now())
    sweep(hand, 61)
    assert told() == [("clock_warned", "ana")]
    sweep(hand, 60)
    assert told()[1:] == [("clock_breached", name) for name in ("ana", "lea", "max")]


# working hours ----------------------------------------------------------------------------------------


def mornings(user: User) -> None:
    with unit_of_work():
        days = ("mon", "tue", "wed", "thu", "fri")
        week = {day: [("07:00", "12:00")] for day in days}
        hours = create_calendar("Mornings", {"timezone": "Europe/Budapest", "week": week}, None, now())
        db.session.get_one(User, user.id).calendar_id = hours.id


def moments(user: User) -> set[tuple[str, datetime]]:
    db.session.rollback()
    own = sa.or_(OutboxMessage.recipient == user.email, OutboxMessage.recipient == str(user.id))
    rows = db.session.scalars(sa.select(OutboxMessage).where(own)).all()
    assert {row.transport for row in rows} == {Transport.MAIL, Transport.IN_APP}
    return {(row.topic, row.next_attempt_at) for row in rows}


def test_what_is_not_urgent_waits_for_ones_working_hours(desk: Desk, hand: Hand) -> None:
    mornings(desk.max)
    desk.open()
    sweep(hand, 121)
    tomorrow = datetime(2026, 11, 25, 6, 0, tzinfo=UTC)
    assert ("clock_breached", tomorrow) in moments(desk.max)
    assert ("clock_breached", hand()) in moments(desk.lea), "she works by the desk's hours"


def test_what_is_urgent_goes_at_once(app: Flask, hand: Hand) -> None:
    desk = Desk([{"level": 0, "to": ["manager"], "is_urgent": True}])
    mornings(desk.max)
    desk.open()
    sweep(hand, 121)
    assert moments(desk.max) == {("clock_breached", hand())}


@pytest.mark.parametrize(("late_minutes", "is_answered", "heard"), [
    (70, True, set()),
    (70, False, {"clock_warned"}),
    (125, True, {"clock_breached"}),
])  # fmt: skip
def test_what_waited_and_is_moot_is_not_told(
    app: Flask, hand: Hand, late_minutes: int, is_answered: bool, heard: set[str]
) -> None:
    """A promise that was kept overnight needs no warning in the morning; a breach has happened all the same."""
    desk = Desk([{"level": 1, "percent": 50, "to": ["manager"]}, {"level": 0, "to": ["manager"]}])
    mornings(desk.max)
    ticket = desk.open()
    sweep(hand, 70)
    assert {topic for topic, _at in moments(desk.max)} >= {"clock_warned"}
    sweep(hand, late_minutes - 70)
    if is_answered:
        with unit_of_work():
            conversation.reply(ticket.id, Actor.of_user(desk.ana), "It is back.", now())
    list(jobs.deliver_outbox())
    hand.at = datetime(2026, 11, 25, 6, 0, 1, tzinfo=UTC)
    list(jobs.deliver_outbox())
    db.session.rollback()
    about = sa.select(Notification.topic).where(Notification.user_id == desk.max.id)
    first = about.where(Notification.params["clock"].as_string() == ClockKind.FIRST_RESPONSE)
    assert set(db.session.scalars(first)) == heard


def test_all_that_is_moot_is_withdrawn_however_much_waits(
    app: Flask, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also what waits behind a page of alarms that somebody needs."""
    monkeypatch.setattr(overtaken, "AT_ONCE", 3)
    desk = Desk([{"level": 1, "percent": 50, "to": ["manager"]}])
    mornings(desk.max)
    tickets = [desk.open().id for _number in range(6)]
    sweep(hand, 70)
    assert warned() == set(tickets)
    for number in tickets[3:]:
        with unit_of_work():
            conversation.reply(number, Actor.of_user(desk.ana), "It is back.", now())
    hand.at = datetime(2026, 11, 25, 6, 0, 1, tzinfo=UTC)
    list(jobs.deliver_outbox())
    assert warned() == set(tickets[:3])


def warned() -> set[int | None]:
    """The tickets of which a warning was told, or is to be told."""
    db.session.rollback()
    return set(db.session.scalars(sa.select(OutboxMessage.ticket_id).where(OutboxMessage.topic == "clock_warned")))


# the vendor, and many at once ---------------------------------------------------------------------------


def news(change: ClockChange, **more: Any) -> ClockNews:
    """What the engine says of a clock; by default of the ticket's own first response."""
    said: dict[str, Any] = {
        "cycle": 1, "kind": ClockKind.FIRST_RESPONSE, "change": change, "level": 0, "at": now(), "due_at": now(),
        "case_id": 0, "since": now(), "rung": Rung(0, to=frozenset(LadderRole)), "is_told": True,
    }  # fmt: skip
    return ClockNews(**said | more)


def tell(ticket: Ticket, *items: ClockNews) -> None:
    with unit_of_work():
        alarms.clock_news([alarms.Told(ticket, items)], now())


def test_a_late_vendor_is_to_be_chased_by_owner_and_lead(desk: Desk, hand: Hand) -> None:
    ticket = desk.open()
    with unit_of_work():
        assign(ticket.id, Actor.of_user(desk.ana), desk.ana.id, now())
        channel_id = db.session.scalars(sa.select(SupportChannel.id).limit(1)).one()
        cases = [
            VendorCase(
                ticket_id=ticket.id, channel_id=channel_id, state=VendorCaseState.OPEN, severity=Severity.B,
                number=number, pack={}, created_at=now(), last_word_at=now(),
            )
            for number in ("6151", None)
        ]  # fmt: skip
        db.session.add_all(cases)
    late = {"kind": ClockKind.VENDOR_RESPONSE}
    for case in cases:
        tell(ticket, news(ClockChange.BREACHED, case_id=case.id, **late))
    assert told() == [("vendor_late", "ana"), ("vendor_late", "lea")] * 2, "each case has its own promise"
    params = db.session.scalars(sa.select(OutboxMessage.params).where(OutboxMessage.transport == Transport.MAIL)).all()
    assert [one.get("vendor_number") for one in params] == ["6151", "6151", None, None]
    assert all(one["channel_name"] for one in params)


def test_told_again_nothing_is_written(desk: Desk, hand: Hand) -> None:
    ticket = desk.open()
    item = news(ClockChange.BREACHED)
    tell(ticket, item)
    before = told()
    tell(ticket, item)
    assert told() == before
    tell(ticket, news(ClockChange.LADDERED, level=2), news(ClockChange.WARNED, is_told=False))
    assert {topic for topic, _who in told()[len(before) :]} == {"clock_laddered"}, "what the breach said is not told"


def test_escalation_due_tells_who_can_escalate(desk: Desk, hand: Hand) -> None:
    ticket = desk.open()
    with unit_of_work():
        alarms.escalation_due(ticket, news(ClockChange.LADDERED, level=2), ["pack", "boundary"], now())
    assert told() == [("escalation_due", "lea")]
    assert db.session.scalars(sa.select(OutboxMessage.params)).first()["missing"] == 2  # type: ignore[index]


def test_any_number_of_tickets_is_told_by_a_few_statements(desk: Desk, hand: Hand) -> None:
    tickets = [desk.open() for _number in range(5)]
    statements: list[str] = []
    sa.event.listen(db.engine, "before_cursor_execute", lambda *event: statements.append(event[2]))
    with unit_of_work():
        alarms.clock_news([alarms.Told(ticket, [news(ClockChange.BREACHED)]) for ticket in tickets], now())
    assert len([text for text in statements if text.startswith("INSERT")]) == 1
    assert len([text for text in statements if text.startswith("SELECT")]) <= 4
    assert len(told()) == 5 * 2, "the lead and the manager; nobody has the tickets"


def test_the_post_waits_until_the_sweep_knows_every_alarm(desk: Desk, hand: Hand) -> None:
    tickets = [desk.open() for _number in range(3)]
    tell(tickets[0], news(ClockChange.WARNED, level=9))
    assert not deadlines.is_behind(hand.advance(3600 + deadlines.BEHIND.seconds))
    assert deadlines.is_behind(hand.advance(2))
    put(mails(1), hand())
    with unit_of_work() as session:  # as if it had been queued just now
        session.execute(sa.update(OutboxMessage).values(created_at=hand(), next_attempt_at=hand()))
    list(jobs.deliver_outbox())
    assert {topic for topic, _who in waiting()} == {"clock_warned"}
    list(jobs.sweep_clocks())
    assert not deadlines.is_behind(hand())
    list(jobs.deliver_outbox())
    assert waiting() == []
    assert ("promises_digest", "lea") in told()


def waiting() -> list[tuple[str, str]]:
    db.session.rollback()
    rows = sa.select(OutboxMessage.topic, OutboxMessage.recipient)
    return [tuple(row) for row in db.session.execute(rows.where(IS_PENDING))]
