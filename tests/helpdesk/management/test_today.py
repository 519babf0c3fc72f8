"""Today: four figures, four lists, one act a row."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.accounts.models import Team, User
from helpdesk.clock import Hand, now
from helpdesk.database import db, unit_of_work
from helpdesk.escalations.models import VendorCase
from helpdesk.management import queries
from helpdesk.notifications.models import OutboxMessage
from helpdesk.tickets import facts
from helpdesk.tickets.actions import assigning, conversation, diagnosing, escalating, moving, triaging
from helpdesk.tickets.models import Message, Ticket
from tests.helpdesk.tickets.conftest import Desk
from tests.people import add_person, signed_in
from workflows.vocabulary import (
    Boundary,
    BoundaryReason,
    HealthResult,
    Kind,
    Level,
    Role,
    Service,
    Trigger,
)


def text_of(answer: object) -> str:
    """The page's words without tags, blanks joined."""
    html = answer.get_data(as_text=True)  # type: ignore[attr-defined]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html))


def block(client: FlaskClient, name: str, query: str = "") -> str:
    """The words of one of the four lists."""
    html = client.get(f"/today{query}").get_data(as_text=True)
    found = re.search(rf'<section class="panel[^"]*" id="{name}".*?</section>', html, re.DOTALL)
    assert found
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", found[0]))


def give(number: int, owner: int | None, desk: Desk) -> None:
    with unit_of_work():
        assigning.assign(number, desk.lea, owner, now())


def escalate(number: int, desk: Desk, topic_id: int) -> int:
    """Bring a ticket to the vendor with a number given; returns the case's id."""
    ana = desk.ana
    with unit_of_work():
        triaging.confirm_customer(number, ana, desk.customer_id, now())
        chosen = triaging.Classification(Kind.TECHNICAL, Service.MICROSOFT365, Level.HIGH, Level.HIGH, topic_id)
        triaging.classify(number, ana, chosen, now())
        assigning.assign(number, ana, ana.id, now())
        moving.move(number, ana, Trigger.START_DIAGNOSIS, now())
        found = diagnosing.Findings(
            HealthResult.HEALTHY, "The mailbox moves in a loop.", "New profile.", Boundary.VENDORS, BoundaryReason.BUG
        )
        diagnosing.record_diagnosis(number, ana, found, now())
        moving.move(number, ana, Trigger.ESCALATE_TO_PREMIER, now())
        case_id = facts.open_cases(db.session.get_one(Ticket, number))[0].id
        escalating.record_vendor_number(number, case_id, ana, f"261124004000{number}", now())
    return case_id


def test_an_empty_desk_is_calm(max_browses):
    said = text_of(max_browses.get("/today"))

    for sentence in ("Nothing is late.", "No deadline in the next 4 hours.", "Everything has an owner."):
        assert sentence in said
    assert "none fell due yet" in said


class TestWhoMaySee:
    def test_strangers_sign_in_first(self, client: FlaskClient, desk: Desk) -> None:
        assert "/login" in client.get("/today").headers["Location"]

    def test_people_without_the_right_are_told(self, app: Flask, desk: Desk) -> None:
        sam = signed_in(app, add_person("Sam", Role.SALES_AGENT))

        assert sam.get("/today").status_code == 403
        assert sam.get("/breaches").status_code == 403
        assert sam.get("/workflows").status_code == 200

    def test_agents_see_it_without_the_pile(self, opened, let_pass, ana_browses, max_browses) -> None:
        opened()
        let_pass(days=1)

        assert "Review" not in text_of(ana_browses.get("/today")).replace("Reviewed", "")
        assert re.search(r"Review \d breaches", text_of(max_browses.get("/today")))


class TestLists:
    def test_a_new_ticket_is_near_and_nobodys(self, opened, max_browses):
        number = opened(subject="Teams calls drop").ticket.id

        assert "Teams calls drop" in block(max_browses, "near")
        assert f"#{number}" in block(max_browses, "nobody")
        assert "Nothing is late." in block(max_browses, "late")

    def test_what_is_late_says_which_promise_and_by_how_much(self, opened, let_pass, max_browses):
        opened()
        let_pass(hours=2)  # Tue 16:12: the pickup of a P1 was due within an hour

        assert re.search(r"late by 1 h Pickup", block(max_browses, "late"))
        assert "No deadline" in block(max_browses, "near")  # no ticket is listed twice for its next promise

    def test_paused_ones_stand_behind_the_running(self, desk, opened, let_pass, max_browses):
        held, running = opened(subject="Held one").ticket.id, opened(subject="Running one").ticket.id
        give(held, desk.ana.id, desk)
        give(running, desk.ana.id, desk)
        let_pass(days=3)
        with unit_of_work():
            conversation.reply(held, desk.ana, "Please send the id.", now(), then_wait=True)

        said = block(max_browses, "late")

        assert said.index("Running one") < said.index("Held one")
        assert "paused" in said

    def test_a_case_appears_when_its_word_is_overdue_and_says_when_it_was_chased(
        self, desk, opened, topic_id, let_pass, max_browses
    ):
        number = opened().ticket.id
        case_id = escalate(number, desk, topic_id)
        let_pass(minutes=60)  # Premier answers severity A within the hour
        assert "No word of Microsoft’s is overdue" in block(max_browses, "silent")
        let_pass(minutes=1)
        said = block(max_browses, "silent")
        assert "silent for 1 h 01 min" in said
        assert "never reminded" in said
        assert "Service request 2611240040001001, severity A: we have had no word from you since" in said
        assert "Keep it as our note" in said

        given = {"next": "/today", "by": "desk", "body": "Any news?"}
        sent = max_browses.post(f"/tickets/{number}/vendor-cases/{case_id}/chase", data=given)

        assert sent.headers["Location"] == "/today"
        case = db.session.get_one(VendorCase, case_id, populate_existing=True)
        assert case.chased_at == now()
        assert [note.body for note in case.notes] == ["Any news?"]
        assert "reminded today" in block(max_browses, "silent")

    def test_where_microsoft_waits_for_us_its_owner_is_asked(self, desk, opened, topic_id, let_pass, max_browses):
        number = opened().ticket.id
        case_id = escalate(number, desk, topic_id)
        assert 'id="asking"' not in max_browses.get("/today").text
        with unit_of_work():
            escalating.note_vendor(number, case_id, desk.ana, "Send the ids.", now(), is_ours=False, needs_us=True)
        let_pass(hours=5)

        said = block(max_browses, "asking")

        assert "Microsoft waits for us 1 for 5 h Premier, severity A" in said
        assert "case 2611240040001001" in said
        assert "Ask Ana" in said
        with unit_of_work():
            assigning.assign(number, desk.lea, None, now())
        assert "Assign" in block(max_browses, "asking")
        with unit_of_work():
            escalating.note_vendor(number, case_id, desk.ana, "Here they are.", now(), is_ours=True)
        assert 'id="asking"' not in max_browses.get("/today").text

    def test_the_list_of_what_microsoft_waits_for_leads_to_the_queue(
        self, desk, opened, topic_id, max_browses, monkeypatch
    ):
        for _number in range(2):
            number = opened().ticket.id
            case_id = escalate(number, desk, topic_id)
            with unit_of_work():
                escalating.note_vendor(number, case_id, desk.ana, "Ids?", now(), is_ours=False, needs_us=True)
        asking = queries.asking_cases
        monkeypatch.setattr(queries, "asking_cases", lambda of_team: asking(of_team, 1))

        assert 'href="/queue?view=vendor_asks"' in max_browses.get("/today").text
        assert f'id="row-{number}"' in max_browses.get("/queue?view=vendor_asks").text

    def test_a_case_that_waits_for_us_is_not_silent(self, desk, opened, topic_id, let_pass, max_browses):
        number = opened().ticket.id
        case_id = escalate(number, desk, topic_id)
        with unit_of_work():
            escalating.note_vendor(number, case_id, desk.ana, "Send the ids.", now(), is_ours=False, needs_us=True)
        let_pass(days=3)

        assert "No word of Microsoft’s is overdue" in block(max_browses, "silent")

    def test_a_list_shows_five_and_says_how_many_more(self, opened, max_browses):
        for _number in range(7):
            opened()

        said = block(max_browses, "nobody")

        assert said.count("#1") == 5
        assert "2 more" in said

    def test_the_team_filter_narrows_every_list(self, desk, opened, max_browses):
        mine, other = opened(subject="Mine").ticket.id, opened(subject="Another team's").ticket.id
        with unit_of_work() as session:
            team = Team(name="Night desk", created_at=now())
            session.add(team)
            session.flush()
            session.get_one(Ticket, other).team_id = team.id
            team_id = team.id

        for name in ("near", "nobody"):
            said = block(max_browses, name, f"?team={team_id}")
            assert f"#{other}" in said
            assert f"#{mine}" not in said
        assert "Night desk" in text_of(max_browses.get("/today"))


class TestFigures:
    def test_the_share_met_is_of_the_promises_due_until_now(self, desk, opened, let_pass, max_browses):
        kept, missed = opened().ticket.id, opened().ticket.id
        give(kept, desk.ana.id, desk)
        assert missed != kept
        let_pass(hours=2)  # both pickups fell due: one kept, one missed; nothing else

        assert re.search(r"50 % promises met this week 1 of 2", text_of(max_browses.get("/today")))

    def test_at_risk_is_what_is_inside_its_warning(self, opened, let_pass, max_browses):
        opened()
        let_pass(minutes=50)  # a pickup within an hour warns at 75 per cent

        said = text_of(max_browses.get("/today"))

        assert re.search(r" 1 at risk, inside the warning next in 10 min", said)
        assert re.search(r"met 0 late 0 at risk 1 ", said)

    def test_the_oldest_without_an_owner_is_named(self, desk, opened, let_pass, max_browses):
        oldest = opened().ticket.id
        let_pass(minutes=72)
        opened()

        assert re.search(rf"1 h 12 min oldest without an owner #{oldest},", text_of(max_browses.get("/today")))


class TestActs:
    def test_a_ticket_is_given_to_whoever_has_the_fewest(self, desk, opened, app, max_browses):
        petra = add_person("Petra", Role.AGENT, team_id=db.session.get_one(User, desk.ana.id).team_id)
        give(opened().ticket.id, desk.ana.id, desk)
        number = opened().ticket.id
        page = max_browses.get("/today").get_data(as_text=True)
        assert "Give to Petra" in page

        given = {"assignee": petra.id, "next": "/today"}
        said = max_browses.post(f"/tickets/{number}/assignment", data=given, follow_redirects=True)
        assert f"#{number} is with Petra now." in text_of(said)

        db.session.rollback()
        assert db.session.get_one(Ticket, number, populate_existing=True).assignee_id == petra.id

    def test_proposals_are_spread(self, desk, opened, max_browses):
        add_person("Petra", Role.AGENT, team_id=db.session.get_one(User, desk.ana.id).team_id)
        for _number in range(4):
            opened()

        said = block(max_browses, "nobody")

        assert said.count("Give to Petra") == said.count("Give to Ana") == 2

    def test_asking_leaves_a_note_that_mentions_the_owner(self, desk, opened, max_browses):
        number = opened().ticket.id
        give(number, desk.ana.id, desk)

        sent = max_browses.post("/today/questions", data={"number": number, "next": "/today?team=1"})

        assert sent.headers["Location"] == "/today?team=1"
        note = db.session.scalars(sa.select(Message).order_by(Message.id.desc()).limit(1)).one()
        assert not note.is_public
        assert note.body.startswith("@Ana Kovács ")
        assert note.user_id == desk.max.id
        topics = db.session.scalars(sa.select(OutboxMessage.topic)).all()
        assert "mentioned" in topics
        assert "Ana Kovács has been asked" in text_of(max_browses.get("/today"))

    def test_a_second_press_does_not_nag(self, desk, opened, let_pass, max_browses):
        number = opened().ticket.id
        give(number, desk.ana.id, desk)
        for _press in range(2):
            max_browses.post("/today/questions", data={"number": number})
        assert _notes(number) == 1
        assert "asked Ana Kovács about" in text_of(max_browses.get("/today"))

        let_pass(minutes=31)
        max_browses.post("/today/questions", data={"number": number})

        assert _notes(number) == 2

    def test_nobody_is_asked_about_what_nobody_has(self, opened, max_browses):
        number = opened().ticket.id

        max_browses.post("/today/questions", data={"number": number})

        assert _notes(number) == 0
        assert "Nobody has #1001 any more" in text_of(max_browses.get("/today"))

    def test_no_address_but_ours_is_gone_back_to(self, desk, opened, max_browses):
        number = opened().ticket.id

        sent = max_browses.post("/today/questions", data={"number": number, "next": "https://elsewhere.example/"})

        assert sent.headers["Location"] == "/today"

    def test_the_ticket_must_exist(self, max_browses):
        assert max_browses.post("/today/questions", data={"number": 999}).status_code == 404


def _notes(number: int) -> int:
    counted = sa.select(sa.func.count()).where(Message.ticket_id == number, Message.is_public == sa.false())
    return db.session.scalar(counted) or 0


class TestStrip:
    def test_it_says_its_numbers_as_a_table_too(self, desk, opened, let_pass, max_browses):
        give(opened().ticket.id, desk.ana.id, desk)
        opened()
        let_pass(hours=2)

        html = max_browses.get("/today").get_data(as_text=True)

        found = re.search(r'<th scope="row">15–16</th>(.*?)</tr>', html)
        assert found
        assert re.findall(r"<td>(.*?)</td>", found[1]) == ["1", "1", "0", "0"]  # two pickups, due 15:12
        assert 'class="strip-chart" aria-hidden="true"' in html

    def test_the_day_is_the_readers(self, hand: Hand, desk, opened, max_browses):
        hand.at += timedelta(hours=9, minutes=48)  # 23:00 UTC is 00:00 in Budapest
        opened()

        said = text_of(max_browses.get("/today"))

        assert "Wed 25 Nov, 00:00" in said
        assert "9–10" in said


def test_the_number_of_statements_does_not_grow(
    app: Flask, desk: Desk, opened: Callable[..., object], let_pass: Callable[..., None], max_browses: FlaskClient
) -> None:
    def statements() -> int:
        seen = []

        def hear(*_args: object) -> None:
            seen.append(1)

        sa.event.listen(db.engine, "before_cursor_execute", hear)
        max_browses.get("/today")
        sa.event.remove(db.engine, "before_cursor_execute", hear)
        return len(seen)

    for number in range(2):
        give(opened().ticket.id, desk.ana.id if number else None, desk)
    let_pass(hours=3)
    statements()  # what is kept in memory is read once
    few = statements()
    for number in range(20):
        give(opened().ticket.id, desk.ana.id if number % 2 else None, desk)
    let_pass(hours=3)
    statements()

    assert statements() == few <= 20


def test_both_machines_are_drawn(max_browses):
    page = max_browses.get("/workflows").get_data(as_text=True)

    assert page.count('<svg class="wf"') == 2
    for words in ("Turned away", "Signature", "Commercial"):
        assert words in page


@pytest.mark.parametrize(
    "path", ["/today?team=abc&silent=all", "/today?team=99", "/breaches?kind=x&from=nonsense&after=1"]
)
def test_nonsense_in_an_address_harms_nothing(path, opened, max_browses):
    opened()

    assert max_browses.get(path).status_code == 200
