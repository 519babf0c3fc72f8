"""When the vendor owes a word on a case, whether it is silent, and the text that reminds it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from flask import current_app

from helpdesk.escalations.models import VendorCase
from helpdesk.sla.terms import FrozenTerms, load_terms
from workflows.vocabulary import ClockKind, PackItem, Severity, VendorCaseState


def word_due_at(case: VendorCase) -> datetime | None:
    """When the vendor's next word is due (aware UTC); None while it isn't the vendor's turn.

    Its first answer as promised on the case, later the update, both on the vendor's hours. Where neither is promised,
    HELPDESK_VENDOR_SILENCE_HOURS after the last word.
    """
    if case.state is not VendorCaseState.OPEN:
        return None
    terms = load_terms(case.terms_id) if case.terms_id is not None else None
    is_unanswered = case.last_word_at == case.opened_at and all(note.is_ours for note in case.notes)
    clocks = (ClockKind.VENDOR_UPDATE, *((ClockKind.VENDOR_RESPONSE,) if is_unanswered else ()))
    promised = [at for clock in clocks if (at := _due(terms, clock, case.last_word_at)) is not None]
    return min(promised, default=case.last_word_at + timedelta(seconds=current_app.config["VENDOR_SILENCE"]))


def _due(terms: FrozenTerms | None, clock: ClockKind, since: datetime) -> datetime | None:
    seconds = terms.policy["targets"].get(clock) if terms is not None else None
    if terms is None or seconds is None:
        return None
    return terms.calendars[clock].add(since, seconds)


def is_silent(case: VendorCase, now: datetime) -> bool:
    """Whether the vendor's word on ``case`` is overdue at ``now`` (aware UTC)."""
    return case.word_due_at is not None and case.word_due_at < now


def chase_text(number: str | None, severity: Severity, last_word_at: datetime, pack: Mapping[str, Any]) -> str:
    """A reminder to copy or send: the case, since when it is silent, and what it costs the customer; English, UTC.

    ``pack`` is the snapshot that was handed over with the case. Empty while the case has no number.
    """
    if not number:
        return ""
    since = last_word_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    items = pack.get("items") or {}
    impact = str(items.get(PackItem.BUSINESS_IMPACT.value) or "") if isinstance(items, dict) else ""
    lines = [
        f"Service request {number}, severity {severity.name}: we have had no word from you since {since}.",
        f"Business impact: {impact}" if impact else "",
        "Please tell us what you have found, what comes next and by when.",
        f"{current_app.config['DESK_NAME']}, {current_app.config['DESK_EMAIL']}",
    ]
    return "\n".join(line for line in lines if line)
