"""What was built around the vendor, by every role: cases, packs, money, outages, credits, costs, returns.

Read by everybody who sees tickets; written by whom workflow.md names ("Who may do what"): a billing admin on billing
tickets only, a manager chases and moves nothing, a sales agent and an admin read. Addresses of another ticket or
customer lead nowhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.accounts.permissions import Permission, may
from helpdesk.clock import now
from helpdesk.customers.models import Customer
from helpdesk.database import db, unit_of_work
from helpdesk.escalations.models import VendorCase
from helpdesk.escalations.money.models import MoneyDeadline, MoneyWindow
from helpdesk.escalations.outages.editing import IncidentDraft
from helpdesk.tickets.actions import crediting, escalating, money, moving, outages
from helpdesk.tickets.actions.opening import Opened
from helpdesk.tickets.files import store
from helpdesk.tickets.models import Attachment, Message, Ticket
from tests.helpdesk.tickets.conftest import Desk, desk, number, opened, topic_id, worked
from tests.people import add_person, signed_in
from workflows.vocabulary import Kind, Role, Service, Severity, Trigger

__all__ = ["Desk", "desk", "number", "opened", "topic_id", "worked"]


@dataclass(frozen=True)
class World:
    """Numbers of a technical ticket at the vendor with its case, file, money deadline and outage, and of others."""

    ticket: int
    case: int
    file: int
    deadline: int
    incident: int
    customer: int
    other: int
    billing: int
    stranger: int

    def address(self, pattern: str) -> str:
        return pattern.format(**self.__dict__)


@pytest.fixture
def world(worked: int, desk: Desk, opened: Callable[..., Opened]) -> World:
    begun = now() - timedelta(hours=5)
    others = [opened(subject=f"Another {kind}", kind=kind).ticket.id for kind in (Kind.TECHNICAL, Kind.BILLING)]
    with unit_of_work() as session:
        draft = IncidentDraft("MO1194", Service.AZURE, "Sign-in fails", begun, now())
        incident = crediting.save_incident(None, draft, desk.lea, now()).id
        elsewhere = Customer(name="Budapest Bank", search_name="budapest bank", created_at=now())
        session.add(elsewhere)
        session.flush()
        stranger = elsewhere.id
    with unit_of_work():
        outages.link(worked, desk.lea, incident, now())
    with unit_of_work() as session:
        window = session.scalars(
            sa.select(MoneyWindow.id).where(MoneyWindow.length > 5).order_by(MoneyWindow.id)
        ).first()
        assert window is not None
        deadline = money.set_deadline(worked, desk.lea, window, begun, now()).id
    with unit_of_work():
        moving.move(worked, desk.lea, Trigger.ESCALATE_TO_PREMIER, now(), {"severity": Severity.B.value})
    with unit_of_work() as session:
        case = session.scalars(sa.select(VendorCase.id)).one()
        escalating.record_vendor_number(worked, case, desk.lea, "26112400001", now())
    return World(worked, case, _file_on(worked), deadline, incident, desk.customer_id, *others, stranger)


def _file_on(ticket_id: int) -> int:
    kept = store(BytesIO(b"rita@alpina.example"), "auth.log", "text/plain", 19)
    with unit_of_work() as session:
        message = session.scalars(sa.select(Message.id).where(Message.ticket_id == ticket_id)).first()
        row = Attachment(ticket_id=ticket_id, message_id=message, created_at=now(), key=kept.key)
        row.file_name, row.content_type = kept.file_name, kept.content_type
        row.size_bytes, row.sha256 = kept.size_bytes, kept.sha256
        session.add(row)
        session.flush()
        return row.id


READ = (
    "/incidents", "/incidents/{incident}", "/incidents/{incident}/customers/{customer}", "/credits",
    "/tickets/{ticket}/money", "/tickets/{ticket}/pack", "/tickets/{ticket}/pack.txt", "/tickets/{ticket}/pack.zip",
    "/tickets/{ticket}/escalate", "/tickets/{ticket}/vendor-cases/{case}/pack", "/tickets/{ticket}/vendor-cases/{case}",
)  # fmt: skip
BY_RIGHT = {
    Permission.SEE_TODAY: ("/reports/returns", "/reports/returns/tickets", "/admin/channels/spending"),
    Permission.EDIT_CONFIGURATION: ("/admin/channels/import", "/admin/channels/connection", "/admin/windows"),
    Permission.SEE_CUSTOMERS: ("/customers/rights",),
    Permission.EDIT_CUSTOMERS: ("/customers/{customer}/rights/new", "/customers/{customer}/subscriptions/new"),
}
FORMS = {
    Permission.CHASE_VENDOR: (
        "/incidents/new", "/incidents/{incident}/edit",
        "/tickets/{ticket}/vendor-cases/{case}/closing", "/tickets/{ticket}/vendor-cases/{case}/severity",
    ),
    Permission.EDIT_TICKETS: ("/tickets/{ticket}/incident",),
}  # fmt: skip
"""Pages that only whoever may send them sees; all of a technical ticket."""

WRITES: dict[tuple[Permission, Kind], tuple[tuple[str, dict[str, str]], ...]] = {
    (Permission.CHASE_VENDOR, Kind.TECHNICAL): (
        ("/tickets/{ticket}/vendor-cases/{case}/chase", {"body": "Any news?"}),
        ("/tickets/{ticket}/vendor-cases/{case}/notes", {"body": "They look at it.", "by": "vendor"}),
        ("/tickets/{ticket}/vendor-cases/{case}/number", {"number": "26112400002"}),
        ("/tickets/{ticket}/vendor-cases/{case}/severity", {"severity": Severity.C.value}),
        ("/tickets/{ticket}/vendor-cases/{case}/state", {"state": "attention_needed"}),
        ("/tickets/{ticket}/vendor-cases/{case}/closing", {}),
        ("/incidents/new", {"number": "MO2", "service": "azure", "title": "Slow", "started": "2026-11-24T08:00"}),
        ("/incidents/{incident}/customers/{customer}/downtime", {"back": "1", "reason": "counted"}),
    ),
    (Permission.CHASE_VENDOR, Kind.BILLING): (
        ("/incidents/{incident}/customers/{customer}/credit", {"state": "requested"}),
    ),
    (Permission.OPEN_TICKETS, Kind.BILLING): (("/incidents/{incident}/customers/{customer}/claim", {"ticket": "new"}),),
    (Permission.REPLY, Kind.TECHNICAL): (("/incidents/{incident}/updates", {"text_en": "We are on it."}),),
    (Permission.EDIT_TICKETS, Kind.TECHNICAL): (
        ("/tickets/{ticket}/pack", {}),
        ("/tickets/{ticket}/pack/files", {}),
        ("/tickets/{ticket}/pack/files/{file}", {"act": "left_out"}),
        ("/tickets/{ticket}/money/{deadline}/kept", {}),
        ("/tickets/{ticket}/incident", {"incident": ""}),
    ),
    (Permission.OVERRIDE, Kind.TECHNICAL): (("/tickets/{ticket}/pack/override", {"override_reason": "It burns."}),),
    (Permission.EDIT_CONFIGURATION, Kind.TECHNICAL): (
        ("/admin/channels/connection/trial", {}),
        ("/admin/channels/connection/end", {}),
    ),
}
REFUSED_INSIDE = (
    "/tickets/{ticket}/money/purchases", "/tickets/{ticket}/money/{deadline}/waiver",
    "/tickets/{ticket}/money/{deadline}/correction",
)  # fmt: skip


@pytest.fixture(params=Role)
def role(request: pytest.FixtureRequest) -> Role:
    found: Role = request.param
    return found


@pytest.fixture
def browser(app: Flask, desk: Desk, role: Role) -> FlaskClient:
    return signed_in(app, add_person("Somebody", role))


def test_pages_are_read_by_right(browser: FlaskClient, world: World, role: Role) -> None:
    may_see = may([role], Permission.SEE_TICKETS)
    for pattern in READ:
        answer = browser.get(world.address(pattern), buffered=True)  # the archive is a file
        assert answer.status_code == (200 if may_see else 404), pattern
    for permission, patterns in BY_RIGHT.items():
        wanted = 200 if may([role], permission) else 403
        for pattern in patterns:
            assert browser.get(world.address(pattern)).status_code == wanted, pattern
    for permission, patterns in FORMS.items():
        wanted = (200 if may([role], permission, Kind.TECHNICAL) else 403) if may_see else 404
        for pattern in patterns:
            assert browser.get(world.address(pattern)).status_code == wanted, pattern


@pytest.mark.parametrize("is_scripted", [False, True])
def test_acts_are_closed_without_the_right(browser: FlaskClient, world: World, role: Role, is_scripted: bool) -> None:
    headers = {"HX-Request": "true", "HX-Target": f"tr#row-{world.ticket}"} if is_scripted else {}
    before = _state(world)
    for (permission, kind), acts in WRITES.items():
        if may([role], permission, kind):
            continue
        wanted = (403,) if permission is Permission.EDIT_CONFIGURATION else (403, 404)
        for pattern, fields in acts:
            answer = browser.post(world.address(pattern), data=fields, headers=headers)
            assert answer.status_code in wanted, pattern
    if not may([role], Permission.EDIT_TICKETS, Kind.TECHNICAL):
        for pattern in REFUSED_INSIDE:
            answer = browser.post(world.address(pattern), data={"reason": "so", "window": "1"}, headers=headers)
            assert answer.status_code in (403, 404, 422), pattern
        assert _state(world)[1] == before[1]
    if not may([role], Permission.CHASE_VENDOR, Kind.TECHNICAL):
        assert _state(world) == before


@pytest.mark.parametrize("place", range(sum(map(len, WRITES.values()))))
def test_each_act_is_open_to_a_lead_or_an_admin(app: Flask, world: World, place: int) -> None:
    """So that a refusal above is the role's, and not the form's."""
    pattern, fields = [act for acts in WRITES.values() for act in acts][place]
    lead = signed_in(app, add_person("Someone", Role.LEAD, Role.ADMIN))
    answer = lead.post(world.address(pattern), data=fields)
    assert answer.status_code == 303, (pattern, answer.text[-3000:])


def _state(world: World) -> tuple[object, ...]:
    db.session.expire_all()
    case, deadline = db.session.get_one(VendorCase, world.case), db.session.get_one(MoneyDeadline, world.deadline)
    ticket = db.session.get_one(Ticket, world.ticket)
    return (case.state, case.severity, case.number, len(case.notes)), (deadline.state, deadline.due_at), ticket.state


def test_a_note_on_a_case_has_an_end_and_leads_to_no_other_site(app: Flask, world: World) -> None:
    lead = signed_in(app, add_person("Someone", Role.LEAD))
    for act in ("notes", "chase"):
        address = world.address("/tickets/{ticket}/vendor-cases/{case}/" + act)
        assert lead.post(address, data={"body": "x" * 20_001}).status_code == 422
        for elsewhere in ("https://evil.example/", "//evil.example", "/\\evil.example", "/\t/evil.example"):
            answer = lead.post(address, data={"body": "Any news?", "next": elsewhere})
            assert answer.location.startswith(f"/tickets/{world.ticket}"), elsewhere


def test_strangers_sign_in_first(app: Flask, world: World) -> None:
    stranger = app.test_client()
    pages = [*READ, *(pattern for patterns in (*BY_RIGHT.values(), *FORMS.values()) for pattern in patterns)]
    for pattern in pages:
        assert stranger.get(world.address(pattern)).location.startswith("/login"), pattern
    for pattern, fields in (act for acts in WRITES.values() for act in acts):
        assert stranger.post(world.address(pattern), data=fields).location.startswith("/login"), pattern


def test_addresses_of_another_ticket_or_customer_lead_nowhere(app: Flask, world: World) -> None:
    lead = signed_in(app, add_person("Someone", Role.LEAD, Role.ADMIN))
    for pattern in (
        "/tickets/{other}/vendor-cases/{case}/pack", "/tickets/{other}/vendor-cases/{case}/closing",
        "/tickets/{billing}/vendor-cases/{case}/severity", "/tickets/{other}/vendor-cases/{case}/portal",
        "/tickets/{other}/vendor-cases/{case}",
        "/incidents/{incident}/customers/{stranger}", "/incidents/999/customers/{customer}",
    ):  # fmt: skip
        assert lead.get(world.address(pattern)).status_code == 404, pattern
    before = _state(world)
    for pattern, fields in (
        ("/tickets/{other}/pack/files/{file}", {"act": "looked_through"}),
        ("/tickets/{other}/money/{deadline}/kept", {}),
        ("/tickets/{billing}/money/{deadline}/waiver", {"reason": "so"}),
        ("/tickets/{other}/vendor-cases/{case}/chase", {"body": "Any news?"}),
        ("/tickets/{billing}/vendor-cases/{case}/notes", {"body": "Ours now"}),
        ("/tickets/{other}/vendor-cases/{case}/state", {"state": "closed"}),
        ("/tickets/{other}/vendor-cases/{case}/number", {"number": "26112400002"}),
        ("/incidents/{incident}/customers/{stranger}/credit", {"state": "requested"}),
        ("/incidents/{incident}/customers/{stranger}/claim", {"ticket": "new"}),
        ("/incidents/{incident}/customers/{stranger}/downtime", {"back": "1", "reason": "so"}),
    ):
        assert lead.post(world.address(pattern), data=fields).status_code == 404, pattern
    assert _state(world) == before
