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
from helpdesk.errors import Invalid
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
    for kind, day in zip(RightKind, ("2026-11-01", "2026-12-24", "2026-12-25"), strict=True):
        record(sales, customer_id, kind=kind.value, ends_on=day)
    page = sales.get("/customers/rights").text
    assert page.count(f'href="/customers/{customer_id}#rights"') == 2
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
    rows = rights._ending(
        date(2026, 11, 24), date(2026, 12, 24), sa.select(CustomerRight.id).join(CustomerRight.customer)
    )
    text = str(rows.order_by(CustomerRight.ends_on, CustomerRight.id).compile(
        db.engine, compile_kwargs={"literal_binds": True}
    ))  # fmt: skip
    plan = " ".join(str(row) for row in db.session.execute(sa.text(f"EXPLAIN QUERY PLAN {text}")))
    assert "ix_customer_right_ends" in plan
    assert "TEMP B-TREE" not in plan


@pytest.mark.parametrize(
    ("others", "is_listed"),
    [
        ([], True),
        ([{"granted_on": "2026-12-05", "ends_on": "2027-12-04"}], False),  # the very next day
        ([{"granted_on": "2026-12-06", "ends_on": "2027-12-05"}], True),  # a day without any
        ([{"granted_on": "2026-01-01", "ends_on": ""}], False),
        ([{"granted_on": "2026-01-01", "ends_on": "2026-12-04"}], True),  # both end
        ([{"granted_on": "2026-01-01", "ends_on": "", "service": "azure"}], True),  # of one service only
        ([{"granted_on": "2026-01-01", "ends_on": "", "kind": "reseller_relationship"}], True),
    ],
)
def test_a_right_that_another_follows_is_not_listed(sales, customer_id, others, is_listed) -> None:
    record(sales, customer_id, ends_on="2026-12-04")
    for other in others:
        record(sales, customer_id, **other)
    assert (f'href="/customers/{customer_id}#rights"' in sales.get("/customers/rights").text) is is_listed
    assert (rights.ending_count(date(2026, 11, 24)) > 0) is is_listed


def test_an_expired_right_beside_one_in_force_troubles_nobody(sales, customer_id) -> None:
    record(sales, customer_id, ends_on="2026-03-31")
    record(sales, customer_id, granted_on="2026-09-01", ends_on="2028-08-31")
    assert rights.ending(date(2026, 11, 24)) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"granted_on": "2026-11-25"}, "The old one holds until then"),
        ({"granted_on": "2026-11-24", "kind": "reseller_relationship"}, "This is another right"),
    ],
)
def test_a_renewal_leaves_no_gap_and_changes_no_kind(sales, customer_id, change, said) -> None:
    old = record(sales, customer_id, ends_on="2026-11-30")
    answer = sales.post(f"/customers/{customer_id}/rights/{old}", data=GRANT | change)
    assert answer.status_code == 422
    assert said in answer.text
    assert [right.closed_at for right in kept()] == [None]


def test_a_right_is_not_taken_back_in_advance(sales, customer_id) -> None:
    path = f"/customers/{customer_id}/rights/{record(sales, customer_id)}/end"
    answer = sales.post(path, data={"revoked_on": "2026-11-25"})
    assert answer.status_code == 422
    assert "still to come" in answer.text
    assert kept()[0].closed_at is None


def test_of_two_who_end_a_right_at_once_one_is_told(sales, customer_id) -> None:
    record(sales, customer_id)
    seen = kept()[0]
    assert seen.closed_at is None
    elsewhere = sa.update(CustomerRight).values(closed_at=now())
    with unit_of_work() as session:
        session.execute(elsewhere, execution_options={"synchronize_session": False})
        with pytest.raises(Invalid, match="already"):
            rights.revoke(seen, date(2026, 11, 24), None, now())


def test_a_long_list_goes_on_by_key(sales, customer_id, monkeypatch) -> None:
    monkeypatch.setattr(rights, "PAGE", 2)
    monkeypatch.setattr(rights.ending, "__defaults__", (None, 2))
    for kind in RightKind:
        record(sales, customer_id, kind=kind.value, ends_on="2026-12-01")
    first = sales.get("/customers/rights").text
    assert f"/customers/rights?after={kept()[1].id}" in first
    second = sales.get(f"/customers/rights?after={kept()[1].id}").text
    assert second.count(f'href="/customers/{customer_id}#rights"') == 1
    assert "after=" not in second
