"""Until when an incident's credits can be claimed: dated once, by the vendor's window as it stands then."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from flask import current_app

from helpdesk.escalations.money.windows import claim_window, span_of
from helpdesk.escalations.outages.models import VendorIncident
from workflows import money


def date_claim(row: VendorIncident, now: datetime) -> bool:
    """Write from when until when credits can be claimed, and when to warn next; whether that is new.

    The billing month is that of the incident's beginning (aware UTC), the earlier one where it lasted over two:
    who asks by then is in time for both. Where no window is known for the service there is no deadline.
    """
    window = claim_window(row.service)
    runs = None
    if window is not None:
        runs = span_of(window, row.started_at, ZoneInfo(current_app.config["TIMEZONE"]))
    was = (row.claim_begins_at, row.claim_due_at)
    row.claim_begins_at, row.claim_due_at = runs if runs is not None else (None, None)
    is_new = was != (row.claim_begins_at, row.claim_due_at)
    if is_new or runs is None:
        row.claim_fires_at = money.next_moment(*runs, now) if runs is not None else None
    return is_new
