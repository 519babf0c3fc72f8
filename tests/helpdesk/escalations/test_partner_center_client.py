"""The connector against the vendor's stand-in, over real HTTP."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from contextlib import closing, nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from helpdesk.clock import Hand
from helpdesk.demo.vendor.faults import Fault
from helpdesk.demo.vendor.server import VendorServer, running
from helpdesk.demo.vendor.world import Severity as TheirSeverity
from helpdesk.demo.vendor.world import Status
from helpdesk.escalations.partner_center.api import PartnerCenter
from helpdesk.escalations.partner_center.errors import (
    Away,
    Endless,
    Garbled,
    Hidden,
    NotConnected,
    Refused,
    Throttled,
    Unsure,
    VendorError,
)
from helpdesk.escalations.partner_center.reading import Fields
from helpdesk.escalations.partner_center.tokens import Tokens
from tests.fakes.partner_center import Pocket, Waits, dial, line_to, vendor
from workflows.vocabulary import Service, Severity, VendorCaseState

__all__ = ["dial", "vendor"]

Dial = Callable[..., PartnerCenter]

NUMBER = "616122292874576"


def test_a_case_is_read_with_its_notes(vendor: VendorServer, dial: Dial, hand: Hand) -> None:
    vendor.world.open_request(NUMBER, "Mail does not arrive", severity=TheirSeverity.CRITICAL, status=Status.OPEN)
    vendor.world.write(NUMBER, "We are looking.")
    case = dial().case(NUMBER)
    assert (case.number, case.title, case.state) == (NUMBER, "Mail does not arrive", VendorCaseState.OPEN)
    assert (case.severity, case.contact) == (Severity.A, "Ana Kovács")
    assert case.created_at == hand.at
    assert case.closed_at is None  # the year 1
    assert [(note.author, note.written_at, note.text) for note in case.notes] == [
        ("Microsoft Support", hand.at, "We are looking.")
    ]


def test_lists_come_in_pages_and_in_integers(vendor: VendorServer, dial: Dial, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("helpdesk.escalations.partner_center.api.PAGE", 2)
    for place in range(5):
        vendor.world.open_request(
            f"61612229287457{place}", status=Status.OPEN if place % 2 else Status.ATTENTION_NEEDED
        )
    vendor.world.open_request("hidden", is_hidden=True)
    line = dial()
    assert [case.number[-1] for case in line.cases()] == ["0", "1", "2", "3", "4"]
    assert [case.number[-1] for case in line.cases(VendorCaseState.OPEN)] == ["1", "3"]
    assert {case.state for case in line.cases(VendorCaseState.ATTENTION_NEEDED)} == {VendorCaseState.ATTENTION_NEEDED}


def test_a_note_and_a_state_are_written_in_one_go(vendor: VendorServer, dial: Dial) -> None:
    vendor.world.open_request(NUMBER)
    case = dial().write(NUMBER, str(uuid.uuid4()), note="Customer confirmed", state=VendorCaseState.CLOSED)
    assert case.state is VendorCaseState.CLOSED
    assert vendor.world.texts(NUMBER) == ["Customer confirmed"]
    assert vendor.world.requests[NUMBER].status is Status.CLOSED


def test_the_same_request_id_is_one_note(vendor: VendorServer, dial: Dial) -> None:
    vendor.world.open_request(NUMBER)
    line, request_id = dial(), str(uuid.uuid4())
    for _time in range(3):
        assert len(line.write(NUMBER, request_id, note="Once").notes) == 1
    line.write(NUMBER, str(uuid.uuid4()), note="Once")
    assert vendor.world.texts(NUMBER) == ["Once", "Once"]


def test_the_headers(vendor: VendorServer, dial: Dial) -> None:
    vendor.world.open_request(NUMBER)
    line, request_id = dial(), str(uuid.uuid4())
    vendor.faults.next(Fault.SIGNED_OUT, method="PATCH")
    line.write(NUMBER, request_id, note="Hello")
    line.case(NUMBER)
    first, second, read = [headers for method, path, headers in vendor.seen if "oauth2" not in path]
    assert first["MS-RequestId"] == second["MS-RequestId"] == request_id
    assert read["MS-RequestId"] != request_id
    assert len({one["MS-CorrelationId"] for one in (first, second, read)}) == 3
    assert (read["MS-Contract-Version"], read["X-Locale"]) == ("v1", "en-US")
    assert read["Authorization"].startswith("Bearer access-")


# signing in -------------------------------------------------------------------------------------------------


def test_one_access_token_serves_an_hour_and_each_renewal_rotates(vendor: VendorServer, dial: Dial, hand: Hand) -> None:
    vendor.world.open_request(NUMBER)
    pocket = Pocket(vendor.world.first_refresh_token)
    line = dial(pocket)
    for minutes in (0, 20, 20, 20, 20):
        hand.advance(minutes * 60)
        line.case(NUMBER)
    assert len(pocket.kept) == 3  # given, bought at 0, bought again near the hour's end
    assert len({kept.refresh for kept in pocket.kept}) == 3
    assert not vendor.world.refresh_tokens[vendor.world.first_refresh_token]
    assert pocket.kept[-1].expires_at == hand.at - timedelta(minutes=20) + timedelta(hours=1)


def test_a_token_that_ends_early_is_bought_anew_in_the_same_call(vendor: VendorServer, dial: Dial) -> None:
    vendor.world.open_request(NUMBER)
    line = dial()
    line.case(NUMBER)
    vendor.world.expire_tokens()
    assert line.case(NUMBER).number == NUMBER


def test_a_renewal_by_another_process_is_used(vendor: VendorServer, dial: Dial, hand: Hand) -> None:
    vendor.world.open_request(NUMBER)
    pocket = Pocket(vendor.world.first_refresh_token)
    ours = dial(pocket)
    ours.case(NUMBER)
    hand.advance(3600)
    dial(pocket).case(NUMBER)
    kept = len(pocket.kept)
    ours.case(NUMBER)
    assert len(pocket.kept) == kept


def test_a_refresh_token_ended_by_another_process_is_read_again(vendor: VendorServer, dial: Dial) -> None:
    vendor.world.open_request(NUMBER)

    class Late(Pocket):
        """Another process rotates the token between our reading and our buying."""

        def load(self) -> Tokens | None:
            found = super().load()
            if len(self.kept) == 1:
                newer = vendor.world.sell(self.kept[0].refresh)
                assert newer is not None
                vendor.world.sell(newer[1])
                vendor.world.refresh_tokens[newer[1]] = True
                self.kept.append(Tokens(newer[1]))
            return found

    late = Late(vendor.world.first_refresh_token)
    assert dial(late).case(NUMBER).number == NUMBER


def test_a_revoked_consent_needs_a_person(vendor: VendorServer, dial: Dial) -> None:
    vendor.world.open_request(NUMBER)
    vendor.world.revoke_consent()
    with pytest.raises(NotConnected) as caught:
        dial().case(NUMBER)
    assert "vendor connect" in caught.value.sentence
    assert "refresh-" not in caught.value.sentence


def test_an_application_by_itself_may_not_read_cases(vendor: VendorServer, dial: Dial) -> None:
    vendor.world.open_request(NUMBER)
    alone = Tokens("none", vendor.world.grant(is_app_only=True), datetime(2999, 1, 1, tzinfo=UTC))
    pocket = Pocket("none")
    pocket.kept.append(alone)
    with pytest.raises(Hidden):
        dial(pocket).case(NUMBER)


# what goes wrong --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault", [Fault.SERVER_ERROR, Fault.ERROR_AFTER_WORK, Fault.GARBLED, Fault.LOST_REQUEST, Fault.LOST_ANSWER]
)
def test_a_read_is_tried_again_with_growing_waits(vendor: VendorServer, dial: Dial, fault: Fault) -> None:
    vendor.world.open_request(NUMBER)
    waits = Waits()
    line = dial(waits=waits)
    line.case(NUMBER)
    vendor.faults.next(fault, fault)
    assert line.case(NUMBER).number == NUMBER
    assert 0.25 <= waits[0] <= 0.75
    assert 0.5 <= waits[1] <= 1.5
    vendor.faults.next(fault, fault, fault)
    with pytest.raises((Away, Garbled)) as caught:
        line.case(NUMBER)
    assert not caught.value.permanent


@pytest.mark.parametrize(
    ("fault", "is_done"),
    [
        (Fault.SERVER_ERROR, False),
        (Fault.ERROR_AFTER_WORK, True),
        (Fault.GARBLED, True),
        (Fault.LOST_REQUEST, False),
        (Fault.LOST_ANSWER, True),
        (Fault.SILENCE, True),
        (Fault.SLOW_BODY, True),
    ],
)
def test_a_write_without_a_clear_answer_is_left_to_its_caller(
    vendor: VendorServer, dial: Dial, fault: Fault, is_done: bool
) -> None:
    vendor.world.open_request(NUMBER)
    vendor.faults.hold = 2.0
    line, request_id = dial(), str(uuid.uuid4())
    line.case(NUMBER)
    vendor.faults.next(fault)
    with pytest.raises(Unsure):
        line.write(NUMBER, request_id, note="Hello")
    assert vendor.world.texts(NUMBER) == ["Hello"] * is_done
    line.write(NUMBER, request_id, note="Hello")
    assert vendor.world.texts(NUMBER) == ["Hello"]


def test_a_short_quiet_is_kept_inside_the_call(vendor: VendorServer, dial: Dial) -> None:
    vendor.world.open_request(NUMBER)
    waits = Waits()
    vendor.faults.retry_after = 2
    vendor.faults.next(Fault.THROTTLED, Fault.THROTTLED, method="PATCH")
    dial(waits=waits).write(NUMBER, str(uuid.uuid4()), note="Hello")
    assert waits == [2.0, 2.0]
    assert vendor.world.texts(NUMBER) == ["Hello"]


def test_a_long_quiet_is_told_to_the_caller(vendor: VendorServer, dial: Dial) -> None:
    waits = Waits()
    vendor.faults.retry_after = 57
    vendor.faults.next(Fault.THROTTLED)
    with pytest.raises(Throttled) as caught:
        dial(waits=waits).case(NUMBER)
    assert (caught.value.retry_after, caught.value.permanent, waits) == (57.0, False, [])


def test_a_storm_ends_in_being_put_off(vendor: VendorServer, dial: Dial) -> None:
    vendor.faults.chance, vendor.faults.kinds = 1.0, (Fault.THROTTLED,)
    with pytest.raises(Throttled):
        dial().case(NUMBER)
    assert vendor.faults.hits[Fault.THROTTLED] == 3


def test_nobody_at_home() -> None:
    with running() as gone:
        pass
    with closing(line_to(gone)) as line, pytest.raises(Away) as caught:
        line.case(NUMBER)
    assert "reached" in caught.value.sentence


@pytest.mark.parametrize(("number", "is_final"), [("404404404404404", True), ("hidden", False)])
def test_what_is_not_there_and_what_is_hidden(vendor: VendorServer, dial: Dial, number: str, is_final: bool) -> None:
    vendor.world.open_request("hidden", is_hidden=True)
    with pytest.raises(Hidden) as caught:
        dial().case(number)
    assert caught.value.permanent is is_final


def test_a_refusal_carries_the_vendors_code(vendor: VendorServer, dial: Dial) -> None:
    vendor.world.open_request(NUMBER)
    with pytest.raises(Refused) as caught:
        dial().write(NUMBER, str(uuid.uuid4()), note="x" * 20_000)
    assert (caught.value.code, caught.value.permanent) == ("2001", True)


def test_no_error_tells_a_secret(vendor: VendorServer, dial: Dial) -> None:
    line = dial()
    secrets = (vendor.world.client_secret, "refresh-", "access-")
    for fault in (Fault.SERVER_ERROR, Fault.GARBLED, Fault.LOST_ANSWER, Fault.THROTTLED):
        vendor.faults.next(*[fault] * 3)
        with pytest.raises(VendorError) as caught:
            line.case(NUMBER)
        assert not any(secret in f"{caught.value} {caught.value.__cause__!r}" for secret in secrets)


# customers --------------------------------------------------------------------------------------------------


def test_customers_come_page_by_page(vendor: VendorServer, dial: Dial, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("helpdesk.escalations.partner_center.api.PAGE", 2)
    ids = [vendor.world.add_customer(f"Company {place}", f"c{place}.example") for place in range(5)]
    found = list(dial().customers())
    assert [one.tenant_id for one in found] == ids
    assert (found[0].name, found[0].domain, found[0].email, found[0].relationship) == (
        "Company 0",
        "c0.example",
        "",
        "reseller",
    )


ENDLESS = {
    "one page again and again": lambda _page: {"items": [{"id": "1"}], "links": _next("same")},
    "one page under ever new tokens": lambda page: {"items": [{"id": "1"}], "links": _next(f"{page}")},
    "empty pages": lambda _page: {"items": [], "links": _next("same")},
    "ever more": lambda page: {"items": [{"id": f"{page}"}], "links": _next(f"{page}")},
}


def _next(token: str) -> dict[str, Any]:
    return {"next": {"headers": [{"key": "MS-ContinuationToken", "value": token}]}}


@pytest.mark.parametrize("kind", ENDLESS)
@pytest.mark.parametrize("what", ["cases", "customers"])
def test_a_list_without_an_end_is_left(dial: Dial, monkeypatch: pytest.MonkeyPatch, kind: str, what: str) -> None:
    monkeypatch.setattr("helpdesk.escalations.partner_center.api.MOST_PAGES", 50)
    line, pages = dial(), list[Fields]()

    def get(*_asked: object) -> Fields:
        pages.append(Fields({"totalCount": 10**9, **ENDLESS[kind](len(pages))}))
        return pages[-1]

    monkeypatch.setattr(line._client, "get", get)
    is_over = (what, kind) == ("cases", "empty pages")
    with nullcontext() if is_over else pytest.raises(Endless):
        list(getattr(line, what)())
    assert len(pages) <= (50 if kind == "ever more" else 2)


def test_subscriptions_and_the_page_that_opens_a_case(vendor: VendorServer, dial: Dial) -> None:
    tenant = vendor.world.add_customer("Alpina", "alpina.example")
    vendor.world.add_subscription(tenant, "Microsoft 365 Business Premium", 25)
    vendor.world.add_subscription(tenant, "Azure plan", 1, status=6, productType={"id": "Azure"})
    line = dial()
    premium, azure = line.subscriptions(tenant)
    assert (premium.seats, premium.is_new_commerce, premium.auto_renews) == (25, True, True)
    assert premium.ends_at == datetime(2027, 1, 31, tzinfo=UTC)
    assert (azure.status, azure.is_new_commerce) == ("disabled", False)
    assert line.case_page(tenant, Service.AZURE) == f"https://portal.azure.example/?tid={tenant}"
    assert line.case_page(tenant, Service.OTHER) is None


# the stand-in's own traps, which later parts of the connector will meet ---------------------------------------


def raw(
    vendor: VendorServer, method: str, path: str, body: object = None, **headers: str
) -> tuple[int, dict[str, object]]:
    bearer = {"Authorization": f"Bearer {vendor.world.grant()}"}
    answer = httpx.request(method, vendor.url + path, json=body, headers=bearer | headers)
    return answer.status_code, answer.json()


def test_creation_is_gone(vendor: VendorServer) -> None:
    assert raw(vendor, "POST", "/v1/servicerequests/en-US", {"Title": "x"})[0] == 405


def test_a_thin_change_of_a_subscription_clears_its_renewal(vendor: VendorServer) -> None:
    tenant = vendor.world.add_customer("Alpina", "alpina.example")
    row = vendor.world.add_subscription(tenant, "Premium")
    path = f"/v1/customers/{tenant}/subscriptions/{row['id']}"
    assert raw(vendor, "PATCH", path, {"Status": "active"}, **{"If-Match": '"old"'})[1]["code"] == "2055"
    etag = f'"{row["attributes"]["etag"]}"'
    status, said = raw(vendor, "PATCH", path, {"Status": "active"}, **{"If-Match": etag})
    assert (status, said["autoRenewEnabled"]) == (200, False)


def test_suspending_new_commerce_ends_its_renewal(vendor: VendorServer) -> None:
    tenant = vendor.world.add_customer("Alpina", "alpina.example")
    row = vendor.world.add_subscription(tenant, "Premium", is_slow=True)
    path = f"/v1/customers/{tenant}/subscriptions/{row['id']}"
    whole = json.loads(json.dumps(row)) | {"Status": "suspended"}
    whole.pop("status")
    etag = {"If-Match": f'"{row["attributes"]["etag"]}"'}
    assert raw(vendor, "PATCH", path, whole, **etag)[0] == 202
    assert (row["status"], row["autoRenewEnabled"]) == ("suspended", False)


def test_an_azure_plan_that_is_in_use_is_not_suspended(vendor: VendorServer) -> None:
    tenant = vendor.world.add_customer("Alpina", "alpina.example")
    row = vendor.world.add_subscription(tenant, "Azure plan", 1, productType={"id": "Azure"}, has_active=True)
    etag = {"If-Match": f'"{row["attributes"]["etag"]}"'}
    status, said = raw(
        vendor, "PATCH", f"/v1/customers/{tenant}/subscriptions/{row['id']}", {**row, "Status": "suspended"}, **etag
    )
    assert (status, said["code"], row["status"]) == (403, "900115", "active")


def test_tokens_are_sold_to_the_right_tenant_and_secret_and_for_an_hour(vendor: VendorServer, hand: Hand) -> None:
    world = vendor.world
    world.open_request(NUMBER)
    form = {"client_id": world.client_id, "client_secret": world.client_secret, "grant_type": "client_credentials"}

    def buy(tenant: str = world.tenant, **other: str) -> httpx.Response:
        return httpx.post(f"{vendor.url}/{tenant}/oauth2/token", data=form | other)

    assert buy("sandbox.onmicrosoft.example").status_code == 400
    assert buy(client_secret="another").status_code == 401
    sold = buy().json()
    assert sold["expires_in"] == "3600"  # numbers are strings there
    bearer = {"Authorization": f"Bearer {sold['access_token']}"}
    assert httpx.get(f"{vendor.url}/v1/servicerequests", headers=bearer).status_code == 403
    assert httpx.get(f"{vendor.url}/v1/customers", headers=bearer).status_code == 200
    hand.advance(3600)
    assert httpx.get(f"{vendor.url}/v1/customers", headers=bearer).status_code == 401
