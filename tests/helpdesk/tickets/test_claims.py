"""Claiming service credits: the evidence, the ticket with its deadline, and the lead who is told where none counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from helpdesk.accounts.models import Team
from helpdesk.clock import Hand, now
from helpdesk.customers.models import Customer, Subscription
from helpdesk.database import db, is_sqlite, unit_of_work
from helpdesk.errors import Conflict, Forbidden, Invalid
from helpdesk.escalations.money.models import MoneyDeadline, MoneyWindow
from helpdesk.escalations.outages import editing
from helpdesk.escalations.outages.editing import IncidentDraft
from helpdesk.escalations.outages.models import IncidentCredit, VendorIncident
from helpdesk.jobs import jobs
from helpdesk.notifications.models import Notification, OutboxMessage
from helpdesk.notifications.topics import NoticeTopic
from helpdesk.tickets import credit_queries
from helpdesk.tickets.actions import conversation, crediting, diagnosing, money, moving, triaging
from helpdesk.tickets.actions.opening import Opened
from helpdesk.tickets.change import particulars_of
from helpdesk.tickets.models import Attachment, Message, Ticket, TicketEvent
from helpdesk.tickets.sentence_words import Happened, Names
from helpdesk.tickets.sentences import sentence
from workflows.vocabulary import CreditState, EventKind, HealthResult, Kind, MoneyState, Service, Source, Trigger

from .conftest import Desk, browser_of
from .outage_world import (
    another_customer,
    claim,
    credit,
    deadlines,
    drafts,
    hit,
    incident,
    incident_id,
    linked,
    track,
)

__all__ = ["hit", "incident_id"]


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


def test_only_files_that_go_out_are_named_as_attached(app: Flask, hit: int, incident_id: int, desk: Desk) -> None:
    ana = browser_of(app, desk.ana)
    form = {"body": "Two logs.", "attachments": [(BytesIO(b"all well"), "a.log"), (BytesIO(b"a@b.example"), "b.log")]}
    assert ana.post(f"/tickets/{hit}/notes", data=form, content_type="multipart/form-data").status_code == 303
    assert "attached:" not in drafts(incident_id, desk)[0].text
    ana.post(f"/tickets/{hit}/pack/files")
    assert "Evidence of impact: attached: a.log" in drafts(incident_id, desk)[0].text
    number = db.session.scalars(sa.select(Attachment.id).where(Attachment.file_name == "b.log")).one()
    ana.post(f"/tickets/{hit}/pack/files/{number}", data={"act": "redacted"})
    assert "attached: a.log, b.redacted.log" in drafts(incident_id, desk)[0].text


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
    assert f"took over the claim for Microsoft’s incident EX25194 from #{first}" in said(second)
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


@pytest.mark.parametrize("name", ["ana", "max"])
def test_a_beginning_that_is_corrected_moves_the_deadline(hit: int, incident_id: int, desk: Desk, name: str) -> None:
    """Also when a manager corrects it, who may date an outage and change no ticket by hand."""
    number = claim(incident_id, desk)
    with unit_of_work():
        draft = IncidentDraft("EX25194", Service.MICROSOFT365, "Mail is late", datetime(2026, 10, 30, 8, tzinfo=UTC))
        crediting.save_incident(incident(incident_id), draft, getattr(desk, name), now())
    due = datetime(2026, 11, 30, 23, tzinfo=UTC)
    assert incident(incident_id).claim_due_at == due
    rows = sa.select(MoneyDeadline).where(MoneyDeadline.ticket_id == number, MoneyDeadline.state == MoneyState.OPEN)
    assert db.session.scalars(rows.execution_options(populate_existing=True)).one().due_at == due


@pytest.mark.parametrize("has_window", [True, False])
def test_who_claims_without_a_deadline_has_it_in_the_history(
    opened: Callable[..., Opened], hit: int, incident_id: int, desk: Desk, hand: Hand, has_window: bool
) -> None:
    """The vendor's window is over, or there is none for the service."""
    if not has_window:
        with unit_of_work() as session:
            session.execute(sa.delete(MoneyWindow))
    hand.at = datetime(2027, 2, 1, tzinfo=UTC)
    number = billing_ticket(opened, desk)
    with unit_of_work():
        crediting.claim_by(incident_id, desk.customer_id, desk.ana, number, now())
    assert deadlines(number) == []
    assert said(number)[-1] == "claims the credit for Microsoft’s incident EX25194 by it"
    before = said(number)
    with unit_of_work():
        crediting.claim_by(incident_id, desk.customer_id, desk.ana, number, now())
    assert said(number) == before


def billing_ticket(opened: Callable[..., Opened], desk: Desk) -> int:
    number = opened(kind=Kind.BILLING, contact_email="rita@alpina.example").ticket.id
    with unit_of_work():
        triaging.confirm_customer(number, desk.ana, desk.customer_id, now())
    return number


def said(number: int) -> list[str]:
    """What the timeline says of outages, the earliest first."""
    what = (EventKind.INCIDENT_LINKED, EventKind.INCIDENT_UNLINKED)
    rows = sa.select(TicketEvent).where(TicketEvent.ticket_id == number, TicketEvent.what.in_(what))
    events = db.session.scalars(rows.order_by(TicketEvent.seq)).all()
    nobody = Names({}, {}, {})
    return [sentence(Happened(row.seq, row.at, row.actor, row.what, particulars_of(row)), nobody) for row in events]


def test_whoever_may_not_end_a_deadline_ends_none_by_the_credit(hit: int, incident_id: int, desk: Desk) -> None:
    """A manager writes down what became of a credit, but changes no ticket."""
    number, by_max = claim(incident_id, desk), replace(desk, ana=desk.max)
    for state, more in ((CreditState.REQUESTED, {}), (CreditState.NOT_CLAIMED, {"reason": "Too small"})):
        with pytest.raises(Forbidden):
            track(incident_id, by_max, state, **more)
    assert (deadlines(number), credit(incident_id).state) == ([MoneyState.OPEN], CreditState.TO_REQUEST)
    track(incident_id, desk, CreditState.REQUESTED)
    with pytest.raises(Forbidden), unit_of_work():
        crediting.take_back(incident_id, desk.customer_id, desk.max, "Wrong outage", now())
    assert (deadlines(number), credit(incident_id).state) == ([MoneyState.MET], CreditState.REQUESTED)
    track(incident_id, by_max, CreditState.GRANTED, 1200)
    assert credit(incident_id).state is CreditState.GRANTED


def begin_earlier(incident_id: int, desk: Desk) -> None:
    with unit_of_work():
        draft = IncidentDraft("EX25194", Service.MICROSOFT365, "Mail is late", datetime(2026, 10, 30, 8, tzinfo=UTC))
        crediting.save_incident(incident(incident_id), draft, desk.ana, now())


def test_an_incident_is_written_once_its_claims_are_ours(
    hit: int, incident_id: int, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other way round it would wait for whoever keeps such a claim, and they for the incident."""
    if is_sqlite():
        pytest.skip("SQLite has one writer at a time")
    number, save, is_free = claim(incident_id, desk), editing.save_incident, []
    db.session.rollback()

    def watched(*args: Any) -> VendorIncident:
        with db.engine.connect() as other:
            rows = sa.select(Ticket.id).where(Ticket.id == number).with_for_update(skip_locked=True)
            is_free.append(other.scalar(rows) is not None)
        return save(*args)

    monkeypatch.setattr(editing, "save_incident", watched)
    begin_earlier(incident_id, desk)
    assert is_free == [False]


@pytest.fixture
def late_claim(hit: int, incident_id: int, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> int:
    """A ticket that begins to claim while a correction waits for those that claimed before."""
    number, claim_tickets, asked = claim(incident_id, desk), crediting._claim_tickets, list[int]()
    db.session.rollback()

    def too_early(incident: int) -> list[int]:
        asked.append(incident)
        return claim_tickets(incident) if len(asked) > 1 else []

    monkeypatch.setattr(crediting, "_claim_tickets", too_early)
    return number


def test_a_ticket_that_begins_to_claim_amid_a_correction_is_told_too(
    late_claim: int, incident_id: int, desk: Desk
) -> None:
    begin_earlier(incident_id, desk)
    db.session.expire_all()
    assert db.session.get_one(Ticket, late_claim).money_due_at == datetime(2026, 11, 30, 23, tzinfo=UTC)


def test_a_correction_waits_for_no_ticket_once_the_incident_is_ours(
    late_claim: int, incident_id: int, desk: Desk
) -> None:
    if is_sqlite():
        pytest.skip("SQLite has one writer at a time")
    with db.engine.connect() as other:
        other.execute(sa.select(Ticket.id).where(Ticket.id == late_claim).with_for_update())
        with pytest.raises(Conflict):
            begin_earlier(incident_id, desk)


def test_a_step_is_refused_where_another_ticket_claims_by_then(
    opened: Callable[..., Opened], hit: int, incident_id: int, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would end the deadline of the ticket that claimed when the page was asked for."""
    number, other, changing = claim(incident_id, desk), billing_ticket(opened, desk), crediting.changing

    def late(*args: Any) -> Any:
        db.session.execute(sa.update(IncidentCredit).values(ticket_id=other))
        return changing(*args)

    monkeypatch.setattr(crediting, "changing", late)
    with pytest.raises(Conflict):
        track(incident_id, desk, CreditState.REQUESTED)
    assert deadlines(number) == [MoneyState.OPEN]


def test_a_merged_claim_goes_on_with_the_other_ticket(
    opened: Callable[..., Opened], hit: int, incident_id: int, desk: Desk
) -> None:
    number = claim(incident_id, desk)
    other = billing_ticket(opened, desk)
    with unit_of_work():
        moving.move(number, desk.ana, Trigger.MERGE, now(), {"target": str(other)})
    assert credit(incident_id).ticket_id == other
    assert said(number)[-1] == f"handed the claim for Microsoft’s incident EX25194 to #{other}"
    assert said(other)[-1] == f"took over the claim for Microsoft’s incident EX25194 from #{number}"
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
