"""Tickets of one vendor incident: written down, linked, told together."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from helpdesk.accounts.actor import Actor
from helpdesk.accounts.permissions import Permission
from helpdesk.customers.names import fold
from helpdesk.database import db
from helpdesk.errors import Forbidden, Invalid, NotFound
from helpdesk.escalations.outages.models import IncidentCredit, IncidentTicket, IncidentUpdate, VendorIncident
from helpdesk.tickets.actions.allowed import demand
from helpdesk.tickets.affected import names_hit
from helpdesk.tickets.change import Change, changing
from workflows.vocabulary import EventKind, Kind, State

SHORTEST_NAME = 4
"""A customer's name that is shorter is a word like any other."""

LEGAL_FORM = re.compile(r"[\s,]+(kft|bt|zrt|nyrt|rt|kkt|gmbh|ag|kg|ltd|llc|inc|plc|s\.?r\.?o|s\.?a|b\.?v)\.?$")
"""What people leave out when they speak of a company; of folded names."""


def link(ticket_id: int, actor: Actor, incident_id: int, now: datetime) -> None:
    """Count the ticket among those that the incident caused, and no longer among another's.

    Raises NotFound without such an incident, Invalid for a billing ticket and for one that was merged.
    """
    incident = db.session.get(VendorIncident, incident_id)
    if incident is None:
        raise NotFound(_("There is no such incident."))
    with changing(ticket_id, actor, now) as change:
        ticket = change.ticket
        demand(actor, Permission.EDIT_TICKETS, ticket)
        if ticket.kind is not Kind.TECHNICAL:
            raise Invalid(_("An outage belongs to technical tickets."))
        if ticket.state is State.MERGED:
            raise Invalid(_("It was merged into #%(number)s: link that one.", number=ticket.merged_into_id))
        _tie(change, incident)


def unlink(ticket_id: int, actor: Actor, now: datetime, incident_id: int | None = None) -> None:
    """Take the ticket off its incident; with ``incident_id`` only if it is that one."""
    with changing(ticket_id, actor, now) as change:
        demand(actor, Permission.EDIT_TICKETS, change.ticket)
        row = db.session.get(IncidentTicket, ticket_id, populate_existing=True)
        if row is None or incident_id not in (None, row.incident_id):
            return
        incident = db.session.get_one(VendorIncident, row.incident_id)
        db.session.delete(row)
        change.record(EventKind.INCIDENT_UNLINKED, incident=incident.id, number=incident.number)


def follow(change: Change, on_target: Change) -> None:
    """The ticket is merged: the one that goes on in its place belongs to the incident too, unless it has another.

    The merged one stays linked: when it came is evidence of the outage. Credits that it claims go on with the other.
    """
    row = db.session.get(IncidentTicket, change.ticket.id)
    if row is not None and db.session.get(IncidentTicket, on_target.ticket.id) is None:
        _tie(on_target, db.session.get_one(VendorIncident, row.incident_id))
    rows = sa.select(IncidentCredit, VendorIncident)
    rows = rows.join(VendorIncident, VendorIncident.id == IncidentCredit.incident_id)
    rows = rows.where(IncidentCredit.ticket_id == change.ticket.id).order_by(IncidentCredit.id)
    for credit, incident in db.session.execute(rows).all():
        credit.ticket_id = on_target.ticket.id
        change.record(EventKind.INCIDENT_UNLINKED, **_claim_of(incident), to=on_target.ticket.id)
        record_claim(on_target, incident, change.ticket.id)


def record_claim(change: Change, incident: VendorIncident, was: int | None) -> None:
    """Say that the credit for ``incident`` is claimed by the ticket from now on; ``was`` is the one before it."""
    before: dict[str, Any] = {"was": was} if was is not None else {}
    change.record(EventKind.INCIDENT_LINKED, **_claim_of(incident), **before)


def _claim_of(incident: VendorIncident) -> dict[str, Any]:
    """``is_claim`` tells a ticket that claims a credit from one that the incident caused."""
    return {"incident": incident.id, "number": incident.number, "is_claim": True}


def _tie(change: Change, incident: VendorIncident) -> None:
    row = db.session.get(IncidentTicket, change.ticket.id, populate_existing=True)
    if row is not None and row.incident_id == incident.id:
        return
    if row is None:
        row = IncidentTicket(ticket_id=change.ticket.id)
        db.session.add(row)
    row.incident_id, row.linked_at, row.linked_by_id = incident.id, change.now, change.actor.user_id
    change.record(EventKind.INCIDENT_LINKED, incident=incident.id, number=incident.number)


def tell_all(
    incident_id: int, actor: Actor, text_en: str, text_hu: str, form_id: str, now: datetime, *, may_name: bool = False
) -> None:
    """Write an update once; the scheduler makes it a reply on every linked ticket that has not ended.

    A ticket is answered in its own language where that text was written, else in the other. A form sent twice
    (``form_id``) tells once. Raises Invalid at ``text_en`` without any text, and at ``may_name`` where a text names
    one of the customers, since all the others read it, unless ``may_name`` says that this is meant.
    """
    if not actor.may(Permission.REPLY, Kind.TECHNICAL):
        raise Forbidden(_("Your role doesn’t include this."))
    if not text_en.strip() and not text_hu.strip():
        raise Invalid(_("Write the update in at least one language."), "text_en")
    if db.session.scalar(sa.select(IncidentUpdate.id).where(IncidentUpdate.form_id == form_id)) is not None:
        return
    named = [] if may_name else customers_named(incident_id, f"{text_en} {text_hu}")
    if named:
        sentence = _("The text names %(names)s, and every other customer would read it.", names=", ".join(named))
        raise Invalid(sentence, "may_name")
    assert actor.user_id is not None
    update = IncidentUpdate(incident_id=incident_id, form_id=form_id, at=now, user_id=actor.user_id)
    update.text_en, update.text_hu = text_en.strip(), text_hu.strip()
    db.session.add(update)


def customers_named(incident_id: int, text: str) -> list[str]:
    """Names of the incident's customers whose name or domain stands in ``text``, however it is written."""
    folded = fold(text)
    return sorted(
        {
            name
            for name, domain in names_hit(incident_id)
            for word in (LEGAL_FORM.sub("", fold(name)), fold(domain or ""))
            if len(word) >= SHORTEST_NAME and re.search(rf"(?<!\w){re.escape(word)}(?!\w)", folded)
        }
    )
