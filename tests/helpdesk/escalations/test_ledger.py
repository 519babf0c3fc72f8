"""The entitlement's ledger: every incident a row with its balance, refunds once, expiry once, no overdraft."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.clock import Hand, now
from helpdesk.database import db, unit_of_work
from helpdesk.errors import Invalid
from helpdesk.escalations import defaults, ledger, queries
from helpdesk.escalations.models import Entitlement, EntitlementUse
from helpdesk.escalations.spending import spending
from helpdesk.jobs import jobs
from helpdesk.sla import defaults as sla_defaults
from tests.people import add_person, signed_in
from workflows.vocabulary import ChannelKind, EntitlementChange, RefundReason, Role


@pytest.fixture
def held(app: Flask, hand: Hand) -> Entitlement:
    with unit_of_work() as session:
        sla_defaults.install(now())
        defaults.install(now())
        channel = queries.channel_of(ChannelKind.ADVANCED)
        own = Entitlement(
            channel_id=channel.id, starts_on=date(2026, 1, 1), ends_on=date(2026, 12, 31), created_at=now()
        )
        own.incidents_included, own.fee, own.currency, own.contract_number = 3, 9000, "EUR", "C-1"
        session.add(own)
    return own


@pytest.fixture
def adam(app: Flask, held: Entitlement) -> FlaskClient:
    return signed_in(app, add_person("Adam", Role.ADMIN))


def take(held: Entitlement) -> None:
    with unit_of_work():
        ledger.use(held.id, None, "#1001", None, now())


def balances(held: Entitlement) -> list[tuple[str, int, int | None]]:
    db.session.expire_all()
    return [(row.change.value, row.incidents, row.left_after) for row in reversed(ledger.rows_of(held.id))]


def test_every_change_is_a_row_with_the_balance_after_it(held: Entitlement) -> None:
    take(held)
    take(held)
    with unit_of_work():
        ledger.refund(ledger.rows_of(held.id)[-1], RefundReason.DUPLICATE, "", None, now())
        ledger.correct(held, 1, "Used from the portal", None, now())
    assert balances(held) == [("used", 1, 2), ("used", 1, 1), ("refunded", -1, 2), ("corrected", 1, 1)]
    assert held.incidents_used == 2


def test_the_last_incident_is_taken_once(held: Entitlement) -> None:
    for _time in range(3):
        take(held)
    with pytest.raises(Invalid, match="last incident"):
        take(held)
    assert held.incidents_used == 3


def test_two_tickets_at_once_do_not_share_the_last_incident(app: Flask, held: Entitlement) -> None:
    take(held)
    take(held)
    db.session.remove()
    refused: list[str] = []

    def escalate() -> None:
        with app.app_context():
            try:
                with unit_of_work():
                    ledger.use(held.id, None, "#1", None, now())
            except Invalid as error:
                refused.append(error.sentence)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=escalate) for _each in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 3
    assert db.session.get_one(Entitlement, held.id, populate_existing=True).incidents_used == 3


def test_an_incident_comes_back_once_and_for_a_reason(adam: FlaskClient, held: Entitlement) -> None:
    take(held)
    path = f"/admin/channels/entitlements/{held.id}/uses/{ledger.rows_of(held.id)[0].id}/refund"
    assert adam.get(path).status_code == 200
    assert adam.post(path, data={"refund_reason": "other", "reason": ""}).status_code == 422
    assert adam.post(path, data={"refund_reason": "bug"}).status_code == 303
    assert adam.post(path, data={"refund_reason": "bug"}).status_code == 422
    page = adam.get(f"/admin/channels/entitlements/{held.id}").text
    assert "Closed as a bug" in page
    assert "Give back" not in page
    assert balances(held)[-1] == ("refunded", -1, 3)
    assert adam.get(f"/admin/channels/entitlements/{held.id + 9}/uses/1/refund").status_code == 404


def test_what_is_left_ends_with_the_term_once(held: Entitlement, hand: Hand) -> None:
    take(held)
    assert list(jobs.expire_entitlements()) == [False]
    hand.advance(timedelta(days=38).total_seconds())  # 1 January in Budapest
    assert list(jobs.expire_entitlements()) == [True]
    assert list(jobs.expire_entitlements()) == [False]
    assert balances(held)[-1] == ("expired", 2, 0)
    assert held.incidents_used == 1


def test_where_nobody_counts_there_is_no_balance(held: Entitlement) -> None:
    with unit_of_work():
        held.incidents_included = None
    take(held)
    assert balances(held) == [("used", 1, None)]


def test_the_page_tells_pace_and_cost(adam: FlaskClient, held: Entitlement) -> None:
    take(held)
    take(held)
    address = f"/admin/channels/entitlements/{held.id}"
    assert "4,500\N{NO-BREAK SPACE}EUR" in adam.get(address).text
    assert "too early to tell" in adam.get(address).text
    take(held)
    assert "all are used" in adam.get(address).text
    for ends_on, said in ((date(2026, 12, 31), "some will be left at the end"), (date(2027, 12, 31), "used up by")):
        with unit_of_work():
            held.incidents_included, held.ends_on = 4, ends_on
        assert said in adam.get(address).text
    with unit_of_work():
        held.ends_on = date(2026, 11, 23)
    assert "the term is over" in adam.get(address).text


def test_a_contract_s_fee_and_services_are_kept(adam: FlaskClient, held: Entitlement) -> None:
    sent: dict[str, Any] = {"contract_number": "C-2", "starts_on": "2026-01-01", "ends_on": "2026-12-31"}
    sent |= {"incidents_included": "5", "services": ["azure"], "fee": "16500", "currency": "usd"}
    assert adam.post(f"/admin/channels/entitlements/{held.id}", data=sent).status_code == 303
    (rule,) = queries.channels_and_entitlements(date(2026, 11, 24))[1]
    assert rule.papers == "Contract id C-2"
    assert {str(service) for service in rule.services or ()} == {"azure"}
    db.session.expire_all()
    assert (held.fee, held.currency) == (16500, "USD")
    assert adam.post(f"/admin/channels/entitlements/{held.id}", data=sent | {"currency": "euros"}).status_code == 422


def test_the_ledger_is_append_only(held: Entitlement) -> None:
    """What a row said when it was written it says for ever: only new rows follow."""
    take(held)
    first = db.session.scalars(sa.select(EntitlementUse)).one()
    before = (first.change, first.incidents, first.left_after, first.at)
    with unit_of_work():
        ledger.refund(first, RefundReason.BUG, "", None, now())
    db.session.expire_all()
    kept = db.session.get_one(EntitlementUse, first.id)
    assert (kept.change, kept.incidents, kept.left_after, kept.at) == before
    assert kept.change is EntitlementChange.USED


# what the ledger survives -----------------------------------------------------------------------------


def test_an_incident_that_comes_back_after_the_term_is_lost_with_it(held: Entitlement, hand: Hand) -> None:
    take(held)
    taken = ledger.rows_of(held.id)[0]
    hand.advance(timedelta(days=38).total_seconds())
    assert list(jobs.expire_entitlements()) == [True]
    with unit_of_work():
        ledger.refund(taken, RefundReason.BUG, "", None, now())
        ledger.correct(held, 1, "Found in an old report", None, now())
    assert balances(held)[1:] == [
        ("expired", 2, 0), ("refunded", -1, 3), ("expired", 1, 0), ("corrected", 1, 2), ("expired", -1, 0),
    ]  # fmt: skip
    assert sum(row.incidents for row in ledger.rows_of(held.id)) == held.incidents_included


def test_a_term_that_goes_on_gives_back_what_had_ended_and_ends_again(adam, held: Entitlement, hand: Hand) -> None:
    take(held)
    hand.advance(timedelta(days=38).total_seconds())
    list(jobs.expire_entitlements())
    sent: dict[str, Any] = {"starts_on": "2026-01-01", "ends_on": "2027-01-31", "incidents_included": "5"}
    sent["contract_number"] = "C-1"
    assert adam.post(f"/admin/channels/entitlements/{held.id}", data=sent).status_code == 303
    assert balances(held)[2:] == [("corrected", 0, 4), ("expired", -2, 4)]
    page = adam.get(f"/admin/channels/entitlements/{held.id}").text
    assert "Included before: 3, now: 5" in page
    assert ">Adam<" in page
    assert list(jobs.expire_entitlements()) == [False]
    hand.advance(timedelta(days=31).total_seconds())
    assert list(jobs.expire_entitlements()) == [True]
    assert list(jobs.expire_entitlements()) == [False]
    assert balances(held)[-1] == ("expired", 4, 0)


def test_saving_a_contract_unchanged_writes_nothing(adam: FlaskClient, held: Entitlement) -> None:
    sent: dict[str, Any] = {"starts_on": "2026-01-01", "ends_on": "2026-12-31", "incidents_included": "3"}
    assert adam.post(f"/admin/channels/entitlements/{held.id}", data=sent).status_code == 303
    assert balances(held) == []


def test_a_long_ledger_goes_on_page_by_page(adam: FlaskClient, held: Entitlement, monkeypatch) -> None:
    monkeypatch.setattr(ledger, "PAGE", 2)
    monkeypatch.setattr(ledger.rows_of, "__defaults__", (None, 2))
    for _time in range(3):
        take(held)
    rows = ledger.rows_of(held.id, limit=9)
    page = adam.get(f"/admin/channels/entitlements/{held.id}").text
    assert f"before={rows[1].id}" in page
    older = adam.get(f"/admin/channels/entitlements/{held.id}?before={rows[1].id}").text
    assert older.count("/refund") == 1
    assert "Older rows" not in older


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "fee", "expected"),
    [
        (date(2026, 1, 1), date(2026, 12, 31), 36_500, 32_800),  # 328 of 365 days are behind
        (date(2025, 1, 1), date(2025, 12, 31), 36_500, 3_700),  # its last 37 days are in the year looked at
        (date(2026, 12, 1), date(2027, 11, 30), 36_500, None),  # begins later
        (date(2026, 11, 24), date(2026, 11, 24), 100, 100),  # ends today
        (date(2024, 1, 1), date(2025, 11, 24), 100, None),  # ended before
    ],
)
def test_a_fee_counts_by_the_days_that_fall_into_the_year(
    held: Entitlement, starts_on: date, ends_on: date, fee: int, expected: int | None
) -> None:
    with unit_of_work():
        held.starts_on, held.ends_on, held.fee = starts_on, ends_on, fee
    found = spending(now() - timedelta(days=365), date(2025, 11, 25), date(2026, 11, 24))
    own = next(each for each in found if each.channel.id == held.channel_id)
    assert own.costs == ({} if expected is None else {"EUR": expected})
    assert own.per_case is None


def test_fees_in_two_currencies_are_not_added(adam: FlaskClient, held: Entitlement) -> None:
    with unit_of_work() as session:
        other = Entitlement(
            channel_id=held.channel_id, starts_on=date(2026, 1, 1), ends_on=date(2026, 12, 31), created_at=now()
        )
        other.fee, other.currency = 365, "USD"
        session.add(other)
    page = adam.get("/admin/channels/spending").text
    assert "8,088\N{NO-BREAK SPACE}EUR<br>328\N{NO-BREAK SPACE}USD" in page.replace("\n", "")
    assert "No case went a dearer way" in page
