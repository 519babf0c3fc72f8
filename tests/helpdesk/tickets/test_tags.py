"""Tags: put on and taken away, folded, asked for by policies, found again in the queue."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from helpdesk.clock import now
from helpdesk.database import db, unit_of_work
from helpdesk.errors import Conflict, Forbidden, Invalid
from helpdesk.sla import editing
from helpdesk.sla.editing import PolicyDraft, Target
from helpdesk.sla.queries import calendars
from helpdesk.sla.terms import load_terms
from helpdesk.tickets.actions.tagging import MOST_TAGS, tag
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.timeline import events_of, tell
from workflows.vocabulary import ClockKind, EventKind, Priority

from .conftest import Desk


def put(number: int, desk: Desk, add=(), remove=(), version=None) -> Ticket:
    with unit_of_work():
        tag(number, desk.ana, add, remove, now(), version)
    return db.session.get(Ticket, number)


def names(number: int) -> list[str]:
    db.session.expire_all()
    return [each.name for each in db.session.get(Ticket, number).tags]


def test_tags_are_folded_and_kept_once(desk: Desk, number: int) -> None:
    put(number, desk, ["  VIP   Customer ", "#Outage", "outage"])
    assert names(number) == ["outage", "vip customer"]
    put(number, desk, ["Outage"], ["VIP customer", "never there"])
    assert names(number) == ["outage"]


def test_the_history_says_what_changed_and_nothing_changes_for_nothing(desk: Desk, number: int) -> None:
    put(number, desk, ["b", "a"])
    ticket = put(number, desk, ["c"], ["a"])
    before = ticket.event_count
    put(number, desk, ["c"], ["zzz"])
    changed = [event for event in events_of(number) if event.what is EventKind.TAGS_CHANGED]
    assert [event.particulars for event in changed] == [
        {"added": ["a", "b"], "removed": []},
        {"added": ["c"], "removed": ["a"]},
    ]
    assert "added the tags a, b" in tell(changed)[0].what
    assert db.session.get(Ticket, number).event_count == before


@pytest.mark.parametrize("bad", ["", "   ", "x" * 41, "#"])
def test_what_is_no_tag_is_refused(desk: Desk, number: int, bad: str) -> None:
    with pytest.raises(Invalid) as refused:
        put(number, desk, [bad])
    assert refused.value.field == "add"


def test_twenty_at_most(desk: Desk, number: int) -> None:
    put(number, desk, [f"tag {n}" for n in range(MOST_TAGS)])
    with pytest.raises(Invalid):
        put(number, desk, ["one more"])
    put(number, desk, ["one more"], ["tag 1"])
    assert len(names(number)) == MOST_TAGS


def test_who_may_not_edit_may_not_tag(desk: Desk, number: int) -> None:
    with pytest.raises(Forbidden), unit_of_work():
        tag(number, desk.max, ["vip"], [], now())


def test_a_page_out_of_date_conflicts(desk: Desk, number: int) -> None:
    seen = db.session.get(Ticket, number).version
    put(number, desk, ["first"], version=seen)
    with pytest.raises(Conflict):
        put(number, desk, ["second"], version=seen)


def test_a_policy_may_ask_for_a_tag(desk: Desk, number: int) -> None:
    target = Target(Priority.P1, ClockKind.FIRST_RESPONSE, 600, calendars()[0].id)
    draft = PolicyDraft("Outages", tag="outage", targets=(target,))
    with unit_of_work():
        editing.create_policy(draft, now())
        editing.create_policy(replace(draft, name="Storms", tag="storm"), now())

    def promised() -> str:
        return load_terms(db.session.get(Ticket, number).terms_id).policy_name

    assert promised() == "Standard"
    put(number, desk, ["Outage", "storm"])
    assert promised() == "Outages"
    put(number, desk, [], ["outage"])
    assert promised() == "Storms"
    put(number, desk, [], ["storm"])
    assert promised() == "Standard"


# the pages --------------------------------------------------------------------------------------------


def test_the_ticket_shows_them_and_adds_and_takes_away(ana: FlaskClient, number: int) -> None:
    version = db.session.get(Ticket, number).version
    assert ana.post(f"/tickets/{number}/tags", data={"add": "VIP, outage", "version": version}).status_code == 303
    page = ana.get(f"/tickets/{number}").text
    assert re.findall(r'href="/queue\?tag=([^"]+)"', page) == ["outage", "vip"]
    version = db.session.get(Ticket, number, populate_existing=True).version
    ana.post(f"/tickets/{number}/tags", data={"remove": "vip", "version": version})
    assert names(number) == ["outage"]


def test_a_refused_tag_stays_typed(ana: FlaskClient, number: int) -> None:
    refused = ana.post(f"/tickets/{number}/tags", data={"add": "x" * 41})
    assert refused.status_code == 422
    assert "40 characters at most" in refused.text
    assert f'value="{"x" * 41}"' in refused.text


def test_the_queue_finds_them(ana: FlaskClient, desk: Desk, opened, number: int) -> None:
    other = opened(subject="Printer on fire").ticket.id
    put(number, desk, ["outage"])
    page = ana.get("/queue?tag=Outage").text
    assert f'id="row-{number}"' in page
    assert f'id="row-{other}"' not in page
    assert "Tag: outage" in page
