"""The lists of breaches: to review, reviewed, all. Newest first, paged by (late_from_at, id), bounded counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from helpdesk.accounts.models import User
from helpdesk.database import db
from helpdesk.management.days import DAY, midnight
from helpdesk.management.filters import BreachFilter, Pile, Position
from helpdesk.management.queries import COUNT_TO
from helpdesk.sla.models import Breach, BreachReview, BreachToReview, SlaClock
from helpdesk.tickets.models import Ticket

PAGE = 50

_ROW: tuple[Any, ...] = (
    Breach.id,
    Breach.ticket_id,
    Breach.kind,
    Breach.late_from_at,
    Breach.deadline_at,
    Breach.is_on_retarget,
    Ticket.subject,
    User.name.label("owner_name"),
    SlaClock.state.label("clock_state"),
    SlaClock.started_at,
    SlaClock.ended_at,
    SlaClock.elapsed_seconds,
    SlaClock.idle_seconds,
    SlaClock.target_seconds.label("clock_target"),
    SlaClock.terms_id,
)
_ACKNOWLEDGED = sa.text("breach_review.is_acknowledged")
"""The condition of the partial index over reviews, word for word."""
_earlier = aliased(BreachReview)


class BreachPage(NamedTuple):
    """``rows`` newest first; ``has_more``: others follow behind the last."""

    rows: Sequence[Any]
    has_more: bool


def breach_page(asked: BreachFilter, limit: int = PAGE) -> BreachPage:
    found = db.session.execute(page_statement(asked, limit)).all()
    return BreachPage(found[:limit], len(found) > limit)


def page_statement(asked: BreachFilter, limit: int = PAGE) -> sa.Select[Any]:
    """The one statement of a page; it asks for a row more than ``limit`` to know whether others follow."""
    rows = _narrowed(asked, *_ROW, _is_settled(asked.pile).label("is_reviewed"))
    rows = rows.join(Ticket, Ticket.id == Breach.ticket_id).join(SlaClock, SlaClock.id == Breach.clock_id)
    rows = rows.outerjoin(User, User.id == Breach.assignee_id)
    key = _key(asked.pile)
    if asked.after is not None:
        rows = rows.where(_behind(key, asked.after))
    return rows.order_by(*(column.desc() for column in key)).limit(limit + 1)


def _is_settled(pile: Pile) -> sa.ColumnElement[bool]:
    """Whether a breach of the list has left the pile; only in the list of all this has to be looked up.

    A scalar subquery, because for EXISTS a planner may think it wise to read the whole pile first.
    """
    if pile is not Pile.ALL:
        return sa.literal(pile is Pile.REVIEWED)
    waiting = sa.select(BreachToReview.breach_id).where(BreachToReview.breach_id == Breach.id).scalar_subquery()
    return waiting.is_(None)


def next_after(asked: BreachFilter, position: Position) -> int | None:
    """The id of the breach that follows ``position`` in the list ``asked`` for."""
    key = _key(asked.pile)
    rows = _narrowed(asked, Breach.id).where(_behind(key, position))
    found: int | None = db.session.scalar(rows.order_by(*(column.desc() for column in key)).limit(1))
    return found


def _behind(key: tuple[Any, Any], position: Position) -> sa.ColumnElement[bool]:
    # with the columns' own types: a moment bound as any other would be spelled otherwise on SQLite
    return sa.tuple_(*key) < sa.tuple_(*position, types=[column.type for column in key])


def pile_counts(asked: BreachFilter) -> dict[Pile, int]:
    """How many breaches each list has under the other filters, COUNT_TO + 1 at most: one statement."""
    counts = [_bounded(asked.but(pile=pile)) for pile in Pile]
    return dict(zip(Pile, db.session.execute(sa.select(*counts)).one(), strict=True))


def _bounded(asked: BreachFilter) -> sa.ScalarSelect[int]:
    some = _narrowed(asked, Breach.id).limit(COUNT_TO + 1).subquery()
    return sa.select(sa.func.count()).select_from(some).scalar_subquery()


def _narrowed(asked: BreachFilter, *columns: Any) -> sa.Select[Any]:
    """The list's own index leads where nothing else narrows, so that no pile is read through for another."""
    rows: Any = sa.select(*columns).select_from(Breach)
    match asked.pile:
        case Pile.TO_REVIEW:
            rows = rows.join(BreachToReview, BreachToReview.breach_id == Breach.id)
        case Pile.REVIEWED:
            rows = rows.join(BreachReview, BreachReview.breach_id == Breach.id).where(_ACKNOWLEDGED, _is_first())
        case Pile.ALL:
            pass
    return rows.where(*_conditions(asked))  # type: ignore[no-any-return]


def _is_first() -> sa.ColumnElement[bool]:
    """A breach reviewed twice is listed once."""
    before = (_earlier.breach_id == BreachReview.breach_id, _earlier.id < BreachReview.id, _earlier.is_acknowledged)
    return ~sa.exists().where(*before)


def _key(pile: Pile) -> tuple[Any, Any]:
    match pile:
        case Pile.TO_REVIEW:
            return BreachToReview.late_from_at, BreachToReview.breach_id
        case Pile.REVIEWED:
            return BreachReview.late_from_at, BreachReview.breach_id
        case Pile.ALL:
            return Breach.late_from_at, Breach.id


def _conditions(asked: BreachFilter) -> list[sa.ColumnElement[bool]]:
    columns: dict[Any, Any] = {
        Breach.kind: asked.kind,
        Breach.assignee_id: asked.assignee,
        Breach.team_id: asked.team,
        Breach.customer_id: asked.customer,
    }
    conditions = [column == value for column, value in columns.items() if value is not None]
    late_from_at = _key(asked.pile)[0]
    if asked.from_on is not None:
        conditions.append(late_from_at >= midnight(asked.from_on))
    if asked.to_on is not None:
        conditions.append(late_from_at < midnight(asked.to_on + DAY))
    return conditions
