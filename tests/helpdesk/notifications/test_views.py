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
from helpdesk.notifications.models import Notification, Transport
from helpdesk.notifications.topics import SHAPES, NoticeTopic
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
