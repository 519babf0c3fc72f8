"""Claiming service credits by tickets: the claim's deadline comes and goes with what becomes of the credit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import sqlalchemy as sa
from flask_babel import force_locale
from flask_babel import gettext as _

from helpdesk.accounts.actor import Actor
from helpdesk.accounts.permissions import Permission
from helpdesk.customers.models import Contact, Customer
from helpdesk.database import db
from helpdesk.errors import Conflict, Forbidden, Invalid, NotFound
from helpdesk.escalations.money.models import MoneyDeadline
from helpdesk.escalations.money.windows import claim_window
from helpdesk.escalations.outages import crediting, editing
from helpdesk.escalations.outages.crediting import CreditStep
from helpdesk.escalations.outages.models import IncidentCredit, IncidentTicket, VendorIncident
from helpdesk.tickets import deadlines, facts
from helpdesk.tickets.actions import money, outages
from helpdesk.tickets.actions.allowed import demand
from helpdesk.tickets.actions.opening import Opening, open_ticket
from helpdesk.tickets.change import Change, changing
from helpdesk.tickets.models import Ticket
from workflows.vocabulary import CreditState, EventKind, Kind, Level, MoneyPurpose, MoneyState, Source


def save_incident(
    row: VendorIncident | None, draft: editing.IncidentDraft, actor: Actor, now: datetime
) -> VendorIncident:
    """Write an incident. Where its credits can be claimed until another day now, the claim tickets are told.

    Raises Invalid at the field that is wrong, Forbidden, and Conflict when a ticket begins to claim meanwhile.
    """
    if not actor.may(Permission.CHASE_VENDOR, Kind.TECHNICAL):
        raise Forbidden(_("Your role doesn’t include this."))
    if row is not None:
        _take(row)
    was = row.claim_begins_at if row is not None else None
    saved = editing.save_incident(row, draft, actor.user_id, now)
    if was is not None and was != saved.claim_begins_at:
        _redate(saved, was, actor, now)
    return saved


def _take(incident: VendorIncident) -> None:
    """Claim the tickets that are to claim its credits, then the incident, freshly read.

    In this order, as whoever keeps such a claim: the other way round each of the two could wait for the other.
    """
    known = _claim_tickets(incident.id)
    deadlines.claim(known, skip_locked=False)
    db.session.refresh(incident, with_for_update=True)
    late = set(_claim_tickets(incident.id)).difference(known)  # they were quicker than our lock
    if late and len(deadlines.claim(late)) < len(late):  # not waited for: the incident is ours by now
        raise Conflict(_("The ticket changed while you were working on it."))


def _claim_tickets(incident_id: int) -> list[int]:
    """Numbers of the tickets by which credits of the incident are still to be claimed."""
    rows = sa.select(IncidentCredit.ticket_id).where(
        IncidentCredit.incident_id == incident_id, IncidentCredit.state == CreditState.TO_REQUEST
    )
    return [number for number in db.session.scalars(rows.order_by(IncidentCredit.ticket_id)) if number is not None]


def claim_by(incident_id: int, customer_id: int, actor: Actor, ticket_id: int, now: datetime) -> None:
    """Let the customer's credit be claimed by one of their billing tickets, which gets the claim's deadline.

    Raises Invalid at ``ticket`` for a ticket that is not theirs, not about billing, or ended.
    """
    _demand(actor)
    incident = db.session.get_one(VendorIncident, incident_id)
    if db.session.get(Ticket, ticket_id) is None:
        raise Invalid(_("There is no such ticket."), "ticket")
    with changing(ticket_id, actor, now) as change:
        ticket = change.ticket
        demand(actor, Permission.EDIT_TICKETS, ticket)
        is_theirs = ticket.customer_id == customer_id and ticket.is_customer_confirmed
        if not is_theirs or ticket.kind is not Kind.BILLING or not ticket.is_open:
            raise Invalid(_("Choose an open billing ticket of this customer."), "ticket")
        _prepare(change, incident, customer_id)


def claim_by_new(incident_id: int, customer_id: int, actor: Actor, now: datetime) -> int:
    """Open the billing ticket by which the credit is claimed, for whoever reported the outage; its number.

    It asks them in their language for the mail that the vendor wants to see (Partner Center, Request a credit).
    Raises Invalid at ``ticket`` when another ticket claims the credit already, and when the incident's title names
    another customer.
    """
    _demand(actor)
    if not actor.may(Permission.OPEN_TICKETS, Kind.BILLING):
        raise Forbidden(_("Your role doesn’t include this."))
    incident, customer = db.session.get_one(VendorIncident, incident_id), db.session.get_one(Customer, customer_id)
    reporter, language = _reporter(incident_id, customer_id)
    _demand_free(crediting.claimed(incident_id, customer_id))
    others = [name for name in outages.customers_named(incident_id, incident.title) if name != customer.name]
    if others:
        sentence = _("What fails names %(names)s, and this customer would read it.", names=", ".join(others))
        raise Invalid(sentence, "ticket")
    opened = open_ticket(_opening(incident, customer, reporter, language), actor, now)
    with changing(opened.ticket.id, actor, now) as change:
        _prepare(change, incident, customer_id)
    return opened.ticket.id


def track(incident_id: int, customer_id: int, actor: Actor, step: CreditStep, now: datetime) -> None:
    """Write down what became of a credit; the claim's deadline ends when nothing is left to ask for by its ticket.

    Raises Invalid as ``crediting.track_credit``, Forbidden for whoever may not change what it does to the ticket.
    """
    _demand(actor)
    with _by_its_ticket(incident_id, customer_id, actor, now) as change:
        row = crediting.track_credit(incident_id, customer_id, step, actor.user_id, now)
        if change is None:
            return
        if step.state is CreditState.TO_REQUEST:
            _put_deadline(change, db.session.get_one(VendorIncident, incident_id))
        elif step.state in (CreditState.REQUESTED, CreditState.NOT_CLAIMED):
            _end_deadline(change, row)


def take_back(incident_id: int, customer_id: int, actor: Actor, reason: str, now: datetime) -> None:
    """The last step was a mistake. A credit that is to be claimed again has its deadline again.

    Raises Invalid as ``crediting.take_back``, NotFound without a credit, Forbidden as ``track``.
    """
    _demand(actor)
    with _by_its_ticket(incident_id, customer_id, actor, now) as change:
        row = crediting.claimed(incident_id, customer_id)
        if row is None:
            raise NotFound(_("There is no such credit."))
        crediting.take_back(row, reason, actor.user_id, now)
        if change is not None and row.state is CreditState.TO_REQUEST:
            _put_deadline(change, db.session.get_one(VendorIncident, incident_id))


def _demand(actor: Actor) -> None:
    if not actor.may(Permission.CHASE_VENDOR, Kind.BILLING):
        raise Forbidden(_("Your role doesn’t include this."))


@contextmanager
def _by_its_ticket(incident_id: int, customer_id: int, actor: Actor, now: datetime) -> Iterator[Change | None]:
    """The ticket by which the credit is claimed, claimed before the credit itself; None where there is none.

    Raises Conflict when another ticket claims it by then.
    """
    rows = sa.select(IncidentCredit.ticket_id).where(
        IncidentCredit.incident_id == incident_id, IncidentCredit.customer_id == customer_id
    )
    ticket_id = db.session.scalar(rows)
    if ticket_id is None:
        yield None
        return
    with changing(ticket_id, actor, now) as change:
        if db.session.scalar(rows) != ticket_id:
            raise Conflict(_("The credit has gone another way meanwhile."))
        yield change


def _prepare(change: Change, incident: VendorIncident, customer_id: int) -> None:
    row = crediting.claimed(incident.id, customer_id)
    db.session.refresh(incident)  # it may have been corrected while we waited for it
    was = row.ticket_id if row is not None and row.state is not CreditState.NOT_CLAIMED else None
    if row is None or row.state is CreditState.NOT_CLAIMED:
        step = CreditStep(CreditState.TO_REQUEST, facts.desk_day(change.now))
        row = crediting.track_credit(incident.id, customer_id, step, change.actor.user_id, change.now)
    _demand_free(row, change.ticket.id)
    row.ticket_id = change.ticket.id
    if was != change.ticket.id:
        outages.record_claim(change, incident, was)
    if row.state is CreditState.TO_REQUEST:
        _put_deadline(change, incident)


def _demand_free(row: IncidentCredit | None, ticket_id: int | None = None) -> None:
    """Raise Invalid when another ticket that is still open claims the credit."""
    if row is None or row.ticket_id in (None, ticket_id):
        return
    if db.session.get_one(Ticket, row.ticket_id).is_open:
        raise Invalid(_("The credit is claimed by #%(number)s already.", number=row.ticket_id), "ticket")


# the deadline -----------------------------------------------------------------------------------------


def _put_deadline(change: Change, incident: VendorIncident) -> None:
    """Let the vendor's window run on the ticket, once for all incidents of a month; one that is over is none.

    Raises Forbidden for whoever may not put it there by itself.
    """
    window = claim_window(incident.service)
    if window is None or not change.ticket.is_open:
        return
    demand(change.actor, Permission.EDIT_TICKETS, change.ticket)
    try:
        money.put_on(change, window.id, incident.started_at)
    except (Conflict, Invalid):
        return


def _end_deadline(change: Change, row: IncidentCredit) -> None:
    """The vendor was asked, or nobody will ask: unless the ticket has still others of that month to ask for.

    Raises Forbidden for whoever may not end the deadline by itself.
    """
    begins_at = db.session.get_one(VendorIncident, row.incident_id).claim_begins_at
    rows = sa.select(IncidentCredit).join(VendorIncident, VendorIncident.id == IncidentCredit.incident_id)
    rows = rows.where(IncidentCredit.ticket_id == change.ticket.id, VendorIncident.claim_begins_at == begins_at)
    states = {credit.state for credit in db.session.scalars(rows)}
    if CreditState.TO_REQUEST in states or begins_at is None:
        return
    is_waived = states == {CreditState.NOT_CLAIMED}
    for deadline in _open_deadlines(change.ticket.id, begins_at):
        demand(change.actor, Permission.EDIT_TICKETS, change.ticket)
        state = MoneyState.WAIVED if is_waived else MoneyState.MET
        money.close(change, deadline, state, EventKind.MONEY_ENDED, row.reason if is_waived else "")


def _redate(incident: VendorIncident, was: datetime, actor: Actor, now: datetime) -> None:
    """Correct the deadlines on the tickets by which it is still to be claimed; one that is over by now stays."""
    window = claim_window(incident.service)
    if window is None:
        return
    reason = _("The beginning of %(number)s was corrected.", number=incident.number)
    for ticket_id in _claim_tickets(incident.id):
        for deadline in _open_deadlines(ticket_id, was):
            try:
                with changing(deadline.ticket_id, actor, now) as change:  # whoever may date the outage dates its claims
                    money.time_anew(change, deadline.id, window.id, incident.started_at, reason)
            except (Conflict, Invalid):
                continue


def _open_deadlines(ticket_id: int, begins_at: datetime) -> list[MoneyDeadline]:
    rows = sa.select(MoneyDeadline).where(
        MoneyDeadline.ticket_id == ticket_id,
        MoneyDeadline.state == MoneyState.OPEN,
        MoneyDeadline.purpose == MoneyPurpose.CREDIT_CLAIM,
        MoneyDeadline.begins_at == begins_at,
    )
    return list(db.session.scalars(rows.order_by(MoneyDeadline.id)))


# the ticket -------------------------------------------------------------------------------------------


def _reporter(incident_id: int, customer_id: int) -> tuple[Contact, str]:
    """Whoever of the customer reported the outage first, and the language they did it in. Raises NotFound."""
    rows = sa.select(Contact, Ticket.language).join(Ticket, Ticket.contact_id == Contact.id)
    rows = rows.join(IncidentTicket, IncidentTicket.ticket_id == Ticket.id)
    rows = rows.where(IncidentTicket.incident_id == incident_id, Ticket.customer_id == customer_id)
    found = db.session.execute(rows.where(Ticket.is_customer_confirmed).order_by(Ticket.id).limit(1)).one_or_none()
    if found is None:
        raise NotFound(_("There is no such customer."))
    contact, language = found
    return contact, language


def _opening(incident: VendorIncident, customer: Customer, reporter: Contact, language: str) -> Opening:
    """What the customer reads: nothing of the incident but what the vendor has published, in their language."""
    with force_locale(language):
        subject = _("Service credit for the outage %(number)s", number=incident.number)
        description = _("Microsoft’s service was not available: %(title)s.", title=incident.title)
        reply = _(
            "For this outage Microsoft may grant a credit. We claim it for you, and put what is granted on your "
            "account. Microsoft wants to see that you ask for this credit. Please answer this message from an address "
            "of your company: write that you ask for the credit, how many of your people could not work, and where."
        )
    return Opening(
        kind=Kind.BILLING,
        service=incident.service,
        impact=Level.LOW,
        urgency=Level.MEDIUM,
        subject=subject,
        description=description,
        contact_name=reporter.name,
        contact_email=reporter.email,
        customer_id=customer.id,
        source=Source.SYSTEM,  # nobody wrote to us: it is no mail in which the customer asks
        language=language,
        reply=reply,
    )
