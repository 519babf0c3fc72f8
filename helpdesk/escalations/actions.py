"""The vendor's cases and what they take from the desk's entitlements. The caller's transaction holds all of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from helpdesk.database import db
from helpdesk.escalations.models import Entitlement, EntitlementUse, VendorCase, VendorNote
from helpdesk.escalations.queries import channel_of
from workflows.vocabulary import ChannelKind, Severity, VendorCaseState


def open_case(
    ticket_id: int,
    kind: ChannelKind,
    entitlement_id: int | None,
    severity: Severity,
    pack: dict[str, Any],
    now: datetime,
) -> VendorCase:
    """Begin a vendor case: it waits to be opened at the vendor until its number is recorded.

    A counted entitlement gives one incident now, since the channel deducts it on creation.
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
        _use_incident(entitlement_id, case, now)
    return case


def _use_incident(entitlement_id: int, case: VendorCase, now: datetime) -> None:
    use = EntitlementUse(entitlement_id=entitlement_id, vendor_case_id=case.id, at=now, incidents=1)
    use.reason = f"#{case.ticket_id}"
    db.session.add(use)
    used = Entitlement.incidents_used + 1
    db.session.execute(sa.update(Entitlement).where(Entitlement.id == entitlement_id).values(incidents_used=used))


def record_number(case: VendorCase, number: str, now: datetime) -> None:
    """The vendor's number arrived: the case is open there, and its silence counts from now."""
    case.number = number
    if case.state is VendorCaseState.TO_OPEN:
        case.state, case.opened_at, case.last_word_at = VendorCaseState.OPEN, now, now


def note(case: VendorCase, body: str, *, is_ours: bool, user_id: int | None, now: datetime) -> VendorNote:
    """Write down what was said; our answer to a question gives the ball back to the vendor."""
    row = VendorNote(vendor_case_id=case.id, at=now, is_ours=is_ours, user_id=user_id, body=body)
    db.session.add(row)
    if not is_ours:
        case.last_word_at = now
    elif case.state is VendorCaseState.ATTENTION_NEEDED:
        case.state = VendorCaseState.OPEN
        case.last_word_at = now
    return row


def chase(case: VendorCase, now: datetime) -> None:
    case.chased_at = now


def change_state(case: VendorCase, state: VendorCaseState, now: datetime) -> None:
    """Move the case between open, attention needed and closed."""
    case.state = state
    case.closed_at = now if state is VendorCaseState.CLOSED else None
    if state is not VendorCaseState.CLOSED:
        case.last_word_at = now
