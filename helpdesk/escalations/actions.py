"""The vendor's cases and what they take from the desk's entitlements. The caller's transaction holds all of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from helpdesk.database import db, is_sqlite
from helpdesk.escalations import ledger
from helpdesk.escalations.models import VendorCase, VendorNote
from helpdesk.escalations.partner_center import polls, posts
from helpdesk.escalations.partner_center.matching import plain
from helpdesk.escalations.queries import channel_of
from workflows.vocabulary import ChannelKind, Severity, VendorCaseState


def open_case(
    ticket_id: int,
    kind: ChannelKind,
    entitlement_id: int | None,
    severity: Severity,
    pack: dict[str, Any],
    now: datetime,
    user_id: int | None = None,
) -> VendorCase:
    """Begin a vendor case: it waits to be opened at the vendor until its number is recorded.

    A counted entitlement gives one incident now, since the channel deducts it on creation. Raises Invalid when
    another ticket took the last one at the same moment.
    """
    case = VendorCase(
        ticket_id=ticket_id,
        channel=channel_of(kind),
        entitlement_id=entitlement_id,
        state=VendorCaseState.TO_OPEN,
        severity=severity,
        pack=pack,
        created_at=now,
        last_word_at=now,
    )
    db.session.add(case)
    db.session.flush()
    if entitlement_id is not None:
        ledger.use(entitlement_id, case.id, f"#{ticket_id}", user_id, now)
    return case


def record_number(case: VendorCase, number: str, now: datetime) -> None:
    """The vendor's number arrived: the case is open there, and its silence counts from now.

    Another one than before was wrong, and so were the files listed under it; the new one is asked after from scratch.
    """
    if case.number not in (None, number):
        case.files = []
    case.number = number
    if case.state is VendorCaseState.TO_OPEN:
        case.state, case.opened_at, case.last_word_at = VendorCaseState.OPEN, now, now
    if case.state is not VendorCaseState.CLOSED:
        polls.begin(case.id, now)


def ticket_with(number: str, besides: int) -> int | None:
    """A ticket other than ``besides`` of which a case has this number, in any casing.

    Until the transaction ends nobody else learns that it is free: two who write it down at once can't both have it.
    """
    if not is_sqlite():  # which lets one write at a time
        db.session.execute(_ALONE_WITH, {"number": number.lower()})
    spellings = {number, number.lower(), number.upper()}  # each by the index
    rows = sa.select(VendorCase.ticket_id).where(VendorCase.number.in_(spellings), VendorCase.ticket_id != besides)
    return db.session.scalar(rows.order_by(VendorCase.ticket_id.desc()).limit(1))


_ALONE_WITH = sa.text("SELECT pg_advisory_xact_lock(4202, hashtext(:number))")


@dataclass(frozen=True, slots=True)
class Seen:
    """Where a mirrored note stands at the vendor: the name we give it there, and when it was written."""

    external_id: str
    written_at: datetime | None


def note(
    case: VendorCase,
    body: str,
    *,
    is_ours: bool,
    user_id: int | None,
    now: datetime,
    answers: bool = True,
    seen: Seen | None = None,
    form_id: str | None = None,
) -> VendorNote:
    """Write down what was said; our word gives the ball back to the vendor, unless it ``answers`` nothing."""
    row = VendorNote(vendor_case_id=case.id, at=now, is_ours=is_ours, user_id=user_id, body=body, form_id=form_id)
    if seen is not None:
        row.external_id, row.written_at = seen.external_id, seen.written_at
    db.session.add(row)
    if not is_ours:
        case.last_word_at = now
    elif answers and case.state is VendorCaseState.ATTENTION_NEEDED:
        case.state = VendorCaseState.OPEN
        case.last_word_at = now
    return row


def is_noted(case: VendorCase, form_id: str) -> bool:
    """Whether what was sent with this form is written down already."""
    sent = sa.select(VendorNote.id).where(VendorNote.vendor_case_id == case.id, VendorNote.form_id == form_id)
    return db.session.scalar(sent) is not None


def is_mirrored(case: VendorCase, body: str) -> bool:
    """Whether the connector has brought a note of this text in already."""
    mirrored = sa.select(VendorNote.body).where(VendorNote.vendor_case_id == case.id)
    bodies = db.session.scalars(mirrored.where(VendorNote.external_id.is_not(None)))
    return any(plain(text) == plain(body) for text in bodies)


def send(
    note: VendorNote, now: datetime, becomes: VendorCaseState | None = None, severity: Severity | None = None
) -> None:
    """Let a note of ours leave for the vendor once this is committed, with what it asks for beside its words."""
    posts.begin(note, now, becomes, severity)


def is_asked(case: VendorCase, becomes: VendorCaseState | None, severity: Severity | None) -> bool:
    """Whether a note that asks for the same is on its way already."""
    return posts.is_asked(case.id, becomes, severity)


def send_again(case: VendorCase, note_id: int, now: datetime) -> bool:
    """Let a note leave that was given up; False when there is none such."""
    return posts.again(note_id, case.id, now)


def chase(case: VendorCase, now: datetime) -> None:
    case.chased_at = now


def change_state(case: VendorCase, state: VendorCaseState, now: datetime, user_id: int | None = None) -> None:
    """Move the case between open, attention needed and closed.

    One that ends before it was opened at the vendor has cost nothing there: its incident comes back.
    """
    if state is VendorCaseState.CLOSED and case.state is VendorCaseState.TO_OPEN:
        ledger.return_unopened(case.id, user_id, now)
    case.state = state
    case.closed_at = now if state is VendorCaseState.CLOSED else None
    if state is VendorCaseState.CLOSED:
        polls.end(case.id)
    else:
        case.last_word_at = now
