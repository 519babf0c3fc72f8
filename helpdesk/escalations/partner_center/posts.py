"""Notes of ours on their way to the vendor: written with the note, claimed with a lease, sent after the commit.

The notes of one case leave one after the other, in the order in which they were written.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from helpdesk.database import db
from helpdesk.escalations.models import VendorCase, VendorNote
from helpdesk.escalations.partner_center.models import PostState, VendorPost
from workflows.vocabulary import Severity, VendorCaseState

LEASE = timedelta(minutes=5)
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=4)
MOST_ATTEMPTS = 15

# spelled out, not bound: with a parameter in its place no database would use the partial indexes
IS_PENDING = sa.text("vendor_post.post_state = 'pending'")

IS_LEFT = sa.or_(VendorPost.post_state != PostState.SENT, VendorPost.last_error != "")
"""A post that has not arrived at the vendor, or has without bringing about all it asked for."""


@dataclass(frozen=True, slots=True)
class PostClaim:
    """A note that is ours to send until the lease ends, and what it asks for. ``attempts`` counts this one too."""

    note_id: int
    case_id: int
    number: str
    stable_id: str
    body: str
    attempts: int
    becomes: VendorCaseState | None = None
    severity: Severity | None = None

    @property
    def is_request(self) -> bool:
        """Whether it asks for more than to be read."""
        return self.becomes is not None or self.severity is not None


def begin(
    note: VendorNote, at: datetime, becomes: VendorCaseState | None = None, severity: Severity | None = None
) -> VendorPost:
    """Put a note of ours on its way; its id is its own for ever. Runs in the caller's unit of work.

    ``becomes`` and ``severity`` are asked of the vendor in the same write.
    """
    db.session.flush()
    post = VendorPost(
        note_id=note.id,
        vendor_case_id=note.vendor_case_id,
        stable_id=str(uuid.uuid4()),
        post_state=PostState.PENDING,
        next_attempt_at=at,
        becomes=becomes,
        severity=severity,
    )
    db.session.add(post)
    db.session.flush()
    return post


def claim(at: datetime, limit: int) -> list[PostClaim]:
    """Take up to ``limit`` due notes, at most one a case; what others are taking is passed over."""
    due = due_now(at, limit).cte("due")
    taken = (
        sa.update(VendorPost)
        .where(VendorPost.note_id.in_(sa.select(due.c.note_id)))
        .values(attempts=VendorPost.attempts + 1, next_attempt_at=at + LEASE)
        .returning(VendorPost.note_id)
        .execution_options(synchronize_session=False)
    )
    ids = list(db.session.scalars(taken))
    return _claims(ids) if ids else []


def due_now(at: datetime, limit: int) -> sa.Select[int]:
    """The query behind ``claim``: notes before which none of the same case waits."""
    earlier = aliased(VendorPost, name="earlier")
    waits = sa.select(earlier.note_id).where(
        earlier.vendor_case_id == VendorPost.vendor_case_id,
        earlier.note_id < VendorPost.note_id,
        sa.text("earlier.post_state = 'pending'"),
    )
    return (
        sa.select(VendorPost.note_id)
        .where(IS_PENDING, VendorPost.next_attempt_at <= at, ~waits.exists())
        .order_by(VendorPost.next_attempt_at, VendorPost.note_id)
        .limit(limit)
        .with_for_update(of=VendorPost, skip_locked=True)
    )


def _claims(ids: Sequence[int]) -> list[PostClaim]:
    rows = db.session.execute(
        sa.select(
            VendorPost.note_id,
            VendorPost.vendor_case_id,
            sa.type_coerce(VendorCase.number, sa.String()),  # both have one: only such cases are claimed
            VendorPost.stable_id,
            VendorNote.body,
            VendorPost.attempts,
            VendorPost.becomes,
            VendorPost.severity,
        )
        .join(VendorCase, VendorCase.id == VendorPost.vendor_case_id)
        .join(VendorNote, VendorNote.id == VendorPost.note_id)
        .where(VendorPost.note_id.in_(ids))
        .order_by(VendorPost.note_id)
    )
    return [PostClaim(*row) for row in rows]


def mark_sent(claim: PostClaim, external_id: str | None, at: datetime, undone: str = "") -> None:
    """It is at the vendor, under ``external_id`` as far as we saw it. True whoever still holds the claim.

    ``undone`` says what of it the vendor did not do; here and below a reason is a phrase as it is kept.
    """
    own = sa.update(VendorPost).where(VendorPost.note_id == claim.note_id)
    sent = own.values(post_state=PostState.SENT, sent_at=at, last_error=undone)
    db.session.execute(sent.execution_options(synchronize_session=False))
    if external_id is not None:
        tie(claim.case_id, claim.note_id, external_id, at)


def tie(case_id: int, note_id: int, external_id: str, at: datetime) -> None:
    """Remember under which name the vendor shows a note of the case, unless it or the name is tied already."""
    other = aliased(VendorNote)
    taken = sa.select(other.id).where(other.vendor_case_id == case_id, other.external_id == external_id)
    free = sa.update(VendorNote).where(VendorNote.id == note_id, VendorNote.external_id.is_(None), ~taken.exists())
    db.session.execute(free.values(external_id=external_id).execution_options(synchronize_session=False))
    seen = sa.update(VendorPost).where(VendorPost.note_id == note_id, IS_PENDING)
    # the vendor shows it: it has arrived, whatever the sender heard
    arrived = seen.values(post_state=PostState.SENT, sent_at=at, last_error="")
    db.session.execute(arrived.execution_options(synchronize_session=False))


def put_off(claim: PostClaim, at: datetime, reason: str) -> None:
    wait = min(FIRST_WAIT * 2 ** min(claim.attempts - 1, 16), LONGEST_WAIT)
    _settle(claim, next_attempt_at=at + wait, last_error=reason)


def release(claims: Iterable[PostClaim], until: datetime, reason: str) -> None:
    """Give notes back that surely were not sent, through no fault of theirs: the attempt is not charged."""
    for one in claims:
        _settle(one, attempts=one.attempts - 1, next_attempt_at=until, last_error=reason)


def fail(claim: PostClaim, reason: str) -> None:
    """Give up; a person reads ``reason`` on the ticket and may try again."""
    _settle(claim, post_state=PostState.FAILED, last_error=reason)


def again(note_id: int, case_id: int, at: datetime) -> bool:
    """Send a note that was given up once more, under its old id. False when there is none such."""
    failed = sa.update(VendorPost).where(
        VendorPost.note_id == note_id,
        VendorPost.vendor_case_id == case_id,
        VendorPost.post_state == PostState.FAILED,
    )
    # from 1: the next attempt is the second, which looks first whether it has arrived
    values = failed.values(post_state=PostState.PENDING, attempts=1, next_attempt_at=at)
    found = values.returning(VendorPost.note_id).execution_options(synchronize_session=False)
    return db.session.scalar(found) is not None


def is_asked(case_id: int, becomes: VendorCaseState | None, severity: Severity | None) -> bool:
    """Whether a note on its way asks for this state, or for this severity."""
    wanted = [VendorPost.becomes == becomes] if becomes is not None else []
    wanted += [VendorPost.severity == severity] if severity is not None else []
    waiting = sa.select(VendorPost.note_id).where(VendorPost.vendor_case_id == case_id, IS_PENDING, sa.or_(*wanted))
    return bool(wanted) and db.session.scalar(waiting.limit(1)) is not None


def of_case(case_id: int) -> dict[int, VendorPost]:
    """The posts of a case by note."""
    rows = sa.select(VendorPost).where(VendorPost.vendor_case_id == case_id)
    return {post.note_id: post for post in db.session.scalars(rows)}


def counts() -> tuple[int, int]:
    """How many notes wait to be sent, and how many were given up."""
    rows = sa.select(VendorPost.post_state, sa.func.count()).where(VendorPost.post_state != PostState.SENT)
    found = {row[0]: row[1] for row in db.session.execute(rows.group_by(VendorPost.post_state))}
    return found.get(PostState.PENDING, 0), found.get(PostState.FAILED, 0)


def _settle(claim: PostClaim, **values: Any) -> None:
    own = sa.update(VendorPost).where(
        VendorPost.note_id == claim.note_id, VendorPost.attempts == claim.attempts, IS_PENDING
    )
    db.session.execute(own.values(**values).execution_options(synchronize_session=False))
