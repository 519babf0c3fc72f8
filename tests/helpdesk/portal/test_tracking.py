from __future__ import annotations

import io
import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from helpdesk.clock import now
from helpdesk.database import db, unit_of_work
from helpdesk.tickets.actions import assigning, conversation, diagnosing, holding, moving, trackers, triaging
from helpdesk.tickets.actions.trackers import another_tracker
from helpdesk.tickets.models import Attachment, Message, TicketLink, Topic
from workflows.vocabulary import (
    Boundary,
    HealthResult,
    HoldCause,
    Kind,
    Level,
    LinkKind,
    Service,
    State,
    Trigger,
    WithdrawReason,
)

from .conftest import tickets, words


@pytest.fixture
def case(desk, opened, hand):
    """Rita's open ticket: its number and her link."""
    case = opened()
    return case.ticket.id, f"/track/{case.token}"


def _work_on(number: int, desk) -> None:
    """Ana takes it, confirms the customer, classifies it and begins to look for the cause."""
    topic_id = db.session.scalars(sa.select(Topic.id).where(Topic.kind == Kind.TECHNICAL).limit(1)).one()
    chosen = triaging.Classification(Kind.TECHNICAL, Service.MICROSOFT365, Level.HIGH, Level.HIGH, topic_id)
    with unit_of_work():
        assigning.assign(number, desk.ana, desk.ana.id, now())
        triaging.confirm_customer(number, desk.ana, desk.customer_id, now())
        triaging.classify(number, desk.ana, chosen, now())
        moving.move(number, desk.ana, Trigger.START_DIAGNOSIS, now())


def _resolve(number: int, desk) -> None:
    _work_on(number, desk)
    with unit_of_work():
        moving.move(
            number, desk.ana, Trigger.RESOLVE, now(), {"resolution_code": "fixed", "note": "The account was unlocked."}
        )


def _steps(page: str) -> list[str]:
    return re.findall(r'<span class="tracker-name">([^<]+)</span>', page)


def test_a_new_request_shows_what_is_owed_and_who_has_it(client, case):
    number, link = case
    answer = client.get(link)
    page = words(answer)
    assert f"#{number}" in page
    assert "You’ll hear from us by today 16:12" in page
    assert "Solved by tomorrow 14:12" in page
    assert "Our team has it · Mon–Fri 8–18, Budapest" in page
    assert _steps(page) == [
        "We have your request",
        "We’re finding the right person for it",
        "Solved, if you see it so too",
    ]
    assert "Since about eight this morning." in page


def test_the_trackers_answers_are_nobody_elses(client, case):
    _number, link = case
    headers = client.get(link).headers
    assert headers["Cache-Control"] == "no-store"
    assert "noindex" in headers["X-Robots-Tag"]
    gone = client.get("/track/" + "A" * 43).headers
    assert (gone["Cache-Control"], gone["X-Robots-Tag"]) == ("no-store", "noindex, nofollow")


def test_the_way_is_told_in_plain_words(client, case, desk, hand):
    number, link = case
    hand.advance(3600)
    _work_on(number, desk)
    hand.advance(3600)
    with unit_of_work():
        diagnosing.record_diagnosis(
            number, desk.ana, diagnosing.Findings(HealthResult.HEALTHY, "found", "tried", Boundary.OURS, None), now()
        )
        moving.move(number, desk.ana, Trigger.START_RESOLUTION, now())
    page = words(client.get(link))
    assert "Ana Kovács has it" in page
    assert _steps(page) == [
        "We have your request",
        "We looked into the cause",
        "We’re working on the solution",
        "Solved, if you see it so too",
    ]


def test_notes_are_never_shown(client, case, desk):
    number, link = case
    with unit_of_work():
        conversation.note(number, desk.ana, "Between us: she is right.", now())
        conversation.reply(number, desk.ana, "We look at it.", now())
    page = words(client.get(link))
    assert "Between us" not in page
    assert "We look at it." in page


def test_alarm_has_no_colour_here(client, case, hand):
    _number, link = case
    hand.advance(9 * 86_400)
    page = words(client.get(link))
    assert "You should have heard from us by" in page
    assert "due-late" not in page
    assert "due-warn" not in page


def test_a_message_is_heard_and_ends_a_hold_for_the_customer(client, case, desk, hand):
    number, link = case
    _work_on(number, desk)
    with unit_of_work():
        holding.hold(number, desk.ana, HoldCause.CUSTOMER, now())
    assert "We need your answer" in words(client.get(link))
    answer = client.post(link, data={"body": "Here are the logs.", "attachments": [(io.BytesIO(b"log"), "a.log")]})
    assert answer.status_code == 303
    page = words(client.get(answer.location))
    assert "Here are the logs." in page
    assert "We have your message." in page
    assert "We need your answer" not in page
    assert tickets()[0].hold_cause is None


def test_a_message_sent_twice_is_said_once(client, case):
    _number, link = case
    for _ in range(2):
        assert client.post(link, data={"body": "Any news?"}).status_code == 303
    assert db.session.scalar(sa.select(sa.func.count(Message.id)).where(Message.body == "Any news?")) == 1


def test_an_empty_message_comes_back_with_its_files(client, case):
    _number, link = case
    answer = client.post(link, data={"body": " ", "attachments": [(io.BytesIO(b"log"), "a.log")]})
    page = words(answer)
    assert answer.status_code == 422
    assert "This is needed." in page
    (key,) = re.findall(r'name="kept" value="([^"]+)" checked', page)
    (draft,) = re.findall(r'name="draft" type="hidden" value="([^"]+)"', page)
    client.post(link, data={"body": "Now with words", "draft": draft, "kept": [key]})
    assert db.session.scalars(sa.select(Attachment.file_name)).all() == ["a.log"]


def test_solved_while_open_is_a_withdrawal_counted_apart(client, case):
    _number, link = case
    answer = client.post(f"{link}/solved", data={"body": "It works again since noon."})
    page = words(client.get(answer.location))
    (ticket,) = tickets()
    assert ticket.state is State.CLOSED
    assert ticket.resolved_at == now()
    assert "Closed: it is solved" in page
    assert "It works again since noon." in page


def test_no_longer_needed_is_a_withdrawal(client, case):
    _number, link = case
    client.post(f"{link}/withdrawal")
    (ticket,) = tickets()
    assert (ticket.state, ticket.resolved_at) == (State.CLOSED, None)
    assert "Closed: no longer needed" in words(client.get(link))


def test_a_resolved_request_is_confirmed(client, case, desk):
    number, link = case
    _resolve(number, desk)
    page = words(client.get(link))
    assert "We think it is solved" in page
    assert "The account was unlocked." in page
    client.post(f"{link}/solved")
    assert tickets()[0].state is State.CLOSED
    client.post(f"{link}/solved")  # the button pressed twice
    assert tickets()[0].state is State.CLOSED


def test_a_message_reopens_a_resolved_request(client, case, desk):
    number, link = case
    _resolve(number, desk)
    client.post(link, data={"body": "It asks again."})
    assert tickets()[0].state is State.DIAGNOSIS
    assert "We thought it was solved" in _steps(words(client.get(link)))


def test_a_message_on_a_closed_request_opens_a_linked_one_with_its_own_link(client, case, desk, hand):
    number, link = case
    client.post(f"{link}/solved")
    hand.advance(86_400)
    answer = client.post(link, data={"body": "It is back."})
    page = words(client.get(answer.location))
    follow_up = tickets()[1]
    assert f"#{follow_up.number}" in page
    assert f"Your request #{number} is closed" in page
    found = re.search(r'value="http://localhost(/track/[^"]+)"', page)
    assert found
    assert "It is back." in words(client.get(found.group(1)))
    assert db.session.execute(sa.select(TicketLink.from_id, TicketLink.to_id, TicketLink.kind)).all() == [
        (number, follow_up.id, LinkKind.FOLLOW_UP)
    ]
    again = client.post(link, data={"body": "It is back."})
    assert again.status_code == 303
    assert len(tickets()) == 2


def _not_found(client, link: str) -> str:
    answer = client.get(link)
    assert answer.status_code == 404
    return re.sub(r'content="[^"]+"|/track/[\w-]+', "", words(answer))


def test_unknown_revoked_and_expired_links_look_the_same(app, client, case, desk, opened, hand):
    number, link = case
    unknown = _not_found(client, "/track/" + "A" * 43)
    with unit_of_work():
        trackers.revoke_trackers(number, desk.ana, now())
    assert _not_found(client, link) == unknown
    other = opened(subject="Another")
    with unit_of_work():
        moving.move(other.ticket.id, desk.ana, Trigger.WITHDRAW, now(), {"reason": WithdrawReason.NO_LONGER_NEEDED})
    hand.advance(app.config["TRACKER_LIFE"])
    assert client.get(f"/track/{other.token}").status_code == 200
    hand.advance(1)
    assert re.sub(r"data-now=\S+", "", _not_found(client, f"/track/{other.token}")) == re.sub(
        r"data-now=\S+", "", unknown
    )


@pytest.mark.parametrize("door", ["solved", "withdrawal", "renewal"])
def test_a_dead_link_opens_no_door(client, case, door):
    assert client.post("/track/" + "A" * 43 + "/" + door).status_code == 404


def test_a_new_link_replaces_the_old_ones(client, case):
    _number, link = case
    answer = client.post(f"{link}/renewal")
    assert "A new link is on its way" in words(client.get(answer.location))
    assert client.get(link).status_code == 404


def test_a_merged_request_leads_to_the_one_it_joined(client, case, desk, opened):
    number, link = case
    other = opened(subject="The same, but better told")
    with unit_of_work():
        moving.move(number, desk.ana, Trigger.MERGE, now(), {"target": str(other.ticket.id)})
    page = words(client.get(link))
    assert f"#{other.ticket.number}" in page
    assert "The same, but better told" in page


def test_somebody_elses_request_is_not_led_to(client, case, desk, opened):
    number, link = case
    other = opened(contact_email="greta@alpina.example", contact_name="Greta")
    with unit_of_work():
        for each in (number, other.ticket.id):
            triaging.confirm_customer(each, desk.ana, desk.customer_id, now())
        moving.move(number, desk.ana, Trigger.MERGE, now(), {"target": str(other.ticket.id)})
    assert client.get(link).status_code == 404


def test_files_are_downloads_and_nothing_else(client, case):
    _number, link = case
    client.post(link, data={"body": "See here.", "attachments": [(io.BytesIO(b"<script>"), "Képernyő.txt")]})
    (file,) = db.session.scalars(sa.select(Attachment)).all()
    with client.get(f"{link}/files/{file.key}") as answer:
        assert answer.data == b"<script>"
        assert answer.headers["Content-Disposition"].startswith("attachment;")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
        assert answer.headers["Cache-Control"] == "no-store"


def test_a_file_opens_only_by_its_own_requests_link(client, case, opened, desk):
    number, link = case
    client.post(link, data={"body": "See here.", "attachments": [(io.BytesIO(b"x"), "a.txt")]})
    (file,) = db.session.scalars(sa.select(Attachment)).all()
    other = opened(subject="Another", contact_email="sven@else.example")
    assert client.get(f"/track/{other.token}/files/{file.key}").status_code == 404
    db.session.execute(sa.update(Message).where(Message.ticket_id == number).values(is_public=False))
    db.session.commit()
    assert client.get(f"{link}/files/{file.key}").status_code == 404


def test_several_links_open_one_request(client, case, desk):
    number, link = case
    with unit_of_work():
        token = another_tracker(number, desk.ana, now())
    assert client.get(link).status_code == client.get(f"/track/{token}").status_code == 200


def test_earlier_messages_are_folded(client, case, hand):
    _number, link = case
    for n in range(7):
        hand.advance(timedelta(minutes=3).total_seconds())
        client.post(link, data={"body": f"Message {n}"})
    page = words(client.get(link))
    assert "2 earlier messages" in page
    assert page.index("Since about eight") < page.index("Message 1") < page.index("Message 6")


def test_the_page_takes_as_many_statements_for_many_messages_as_for_few(app, client, case, hand):
    _number, link = case

    def count() -> int:
        statements: list[str] = []

        def hear(_connection, _cursor, text, *_rest):
            statements.append(text)

        client.get(link)
        sa.event.listen(db.engine, "before_cursor_execute", hear)
        client.get(link)
        sa.event.remove(db.engine, "before_cursor_execute", hear)
        return len(statements)

    few = count()
    for n in range(8):
        hand.advance(180)
        client.post(link, data={"body": f"Message {n}"})
    assert count() == few <= 10
