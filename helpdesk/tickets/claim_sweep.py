"""Claims that are on nobody's ticket: their deadline runs on the incident, and the lead is warned of it."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from helpdesk.accounts.models import Team, User, UserRole
from helpdesk.accounts.queries import default_team_id
from helpdesk.database import db
from helpdesk.escalations.outages.claiming import date_claim
from helpdesk.escalations.outages.models import IncidentTicket, VendorIncident
from helpdesk.notifications import recipients
from helpdesk.notifications.actions import queue_many
from helpdesk.notifications.notices import tell
from helpdesk.notifications.recipients import Recipient
from helpdesk.notifications.topics import NoticeTopic
from helpdesk.tickets.credit_queries import pending_claims
from helpdesk.tickets.models import Ticket
from workflows.money import next_moment
from workflows.vocabulary import Role

PUT_OFF = timedelta(minutes=10)


def settle(incident_id: int, now: datetime) -> bool:
    """Warn of one incident's claims, or say that they were missed, inside the caller's transaction.

    Exactly once: at each moment of ``workflows.money``, under the claim of the incident's row. Nobody is told where
    nothing is left to claim, or a ticket of its own runs the deadline. False when another process was first.
    """
    rows = sa.select(VendorIncident).where(VendorIncident.id == incident_id, VendorIncident.claim_fires_at <= now)
    rows = rows.with_for_update(skip_locked=True).execution_options(populate_existing=True)
    incident = db.session.scalars(rows).one_or_none()
    if incident is None:
        return False
    if incident.claim_due_at is None or incident.claim_begins_at is None:  # written down before claims were dated
        date_claim(incident, now)
        return True
    pending = pending_claims(incident)
    if pending:
        _tell(incident, len(pending), now)
    incident.claim_fires_at = next_moment(incident.claim_begins_at, incident.claim_due_at, now)
    return True


def put_off(incident_id: int, now: datetime) -> None:
    """An incident that failed is tried again later, so that it never blocks the others."""
    row = db.session.get(VendorIncident, incident_id, populate_existing=True)
    if row is not None and row.claim_fires_at is not None and row.claim_fires_at <= now:
        row.claim_attempts += 1
        row.claim_fires_at = now + PUT_OFF


def _tell(incident: VendorIncident, customers: int, now: datetime) -> None:
    is_missed = incident.claim_due_at is not None and incident.claim_due_at <= now
    topic = NoticeTopic.CLAIM_MISSED if is_missed else NoticeTopic.CLAIM_WARNED
    params = {"incident": incident.number, "incident_id": incident.id, "subject": incident.title}
    params |= {"customers": customers, "due_at": incident.claim_due_at}
    fires = incident.claim_fires_at or now
    cause = f"claim:{incident.id}:{int(fires.timestamp())}"
    queue_many(tell(topic, _leads(incident.id), cause=cause, params=params), now)


def _leads(incident_id: int) -> tuple[Recipient, ...]:
    """The leads of the teams that have its tickets, and of the default team; the managers where there is no lead."""
    teams = sa.select(Ticket.team_id).join(IncidentTicket, IncidentTicket.ticket_id == Ticket.id)
    teams = teams.where(IncidentTicket.incident_id == incident_id)
    leads = sa.select(User).join(Team, Team.lead_id == User.id)
    leads = leads.where(sa.or_(Team.id.in_(teams), Team.id == default_team_id())).order_by(User.id).distinct()
    found = [user for user in db.session.scalars(leads) if user.is_enabled]
    if not found:
        managers = sa.select(User).join(UserRole, UserRole.user_id == User.id).where(UserRole.role == Role.MANAGER)
        found = [user for user in db.session.scalars(managers.order_by(User.id)) if user.is_enabled]
    return recipients.for_mention([Recipient.of_user(user) for user in found], None)
