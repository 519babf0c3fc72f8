"""What customers of the demo world granted the desk: nearly all is well, one role has expired, one ends in 12 days."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from helpdesk.customers import rights
from helpdesk.customers.models import Customer
from helpdesk.customers.rights import RightDraft
from workflows.vocabulary import RightKind, Service

EXPIRED, ENDING = "Duna Fém Nyrt.", "Mecsek Medical Center"


def record_rights(customer: Customer, services: tuple[Service, ...], at: datetime, end: date) -> None:
    """Write the grants down as they stood at ``at``, the month's beginning; ``end`` is the demo's present day."""
    ends = {EXPIRED: end - timedelta(days=3), ENDING: end + timedelta(days=12)}
    since = at.date() - timedelta(days=200 + customer.id * 7 % 150)
    role_ends = ends.get(customer.name, end + timedelta(days=60 + customer.id * 37 % 600))
    grants = [
        RightDraft(RightKind.RESELLER_RELATIONSHIP, None, "", since, None),
        RightDraft(RightKind.DELEGATED_ADMIN, None, "Service support administrator", since, role_ends),
    ]
    if Service.AZURE in services:
        contributor = "Support request contributor"
        grants.append(RightDraft(RightKind.SUPPORT_REQUEST, Service.AZURE, contributor, since, None))
    for grant in grants:
        rights.record(customer, grant, None, at)
