"""Service credits of an outage: minutes with their evidence, claims with their deadline, every step to the invoice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.accounts.models import Team
from helpdesk.clock import Hand, now
from helpdesk.customers.models import Customer, Subscription
from helpdesk.database import db, unit_of_work
from helpdesk.errors import Invalid
from helpdesk.escalations.money.models import MoneyDeadline
from helpdesk.escalations.outages import crediting as rules
from helpdesk.escalations.outages.crediting import CreditStep
from helpdesk.escalations.outages.editing import IncidentDraft, write_downtime
from helpdesk.escalations.outages.models import IncidentCredit, IncidentCreditStep, VendorIncident
from helpdesk.jobs import jobs
from helpdesk.notifications.models import Notification, OutboxMessage
from helpdesk.notifications.topics import NoticeTopic
from helpdesk.tickets import affected, claims, credit_queries, outage_queries
from helpdesk.tickets.actions import conversation, crediting, diagnosing, money, moving, outages, triaging
from helpdesk.tickets.actions.opening import Opened
from helpdesk.tickets.credit_queries import Place
from helpdesk.tickets.models import Message, Ticket
from tests.people import add_person, signed_in
from workflows.vocabulary import CreditState, HealthResult, Kind, MoneyState, Role, Service, Source, Trigger

from .conftest import Desk, browser_of

BEGAN = timedelta(minutes=90)
GRANTED = {"state": "granted", "amount": "1 250,50"}


@pytest.fixture
def incident_id(desk: Desk) -> int:
    with unit_of_work():
        draft = IncidentDraft("EX25194", Service.MICROSOFT365, "Mail is late", now() - BEGAN)
        return crediting.save_incident(None, draft, desk.ana, now()).id


@pytest.fixture
def hit(opened: Callable[..., Opened], desk: Desk, incident_id: int) -> int:
    """Alpina's ticket of the outage."""
    return linked(opened(contact_email="rita@alpina.example").ticket.id, desk, incident_id, desk.customer_id)


def linked(number: int, desk: Desk, incident_id: int, customer_id: int) -> int:
    with unit_of_work():
        triaging.confirm_customer(number, desk.ana, customer_id, now())
        outages.link(number, desk.ana, incident_id, now())
    return number


def another_customer(name: str) -> int:
    with unit_of_work() as session:
        row = Customer(name=name, search_name=name.lower(), created_at=now())
        session.add(row)
        session.flush()
        return row.id


def incident(incident_id: int) -> VendorIncident:
    return db.session.get_one(VendorIncident, incident_id, populate_existing=True)


def downtime(incident_id: int, customer_id: int) -> affected.Downtime:
    return affected.customer_hit(incident(incident_id), customer_id, now()).downtime


def drafts(incident_id: int, desk: Desk) -> list[claims.Draft]:
    found = incident(incident_id)
    return claims.drafts(found, affected.customer_hit(found, desk.customer_id, now()))


def track(incident_id: int, desk: Desk, state: CreditState, cents: int | None = None, **more: str) -> None:
    with unit_of_work():
        step = CreditStep(state, date(2026, 11, 24), cents, **more)
        crediting.track(incident_id, desk.customer_id, desk.ana, step, now())


def claim(incident_id: int, desk: Desk) -> int:
    with unit_of_work():
        return crediting.claim_by_new(incident_id, desk.customer_id, desk.ana, now())


def credit(incident_id: int) -> IncidentCredit:
    rows = sa.select(IncidentCredit).where(IncidentCredit.incident_id == incident_id)
    return db.session.scalars(rows.execution_options(populate_existing=True)).one()


def deadlines(number: int) -> list[MoneyState]:
    rows = sa.select(MoneyDeadline.state).where(MoneyDeadline.ticket_id == number)
    return list(db.session.scalars(rows.order_by(MoneyDeadline.id)))


# minutes ------------------------------------------------------------------------------------------------


def test_it_counts_from_what_microsoft_says_until_it_ends(hit: int, incident_id: int, desk: Desk, hand: Hand) -> None:
    hand.at += timedelta(minutes=10)
    found = downtime(incident_id, desk.customer_id)
    assert (found.minutes, found.first_id, found.is_earlier, found.ended_at) == (100, hit, False, None)
    with unit_of_work():
        row = incident(incident_id)
        ended = row.started_at + timedelta(minutes=95)
        draft = IncidentDraft(row.number, row.service, row.title, row.started_at, ended)
        crediting.save_incident(row, draft, desk.ana, now())
    assert downtime(incident_id, desk.customer_id).minutes == 95


@pytest.mark.parametrize(("hours", "minutes", "first"), [(3, 180, True), (30, 90, False)])
def test_a_ticket_that_came_before_microsoft_noticed_proves_more(
    opened: Callable[..., Opened], hand: Hand, desk: Desk, hours: int, minutes: int, first: bool
) -> None:
    """But one of the day before speaks of something else."""
    present = now()
    hand.at = present - timedelta(hours=hours)
    number = opened().ticket.id
    hand.at = present
    with unit_of_work():
        draft = IncidentDraft("MO1", Service.MICROSOFT365, "Sign-in fails", present - BEGAN)
        incident_id = crediting.save_incident(None, draft, desk.ana, present).id
    linked(number, desk, incident_id, desk.customer_id)
    found = downtime(incident_id, desk.customer_id)
    assert (found.minutes, found.is_earlier, found.first_id) == (minutes, first, number if first else None)


def test_people_say_with_a_reason_how_long_it_was(hit: int, incident_id: int, desk: Desk) -> None:
    began, ended = now() - timedelta(minutes=40), now() - timedelta(minutes=5)
    write = (incident_id, desk.customer_id)
    assert desk.ana.id is not None
    for moments, reason, field in (
        ((began, ended), " ", "reason"),
        ((ended, began), "x", "ended"),
        ((now() + timedelta(minutes=1), None), "x", "began"),
    ):
        with pytest.raises(Invalid) as refused, unit_of_work():
            write_downtime(*write, *moments, reason, desk.ana.id, now())
        assert refused.value.field == field
    with unit_of_work():
        write_downtime(*write, began, ended, "Their log says so", desk.ana.id, now())
    found = downtime(incident_id, desk.customer_id)
    assert found.written is not None
    assert (found.minutes, found.written.reason) == (35, "Their log says so")
    with unit_of_work():  # None: as it counts by itself
        write_downtime(*write, None, None, "The log was another day’s", desk.ana.id, now())
    assert downtime(incident_id, desk.customer_id).minutes == 90
    assert len(credit_queries.downtimes(*write)) == 2


def test_customers_are_counted_once_and_together(
    opened: Callable[..., Opened], hit: int, incident_id: int, desk: Desk
) -> None:
    linked(opened().ticket.id, desk, incident_id, desk.customer_id)
    other = another_customer("Borealis Energia Zrt.")
    linked(opened(contact_email="b@borealis.example").ticket.id, desk, incident_id, other)
    with unit_of_work():
        outages.link(opened(contact_email="guest@x.example").ticket.id, desk.ana, incident_id, now())
    rows = affected.customers_hit(incident(incident_id), now())
    assert [(row.customer.name[:6], row.tickets, row.downtime.minutes) for row in rows] == [
        ("Alpina", 2, 90),
        ("Boreal", 1, 90),
    ]
    assert affected.totals(incident(incident_id), now()) == affected.Totals(2, 180, 1)
    assert [row.customer.id for row in affected.customers_hit(incident(incident_id), now(), desk.customer_id)] == [
        other
    ]


# the request --------------------------------------------------------------------------------------------


def test_the_draft_holds_what_microsoft_asks_for_each_subscription(hit: int, incident_id: int, desk: Desk) -> None:
    with unit_of_work() as session:
        customer = session.get_one(Customer, desk.customer_id)
        customer.tenant_id, customer.domain = "5f0c1d2e-0000-4000-8000-000000000001", "alpina.example"
        for name, vendor_id in (("Microsoft 365 E3", "sub-1"), ("Teams Phone", None)):
            session.add(
                Subscription(customer_id=customer.id, name=name, service=Service.MICROSOFT365, vendor_id=vendor_id)
            )
        session.add(Subscription(customer_id=customer.id, name="Azure plan", service=Service.AZURE, vendor_id="sub-9"))
    with unit_of_work():
        found = diagnosing.Findings(HealthResult.INCIDENT, "", "Another profile", None, None)
        diagnosing.record_diagnosis(hit, desk.ana, found, now())
    number = claim(incident_id, desk)
    e3, phone = drafts(incident_id, desk)
    for line in (
        "Service credit request: incident EX25194, Alpina Logistics Kft.",
        "Outage: EX25194, Microsoft 365: Mail is late",
        "Tenant id: 5f0c1d2e-0000-4000-8000-000000000001",
        "Domain: alpina.example",
        "Subscription: Microsoft 365 E3, sub-1",
        "Bought through CSP: yes, from us as direct bill partner",
        "Began: 2026-11-24T11:42:00Z",
        "Ended: <not over yet>",
        f"Attempts to resolve: #{hit}: Another profile",
        f"Our tickets: #{hit}",
        "Mail that asks for support: 2026-11-24T13:12:00Z, rita@alpina.example",
        "Mail that asks for the credit: <from an address at alpina.example>",
        "Claim until: 2026-12-31T23:00:00Z",
    ):
        assert line in e3.text.splitlines(), line
    assert "Subscription: <id of Teams Phone>" in phone.text
    assert "Azure" not in e3.text + phone.text
    missing = {item.name for item in e3.missing}
    assert missing == {
        "Ended", "Duration", "Users and locations", "Evidence of impact", "Support request",
        "Mail that asks for the credit",
    }  # fmt: skip
    with unit_of_work():
        contact = db.session.get_one(Ticket, number).contact
        conversation.contact_writes(number, contact, "We ask for the credit: 40 people in Győr.", now())
    again = drafts(incident_id, desk)
    assert "Mail that asks for the credit: 2026-11-24T13:12:00Z, rita@alpina.example" in again[0].text


def test_mail_from_elsewhere_proves_nothing(opened: Callable[..., Opened], incident_id: int, desk: Desk) -> None:
    linked(opened(contact_email="rita@private.example").ticket.id, desk, incident_id, desk.customer_id)
    with unit_of_work() as session:
        session.get_one(Customer, desk.customer_id).domain = "alpina.example"
    (draft,) = drafts(incident_id, desk)
    assert "Mail that asks for support: <from an address at alpina.example>" in draft.text


# claiming -----------------------------------------------------------------------------------------------


def test_the_ticket_that_claims_gets_the_deadline_and_asks_for_the_mail(hit: int, incident_id: int, desk: Desk) -> None:
    number = claim(incident_id, desk)
    ticket = db.session.get_one(Ticket, number)
    assert (ticket.kind, ticket.source, ticket.customer_id) == (Kind.BILLING, Source.SYSTEM, desk.customer_id)
    assert ticket.money_due_at == datetime(2026, 12, 31, 23, tzinfo=UTC)
    asked = db.session.scalars(sa.select(Message.body).where(Message.ticket_id == number, Message.user_id.is_not(None)))
    assert "ask for the credit" in asked.one()
    assert credit(incident_id).state is CreditState.TO_REQUEST
    with pytest.raises(Invalid):
        claim(incident_id, desk)
    track(incident_id, desk, CreditState.REQUESTED)
    assert deadlines(number) == [MoneyState.MET]
    assert db.session.get_one(Ticket, number, populate_existing=True).money_due_at is None


def test_another_ticket_claims_once_the_first_has_ended(hit: int, incident_id: int, desk: Desk) -> None:
    first = claim(incident_id, desk)
    with unit_of_work():
        moving.move(first, desk.ana, Trigger.WITHDRAW, now(), {"reason": "no_longer_needed"})
    second = claim(incident_id, desk)
    assert credit(incident_id).ticket_id == second
    assert (deadlines(first), deadlines(second)) == ([MoneyState.LAPSED], [MoneyState.OPEN])


def test_the_ticket_that_claims_names_no_other_customer(
    opened: Callable[..., Opened], hit: int, incident_id: int, desk: Desk
) -> None:
    other = another_customer("Borealis Energia Zrt.")
    linked(opened(contact_email="b@borealis.example").ticket.id, desk, incident_id, other)
    with unit_of_work():
        row = incident(incident_id)
        draft = IncidentDraft(row.number, row.service, "Borealis Energia can’t sign in", row.started_at)
        crediting.save_incident(row, draft, desk.ana, now())
    with pytest.raises(Invalid) as refused:
        claim(incident_id, desk)
    assert "Borealis Energia Zrt." in refused.value.sentence
    with unit_of_work():
        assert crediting.claim_by_new(incident_id, other, desk.ana, now())


def test_only_an_open_billing_ticket_of_the_customer_claims(
    opened: Callable[..., Opened], hit: int, incident_id: int, desk: Desk
) -> None:
    strange = opened(kind=Kind.BILLING).ticket.id
    for number in (hit, strange, 9999):
        with pytest.raises(Invalid) as refused, unit_of_work():
            crediting.claim_by(incident_id, desk.customer_id, desk.ana, number, now())
        assert refused.value.field == "ticket"
    with unit_of_work():
        triaging.confirm_customer(strange, desk.ana, desk.customer_id, now())
        crediting.claim_by(incident_id, desk.customer_id, desk.ana, strange, now())
    assert deadlines(strange) == [MoneyState.OPEN]


def test_two_outages_of_a_month_share_the_deadline_until_both_are_asked_for(
    opened: Callable[..., Opened], hit: int, incident_id: int, desk: Desk
) -> None:
    number = claim(incident_id, desk)
    with unit_of_work():
        draft = IncidentDraft("EX2", Service.MICROSOFT365, "Again", now() - timedelta(minutes=5))
        second = crediting.save_incident(None, draft, desk.ana, now()).id
    linked(opened().ticket.id, desk, second, desk.customer_id)
    with unit_of_work():
        crediting.claim_by(second, desk.customer_id, desk.ana, number, now())
    track(incident_id, desk, CreditState.REQUESTED)
    assert deadlines(number) == [MoneyState.OPEN]
    track(second, desk, CreditState.NOT_CLAIMED, reason="Below the limit")
    assert deadlines(number) == [MoneyState.MET]


def test_what_is_said_at_the_deadline_is_said_of_the_credit(hit: int, incident_id: int, desk: Desk) -> None:
    number = claim(incident_id, desk)
    deadline_id = db.session.scalars(sa.select(MoneyDeadline.id).where(MoneyDeadline.ticket_id == number)).one()
    with unit_of_work():
        money.keep(number, deadline_id, desk.ana, now())
    assert (credit(incident_id).state, credit(incident_id).requested_on) == (
        CreditState.REQUESTED,
        date(2026, 11, 24),
    )
    with unit_of_work():  # a mistake: it is still to be asked for, and the days count again
        crediting.take_back(incident_id, desk.customer_id, desk.ana, "Wrong outage", now())
    assert deadlines(number) == [MoneyState.MET, MoneyState.OPEN]
    with unit_of_work():
        newest = db.session.scalars(sa.select(sa.func.max(MoneyDeadline.id))).one()
        money.waive(number, newest, desk.ana, "Too small", now())
    assert (credit(incident_id).state, credit(incident_id).reason) == (CreditState.NOT_CLAIMED, "Too small")


def test_a_beginning_that_is_corrected_moves_the_deadline(hit: int, incident_id: int, desk: Desk) -> None:
    number = claim(incident_id, desk)
    with unit_of_work():
        draft = IncidentDraft("EX25194", Service.MICROSOFT365, "Mail is late", datetime(2026, 10, 30, 8, tzinfo=UTC))
        crediting.save_incident(incident(incident_id), draft, desk.ana, now())
    due = datetime(2026, 11, 30, 23, tzinfo=UTC)
    assert incident(incident_id).claim_due_at == due
    rows = sa.select(MoneyDeadline).where(MoneyDeadline.ticket_id == number, MoneyDeadline.state == MoneyState.OPEN)
    assert db.session.scalars(rows.execution_options(populate_existing=True)).one().due_at == due


def test_a_merged_claim_goes_on_with_the_other_ticket(
    opened: Callable[..., Opened], hit: int, incident_id: int, desk: Desk
) -> None:
    number = claim(incident_id, desk)
    other = opened(kind=Kind.BILLING, contact_email="rita@alpina.example").ticket.id
    with unit_of_work():
        triaging.confirm_customer(other, desk.ana, desk.customer_id, now())
    with unit_of_work():
        moving.move(number, desk.ana, Trigger.MERGE, now(), {"target": str(other)})
    assert credit(incident_id).ticket_id == other
    track(incident_id, desk, CreditState.REQUESTED)
    assert deadlines(other) == [MoneyState.MET]


# nobody claims ------------------------------------------------------------------------------------------


@pytest.fixture
def lead(desk: Desk) -> None:
    with unit_of_work() as session:
        session.scalars(sa.select(Team).where(Team.is_default)).one().lead_id = desk.lea.id


def told(topic: NoticeTopic) -> list[str]:
    rows = sa.select(OutboxMessage.recipient).where(OutboxMessage.topic == topic)
    return sorted(db.session.scalars(rows))


def test_the_lead_is_warned_of_what_no_ticket_claims(
    app: Flask, hit: int, incident_id: int, desk: Desk, hand: Hand, lead: None
) -> None:
    """At half of the time and a day before its end, then that it was missed; each once, whatever runs how often."""
    both = sorted([str(desk.lea.id), "lea@desk.example"])
    for at, warned, missed in (
        (datetime(2026, 12, 15, tzinfo=UTC), [], []),
        (datetime(2026, 12, 17, tzinfo=UTC), both, []),
        (datetime(2026, 12, 31, tzinfo=UTC), both * 2, []),
        (datetime(2027, 1, 1, tzinfo=UTC), both * 2, both),
        (datetime(2027, 2, 1, tzinfo=UTC), both * 2, both),
    ):
        hand.at = at
        for _run in range(2):
            list(jobs.sweep_claims())
        assert told(NoticeTopic.CLAIM_WARNED) == sorted(warned), at
        assert told(NoticeTopic.CLAIM_MISSED) == sorted(missed), at
    list(jobs.deliver_outbox())
    line = db.session.scalars(sa.select(Notification).where(Notification.topic == NoticeTopic.CLAIM_MISSED)).one()
    gone = browser_of(app, desk.lea).get(f"/notifications/{line.id}")
    assert gone.headers["Location"] == f"/incidents/{incident_id}"


def test_nobody_is_warned_where_a_ticket_counts_or_all_is_decided(
    hit: int, incident_id: int, desk: Desk, hand: Hand, lead: None
) -> None:
    number = claim(incident_id, desk)
    hand.at = datetime(2026, 12, 17, tzinfo=UTC)
    list(jobs.sweep_claims())
    assert told(NoticeTopic.CLAIM_WARNED) == []
    with unit_of_work():  # the ticket ends, and its deadline with it: the incident takes over
        moving.move(number, desk.ana, Trigger.WITHDRAW, now(), {"reason": "no_longer_needed"})
    assert credit_queries.pending_claims(incident(incident_id)) == [desk.customer_id]
    track(incident_id, desk, CreditState.NOT_CLAIMED, reason="Below the limit")
    assert credit_queries.pending_claims(incident(incident_id)) == []
    hand.at = datetime(2027, 1, 1, tzinfo=UTC)
    list(jobs.sweep_claims())
    assert told(NoticeTopic.CLAIM_WARNED) == told(NoticeTopic.CLAIM_MISSED) == []


def test_an_incident_from_before_is_dated_by_the_scheduler(incident_id: int) -> None:
    with unit_of_work() as session:
        row = session.get_one(VendorIncident, incident_id)
        row.claim_begins_at = row.claim_due_at = None
        row.claim_fires_at = now()
    list(jobs.sweep_claims())
    assert incident(incident_id).claim_due_at == datetime(2026, 12, 31, 23, tzinfo=UTC)


# the credit ---------------------------------------------------------------------------------------------


def test_a_credit_is_tracked_until_it_is_passed_on(hit: int, incident_id: int, desk: Desk) -> None:
    with pytest.raises(Invalid):
        track(incident_id, desk, CreditState.PASSED_ON, invoice_reference="I-1")
    track(incident_id, desk, CreditState.REQUESTED)
    for state, field in ((CreditState.GRANTED, "amount"), (CreditState.REFUSED, "reason")):
        with pytest.raises(Invalid) as refused:
            track(incident_id, desk, state)
        assert refused.value.field == field
    track(incident_id, desk, CreditState.REFUSED, reason="Not in their record")
    track(incident_id, desk, CreditState.REQUESTED)
    track(incident_id, desk, CreditState.GRANTED, 12_50)
    assert credit_queries.sums_to_pass_on().to_pass_on == {"EUR": 1250}
    with pytest.raises(Invalid) as refused:
        track(incident_id, desk, CreditState.PASSED_ON)
    assert refused.value.field == "invoice"
    track(incident_id, desk, CreditState.PASSED_ON, invoice_reference="2026/118")
    assert credit_queries.sums_to_pass_on().to_pass_on == {}
    row = credit(incident_id)
    assert (row.amount_cents, row.currency, row.invoice_reference) == (1250, "EUR", "2026/118")
    said = [step.state for step, _who in credit_queries.steps(row)]
    passed_on, granted, requested = CreditState.PASSED_ON, CreditState.GRANTED, CreditState.REQUESTED
    assert said == [passed_on, granted, requested, CreditState.REFUSED, requested]


def test_a_step_that_was_a_mistake_is_taken_back_and_stays_written(hit: int, incident_id: int, desk: Desk) -> None:
    track(incident_id, desk, CreditState.REQUESTED)
    track(incident_id, desk, CreditState.GRANTED, 99)
    with pytest.raises(Invalid) as refused, unit_of_work():
        crediting.take_back(incident_id, desk.customer_id, desk.ana, " ", now())
    assert refused.value.field == "reason"
    with unit_of_work():
        crediting.take_back(incident_id, desk.customer_id, desk.ana, "A typing error", now())
    track(incident_id, desk, CreditState.GRANTED, 990)
    assert credit_queries.sums_of(incident_id).granted == {"EUR": 990}
    rows = sa.select(IncidentCreditStep.amount_cents, IncidentCreditStep.reason).order_by(IncidentCreditStep.id)
    assert [tuple(row) for row in db.session.execute(rows)] == [
        (None, ""), (99, ""), (None, "A typing error"), (990, ""),
    ]  # fmt: skip


def test_sums_are_right_in_every_currency(
    opened: Callable[..., Opened], hit: int, incident_id: int, desk: Desk
) -> None:
    states = (CreditState.REQUESTED, CreditState.GRANTED, CreditState.PASSED_ON)
    amounts = [(1010, "EUR", 3), (20, "EUR", 2), (5_000_00, "HUF", 2), (777, "EUR", 1)]
    for place, (cents, currency, far) in enumerate(amounts):
        customer_id = another_customer(f"Customer {place}")
        with unit_of_work():
            for state in states[:far]:
                step = CreditStep(state, date(2026, 11, 24), cents, currency, "", "I-1")
                rules.track_credit(incident_id, customer_id, step, desk.ana.id, now())
    sums = credit_queries.sums_of(incident_id)
    assert (sums.granted, sums.passed_on) == ({"EUR": 1030, "HUF": 500_000}, {"EUR": 1010})
    assert sums.to_pass_on == credit_queries.sums_to_pass_on().to_pass_on == {"EUR": 20, "HUF": 500_000}
    assert sums.counts == {CreditState.REQUESTED: 1, CreditState.GRANTED: 2, CreditState.PASSED_ON: 1}


def test_the_list_of_credits_is_paged_by_key(
    app: Flask, hit: int, incident_id: int, desk: Desk, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(credit_queries, "PAGE", 2)
    for place in range(5):
        if place % 2:
            hand.at += timedelta(hours=1)  # some at the same second, too
        customer_id = another_customer(f"Customer {place}")
        with unit_of_work():
            for state in (CreditState.REQUESTED, CreditState.GRANTED):
                step = CreditStep(state, date(2026, 11, 24), 100 + place)
                rules.track_credit(incident_id, customer_id, step, desk.ana.id, now())
    seen, after = [], None
    while True:
        found = credit_queries.credits(CreditState.GRANTED, after)
        seen += [row[0].amount_cents for row in found[:2]]
        if len(found) <= 2:
            break
        after = Place.read(str(Place(found[1][0].updated_at, found[1][0].id)))
    assert seen == [100, 101, 102, 103, 104]
    assert Place.read("yesterday,3") is Place.read("2026-11-24,3") is Place.read("") is None
    page = browser_of(app, desk.ana).get("/credits").text
    assert "Customer 1" in page
    assert "Customer 2" not in page
    assert "5.10 EUR" in page


def test_from_the_claim_to_the_invoice_by_the_pages(ana: FlaskClient, hit: int, incident_id: int, desk: Desk) -> None:
    here = f"/incidents/{incident_id}/customers/{desk.customer_id}"
    assert "Draft of the request" in ana.get(here).text
    assert ana.get(f"/incidents/{incident_id}/customers/999").status_code == 404
    assert ana.post(f"{here}/claim", data={"ticket": "none"}).status_code == 422
    assert ana.post(f"{here}/claim", data={"ticket": "new"}).status_code == 303
    number = credit(incident_id).ticket_id
    assert f'href="{here}">EX25194</a>' in ana.get(f"/tickets/{number}").text
    refused = ana.post(f"{here}/credit", data={"state": "not_claimed", "reason": ""})
    assert (refused.status_code, "Say why; the reason is kept." in refused.text) == (422, True)
    assert ana.post(f"{here}/credit", data={"state": "requested"}).status_code == 303
    for wrong in ({"amount": "much"}, {"amount": "1.005"}, {"amount": "-3"}, {"amount": "5", "currency": "E1"}, {}):
        assert ana.post(f"{here}/credit", data={"state": "granted", **wrong}).status_code == 422, wrong
    assert ana.post(f"{here}/credit", data=GRANTED).status_code == 303
    assert "1,250.50 EUR" in ana.get("/credits").text
    assert ana.post(f"{here}/credit", data={"state": "passed_on", "invoice": " "}).status_code == 422
    assert ana.post(f"{here}/credit", data={"state": "passed_on", "invoice": "2026/118"}).status_code == 303
    assert "1,250.50" not in ana.get("/credits").text
    assert "2026/118" in ana.get("/credits?state=passed_on").text
    assert ana.post(f"{here}/credit", data={"back": "1", "reason": "Wrong invoice"}).status_code == 303
    assert "1,250.50 EUR" in ana.get("/credits").text


def test_the_minutes_are_corrected_by_the_page(ana: FlaskClient, hit: int, incident_id: int, desk: Desk) -> None:
    here = f"/incidents/{incident_id}/customers/{desk.customer_id}"
    sent = {"began": "2026-11-24T13:00", "ended": "", "reason": ""}
    refused = ana.post(f"{here}/downtime", data=sent)
    assert (refused.status_code, 'value="2026-11-24T13:00"' in refused.text) == (422, True)
    assert ana.post(f"{here}/downtime", data=sent | {"reason": "Their router log"}).status_code == 303
    page = ana.get(here).text
    assert "72 minutes" in page
    assert "Their router log" in page
    assert ana.post(f"{here}/downtime", data={"back": "1", "reason": "Another site"}).status_code == 303
    assert "90 minutes" in ana.get(here).text


def test_the_billing_admin_tracks_credits_and_the_manager_claims_by_no_ticket(
    app: Flask, hit: int, incident_id: int, desk: Desk
) -> None:
    here = f"/incidents/{incident_id}/customers/{desk.customer_id}"
    bill = signed_in(app, add_person("Bill", Role.BILLING_ADMIN))
    assert bill.post("/incidents/new").status_code == 403
    assert bill.post(f"{here}/claim", data={"ticket": "new"}).status_code == 303
    max_ = browser_of(app, desk.max)
    assert max_.post(f"{here}/claim", data={"ticket": "new"}).status_code == 403
    assert max_.post(f"{here}/credit", data={"state": "requested"}).status_code == 303


def test_an_indirect_reseller_is_sent_to_its_provider(
    app: Flask, ana: FlaskClient, hit: int, incident_id: int, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "PARTNER_KIND", "indirect_reseller")
    monkeypatch.setitem(app.config, "INDIRECT_PROVIDER", "Cloud Wholesale")
    page = ana.get(f"/incidents/{incident_id}/customers/{desk.customer_id}").text
    assert "hand the request to our indirect provider" in page
    assert "yes, through Cloud Wholesale" in page


def test_lists_of_incidents_are_paged_by_key(
    ana: FlaskClient, desk: Desk, hit: int, incident_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outage_queries, "PAGE", 2)
    for place in range(3):
        with unit_of_work():
            ended = now() if place % 2 else None
            draft = IncidentDraft(f"EX{place}", Service.AZURE, "Slow", now() - BEGAN, ended)
            crediting.save_incident(None, draft, desk.ana, now())
    first = ana.get("/incidents").text
    assert "EX2<" in first
    assert "EX0<" not in first
    older = first.split('rel="next"')[0].rsplit('href="', 1)[1].rstrip('" ')
    assert "EX0<" in ana.get(older).text
    over = ana.get("/incidents?show=over").text
    assert "EX1<" in over
    assert "EX2<" not in over
