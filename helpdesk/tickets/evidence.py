"""The evidence for a service credit that the vendor asks for, as far as the desk knows it, and what is missing.

The list is the vendor's: tenant id, outage id, evidence of impact, the customer's mails from the affected domain that
ask for support and then for the credit, duration, users and locations, attempts to resolve, ticket number, bought
through CSP or not (Partner Center, Request a credit).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import sqlalchemy as sa
from flask import current_app
from flask_babel import gettext as _
from sqlalchemy.orm import joinedload

from helpdesk.customers.models import Contact, Customer, Subscription
from helpdesk.database import db
from helpdesk.escalations.models import VendorCase
from helpdesk.escalations.outages.models import IncidentTicket, VendorIncident
from helpdesk.tickets.affected import Downtime, Hit
from helpdesk.tickets.enclosures import enclosures_of, sent_files
from helpdesk.tickets.models import Diagnosis, Message, Ticket, TicketPack
from helpdesk.tickets.packs import in_utc, service_text
from workflows.vocabulary import PackItem, PartnerKind, Source

MOST = 20
"""Tickets of one customer that are read; the first ones prove the most."""


BY_THEMSELVES = (Source.WEB, Source.MAIL, Source.API)
"""Doors by which customers write with their own hands."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing the vendor asks for: its English ``name`` and ``text`` for the request, its ``label`` for the page.

    An empty ``text`` is missing; ``wanted`` says in the request what belongs there, ``url`` where it is filled in.
    """

    name: str
    label: str
    text: str
    wanted: str = ""
    url: str = ""


@dataclass(slots=True)
class Known:
    """What was said and found on the customer's tickets of the incident, the oldest first."""

    tickets: Sequence[Ticket]
    answers: dict[int, dict[str, str]] = field(default_factory=dict)
    tried: dict[int, str] = field(default_factory=dict)
    numbers: list[str] = field(default_factory=list)
    asked: list[tuple[datetime, str]] = field(default_factory=list)  # when a contact first wrote, from which address
    files: list[str] = field(default_factory=list)
    credit_asked: list[tuple[datetime, str]] = field(default_factory=list)


def subscriptions(hit: Hit, incident: VendorIncident) -> list[Subscription]:
    """What the customer has of the service: a claim is made for each."""
    rows = sa.select(Subscription).where(
        Subscription.customer_id == hit.customer.id, Subscription.service == incident.service
    )
    return list(db.session.scalars(rows.order_by(Subscription.name, Subscription.id).limit(MOST)))


def items(incident: VendorIncident, hit: Hit, own: Subscription | None, known: Known) -> list[Item]:
    """Everything the vendor asks for, in the order of the request, for one subscription of the customer."""
    return [*_outage(incident), *_customer(hit.customer, own), *_times(incident, hit.downtime), *_proof(hit, known)]


def _outage(incident: VendorIncident) -> list[Item]:
    return [Item("Outage", _("Outage"), f"{incident.number}, {service_text(incident.service)}: {incident.title}")]


def _customer(customer: Customer, own: Subscription | None) -> list[Item]:
    here = f"/customers/{customer.id}"
    seats = f", {own.seats} seats" if own is not None and own.seats else ""
    return [
        Item("Customer", _("Customer"), customer.name),
        Item("Tenant id", _("Tenant id"), customer.tenant_id or "", "tenant id", f"{here}/edit"),
        Item("Domain", _("Domain"), customer.domain or "", "domain", f"{here}/edit"),
        Item(
            "Subscription",
            _("Subscription"),
            f"{own.name}, {own.vendor_id}{seats}" if own is not None and own.vendor_id else "",
            f"id of {own.name}" if own is not None else "name and id",
            f"{here}/subscriptions/{own.id}" if own is not None else f"{here}/subscriptions/new",
        ),
        Item("Bought through CSP", _("Bought through CSP"), _bought()),
    ]


def _bought() -> str:
    """Claims are taken from direct partners and indirect providers alone; a reseller's goes through its provider."""
    match PartnerKind(current_app.config["PARTNER_KIND"]):
        case PartnerKind.DIRECT_BILL:
            return "yes, from us as direct bill partner"
        case PartnerKind.INDIRECT_PROVIDER:
            return "yes, from us as indirect provider"
        case PartnerKind.INDIRECT_RESELLER:
            return f"yes, through {current_app.config['INDIRECT_PROVIDER'] or 'our indirect provider'}"


def _times(incident: VendorIncident, downtime: Downtime) -> list[Item]:
    is_over, here = downtime.ended_at is not None, f"/incidents/{incident.id}"
    ended = utc(downtime.ended_at) if downtime.ended_at is not None else ""
    return [
        Item("Began", _("Began"), utc(downtime.began_at)),
        Item("Ended", _("Ended"), ended, "not over yet", f"{here}/edit"),
        Item("Duration", _("Duration"), f"{downtime.minutes} minutes" if is_over else "", "minutes", f"{here}/edit"),
    ]


def _proof(hit: Hit, known: Known) -> list[Item]:
    first = f"/tickets/{known.tickets[0].id}" if known.tickets else ""
    claim = f"/tickets/{hit.credit.ticket_id}" if hit.credit is not None and hit.credit.ticket_id else ""
    own = [(at, mail) for at, mail in known.asked if _is_of(hit.customer, mail)]
    return [
        Item("Users and locations", _("Users and locations"), _scope(known), "how many, where", f"{first}/pack"),
        Item("Evidence of impact", _("Evidence of impact"), _impact(known), "logs, pictures", f"{first}/pack"),
        Item(
            "Attempts to resolve",
            _("Attempts to resolve"),
            "; ".join(f"#{number}: {text}" for number, text in known.tried.items()),
            "what was tried",
            f"{first}/diagnosis",
        ),
        Item("Support request", _("Microsoft’s number"), ", ".join(known.numbers), "its number", f"{first}/escalate"),
        Item("Our tickets", _("Our tickets"), ", ".join(f"#{ticket.id}" for ticket in known.tickets)),
        Item(
            "Mail that asks for support",
            _("Mail that asks for support"),
            _mails(own[:1]),
            f"from an address at {hit.customer.domain or 'the affected domain'}",
            first,
        ),
        Item(
            "Mail that asks for the credit",
            _("Mail that asks for the credit"),
            _mails(known.credit_asked[:1]),
            f"from an address at {hit.customer.domain or 'the affected domain'}",
            claim,
        ),
    ]


def _scope(known: Known) -> str:
    scopes = [known.answers[ticket.id].get(PackItem.SCOPE) or ticket.intake.get("affected") for ticket in known.tickets]
    said = [f"{scope} (#{ticket.id})" for ticket, scope in zip(known.tickets, scopes, strict=True) if scope]
    return in_utc("; ".join(said))


def _impact(known: Known) -> str:
    said = []
    for ticket in known.tickets:
        answers = known.answers[ticket.id]
        parts = [
            answers.get(item) for item in (PackItem.BUSINESS_IMPACT, PackItem.ERROR_TEXT, PackItem.CORRELATION_IDS)
        ]
        text = ", ".join(part for part in (*parts, ticket.intake.get("error_text")) if part)
        if text:
            said.append(f"{text} (#{ticket.id})")
    if known.files:
        said.append(f"attached: {', '.join(known.files)}")
    return in_utc("; ".join(said))


def _mails(found: Sequence[tuple[datetime, str]]) -> str:
    return "; ".join(f"{utc(at)}, {mail}" for at, mail in found)


def _is_of(customer: Customer, mail: str) -> bool:
    """Whether an address is of the affected domain: the vendor takes no other mail for proof."""
    domain = (customer.domain or "").casefold()
    return bool(domain) and mail.casefold().rpartition("@")[2] == domain


def utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


# reading ----------------------------------------------------------------------------------------------


def known_of(incident: VendorIncident, hit: Hit) -> Known:
    """Read what the customer's tickets of the incident prove, and the mail on the one that claims the credit."""
    rows = sa.select(Ticket).join(IncidentTicket, IncidentTicket.ticket_id == Ticket.id)
    rows = rows.where(IncidentTicket.incident_id == incident.id, Ticket.customer_id == hit.customer.id)
    rows = rows.where(Ticket.is_customer_confirmed).options(joinedload(Ticket.contact)).order_by(Ticket.id).limit(MOST)
    found = Known(db.session.scalars(rows).all())
    ids = [ticket.id for ticket in found.tickets]
    found.answers = {number: {} for number in ids}
    for pack in db.session.scalars(sa.select(TicketPack).where(TicketPack.ticket_id.in_(ids))):
        found.answers[pack.ticket_id] = {name: str(text) for name, text in pack.answers.items() if text}
    diagnoses = sa.select(Diagnosis.ticket_id, Diagnosis.tried).where(Diagnosis.ticket_id.in_(ids))
    for number, tried in db.session.execute(diagnoses.order_by(Diagnosis.id)):
        found.tried[number] = tried  # the newest speaks
    found.tried = {number: in_utc(" ".join(text.split())) for number, text in found.tried.items() if text.strip()}
    cases = sa.select(VendorCase.number).where(VendorCase.ticket_id.in_(ids), VendorCase.number.is_not(None))
    found.numbers = [number for number in db.session.scalars(cases.order_by(VendorCase.id)) if number]
    found.files = [file.file_name for file in sent_files(enclosures_of(*ids))][:MOST]
    found.asked = _written(ids)
    claim_id = hit.credit.ticket_id if hit.credit is not None else None
    asked = _written([claim_id]) if claim_id is not None else []
    found.credit_asked = [(at, mail) for at, mail in asked if _is_of(hit.customer, mail)]
    return found


def _written(ticket_ids: Sequence[int]) -> list[tuple[datetime, str]]:
    """When contacts first wrote on the tickets, and from which address; what we wrote down for them is no mail."""
    firsts = sa.select(sa.func.min(Message.id)).where(
        Message.ticket_id.in_(ticket_ids), Message.contact_id.is_not(None), Message.source.in_(BY_THEMSELVES)
    )
    rows = sa.select(Message.at, Contact.email).join(Contact, Contact.id == Message.contact_id)
    rows = rows.where(Message.id.in_(firsts.group_by(Message.ticket_id))).order_by(Message.id)
    return [(at, mail) for at, mail in db.session.execute(rows)]
