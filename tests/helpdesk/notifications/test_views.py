"""The bell, the page behind it, and the way from a line to its ticket."""

from __future__ import annotations

import re
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.accounts.models import User
from helpdesk.clock import Hand
from helpdesk.database import db, unit_of_work
from helpdesk.notifications import queries
from helpdesk.notifications.actions import queue_many
from helpdesk.notifications.models import Notification, NotificationRefusal, OutboxMessage, Transport
from helpdesk.notifications.notices import tell
from helpdesk.notifications.recipients import Recipient
from helpdesk.notifications.topics import REFUSABLE, SHAPES, NoticeTopic
from helpdesk.notifications.views import ICONS
from tests.people import add_person, signed_in
from workflows.vocabulary import ClockKind, Role


@pytest.fixture
def ana(app: Flask, hand: Hand) -> User:
    return add_person("Ana Kovács", Role.AGENT)


@pytest.fixture
def browser(app: Flask, ana: User) -> FlaskClient:
    return signed_in(app, ana)


def ring(user_id: int, hand: Hand, count: int = 1, topic: NoticeTopic = NoticeTopic.ASSIGNED) -> None:
    """Hang lines under a bell; without a ticket, which this room can't see."""
    first = 1 + (db.session.scalar(sa.select(sa.func.max(Notification.id))) or 0)
    params: dict[str, Any] = {"clock": ClockKind.NEXT_RESPONSE, "due_at": "2026-11-24T13:30:00Z"}
    if topic is NoticeTopic.PROMISES_DIGEST:
        params |= {"late": 14, "soon": 3}
    with unit_of_work() as session:
        session.add_all(
            Notification(
                stable_id=f"line:{number}",
                user_id=user_id,
                topic=topic,
                params={**params, "subject": f"Subject {number}"},
                created_at=hand(),
            )
            for number in range(first, first + count)
        )


def unread(user: User) -> list[int]:
    db.session.rollback()
    of_user = sa.select(Notification.id).where(Notification.user_id == user.id, Notification.read_at.is_(None))
    return sorted(db.session.scalars(of_user))


@pytest.mark.parametrize(("count", "shown"), [(0, ""), (1, "1"), (9, "9"), (10, "9+"), (30, "9+")])
def test_the_bell_counts_to_nine(browser: FlaskClient, ana: User, hand: Hand, count: int, shown: str) -> None:
    if count:
        ring(ana.id, hand, count)
    for address in ("/notifications/unread", "/notifications"):
        text = browser.get(address).text
        found = re.search(r'<span id="bell-unread"[^>]*>([^<]*)<', text)
        assert found is not None
        assert found[1] == shown, address


def test_the_count_costs_one_query_and_reads_the_index(browser: FlaskClient, ana: User, hand: Hand) -> None:
    ring(ana.id, hand, 3)
    statements: list[str] = []
    sa.event.listen(db.engine, "before_cursor_execute", lambda *event: statements.append(event[2]))
    browser.get("/notifications")
    assert len([text for text in statements if "count(" in text]) == 1
    assert queries.unread_count(ana.id) == 3


def test_strangers_learn_nothing(app: Flask, client: FlaskClient, browser: FlaskClient, hand: Hand) -> None:
    sven = add_person("Sven", Role.AGENT)
    ring(sven.id, hand)
    (of_sven,) = unread(sven)
    assert client.get("/notifications").status_code == 302
    assert client.get("/notifications/unread").status_code == 204
    assert client.post("/notifications/read").status_code == 302
    assert browser.get(f"/notifications/{of_sven}").status_code == 404
    assert browser.get("/notifications/99999").status_code == 404
    browser.post("/notifications/read", data={"up_to": of_sven})
    assert unread(sven) == [of_sven]
    assert "Subject" not in browser.get("/notifications").text


def test_an_empty_bell_says_what_comes_here(browser: FlaskClient) -> None:
    assert "Here you learn when a ticket becomes yours" in browser.get("/notifications").text
    assert "Nothing older" in browser.get("/notifications?before=1").text


def test_following_a_line_marks_it_read(browser: FlaskClient, ana: User, hand: Hand) -> None:
    ring(ana.id, hand, 2)
    first, second = unread(ana)
    answer = browser.get(f"/notifications/{first}")
    assert (answer.status_code, answer.location) == (303, "/notifications")
    assert unread(ana) == [second]
    read_at = db.session.get_one(Notification, first).read_at
    hand.advance(60)
    browser.get(f"/notifications/{first}")
    db.session.rollback()
    again = db.session.get_one(Notification, first, populate_existing=True)
    assert again.read_at == read_at, "the first reading counts"


def test_mark_all_read_spares_what_came_meanwhile(browser: FlaskClient, ana: User, hand: Hand) -> None:
    ring(ana.id, hand, 3)
    shown = unread(ana)
    text = browser.get("/notifications").text
    assert f'name="up_to" value="{shown[-1]}"' in text
    ring(ana.id, hand)
    answer = browser.post("/notifications/read", data={"up_to": shown[-1]})
    assert (answer.status_code, answer.location) == (303, "/notifications")
    assert unread(ana) == [shown[-1] + 1]
    browser.post("/notifications/read", data={"up_to": "nonsense"})
    assert unread(ana) == [shown[-1] + 1]
    browser.post("/notifications/read", data={"up_to": shown[-1] + 1})
    assert "Mark all as read" not in browser.get("/notifications").text


def test_pages_by_key_newest_first(browser: FlaskClient, ana: User, hand: Hand) -> None:
    ring(ana.id, hand, 120)
    seen: list[int] = []
    address: str | None = "/notifications"
    while address:
        text = browser.get(address).text
        seen += [int(number) for number in re.findall(r"Subject (\d+)", text)]
        older = re.search(r'href="(/notifications\?before=\d+)"', text)
        address = older[1] if older else None
    assert seen == list(range(120, 0, -1))


def test_lines_speak_the_readers_language(app: Flask, browser: FlaskClient, ana: User, hand: Hand) -> None:
    ring(ana.id, hand, topic=NoticeTopic.CLOCK_BREACHED)
    assert "Next response on #None is late: it was due today 14:30" in browser.get("/notifications").text
    text = browser.get("/notifications?lang=hu").text
    assert "következő válasz: késésben, a határidő" in text
    assert "14:30 volt" in text


@pytest.mark.parametrize("topic", list(ICONS))
def test_every_kind_of_line_has_its_picture(browser: FlaskClient, ana: User, hand: Hand, topic: NoticeTopic) -> None:
    ring(ana.id, hand, topic=topic)
    assert f'#{ICONS[topic]}"/>' in browser.get("/notifications").text
    assert set(ICONS) == {topic for topic, shape in SHAPES.items() if Transport.IN_APP in shape.transports}


def test_unread_lines_alone_page_by_key(browser: FlaskClient, ana: User, hand: Hand) -> None:
    ring(ana.id, hand, 120)
    with unit_of_work() as session:
        session.execute(sa.update(Notification).where(Notification.id % 2 == 0).values(read_at=hand()))
    seen: list[int] = []
    address: str | None = "/notifications?show=unread"
    while address:
        text = browser.get(address).text
        seen += [int(number) for number in re.findall(r"Subject (\d+)", text)]
        older = re.search(r'href="(/notifications\?show=unread&amp;before=\d+)"', text)
        address = older[1].replace("&amp;", "&") if older else None
    assert seen == list(range(119, 0, -2))
    browser.post("/notifications/read", data={"up_to": 120})
    assert "Everything is read" in browser.get("/notifications?show=unread").text


def test_one_line_is_marked_read_where_it_stands(app: Flask, browser: FlaskClient, ana: User, hand: Hand) -> None:
    ring(ana.id, hand, 2)
    first, second = unread(ana)
    answer = browser.post(f"/notifications/{first}/read", data={"show": "unread"})
    assert (answer.status_code, answer.location) == (303, "/notifications?show=unread")
    assert unread(ana) == [second]
    sven = signed_in(app, add_person("Sven", Role.AGENT))
    assert sven.post(f"/notifications/{second}/read").status_code == 404
    assert unread(ana) == [second]


def test_the_unread_list_reads_its_index(app: Flask, hand: Hand) -> None:
    lines = sa.select(Notification.id).where(Notification.user_id == 7, Notification.read_at.is_(None))
    text = str(
        lines.order_by(Notification.id.desc()).limit(50).compile(db.engine, compile_kwargs={"literal_binds": True})
    )
    with db.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            plan = str(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}").all())
        else:
            connection.exec_driver_sql("SET enable_seqscan = off")
            connection.exec_driver_sql("SET enable_bitmapscan = off")
            plan = str(connection.exec_driver_sql(f"EXPLAIN {text}").all())
    assert "ix_notification_unread" in plan
    assert "TEMP B-TREE" not in plan
    assert "Sort" not in plan


@pytest.mark.parametrize(("role", "address"), [(Role.AGENT, "/queue"), (Role.MANAGER, "/breaches")])
def test_a_digest_leads_to_where_its_promises_are(app: Flask, hand: Hand, role: Role, address: str) -> None:
    user = add_person("Max Berger", role)
    ring(user.id, hand, topic=NoticeTopic.PROMISES_DIGEST)
    browser = signed_in(app, user)
    assert "Promises that need you: 14 late, 3 due soon" in browser.get("/notifications").text
    assert browser.get(f"/notifications/{unread(user)[0]}").location == address


# what one is told -------------------------------------------------------------------------------------


def test_what_is_unticked_is_not_queued_and_the_rest_is(browser: FlaskClient, ana: User, hand: Hand) -> None:
    text = browser.get("/account/notifications").text
    boxes = re.findall(r'name="told" value="([a-z_]+:[a-z_]+)"( checked)?', text)
    assert len(boxes) == 2 * len(REFUSABLE)
    assert all(checked for _value, checked in boxes), "whoever chose nothing is told everything"
    kept = [value for value, _checked in boxes if value not in ("mentioned:mail", "contact_answered:in_app")]
    assert browser.post("/account/notifications", data={"told": kept}).status_code == 303
    again = re.findall(r'name="told" value="([a-z_]+:[a-z_]+)" checked', browser.get("/account/notifications").text)
    assert again == kept
    queue_all(ana, hand)
    assert queued() == {("mentioned", "in_app"), ("contact_answered", "mail"), ("invitation", "mail")}


def test_choices_are_ones_own_and_may_be_taken_back(app: Flask, browser: FlaskClient, ana: User, hand: Hand) -> None:
    browser.post("/account/notifications", data={})
    queue_all(ana, hand)
    assert queued() == {("invitation", "mail")}, "some things nobody does without"
    queue_all(add_person("Sven", Role.AGENT), hand)
    assert len(queued()) == 5
    every = [f"{topic}:{transport}" for topic in REFUSABLE for transport in ("in_app", "mail")]
    browser.post("/account/notifications", data={"told": [*every, "invitation:mail", "nonsense"]})
    db.session.rollback()
    assert db.session.scalars(sa.select(NotificationRefusal)).all() == []


def queue_all(user: User, hand: Hand) -> None:
    to, params = [Recipient.of_user(user)], {"subject": "s", "author": "Rita", "body": "b"}
    link = {"secret_path": "/account/invitation/x", "expires_at": hand()}
    with unit_of_work():
        queue_many(
            [
                *tell(NoticeTopic.MENTIONED, to, cause=f"a:{user.id}", params=params),
                *tell(NoticeTopic.CONTACT_WROTE, to, cause=f"b:{user.id}", params=params),
                *tell(NoticeTopic.INVITATION, to, cause=f"c:{user.id}", params=link),
            ],
            hand(),
        )


def queued() -> set[tuple[str, str]]:
    db.session.rollback()
    return {(row.topic, row.transport) for row in db.session.scalars(sa.select(OutboxMessage))}
