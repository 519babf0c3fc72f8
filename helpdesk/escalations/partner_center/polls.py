"""When each case is asked after: claimed with a lease, then seen or put off. The manner of the outbox.

A claim counts the attempt and moves ``next_poll_at`` to the end of its lease; the attempt's number fences. Whatever
brings a turn forward meanwhile is kept: it may be news of something that was not read yet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from helpdesk.database import Moment, db, is_sqlite
from helpdesk.escalations.models import VendorCase
from helpdesk.escalations.partner_center.models import VendorPoll

LEASE = timedelta(minutes=5)
LONGEST_WAIT = timedelta(hours=4)
SECONDS_A_CASE = 1.0
"""Own turns cost one call a second at most: with very many cases each comes seldom, and the list tells what is new."""

BATCH = 500


@dataclass(frozen=True, slots=True)
class PollClaim:
    """A case that is ours to ask after until the lease ends at ``leased_until``."""

    case_id: int
    ticket_id: int
    number: str
    attempts: int
    failures: int
    vendor_state: str
    leased_until: datetime


def begin(case_id: int, at: datetime) -> None:
    """Ask after a case from now on; again at once when its number was corrected."""
    insert = sqlite.insert if is_sqlite() else postgresql.insert
    fresh = {"next_poll_at": at, "failures": 0, "vendor_state": "", "listed_at": None, "last_error": ""}
    statement = insert(VendorPoll).values(vendor_case_id=case_id, attempts=0, **fresh)
    again = fresh | {"attempts": VendorPoll.attempts + 1}
    db.session.execute(statement.on_conflict_do_update(index_elements=["vendor_case_id"], set_=again))


def end(case_id: int) -> None:
    """The case is closed: nobody asks any more."""
    db.session.execute(sa.delete(VendorPoll).where(VendorPoll.vendor_case_id == case_id))


def claim(at: datetime, limit: int) -> list[PollClaim]:
    """Take up to ``limit`` due cases, those waiting longest first; what others are taking is passed over."""
    due = due_now(at, limit).cte("due")
    taken = (
        sa.update(VendorPoll)
        .where(VendorPoll.vendor_case_id.in_(sa.select(due.c.vendor_case_id)))
        .values(attempts=VendorPoll.attempts + 1, next_poll_at=at + LEASE)
        .returning(VendorPoll.vendor_case_id)
        .execution_options(synchronize_session=False)
    )
    ids = list(db.session.scalars(taken))
    return _claims(ids) if ids else []


def due_now(at: datetime, limit: int) -> sa.Select[int]:
    """The query behind ``claim``, in the order of its index."""
    return (
        sa.select(VendorPoll.vendor_case_id)
        .where(VendorPoll.next_poll_at <= at)
        .order_by(VendorPoll.next_poll_at, VendorPoll.vendor_case_id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )


def _claims(ids: Sequence[int]) -> list[PollClaim]:
    rows = db.session.execute(
        sa.select(
            VendorPoll.vendor_case_id,
            VendorCase.ticket_id,
            sa.type_coerce(VendorCase.number, sa.String()),
            VendorPoll.attempts,
            VendorPoll.failures,
            VendorPoll.vendor_state,
            VendorPoll.next_poll_at,
        )
        .join(VendorCase, VendorCase.id == VendorPoll.vendor_case_id)
        .where(VendorPoll.vendor_case_id.in_(ids), VendorCase.number.is_not(None))
        .order_by(VendorPoll.vendor_case_id)
    )
    return [PollClaim(*row) for row in rows]


def seen(claim: PollClaim, at: datetime, every: timedelta, vendor_state: str) -> None:
    """The vendor answered; ask again after ``every``, unless its turn was brought forward meanwhile."""
    own = VendorPoll.next_poll_at == claim.leased_until
    then = sa.case((own, sa.literal(at + every, Moment())), else_=VendorPoll.next_poll_at)
    _settle(claim, next_poll_at=then, polled_at=at, failures=0, vendor_state=vendor_state, last_error="")


def put_off(claim: PollClaim, at: datetime, every: timedelta, reason: str) -> None:
    """This case could not be read: ask again, each time after twice the wait."""
    wait = min(every * 2 ** min(claim.failures + 1, 16), max(LONGEST_WAIT, every))
    _settle(claim, next_poll_at=at + wait, failures=claim.failures + 1, last_error=reason)


def release(claims: Sequence[PollClaim], until: datetime) -> None:
    """Give cases back whose turn did not come."""
    for one in claims:
        _settle(one, next_poll_at=until)


def hasten(case_ids: Sequence[int], at: datetime) -> None:
    """Ask after these cases now: something there has changed."""
    for start in range(0, len(case_ids), BATCH):
        some = VendorPoll.vendor_case_id.in_(case_ids[start : start + BATCH])
        sooner = sa.update(VendorPoll).where(some, VendorPoll.next_poll_at > at).values(next_poll_at=at)
        db.session.execute(sooner.execution_options(synchronize_session=False))


def compare(listed: Mapping[str, datetime | None], at: datetime, *, is_whole: bool) -> int:
    """Bring forward the cases of which the vendor's list tells something new, and those that went from it.

    ``listed`` is the last change by number; unless it ``is_whole``, nothing follows from what it does not show.
    Going from the list does not mean closed: the roles that let us see a case may have ended. Returns how many.
    """
    number_of = sa.type_coerce(VendorCase.number, sa.String())  # whatever is asked after has one
    rows = sa.select(VendorPoll.vendor_case_id, VendorPoll.listed_at, number_of)
    news: dict[int, datetime | None] = {}
    for case_id, known, number in db.session.execute(rows.join(VendorCase, VendorCase.id == VendorPoll.vendor_case_id)):
        if number in listed or is_whole:
            shown = listed.get(number)
            if shown != known:
                news[case_id] = shown
    hasten(list(news), at)
    if news:
        rows_of_news = [{"vendor_case_id": case_id, "listed_at": shown} for case_id, shown in news.items()]
        db.session.execute(sa.update(VendorPoll), rows_of_news)
    return len(news)


def pace(usual: timedelta) -> timedelta:
    """How long a case waits for its own turn: ``usual``, and longer where there are very many."""
    every = db.session.scalar(sa.select(sa.func.count()).select_from(VendorPoll)) or 0
    return max(usual, timedelta(seconds=every * SECONDS_A_CASE))


def is_any() -> bool:
    """Whether any case is asked after."""
    return db.session.scalar(sa.select(VendorPoll.vendor_case_id).limit(1)) is not None


def trouble_of(case_id: int) -> str:
    """Why the case could not be read the last time; empty when it could."""
    return db.session.scalar(sa.select(VendorPoll.last_error).where(VendorPoll.vendor_case_id == case_id)) or ""


def counts() -> tuple[int, int]:
    """How many cases are asked after, and how many of them could not be read the last time."""
    columns = sa.func.count(), sa.func.count().filter(VendorPoll.failures > 0)
    every, unread = db.session.execute(sa.select(*columns).select_from(VendorPoll)).one()
    return every, unread


def _settle(claim: PollClaim, **values: Any) -> None:
    own = sa.update(VendorPoll).where(VendorPoll.vendor_case_id == claim.case_id, VendorPoll.attempts == claim.attempts)
    db.session.execute(own.values(**values).execution_options(synchronize_session=False))
