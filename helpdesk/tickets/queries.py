"""Lists of tickets: the queue, its counts, and what a search finds. Each is bounded and served by an index."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from helpdesk.accounts.models import User
from helpdesk.customers.models import Contact, Customer
from helpdesk.database import Moment, composed_once, db, is_sqlite
from helpdesk.escalations.models import VendorCase
from helpdesk.tickets.filters import QueueFilter, View
from helpdesk.tickets.models import IS_OPEN, SavedView, Ticket, TicketTag
from helpdesk.tickets.search import found_ids
from workflows.vocabulary import Turn, VendorCaseState

PAGE = 50
COUNT_TO = 1000
SEARCH_LIMIT = 200
RECENT = 200
"""Tickets whose customers a filter offers."""

_Assignee = aliased(User)
_ROW = (
    Ticket.id,
    Ticket.subject,
    Ticket.kind,
    Ticket.service,
    Ticket.state,
    Ticket.priority,
    Ticket.hold_cause,
    Ticket.hold_until,
    Ticket.turn,
    Ticket.is_paused,
    Ticket.next_due_at,
    Ticket.next_due_clock,
    Ticket.money_purpose,
    Ticket.next_warns_at,
    Ticket.next_due_idle_seconds,
    Ticket.paused_seconds_left,
    Ticket.terms_id,
    Ticket.last_message_at,
    Ticket.assignee_id,
    Ticket.claimed_company,
    Customer.name.label("customer_name"),
    Contact.name.label("contact_name"),
    _Assignee.name.label("assignee_name"),
    sa.exists()
    .where(VendorCase.ticket_id == Ticket.id, VendorCase.state == VendorCaseState.ATTENTION_NEEDED)
    .correlate(Ticket)
    .label("vendor_asks"),
)
# columns only: an entity would load its relations one by one
_ROWS = (
    sa.select(*_ROW)
    .select_from(Ticket)
    .outerjoin(Customer, Customer.id == Ticket.customer_id)
    .join(Contact, Contact.id == Ticket.contact_id)
    .outerjoin(_Assignee, _Assignee.id == Ticket.assignee_id)
)
QUEUE_ORDER = (Ticket.is_paused, Ticket.next_due_at, Ticket.id)
_KEY = ("is_paused", "due_at", "number")
_USER, _NOW = sa.bindparam("user", type_=sa.Integer), sa.bindparam("now", type_=Moment())


class QueuePage(NamedTuple):
    """``rows`` in the queue's order; ``has_more``: others follow behind the last."""

    rows: Sequence[Any]
    has_more: bool


def queue_page(asked: QueueFilter, user_id: int, now: datetime, limit: int = PAGE) -> QueuePage:
    """Open tickets as ``asked`` by the person ``user_id``, by (is_paused, next_due_at, id)."""
    found = db.session.execute(queue_statement(asked, user_id, now, limit)).all()
    return QueuePage(found[:limit], len(found) > limit)


def queue_statement(asked: QueueFilter, user_id: int, now: datetime, limit: int = PAGE) -> sa.Select[*tuple[Any, ...]]:
    """The one statement of a page; it asks for a row more than ``limit`` to know whether others follow."""
    rows = _ROWS.where(IS_OPEN, *_conditions(asked, user_id, now))
    if asked.view is View.LATE:  # names both values, so that the index can go to each one's late tickets
        rows = rows.where(Ticket.is_paused.in_([False, True]))
    if asked.after is not None:
        last = sa.tuple_(*asked.after, types=[column.type for column in QUEUE_ORDER])
        rows = rows.where(sa.tuple_(*QUEUE_ORDER) > last)
    return rows.order_by(*QUEUE_ORDER).limit(limit + 1)


def _conditions(asked: QueueFilter, user_id: int, now: datetime) -> list[sa.ColumnElement[bool]]:
    columns = {
        Ticket.kind: asked.kind,
        Ticket.service: asked.service,
        Ticket.state: asked.state,
        Ticket.priority: asked.priority,
        Ticket.team_id: asked.team,
        Ticket.assignee_id: asked.assignee,
        Ticket.customer_id: asked.customer,
    }
    conditions: list[sa.ColumnElement[bool]] = [
        column == value for column, value in columns.items() if value is not None
    ]
    conditions += _view(asked.view, user_id, now, COUNT_TO)
    if asked.tag:
        tagged = sa.select(TicketTag.ticket_id).where(TicketTag.ticket_id == Ticket.id, TicketTag.name == asked.tag)
        conditions.append(tagged.correlate(Ticket).exists())
    if asked.q:
        conditions.append(Ticket.id.in_(matching_ids(asked.q)))
    return conditions


def _view(view: View, user_id: Any, now: Any, count_to: int) -> list[sa.ColumnElement[bool]]:
    match view:
        case View.ALL:
            return []
        case View.MINE:
            return [Ticket.assignee_id == user_id]
        case View.UNASSIGNED:
            return [Ticket.assignee_id.is_(None)]
        case View.OUR_TURN:
            return [Ticket.turn == Turn.OURS]
        case View.LATE:
            return [Ticket.next_due_at < now]
        case View.PAUSED:
            return [Ticket.is_paused == sa.true()]
        case View.ESCALATION_DUE:
            return [Ticket.id.in_(_escalation_due(count_to))]
        case View.VENDOR_ASKS:
            return [Ticket.id.in_(_asked_by_vendor(count_to))]


def _escalation_due(count_to: int) -> sa.Select[int]:
    """Numbers of tickets the ladder has marked, by the index over those alone: they are few among all that is open."""
    marked = sa.text("ticket INDEXED BY ix_ticket_escalation_due" if is_sqlite() else "ticket")
    numbers: sa.Select[Any] = sa.select(sa.literal_column("ticket.id")).select_from(marked)
    numbers = numbers.where(sa.text("ticket.escalation_due_at IS NOT NULL"))
    return numbers.order_by(sa.text("ticket.escalation_due_at, ticket.id")).limit(count_to + 1)


def _asked_by_vendor(count_to: int) -> sa.Select[int]:
    """Numbers of tickets on which the vendor waits for us, by the index over those cases alone."""
    asking = sa.text("vendor_case INDEXED BY ix_vendor_case_asks" if is_sqlite() else "vendor_case")
    numbers: sa.Select[Any] = sa.select(sa.literal_column("vendor_case.ticket_id")).select_from(asking)
    numbers = numbers.where(sa.text(f"vendor_case.state = '{VendorCaseState.ATTENTION_NEEDED}'"))
    return numbers.order_by(sa.text("vendor_case.last_word_at, vendor_case.id")).limit(count_to + 1)


class Counts(NamedTuple):
    """How many open tickets each view has, how many the asked one and each saved one. COUNT_TO + 1 at most."""

    views: dict[View, int]
    asked: int
    saved: list[int]


def queue_counts(asked: QueueFilter, user_id: int, now: datetime, saved: Sequence[QueueFilter] = ()) -> Counts:
    """Count for the chips over the queue: one statement, two where what is asked or saved is more than a view.

    Each count stops at one beyond COUNT_TO, so that none of them reads the whole queue.
    """
    found = db.session.execute(_view_counts(COUNT_TO), {"user": user_id, "now": now}).one()
    views = dict(zip(View, found, strict=True))
    narrowed = [each for each in (asked, *saved) if each.is_narrowed]
    of_narrowed = iter(_count_each([_conditions(each, user_id, now) for each in narrowed]))
    of_asked, *of_saved = [next(of_narrowed) if each.is_narrowed else views[each.view] for each in (asked, *saved)]
    return Counts(views, of_asked, of_saved)


@composed_once
def _view_counts(count_to: int) -> sa.Select[Any]:
    counts: list[Any] = [_bounded(_view(view, _USER, _NOW, count_to), count_to) for view in View]
    return sa.select(*counts)


def _count_each(lists: Sequence[Sequence[sa.ColumnElement[bool]]]) -> Sequence[int]:
    counts = [_bounded(conditions, COUNT_TO) for conditions in lists]
    return db.session.execute(sa.select(*counts)).one() if counts else ()


def saved_views(user_id: int) -> Sequence[SavedView]:
    """The filters somebody keeps, in their order."""
    return db.session.scalars(_saved_views(), {"user": user_id}).all()


@composed_once
def _saved_views() -> sa.Select[SavedView]:
    own = sa.select(SavedView).where(SavedView.user_id == _USER)
    return own.order_by(SavedView.position)


class Place(NamedTuple):
    """Where a ticket stands in a list, from 1, and how long the list is; both stop at COUNT_TO + 1."""

    position: int
    length: int


def place_in(asked: QueueFilter, ticket: Ticket, user_id: int, now: datetime) -> Place | None:
    """The place of an open ticket in the list ``asked`` for; None when it isn't there, or counting would cost much."""
    if asked.q or asked.service is not None or asked.tag:
        return None
    if asked.is_narrowed:
        counts = _places(_conditions(asked, user_id, now), COUNT_TO)
    else:
        counts = _places_in_view(asked.view, COUNT_TO)
    key = dict(zip(_KEY, (ticket.is_paused, ticket.next_due_at, ticket.id), strict=True))
    is_there, before, count = db.session.execute(counts, key | {"user": user_id, "now": now}).one()
    return Place(before + 1, count) if is_there else None


@composed_once
def _places_in_view(view: View, count_to: int) -> sa.Select[Any]:
    return _places(_view(view, _USER, _NOW, count_to), count_to)


def _places(conditions: Sequence[sa.ColumnElement[bool]], count_to: int) -> sa.Select[Any]:
    """Whether the ticket ``number`` is in the list, how many stand before it there, and how many in all."""
    key = [sa.bindparam(name, type_=column.type) for name, column in zip(_KEY, QUEUE_ORDER, strict=True)]
    counts: list[Any] = [
        _bounded([*conditions, Ticket.id == key[-1]], count_to),
        _bounded([*conditions, sa.tuple_(*QUEUE_ORDER) < sa.tuple_(*key)], count_to),
        _bounded(conditions, count_to),
    ]
    return sa.select(*counts)


def _bounded(conditions: Sequence[sa.ColumnElement[bool]], count_to: int) -> sa.ScalarSelect[int]:
    some: sa.Select[Any] = sa.select(sa.literal_column("1")).select_from(Ticket).where(IS_OPEN, *conditions)
    some = some.limit(count_to + 1)
    return sa.select(sa.func.count()).select_from(some.subquery()).scalar_subquery()


def neighbour(asked: QueueFilter, number: int, user_id: int, now: datetime, *, is_next: bool) -> int | None:
    """The ticket behind ``number`` in the list ``asked``, or the one before; None at its end."""
    key = db.session.execute(sa.select(*QUEUE_ORDER).where(Ticket.id == number)).one_or_none()
    if key is None:
        return None
    own = sa.tuple_(*key, types=[column.type for column in QUEUE_ORDER])
    beyond = sa.tuple_(*QUEUE_ORDER) > own if is_next else sa.tuple_(*QUEUE_ORDER) < own
    order = QUEUE_ORDER if is_next else [column.desc() for column in QUEUE_ORDER]
    rows = sa.select(Ticket.id).where(IS_OPEN, beyond, *_conditions(asked, user_id, now))
    return db.session.scalar(rows.order_by(*order).limit(1))


def row_of(number: int) -> Any:
    """One ticket as the lists show it, whatever its state; None when there is none."""
    return db.session.execute(_ROWS.where(Ticket.id == number)).one_or_none()


# searching --------------------------------------------------------------------------------------------


def search_page(words: str, limit: int = PAGE) -> Sequence[Any]:
    """What ``words`` find, in any state: the ticket of that number first, then the newest."""
    ids = matching_ids(words, limit)
    found = {row.id: row for row in db.session.execute(_ROWS.where(Ticket.id.in_(ids)))}
    return [found[number] for number in ids if number in found]


def matching_ids(words: str, limit: int = SEARCH_LIMIT) -> list[int]:
    """Numbers of tickets by number, vendor's number, subject or names; at most ``limit``."""
    ids = found_ids(words, limit)
    digits = words.strip().lstrip("#")
    if re.fullmatch(r"\d{1,9}", digits):
        ids.insert(0, int(digits))
    if len(digits) >= 6:
        ids[:0] = _with_vendor_number(words.strip())
    return list(dict.fromkeys(ids))[:limit]


def _with_vendor_number(number: str) -> list[int]:
    rows = sa.select(VendorCase.ticket_id).where(VendorCase.number == number)
    return list(db.session.scalars(rows.order_by(VendorCase.ticket_id.desc()).limit(20)))


def recent_customers(chosen: int | None) -> list[tuple[int, str]]:
    """(id, name) of the customers of the newest tickets, and of the ``chosen`` one, by name: what a filter offers.

    A desk has thousands of customers; a list of them all would be most of the page. Words find the others.
    """
    found = db.session.execute(_recent_customers(), {"chosen": chosen})
    return [(customer_id, name) for customer_id, name in found]


@composed_once
def _recent_customers() -> sa.Select[int, str]:
    newest = sa.select(Ticket.customer_id).order_by(Ticket.id.desc()).limit(RECENT).subquery()
    chosen = sa.select(sa.bindparam("chosen", type_=sa.Integer))
    rows = sa.select(Customer.id, Customer.name)
    rows = rows.where(Customer.id.in_(sa.union_all(sa.select(newest.c.customer_id), chosen)))
    return rows.order_by(Customer.search_name, Customer.id)


def recent_tags(chosen: str | None) -> list[str]:
    """The tags of the newest tickets, and the ``chosen`` one, in order: what a filter offers."""
    names = set(db.session.scalars(_recent_tags()))
    return sorted(names | ({chosen} if chosen else set()))


@composed_once
def _recent_tags() -> sa.Select[str]:
    newest = sa.select(Ticket.id).order_by(Ticket.id.desc()).limit(RECENT).subquery()
    return sa.select(TicketTag.name).where(TicketTag.ticket_id.in_(sa.select(newest.c.id)))
