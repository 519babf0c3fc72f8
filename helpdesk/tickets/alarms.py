"""What people are told of clocks: warnings, breaches and the levels after them, by the rungs of the ladder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from helpdesk.database import db
from helpdesk.escalations.models import SupportChannel, VendorCase
from helpdesk.escalations.money.models import MoneyDeadline
from helpdesk.notifications import recipients
from helpdesk.notifications.actions import queue_many
from helpdesk.notifications.notices import Notice, tell
from helpdesk.notifications.recipients import Recipient
from helpdesk.notifications.topics import NoticeTopic
from helpdesk.sla.actions import ClockNews
from helpdesk.sla.working_hours import WorkingHours
from helpdesk.tickets.concerned import Concerned
from helpdesk.tickets.models import Ticket
from workflows.vocabulary import ClockChange, LadderRole, MoneyState

TO_CHASE: Final = frozenset({LadderRole.ASSIGNEE, LadderRole.LEAD})
"""Who hears that Microsoft is late, and that a ticket should go to Microsoft: they can do something about it."""

_TOPICS: Final = {
    ClockChange.WARNED: NoticeTopic.CLOCK_WARNED,
    ClockChange.BREACHED: NoticeTopic.CLOCK_BREACHED,
    ClockChange.LADDERED: NoticeTopic.CLOCK_LADDERED,
}


class Told(NamedTuple):
    """A ticket and what is new of its clocks."""

    ticket: Ticket
    news: Sequence[ClockNews]


def clock_news(told: Sequence[Told], now: datetime) -> None:
    """Tell whom the rungs name, of any number of tickets, by one read and one write.

    Each is told once, however often it is worked on: the cause is the clock's case, cycle, change and level.
    A rung that isn't urgent waits for the working hours of each whom it tells.
    """
    told = [Told(ticket, [item for item in news if item.is_told]) for ticket, news in told]
    told = [one for one in told if one.news]
    if not told:
        return
    concerned = Concerned.of([ticket for ticket, _news in told], now)
    cases = _cases({item.case_id for _ticket, news in told for item in news if item.case_id})
    hours = WorkingHours(now)
    queue_many(
        [
            notice
            for ticket, news in told
            for item in news
            for notice in _notices(ticket, item, concerned, cases.get(item.case_id, {}), hours)
        ],
        now,
    )


def escalation_due(
    ticket: Ticket, item: ClockNews, missing: Sequence[str], now: datetime, channel_name: str = ""
) -> None:
    """Tell who has the ticket, and the lead, that it should go to the vendor; ``missing`` are codes of what lacks.

    ``channel_name``: it went there by itself, and the case is to be opened.
    """
    concerned = Concerned.of([ticket], now)
    to = recipients.for_roles(TO_CHASE, concerned.standings(ticket))
    params = _params(ticket, item, concerned)
    if missing:
        params["missing"] = len(missing)
    if channel_name:
        params["channel_name"] = channel_name
    hours = WorkingHours(now)
    queue_many(_told(NoticeTopic.ESCALATION_DUE, to, ticket, item, params, hours), now)


def money(ticket: Ticket, deadline: MoneyDeadline, now: datetime) -> None:
    """Tell who has the ticket, and the lead, that a window ends soon, or that it was missed; day and night."""
    is_missed = deadline.state is MoneyState.MISSED
    concerned = Concerned.of([ticket], now)
    to = recipients.for_roles(TO_CHASE, concerned.standings(ticket))
    params = {"subject": ticket.subject, "window": deadline.name, "due_at": deadline.due_at, **concerned.named(ticket)}
    topic = NoticeTopic.MONEY_MISSED if is_missed else NoticeTopic.MONEY_WARNED
    cause = f"money:{deadline.id}:{int((deadline.next_fire_at or deadline.due_at).timestamp())}"
    queue_many(tell(topic, to, cause=cause, params=params, ticket_id=ticket.id), now)


def _notices(
    ticket: Ticket, item: ClockNews, concerned: Concerned, case: dict[str, Any], hours: WorkingHours
) -> Iterator[Notice]:
    is_chase = item.case_id != 0 and item.change is not ClockChange.WARNED
    topic = NoticeTopic.VENDOR_LATE if is_chase else _TOPICS[item.change]
    to = recipients.for_roles(TO_CHASE if is_chase else item.rung.to, concerned.standings(ticket))
    params = _params(ticket, item, concerned)
    if is_chase:
        params |= case
    elif topic is NoticeTopic.CLOCK_LADDERED:
        params["level"] = item.level
    yield from _told(topic, to, ticket, item, params, hours)


def _told(
    topic: NoticeTopic,
    to: Sequence[Recipient],
    ticket: Ticket,
    item: ClockNews,
    params: dict[str, Any],
    hours: WorkingHours,
) -> list[Notice]:
    waits = None if item.rung.is_urgent else lambda one: hours.opening(one.calendar_id)
    return tell(topic, to, cause=_cause(ticket, item), params=params, ticket_id=ticket.id, waits=waits)


def _params(ticket: Ticket, item: ClockNews, concerned: Concerned) -> dict[str, Any]:
    due_at = item.due_at or item.at
    return {"subject": ticket.subject, "clock": item.kind.value, "due_at": due_at, **concerned.named(ticket)}


def _cause(ticket: Ticket, item: ClockNews) -> str:
    clock = f"{item.kind}.{item.case_id}" if item.case_id else item.kind
    return f"clock:{ticket.id}:{clock}:{item.cycle}:{item.change}:{item.level}"


def _cases(ids: set[int]) -> dict[int, dict[str, Any]]:
    """{vendor case: what a notice says of it}."""
    if not ids:
        return {}
    rows = sa.select(VendorCase.id, VendorCase.number, SupportChannel.name).join(VendorCase.channel)
    found = db.session.execute(rows.where(VendorCase.id.in_(ids)))
    return {
        case_id: {"channel_name": name, **({"vendor_number": number} if number else {})}
        for case_id, number, name in found
    }
