"""For random worlds: a channel shown open can be escalated to by the real action, and one shown closed can't."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from helpdesk.accounts.actor import Actor
from helpdesk.accounts.models import User
from helpdesk.clock import now
from helpdesk.customers.models import Customer, CustomerRight
from helpdesk.database import db, unit_of_work
from helpdesk.escalations.models import Entitlement, EntitlementUse, PackRequirement, SupportChannel, VendorCase
from helpdesk.tickets.actions import moving
from helpdesk.tickets.models import Diagnosis, Ticket, TicketPack
from tests.packs import ANSWERS, fill_pack
from tests.people import add_person, signed_in
from workflows.machine import Refused
from workflows.vocabulary import (
    CHANNEL_OF_TRIGGER,
    Boundary,
    BoundaryReason,
    ChannelKind,
    Kind,
    PartnerKind,
    RightKind,
    Role,
    Service,
    State,
)

DAYS = [date(2026, 11, day) for day in (22, 23, 24, 25, 26)]
"""Around the day it is in every test, 24 November: one off in either direction shows."""

EARLY, LATE = date(2026, 1, 1), date(2027, 1, 1)
SERVICES = [each.value for each in Service]


def usually(good: Any, *others: Any, times: int = 6) -> st.SearchStrategy[Any]:
    """Mostly ``good``, so that whole worlds are often open and one thing at a time closes a channel."""
    return st.sampled_from([good] * times + list(others))


channels = st.fixed_dictionaries(
    {
        "is_enabled": usually(True, False),
        "needs_entitlement": usually(True, False),
        "services": usually(SERVICES, SERVICES[:1], SERVICES[1:]),
        "starts_on": usually(None, *DAYS, times=15),
        "ends_on": usually(None, *DAYS, times=15),
        "cost_rank": st.integers(0, 3),
    }
)
contracts = st.tuples(
    usually(ChannelKind.PREMIER, *ChannelKind, times=2), usually(EARLY, *DAYS), usually(LATE, *DAYS),
    st.sampled_from([None, 2, 3]), st.sampled_from([0, 0, 1, 2]), usually([], SERVICES[:1]), usually("C-1", ""),
)  # fmt: skip
grants = st.tuples(
    st.sampled_from(RightKind), usually(None, *Service), usually(EARLY, *DAYS), usually(LATE, None, *DAYS),
    usually(False, True),
)  # fmt: skip


@dataclass(frozen=True)
class World:
    kind: Kind
    service: Service
    state: State
    channels: list[dict[str, Any]]
    contracts: list[tuple[Any, ...]]
    grants: list[tuple[Any, ...]]
    tracking: str
    partner: PartnerKind
    boundary: tuple[Boundary | None, BoundaryReason | None, str]
    asks_for_packs: bool
    answers: frozenset[str]
    override: str
    role: Role


worlds = st.builds(
    World,
    kind=st.sampled_from(Kind),
    service=st.sampled_from(Service),
    state=usually(State.DIAGNOSIS, State.PARTNER_RESOLUTION, State.INTAKE, State.ESCALATED_PREMIER, State.RESOLVED),
    channels=st.lists(channels, min_size=4, max_size=4),
    contracts=st.lists(contracts, min_size=1, max_size=5),
    grants=st.lists(grants, max_size=5),
    tracking=st.sampled_from(["auto", "off", "off", "on"]),
    partner=st.sampled_from(PartnerKind),
    boundary=usually(
        (Boundary.VENDORS, BoundaryReason.BUG, ""), (Boundary.OURS, None, "The board insists."), (None, None, ""),
        (Boundary.OURS, None, ""), (Boundary.VENDORS, None, ""),
    ),
    asks_for_packs=st.booleans(),
    answers=usually(frozenset(item.value for item in ANSWERS), frozenset({"scope"}), times=3),
    override=usually("", "The board insists.", times=2),
    role=usually(Role.AGENT, Role.LEAD, Role.BILLING_ADMIN, Role.MANAGER, Role.ADMIN),
)  # fmt: skip


class _Undo(Exception):
    """Rolls the move back, so that the next channel meets the same world."""


@pytest.fixture
def people(app: Flask, desk: Any) -> dict[Role, User]:
    return {role: add_person(f"{role.name.title()} One", role) for role in set(Role)}


@pytest.fixture
def packed(worked: int, desk: Any) -> int:
    fill_pack(worked, desk.ana)
    return worked


def settle(number: int, customer_id: int, world: World) -> None:
    """Turn the one ticket's surroundings into ``world``."""
    with unit_of_work() as session:
        for model in (EntitlementUse, VendorCase, Entitlement, CustomerRight):
            session.execute(sa.delete(model))
        ticket = session.get_one(Ticket, number)
        ticket.kind, ticket.service = world.kind, world.service
        session.execute(sa.update(Ticket).where(Ticket.id == number).values(state=world.state))
        rows = session.scalars(sa.select(SupportChannel).order_by(SupportChannel.id)).all()
        for row, terms in zip(rows, world.channels, strict=True):
            for name, value in terms.items():
                setattr(row, name, value)
        by_kind = {row.kind: row.id for row in rows}
        for kind, one, other, included, used, services, papers in world.contracts:
            own = Entitlement(channel_id=by_kind[kind], starts_on=min(one, other), ends_on=max(one, other))
            own.incidents_included, own.incidents_used, own.services = included, used, services
            own.contract_number, own.created_at = papers, now()
            session.add(own)
        for kind, service, granted, ends, is_closed in world.grants:
            right = CustomerRight(customer_id=customer_id, kind=kind, service=service, granted_on=granted, role="")
            right.ends_on = None if ends is None else max(ends, granted)
            right.recorded_at, right.closed_at = now(), now() if is_closed else None
            session.add(right)
        record = session.scalars(sa.select(Diagnosis).order_by(Diagnosis.id.desc()).limit(1)).one()
        record.boundary, record.boundary_reason, record.boundary_override = world.boundary
        session.execute(sa.update(PackRequirement).values(is_enabled=world.asks_for_packs))
        pack = session.get_one(TicketPack, number)
        pack.answers = {item.value: text for item, text in ANSWERS.items() if item.value in world.answers}
        pack.override_reason = world.override
        assert session.get_one(Customer, customer_id).tenant_id


def shown_open(browser: Any, number: int) -> set[str]:
    page = browser.get(f"/tickets/{number}/escalate")
    assert page.status_code == 200
    return set(re.findall(r'name="trigger" value="(escalate_to_\w+)"', page.text))


def may_go(number: int, actor: Actor, trigger: str) -> bool:
    """Whether the real action takes the ticket there; rolled back either way."""
    try:
        with unit_of_work():
            moving.move(number, actor, trigger, now(), {"reason": "They know more."})
            raise _Undo
    except _Undo:
        return True
    except Refused:
        return False


@given(world=worlds)
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_shown_is_what_may_be_done(app: Flask, desk: Any, people: Any, packed: int, world: World) -> None:
    settle(packed, desk.customer_id, world)
    app.config |= {"TRACK_RIGHTS": world.tracking, "PARTNER_KIND": world.partner.value}
    db.session.expire_all()
    user = people[world.role]
    shown = shown_open(signed_in(app, user), packed)
    actor = Actor.of_user(user)
    done = {trigger.value for trigger in CHANNEL_OF_TRIGGER if may_go(packed, actor, trigger.value)}
    event(f"{len(done)} open")
    assert shown == done


def test_the_worlds_are_open_and_closed_in_turn(app: Flask, desk: Any, people: Any, packed: int) -> None:
    """The property would say nothing if every world were closed: the plainest one is open, and one thing closes it."""
    plain = World(
        kind=Kind.TECHNICAL, service=Service.AZURE, state=State.DIAGNOSIS,
        channels=[{"is_enabled": True, "needs_entitlement": True, "services": SERVICES, "starts_on": None,
                   "ends_on": None, "cost_rank": 0}] * 4,
        contracts=[(ChannelKind.PREMIER, EARLY, LATE, None, 0, [], "C-1")], grants=[], tracking="off",
        partner=PartnerKind.DIRECT_BILL, boundary=(Boundary.VENDORS, BoundaryReason.BUG, ""), asks_for_packs=True,
        answers=frozenset(item.value for item in ANSWERS), override="", role=Role.AGENT,
    )  # fmt: skip
    ana = people[Role.AGENT]
    app.config |= {"TRACK_RIGHTS": "off", "PARTNER_KIND": "direct_bill"}
    for world, expected in ((plain, True), (replace(plain, answers=frozenset()), False)):
        settle(packed, desk.customer_id, world)
        db.session.expire_all()
        assert shown_open(signed_in(app, ana), packed) == ({"escalate_to_premier"} if expected else set())
        assert may_go(packed, Actor.of_user(ana), "escalate_to_premier") is expected
