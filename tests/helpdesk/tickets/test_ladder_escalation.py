"""The ladder's "escalate by itself": in random worlds it does what a person could without choosing, nothing else."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, event, given, settings

from helpdesk.accounts.actor import SCHEDULER, Actor
from helpdesk.accounts.models import Team, User
from helpdesk.clock import now
from helpdesk.database import db, unit_of_work
from helpdesk.escalations.models import Entitlement, EntitlementUse, SupportChannel, VendorCase
from helpdesk.notifications.models import OutboxMessage
from helpdesk.notifications.topics import NoticeTopic
from helpdesk.sla.actions import ClockNews
from helpdesk.sla.strands import OWN
from helpdesk.tickets.actions.opening import Opened
from helpdesk.tickets.change import changing
from helpdesk.tickets.climbing import climb
from helpdesk.tickets.models import Ticket, TicketEvent
from tests.packs import ANSWERS, ask_for_packs, fill_pack
from workflows.ladder import Rung
from workflows.vocabulary import (
    CHANNEL_OF_TRIGGER,
    ESCALATED_STATES,
    OPEN_STATES,
    Boundary,
    BoundaryReason,
    ChannelKind,
    ClockChange,
    ClockKind,
    EventKind,
    Kind,
    LadderAct,
    PartnerKind,
    RightKind,
    Role,
    Service,
    State,
)

from .conftest import Desk
from .test_channel_properties import EARLY, LATE, SERVICES, Contract, World, may_go, packed, people, settle, worlds
from .test_pack import HAR, attach
from .test_right_to_act import grant

__all__ = ["packed", "people"]


class _Undo(Exception):
    """Rolls back what the ladder did, so that the next world meets the same ticket."""


def climb_to_escalate(number: int) -> bool:
    """Let a level that escalates come due on the ticket, in the caller's transaction."""
    rung = Rung(3, minutes_after=60, act=LadderAct.ESCALATE)
    news = ClockNews(
        1, ClockKind.RESOLUTION, ClockChange.LADDERED, 3, now(), now(), OWN, since=now(), rung=rung, is_told=True
    )
    with changing(number, SCHEDULER, now()) as change:
        return climb(change, [news])


def ways(number: int, desk_of: int, world: World, agent: Actor) -> set[str]:
    """By which triggers an agent could take the ticket to the vendor in ``world``."""
    settle(number, desk_of, world)
    db.session.expire_all()
    return {trigger.value for trigger in CHANNEL_OF_TRIGGER if may_go(number, agent, trigger.value)}


@given(world=worlds)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_it_goes_by_itself_exactly_where_nobody_need_choose(
    app: Flask, desk: Desk, people: dict[Role, User], packed: int, world: World
) -> None:
    app.config |= {"TRACK_RIGHTS": world.tracking, "PARTNER_KIND": world.partner.value}
    agent = Actor.of_user(people[Role.AGENT])
    any_pack = ways(packed, desk.customer_id, replace(world, asks_for_packs=False), agent)
    whole_pack = ways(packed, desk.customer_id, replace(world, override=""), agent)
    expected = any_pack if len(any_pack) == 1 and any_pack <= whole_pack else set()

    settle(packed, desk.customer_id, world)
    db.session.expire_all()
    event(f"goes: {bool(expected)}")
    _climb_and_check(packed, world, expected)


def _climb_and_check(number: int, world: World, expected: set[str]) -> None:
    taken = incidents_taken()
    try:
        with unit_of_work():
            climb_to_escalate(number)
            db.session.flush()
            _check(number, world, expected, taken)
            raise _Undo
    except _Undo:
        pass


def incidents_taken() -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(EntitlementUse)) or 0


def _check(number: int, world: World, expected: set[str], taken: int) -> None:
    ticket = db.session.get_one(Ticket, number)
    cases = db.session.scalars(sa.select(VendorCase)).all()
    last = db.session.scalars(sa.select(TicketEvent).order_by(TicketEvent.id.desc()).limit(1)).one()
    if expected and world.state not in ESCALATED_STATES and world.state in OPEN_STATES:
        (trigger,) = expected
        (case,) = cases
        channel = next(channel for each, channel in CHANNEL_OF_TRIGGER.items() if each.value == trigger)
        assert ticket.state in ESCALATED_STATES
        assert case.channel.kind is channel
        assert ticket.escalation_due_at is None
        return
    assert ticket.state is world.state
    assert cases == []
    assert incidents_taken() == taken
    is_marked = world.state in OPEN_STATES and world.state not in ESCALATED_STATES
    assert (ticket.escalation_due_at is not None) is is_marked
    if is_marked:
        said = json.loads(last.particulars)
        assert last.what is EventKind.ESCALATION_DUE
        assert bool(said["missing"]) is not bool(said["open"])


def test_the_plainest_world_goes_and_one_thing_keeps_it(
    app: Flask, desk: Desk, people: dict[Role, User], packed: int
) -> None:
    """The property would say nothing if every world stayed."""
    plain = World(
        kind=Kind.TECHNICAL, service=Service.AZURE, state=State.PARTNER_RESOLUTION,
        channels=[{"is_enabled": True, "needs_entitlement": True, "services": SERVICES, "starts_on": None,
                   "ends_on": None, "cost_rank": 0}] * 4,
        contracts=[Contract(ChannelKind.PREMIER, EARLY, LATE, None, 0, 0, [])], grants=[], tracking="off",
        partner=PartnerKind.DIRECT_BILL, boundary=(Boundary.VENDORS, BoundaryReason.BUG, ""), asks_for_packs=True,
        answers=frozenset(), override="", role=Role.AGENT,
    )  # fmt: skip
    app.config |= {"TRACK_RIGHTS": "off", "PARTNER_KIND": "direct_bill"}
    filled = replace(plain, answers=frozenset(item.value for item in ANSWERS))
    two = [*plain.contracts, Contract(ChannelKind.ADVANCED, EARLY, LATE, None, 0, 0, [])]
    for world, goes in (
        (filled, True),
        (plain, False),
        (replace(plain, override="The board insists."), False),  # a lead passed the pack for a person, not for the desk
        (replace(filled, contracts=two), False),
        (replace(filled, boundary=(Boundary.OURS, None, "")), False),
        (replace(filled, tracking="on"), False),
        (replace(filled, state=State.INTAKE), False),
        (replace(filled, state=State.RESOLVED), False),
        (replace(filled, state=State.ESCALATED_PREMIER), False),
    ):
        settle(packed, desk.customer_id, world)
        app.config["TRACK_RIGHTS"] = world.tracking
        db.session.expire_all()
        _climb_and_check(packed, world, {"escalate_to_premier"} if goes else set())


# what keeps it here is shown to people ------------------------------------------------------------------------


@pytest.fixture
def led(worked: int, desk: Desk) -> int:
    with unit_of_work() as session:
        session.execute(sa.update(Team).values(lead_id=desk.lea.id))
    return worked


def climb_now(number: int) -> Ticket:
    with unit_of_work():
        climb_to_escalate(number)
    db.session.rollback()
    return db.session.get_one(Ticket, number, populate_existing=True)


def said_of(number: int) -> dict[str, Any]:
    rows = sa.select(TicketEvent).where(TicketEvent.ticket_id == number, TicketEvent.what == EventKind.ESCALATION_DUE)
    said: dict[str, Any] = json.loads(db.session.scalars(rows).one().particulars)
    return said


def told_lea(desk: Desk) -> dict[str, Any]:
    rows = sa.select(OutboxMessage.params).where(
        OutboxMessage.topic == NoticeTopic.ESCALATION_DUE, OutboxMessage.recipient == str(desk.lea.id)
    )
    params: dict[str, Any] = db.session.scalars(rows).one()
    return params


def test_an_attachment_that_nobody_has_looked_at_keeps_it_here(ana: FlaskClient, led: int, desk: Desk) -> None:
    """It may hold cookies and tokens: a person decides what leaves the house, and the desk does nothing by itself."""
    ask_for_packs()
    fill_pack(led, desk.ana)
    trace = attach(ana, led, "trace.har", HAR.encode())
    found = climb_now(led)
    assert found.state is State.DIAGNOSIS
    assert found.escalation_due_at == now()
    assert "missing" in told_lea(desk)
    page = ana.get(f"/tickets/{led}").text
    assert "Escalation is due since" in page
    assert f"/tickets/{led}/pack" in page[page.index("Escalation is due since") :]

    ana.post(f"/tickets/{led}/pack/files")  # searched and found something: still nobody has decided
    assert db.session.scalar(sa.select(sa.func.count()).select_from(VendorCase)) == 0
    ana.post(f"/tickets/{led}/pack/files/{trace.id}", data={"act": "redacted"})
    assert "It may go to Microsoft now:" in ana.get(f"/tickets/{led}").text


def test_searched_and_redacted_it_goes_and_the_original_does_not(ana: FlaskClient, led: int, desk: Desk) -> None:
    ask_for_packs()
    fill_pack(led, desk.ana)
    trace = attach(ana, led, "trace.har", HAR.encode())
    ana.post(f"/tickets/{led}/pack/files")
    ana.post(f"/tickets/{led}/pack/files/{trace.id}", data={"act": "redacted"})
    assert climb_now(led).state is State.ESCALATED_PREMIER
    case = db.session.scalars(sa.select(VendorCase)).one()
    assert "trace.redacted.har" in json.dumps(case.pack)
    assert "secret-1" not in json.dumps(case.pack)
    told = told_lea(desk)
    assert told["channel_name"] == case.channel.name
    assert "missing" not in told


def test_a_right_to_act_that_ended_keeps_it_here_and_is_named(ana: FlaskClient, led: int, desk: Desk) -> None:
    grant(desk, RightKind.DELEGATED_ADMIN, date(2026, 11, 23))
    assert climb_now(led).state is State.DIAGNOSIS
    assert "delegated_admin_ended" in said_of(led)["missing"]
    page = ana.get(f"/tickets/{led}").text
    box = page[page.index("Escalation is due since") :]
    assert "still needs:" in box
    assert "delegated admin" in box[: box.index("Compare channels")]


def test_before_the_diagnosis_the_diagnosis_is_missing(ana: FlaskClient, opened: Any, desk: Desk) -> None:
    found: Opened = opened()
    number = found.ticket.id
    assert climb_now(number).escalation_due_at == now()
    assert said_of(number)["missing"] == [State.DIAGNOSIS.value]
    assert "No channel takes it from the state it is in." in ana.get(f"/tickets/{number}").text


def test_a_choice_is_told_as_a_choice(ana: FlaskClient, packed: int, desk: Desk, led: int) -> None:
    ask_for_packs()
    with unit_of_work() as session:
        channel = session.scalars(sa.select(SupportChannel).where(SupportChannel.kind == ChannelKind.ADVANCED)).one()
        own = Entitlement(channel_id=channel.id, starts_on=EARLY, ends_on=LATE, contract_number="C-2", created_at=now())
        session.add(own)
    assert climb_now(packed).state is State.DIAGNOSIS
    assert said_of(packed)["missing"] == []
    assert len(said_of(packed)["open"]) == 2
    assert "several channels are open, and somebody must choose" in ana.get(f"/tickets/{packed}").text
    assert "missing" not in told_lea(desk)
