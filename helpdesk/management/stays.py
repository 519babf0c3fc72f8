"""What became of tickets that went to the vendor: every stay on a channel, counted and listed.

A stay begins with the move into an escalated state and ends with the move out of it; both are read off the partial
indexes over exactly these moves. Never more than the newest MOST stays of a period are looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from helpdesk.customers.models import Contact, Customer
from helpdesk.database import db
from helpdesk.management.days import DAY, midnight
from helpdesk.management.stay_filters import NO_TOPIC, Ending, StayFilter
from helpdesk.tickets.models import LEFT_VENDOR, WENT_TO_VENDOR, Ticket, TicketEvent, Topic
from workflows.vocabulary import CHANNEL_OF_STATE, ESCALATED_STATES, ChannelKind, ReturnReason, State

MOST = 10_000
PAGE = 50
_STATE_OF = {channel: state for state, channel in CHANNEL_OF_STATE.items()}
_left = aliased(TicketEvent, name="left_event")


class Tally(NamedTuple):
    """How many stays of tickets with this topic on this channel ended so, and why where they came back."""

    channel: ChannelKind
    topic_id: int
    topic: str | None
    ending: Ending
    reason: ReturnReason | None
    stays: int


class StayPage(NamedTuple):
    """``rows`` newest first; ``has_more``: others follow behind the last."""

    rows: Sequence[Any]
    has_more: bool


def tallies(asked: StayFilter, today: date) -> list[Tally]:
    """Every group of stays that began in the period ``asked`` for; one bounded statement."""
    found = db.session.execute(tally_statement(asked, today))
    return [
        Tally(CHANNEL_OF_STATE[state], topic_id or NO_TOPIC, topic, Ending(ending), _reason(reason), count)
        for state, topic_id, topic, ending, reason, count in found
    ]


def tally_statement(asked: StayFilter, today: date) -> sa.Select[Any]:
    went = _went(asked, today)
    groups = (went.c.to_state, Ticket.topic_id, Topic.name, _ENDING, _REASON)
    rows = _joined(sa.select(*groups, sa.func.count()), went).outerjoin(Topic, Topic.id == Ticket.topic_id)
    places: list[Any] = [sa.literal_column(str(place)) for place in range(1, len(groups) + 1)]
    return rows.group_by(*places)


def stay_page(asked: StayFilter, today: date, limit: int = PAGE) -> StayPage:
    """The stays behind a count, newest first."""
    found = db.session.execute(page_statement(asked, today, limit)).all()
    return StayPage(found[:limit], len(found) > limit)


def page_statement(asked: StayFilter, today: date, limit: int = PAGE) -> sa.Select[Any]:
    """The one statement of a page; it asks for a row more than ``limit`` to know whether others follow."""
    went = _went(asked, today)
    columns = (
        went.c.id, went.c.to_state, went.c.at.label("went_at"), _left.at.label("left_at"), _ENDING.label("ending"),
        _REASON.label("reason"), _left.to_state.label("next_state"), Ticket.id.label("number"), Ticket.subject,
        Ticket.claimed_company, Customer.name.label("customer_name"), Contact.name.label("contact_name"),
    )  # fmt: skip
    rows = _joined(sa.select(*columns), went).outerjoin(Customer, Customer.id == Ticket.customer_id)
    rows = rows.join(Contact, Contact.id == Ticket.contact_id).where(*_narrowed(asked, went))
    if asked.after is not None:
        last = sa.tuple_(*asked.after, types=[went.c.at.type, went.c.id.type])
        rows = rows.where(sa.tuple_(went.c.at, went.c.id) < last)
    return rows.order_by(went.c.at.desc(), went.c.id.desc()).limit(limit + 1)


def count(asked: StayFilter, today: date) -> int:
    """How many stays the list ``asked`` for has, MOST at most."""
    went = _went(asked, today)
    rows = _joined(sa.select(sa.func.count()), went).where(*_narrowed(asked, went))
    return db.session.scalar(rows) or 0


def _went(asked: StayFilter, today: date) -> Any:
    """The newest moves to the vendor of the period: an index walked backwards until there are MOST."""
    first, last = asked.days(today)
    moves = sa.select(TicketEvent.id, TicketEvent.ticket_id, TicketEvent.seq, TicketEvent.at, TicketEvent.to_state)
    period = (TicketEvent.at >= midnight(first), TicketEvent.at < midnight(last + DAY))
    moves = moves.where(sa.text(f"ticket_event.{WENT_TO_VENDOR}"), *period)
    return moves.order_by(TicketEvent.at.desc(), TicketEvent.id.desc()).limit(MOST).subquery("went")


def _joined(rows: sa.Select[Any], went: Any) -> sa.Select[Any]:
    """Each stay with its ticket and the move that ended it, if any has."""
    after = aliased(TicketEvent, name="after_event")
    first = (
        sa.select(after.id)
        .where(after.ticket_id == went.c.ticket_id, after.seq > went.c.seq, sa.text(f"after_event.{LEFT_VENDOR}"))
        .order_by(after.seq)
        .limit(1)
        .scalar_subquery()
    )
    rows = rows.select_from(went).join(Ticket, Ticket.id == went.c.ticket_id)
    return rows.outerjoin(_left, _left.id == first)


_CAME_BACK = _left.to_state == State.PARTNER_RESOLUTION
_ENDING = sa.case(
    (_left.id.is_(None), Ending.THERE.value),
    (_left.to_state.in_(sorted(ESCALATED_STATES)), Ending.OTHER_TIER.value),
    (_CAME_BACK, Ending.BACK.value),
    (_left.to_state == State.RESOLVED, Ending.SOLVED.value),
    else_=Ending.ENDED.value,
)
# particulars are canonical JSON: a reason is spelled in one way only
_REASON = sa.case(
    *(
        (sa.and_(_CAME_BACK, _left.particulars.contains(f'"reason":"{reason.value}"')), reason.value)
        for reason in ReturnReason
    )
)


def _reason(word: str | None) -> ReturnReason | None:
    return ReturnReason(word) if word is not None else None


def _narrowed(asked: StayFilter, went: Any) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if asked.channel is not None:
        conditions.append(went.c.to_state == _STATE_OF[asked.channel])
    if asked.topic is not None:
        conditions.append(Ticket.topic_id.is_(None) if asked.topic == NO_TOPIC else Ticket.topic_id == asked.topic)
    if asked.ending is not None:
        conditions.append(sa.literal(asked.ending.value) == _ENDING)
    if asked.reason is not None:
        conditions.append(sa.literal(asked.reason.value) == _REASON)
    return conditions
