"""The page that compares the support channels and escalates to one of them."""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Response, current_app, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import selectinload

from helpdesk.accounts.permissions import Permission
from helpdesk.accounts.session import actor
from helpdesk.clock import now
from helpdesk.database import db
from helpdesk.errors import Conflict, Invalid
from helpdesk.escalations.models import SupportChannel
from helpdesk.tickets import facts
from helpdesk.tickets.facts import Study
from helpdesk.tickets.forms import EscalateForm
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.reasons import Told, say, told
from helpdesk.tickets.views.guard import sees_tickets
from helpdesk.tickets.views.ticket import find, meanwhile
from helpdesk.web import moments
from helpdesk.web.amounts import amount
from helpdesk.web.labels import label
from workflows.escalation import SEVERITY_OF, ChannelVerdict
from workflows.facts import Reason
from workflows.machine import Move, Refused, workflow_for
from workflows.vocabulary import (
    CHANNEL_OF_STATE,
    CHANNEL_OF_TRIGGER,
    ChannelKind,
    ClockKind,
    Particular,
    PartnerKind,
)


def register(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/tickets/<int:number>/escalate", view_func=escalate)


@sees_tickets
def escalate(number: int) -> ResponseReturnValue:
    found = find(number)
    form = EscalateForm(data={"severity": SEVERITY_OF[found.priority]})
    return _page(found, form, request.args.get("trigger", ""), 200)


def escalate_again(number: int, trigger: str, status: int, error: Refused | Invalid | Conflict) -> Response:
    """The page after a refusal, with what was chosen and typed."""
    form, changed = EscalateForm(), []
    form.is_accepted()
    if isinstance(error, Refused):
        for reason in error.reasons:
            form.fail(Invalid(say(reason), reason.field.value if reason.field else None))
    elif isinstance(error, Conflict):
        changed = meanwhile(error)
    else:
        form.fail(error)
    return _page(find(number), form, trigger, status, changed)


def _page(found: Ticket, form: EscalateForm, chosen: str, status: int, changed: list[Any] | None = None) -> Response:
    moment = now()
    known = facts.study(found, actor(), moment)
    moves = {
        CHANNEL_OF_TRIGGER[move.trigger]: move
        for move in workflow_for(found.kind).allowed(found.state, known.facts)
        if move.trigger in CHANNEL_OF_TRIGGER
    }
    whole = (selectinload(SupportChannel.terms), selectinload(SupportChannel.names))
    rows = db.session.scalars(sa.select(SupportChannel).options(*whole)).all()
    today = facts.desk_day(moment)
    cards = [_card(found, row, known, moves.get(row.kind), today) for row in rows]
    cards.sort(key=lambda card: (not card["is_open"], not card["is_waiting"], not card["is_recommended"], card["rank"]))
    if not any(ask.field is Particular.REASON for move in moves.values() for ask in move.asks):
        del form.reason
    is_reseller = current_app.config["PARTNER_KIND"] == PartnerKind.INDIRECT_RESELLER
    response = make_response(
        render_template(
            "tickets/escalate.html",
            ticket=found,
            channels=cards,
            form=form,
            chosen=chosen,
            changed=changed or [],
            may_send=any(card["is_open"] for card in cards),
            may_move=actor().may(Permission.MOVE_TICKETS, found.kind),
            provider=(current_app.config["INDIRECT_PROVIDER"] or _("your indirect provider")) if is_reseller else "",
            has_pack=known.pack is not None,
        )
    )
    response.status_code = status
    return response


def _card(found: Ticket, row: SupportChannel, known: Study, move: Move | None, today: date) -> dict[str, Any]:
    """A channel for one ticket: open, waiting for its pack alone, or closed with every reason."""
    verdict = next((each for each in known.verdicts if each.kind is row.kind), None)
    is_open = move is not None and move.is_open
    is_waiting = not is_open and move is not None and {reason.code for reason in move.reasons} == {PACK_INCOMPLETE}
    is_near = is_open or is_waiting
    return {
        "trigger": move.trigger.value if move is not None else "",
        "kind": row.kind.value,
        "name": row.name_on(today),
        "other_names": ", ".join(row.other_names(today)),
        "is_open": is_open,
        "is_waiting": is_waiting,
        "percent": known.pack.completeness(row.kind).percent if known.pack is not None and move is not None else None,
        "is_recommended": is_near and verdict is not None and verdict.is_recommended,
        "why": say(verdict.recommendation) if is_near and verdict is not None and verdict.recommendation else "",
        "rank": row.cost_rank_on(today),
        "cost": _cost(row, verdict, today),
        "response": _response(row, found),
        "left": _left(verdict, today),
        "reasons": [] if is_near else _reasons(found, row.kind, verdict, move),
    }


PACK_INCOMPLETE = "pack_incomplete"
"""The one reason that an agent mends by writing, so that the channel is shown as within reach."""


def _reasons(found: Ticket, kind: ChannelKind, verdict: ChannelVerdict | None, move: Move | None) -> list[Told]:
    reasons: tuple[Reason, ...] = verdict.reasons if verdict is not None else ()
    told_here = told(move.reasons if move is not None else reasons, found.id)
    here = f"/tickets/{found.id}/escalate"  # no link to the page one is reading
    return [Told(line.text) if line.url == here else line for line in told_here] or [Told(_not_from_here(found, kind))]


def _not_from_here(found: Ticket, kind: ChannelKind) -> str:
    if found.state in CHANNEL_OF_STATE and CHANNEL_OF_STATE[found.state] is kind:
        return str(_("The ticket is with this channel now."))
    return str(_("Not from the state %(state)s.", state=label(found.state)))


def _response(row: SupportChannel, found: Ticket) -> str:
    """How long the channel takes to answer, in its own open time."""
    severity = SEVERITY_OF[found.priority]
    lengths = (
        term.seconds for term in row.terms if (term.clock, term.severity) == (ClockKind.VENDOR_RESPONSE, severity)
    )
    return next(map(moments.open_time, lengths), "")


def _cost(row: SupportChannel, verdict: ChannelVerdict | None, today: date) -> str:
    """The fee in words, and what the contract in force makes of it: of an incident, or of its term."""
    parts, own = [row.fee_on(today)], verdict.entitlement if verdict is not None else None
    if own is not None and own.holds_on(today) and own.fee is not None:
        if own.incident_cost is not None:
            parts.append(_("%(amount)s an incident", amount=amount(own.incident_cost, own.currency)))
        else:
            parts.append(_("%(amount)s for the term", amount=amount(own.fee, own.currency)))
    return ", ".join(filter(None, parts))


def _left(verdict: ChannelVerdict | None, today: date) -> str:
    """Incidents now and after this ticket, until when they last, and the contract's own end where it is near."""
    parts: list[str] = []
    if verdict is not None and verdict.incidents_left:
        parts.append(ngettext("%(num)s incident left", "%(num)s incidents left", verdict.incidents_left))
        parts.append(_("%(num)s after this one", num=verdict.incidents_after))
    if verdict is not None and verdict.runs_out_on is not None:
        parts.append(_("used up by %(day)s at this pace", day=moments.calendar_date(verdict.runs_out_on)))
    if verdict is not None and verdict.entitlement is not None and verdict.entitlement.ends_soon(today):
        parts.append(_("the contract ends on %(day)s", day=moments.calendar_date(verdict.entitlement.ends_on)))
    return ", ".join(parts)
