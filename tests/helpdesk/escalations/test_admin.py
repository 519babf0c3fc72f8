"""Channels and entitlements under Admin, and that the rules read what is saved."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.clock import Hand, now
from helpdesk.database import db, unit_of_work
from helpdesk.escalations import defaults, editing, models, queries
from helpdesk.escalations.models import Entitlement, EntitlementUse, PackRequirement, SupportChannel
from helpdesk.sla import defaults as sla_defaults
from helpdesk.sla import queries as sla
from helpdesk.sla.defaults import ROUND_THE_CLOCK, VENDOR_HOURS
from tests.people import add_person, signed_in
from workflows.channels import Channel
from workflows.vocabulary import ChannelKind, ClockKind, PackItem, Role, Service, Severity


@pytest.fixture
def adam(app: Flask, hand: Hand) -> FlaskClient:
    with unit_of_work():
        sla_defaults.install(now())
        defaults.install(now())
    return signed_in(app, add_person("Adam", Role.ADMIN))


@pytest.fixture
def premier(adam: FlaskClient) -> SupportChannel:
    return queries.channel_of(ChannelKind.PREMIER)


def premier_rule(day: date) -> Channel:
    return next(each for each in queries.channels_and_entitlements(day)[0] if each.kind is ChannelKind.PREMIER)


FIELDS: dict[str, Any] = {
    "name": "Unified for Partners",
    "is_enabled": "y",
    "services": ["azure", "other"],
    "needs_entitlement": "y",
    "fee": "Yearly",
    "cost_rank": "2",
    "source": "Contract 2026",
}
TODAY = date(2026, 11, 24)
ENTITLED = {"contract_number": "C-1", "access_number": "", "starts_on": "2026-01-01", "ends_on": "2026-12-31"}


@pytest.fixture
def calendar_ids(adam: FlaskClient) -> dict[str, int]:
    return {calendar.name: calendar.id for calendar in sla.calendars()}


def fields(calendar_ids: dict[str, int], **lengths: str) -> dict[str, Any]:
    """The whole form: ``lengths`` by clock and severity, on business hours, and A's response day and night."""
    business, always = calendar_ids[VENDOR_HOURS], calendar_ids[ROUND_THE_CLOCK]
    cells = {
        f"{clock}_{severity}" for clock in (ClockKind.VENDOR_RESPONSE, ClockKind.VENDOR_UPDATE) for severity in Severity
    }
    chosen = {f"calendar_{cell}": str(business) for cell in cells} | {"calendar_vendor_response_critical": str(always)}
    return FIELDS | chosen | {f"length_{cell}": lengths.get(cell, "") for cell in cells}


def test_a_channel_is_renamed_and_the_rules_read_it(
    adam: FlaskClient, premier: SupportChannel, calendar_ids: dict[str, int]
) -> None:
    assert adam.post(f"/admin/channels/{premier.id}", data=fields(calendar_ids)).status_code == 303
    db.session.expire_all()
    assert premier.name == "Unified for Partners"
    rule = premier_rule(TODAY)
    assert (rule.services, rule.cost, rule.cost_rank) == ({Service.AZURE, Service.OTHER}, "Yearly", 2)


def test_the_vendor_is_timed_on_its_own_hours(
    adam: FlaskClient, premier: SupportChannel, calendar_ids: dict[str, int]
) -> None:
    sent = fields(
        calendar_ids, vendor_response_critical="30m", vendor_response_moderate="1d", vendor_update_critical="2h"
    )
    assert adam.post(f"/admin/channels/{premier.id}", data=sent).status_code == 303
    db.session.rollback()
    business, always = calendar_ids[VENDOR_HOURS], calendar_ids[ROUND_THE_CLOCK]
    assert queries.vendor_terms(premier.id, Severity.A) == {
        ClockKind.VENDOR_RESPONSE: (1800, always),
        ClockKind.VENDOR_UPDATE: (7200, business),
    }
    # a day is a usual day of those hours; what is left empty is not timed
    assert queries.vendor_terms(premier.id, Severity.B) == {ClockKind.VENDOR_RESPONSE: (36_000, business)}
    assert queries.vendor_terms(premier.id, Severity.C) == {}
    ids = {term.id for term in premier.terms}
    assert adam.post(f"/admin/channels/{premier.id}", data=sent).status_code == 303
    db.session.expire_all()
    assert {term.id for term in premier.terms} == ids


def test_a_calendar_names_the_channels_that_it_times(adam: FlaskClient, calendar_ids: dict[str, int]) -> None:
    users = sla.users_by_calendar()
    assert queries.channel_of(ChannelKind.PREMIER).name in users[calendar_ids[VENDOR_HOURS]]
    assert "Premier" not in " ".join(users[calendar_ids["Desk hours"]])
    page = adam.get("/admin/calendars").text
    assert re.search(rf"{VENDOR_HOURS}</a></th>.*?{', '.join(users[calendar_ids[VENDOR_HOURS]])}</td>", page, re.S)


def test_what_a_fresh_desk_expects_of_the_vendor(adam: FlaskClient, calendar_ids: dict[str, int]) -> None:
    business, always = calendar_ids[VENDOR_HOURS], calendar_ids[ROUND_THE_CLOCK]

    def terms(kind: ChannelKind, severity: Severity) -> dict[ClockKind, tuple[int, int]]:
        return queries.vendor_terms(queries.channel_of(kind).id, severity)

    response, update = ClockKind.VENDOR_RESPONSE, ClockKind.VENDOR_UPDATE
    assert terms(ChannelKind.PREMIER, Severity.A) == {response: (3600, always), update: (4 * 3600, always)}
    assert terms(ChannelKind.ADVANCED, Severity.B)[response] == (4 * 3600, business)
    assert terms(ChannelKind.COMMERCIAL, Severity.C)[response] == (36_000, business)
    assert terms(ChannelKind.SIGNATURE, Severity.A) == {update: (4 * 3600, business)}  # nothing is published


def test_the_form_shows_what_is_kept(adam: FlaskClient, calendar_ids: dict[str, int]) -> None:
    advanced = queries.channel_of(ChannelKind.ADVANCED)
    page = adam.get(f"/admin/channels/{advanced.id}").text
    shown = re.search(r'<input[^>]*name="length_vendor_response_moderate"[^>]*value="([^"]*)"', page)
    assert shown
    assert shown[1] == "4h"
    select = re.search(r'<select[^>]*name="calendar_vendor_response_critical".*?</select>', page, re.DOTALL)
    assert select
    assert f'selected value="{calendar_ids[ROUND_THE_CLOCK]}"' in select[0]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"services": []}, "services"),
        ({"cost_rank": "many"}, "cost_rank"),
        ({"length_vendor_response_critical": "soon"}, "length_vendor_response_critical"),
        ({"length_vendor_update_minimal": "0h"}, "length_vendor_update_minimal"),
    ],
)
def test_what_a_channel_needs(
    adam: FlaskClient,
    premier: SupportChannel,
    calendar_ids: dict[str, int],
    change: dict[str, Any],
    field: str,
) -> None:
    before = queries.vendor_terms(premier.id, Severity.A)
    page = adam.post(f"/admin/channels/{premier.id}", data=fields(calendar_ids) | change)
    assert queries.vendor_terms(premier.id, Severity.A) == before
    assert page.status_code == 422
    assert f'id="{field}-error"' in page.text
    db.session.expire_all()
    assert premier.name == "Premier Support for Partners"


def test_entitlements_open_a_channel(adam: FlaskClient, premier: SupportChannel) -> None:
    new = f"/admin/channels/{premier.id}/entitlements/new"
    assert adam.post(new, data=ENTITLED | {"incidents_included": "5"}).status_code == 303
    (rule,) = queries.channels_and_entitlements(TODAY)[1]
    assert (rule.channel, rule.ends_on, rule.incidents_left) == (ChannelKind.PREMIER, date(2026, 12, 31), 5)
    page = adam.get("/admin/channels").text
    assert "C-1" in page
    assert "valid" in page


def test_an_entitlement_ends_after_it_starts(adam: FlaskClient, premier: SupportChannel) -> None:
    new = f"/admin/channels/{premier.id}/entitlements/new"
    page = adam.post(new, data=ENTITLED | {"ends_on": "2025-12-31"})
    assert page.status_code == 422
    assert "It ends before it starts." in page.text
    assert queries.channels_and_entitlements(TODAY)[1] == []


@pytest.mark.parametrize(
    ("sent", "field", "sentence"),
    [
        ({"starts_on": "0001-01-01"}, "starts_on", "Write a year from 2000 to 2100."),
        ({"ends_on": "9999-12-31"}, "ends_on", "Write a year from 2000 to 2100."),
        ({"contract_number": " "}, "contract_number", "write the contract id or the access id"),
    ],
)
def test_an_entitlement_is_one_that_can_be(
    adam: FlaskClient, premier: SupportChannel, sent: dict[str, str], field: str, sentence: str
) -> None:
    new = f"/admin/channels/{premier.id}/entitlements/new"
    page = adam.post(new, data=ENTITLED | sent)
    assert page.status_code == 422
    assert sentence in page.text.partition(f'id="{field}-error"')[2]
    assert queries.channels_and_entitlements(TODAY)[1] == []
    entitlement = add_entitlement(premier)
    assert adam.post(f"/admin/channels/entitlements/{entitlement.id}", data=ENTITLED | sent).status_code == 422


def test_an_entitlement_needs_an_id_only_where_the_pack_asks_for_it(adam: FlaskClient, premier: SupportChannel) -> None:
    new = f"/admin/channels/{premier.id}/entitlements/new"
    assert adam.post(new, data=ENTITLED | {"contract_number": "", "access_number": "A-1"}).status_code == 303
    with unit_of_work() as session:
        for row in session.scalars(sa.select(PackRequirement)):
            row.is_enabled = PackItem.PLAN not in row.items
    assert adam.post(new, data=ENTITLED | {"contract_number": ""}).status_code == 303


def add_entitlement(premier: SupportChannel, used: int = 0) -> Entitlement:
    draft = editing.EntitlementDraft("C-1", "", date(2026, 1, 1), date(2026, 12, 31), 5)
    with unit_of_work():
        entitlement = editing.add_entitlement(premier, draft, now())
        entitlement.incidents_used = used
    return entitlement


def test_the_count_is_corrected_by_a_line_that_stays(adam: FlaskClient, premier: SupportChannel) -> None:
    entitlement = add_entitlement(premier, used=2)
    address = f"/admin/channels/entitlements/{entitlement.id}/uses"
    assert adam.post(address, data={"incidents": "-1", "reason": "Closed as a bug"}).status_code == 303
    db.session.expire_all()
    assert entitlement.incidents_used == 1
    use = db.session.scalars(sa.select(EntitlementUse)).one()
    assert (use.incidents, use.reason, use.at) == (-1, "Closed as a bug", now())
    assert "Closed as a bug" in adam.get(f"/admin/channels/entitlements/{entitlement.id}").text


@pytest.mark.parametrize(
    ("sent", "field", "sentence"),
    [
        ({"incidents": "-3", "reason": "Why"}, "incidents", "2 are used: that can’t be taken back."),
        ({"incidents": "0", "reason": "Why"}, "incidents", "0 changes nothing"),
        ({"incidents": "1.5", "reason": "Why"}, "incidents", "A whole number. From -1000 to 1000."),
        ({"incidents": "1", "reason": " "}, "reason", "This is needed."),
    ],
)
def test_what_a_correction_needs(
    adam: FlaskClient, premier: SupportChannel, sent: dict[str, str], field: str, sentence: str
) -> None:
    entitlement = add_entitlement(premier, used=2)
    page = adam.post(f"/admin/channels/entitlements/{entitlement.id}/uses", data=sent)
    assert page.status_code == 422
    told = page.text.partition(f'id="{field}-error"')[2].partition("</p>")[0]
    assert re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", told)).count(sentence) == 1
    db.session.expire_all()
    assert entitlement.incidents_used == 2


def test_incidents_that_were_used_stay_included(adam: FlaskClient, premier: SupportChannel) -> None:
    entitlement = add_entitlement(premier, used=4)
    address = f"/admin/channels/entitlements/{entitlement.id}"
    assert adam.post(address, data=ENTITLED | {"incidents_included": "3"}).status_code == 422
    assert adam.post(address, data=ENTITLED | {"incidents_included": "4"}).status_code == 303


# names, days and sources of a channel ------------------------------------------------------------------


def test_a_channel_goes_by_the_name_of_the_day(adam: FlaskClient, premier: SupportChannel, calendar_ids) -> None:
    names = "Unified Support; 2026-12-01; ; Partner blog\nPSfP"
    sent = fields(calendar_ids) | {"names_text": names, "starts_on": "2020-01-01", "source_fee": "Invoice 2026/11"}
    assert adam.post(f"/admin/channels/{premier.id}", data=sent).status_code == 303
    db.session.expire_all()
    assert premier.name_on(date(2026, 11, 30)) == "Unified for Partners"
    assert premier.name_on(date(2026, 12, 1)) == "Unified Support"
    assert premier.other_names(date(2026, 12, 1)) == ["Unified for Partners", "PSfP"]
    assert premier.sources["fee"] == "Invoice 2026/11"
    page = adam.get(f"/admin/channels/{premier.id}").text
    assert "Unified Support; 2026-12-01; ; Partner blog" in page
    assert "Invoice 2026/11" in page


@pytest.mark.parametrize(
    "change",
    [
        {"names_text": "Unified; soon"},
        {"names_text": "; 2026-01-01"},
        {"names_text": "Unified; 2026-02-01; 2026-01-01"},
        {"fees_text": "soon; 10 EUR"},
        {"fees_text": "2027-01-01"},
        {"fees_text": "2027-01-01; 10 EUR; dear"},
        {"fees_text": "2027-01-01; 10 EUR; 101"},
        {"starts_on": "2026-02-01", "ends_on": "2026-01-01"},
    ],
)
def test_senseless_names_and_days_come_back(adam: FlaskClient, premier: SupportChannel, calendar_ids, change) -> None:
    answer = adam.post(f"/admin/channels/{premier.id}", data=fields(calendar_ids) | change)
    assert answer.status_code == 422
    db.session.expire_all()
    assert premier.name == "Premier Support for Partners"


def test_the_usual_channels_say_where_their_figures_come_from(adam: FlaskClient) -> None:
    signature = queries.channel_of(ChannelKind.SIGNATURE)
    assert signature.name == "Signature Cloud Support"
    assert signature.name_on(date(2026, 11, 24)) == "Partner Cloud Support"
    assert "2025" in signature.sources["name"]
    for kind in ChannelKind:
        assert queries.channel_of(kind).sources


def test_a_channel_that_is_no_longer_offered_is_closed_to_the_rules(adam: FlaskClient, premier, calendar_ids) -> None:
    adam.post(f"/admin/channels/{premier.id}", data=fields(calendar_ids) | {"ends_on": "2026-06-30"})
    rule = premier_rule(TODAY)
    assert rule.ends_on == date(2026, 6, 30)


def test_a_fee_holds_from_its_day_and_may_change_the_order(adam: FlaskClient, premier, calendar_ids) -> None:
    fees = "2027-07-01; 1,900 EUR a month\n2027-01-01; 1,400 EUR a month; 0; Letter of November"
    sent = fields(calendar_ids) | {"fees_text": fees}
    assert adam.post(f"/admin/channels/{premier.id}", data=sent).status_code == 303
    db.session.expire_all()
    seen = []
    for day in (date(2026, 12, 31), date(2027, 1, 1), date(2027, 7, 1)):
        channels, rule = queries.channels_and_entitlements(day)[0], premier_rule(day)
        assert (premier.fee_on(day), premier.cost_rank_on(day)) == (rule.cost, rule.cost_rank)
        assert [each.cost_rank for each in channels] == sorted(each.cost_rank for each in channels)
        seen.append((rule.cost, rule.cost_rank))
    assert seen == [("Yearly", 2), ("1,400 EUR a month", 0), ("1,900 EUR a month", 0)]
    page = adam.get(f"/admin/channels/{premier.id}").text
    assert page.index("2027-01-01; 1,400 EUR a month; 0; Letter of November") < page.index("2027-07-01; 1,900")


def test_the_usual_fees_are_said_in_the_reader_s_language_and_others_as_written(
    adam: FlaskClient, premier: SupportChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "gettext", lambda text: f"«{text}»")
    assert premier.fee_on(TODAY) == "«Contract»"
    assert "«Yearly fee»" in adam.get("/admin/channels").text
    assert 'value="Contract"' in adam.get(f"/admin/channels/{premier.id}").text, "what is edited is what is kept"
    premier.fee = "Contract of May"
    assert premier.fee_on(TODAY) == "Contract of May"


def test_a_name_that_has_a_successor_says_which_is_shown(adam: FlaskClient) -> None:
    signature = queries.channel_of(ChannelKind.SIGNATURE)
    page = adam.get(f"/admin/channels/{signature.id}").text
    assert "Shown now as Partner Cloud Support" in page


def test_a_contract_in_its_last_thirty_days_is_marked(adam: FlaskClient, premier: SupportChannel) -> None:
    address = f"/admin/channels/{premier.id}/entitlements/new"
    assert adam.post(address, data=ENTITLED | {"ends_on": "2026-11-24"}).status_code == 303
    assert "ends soon" in adam.get("/admin/channels").text
