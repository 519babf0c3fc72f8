"""What no page of ours sends: numbers no table holds, digits that are none, NUL, days at the calendar's ends.

Each is answered as nothing, or as a field that is wrong; none of them is an error of the desk's.
"""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.database import db
from helpdesk.escalations.outages.models import VendorIncident
from helpdesk.escalations.partner_center import reading
from helpdesk.management.filters import read_day
from helpdesk.tickets import case_import
from helpdesk.web.incoming import Texts, is_moment, is_row_number, row_number
from tests.helpdesk.tickets.conftest import Desk, desk, number, opened
from tests.people import add_person, signed_in
from workflows.vocabulary import Role

__all__ = ["Desk", "desk", "number", "opened"]

NO_NUMBERS = ("2147483648", "99999999999999999999", "9" * 5000, "²", "١", "-1", "1e3", "1_0", "", " 1")
ODD_DAYS = ("0001-01-01", "9999-12-31", "2026-02-30", "nonsense")
ODD_MOMENTS = ("0001-01-01T00:00", "0002-01-01T00:00", "9999-12-31T23:59", "9999-12-31T23:59-12:00", "²")
EVERYTHING = [role for role in Role if role is not Role.USER_ADMIN]


@pytest.fixture
def boss(app: Flask, desk: Desk) -> FlaskClient:
    """Somebody who may do everything, so that nothing is refused before it is read."""
    return signed_in(app, add_person("Boss", *EVERYTHING))


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_only_plain_digits_that_a_table_holds_are_a_number(text: str) -> None:
    assert not is_row_number(text)
    with pytest.raises(ValueError):
        row_number(text)


def test_the_largest_number_is_one() -> None:
    assert row_number("2147483647") == 2**31 - 1
    assert (is_moment("253402300799"), is_moment("253402300800"), is_moment("²")) == (True, False, False)


def test_parameters_hold_no_nul() -> None:
    assert Texts([("a", "x\0y"), ("a", "\0")]).getlist("a") == ["xy", ""]
    assert Texts(Texts([("a", "1"), ("a", "2")])).getlist("a") == ["1", "2"]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_address_with_a_number_that_no_table_holds_leads_nowhere(
    app: Flask, boss: FlaskClient, number: int, method: str
) -> None:
    text = "99999999999999999999"
    rules = [rule.rule for rule in app.url_map.iter_rules() if method in (rule.methods or ()) and "<int:" in rule.rule]
    assert len(rules) > 20
    for rule in rules:
        last = re.sub(
            r"<int:[^>]+>(?=[^<]*$)", text, rule.replace("<int:number>", str(number), rule.count("<int:") - 1)
        )
        for address in (re.sub(r"<int:[^>]+>", text, rule), re.sub(r"<int:[^>]+>", "1", last)):
            answer = boss.open(re.sub(r"<[^>]+>", "A" * 43, address), method=method)
            assert answer.status_code in (404, 405), (method, address)


QUERIES = (
    "/incidents?before=%s", "/incidents/new?ticket=%s", "/incidents/1?tickets_after=%s&customers_after=%s",
    "/credits?state=granted&after=2026-01-01T00:00:00%%2B00:00,%s", "/customers?after=%s", "/customers/rights?after=%s",
    "/reports/returns?topic=%s", "/reports/returns/tickets?topic=%s", "/reports/returns/tickets?after=1795000000.%s",
    "/breaches?after=1795000000.%s", "/queue?after=0.1795000000.%s", "/queue?topic=%s", "/search?q=%s",
    "/notifications?before=%s", "/admin/channels/entitlements/1?before=%s", "/tickets/new?follows=%s",
)  # fmt: skip


@pytest.mark.parametrize("address", QUERIES)
def test_a_query_may_hold_anything(boss: FlaskClient, desk: Desk, address: str) -> None:
    for text in ("2147483648", "99999999999999999999", "²", "-1", "a%00"):
        answer = boss.get(address.replace("%s", text).replace("%%", "%"))
        assert answer.status_code in (200, 302, 404), (address, text)


def test_an_address_may_hold_nul(app: Flask, boss: FlaskClient, number: int) -> None:
    for rule in (rule.rule for rule in app.url_map.iter_rules() if re.search(r"<(?!int:)", rule.rule)):
        address = re.sub(r"<[^>]+>", "a%00", re.sub(r"<int:[^>]+>", str(number), rule))
        assert boss.get(address).status_code in (302, 404, 405), address


@pytest.mark.parametrize("address", ["/reports/returns", "/reports/returns/tickets", "/breaches"])
def test_a_period_may_hold_any_day(boss: FlaskClient, address: str) -> None:
    for day in ODD_DAYS:
        assert boss.get(f"{address}?from={day}&to={day}").status_code == 200, day
        assert read_day(day) is None


INCIDENT = {
    "number": "EX25194",
    "service": "azure",
    "title": "Sign-in fails",
    "started": "2026-11-24T08:00",
    "ended": "",
}


@pytest.mark.parametrize("moment", ODD_MOMENTS)
def test_an_incident_began_on_a_day_that_every_zone_knows(boss: FlaskClient, moment: str) -> None:
    for field in ("started", "ended"):
        answer = boss.post("/incidents/new", data=INCIDENT | {field: moment})
        assert answer.status_code == 422, field
        assert "Write a date and a time." in answer.text
    assert db.session.scalar(sa.select(sa.func.count()).select_from(VendorIncident)) == 0


def test_nul_is_left_out_of_what_is_written(boss: FlaskClient, number: int) -> None:
    assert boss.post("/incidents/new", data=INCIDENT | {"title": "Sign\0-in fails"}).status_code == 303
    assert db.session.scalars(sa.select(VendorIncident.title)).one() == "Sign-in fails"
    assert boss.post(f"/tickets/{number}/incident", data={"incident": "²"}).status_code == 422
    assert boss.post(f"/tickets/{number}/assignment", data={"assignee": "²"}).status_code == 422
    answer = boss.post(f"/tickets/{number}/tags", data={"add": "vip", "version": "9" * 20})
    assert answer.status_code == 303


@pytest.mark.parametrize("act", [{"act": "incident", "incident": "²"}, {"act": "assign", "assignee": "9" * 20}])
def test_several_tickets_at_once_are_as_strict(boss: FlaskClient, number: int, act: dict[str, str]) -> None:
    answer = boss.post("/queue/bulk", data=act | {"ticket": [str(number), "²", "9" * 20]})
    assert (answer.status_code, answer.location) == (303, "/queue")


# files and the vendor -----------------------------------------------------------------------------------


def test_a_file_of_cases_may_be_broken(boss: FlaskClient) -> None:
    open_quotation = 'Number,Status\n1,"' + "x" * 200_000
    for content in (open_quotation, "Number,Status\n\0,open\n"):
        answer = boss.post("/admin/channels/import", data={"content": content})
        assert answer.status_code in (200, 422)
    assert boss.post("/admin/channels/import", data={"content": open_quotation}).status_code == 422
    (line,) = case_import.read("Number,Status,Updated\n1\0,open,9999-12-31T23:59:59-12:00\n")
    assert (line.number, line.updated_at) == ("1", None)


def test_the_vendors_never_is_no_moment() -> None:
    for text in ("0001-01-01T00:00:00", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59-12:00"):
        assert reading.read_moment(text) is None
