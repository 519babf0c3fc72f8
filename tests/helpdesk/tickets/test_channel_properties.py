"""For random worlds: a channel shown open can be escalated to by the real action, and one shown closed can't.

Page and action ask the same rules, so a rule that is wrong would deceive both alike: what ought to be open is worked
out beside them, from the world as it was drawn (``expected``), sharing no line with the rules.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from helpdesk.accounts.actor import Actor
from helpdesk.accounts.models import User
from helpdesk.clock import Hand, now
from helpdesk.customers.models import Customer, CustomerRight
from helpdesk.database import db, unit_of_work
from helpdesk.escalations import ledger
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
    RefundReason,
    RightKind,
    Role,
    Service,
    State,
)

DAYS = [date(2026, 11, day) for day in (22, 23, 24, 25, 26)]
"""Around the day it is in every world, 24 or 25 November: one off in either direction shows."""
MOMENTS = [datetime(2026, 11, 24, *time, tzinfo=UTC) for time in ((13, 12), (22, 59, 59), (23, 0, 0), (23, 59, 59))]
"""An ordinary afternoon, and the last and the first second of a day in Budapest and in London."""
ZONES = ["Europe/Budapest", "Europe/London", "Pacific/Auckland"]
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


class Contract(NamedTuple):
    """A contract's days (in any order); incidents ``taken`` by the ledger, of which ``refunded`` came back."""

    channel: ChannelKind
    one: date
    other: date
    included: int | None
    taken: int
    refunded: int
    services: list[str]

    def has_incident_left(self) -> bool:
        return self.included is None or self.taken - self.refunded < self.included

    def holds(self, on: date, service: Service) -> bool:
        is_covered = not self.services or service.value in self.services
        return min(self.one, self.other) <= on <= max(self.one, self.other) and is_covered and self.has_incident_left()


class Grant(NamedTuple):
    kind: RightKind
    service: Service | None
    granted: date
    ends: date | None
    is_closed: bool

    def holds(self, on: date, service: Service) -> bool:
        is_for_it = self.service in (None, service)
        is_in_time = self.granted <= on and (self.ends is None or on <= max(self.ends, self.granted))
        return is_for_it and is_in_time and not self.is_closed


@st.composite
def contract(draw: Any) -> Contract:
    included = draw(st.sampled_from([None, 1, 2]))
    taken = draw(st.integers(0, included if included is not None else 2))
    return Contract(
        draw(usually(ChannelKind.PREMIER, *ChannelKind, times=2)), draw(usually(EARLY, *DAYS)),
        draw(usually(LATE, *DAYS)), included, taken, draw(st.integers(0, taken)),
        draw(usually([], SERVICES[:1], SERVICES[1:])),
    )  # fmt: skip


grants = st.builds(
    Grant, st.sampled_from(RightKind), usually(None, *Service), usually(EARLY, *DAYS), usually(LATE, None, *DAYS),
    usually(False, True),
)  # fmt: skip
every_right = [Grant(kind, None, EARLY, None, False) for kind in RightKind]
rights = st.one_of(
    st.just(every_right),
    st.tuples(st.integers(0, 2), grants).map(lambda one: [*every_right[: one[0]], *every_right[one[0] + 1 :], one[1]]),
    st.lists(grants, max_size=5),
)
"""Often all that is needed, or all but one and something else in its place."""


@dataclass(frozen=True)
class World:
    kind: Kind
    service: Service
    state: State
    channels: list[dict[str, Any]]
    contracts: list[Contract]
    grants: list[Grant]
    tracking: str
    partner: PartnerKind
    boundary: tuple[Boundary | None, BoundaryReason | None, str]
    asks_for_packs: bool
    answers: frozenset[str]
    override: str
    role: Role
    papers: str = "C-1"
    at: datetime = MOMENTS[0]
    zone: str = ZONES[0]

    @property
    def today(self) -> date:
        return self.at.astimezone(ZoneInfo(self.zone)).date()


worlds = st.builds(
    World,
    kind=st.sampled_from(Kind),
    service=st.sampled_from(Service),
    state=usually(State.DIAGNOSIS, State.PARTNER_RESOLUTION, State.INTAKE, State.ESCALATED_PREMIER, State.RESOLVED),
    channels=st.lists(channels, min_size=4, max_size=4),
    contracts=st.lists(contract(), min_size=1, max_size=5),
    grants=rights,
    tracking=st.sampled_from(["auto", "on", "off"]),
    partner=st.sampled_from(PartnerKind),
    boundary=usually(
        (Boundary.VENDORS, BoundaryReason.BUG, ""), (Boundary.OURS, None, "The board insists."), (None, None, ""),
        (Boundary.OURS, None, ""), (Boundary.VENDORS, None, ""), (Boundary.OURS, None, "   "),
    ),
    asks_for_packs=st.booleans(),
    answers=usually(frozenset(item.value for item in ANSWERS), frozenset({"scope"}), times=3),
    override=usually("", "The board insists.", times=2),
    role=usually(Role.AGENT, *Role),
    papers=usually("C-1", ""),
    at=st.sampled_from(MOMENTS),
    zone=st.sampled_from(ZONES),
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
        for drawn in world.contracts:
            _sign(session, by_kind[drawn.channel], drawn, world.papers)
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


def _sign(session: Any, channel_id: int, drawn: Contract, papers: str) -> None:
    """A contract whose incidents are taken, and come back, by the ledger itself."""
    own = Entitlement(channel_id=channel_id, starts_on=min(drawn.one, drawn.other), ends_on=LATE)
    own.incidents_included, own.services, own.contract_number, own.created_at = (
        drawn.included, drawn.services, papers, now(),
    )  # fmt: skip
    session.add(own)
    session.flush()
    for _incident in range(drawn.taken):
        ledger.use(own.id, None, "#1", None, now())
    taken = session.scalars(sa.select(EntitlementUse).where(EntitlementUse.entitlement_id == own.id)).all()
    for row in taken[: drawn.refunded]:
        ledger.refund(row, RefundReason.BUG, "", None, now())
    own.ends_on = max(drawn.one, drawn.other)  # now that nothing of it is lost with its term any more


def expected(world: World) -> set[str]:
    """The triggers that lead somewhere, by the words of the rules and nothing of their code."""
    may_move = world.role in (Role.AGENT, Role.LEAD) or (
        world.role is Role.BILLING_ADMIN and world.kind is Kind.BILLING
    )
    here = {State.DIAGNOSIS, State.PARTNER_RESOLUTION}
    if world.kind is Kind.TECHNICAL:
        here.add(State.ESCALATED_PREMIER)
    if not may_move or world.state not in here or not _is_theirs(world.boundary):
        return set()
    if world.service is Service.AZURE and world.partner is PartnerKind.INDIRECT_RESELLER:
        return set()
    kinds = [ChannelKind.COMMERCIAL] if world.kind is Kind.BILLING else list(TECHNICAL_CHANNELS)
    rows = dict(zip(CHANNEL_ORDER, world.channels, strict=True))
    found = {kind for kind in kinds if _is_open(world, kind, rows[kind]) and _is_packed(world, kind, rows[kind])}
    if world.state is State.ESCALATED_PREMIER:
        found.discard(ChannelKind.PREMIER)
    return {trigger.value for trigger, kind in CHANNEL_OF_TRIGGER.items() if kind in found}


TECHNICAL_CHANNELS = (ChannelKind.PREMIER, ChannelKind.ADVANCED, ChannelKind.SIGNATURE)
CHANNEL_ORDER = (ChannelKind.COMMERCIAL, ChannelKind.SIGNATURE, ChannelKind.ADVANCED, ChannelKind.PREMIER)
"""The rows of the starting set, by id."""


def _is_theirs(boundary: tuple[Boundary | None, BoundaryReason | None, str]) -> bool:
    whose, why, override = boundary
    return bool(override.strip()) or (whose is Boundary.VENDORS and why is not None)


def _is_open(world: World, kind: ChannelKind, row: dict[str, Any]) -> bool:
    today = world.today
    is_offered = (row["starts_on"] or EARLY) <= today <= (row["ends_on"] or LATE)
    is_held = not row["needs_entitlement"] or any(
        one.channel is kind and one.holds(today, world.service) for one in world.contracts
    )
    is_covered = world.service.value in row["services"]
    return row["is_enabled"] and is_offered and is_held and is_covered and _may_act(world, kind)


def _may_act(world: World, kind: ChannelKind) -> bool:
    is_kept = world.tracking == "on" or (world.tracking == "auto" and world.grants)
    if kind is ChannelKind.COMMERCIAL or not is_kept:
        return True
    needed = set(RightKind) if world.service is Service.AZURE else {RightKind.DELEGATED_ADMIN}
    return needed <= {one.kind for one in world.grants if one.holds(world.today, world.service)}


def _is_packed(world: World, kind: ChannelKind, row: dict[str, Any]) -> bool:
    """What people write, and, on a channel by contract, the contract's own number: one that needs none has its plan."""
    if not world.asks_for_packs or world.override:
        return True
    has_plan = kind is ChannelKind.COMMERCIAL or not row["needs_entitlement"] or bool(world.papers)
    return has_plan and len(world.answers) == len(ANSWERS)


def shown_open(browser: Any, number: int) -> set[str]:
    """What the chooser offers; nothing to somebody to whom the ticket doesn't exist."""
    page = browser.get(f"/tickets/{number}/escalate")
    assert page.status_code in (200, 404)
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


@pytest.fixture
def meets(app: Flask, desk: Any, people: Any, packed: int, hand: Hand) -> Callable[[World], set[str]]:
    """Live through a world: what the chooser shows is what the action does, and what ought to be; returned."""

    def meet(world: World) -> set[str]:
        hand.at = world.at
        app.config |= {"TRACK_RIGHTS": world.tracking, "PARTNER_KIND": world.partner.value, "TIMEZONE": world.zone}
        settle(packed, desk.customer_id, world)
        db.session.expire_all()
        user = people[world.role]
        shown = shown_open(signed_in(app, user), packed)
        actor = Actor.of_user(user)
        done = {trigger.value for trigger in CHANNEL_OF_TRIGGER if may_go(packed, actor, trigger.value)}
        assert shown == done == expected(world)
        return done

    return meet


@given(world=worlds)
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_shown_is_what_may_be_done_and_what_ought_to_be(meets: Any, world: World) -> None:
    event(f"{len(meets(world))} open")


CHANNEL = {"is_enabled": True, "needs_entitlement": True, "services": SERVICES, "starts_on": None, "ends_on": None,
           "cost_rank": 0}  # fmt: skip
PREMIER = Contract(ChannelKind.PREMIER, EARLY, LATE, None, 0, 0, [])
PLAIN = World(
    kind=Kind.TECHNICAL, service=Service.AZURE, state=State.DIAGNOSIS, channels=[CHANNEL] * 4, contracts=[PREMIER],
    grants=every_right, tracking="on", partner=PartnerKind.DIRECT_BILL,
    boundary=(Boundary.VENDORS, BoundaryReason.BUG, ""), asks_for_packs=True,
    answers=frozenset(item.value for item in ANSWERS), override="", role=Role.AGENT,
)  # fmt: skip
TODAY, TOMORROW, YESTERDAY = DAYS[2], DAYS[3], DAYS[1]


def one_right(kind: RightKind, **changes: Any) -> list[Grant]:
    """Every right as it should be, save one."""
    return [each._replace(**changes) if each.kind is kind else each for each in every_right]


LEAVES_OPEN: list[dict[str, Any]] = [
    {},
    {"contracts": [PREMIER._replace(other=TODAY)], "at": MOMENTS[1]},  # its last second in Budapest
    {"contracts": [PREMIER._replace(one=TOMORROW)], "at": MOMENTS[2]},  # and the next one's first
    {"contracts": [PREMIER._replace(other=TODAY)], "at": MOMENTS[3], "zone": "Europe/London"},
    {"contracts": [PREMIER._replace(included=2, taken=2, refunded=1)]},
    {"contracts": [PREMIER._replace(included=1, taken=1), PREMIER]},
    {"grants": one_right(RightKind.SUPPORT_REQUEST, ends=TODAY)},
    {"grants": [], "tracking": "off"},
    {"grants": [], "tracking": "auto"},
    {"partner": PartnerKind.INDIRECT_PROVIDER},
    {"partner": PartnerKind.INDIRECT_RESELLER, "service": Service.MICROSOFT365},
    {"boundary": (Boundary.OURS, None, "The board insists.")},
    {"answers": frozenset(), "override": "The board insists."},
    {"role": Role.LEAD},
]
CLOSES: list[dict[str, Any]] = [
    {"contracts": [PREMIER._replace(other=TODAY)], "at": MOMENTS[2]},
    {"contracts": [PREMIER._replace(other=YESTERDAY)]},
    {"contracts": [PREMIER._replace(one=TOMORROW)], "at": MOMENTS[1]},
    {"contracts": [PREMIER._replace(other=TODAY)], "zone": "Pacific/Auckland"},
    {"contracts": [PREMIER._replace(included=2, taken=2)]},
    {"contracts": [PREMIER._replace(services=[Service.DYNAMICS365.value])]},
    {"contracts": []},
    *({"grants": one_right(kind, ends=YESTERDAY)} for kind in RightKind),
    *({"grants": one_right(kind, granted=TOMORROW)} for kind in RightKind),
    *({"grants": one_right(kind, is_closed=True)} for kind in RightKind),
    {"grants": one_right(RightKind.DELEGATED_ADMIN, service=Service.DYNAMICS365)},
    {"partner": PartnerKind.INDIRECT_RESELLER},
    {"boundary": (Boundary.OURS, None, " ")},
    {"boundary": (Boundary.VENDORS, None, "")},
    {"answers": frozenset()},
    {"papers": ""},
    *({"role": role} for role in (Role.BILLING_ADMIN, Role.MANAGER, Role.SALES_AGENT, Role.USER_ADMIN, Role.ADMIN)),
    {"kind": Kind.BILLING},
    {"state": State.ESCALATED_PREMIER},
]


def test_one_thing_at_a_time_opens_or_closes_it(meets: Any) -> None:
    """The edges that dice may miss: days, zones, incidents, each right, each role."""
    for changes in LEAVES_OPEN:
        assert meets(replace(PLAIN, **changes)) == {"escalate_to_premier"}, changes
    for changes in CLOSES:
        assert meets(replace(PLAIN, **changes)) == set(), changes
