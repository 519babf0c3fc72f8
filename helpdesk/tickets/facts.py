"""Gathering what the rules ask about a ticket, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask import current_app

from helpdesk.accounts.actor import Actor
from helpdesk.accounts.permissions import Permission
from helpdesk.customers import rights
from helpdesk.database import db
from helpdesk.escalations.models import VendorCase
from helpdesk.escalations.queries import channels_and_entitlements, requirements
from helpdesk.tickets import reminders
from helpdesk.tickets.models import Attachment, AttachmentCheck, Diagnosis, Ticket, TicketLink, TicketPack
from helpdesk.tickets.packs import Pack, pack_of
from helpdesk.web.incoming import is_row_number
from helpdesk.web.moments import desk_day as desk_day
from workflows import escalation
from workflows import facts as rules
from workflows.channels import Standing
from workflows.escalation import ChannelVerdict
from workflows.vocabulary import (
    CHANNEL_OF_TRIGGER,
    OPEN_STATES,
    AttachmentVerdict,
    LinkKind,
    State,
    VendorCaseState,
)

UNTRACKED = Standing(tracks_rights=False)


@dataclass(frozen=True, slots=True)
class Study:
    """All that the rules say and ask of a ticket at one moment.

    ``verdicts`` and ``pack`` are there while the ticket may go to the vendor; ``standing`` while it is open.
    """

    facts: rules.Facts
    verdicts: tuple[ChannelVerdict, ...] = ()
    standing: Standing = UNTRACKED
    pack: Pack | None = None


def gather(
    ticket: Ticket,
    actor: Actor,
    now: datetime,
    asked: Mapping[str, Any] | None = None,
    trigger: str | None = None,
) -> rules.Facts:
    """The facts of ``ticket`` for ``actor`` at ``now``; ``asked`` is what a move's form collected.

    With a ``trigger`` that is no escalation the channels are not looked at: they stay closed.
    """
    return study(ticket, actor, now, asked, trigger).facts


def study(
    ticket: Ticket,
    actor: Actor,
    now: datetime,
    asked: Mapping[str, Any] | None = None,
    trigger: str | None = None,
) -> Study:
    """As ``gather``, with the verdict of every channel, the standing towards the customer and the pack."""
    open_children, open_vendor_cases, unchecked = _counts(ticket)
    record, written = _records(ticket.id)
    facts = rules.Facts(
        kind=ticket.kind,
        actor=_actor(actor, ticket),
        service=ticket.service,
        impact=ticket.impact,
        urgency=ticket.urgency,
        has_topic=ticket.topic_id is not None and ticket.is_classified,  # the rest the contact has chosen already
        is_customer_confirmed=ticket.is_customer_confirmed,
        has_assignee=ticket.assignee_id is not None,
        diagnosis=_diagnosis(record),
        open_children=open_children,
        open_vendor_cases=open_vendor_cases,
        is_reopen_window_open=_may_still_reopen(ticket, now),
        is_quiet_over=ticket.closes_at is not None and ticket.closes_at <= now,
        is_wait_over=reminders.is_over(ticket, now),
        particulars=_particulars(ticket, actor, asked or {}),
    )
    if ticket.state not in OPEN_STATES or not (trigger is None or trigger in CHANNEL_OF_TRIGGER):
        return Study(facts)
    towards = standing_of(ticket, now)
    if ticket.state is State.INTAKE:
        return Study(facts, standing=towards)
    return _with_channels(Study(facts, standing=towards), ticket, now, record, written, unchecked)


def _with_channels(
    known: Study,
    ticket: Ticket,
    now: datetime,
    record: Diagnosis | None,
    written: TicketPack | None,
    unchecked: int,
) -> Study:
    today = desk_day(now)
    found = escalation.verdicts(known.facts, *channels_and_entitlements(today), today, known.standing)
    pack = pack_of(ticket, record, written, unchecked, requirements(), found)
    facts = replace(
        known.facts,
        channels=escalation.closed_because(found),
        packs=pack.percents(),
        pack_override=pack.override_reason,
    )
    return replace(known, facts=facts, verdicts=found, pack=pack)


def verdicts(ticket: Ticket, facts: rules.Facts, now: datetime) -> tuple[ChannelVerdict, ...]:
    """Every support channel, open to this ticket or closed with all reasons; none while nothing is diagnosed.

    The day that counts for contracts is the desk's own.
    """
    if ticket.state not in OPEN_STATES or ticket.state is State.INTAKE:
        return ()
    today = desk_day(now)
    return escalation.verdicts(facts, *channels_and_entitlements(today), today, standing_of(ticket, now))


def standing_of(ticket: Ticket, now: datetime) -> Standing:
    """How the desk stands towards the ticket's customer for its service, today."""
    return rights.standing(ticket.customer_id, ticket.service, desk_day(now))


def diagnosis_of(ticket_id: int) -> Diagnosis | None:
    """The newest diagnosis record."""
    return _records(ticket_id)[0]


def _records(ticket_id: int) -> tuple[Diagnosis | None, TicketPack | None]:
    """The newest diagnosis and what was written into the pack: one statement."""
    row = db.session.execute(_RECORDS, {"ticket_id": ticket_id}).one()
    return row[0], row[1]


def _recorded() -> sa.Select[Diagnosis, TicketPack]:
    number = sa.bindparam("ticket_id", type_=sa.Integer)
    newest = sa.select(sa.func.max(Diagnosis.id)).where(Diagnosis.ticket_id == number).scalar_subquery()
    ticket = sa.select(number.label("id")).subquery()
    return sa.select(Diagnosis, TicketPack).select_from(
        ticket.outerjoin(Diagnosis, Diagnosis.id == newest).outerjoin(TicketPack, TicketPack.ticket_id == ticket.c.id)
    )


_RECORDS = _recorded()  # composed once: every page of a ticket asks


def open_cases(ticket: Ticket) -> list[VendorCase]:
    """The vendor cases not closed yet, the newest first; one left open on purpose carries its reason."""
    rows = sa.select(VendorCase).where(VendorCase.ticket_id == ticket.id, VendorCase.state != VendorCaseState.CLOSED)
    return list(db.session.scalars(rows.order_by(VendorCase.id.desc())))


def _actor(actor: Actor, ticket: Ticket) -> rules.Actor:
    return rules.Actor(
        actor.kind,
        may_move=actor.may(Permission.MOVE_TICKETS, ticket.kind),
        may_override=actor.may(Permission.OVERRIDE, ticket.kind),
    )


def _diagnosis(record: Diagnosis | None) -> rules.Diagnosis:
    if record is None:
        return rules.Diagnosis()
    return rules.Diagnosis(
        health=record.health,
        findings=record.findings,
        tried=record.tried,
        boundary=record.boundary,
        boundary_reason=record.boundary_reason,
        boundary_override=record.boundary_override,
    )


def _counts(ticket: Ticket) -> tuple[int, int, int]:
    """Open child tickets, vendor cases nobody has left open on purpose, unchecked attachments: one statement."""
    row = db.session.execute(_COUNTS, {"ticket_id": ticket.id}).one()
    return row[0], row[1], row[2]


def _counted() -> sa.Select[Any]:
    number = sa.bindparam("ticket_id", type_=sa.Integer)
    children = sa.select(sa.func.count()).select_from(TicketLink).join(Ticket, Ticket.id == TicketLink.to_id)
    children = children.where(
        TicketLink.from_id == number, TicketLink.kind == LinkKind.PARENT, Ticket.state.in_(OPEN_STATES)
    )
    cases = sa.select(sa.func.count()).select_from(VendorCase)
    cases = cases.where(
        VendorCase.ticket_id == number, VendorCase.state != VendorCaseState.CLOSED, VendorCase.left_open_reason == ""
    )
    of_attachment = AttachmentCheck.attachment_id == Attachment.id
    unchecked = sa.select(sa.func.count()).select_from(Attachment).outerjoin(AttachmentCheck, of_attachment)
    is_undecided = sa.or_(AttachmentCheck.verdict.is_(None), AttachmentCheck.verdict == AttachmentVerdict.FOUND)
    unchecked = unchecked.where(Attachment.ticket_id == number, Attachment.original_id.is_(None), is_undecided)
    return sa.select(children.scalar_subquery(), cases.scalar_subquery(), unchecked.scalar_subquery())


_COUNTS = _counted()


def _may_still_reopen(ticket: Ticket, now: datetime) -> bool:
    window = timedelta(seconds=current_app.config["REOPEN_WINDOW"])
    return ticket.ended_at is not None and now <= ticket.ended_at + window


def _particulars(ticket: Ticket, actor: Actor, asked: Mapping[str, Any]) -> rules.Particulars:
    return rules.Particulars(
        reason=str(asked.get("reason") or ""),
        resolution_code=str(asked.get("resolution_code") or ""),
        note=str(asked.get("note") or ""),
        left_open_reason=str(asked.get("left_open_reason") or ""),
        target=merge_target(ticket, actor, asked.get("target")),
    )


def merge_target(ticket: Ticket, actor: Actor, number: Any) -> rules.MergeTarget | None:
    """What the rules ask of the ticket this one is to be merged into; None when there is no such number."""
    text = str(number or "").strip().lstrip("#")
    target = db.session.get(Ticket, int(text)) if is_row_number(text) else None
    if target is None:
        return None
    is_same = target.customer_id == ticket.customer_id and (
        ticket.customer_id is not None or target.contact_id == ticket.contact_id
    )
    return rules.MergeTarget(
        is_open=target.state in OPEN_STATES,
        is_same_customer=is_same,
        is_this_ticket=target.id == ticket.id,
        is_merged_into_this=_leads_to(target, ticket.id),
        refused_kind=None if actor.may(Permission.MOVE_TICKETS, target.kind) else target.kind,
    )


def _leads_to(target: Ticket, ticket_id: int) -> bool:
    step: Ticket | None = target
    for _hop in range(50):
        if step is None or step.merged_into_id is None:
            return False
        if step.merged_into_id == ticket_id:
            return True
        step = db.session.get(Ticket, step.merged_into_id)
    return True
