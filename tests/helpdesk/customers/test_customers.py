"""Customers: found by the beginning of their name, page by page; what is refused; the people in them."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.clock import Hand, now
from helpdesk.customers import actions, queries
from helpdesk.customers.actions import CustomerDraft
from helpdesk.customers.models import Contact, Customer, SupportPlan
from helpdesk.customers.names import fold
from helpdesk.database import db, unit_of_work
from tests.people import add_person, signed_in
from workflows.vocabulary import Role, Service

TENANT = "1a2b3c4d-1111-2222-3333-444455556666"


@pytest.fixture
def sam(app: Flask, hand: Hand) -> FlaskClient:
    """Sam the sales agent at his browser."""
    return signed_in(app, add_person("Sam", Role.SALES_AGENT))


def add(*names: str) -> list[int]:
    with unit_of_work():
        return [actions.add_customer(CustomerDraft(name), now()).id for name in names]


def found(prefix: str) -> list[str]:
    return [customer.name for customer in queries.customers_page(prefix).customers]


def stored(customer_id: int) -> Customer:
    db.session.expire_all()
    return db.session.get_one(Customer, customer_id)


# finding ----------------------------------------------------------------------------------------------


def test_case_and_accents_do_not_matter(app: Flask, hand: Hand) -> None:
    add("Győri Gépgyár", "Gyöngyös Kft.", "Éva Bakery", "evangelist", "100% Natural", "100_Days", "Zed")
    assert found("GYO") == ["Gyöngyös Kft.", "Győri Gépgyár"]
    assert found("eva") == ["Éva Bakery", "evangelist"]
    assert found("Győri  ".strip()) == ["Győri Gépgyár"]
    assert found("100%") == ["100% Natural"]
    assert found("100_") == ["100_Days"]
    assert found("bakery") == []
    assert len(found("")) == 7


def test_folding() -> None:
    assert fold(" ÁRVÍZTŰRŐ Straße ") == "arvizturo strasse"


def test_pages_hold_everybody_once(app: Flask, hand: Hand) -> None:
    names = [f"Customer {number % 4}" + "x" * number for number in range(23)]
    add(*names)
    seen: list[str] = []
    after: int | None = None
    while True:
        page = queries.customers_page(after=after, limit=5)
        seen += [customer.name for customer in page.customers]
        after = page.next_after
        if after is None:
            break
    assert seen == sorted(names, key=fold)


def test_a_full_last_page_leads_nowhere(app: Flask, hand: Hand) -> None:
    add("a", "b", "c", "d")
    first = queries.customers_page(limit=2)
    assert first.next_after is not None
    assert queries.customers_page(after=first.next_after, limit=2).next_after is None


def test_the_search_uses_its_index(app: Flask, hand: Hand) -> None:
    if db.engine.dialect.name != "sqlite":
        pytest.skip("a small table is read whole on PostgreSQL, whatever its indexes")
    statements: list[tuple[str, object]] = []

    def keep(_c: object, _k: object, text: str, values: object, *_rest: object) -> None:
        statements.append((text, values))

    sa.event.listen(db.engine, "before_cursor_execute", keep)
    queries.customers_page("gy")
    text, values = statements[-1]
    plan = db.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values).all()
    assert any("ix_customer_search_name" in row[3] for row in plan)
    assert not any("TEMP B-TREE" in row[3] for row in plan)


# changing ---------------------------------------------------------------------------------------------


def test_a_customer_is_added_and_edited(sam: FlaskClient) -> None:
    fields = {
        "name": "Győri Gépgyár Zrt.",
        "domain": "https://www.GyoriGep.example/",
        "tenant_id": TENANT.upper(),
        "language": "hu",
    }
    fields |= {
        "language": "hu",
        "timezone": "Europe/Budapest",
        "country": "hu",
        "support_plan_id": "",
        "is_active": "y",
    }
    address = sam.post("/customers/new", data=fields).location
    customer = stored(int(address.rsplit("/", 1)[1]))
    assert (customer.search_name, customer.domain) == ("gyori gepgyar zrt.", "gyorigep.example")
    assert (customer.tenant_id, customer.country, customer.is_active) == (TENANT, "HU", True)
    assert sam.post(f"{address}/edit", data=fields | {"name": "Rába"}).status_code == 303
    assert (stored(customer.id).search_name, stored(customer.id).is_active) == ("raba", True)
    without_tick = {key: value for key, value in fields.items() if key != "is_active"}
    sam.post(f"{address}/edit", data=without_tick)
    assert not stored(customer.id).is_active


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("name", "", "This is needed."),
        ("name", "Alpina", "This name is taken."),
        ("tenant_id", "contoso", "A tenant id looks like"),
        ("tenant_id", TENANT, "Another customer has this tenant id."),
        ("domain", "contoso", "A domain looks like contoso.com."),
        ("country", "HUN", "Two letters"),
        ("timezone", "Mars/Olympus", "Choose one of the list"),
        ("support_plan_id", "99", "Choose one of the list"),
    ],
)
def test_errors_stand_at_the_field(sam: FlaskClient, field: str, typed: str, sentence: str) -> None:
    with unit_of_work():
        actions.add_customer(CustomerDraft("Alpina", tenant_id=TENANT), now())
    fields = {"name": "New", "country": "HU", "language": "en", "timezone": "Europe/Budapest", "support_plan_id": ""}
    page = sam.post("/customers/new", data=fields | {"domain": "kept.example", field: typed})
    assert page.status_code == 422
    assert sentence in (re.search(rf'id="{field}-error">.*?</p>', page.text, re.DOTALL) or [""])[0]
    if field != "domain":
        assert 'value="kept.example"' in page.text


def test_one_person_may_write_for_several_customers(sam: FlaskClient) -> None:
    alpina, bakony = add("Alpina", "Bakony")
    rita = {"email": "Rita@Alpina.example", "name": "Rita", "phone": "+36 1 555 0100", "language": "hu"}
    for customer_id in (alpina, bakony, alpina):
        assert sam.post(f"/customers/{customer_id}/contacts/new", data=rita).status_code == 303
    contact = db.session.scalars(sa.select(Contact)).one()
    assert (contact.email, [each.name for each in contact.customers]) == ("rita@alpina.example", ["Alpina", "Bakony"])
    sam.post(f"/customers/{alpina}/contacts/{contact.id}", data={"name": "Fehér Rita", "phone": "", "language": "en"})
    sam.post(f"/customers/{bakony}/contacts/{contact.id}/removal")
    db.session.expire_all()
    assert (contact.name, contact.phone, [each.name for each in contact.customers]) == ("Fehér Rita", None, ["Alpina"])


def test_a_contact_is_found_only_through_their_customer(sam: FlaskClient) -> None:
    alpina, bakony = add("Alpina", "Bakony")
    with unit_of_work():
        contact = actions.add_contact(queries.customer(alpina), "rita@alpina.example", "Rita", "hu", now())
        bought = actions.add_subscription(queries.customer(alpina), actions.SubscriptionDraft("Azure", Service.AZURE))
    for path in (f"contacts/{contact.id}", f"subscriptions/{bought.id}"):
        assert sam.get(f"/customers/{alpina}/{path}").status_code == 200
        assert sam.get(f"/customers/{bakony}/{path}").status_code == 404
    assert sam.post(f"/customers/{bakony}/contacts/{contact.id}/removal").status_code == 404


def test_subscriptions(sam: FlaskClient) -> None:
    (alpina,) = add("Alpina")
    bought = {
        "name": "Business Premium",
        "service": "microsoft365",
        "vendor_id": "",
        "seats": "40",
        "ends_on": "2027-06-30",
    }
    assert sam.post(f"/customers/{alpina}/subscriptions/new", data=bought).status_code == 303
    assert sam.post(f"/customers/{alpina}/subscriptions/new", data=bought | {"seats": "0"}).status_code == 422
    page = sam.get(f"/customers/{alpina}").text
    assert "40 seats" in page
    assert "until 30 Jun 2027" in page


def test_a_subscription_knows_when_it_was_bought_and_renewed(sam: FlaskClient) -> None:
    (alpina,) = add("Alpina")
    bought = {"name": "Business Premium", "service": "microsoft365", "bought_on": "2025-07-01", "ends_on": "2027-06-30"}
    new = f"/customers/{alpina}/subscriptions/new"
    early, late = (
        sam.post(new, data=bought | {"renewed_on": "2025-06-30"}),
        sam.post(new, data=bought | {"renewed_on": "2027-07-01"}),
    )
    assert (early.status_code, late.status_code) == (422, 422)
    assert "It was bought after that." in early.text
    assert "It ends before it starts." in late.text
    assert sam.post(new, data=bought | {"renewed_on": "2026-07-01"}).status_code == 303
    assert "renewed on 1 Jul 2026" in sam.get(f"/customers/{alpina}").text


def test_what_the_vendor_said_of_a_term_ends_with_it(app: Flask, hand: Hand) -> None:
    (alpina,) = add("Alpina")
    with unit_of_work():
        draft = actions.SubscriptionDraft("Premium", Service.MICROSOFT365, bought_on=date(2026, 11, 20))
        own = actions.add_subscription(queries.customer(alpina), draft)
        own.cancellable_until = now()
        actions.edit_subscription(own, replace(draft, seats=5))
        assert own.cancellable_until == now()
        actions.edit_subscription(own, replace(draft, renewed_on=date(2026, 11, 23)))
        assert own.cancellable_until is None


def test_an_agent_reads_and_is_offered_no_change(app: Flask, hand: Hand) -> None:
    (alpina,) = add("Alpina")
    ana = signed_in(app, add_person("Ana", Role.AGENT))
    for address in ("/customers", f"/customers/{alpina}"):
        page = ana.get(address)
        assert page.status_code == 200
        assert "/new" not in page.text
        assert "/edit" not in page.text


def test_empty_places_offer_the_next_step(sam: FlaskClient) -> None:
    assert 'href="/customers/new"' in sam.get("/customers").text
    assert "begins with “zz”" in sam.get("/customers?q=zz").text


def test_the_list_goes_on_from_page_to_page(sam: FlaskClient) -> None:
    add(*(f"Customer {number:03}" for number in range(51)))
    first = sam.get("/customers?q=cust")
    onward = re.search(r'rel="next" href="([^"]+)"', first.text)
    assert onward
    second = sam.get(onward[1].replace("&amp;", "&"))
    assert "Customer 050" in second.text
    assert "Customer 049" not in second.text
    assert 'rel="next"' not in second.text


# support plans ----------------------------------------------------------------------------------------


def test_plans(app: Flask, hand: Hand) -> None:
    adam = signed_in(app, add_person("Adam", Role.ADMIN))
    plan = {"name": "Gold", "scope": "All", "hours": "Mon-Fri", "contact": "Phone", "price": "100"}
    assert adam.post("/admin/plans/new", data=plan).status_code == 303
    assert adam.post("/admin/plans/new", data=plan).status_code == 422
    gold = db.session.scalars(sa.select(SupportPlan)).one()
    assert adam.post(f"/admin/plans/{gold.id}", data=plan | {"price": "120"}).status_code == 303
    db.session.expire_all()
    assert gold.price == "120"
    assert "Gold" in adam.get("/admin/plans").text
