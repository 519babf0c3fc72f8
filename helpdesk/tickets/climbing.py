"""What the levels of the ladder do besides telling, in the transaction that finds them due.

Each act hangs on its ClockEvent being new, which a unique index allows once per clock, cycle and level: so it
happens exactly once, whatever crashes. The desk itself is the actor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from helpdesk.accounts.actor import SCHEDULER
from helpdesk.accounts.models import Team, User
from helpdesk.accounts.permissions import Permission, may
from helpdesk.database import db
from helpdesk.sla.actions import ClockNews
from helpdesk.tickets import alarms, facts, notices
from helpdesk.tickets.acting import Change
from helpdesk.tickets.terms import renew_terms, reprioritise
from workflows.machine import Move, workflow_for
from workflows.vocabulary import CHANNEL_OF_TRIGGER, ESCALATED_STATES, EventKind, LadderAct, Priority, State

WHOLE: Final = 100
"""Per cent of a pack that lacks nothing."""

Escalation = Callable[[Change, str, Mapping[str, Any]], object]
_escalates: Escalation | None = None


def climb(change: Change, news: Iterable[ClockNews]) -> bool:
    """Do what the levels in ``news`` ask for; False when there was nothing to do.

    The caller has claimed the ticket and written the news. Nothing happens to a ticket that isn't open.
    """
    before = change.ticket.event_count
    acting = [item for item in news if item.rung.act is not None]
    if acting:
        db.session.flush()  # the acts read what the change that they follow has written
    for item in acting:
        if change.ticket.is_open and item.rung.act is not None:
            _ACTS[item.rung.act](change, item)
    return change.ticket.event_count > before


def _assign_to_lead(change: Change, item: ClockNews) -> None:
    """Give the ticket to its team's lead, unless there is none who could work on it or they have it."""
    ticket = change.ticket
    team = db.session.get(Team, ticket.team_id)
    lead = db.session.get(User, team.lead_id) if team is not None and team.lead_id is not None else None
    if lead is None or lead.id == ticket.assignee_id or not lead.is_enabled:
        return
    if not may(lead.roles, Permission.MOVE_TICKETS, ticket.kind):
        return
    change.record(EventKind.ASSIGNED, to=lead.id, was=ticket.assignee_id, **_cause(item))
    ticket.assignee_id = lead.id
    change.edited()
    notices.assigned(ticket, SCHEDULER, change.now)


def _raise_priority(change: Change, item: ClockNews) -> None:
    """Override the priority by one step, up to p1, and promise what that priority is promised (R5)."""
    ticket = change.ticket
    if ticket.priority is Priority.P1:
        return
    steps = list(Priority)
    was, raised = ticket.priority, steps[steps.index(ticket.priority) - 1]
    ticket.priority_override = raised
    reprioritise(change)
    change.record(EventKind.PRIORITY_OVERRIDDEN, was=was.value, priority=raised.value, **_cause(item))
    renew_terms(change)
    change.edited()


def _escalate(change: Change, item: ClockNews) -> None:
    """Send the ticket to the vendor where nobody need choose; else mark it as due for that, with what lacks.

    Nobody need choose when exactly one channel is open and its pack is whole. People are told in either case:
    somebody opens the case at the vendor. Where several channels are open nothing is missing but a choice, and
    before the diagnosis everything.
    """
    ticket = change.ticket
    if ticket.state in ESCALATED_STATES or ticket.escalation_due_at is not None:
        return
    known = facts.study(ticket, SCHEDULER, change.now)
    moves = [move for move in workflow_for(ticket.kind).allowed(ticket.state, known.facts) if _is_escalation(move)]
    only = _only_way(known, moves)
    if only is not None and _escalates is not None:
        _escalates(change, only, {})
        alarms.escalation_due(ticket, item, (), change.now, facts.open_cases(ticket)[0].channel.name)
        return
    ways = [move.trigger.value for move in moves if move.is_open]
    closed = {move.trigger.value: [reason.code for reason in move.reasons] for move in moves}
    lacking = dict.fromkeys(code for codes in closed.values() for code in codes)
    missing = [] if ways else list(lacking) or [State.DIAGNOSIS.value]
    ticket.escalation_due_at = change.now
    change.record(EventKind.ESCALATION_DUE, missing=missing, closed=closed, open=ways, **_cause(item))
    alarms.escalation_due(ticket, item, missing, change.now)


def _only_way(known: facts.Study, moves: Iterable[Move]) -> str | None:
    """The escalation that the desk may do by itself: to the one open channel, with a pack that no lead had to pass."""
    channels = [verdict.kind for verdict in known.verdicts if verdict.is_open]
    if len(channels) != 1 or known.facts.packs.get(channels[0]) != WHOLE:
        return None
    return next(
        (move.trigger.value for move in moves if move.is_open and CHANNEL_OF_TRIGGER[move.trigger] is channels[0]), None
    )


def _is_escalation(move: Move) -> bool:
    return move.trigger in CHANNEL_OF_TRIGGER


def escalate_by(take: Escalation) -> None:
    """Say with which action the desk escalates by itself: moves stand above the clocks that ask for one."""
    global _escalates
    _escalates = take


def _cause(item: ClockNews) -> dict[str, Any]:
    """What the history keeps as the reason of an act: the clock and the level that asked for it."""
    return {"clock": item.kind.value, "level": item.level}


_ACTS: Final[dict[LadderAct, Callable[[Change, ClockNews], None]]] = {
    LadderAct.ASSIGN_TO_LEAD: _assign_to_lead,
    LadderAct.RAISE_PRIORITY: _raise_priority,
    LadderAct.ESCALATE: _escalate,
}
