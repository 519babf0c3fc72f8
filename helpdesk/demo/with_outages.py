"""Two outages of the demo world: one whose credits go their several ways, and one that goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import sqlalchemy as sa

from helpdesk.accounts.actor import Actor
from helpdesk.clock import now
from helpdesk.customers.models import Contact, Customer, CustomerContact
from helpdesk.database import db
from helpdesk.demo.cast import Life
from helpdesk.escalations.outages.crediting import CreditStep
from helpdesk.escalations.outages.editing import IncidentDraft
from helpdesk.escalations.outages.models import VendorIncident
from helpdesk.tickets import outage_queries
from helpdesk.tickets.actions import assigning, conversation, crediting, diagnosing, moving, outages, telling, triaging
from helpdesk.tickets.actions.opening import Opening, open_ticket
from helpdesk.tickets.facts import desk_day
from helpdesk.tickets.models import Ticket, Topic
from workflows.vocabulary import (
    Boundary,
    BoundaryReason,
    CreditState,
    HealthResult,
    Kind,
    Level,
    ResolutionCode,
    Service,
    Trigger,
)

TICKETS: Final = 9
"""What both outages open: three reports each, and three claims."""

OVER_HOURS_AGO: Final = 75
RUNNING_HOURS_AGO: Final = 3
"""How many open hours before the demo's present each begins."""


@dataclass(frozen=True)
class _Report:
    """Who reports an outage, with which words; ``affected`` people."""

    company: str
    subject: str
    body: str
    affected: str


@dataclass(frozen=True)
class _Outage:
    number: str
    title: str
    topic: str
    reports: tuple[_Report, ...]
    first_en: str
    first_hu: str


_SLOW_MAIL = _Outage(
    "EX1187223",
    "Mail is delayed or not delivered",
    "Mail and calendar",
    (
        _Report(
            "Riverside Housing Trust",
            "Tenants’ mails have not arrived since this morning",
            "Nothing comes in from outside since nine. The repair desk is blind.",
            "38 people, both offices in Leeds",
        ),
        _Report(
            "Hotel Zsófia",
            "Nem érkeznek meg a foglalások visszaigazolásai",
            "Reggel óta egyetlen külső levél sem jön meg, a vendégek telefonon keresnek minket.",
            "a recepció, 9 fő",
        ),
        _Report(
            "Tidewater Ferries plc",
            "Booking mails are stuck, passengers call",
            "Our booking system says that your mail server keeps it waiting.",
            "25 people at three piers",
        ),
    ),
    "Microsoft delivers mail late. It is known there and worked on; nothing is lost. We write again when it is over.",
    "A Microsoft késve kézbesíti a leveleket. A hiba ismert, dolgoznak rajta, levél nem vész el. Ha elhárult, írunk.",
)
_NO_SIGN_IN = _Outage(
    "MO1190458",
    "Some users can’t sign in to Microsoft 365",
    "Sign-in and identity",
    (
        _Report(
            "Saimaa Timber Oy",
            "Half of the office is signed out and can’t get back in",
            "The page says that it can’t reach the service. It began some minutes ago.",
            "about 20 people",
        ),
        _Report(
            "Vérmező Gimnázium",
            "A tanárok nem tudnak bejelentkezni",
            "A bejelentkezés hibát jelez, a digitális napló sem nyílik meg.",
            "45 tanár",
        ),
        _Report(
            "Aurora Clinics Oy",
            "Nurses can’t sign in on the ward computers",
            "Sign-in turns in circles and ends with an error.",
            "two wards",
        ),
    ),
    "Microsoft confirms that some users can’t sign in. Whoever is signed in should stay so. We write within the hour.",
    "A Microsoft megerősítette, hogy egyes felhasználók nem tudnak bejelentkezni. Aki be van lépve, maradjon úgy. "
    "Egy órán belül újra írunk.",
)
_BACK_EN = "Microsoft says that mail is delivered again, and what was waiting arrives by now. Is it so for you?"
_BACK_HU = "A Microsoft szerint a levelek újra rendben megérkeznek, a várakozók is. Önöknél is így van?"


def outage_that_is_over(agent: Actor, progress: Callable[[int], object]) -> Life:
    """Three customers, told twice; of their credits one is passed on, one granted and one asked for."""
    numbers = _reported(_SLOW_MAIL, progress)
    yield 12
    incident = _written_down(_SLOW_MAIL, numbers, agent)
    yield 5
    _let_it_be_told()
    yield 95
    ended = IncidentDraft(incident.number, incident.service, incident.title, incident.started_at, now())
    crediting.save_incident(db.session.get_one(VendorIncident, incident.id), ended, agent, now())
    outages.tell_all(incident.id, agent, _BACK_EN, _BACK_HU, "demo-over-2", now())
    yield 5
    _let_it_be_told()
    yield 60
    for number in numbers:
        _resolve(number, agent)
    yield 240
    claims = [(_customer_of(number), _claim(incident.id, number, agent, progress)) for number in numbers]
    yield 300
    for customer_id, claim in claims:
        _asked_by_the_customer(claim)
        _triage(claim, agent, Kind.BILLING, "Refund or credit")
        _track(incident.id, customer_id, agent, CreditState.REQUESTED)
    yield 1400
    for (customer_id, _claim_number), cents in zip(claims[:2], (48_20, 12_60), strict=True):
        _track(incident.id, customer_id, agent, CreditState.GRANTED, cents)
    yield 200
    _track(incident.id, claims[0][0], agent, CreditState.PASSED_ON, 48_20, "CN-2026-0117")
    _end(claims[0][1], agent, "The credit stands on your next invoice.", ResolutionCode.CREDITED)


def outage_that_goes_on(agent: Actor, progress: Callable[[int], object]) -> Life:
    """Two tickets are linked and told; the third has just come, and its page offers the outage."""
    numbers = _reported(_NO_SIGN_IN, progress)
    yield 14
    _written_down(_NO_SIGN_IN, numbers[:2], agent)
    yield 5
    _let_it_be_told()


def _reported(outage: _Outage, progress: Callable[[int], object]) -> list[int]:
    numbers = []
    for report in outage.reports:
        progress(1)
        customer = db.session.scalars(sa.select(Customer).where(Customer.name == report.company)).one()
        person = _person_of(customer)
        opening = Opening(
            Kind.TECHNICAL, Service.MICROSOFT365, Level.HIGH, Level.MEDIUM, report.subject, report.body,
            person.name, person.email, company=customer.name, language=customer.language,
            intake={"affected": report.affected},
        )  # fmt: skip
        numbers.append(open_ticket(opening, None, now()).ticket.id)
    return numbers


def _written_down(outage: _Outage, numbers: list[int], agent: Actor) -> VendorIncident:
    """The agent sees that it is one thing: takes the tickets, writes the incident down, tells everybody."""
    began = now() - timedelta(minutes=35)
    draft = IncidentDraft(outage.number, Service.MICROSOFT365, outage.title, began)
    incident = crediting.save_incident(None, draft, agent, now())
    for number in numbers:
        _triage(number, agent, Kind.TECHNICAL, outage.topic)
        found = diagnosing.Findings(
            HealthResult.INCIDENT, f"Listed in the service health as {outage.number}.",
            "Signed in elsewhere and sent test mails: the same.", Boundary.VENDORS, BoundaryReason.LARGE_OUTAGE,
        )  # fmt: skip
        diagnosing.record_diagnosis(number, agent, found, now())
        outages.link(number, agent, incident.id, now())
    outages.tell_all(incident.id, agent, outage.first_en, outage.first_hu, f"demo-{outage.number}", now())
    return incident


def _triage(number: int, agent: Actor, kind: Kind, topic: str) -> None:
    ticket = db.session.get_one(Ticket, number)
    assigning.assign(number, agent, agent.id, now())
    if ticket.customer_id is None:
        named = sa.select(Customer.id).where(Customer.name == ticket.claimed_company)
        triaging.confirm_customer(number, agent, db.session.scalars(named).one(), now())
    topic_id = db.session.scalars(sa.select(Topic.id).where(Topic.kind == kind, Topic.name == topic)).one()
    chosen = triaging.Classification(kind, ticket.service, ticket.impact, ticket.urgency, topic_id)
    triaging.classify(number, agent, chosen, now())
    moving.move(number, agent, Trigger.START_DIAGNOSIS, now())


def _let_it_be_told() -> None:
    """The scheduler's part."""
    while outage_queries.is_to_spread():
        telling.spread_one(now())
    for number in outage_queries.due_to_tell(now()):
        telling.tell_one(number, now())


def _resolve(number: int, agent: Actor) -> None:
    moving.move(number, agent, Trigger.START_RESOLUTION, now())
    hungarian = db.session.get_one(Ticket, number).language == telling.HUNGARIAN
    note = "A Microsoft elhárította a hibát." if hungarian else "Microsoft has mended it."
    _end(number, agent, note, ResolutionCode.VENDOR_FIXED)


def _end(number: int, agent: Actor, note: str, code: ResolutionCode) -> None:
    moving.move(number, agent, Trigger.RESOLVE, now(), {"resolution_code": code.value, "note": note})


def _claim(incident_id: int, number: int, agent: Actor, progress: Callable[[int], object]) -> int:
    progress(1)
    return crediting.claim_by_new(incident_id, _customer_of(number), agent, now())


def _asked_by_the_customer(number: int) -> None:
    ticket = db.session.get_one(Ticket, number)
    words = {
        "en": "We ask for the credit. Everybody who uses mail was affected, at all our sites.",
        telling.HUNGARIAN: "Kérjük a jóváírást. Mindenki érintett volt, aki levelezik, minden telephelyünkön.",
    }
    conversation.contact_writes(number, ticket.contact, words.get(ticket.language, words["en"]), now())


def _track(
    incident_id: int, customer_id: int, agent: Actor, state: CreditState, cents: int | None = None, invoice: str = ""
) -> None:
    step = CreditStep(state, desk_day(now()), cents, invoice_reference=invoice)
    crediting.track(incident_id, customer_id, agent, step, now())


def _customer_of(number: int) -> int:
    customer_id = db.session.get_one(Ticket, number).customer_id
    assert customer_id is not None
    return customer_id


def _person_of(customer: Customer) -> Contact:
    people = sa.select(Contact).join(CustomerContact).where(CustomerContact.customer_id == customer.id)
    return db.session.scalars(people.order_by(Contact.id).limit(1)).one()
