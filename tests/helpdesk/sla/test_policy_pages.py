"""SLA policies under Admin: conditions, targets as people write them, the order, the tester."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict

from helpdesk.database import db
from helpdesk.sla import queries
from helpdesk.sla.models import SlaPolicy
from tests.helpdesk.sla.conftest import Promised
from workflows.vocabulary import ClockKind, Kind, Priority, Service


def fields(page: str) -> MultiDict[str, str]:
    """What a browser would send from the policy's form as it stands."""
    form = re.search(r'<form method="post"[^>]*class="policy-form">.*?</form>', page, re.DOTALL)
    assert form
    sent: MultiDict[str, str] = MultiDict()
    for tag in re.findall(r"<input[^>]*>", form[0]):
        name, value = (re.search(rf'\b{part}="([^"]*)"', tag) for part in ("name", "value"))
        is_box = 'type="checkbox"' in tag
        if name and (not is_box or " checked" in tag):
            sent.add(name[1], value[1] if value else "")
    for name_, body in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', form[0], re.DOTALL):
        chosen = re.search(r'<option selected value="([^"]*)"', body) or re.search(r'value="([^"]*)"', body)
        sent.add(name_, chosen[1] if chosen else "")
    return sent


def described(policy: SlaPolicy) -> dict[str, Any]:
    targets = {(each.clock, each.priority): (each.seconds, each.calendar_id) for each in policy.targets}
    return {"targets": targets, "pause_on": policy.pause_on, "levels": policy.levels, "kind": policy.kind}


def stored(policy_id: int) -> SlaPolicy:
    db.session.rollback()
    return queries.policy(policy_id)


def test_saving_the_form_as_it_stands_changes_nothing(max_: FlaskClient, promised: Promised) -> None:
    for policy in (promised.standard, promised.business_plus):
        before = described(policy)
        address = f"/admin/policies/{policy.id}"
        assert max_.post(address, data=fields(max_.get(address).text)).status_code == 303
        assert described(stored(policy.id)) == before


def test_targets_are_written_as_people_say_them(max_: FlaskClient, promised: Promised) -> None:
    address = f"/admin/policies/{promised.business_plus.id}"
    sent = fields(max_.get(address).text)
    sent["target_first_response_p1"] = "45m"
    sent["target_resolution_p2"] = "2d"
    sent["calendar_resolution_p3"] = str(promised.round_the_clock.id)
    sent["target_resolution_p3"] = "2d 1h"
    sent["target_pickup_p4"] = ""
    sent.setlist("pause_resolution", ["customer", "vendor"])
    sent.setlist("pause_intake", [])
    sent["levels_resolution-0-amount"] = "50"
    sent["levels_intake-0-amount"] = ""
    assert max_.post(address, data=sent).status_code == 303
    saved = described(stored(promised.business_plus.id))
    assert saved["targets"][ClockKind.FIRST_RESPONSE, Priority.P1][0] == 45 * 60
    assert saved["targets"][ClockKind.RESOLUTION, Priority.P2][0] == 2 * 10 * 3600  # a desk day has ten hours
    assert saved["targets"][ClockKind.RESOLUTION, Priority.P3] == (49 * 3600, promised.round_the_clock.id)
    assert (ClockKind.PICKUP, Priority.P4) not in saved["targets"]
    assert saved["pause_on"]["resolution"] == ["customer", "vendor"]
    assert saved["pause_on"]["intake"] == []
    breach = {"level": 0, "to": ["assignee", "lead", "manager"], "is_urgent": False}
    assert saved["levels"]["resolution"] == [
        {"level": 1, "percent": 50, "to": ["assignee"], "is_urgent": False},
        breach,
    ]
    assert saved["levels"]["intake"] == [breach]


@pytest.mark.parametrize(
    ("name", "typed", "sentence"),
    [
        ("target_diagnosis_p2", "soon", "30m, 4h, 2d or 1d 4h"),
        ("target_diagnosis_p2", "0h", "Promise more than nothing"),
        ("target_diagnosis_p2", "-4h", "30m, 4h, 2d or 1d 4h"),
        ("target_diagnosis_p2", "99999h", "at most 365 days"),
        ("target_diagnosis_p2", "366d", "at most 365 days"),
        ("target_diagnosis_p2", "9" * 5000 + "h", "at most 365 days"),
        ("tag", "a, b", "no comma"),
        ("levels_diagnosis", "101", "whole number from 1 to 100"),
        ("name", "Standard", "This name is taken."),
        ("support_plan_id", "", "at least one condition"),
        ("calendar_diagnosis_p2", "99", "Choose one of the list"),
    ],
)
def test_errors_stand_at_the_field(max_: FlaskClient, promised: Promised, name: str, typed: str, sentence: str) -> None:
    address = f"/admin/policies/{promised.business_plus.id}"
    sent = fields(max_.get(address).text)
    sent[f"{name}-0-amount" if name.startswith("levels") else name] = typed
    before = described(promised.business_plus)
    page = max_.post(address, data=sent)
    at = "kind" if name == "support_plan_id" else name
    assert page.status_code == 422
    at = f"{at}-0" if at.startswith("levels") else at
    assert sentence in (re.search(rf'id="{at}-error">(.*?)</p>', page.text, re.DOTALL) or [""])[0]
    assert fields(page.text)[f"{at}-amount" if at.startswith("levels") else name] == typed or "calendar" in name
    assert fields(page.text)["target_first_response_p1"] == "30m"
    assert described(stored(promised.business_plus.id)) == before


def test_a_long_tag_is_refused_once(max_: FlaskClient, promised: Promised) -> None:
    address = f"/admin/policies/{promised.business_plus.id}"
    sent = fields(max_.get(address).text)
    sent["tag"] = "x" * 41
    page = max_.post(address, data=sent)
    assert (page.status_code, "Use at most 40 characters." in page.text) == (422, True)
    assert "A tag has" not in page.text


def test_a_new_policy_goes_before_the_default(max_: FlaskClient, promised: Promised) -> None:
    sent = fields(max_.get("/admin/policies/new").text)
    sent["name"], sent["service"], sent["target_first_response_p1"] = "Azure", "azure", "20m"
    assert max_.post("/admin/policies/new", data=sent).status_code == 303
    db.session.rollback()
    assert [policy.name for policy in queries.policies()] == ["Business Plus", "Azure", "Standard"]
    assert queries.choose_policy(Kind.TECHNICAL, Service.AZURE, None, None).name == "Azure"


def test_an_empty_policy_is_refused(max_: FlaskClient) -> None:
    sent = fields(max_.get("/admin/policies/new").text)
    sent["name"], sent["service"] = "Azure", "azure"
    page = max_.post("/admin/policies/new", data=sent)
    assert page.status_code == 422
    assert "Promise at least one thing." in page.text


def test_moving_and_removing(max_: FlaskClient, promised: Promised) -> None:
    test_a_new_policy_goes_before_the_default(max_, promised)
    azure = next(policy for policy in queries.policies() if policy.name == "Azure")
    max_.post(f"/admin/policies/{azure.id}/position", data={"direction": "up"})
    db.session.rollback()
    assert [policy.name for policy in queries.policies()] == ["Azure", "Business Plus", "Standard"]
    asked = max_.post(f"/admin/policies/{azure.id}/removal").headers["Location"]
    assert max_.get(f"/admin/policies/{azure.id}").status_code == 200, "unused, and still one click may be a slip"
    page = max_.get(asked).text
    assert "The policy “Azure” is to be removed for good." in page
    assert "No open ticket would change." in page
    assert "The policy “Azure” is removed." in max_.post(f"{asked}/confirmation", follow_redirects=True).text
    assert max_.get(f"/admin/policies/{azure.id}").status_code == 404


def test_the_default_cannot_be_removed(max_: FlaskClient, promised: Promised) -> None:
    refused = max_.post(f"/admin/policies/{promised.standard.id}/removal")
    assert refused.status_code == 422
    assert stored(promised.standard.id).is_default


def test_the_tester_names_the_policy_and_its_first_deadlines(max_: FlaskClient, promised: Promised) -> None:
    plan_id = promised.business_plus.support_plan_id
    asked = f"try=1&kind=billing&service=&customer_id=&support_plan_id={plan_id}&priority=p1"
    page = max_.get(f"/admin/policies?{asked}").text
    assert re.search(r"<output>.*Business Plus</output>", page)
    assert "today 14:42" in page
    assert "Not Business Plus" not in page
    guest = max_.get("/admin/policies?try=1&kind=&service=&customer_id=&support_plan_id=&priority=p1").text
    assert re.search(r"<output>.*Standard</output>", guest)
    assert "Not Business Plus: it wants the plan Business Plus." in guest


def test_the_page_says_what_becomes_of_open_tickets(max_: FlaskClient, promised: Promised) -> None:
    page = max_.get(f"/admin/policies/{promised.standard.id}").text
    assert "Saving shows first which open tickets would be promised something else" in page


def test_the_list_reads_its_conditions(max_: FlaskClient, promised: Promised) -> None:
    page = max_.get("/admin/policies").text
    assert "plan Business Plus" in page
    assert "every other ticket" in page


# the ladder -------------------------------------------------------------------------------------------


def test_levels_are_added_changed_and_taken_away(max_: FlaskClient, promised: Promised) -> None:
    address = f"/admin/policies/{promised.standard.id}"
    sent = fields(max_.get(address).text)
    sent["levels_resolution-2-amount"], sent["levels_resolution-2-measure"] = "60", "minutes_after"
    sent.setlist("levels_resolution-2-to", ["manager", "on_call"])
    sent["levels_resolution-2-urgent"], sent["levels_resolution-2-act"] = "1", "raise_priority"
    sent["do"] = "level-resolution"
    again = max_.post(address, data=sent)
    assert again.status_code == 200  # one more row, nothing saved
    assert stored(promised.standard.id).levels["resolution"] == described(promised.standard)["levels"]["resolution"]
    sent = fields(again.text)
    assert sent["levels_resolution-2-amount"] == "60"
    sent["levels_resolution-3-amount"], sent["levels_resolution-3-measure"] = "30", "minutes_before"
    assert max_.post(address, data=sent).status_code == 303
    kept = stored(promised.standard.id).levels["resolution"]
    assert [(level["level"], level.get("act")) for level in kept] == [
        (1, None), (0, None), (2, "raise_priority"), (3, None),
    ]  # fmt: skip
    assert kept[2] == {
        "level": 2, "minutes_after": 60, "to": ["manager", "on_call"], "is_urgent": True, "act": "raise_priority",
    }  # fmt: skip
    sent = fields(max_.get(address).text)
    after = next(name for name, text in sent.items() if text == "60" and name.startswith("levels_resolution"))
    sent[after] = ""
    max_.post(address, data=sent)
    numbers = [level["level"] for level in stored(promised.standard.id).levels["resolution"]]
    assert sorted(numbers) == [0, 1, 3]


@pytest.mark.parametrize(
    ("amount", "measure", "to", "sentence"),
    [
        ("x", "percent", ["lead"], "whole number"),
        ("0", "minutes_after", ["lead"], "whole number"),
        ("75", "percent", ["lead"], "same moment"),
        ("90", "percent", [], "whom it tells"),
        ("90", "furlongs", ["lead"], "Choose one of the list"),
        ("90", "percent", ["everybody"], "Choose one of the list"),
    ],
)
def test_a_level_that_makes_no_sense_is_refused_in_its_row(
    max_: FlaskClient, promised: Promised, amount: str, measure: str, to: list[str], sentence: str
) -> None:
    address = f"/admin/policies/{promised.standard.id}"
    sent = fields(max_.get(address).text)
    sent["levels_pickup-2-amount"], sent["levels_pickup-2-measure"] = amount, measure
    sent.setlist("levels_pickup-2-to", to)
    page = max_.post(address, data=sent)
    assert page.status_code == 422
    assert sentence in (re.search(r'id="levels_pickup-2-error">(.*?)</p>', page.text, re.DOTALL) or [""])[0]
    assert fields(page.text)["levels_pickup-2-amount"] == amount
    assert re.search(r'<details[^>]*id="clock_pickup" open', page.text)


def test_a_level_before_its_promise_begins_is_refused_or_said_to_be(max_: FlaskClient, promised: Promised) -> None:
    address = f"/admin/policies/{promised.standard.id}"
    sent = fields(max_.get(address).text)
    for priority, length in zip(Priority, ("1h", "1h", "30m", ""), strict=True):
        sent[f"target_first_response_{priority}"] = length
    sent["levels_first_response-2-amount"], sent["levels_first_response-2-measure"] = "61", "minutes_before"
    refused = max_.post(address, data=sent)
    assert refused.status_code == 422
    told = re.search(r'id="levels_first_response-2-error">(.*?)</p>', refused.text, re.DOTALL)
    assert told
    assert "before the promise begins" in told[1]
    sent["levels_first_response-2-amount"] = "60"
    assert max_.post(address, data=sent).status_code == 303
    assert "Never comes for P3: their promise is shorter." in max_.get(address).text


def test_all_that_is_wrong_is_told_at_once(max_: FlaskClient, promised: Promised) -> None:
    sent = fields(max_.get(f"/admin/policies/{promised.standard.id}").text)
    sent["target_pickup_p1"], sent["levels_pickup-2-amount"], sent["name"] = "soon", "x", ""
    page = max_.post(f"/admin/policies/{promised.standard.id}", data=sent).text
    assert "3 things to put right" in page


# the tester -------------------------------------------------------------------------------------------


def test_the_tester_takes_a_customer_a_tag_and_a_moment(max_: FlaskClient, promised: Promised) -> None:
    sent = fields(max_.get("/admin/policies/new").text)
    sent["name"], sent["tag"], sent["target_resolution_p2"] = "Outages", "Outage", "2h"
    assert max_.post("/admin/policies/new", data=sent).status_code == 303
    asked = "try=1&kind=technical&service=&customer_id=&support_plan_id=&priority=p2&at=2026-11-27T17:00"
    page = max_.get(f"/admin/policies?{asked}&tag=vip,+OUTAGE&clock=resolution").text
    assert re.search(r"<output>.*Outages</output>", page)
    assert "Mon 09:00" in page  # two open hours from Friday 17:00
    explained = page.split('id="explained"')[1]
    assert "Fri 27 Nov 2026, 17:00" in explained
    assert explained.count("not-counted") == 1
    without = max_.get(f"/admin/policies?{asked}&tag=").text
    assert re.search(r"<output>.*Standard</output>", without)
    assert "it wants the tag outage" in without


def test_a_bad_tag_in_the_tester_is_told(max_: FlaskClient, promised: Promised) -> None:
    page = max_.get(f"/admin/policies?try=1&kind=&service=&customer_id=&support_plan_id=&priority=p1&tag={'x' * 41}")
    assert "at most 40 characters" in page.text.lower() or "40 characters" in page.text
    assert "<output>" not in page.text
