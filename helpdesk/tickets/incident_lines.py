"""The incident of a ticket, or the credits that it claims, as the ticket's page shows them."""

from __future__ import annotations

from flask_babel import gettext as _

from helpdesk.escalations.outages.models import VendorIncident
from helpdesk.tickets.credit_queries import claims_of
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.outage_queries import Belonging
from helpdesk.tickets.sheet import Fact
from helpdesk.web import moments
from helpdesk.web.labels import label
from workflows.vocabulary import Kind


def incident_facts(ticket: Ticket, belonging: Belonging) -> list[Fact]:
    """A technical ticket's incident; of a billing ticket what it claims, each leading to where that is tracked."""
    if ticket.kind is Kind.BILLING:
        return [
            Fact(
                _("Service credit"),
                incident.number,
                f"/incidents/{incident.id}/customers/{credit.customer_id}",
                label(credit.state),
            )
            for credit, incident in claims_of(ticket.id)
        ]
    own = belonging.incident
    return [Fact(_("Outage"), own.number, f"/incidents/{own.id}", f"{own.title}, {state_text(own)}")] if own else []


def state_text(incident: VendorIncident) -> str:
    """Whether it goes on, in words."""
    if incident.ended_at is None:
        return _("going on since %(moment)s", moment=moments.moment(incident.started_at))
    return _("over since %(moment)s", moment=moments.moment(incident.ended_at))
