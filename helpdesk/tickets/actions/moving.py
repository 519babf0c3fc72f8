"""Taking a move: the one way a ticket changes its state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from flask import current_app

from helpdesk.accounts.actor import Actor
from helpdesk.database import db
from helpdesk.tickets import climbing, facts, notices
from helpdesk.tickets.actions import money_course
from helpdesk.tickets.actions.escalating import begin_vendor_case
from helpdesk.tickets.actions.holding import drop_hold, end_hold
from helpdesk.tickets.actions.merging import fold_into
from helpdesk.tickets.change import Change, changing
from helpdesk.tickets.models import Message
from helpdesk.tickets.terms import renew_terms
from workflows.machine import Step, workflow_for
from workflows.vocabulary import (
    CHANNEL_OF_TRIGGER,
    ESCALATED_STATES,
    ActorKind,
    ResolutionCode,
    Source,
    Trigger,
    Turn,
    WithdrawReason,
)


def move(
    ticket_id: int,
    actor: Actor,
    trigger: str,
    now: datetime,
    asked: Mapping[str, Any] | None = None,
    version: int | None = None,
) -> Step:
    """Take the move ``trigger``; ``asked`` is what its form collected.

    Raises workflows.machine.Refused with every reason, Conflict when the page was out of date.
    """
    with changing(ticket_id, actor, now, version) as change:
        return take(change, trigger, asked or {})


def take(change: Change, trigger: str, asked: Mapping[str, Any]) -> Step:
    """The move itself, for actions that move as part of something else."""
    ticket = change.ticket
    known = facts.gather(ticket, change.actor, change.now, asked, trigger)
    step = workflow_for(ticket.kind).take(ticket.state, trigger, known)
    if step.ends_hold:
        end_hold(change)  # recorded before the state, at the same instant
    _record(change, step, asked)
    ticket.state = step.target
    _EFFECTS.get(step.trigger, _nothing_else)(change, step, asked)
    if not ticket.is_open or ticket.state in ESCALATED_STATES:
        ticket.escalation_due_at = None
    if not ticket.is_open:
        drop_hold(ticket)
    change.edited()
    notices.moved(ticket, step, asked, change.now)
    return step


def reopen_for_contact(change: Change) -> None:
    """A contact's word on a resolved ticket reopens it."""
    take(change, Trigger.REOPEN, {})


def _record(change: Change, step: Step, asked: Mapping[str, Any]) -> None:
    particulars: dict[str, Any] = {"trigger": step.trigger.value}
    particulars |= {name: str(value) for name, value in asked.items() if name in _KEPT and value}
    channel = CHANNEL_OF_TRIGGER.get(step.trigger)
    if channel is not None:
        particulars["channel"] = channel.value
    change.record(step.event, from_state=step.source, to_state=step.target, **particulars)


_KEPT = ("reason", "resolution_code", "left_open_reason", "target")
"""Particulars that the history keeps; notes are texts for people and stand in messages."""


def _nothing_else(_change: Change, _step: Step, _asked: Mapping[str, Any]) -> None:
    """Most moves only move."""


def _escalated(change: Change, step: Step, asked: Mapping[str, Any]) -> None:
    begin_vendor_case(change, CHANNEL_OF_TRIGGER[step.trigger], asked)


def _returned(change: Change, _step: Step, _asked: Mapping[str, Any]) -> None:
    change.ticket.turn = Turn.OURS


def _resolved(change: Change, _step: Step, asked: Mapping[str, Any]) -> None:
    ticket = change.ticket
    ticket.resolution_code = ResolutionCode(str(asked["resolution_code"]))
    ticket.resolution_note = str(asked["note"]).strip()
    ticket.resolved_at = change.now
    ticket.closes_at = change.now + timedelta(seconds=current_app.config["CLOSE_AFTER"])
    ticket.turn = Turn.CUSTOMER
    for case in facts.open_cases(ticket):
        case.left_open_reason = case.left_open_reason or str(asked.get("left_open_reason") or "").strip()
    _say(change, ticket.resolution_note)


def _say(change: Change, body: str) -> None:
    """The resolution is read in the conversation. It is part of the move, not a reply of its own."""
    message = Message(ticket_id=change.ticket.id, at=change.now, is_public=True, source=Source.WEB, body=body)
    message.user_id = change.actor.user_id
    db.session.add(message)
    change.ticket.last_message_at = change.now


def _closed(change: Change, _step: Step, _asked: Mapping[str, Any]) -> None:
    _end(change)


def _turned_away(change: Change, _step: Step, _asked: Mapping[str, Any]) -> None:
    _end(change)


def _withdrawn(change: Change, _step: Step, asked: Mapping[str, Any]) -> None:
    _end(change)
    if asked.get("reason") == WithdrawReason.SOLVED_BY_CONTACT and change.actor.kind is ActorKind.CONTACT:
        change.ticket.resolved_at = change.now


def _merged(change: Change, _step: Step, asked: Mapping[str, Any]) -> None:
    target_id = int(str(asked["target"]).strip().lstrip("#"))
    change.ticket.merged_into_id = target_id
    fold_into(change, target_id)
    _end(change)


def _reopened(change: Change, _step: Step, _asked: Mapping[str, Any]) -> None:
    ticket = change.ticket
    ticket.closes_at = ticket.resolved_at = ticket.ended_at = None
    ticket.resolution_code, ticket.resolution_note = None, ""
    ticket.turn = Turn.OURS
    renew_terms(change)  # a reopened promise runs under today's terms (R4)
    money_course.resume(change)


def _end(change: Change) -> None:
    change.ticket.closes_at = None
    change.ticket.ended_at = change.now
    money_course.lapse(change)


_EFFECTS: dict[Trigger, Callable[[Change, Step, Mapping[str, Any]], None]] = {
    **dict.fromkeys(CHANNEL_OF_TRIGGER, _escalated),
    Trigger.RETURN_TO_PARTNER: _returned,
    Trigger.RESOLVE: _resolved,
    Trigger.CLOSE: _closed,
    Trigger.TURN_AWAY: _turned_away,
    Trigger.WITHDRAW: _withdrawn,
    Trigger.MERGE: _merged,
    Trigger.REOPEN: _reopened,
}

climbing.escalate_by(take)
