"""The moves a ticket has now, as its page offers them: open ones to press, closed ones with what mends them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask_babel import gettext as _

from helpdesk.accounts.actor import Actor
from helpdesk.accounts.permissions import Permission
from helpdesk.tickets.asking import bought_elsewhere
from helpdesk.tickets.forms import MoveForm, move_form
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.reasons import Told, told
from helpdesk.web.labels import label
from workflows.facts import Facts
from workflows.machine import Move, workflow_for
from workflows.vocabulary import CHANNEL_OF_TRIGGER, HoldCause, Kind, Particular, Trigger, TurnAwayReason

TOGETHER = (
    Trigger.START_DIAGNOSIS,
    Trigger.START_RESOLUTION,
    Trigger.RETURN_TO_PARTNER,
    Trigger.RESOLVE,
    Trigger.WITHDRAW,
    Trigger.TURN_AWAY,
)
"""What makes sense for several tickets at once: escalating and merging are each ticket's own."""
RARE = frozenset({Trigger.TURN_AWAY, Trigger.WITHDRAW, Trigger.MERGE})
"""Offered small, in one line under the others."""
NOBODYS_MOVE = "role_may_not_move"


@dataclass(frozen=True, slots=True)
class Offer:
    """One move. An open one has a ``form`` of particulars, a ``url`` of its own page, or neither."""

    trigger: Trigger
    text: str
    is_open: bool
    hint: str = ""
    form: MoveForm | None = None
    url: str | None = None
    reasons: list[Told] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Offers:
    """``aside`` is said in place of moves to somebody who moves no ticket of this kind."""

    moves: list[Offer]
    more: list[Offer]
    aside: str = ""


@dataclass(frozen=True, slots=True)
class Overdue:
    """The ladder found since ``since`` that the ticket should be with the vendor: by which channels it may go now,
    or what the one that lacks least is ``missing``."""

    since: datetime
    open: list[Offer]
    others: Sequence[str] = ()  # moves that an agent may make, though not the reader
    nearest: str = ""
    missing: list[Told] = field(default_factory=list)


def offers_for(ticket: Ticket, facts: Facts, typed: Mapping[Trigger, MoveForm] | None = None) -> Offers:
    """Every move out of the ticket's state; ``typed`` are forms that came back with what was typed."""
    moves = workflow_for(ticket.kind).allowed(ticket.state, facts)
    if moves and all(_is_nobodys(move) for move in moves):  # one sentence instead of the same at every move
        return Offers([], [], _("You follow this ticket; its moves are made by agents and leads."))
    offers = [_offer(move, ticket, (typed or {}).get(move.trigger)) for move in moves]
    rare = RARE - {Trigger.TURN_AWAY} if bought_elsewhere(ticket) else RARE
    usual = [offer for offer in offers if offer.trigger not in rare]
    return Offers(_open_first(usual), [offer for offer in offers if offer.trigger in rare and offer.is_open])


def overdue_of(ticket: Ticket, facts: Facts) -> Overdue | None:
    """What the ladder's mark on the ticket asks for; None while it has none."""
    if ticket.escalation_due_at is None:
        return None
    moves = [
        move for move in workflow_for(ticket.kind).allowed(ticket.state, facts) if move.trigger in CHANNEL_OF_TRIGGER
    ]
    ways = [_offer(move, ticket, None) for move in moves if move.is_open]
    lacking = [(move, [reason for reason in move.reasons if reason.code != NOBODYS_MOVE]) for move in moves]
    others = [label(move.trigger) for move, reasons in lacking if not move.is_open and not reasons]
    if ways or others or not lacking:
        return Overdue(ticket.escalation_due_at, ways, others)
    nearest, reasons = min(lacking, key=lambda each: len(each[1]))
    return Overdue(ticket.escalation_due_at, [], (), label(nearest.trigger), told(reasons, ticket.id))


def offers_together(reader: Actor, people: Sequence[tuple[Any, str]]) -> dict[str, Any] | None:
    """What ``reader`` may do to several tickets of a list at once; None when nothing to any of them."""
    rights = {"assign": Permission.ASSIGN, "move": Permission.MOVE_TICKETS, "tag": Permission.EDIT_TICKETS}
    may = {name: any(reader.may(right, kind) for kind in Kind) for name, right in rights.items()}
    may["link"] = reader.may(Permission.EDIT_TICKETS, Kind.TECHNICAL)  # no outage causes a billing ticket
    if not any(may.values()):
        return None
    return {
        "may": may,
        "people": people,
        "causes": [(cause.value, label(cause)) for cause in HoldCause],
        "moves": [(trigger.value, label(trigger)) for trigger in TOGETHER],
    }


def _is_nobodys(move: Move) -> bool:
    return any(reason.code == NOBODYS_MOVE for reason in move.reasons)


def _open_first(offers: Iterable[Offer]) -> list[Offer]:
    return sorted(offers, key=lambda offer: not offer.is_open)


def _offer(move: Move, ticket: Ticket, typed: MoveForm | None) -> Offer:
    text = label(move.trigger)
    if not move.is_open:
        return Offer(move.trigger, text, False, reasons=told(move.reasons, ticket.id))
    if move.trigger in CHANNEL_OF_TRIGGER:
        return Offer(move.trigger, text, True, url=f"/tickets/{ticket.id}/escalate?trigger={move.trigger}")
    form = typed or (move_form(move, _likely(move, ticket)) if move.asks else None)
    return Offer(move.trigger, text, True, form=form)


def _likely(move: Move, ticket: Ticket) -> dict[str, str]:
    """What is filled in already: the reason of a ticket whose contact says where it was bought."""
    if move.trigger is Trigger.TURN_AWAY and bought_elsewhere(ticket):
        return {Particular.REASON.value: TurnAwayReason.NOT_OUR_CUSTOMER.value}
    return {}
