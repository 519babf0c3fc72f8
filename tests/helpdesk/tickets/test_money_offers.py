"""Windows that the desk can date itself: of the subscription, the vendor's own word, an outage. Nobody types them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.clock import Hand, now
from helpdesk.customers.models import Customer, Subscription
from helpdesk.database import db, unit_of_work
from helpdesk.escalations.money.models import MoneyDeadline
from helpdesk.escalations.outages.models import IncidentTicket, VendorIncident
from helpdesk.escalations.partner_center import vault
from helpdesk.tickets import money_lines, money_offers
from helpdesk.tickets.actions import moving, triaging
from helpdesk.tickets.actions.opening import Opened
from helpdesk.tickets.models import Ticket
from tests.fakes.partner_center import VendorServer, settings, vendor
from workflows.vocabulary import Service, Trigger

from .conftest import Desk
from .test_money import HOURS, WEEK, billing, window

__all__ = ["billing", "vendor"]

YEARLY = "Marketplace, yearly term: cancel"
PERPETUAL, TWICE = "Perpetual software: return", "Duplicate order: refund"
TENANT = "5f0c1d2e-0000-4000-8000-000000000001"
TODAY = date(2026, 11, 24)


@pytest.fixture
def owned(billing: int, desk: Desk) -> Callable[..., int]:
    """Say what the billing ticket is about: a subscription with these dates."""

    def own(**dates: Any) -> int:
        with unit_of_work() as session:
            triaging.confirm_customer(billing, desk.ana, desk.customer_id, now())
            bought = Subscription(customer_id=desk.customer_id, name="E3", service=Service.MICROSOFT365, **dates)
            session.add(bought)
            session.flush()
            triaging.change_facts(billing, desk.ana, "Too many seats", bought.id, now())
        return billing

    return own


def offered(number: int) -> dict[str, tuple[datetime, str]]:
    """{window: its end, on whose word}."""
    db.session.rollback()
    ticket = db.session.get_one(Ticket, number, populate_existing=True)
    offers = money_offers.offers_for(ticket, money_lines.deadlines_of(number), now())
    return {offer.window.name: (offer.runs.ends_at, offer.basis) for offer in offers}


def midnight(day: date) -> datetime:
    """The beginning of a day in Budapest, in winter."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=1)


def test_a_purchase_opens_every_window_that_still_runs(owned: Callable[..., int]) -> None:
    bought = TODAY - timedelta(days=3)
    found = offered(owned(bought_on=bought))
    assert {name: end for name, (end, _basis) in found.items()} == {
        WEEK: midnight(bought + timedelta(days=7)),
        YEARLY: midnight(bought + timedelta(days=14)),
        PERPETUAL: midnight(bought + timedelta(days=30)),
        TWICE: datetime(2027, 3, 20, 23, tzinfo=UTC),
    }
    assert list(found) == [WEEK, YEARLY, PERPETUAL, TWICE]  # the next to end first
    assert {basis for _end, basis in found.values()} == {"bought on 21 Nov 2026"}


def test_a_renewal_opens_what_may_be_cancelled_but_no_refund_of_the_purchase(owned: Callable[..., int]) -> None:
    found = offered(owned(bought_on=date(2024, 11, 24), renewed_on=TODAY))
    assert set(found) == {HOURS, WEEK, YEARLY}
    assert found[WEEK] == (midnight(TODAY + timedelta(days=7)), "renewed on 24 Nov 2026")


@pytest.mark.parametrize(("ended", "is_offered"), [(TODAY, False), (TODAY - timedelta(days=1), True)])
def test_a_term_that_ended_was_renewed_the_day_after(owned: Callable[..., int], ended: date, is_offered: bool) -> None:
    found = offered(owned(bought_on=date(2024, 11, 24), ends_on=ended))
    assert (WEEK in found) is is_offered
    assert not is_offered or found[WEEK][0] == midnight(ended + timedelta(days=8))


def test_the_vendors_own_date_stands_above_the_figures(owned: Callable[..., int], ana: FlaskClient) -> None:
    until = datetime(2026, 11, 28, 9, 30, 10, tzinfo=UTC)
    number = owned(bought_on=date(2026, 1, 1), renewed_on=TODAY - timedelta(days=3), cancellable_until=until)
    assert offered(number)[WEEK] == (until, "Microsoft’s own date")
    assert HOURS not in offered(number)
    assert ana.post(f"/tickets/{number}/money/offers", data={"window": window(WEEK)}).status_code == 303
    row = db.session.scalars(sa.select(MoneyDeadline)).one()
    assert (row.due_at, row.next_fire_at) == (until, row.begins_at + (until - row.begins_at) / 2)
    assert WEEK not in offered(number)


def test_nothing_is_offered_of_what_nobody_knows_or_what_has_ended(
    owned: Callable[..., int], desk: Desk, hand: Hand
) -> None:
    number = owned()
    assert offered(number) == {}
    with unit_of_work() as session:
        session.execute(sa.update(Subscription).values(bought_on=TODAY))
    assert WEEK in offered(number)
    hand.advance(timedelta(days=7).total_seconds())
    assert WEEK not in offered(number)
    with unit_of_work():
        moving.move(number, desk.ana, Trigger.WITHDRAW, now(), {"reason": "no_longer_needed"})
    assert offered(number) == {}


def test_the_page_offers_and_one_button_puts_it_on(owned: Callable[..., int], ana: FlaskClient) -> None:
    number = owned(bought_on=TODAY)
    here = f"/tickets/{number}/money"
    assert "bought on 24 Nov 2026" in ana.get(here).text
    assert ana.post(f"{here}/offers", data={"window": window(WEEK)}).status_code == 303
    row = db.session.scalars(sa.select(MoneyDeadline)).one()
    assert (row.name, row.begins_at) == (WEEK, midnight(TODAY))
    again = ana.post(f"{here}/offers", data={"window": window(WEEK)})
    assert again.status_code == 422
    assert "not on offer any more" in again.text
    assert ana.post(f"{here}/offers", data={"window": "999"}).status_code == 422


def test_a_credit_counts_from_the_outage_that_the_ticket_is_linked_to(opened: Callable[..., Opened]) -> None:
    number = opened().ticket.id
    with unit_of_work() as session:
        incident = VendorIncident(number="EX25194", service=Service.MICROSOFT365, title="Mail", created_at=now())
        incident.started_at = datetime(2026, 10, 31, 12, tzinfo=UTC)
        session.add(incident)
        session.flush()
        session.add(IncidentTicket(ticket_id=number, incident_id=incident.id, linked_at=now()))
    (claim,) = offered(number).values()
    assert claim == (midnight(date(2026, 12, 1)), "outage EX25194")


# asked of Partner Center -------------------------------------------------------------------------------------


@pytest.fixture
def connected(app: Flask, vendor: VendorServer) -> VendorServer:
    app.config |= settings(vendor)
    with unit_of_work():
        vault.connect(vendor.world.consent(), app.config, now())
    return vendor


def test_one_button_reads_what_was_bought_and_when(
    connected: VendorServer, owned: Callable[..., int], ana: FlaskClient, desk: Desk
) -> None:
    number = owned(vendor_id="SUB-1", seats=3)
    connected.world.add_customer("Alpina", "alpina.example", TENANT)
    connected.world.add_subscription(
        TENANT, "Microsoft 365 E3", 25, id="sub-1", creationDate="2024-11-20T09:30:11.51Z",
        commitmentEndDate="2027-11-19T00:00:00Z", cancellationAllowedUntilDate="2026-11-27T09:30:11.51Z",
    )  # fmt: skip
    connected.world.add_subscription(TENANT, "Azure plan", 1, id="sub-2", commitmentEndDate="0001-01-01T00:00:00")
    connected.world.add_subscription(TENANT, "Power BI Pro", 1, id="sub-3", status="deleted")
    here = f"/tickets/{number}/money"
    assert "Read from Partner Center" not in ana.get(here).text  # nobody knows the tenant
    with unit_of_work() as session:
        session.get_one(Customer, desk.customer_id).tenant_id = TENANT
    assert "Read from Partner Center" in ana.get(here).text
    assert "Read: 2 subscriptions." in ana.post(f"{here}/purchases", follow_redirects=True).text

    db.session.expire_all()
    own, azure = db.session.scalars(sa.select(Subscription).order_by(Subscription.id))
    assert (own.name, own.seats, own.bought_on, own.renewed_on, own.ends_on) == (
        "E3", 25, date(2024, 11, 20), date(2026, 11, 20), date(2027, 11, 19),
    )  # fmt: skip
    assert own.cancellable_until == datetime(2026, 11, 27, 9, 30, 11, tzinfo=UTC)
    assert (azure.vendor_id, azure.service, azure.renewed_on, azure.ends_on) == ("sub-2", Service.AZURE, None, None)
    assert offered(number)[WEEK][0] == own.cancellable_until
    ana.post(f"{here}/purchases")
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Subscription)) == 2


def test_a_vendor_that_refuses_changes_nothing_and_says_why(
    connected: VendorServer, owned: Callable[..., int], ana: FlaskClient, desk: Desk
) -> None:
    number = owned(vendor_id="sub-1", bought_on=TODAY)
    with unit_of_work() as session:
        session.get_one(Customer, desk.customer_id).tenant_id = TENANT
    page = ana.post(f"/tickets/{number}/money/purchases", follow_redirects=True)
    assert "Partner Center answered 404 (60003): There is no such tenant." in page.text
    db.session.expire_all()
    assert db.session.scalars(sa.select(Subscription.bought_on)).one() == TODAY


def test_without_a_connection_nobody_is_asked(owned: Callable[..., int], ana: FlaskClient) -> None:
    assert ana.post(f"/tickets/{owned()}/money/purchases").status_code == 422
