"""Minutes of an outage with how they came about, and every step of a service credit to the invoice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.clock import Hand, now
from helpdesk.database import db, unit_of_work
from helpdesk.errors import Invalid
from helpdesk.escalations.outages import crediting as rules
from helpdesk.escalations.outages.crediting import CreditStep
from helpdesk.escalations.outages.editing import IncidentDraft, write_downtime
from helpdesk.escalations.outages.models import IncidentCreditStep
from helpdesk.tickets import affected, credit_queries, outage_queries
from helpdesk.tickets.actions import crediting, outages
from helpdesk.tickets.actions.opening import Opened
from helpdesk.tickets.credit_queries import Place
from tests.people import add_person, signed_in
from workflows.vocabulary import CreditState, Role, Service

from .conftest import Desk, browser_of
from .outage_world import (
    BEGAN,
    another_customer,
    credit,
    downtime,
    hit,
    incident,
    incident_id,
    linked,
    track,
)

__all__ = ["hit", "incident_id"]


GRANTED = {"state": "granted", "amount": "1 250,50"}

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
        ((now() - BEGAN - timedelta(hours=25), ended), "x", "began"),
        ((began, now() - BEGAN - timedelta(hours=25)), "x", "ended"),
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


def test_nobody_is_without_the_service_a_day_after_the_outage(
    hit: int, incident_id: int, desk: Desk, hand: Hand
) -> None:
    row = incident(incident_id)
    with unit_of_work():
        draft = IncidentDraft(row.number, row.service, row.title, row.started_at, now())
        crediting.save_incident(row, draft, desk.ana, now())
    assert desk.ana.id is not None
    over = now()
    hand.advance(26 * 3600)
    with pytest.raises(Invalid) as refused, unit_of_work():
        write_downtime(incident_id, desk.customer_id, None, over + timedelta(hours=25), "x", desk.ana.id, now())
    assert refused.value.field == "ended"
    assert "more than a day after the outage" in refused.value.sentence
    with unit_of_work():
        write_downtime(incident_id, desk.customer_id, None, over + timedelta(hours=23), "x", desk.ana.id, now())


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
    for far in ("0001-01-01T00:00:00+14:00,1", "9999-12-31T23:59:59-14:00,1"):
        assert Place.read(far) is None
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
    amounts = [{"amount": amount} for amount in ("much", "1.005", "-3", "NaN", "1e999999", "9e999990", "0", "9" * 40)]
    for wrong in (*amounts, {"amount": "5", "currency": "E1"}, {}):
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
    said = {"state": "not_claimed", "reason": "Too small"}
    assert max_.post(f"{here}/credit", data=said).status_code == 403, "it would end the deadline on Bill’s ticket"
    assert ["Nobody will ask" in browser.get(here).text for browser in (max_, bill)] == [False, True]
    assert bill.post(f"{here}/credit", data={"state": "requested"}).status_code == 303
    assert max_.post(f"{here}/credit", data={"state": "granted", "amount": "12"}).status_code == 303


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
