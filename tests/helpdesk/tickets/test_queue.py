"""The queue: its order, pages, filters, counts and rights."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from helpdesk.accounts.models import User
from helpdesk.clock import now
from helpdesk.database import db, unit_of_work
from helpdesk.sla.terms import load_terms
from helpdesk.tickets import facts, queries
from helpdesk.tickets.actions import assigning, conversation, escalating, holding, moving
from helpdesk.tickets.filters import Position, QueueFilter, View
from helpdesk.tickets.models import Ticket
from helpdesk.web import moments
from tests.people import signed_in
from workflows.vocabulary import HoldCause, Kind, Level, Role, State, Trigger


def numbers(html: str) -> list[int]:
    return [int(number) for number in re.findall(r'id="row-(\d+)"', html)]


def test_the_ticket_due_next_stands_first_and_paused_ones_last(ana, desk, opened, hand):
    slow = opened(impact=Level.LOW, urgency=Level.LOW).ticket.id
    urgent = opened(impact=Level.HIGH, urgency=Level.HIGH).ticket.id
    held = opened(impact=Level.HIGH, urgency=Level.HIGH).ticket.id
    with unit_of_work():
        assigning.assign(held, desk.ana, desk.ana.id, now())
    with unit_of_work():
        holding.hold(held, desk.ana, HoldCause.CUSTOMER, now())
    with unit_of_work():
        conversation.reply(held, desk.ana, "Please send the logs.", now())

    html = ana.get("/queue").text

    assert numbers(html) == [urgent, slow, held]
    assert "their clocks stand still" in html
    assert "paused, " in html


def test_a_page_ends_and_the_next_begins_behind_it(ana, desk, opened, monkeypatch):
    monkeypatch.setattr(queries, "PAGE", 2)
    monkeypatch.setattr(queries.queue_page, "__defaults__", (2,))
    ids = [opened(subject=f"Ticket {n}").ticket.id for n in range(5)]
    seen: list[int] = []
    url = "/queue"
    while url:
        html = ana.get(url).text
        seen += numbers(html)
        link = re.search(r'href="([^"]+)" rel="next"', html)
        url = link.group(1).replace("&amp;", "&") if link else ""
    assert seen == ids


def test_each_view_shows_what_it_says_and_counts_it(ana, desk, opened, hand):
    mine, nobodys = opened().ticket.id, opened().ticket.id
    with unit_of_work():
        assigning.assign(mine, desk.ana, desk.ana.id, now())
    assert numbers(ana.get("/queue?view=mine").text) == [mine]
    assert numbers(ana.get("/queue?view=unassigned").text) == [nobodys]
    assert numbers(ana.get("/queue?view=late").text) == []
    hand.advance(3 * 24 * 3600)
    assert sorted(numbers(ana.get("/queue?view=late").text)) == sorted([mine, nobodys])
    counts, *_others = queries.queue_counts(QueueFilter(), desk.ana.id, now())
    assert counts == {
        View.ALL: 2, View.MINE: 1, View.UNASSIGNED: 1, View.OUR_TURN: 2, View.LATE: 2, View.PAUSED: 0,
        View.ESCALATION_DUE: 0, View.VENDOR_ASKS: 0,
    }  # fmt: skip


def test_what_microsoft_waits_for_is_a_list_and_says_so_in_its_line(ana, desk, worked, opened):
    with unit_of_work():
        moving.move(worked, desk.ana, Trigger.ESCALATE_TO_PREMIER, now())
        case_id = facts.open_cases(db.session.get_one(Ticket, worked))[0].id
        escalating.record_vendor_number(worked, case_id, desk.ana, "2611240001", now())
    opened()
    assert "view=vendor_asks" not in ana.get("/queue").text
    assert worked not in numbers(ana.get("/queue?view=our_turn").text)
    with unit_of_work():
        escalating.note_vendor(worked, case_id, desk.ana, "Which ids?", now(), is_ours=False, needs_us=True)

    html = ana.get("/queue?view=vendor_asks").text

    assert numbers(html) == [worked]
    assert "Microsoft waits for us" in html
    assert '<span class="q-turn q-turn-ours">Microsoft waits</span>' in html
    assert worked in numbers(ana.get("/queue?view=our_turn").text)
    counts, *_others = queries.queue_counts(QueueFilter(), desk.ana.id, now())
    assert counts[View.VENDOR_ASKS] == 1


@pytest.mark.parametrize(
    ("query", "is_there"),
    [
        ("kind=technical", True),
        ("kind=billing", False),
        ("service=microsoft365", True),
        ("priority=p1", True),
        ("priority=p2", False),
        ("state=intake", True),
        ("state=diagnosis", False),
        ("team=999", False),
        ("q=outlook", True),
        ("q=jelszo", False),
        ("kind=nonsense&assignee=x", True),
        ("after=rubbish", True),
    ],
)
def test_filters_live_in_the_address(ana, opened, query, is_there):
    number = opened().ticket.id
    assert (numbers(ana.get(f"/queue?{query}").text) == [number]) is is_there


def test_what_is_closed_leaves_the_queue(ana, desk, opened):
    number = opened().ticket.id
    with unit_of_work():
        moving.move(number, desk.ana, Trigger.TURN_AWAY, now(), {"reason": "spam"})
    assert numbers(ana.get("/queue").text) == []
    assert "Nothing is open" in ana.get("/queue").text


def test_counts_stop_at_a_thousand(desk, opened, monkeypatch):
    monkeypatch.setattr(queries, "COUNT_TO", 2)
    for _n in range(4):
        opened()
    counts, matching, _saved = queries.queue_counts(QueueFilter(), desk.ana.id, now())
    assert counts[View.ALL] == matching == 3


def test_taking_from_the_queue_answers_with_the_row(ana, desk, opened):
    number = opened().ticket.id
    answer = ana.post(
        f"/tickets/{number}/assignment",
        data={"assignee": desk.ana.id},
        headers={"HX-Request": "true", "HX-Target": f"tr#row-{number}"},
    )
    assert answer.status_code == 200
    assert numbers(answer.text) == [number]
    assert "<html" not in answer.text
    assert "Ana Kovács" in answer.text


def test_taking_without_a_script_comes_back_to_the_queue(ana, desk, opened):
    number = opened().ticket.id
    data = {"assignee": desk.ana.id, "next": "/queue?view=mine"}
    answer = ana.post(f"/tickets/{number}/assignment", data=data)
    assert (answer.status_code, answer.location) == (303, "/queue?view=mine")
    away = ana.post(f"/tickets/{number}/assignment", data=data | {"next": "//elsewhere.example/"})
    assert away.location == f"/tickets/{number}#assignment"


def test_search_finds_by_number_words_and_vendor_number(ana, desk, opened):
    number = opened().ticket.id
    assert ana.get(f"/search?q=%23{number}").location == f"/tickets/{number}"
    assert numbers(ana.get("/search?q=outl").text) == [number]
    assert numbers(ana.get("/search?q=feher").text) == [number]
    assert "Nothing found" in ana.get("/search?q=nowhere").text
    assert ana.get("/search").status_code == 200


def test_who_may_not_see_tickets_finds_nothing(app, desk, opened):
    number = opened().ticket.id
    with unit_of_work() as session:
        user = session.get(User, desk.ana.id)
        user.role_rows[0].role = Role.USER_ADMIN
    client = signed_in(app, user)
    for path in ("/queue", "/search?q=outlook", f"/tickets/{number}", f"/tickets/{number}/events", "/tickets/1"):
        assert client.get(path).status_code == 404


def test_strangers_sign_in_first(client, opened):
    number = opened().ticket.id
    for path in ("/queue", f"/tickets/{number}"):
        assert client.get(path).location.startswith("/login")


def test_a_position_survives_the_address():
    position = Position(True, now(), 1042)
    assert Position.read(str(position)) == position
    assert Position.read("1.99999999999999.3") is None
    assert Position.read("a.b.c") is None


def test_a_filter_says_itself_in_its_address():
    asked = QueueFilter(view=View.MINE, kind=Kind.BILLING, state=State.DIAGNOSIS, customer=3, q="two words")
    assert asked.url() == "/queue?view=mine&kind=billing&state=diagnosis&customer=3&q=two+words"
    assert asked.is_narrowed
    assert not QueueFilter(view=View.LATE).is_narrowed


def test_statements_do_not_grow_with_the_queue(ana, opened, statements):
    opened()
    ana.get("/queue")
    with statements() as few:
        ana.get("/queue")
    for n in range(12):
        opened(subject=f"Another {n}", contact_email=f"rita{n}@alpina.example")
    with statements() as many:
        ana.get("/queue")
    assert len(many) == len(few) <= 12


def test_lateness_leaves_pauses_out(desk, opened, hand, ana):
    """The queue and the ticket's page say the same of a promise that was missed and then stood still."""
    number = opened().ticket.id
    with unit_of_work():
        assigning.assign(number, desk.ana, desk.ana.id, now())
    hand.advance(2 * 24 * 3600)
    with unit_of_work():
        conversation.reply(number, desk.ana, "Which version?", now(), then_wait=True)
    hand.advance(3 * 3600)
    with unit_of_work():
        holding.release(number, desk.ana, now())
    hand.advance(1800)

    said = re.search(r"data-late=\S+[^>]*>.*?<span data-text>(late by [^<]+)</span>", ana.get("/queue").text)[1]
    assert f"<span data-text>{said}</span>" in ana.get(f"/tickets/{number}").text
    ticket = db.session.get_one(Ticket, number)
    calendar = load_terms(ticket.terms_id).calendars[ticket.next_due_clock]
    open_seconds = calendar.between(ticket.next_due_at, now())
    assert said == moments.late(open_seconds - 3 * 3600) == "late by 18 h 30 min"


def test_a_deadline_at_closing_is_not_late_until_the_desk_opens(ana, opened, hand):
    first = opened().ticket
    calendar = load_terms(first.terms_id).calendars[first.next_due_clock]
    hand.at = calendar.closes_at(now()) - (first.next_due_at - now())
    ticket = opened().ticket
    assert ticket.next_due_at == calendar.closes_at(now())
    hand.at = ticket.next_due_at + timedelta(hours=3)

    line = re.search(rf'id="row-{ticket.id}".*?</tr>', ana.get("/queue").text, re.DOTALL)[0]
    said = f'data-closes="{moments.iso(ticket.next_due_at)}"'
    assert said in line
    assert said in ana.get(f"/tickets/{ticket.id}").text
    assert "<span data-text>today 18:00</span>" in line
    assert "late" not in line

    hand.at = calendar.add(ticket.next_due_at, 60)
    line = re.search(rf'id="row-{ticket.id}".*?</tr>', ana.get("/queue").text, re.DOTALL)[0]
    assert "late by 1 min" in line
    assert f'data-late="{moments.iso(now() - timedelta(seconds=60))}"' in line


def test_the_list_one_works_through_leads_on_and_back(ana, desk, opened):
    first, second, third = (opened(subject=f"Ticket {n}").ticket.id for n in range(3))
    billing = opened(kind=Kind.BILLING).ticket.id
    ana.get("/queue?kind=technical")
    assert ana.get(f"/tickets/{first}/next").location == f"/tickets/{second}"
    assert ana.get(f"/tickets/{third}/previous").location == f"/tickets/{second}"
    assert ana.get(f"/tickets/{third}/next").location == "/queue?kind=technical"
    assert ana.get(f"/tickets/{first}/previous").location == "/queue?kind=technical"
    ana.get("/queue")
    assert ana.get(f"/tickets/{third}/next").location == f"/tickets/{billing}"
