"""What the stand-in knows of a demo desk: its customers, and the cases it has at the vendor, read from its database."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from helpdesk.customers.models import Customer
from helpdesk.database import db
from helpdesk.demo.vendor.playing import ENGINEER, PAUSE
from helpdesk.demo.vendor.world import HeldFile, HeldNote, Severity, Status, VendorWorld
from helpdesk.escalations.models import VendorCase, VendorNote
from helpdesk.escalations.partner_center import matching, posts
from helpdesk.escalations.partner_center.models import PostState, VendorPost
from helpdesk.tickets.models import Ticket
from workflows.vocabulary import VendorCaseState

THERE = {VendorCaseState.OPEN: Status.OPEN, VendorCaseState.ATTENTION_NEEDED: Status.ATTENTION_NEEDED}


def bring_in(world: VendorWorld) -> None:
    """Everything that a vendor would know by now. Needs the desk's application context."""
    for customer in db.session.scalars(sa.select(Customer).where(Customer.tenant_id.is_not(None))):
        world.add_customer(customer.name, customer.domain or "", customer.tenant_id)
        for own in customer.subscriptions:
            world.add_subscription(customer.tenant_id or "", own.name, own.seats or 1, id=own.vendor_id)
    known = sa.select(VendorCase).where(VendorCase.number.is_not(None), VendorCase.state.in_(THERE))
    for case in db.session.scalars(known.order_by(VendorCase.id)):
        _bring_case(world, case)


def _bring_case(world: VendorWorld, case: VendorCase) -> None:
    held = world.open_request(case.number or "", _title(case), **_handed_over(case))
    held.status = THERE[case.state]
    held.created_at = case.opened_at or case.created_at
    sent = posts.of_case(case.id)
    for note in case.notes:
        shown = _as_shown(world, note, sent.get(note.id))
        if shown is not None:
            held.notes.append(shown)
    held.files = [HeldFile(file["key"], file["name"], file["size_bytes"] or 0, file["url"]) for file in case.files]
    held.changed_at = max((note.written_at for note in held.notes), default=held.created_at)


def _as_shown(world: VendorWorld, note: VendorNote, post: VendorPost | None) -> HeldNote | None:
    """A note as the vendor shows it, by the same name each time: what was mirrored must not come in again."""
    at = note.written_at or note.at
    if not note.is_ours:
        return HeldNote(ENGINEER, at, note.body)
    if post is None:  # typed in the portal by a colleague, pasted here
        return HeldNote(" ".join(world.contact), at, note.body)
    if post.post_state is not PostState.SENT:
        return None
    return HeldNote(world.partner_user, post.sent_at or at, matching.signed(note.body, post.stable_id))


def open_waiting(world: VendorWorld, at: datetime) -> str | None:
    """Do what a colleague would in the portal: open a case that the desk waits for, from its pack. Its number."""
    waiting = sa.select(VendorCase).where(
        VendorCase.state == VendorCaseState.TO_OPEN, VendorCase.number.is_(None), VendorCase.created_at <= at - PAUSE
    )
    for case in db.session.scalars(waiting.order_by(VendorCase.id)):
        named = {matching.ticket_in(held.title, held.description) for held in list(world.requests.values())}
        if case.ticket_id not in named:
            number = world.new_number()
            world.open_request(number, _title(case), **_handed_over(case))
            return number
    return None


def _title(case: VendorCase) -> str:
    return str(db.session.scalar(sa.select(Ticket.subject).where(Ticket.id == case.ticket_id)) or "")


def _handed_over(case: VendorCase) -> dict[str, object]:
    customer = sa.select(Customer.tenant_id).join(Ticket, Ticket.customer_id == Customer.id)
    tenant = db.session.scalar(customer.where(Ticket.id == case.ticket_id))
    return {
        "tenant": tenant or "",
        "description": str(case.pack.get("text") or f"Our reference #{case.ticket_id}"),
        "severity": Severity[case.severity.value.upper()],
    }
