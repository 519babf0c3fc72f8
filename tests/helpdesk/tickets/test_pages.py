"""One ticket's page: what it shows, to whom, and how much it asks of the database."""

from __future__ import annotations

import re

import sqlalchemy as sa

from helpdesk.clock import now
from helpdesk.database import db, unit_of_work
from helpdesk.sla.models import SlaClock
from helpdesk.tickets.actions import conversation
from helpdesk.tickets.models import Ticket
from workflows.vocabulary import ClockKind

from .conftest import browser_of


def test_the_page_shows_promises_facts_conversation_and_way(ana, number):
    html = ana.get(f"/tickets/{number}").text
    for said in ("First response", "Pickup", "Rita Fehér", "rita.feher@alpina.example", "opened the ticket", "Intake"):
        assert said in html
    assert html.count("promise-boxed") == 1
    assert '<a href="https://status.example/1"' in html


def test_a_closed_move_says_every_reason_and_leads_to_what_mends_it(ana, number):
    html = ana.get(f"/tickets/{number}").text
    assert "Nobody has confirmed the customer yet." in html
    assert "The topic is not chosen yet." in html
    assert f'href="/tickets/{number}/customer"' in html
    assert f'href="/tickets/{number}/classification"' in html
    assert 'value="start_diagnosis"' not in html


def test_an_open_move_is_a_button(ana, worked):
    html = ana.get(f"/tickets/{worked}").text
    assert 'value="start_resolution"' in html
    assert f'href="/tickets/{worked}/escalate?trigger=escalate_to_premier"' in html
    assert "The desk holds no entitlement to this channel." in html


def test_a_claim_shows_as_a_claim_until_it_is_confirmed(ana, opened, desk):
    number = opened(company="Alpina Logistics").ticket.id
    assert "says: Alpina Logistics" in ana.get(f"/tickets/{number}").text
    page = ana.get(f"/tickets/{number}/customer").text
    assert "they say Alpina Logistics" in page
    assert "Alpina Logistics Kft." in page


def test_a_manager_reads_and_notes_but_moves_nothing(app, desk, worked):
    html = browser_of(app, desk.max).get(f"/tickets/{worked}").text
    assert 'id="note-body"' in html
    assert 'id="reply-body"' not in html
    assert 'name="trigger"' not in html
    assert "Your role doesn" not in html
    assert html.count("its moves are made by agents and leads") == 1


def test_promises_explain_themselves_to_the_second(ana, desk, number, hand):
    hand.advance(20 * 3600)
    clock = db.session.scalars(sa.select(SlaClock).where(SlaClock.kind == ClockKind.RESOLUTION)).one()
    html = ana.get(f"/tickets/{number}/clocks/{clock.id}/explanation").text
    assert "outside our hours" in html
    # 14:12 to 18:00 and 8:00 to 10:12, as the desk is open
    counted, not_counted = 6 * 3600, 14 * 3600
    foot = re.search(r"<tfoot>.*</tfoot>", html, re.S)[0]
    figures = re.findall(r'data-name="((?:Seconds|not) counted)">(\d+)</td>', foot)  # named, for a narrow screen
    assert figures == [("Seconds counted", str(counted)), ("not counted", str(not_counted))]
    assert f"{counted} s counted + {not_counted} s not counted = {20 * 3600} s of real time." in html


def test_an_explanation_belongs_to_its_ticket(ana, opened):
    one, other = opened().ticket.id, opened().ticket.id
    clock = db.session.scalars(sa.select(SlaClock.id).where(SlaClock.ticket_id == one)).first()
    assert ana.get(f"/tickets/{other}/clocks/{clock}/explanation").status_code == 404


def test_the_whole_history_is_paged(ana, desk, number, monkeypatch):
    from helpdesk.tickets import timeline

    monkeypatch.setattr(timeline, "PAGE", 3)
    with unit_of_work():
        for n in range(5):
            conversation.note(number, desk.ana, f"Note {n}", now())
    latest = ana.get(f"/tickets/{number}/events").text
    assert latest.count("wrote a note") == 3
    earlier = re.search(r'href="([^"]+before=\d+)"', latest).group(1)
    assert ana.get(earlier).text.count("wrote a note") == 2


def test_earlier_messages_fold_and_old_ones_are_paged(ana, desk, number):
    with unit_of_work():
        for n in range(60):
            conversation.note(number, desk.ana, f"Note {n}.", now())
    html = ana.get(f"/tickets/{number}").text
    assert "53 earlier messages" in html
    assert "Note 5." not in html
    older = re.search(r'href="(/tickets/\d+\?before=\d+)#conversation"', html).group(1)
    assert "Note 1." in ana.get(older).text
    only_public = ana.get(f"/tickets/{number}?talk=public").text
    assert "Since about eight." in only_public
    assert "Note 59." not in only_public


def test_statements_do_not_grow_with_the_ticket(ana, desk, worked, statements):
    ana.get(f"/tickets/{worked}")
    with statements() as few:
        ana.get(f"/tickets/{worked}")
    for n in range(30):
        with unit_of_work():
            contact = db.session.get(Ticket, worked).contact
            conversation.contact_writes(worked, contact, f"Part {n}", now())
            conversation.reply(worked, desk.ana, f"Answer {n}", now())
    with statements() as many:
        assert ana.get(f"/tickets/{worked}").status_code == 200
    assert len(many) <= len(few) + 1 <= 22  # one more to count a long conversation


def test_the_escalate_page_compares_channels(ana, worked):
    html = ana.get(f"/tickets/{worked}/escalate").text
    assert "Recommended" in html
    assert "The only channel that is open to this ticket." in html
    assert "6 incidents left" in html
    assert "It takes billing questions only." in html
    assert html.index("Premier Support") < html.index("Commercial support")


def test_the_page_is_kept_by_nobody(ana, number):
    assert ana.get(f"/tickets/{number}").headers["Cache-Control"] == "no-store"
