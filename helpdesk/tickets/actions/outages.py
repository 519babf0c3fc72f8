"""Tickets of one vendor incident: linked, told together, each exactly once."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext as _

from helpdesk.accounts.actor import Actor
from helpdesk.accounts.models import User
from helpdesk.accounts.permissions import Permission
from helpdesk.database import db
from helpdesk.errors import Forbidden, Invalid, NotFound
from helpdesk.escalations.outages.models import IncidentTelling, IncidentTicket, IncidentUpdate, VendorIncident
from helpdesk.tickets import deadlines
from helpdesk.tickets.actions.allowed import demand
from helpdesk.tickets.actions.conversation import FINAL_STATES, reply
from helpdesk.tickets.change import changing
from helpdesk.tickets.models import Ticket
from workflows.vocabulary import EventKind, Kind

HUNGARIAN = "hu"
MOST = 2000
"""Tickets of one incident that an update is told on."""


def link(ticket_id: int, actor: Actor, incident_id: int, now: datetime) -> None:
    """Count the ticket among those that the incident caused, and no longer among another's.

    Raises NotFound without such an incident, Invalid for a billing ticket.
    """
    incident = db.session.get(VendorIncident, incident_id)
    if incident is None:
        raise NotFound(_("There is no such incident."))
    with changing(ticket_id, actor, now) as change:
        demand(actor, Permission.EDIT_TICKETS, change.ticket)
        if change.ticket.kind is not Kind.TECHNICAL:
            raise Invalid(_("An outage belongs to technical tickets."))
        row = db.session.get(IncidentTicket, ticket_id, populate_existing=True)
        if row is not None and row.incident_id == incident_id:
            return
        if row is None:
            row = IncidentTicket(ticket_id=ticket_id)
            db.session.add(row)
        row.incident_id, row.linked_at, row.linked_by_id = incident_id, change.now, actor.user_id
        change.record(EventKind.INCIDENT_LINKED, incident=incident_id, number=incident.number)


def unlink(ticket_id: int, actor: Actor, now: datetime) -> None:
    """Take the ticket off its incident."""
    with changing(ticket_id, actor, now) as change:
        demand(actor, Permission.EDIT_TICKETS, change.ticket)
        row = db.session.get(IncidentTicket, ticket_id, populate_existing=True)
        if row is None:
            return
        incident = db.session.get_one(VendorIncident, row.incident_id)
        db.session.delete(row)
        change.record(EventKind.INCIDENT_UNLINKED, incident=incident.id, number=incident.number)


def tell_all(incident_id: int, actor: Actor, text_en: str, text_hu: str, form_id: str, now: datetime) -> None:
    """Write an update once; the scheduler makes it a reply on every linked ticket that has not ended.

    A ticket is answered in its own language where that text was written, else in the other. A form sent twice
    (``form_id``) tells once. Raises Invalid at ``text_en`` without any text.
    """
    if not actor.may(Permission.REPLY, Kind.TECHNICAL):
        raise Forbidden(_("Your role doesn’t include this."))
    if not text_en.strip() and not text_hu.strip():
        raise Invalid(_("Write the update in at least one language."), "text_en")
    if db.session.scalar(sa.select(IncidentUpdate.id).where(IncidentUpdate.form_id == form_id)) is not None:
        return
    assert actor.user_id is not None
    update = IncidentUpdate(incident_id=incident_id, form_id=form_id, at=now, user_id=actor.user_id)
    update.text_en, update.text_hu = text_en.strip(), text_hu.strip()
    db.session.add(update)
    db.session.flush()
    linked = sa.select(IncidentTicket.ticket_id).join(Ticket, Ticket.id == IncidentTicket.ticket_id)
    linked = linked.where(IncidentTicket.incident_id == incident_id, Ticket.state.not_in(FINAL_STATES))
    for ticket_id in db.session.scalars(linked.order_by(IncidentTicket.ticket_id).limit(MOST)):
        db.session.add(IncidentTelling(update_id=update.id, ticket_id=ticket_id, next_attempt_at=now))


def tell_one(ticket_id: int, now: datetime) -> bool:
    """Say what is due on one ticket, in the name of whoever wrote it, inside the caller's transaction.

    Exactly once: under the claim of the ticket, with ``told_at`` set in the same transaction. It asks nothing of
    the customer, so whose turn it is stays as it was. False when another process has the ticket or was first.
    """
    ticket = deadlines.lock(ticket_id, skip_locked=True)
    if ticket is None:
        return False
    rows = sa.select(IncidentTelling, IncidentUpdate).join(
        IncidentUpdate, IncidentUpdate.id == IncidentTelling.update_id
    )
    rows = rows.where(IncidentTelling.ticket_id == ticket_id, IncidentTelling.told_at.is_(None))
    found = db.session.execute(rows.order_by(IncidentTelling.update_id).execution_options(populate_existing=True)).all()
    for telling, update in found:
        telling.told_at = now
        if ticket.state in FINAL_STATES:
            continue
        turn, author = ticket.turn, db.session.get_one(User, update.user_id)
        telling.message_id = reply(ticket_id, Actor.of_user(author), _text(update, ticket), now).id
        ticket.turn = turn
    return bool(found)


def _text(update: IncidentUpdate, ticket: Ticket) -> str:
    own, other = (update.text_hu, update.text_en) if ticket.language == HUNGARIAN else (update.text_en, update.text_hu)
    return own or other
