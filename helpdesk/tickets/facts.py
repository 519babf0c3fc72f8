"""Gathering what the rules ask about a ticket, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import current_app

from helpdesk.accounts.actor import Actor
from helpdesk.accounts.permissions import Permission
from helpdesk.database import db
from helpdesk.escalations.models import VendorCase
from helpdesk.escalations.queries import channels, entitlements
from helpdesk.tickets import reminders
from helpdesk.tickets.models import Diagnosis, Ticket, TicketLink
from workflows import escalation
from workflows import facts as rules
from workflows.channels import Standing
from workflows.escalation import ChannelVerdict
from workflows.vocabulary import OPEN_STATES, LinkKind, State, VendorCaseState

UNTRACKED = Standing(tracks_rights=False)
"""The desk keeps no record yet of roles that customers granted it."""


def gather(ticket: Ticket, actor: Actor, now: datetime, asked: Mapping[str, Any] | None = None) -> rules.Facts:
    """The facts of ``ticket`` for ``actor`` at ``now``; ``asked`` is what a move's form collected."""
    open_children, open_vendor_cases = _still_open(ticket)
    facts = rules.Facts(
        kind=ticket.kind,
        actor=_actor(actor, ticket),
        service=ticket.service,
        impact=ticket.impact,
        urgency=ticket.urgency,
        has_topic=ticket.topic_id is not None and ticket.is_classified,  # the rest the contact has chosen already
        is_customer_confirmed=ticket.is_customer_confirmed,
        has_assignee=ticket.assignee_id is not None,
        diagnosis=_diagnosis(diagnosis_of(ticket.id)),
        open_children=open_children,
        open_vendor_cases=open_vendor_cases,
        is_reopen_window_open=_may_still_reopen(ticket, now),
        is_quiet_over=ticket.closes_at is not None and ticket.closes_at <= now,
        is_wait_over=reminders.is_over(ticket, now),
        particulars=_particulars(ticket, asked or {}),
    )
    return replace(facts, channels=escalation.closed_because(verdicts(ticket, facts, now)))


def verdicts(ticket: Ticket, facts: rules.Facts, now: datetime) -> tuple[ChannelVerdict, ...]:
    """Every support channel, open to this ticket or closed with all reasons; none while nothing is diagnosed.

    The day that counts for contracts is the desk's own.
    """
    if ticket.state not in OPEN_STATES or ticket.state is State.INTAKE:
        return ()
    today = now.astimezone(ZoneInfo(current_app.config["TIMEZONE"])).date()
    return escalation.verdicts(facts, channels(), entitlements(), today, UNTRACKED)


def diagnosis_of(ticket_id: int) -> Diagnosis | None:
    """The newest diagnosis record."""
    rows = sa.select(Diagnosis).where(Diagnosis.ticket_id == ticket_id).order_by(Diagnosis.id.desc()).limit(1)
    return db.session.scalars(rows).one_or_none()


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


def _still_open(ticket: Ticket) -> tuple[int, int]:
    """How many child tickets are open, and how many vendor cases nobody has left open on purpose: one statement."""
    children = sa.select(sa.func.count()).select_from(TicketLink).join(Ticket, Ticket.id == TicketLink.to_id)
    children = children.where(
        TicketLink.from_id == ticket.id, TicketLink.kind == LinkKind.PARENT, Ticket.state.in_(OPEN_STATES)
    )
    cases = sa.select(sa.func.count()).select_from(VendorCase)
    cases = cases.where(
        VendorCase.ticket_id == ticket.id, VendorCase.state != VendorCaseState.CLOSED, VendorCase.left_open_reason == ""
    )
    row = db.session.execute(sa.select(children.scalar_subquery(), cases.scalar_subquery())).one()
    return row[0], row[1]


def _may_still_reopen(ticket: Ticket, now: datetime) -> bool:
    window = timedelta(seconds=current_app.config["REOPEN_WINDOW"])
    return ticket.ended_at is not None and now <= ticket.ended_at + window


def _particulars(ticket: Ticket, asked: Mapping[str, Any]) -> rules.Particulars:
    return rules.Particulars(
        reason=str(asked.get("reason") or ""),
        resolution_code=str(asked.get("resolution_code") or ""),
        note=str(asked.get("note") or ""),
        left_open_reason=str(asked.get("left_open_reason") or ""),
        target=merge_target(ticket, asked.get("target")),
    )


def merge_target(ticket: Ticket, number: Any) -> rules.MergeTarget | None:
    """What the rules ask of the ticket this one is to be merged into; None when there is no such number."""
    text = str(number or "").strip().lstrip("#")
    target = db.session.get(Ticket, int(text)) if text.isdigit() and len(text) < 10 else None
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
