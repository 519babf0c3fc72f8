"""Open tickets follow their customer's new support plan, open vendor cases the times that the vendor promises now (R5).

Who edits a plan or a channel only marks it; here the marked ones are walked, a batch in each transaction, which also
keeps how far the walk has come. So each ticket and case gets its new terms exactly once, whoever is killed wherever.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from helpdesk.accounts.actor import SCHEDULER
from helpdesk.customers.models import Customer
from helpdesk.database import db, is_sqlite
from helpdesk.escalations.models import IS_NOT_CLOSED, SupportChannel, VendorCase
from helpdesk.sla.queries import keep_promises
from helpdesk.tickets.actions.escalating import renew_vendor_terms
from helpdesk.tickets.change import Change, changing_many
from helpdesk.tickets.models import IS_OPEN, Ticket
from helpdesk.tickets.terms import renew_terms
from workflows.vocabulary import VendorCaseState

BATCH = 50
"""Tickets or cases that change in one transaction: short, so that nobody waits for one of them."""


class Next(NamedTuple):
    """What comes next on a walk: a ticket, and what the walk remembers once it is done."""

    place: int
    ticket_id: int


class Walk(NamedTuple):
    """``model``: whose rows are marked; ``behind``: what comes behind a place of one; ``give``: the new terms."""

    model: type[Customer] | type[SupportChannel]
    behind: Callable[[int, int, int], Sequence[Next]]
    give: Callable[[Change, Collection[int]], None]


_IS_TIMED = sa.and_(
    VendorCase.state.in_((VendorCaseState.OPEN, VendorCaseState.ATTENTION_NEEDED)), VendorCase.terms_id.is_not(None)
)


def _tickets_behind(customer_id: int, place: int, limit: int) -> Sequence[Next]:
    rows = sa.select(Ticket.id).where(Ticket.customer_id == customer_id, IS_OPEN, Ticket.id > place)
    return [Next(each, each) for each in db.session.scalars(rows.order_by(Ticket.id).limit(limit))]


def _cases_behind(channel_id: int, place: int, limit: int) -> Sequence[Next]:
    """Cases that were opened with the vendor and are timed; one still to be opened gets its terms then."""
    rows = sa.select(VendorCase.id, VendorCase.ticket_id).where(
        VendorCase.channel_id == channel_id,
        IS_NOT_CLOSED,
        _IS_TIMED,
        VendorCase.id > place,
    )
    return [Next(*row) for row in db.session.execute(rows.order_by(VendorCase.id).limit(limit))]


def _follow_plan(change: Change, _places: Collection[int]) -> None:
    if change.ticket.is_open:
        renew_terms(change, plan=True)


def _follow_vendor(change: Change, places: Collection[int]) -> None:
    """What was chosen before its ticket was claimed is asked again: a case may have been closed meanwhile."""
    rows = sa.select(VendorCase).where(VendorCase.ticket_id == change.ticket.id, VendorCase.id.in_(places), _IS_TIMED)
    for case in db.session.scalars(rows.order_by(VendorCase.id).execution_options(populate_existing=True)):
        renew_vendor_terms(change, case)


PLANS = Walk(Customer, _tickets_behind, _follow_plan)
VENDOR_TIMES = Walk(SupportChannel, _cases_behind, _follow_vendor)


def step(walk: Walk, now: datetime, limit: int = BATCH) -> bool:
    """Renew the next ``limit`` at most, in the caller's transaction; False when nothing waits, or others have it.

    ``now`` is aware UTC. Tickets that somebody else holds end the batch before them: they come with the next one.
    """
    keep_promises()  # before any row, as whoever edits promises does
    marked = _next_marked(walk)
    if marked is None:
        return False
    found = walk.behind(marked.id, marked.renewed_to_id, limit)
    done = _renew(walk, found, now)
    if done:
        marked.renewed_to_id = done[-1].place
    elif found:
        return False
    if len(done) == len(found) < limit:
        _finish(marked)
    return True


def pass_by(walk: Walk) -> int | None:
    """Leave the next ticket as it is, which could not be renewed, and return its id; None when nothing waits."""
    marked = _next_marked(walk)
    found = walk.behind(marked.id, marked.renewed_to_id, 1) if marked is not None else ()
    if marked is None or not found:
        return None
    marked.renewed_to_id = found[0].place
    return found[0].ticket_id


def _next_marked(walk: Walk) -> Customer | SupportChannel | None:
    """The first that waits, claimed; a key-sharing lock lets others write rows that refer to it meanwhile."""
    model = walk.model
    rows = sa.select(model).where(model.renewal_asked_at.is_not(None)).order_by(model.id).limit(1)
    rows = rows.execution_options(populate_existing=True)
    if not is_sqlite():
        rows = rows.with_for_update(skip_locked=True, key_share=True, of=model)
    found = db.session.scalars(rows).one_or_none()
    assert found is None or isinstance(found, Customer | SupportChannel)
    return found


def _renew(walk: Walk, found: Sequence[Next], now: datetime) -> Sequence[Next]:
    """Renew ``found`` up to the first whose ticket another has; returns those that were."""
    with changing_many({each.ticket_id for each in found}, SCHEDULER, now) as changes:
        by_ticket = {change.ticket.id: change for change in changes}
        taken = next((place for place, each in enumerate(found) if each.ticket_id not in by_ticket), len(found))
        done = found[:taken]
        places = {each.place for each in done}
        for ticket_id in dict.fromkeys(each.ticket_id for each in done):
            walk.give(by_ticket[ticket_id], places)
    return done


def _finish(marked: Customer | SupportChannel) -> None:
    marked.renewal_asked_at, marked.renewed_to_id = None, 0
