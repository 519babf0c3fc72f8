"""The draft of a service-credit request: the evidence that the vendor asks for, as text to copy, in English and UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from flask import current_app

from helpdesk.escalations.money.windows import claim_window
from helpdesk.escalations.outages.models import VendorIncident
from helpdesk.tickets.outage_queries import Affected
from helpdesk.tickets.packs import service_text
from workflows import money


def claim_until(incident: VendorIncident) -> datetime | None:
    """When claims for the incident must be with the vendor (aware UTC); None where no window is known."""
    window, zone = claim_window(incident.service), ZoneInfo(current_app.config["TIMEZONE"])
    if window is None:
        return None
    begin = money.begins_at(incident.started_at, window.counts_from, zone)
    return money.ends_at(begin, window.length, window.unit, zone)


def draft(incident: VendorIncident, hit: Affected) -> str:
    """The request for one customer. What the desk doesn't know stands in angle brackets."""
    customer, until = hit.customer, claim_until(incident)
    tickets = ", ".join(f"#{number}" for number in hit.tickets)
    lines = (
        f"Service credit request: incident {incident.number}, {service_text(incident.service)}",
        "",
        f"Outage: {incident.number}, {incident.title}",
        f"Customer: {customer.name}",
        f"Tenant id: {customer.tenant_id or '<tenant id>'}",
        f"Domain: {customer.domain or '<domain>'}",
        f"Began: {_utc(incident.started_at)}",
        f"Ended: {_utc(incident.ended_at) if incident.ended_at else '<not over yet>'}",
        f"Duration: {hit.minutes} minutes",
        "Users and locations affected: <number of users, sites>",
        "Evidence of impact: <screenshots, logs, service health posting>",
        f"Attempts to resolve: see our tickets {tickets}",
        "Support request: <Microsoft’s ticket number>",
        "Bought through CSP: yes",
        "Attached: the customer’s mails, sent from the affected domain, that ask for support and then for the credit",
        "",
        f"Claim until: {_utc(until) if until else '<see the agreement>'}",
        f"Our contact: {current_app.config['DESK_NAME']}, {current_app.config['DESK_EMAIL']}",
    )
    return "\n".join(lines)


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
