"""The moves a ticket has now, as its page offers them: open ones to press, closed ones with what mends them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext as _

from helpdesk.tickets.forms import MoveForm, move_form
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.reasons import Told, told
from helpdesk.web.labels import label
from workflows.facts import Facts
from workflows.machine import Move, workflow_for
from workflows.vocabulary import CHANNEL_OF_TRIGGER, Trigger

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
    moves: list[Offer]
    more: list[Offer]


def offers_for(ticket: Ticket, facts: Facts, typed: Mapping[Trigger, MoveForm] | None = None) -> Offers:
    """Every move out of the ticket's state; ``typed`` are forms that came back with what was typed."""
    moves = workflow_for(ticket.kind).allowed(ticket.state, facts)
    if moves and all(_is_nobodys(move) for move in moves):  # one sentence instead of the same at every move
        reasons = told(moves[0].reasons[:1], ticket.id)
        return Offers([Offer(moves[0].trigger, _("Move the ticket"), False, reasons=reasons)], [])
    offers = [_offer(move, ticket, (typed or {}).get(move.trigger)) for move in moves]
    usual = [offer for offer in offers if offer.trigger not in RARE]
    return Offers(_open_first(usual), [offer for offer in offers if offer.trigger in RARE and offer.is_open])


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
    form = typed or (move_form(move) if move.asks else None)
    return Offer(move.trigger, text, True, form=form)


def asked_of(move: Move, sent: Mapping[str, Any]) -> dict[str, str]:
    """What was sent for the particulars that ``move`` asks for."""
    return {ask.field.value: str(sent.get(ask.field.value) or "") for ask in move.asks}
