"""The page between saving a policy and its being in force: counts, examples, yes or no, progress."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict

from helpdesk.clock import Hand, now
from helpdesk.database import db, unit_of_work
from helpdesk.sla import queries, revisions
from helpdesk.sla.models import PromiseRevision, SlaPolicy
from helpdesk.tickets import revising
from helpdesk.tickets.actions import holding
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.views import revisions as pages
from tests.helpdesk.sla.test_policy_pages import fields
from workflows.vocabulary import HoldCause, Level, RevisionState

from .conftest import Desk, browser_of
from .test_revising import policy_called


@pytest.fixture
def max_(app: Flask, desk: Desk) -> FlaskClient:
    return browser_of(app, desk.max)


@pytest.fixture
def standard(desk: Desk) -> SlaPolicy:
    return policy_called("Standard")


def edited(client: FlaskClient, policy: SlaPolicy, **changes: str) -> MultiDict[str, str]:
    sent = fields(client.get(f"/admin/policies/{policy.id}").text)
    for name, text in changes.items():
        sent[name] = text
    return sent


def save(client: FlaskClient, policy: SlaPolicy, **changes: str) -> str:
    """Save the policy's form with ``changes``; the address that the answer leads to."""
    return client.post(f"/admin/policies/{policy.id}", data=edited(client, policy, **changes)).headers["Location"]


def target_of(policy_id: int, clock: str = "first_response", priority: str = "p1") -> int:
    db.session.rollback()
    db.session.expire_all()
    targets = queries.policy(policy_id).targets
    return next(each.seconds for each in targets if (each.clock, each.priority) == (clock, priority))


def test_saving_shows_what_would_change_and_changes_nothing(max_: FlaskClient, opened, standard, hand: Hand) -> None:
    first, second = opened().ticket.id, opened().ticket.id
    hand.advance(1800)
    before = target_of(standard.id)
    address = save(max_, standard, target_first_response_p1="20m", target_resolution_p1="12h")
    page = max_.get(address).text
    text = re.sub(r"<[^>]+>|\s+", " ", page)
    assert re.search(r"2 open tickets would change *: *2 breaches now", re.sub(r" +", " ", text))
    assert f'href="/tickets/{first}"' in page
    assert f'href="/tickets/{second}"' in page
    assert "Tue 24 Nov, 14:32" in page  # 20 minutes after 14:12; past or not, a moment has its date
    assert "today 14:32" not in page
    assert target_of(standard.id) == before


def test_the_page_tells_apart_who_keeps_their_deadlines_and_what_a_pause_leaves(
    max_: FlaskClient, opened, desk: Desk, standard
) -> None:
    held = opened().ticket.id
    opened(impact=Level.LOW, urgency=Level.LOW)
    with unit_of_work():
        holding.hold(held, desk.ana, HoldCause.CUSTOMER, now())
    changes = {"target_resolution_p1": "12h", "levels_resolution-0-amount": "60"}
    page = max_.get(save(max_, standard, **changes)).text
    text = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    assert "1 open ticket would change: 1 later . 1 more ticket keeps its deadlines." in text
    assert "paused, 10 h left paused, 12 h left later" in text
    assert "standing still" not in text


def test_confirming_puts_it_in_force(max_: FlaskClient, opened, standard) -> None:
    number = opened().ticket.id
    address = save(max_, standard, target_first_response_p1="3h")
    assert max_.post(f"{address}/confirmation").headers["Location"] == address
    page = max_.get(address).text
    assert "1 open ticket got its new promises." in page
    assert target_of(standard.id) == 3 * 3600
    due = db.session.get(Ticket, number, populate_existing=True)
    assert due.terms_id is not None
    assert "put other promises in force" in max_.get(f"/tickets/{number}/events").text
    assert "Standard" in max_.get("/admin/policies").text.split("Latest changes")[1]


def test_where_nothing_changes_it_is_in_force_at_once(max_: FlaskClient, opened, standard) -> None:
    opened()
    address = save(max_, standard, target_first_response_p3="5h")  # the ticket is a p1
    assert address == "/admin/policies"
    assert "No open ticket is promised anything else." in max_.get(address).text
    assert target_of(standard.id, priority="p3") == 5 * 3600


def test_going_back_to_the_form_keeps_everything_typed(max_: FlaskClient, opened, standard) -> None:
    opened()
    typed = edited(max_, standard, target_first_response_p1="1h 30m")
    typed["levels_first_response-2-amount"] = "90"
    typed.setlist("levels_first_response-2-to", ["on_call"])
    page = max_.get(max_.post(f"/admin/policies/{standard.id}", data=typed).headers["Location"]).text
    back = (re.search(r'href="(/admin/policies/\d+\?draft=\d+)"', page) or [""])[1]
    again = fields(max_.get(back).text)
    assert again["target_first_response_p1"] == "1h 30m"
    assert again["levels_first_response-2-amount"] == "90"
    assert again.getlist("levels_first_response-2-to") == ["on_call"]
    assert max_.get(back.replace(str(standard.id), "new", 1)).status_code == 404


def test_dropping_changes_nothing(max_: FlaskClient, opened, standard) -> None:
    opened()
    before = target_of(standard.id)
    address = save(max_, standard, target_first_response_p1="3h")
    assert "is dropped" in max_.get(max_.post(f"{address}/removal").headers["Location"]).text
    assert target_of(standard.id) == before
    assert "This change was dropped." in max_.get(address).text
    refused = max_.post(f"{address}/confirmation", follow_redirects=True).text
    assert "waits for no confirmation" in refused


def test_order_and_removal_ask_too(max_: FlaskClient, opened, desk: Desk, standard) -> None:
    sent = fields(max_.get("/admin/policies/new").text)
    sent["name"], sent["kind"], sent["target_first_response_p1"] = "Technical", "technical", "20m"
    number = opened().ticket.id
    address = max_.post("/admin/policies/new", data=sent).headers["Location"]
    assert f'href="/tickets/{number}"' in max_.get(address).text
    max_.post(f"{address}/confirmation")
    technical = policy_called("Technical")
    removal = max_.post(f"/admin/policies/{technical.id}/removal").headers["Location"]
    assert "1 open ticket" in re.sub(r"<[^>]+>", "", max_.get(removal).text)
    max_.post(f"{removal}/confirmation")
    assert max_.get(f"/admin/policies/{technical.id}").status_code == 404
    assert max_.get(removal).status_code == 200  # the change stays to be read


# what takes longer than a request ------------------------------------------------------------------------


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each request gets one step done."""
    monkeypatch.setattr(pages, "WAITED", 0.0)
    monkeypatch.setattr(revising, "BATCH", 1)


@pytest.mark.usefixtures("slow")
def test_progress_is_shown_and_polled(max_: FlaskClient, opened, standard) -> None:
    for _ticket in range(4):
        opened()
    address = save(max_, standard, target_first_response_p1="3h")
    page = max_.get(address).text
    assert "Counting what would change" in page
    assert f'hx-get="{address}"' in page
    assert "Look again" in page
    assert max_.post(f"{address}/confirmation", follow_redirects=True).text.count("waits for no confirmation") == 1
    list(revising.work(unit_of_work, now))
    fragment = max_.get(address, headers={"HX-Request": "true", "HX-Target": "div#revision"}).text
    assert fragment.lstrip().startswith("<div")
    assert "<html" not in fragment
    assert 'hx-get="' not in fragment  # counted: nothing to wait for
    max_.post(f"{address}/confirmation")
    page = max_.get(address).text
    assert "Being put in force" in page
    assert re.search(r'aria-valuenow="(25|50)"', page)
    assert "is being put in force" in max_.get("/admin/policies").text
    refused = max_.post(f"/admin/policies/{standard.id}", data=edited(max_, standard, target_first_response_p1="9h"))
    assert refused.status_code == 422
    assert "still being put in force" in refused.text
    assert fields(refused.text)["target_first_response_p1"] == "9h"
    list(revising.work(unit_of_work, now))
    assert "4 open tickets got their new promises." in max_.get(address).text


# two people -------------------------------------------------------------------------------------------


def test_the_second_of_two_editors_is_told(max_: FlaskClient, app: Flask, standard, hand: Hand) -> None:
    mine = edited(max_, standard, target_first_response_p1="3h")
    hand.advance(60)
    save(max_, standard, target_first_response_p1="5h")  # in the meantime, in another window
    refused = max_.post(f"/admin/policies/{standard.id}", data=mine)
    assert refused.status_code == 422
    assert "Somebody changed this policy meanwhile." in refused.text
    assert target_of(standard.id) == 5 * 3600
    again = fields(refused.text)
    assert again["target_first_response_p1"] == "3h"
    assert max_.post(f"/admin/policies/{standard.id}", data=again).status_code == 303
    assert target_of(standard.id) == 3 * 3600


def test_the_second_of_two_editors_is_told_though_another_mistake_comes_first(
    max_: FlaskClient, app: Flask, standard, hand: Hand
) -> None:
    mine = edited(max_, standard, target_first_response_p1="three hours")
    hand.advance(60)
    save(max_, standard, target_first_response_p1="5h")
    refused = max_.post(f"/admin/policies/{standard.id}", data=mine)
    assert refused.status_code == 422
    assert "Somebody changed this policy meanwhile." in refused.text
    assert "30m, 4h, 2d" in refused.text


def test_a_stale_preview_is_counted_again_before_it_can_be_confirmed(max_: FlaskClient, opened, standard) -> None:
    opened()
    address = save(max_, standard, target_first_response_p1="3h")
    save(max_, policy_called("Business Plus"), target_first_response_p1="10m")  # nobody's: in force at once
    before = target_of(standard.id)
    page = max_.post(f"{address}/confirmation", follow_redirects=True).text
    assert "It was counted again: look before you confirm." in page
    assert target_of(standard.id) == before
    max_.post(f"{address}/confirmation")
    assert target_of(standard.id) == 3 * 3600


def test_only_who_may_edit_promises_sees_it(max_: FlaskClient, ana: FlaskClient, opened, standard) -> None:
    opened()
    address = save(max_, standard, target_first_response_p1="3h")
    assert ana.get(address).status_code == 403
    assert ana.post(f"{address}/confirmation").status_code == 403
    assert max_.get("/admin/revisions/999999").status_code == 404
    revision = db.session.query(PromiseRevision).one()
    assert revisions.revision_of(revision.id).state is RevisionState.COUNTED
