"""A customer's grants: recorded, renewed and taken back on its page; what ends soon is listed."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.clock import Hand, now
from helpdesk.customers import rights
from helpdesk.customers.actions import CustomerDraft, add_customer
from helpdesk.customers.models import CustomerRight
from helpdesk.database import db, unit_of_work
from tests.people import add_person, signed_in
from workflows.vocabulary import RightKind, Role, Service

GRANT = {"kind": "delegated_admin", "service": "", "role": "Service support administrator", "granted_on": "2026-01-01"}


@pytest.fixture
def customer_id(app: Flask, hand: Hand) -> int:
    with unit_of_work():
        return add_customer(CustomerDraft(name="Alpina Logistics Kft."), now()).id


@pytest.fixture
def sales(app: Flask, customer_id: int) -> FlaskClient:
    return signed_in(app, add_person("Sara", Role.SALES_AGENT))


def kept() -> list[CustomerRight]:
    db.session.expire_all()
    return list(db.session.scalars(sa.select(CustomerRight).order_by(CustomerRight.id)))


def record(browser: Any, customer_id: int, **changes: str) -> int:
    answer = browser.post(f"/customers/{customer_id}/rights/new", data=GRANT | changes)
    assert answer.status_code == 303, answer.text
    return kept()[-1].id


def test_a_grant_is_recorded_with_who_wrote_it_down(sales: FlaskClient, customer_id: int) -> None:
    record(sales, customer_id, ends_on="2027-01-31", service="microsoft365")
    (right,) = kept()
    assert (right.kind, right.service, right.ends_on) == (
        RightKind.DELEGATED_ADMIN, Service.MICROSOFT365, date(2027, 1, 31),
    )  # fmt: skip
    assert right.recorded_by_id is not None
    page = sales.get(f"/customers/{customer_id}").text
    assert "Service support administrator" in page
    assert "valid" in page


@pytest.mark.parametrize("change", [{"ends_on": "2025-12-31"}, {"granted_on": ""}, {"kind": "nonsense"}])
def test_a_senseless_grant_comes_back(sales: FlaskClient, customer_id: int, change: dict[str, str]) -> None:
    answer = sales.post(f"/customers/{customer_id}/rights/new", data=GRANT | change)
    assert answer.status_code == 422
    assert "Service support administrator" in answer.text
    assert kept() == []


def test_a_renewal_closes_the_old_row_and_changes_nothing_in_it(sales: FlaskClient, customer_id: int) -> None:
    old = record(sales, customer_id, ends_on="2026-11-30")
    path = f"/customers/{customer_id}/rights/{old}"
    assert "Renew a right" in sales.get(path).text
    assert sales.post(path, data=GRANT | {"granted_on": "2026-11-24", "ends_on": "2028-11-30"}).status_code == 303
    first, second = kept()
    assert (first.granted_on, first.ends_on, first.revoked_on) == (date(2026, 1, 1), date(2026, 11, 30), None)
    assert first.closed_at == now()
    assert (second.replaces_id, second.closed_at) == (old, None)
    assert sales.post(path, data=GRANT).status_code == 422  # somebody has replaced it already
    assert len(kept()) == 2


def test_a_grant_is_taken_back_once_and_not_before_it_began(sales: FlaskClient, customer_id: int) -> None:
    path = f"/customers/{customer_id}/rights/{record(sales, customer_id)}/end"
    assert sales.post(path, data={"revoked_on": "2025-12-31"}).status_code == 422
    assert sales.post(path, data={"revoked_on": "2026-11-20"}).status_code == 303
    assert kept()[0].revoked_on == date(2026, 11, 20)
    assert sales.post(path, data={"revoked_on": "2026-11-21"}).status_code == 422
    assert "taken back" in sales.get(f"/customers/{customer_id}").text


def test_the_azure_role_is_for_azure(sales: FlaskClient, customer_id: int) -> None:
    record(sales, customer_id, kind="support_request", service="")
    assert kept()[0].service is Service.AZURE


def test_what_ends_within_thirty_days_is_listed_and_counted(sales: FlaskClient, customer_id: int) -> None:
    for day in ("2026-11-01", "2026-12-24", "2026-12-25", ""):
        record(sales, customer_id, ends_on=day)
    page = sales.get("/customers/rights").text
    assert page.count("Delegated admin role") == 2
    assert "expired" in page
    assert "2 rights end soon" in sales.get("/customers").text
    with unit_of_work():
        rights.revoke(kept()[0], date(2026, 11, 24), None, now())
    assert "1 right ends soon" in sales.get("/customers").text


def test_nothing_ends_says_what_will_stand_there(sales: FlaskClient) -> None:
    assert "No right ends soon" in sales.get("/customers/rights").text


def test_agents_read_and_do_not_write(app: Flask, sales: FlaskClient, customer_id: int) -> None:
    right_id = record(sales, customer_id)
    ana = signed_in(app, add_person("Ana", Role.AGENT))
    assert "Delegated admin role" in ana.get(f"/customers/{customer_id}").text
    assert ana.get("/customers/rights").status_code == 200
    for path in ("new", str(right_id)):
        assert ana.get(f"/customers/{customer_id}/rights/{path}").status_code in (403, 404)
    assert ana.post(f"/customers/{customer_id}/rights/{right_id}/end").status_code in (403, 404)
    stranger = app.test_client()
    assert stranger.get("/customers/rights").status_code == 302


def test_a_right_is_found_through_its_customer(sales: FlaskClient, customer_id: int) -> None:
    right_id = record(sales, customer_id)
    with unit_of_work():
        other = add_customer(CustomerDraft(name="Hotel Zsófia"), now()).id
    assert sales.get(f"/customers/{other}/rights/{right_id}").status_code == 404


def test_the_list_is_served_by_its_index(app: Flask, customer_id: int) -> None:
    if db.engine.dialect.name != "sqlite":
        pytest.skip("an empty table is always scanned on PostgreSQL")
    rows = rights._ending(date(2026, 11, 24), sa.select(CustomerRight.id).join(CustomerRight.customer))
    text = str(rows.order_by(CustomerRight.ends_on, CustomerRight.id).compile(
        db.engine, compile_kwargs={"literal_binds": True}
    ))  # fmt: skip
    plan = " ".join(str(row) for row in db.session.execute(sa.text(f"EXPLAIN QUERY PLAN {text}")))
    assert "ix_customer_right_ends" in plan
    assert "TEMP B-TREE" not in plan
