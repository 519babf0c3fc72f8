"""The draft of a service-credit request: the evidence that the vendor asks for, as text to copy, in English and UTC."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import current_app

from helpdesk.customers.models import Subscription
from helpdesk.escalations.outages.models import VendorIncident
from helpdesk.tickets.affected import Downtime, Hit
from helpdesk.tickets.evidence import Item, Known, items, known_of, subscriptions, utc


@dataclass(frozen=True, slots=True)
class Draft:
    """The request for one subscription; None where the desk knows of none."""

    subscription: Subscription | None
    items: Sequence[Item]
    text: str

    @property
    def missing(self) -> list[Item]:
        return [item for item in self.items if not item.text]


def drafts(incident: VendorIncident, hit: Hit) -> list[Draft]:
    """A request for each subscription that the customer has of the service, or one without."""
    owned: Sequence[Subscription | None] = subscriptions(hit, incident) or (None,)
    known = known_of(incident, hit)
    return [_draft(incident, hit, own, known) for own in owned]


def _draft(incident: VendorIncident, hit: Hit, own: Subscription | None, known: Known) -> Draft:
    listed = items(incident, hit, own, known)
    return Draft(own, listed, _text(incident, hit, listed))


def _text(incident: VendorIncident, hit: Hit, listed: Sequence[Item]) -> str:
    """What the desk doesn't know stands in angle brackets."""
    until = utc(incident.claim_due_at) if incident.claim_due_at is not None else "<see the agreement>"
    settings = current_app.config
    lines = (
        f"Service credit request: incident {incident.number}, {hit.customer.name}",
        "",
        *(f"{item.name}: {item.text or f'<{item.wanted}>'}" for item in listed),
        "",
        _counted(incident, hit.downtime),
        f"Claim until: {until}",
        f"Our contact: {settings['DESK_NAME']}, {settings['DESK_EMAIL']}",
    )
    return "\n".join(lines)


def _counted(incident: VendorIncident, downtime: Downtime) -> str:
    """How the duration came about, for a vendor who counts otherwise."""
    if downtime.written is not None:
        return f"Counted: as we found out for this customer; your record begins {utc(incident.started_at)}"
    if downtime.is_earlier and downtime.first_at is not None:
        first = f"our ticket #{downtime.first_id} of {utc(downtime.first_at)}"
        return f"Counted: from {first}; your record begins {utc(incident.started_at)}"
    return f"Counted: from the beginning that your record of {incident.number} states"
