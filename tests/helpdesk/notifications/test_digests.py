"""Many promises in trouble at once are one letter and one line, and none of them is lost or told twice."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from helpdesk.clock import Hand
from helpdesk.database import db, unit_of_work
from helpdesk.errors import TransportError
from helpdesk.notifications import digests, outbox
from helpdesk.notifications.actions import queue_many
from helpdesk.notifications.delivery import deliver_due
from helpdesk.notifications.models import DeliveryState, Notification, OutboxMessage, Transport
from helpdesk.notifications.notices import Notice, tell
from helpdesk.notifications.recipients import Recipient
from helpdesk.notifications.topics import NoticeTopic
from helpdesk.notifications.transports import Unreachable
from tests.helpdesk.notifications.postbox import Postbox
from tests.helpdesk.notifications.test_delivery import mails, put, rows
from tests.people import add_person
from workflows.vocabulary import Role

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
KINDS = (NoticeTopic.CLOCK_BREACHED, NoticeTopic.CLOCK_WARNED)


def promise(number: int, person: Recipient, topic: NoticeTopic, level: int = 0) -> list[Notice]:
    """News of one clock of one person's ticket, each due a minute before the one before it."""
    params = {"subject": f"Outlook {number}", "clock": "resolution", "due_at": NOON - timedelta(minutes=number)}
    if topic is NoticeTopic.CLOCK_LADDERED:
        params["level"] = level
    return tell(topic, [person], cause=f"clock:{number}:resolution:1:{topic}:{level}", params=params)


def mails_about(count: int, email: str = "lea@desk.example", first: int = 1) -> list[Notice]:
    """Breaches (odd) and warnings (even) for somebody without a bell."""
    person = Recipient(email, "en", "Europe/Budapest")
    each = [promise(number, person, KINDS[(number + 1) % 2]) for number in range(first, first + count)]
    return [notice for notices in each for notice in notices]


def states() -> set[DeliveryState]:
    return {row.delivery_state for row in rows()}


def test_up_to_three_come_one_by_one(app: Flask, hand: Hand) -> None:
    put([*mails(1), *mails_about(3)], hand())
    box = Postbox()
    assert deliver_due(hand(), transport=box) == 4
    assert [one.mail["To"] for one in box.letters] == ["rita1@alpina.example", *["lea@desk.example"] * 3]


def test_more_are_one_letter_for_each_person_however_small_the_batch(app: Flask, hand: Hand) -> None:
    put([*mails_about(8), *mails(1), *mails_about(4, "max@desk.example", first=101)], hand())
    box = Postbox()
    while deliver_due(hand(), limit=1, transport=box):
        pass
    subjects = {str(one.mail["To"]): str(one.mail["Subject"]) for one in box.letters}
    assert len(box.letters) == 3
    assert subjects["lea@desk.example"] == "4 late, 4 due soon: promises that need you"
    assert subjects["max@desk.example"] == "2 late, 2 due soon: promises that need you"
    assert states() == {DeliveryState.SENT}


def test_the_worst_come_first_and_one_promise_counts_once(app: Flask, hand: Hand) -> None:
    lea = Recipient("lea@desk.example", "en", "Europe/Budapest")
    topics = (*KINDS, NoticeTopic.CLOCK_LADDERED)
    notices = [notice for topic in topics for number in (1, 2) for notice in promise(number, lea, topic)]
    put(notices, hand())
    box = Postbox()
    assert deliver_due(hand(), transport=box) == 1
    (letter,) = box.letters
    text = letter.mail.get_content()
    assert letter.mail["Subject"] == "2 late: promises that need you"
    assert text.count("still late") == 2
    assert text.index("Outlook 2") < text.index("Outlook 1"), "what was due earlier is worse"


@pytest.fixture
def three(app: Flask, hand: Hand) -> list[Recipient]:
    people = [add_person("Ana Kovács", Role.AGENT), add_person("Lea Farkas", Role.LEAD)]
    return [Recipient.of_user(one) for one in (*people, add_person("Max Berger", Role.MANAGER))]


def flood(people: list[Recipient], now: datetime, first: int = 1, count: int = 3000) -> None:
    """Tell ``people`` of ``count`` late promises in turn, by bell and mail, as a sweep after downtime does."""
    numbers = range(first, first + count)
    each = [promise(number, people[number % len(people)], NoticeTopic.CLOCK_BREACHED) for number in numbers]
    with unit_of_work():
        assert queue_many([notice for notices in each for notice in notices], now) == 2 * count


def lines() -> list[Notification]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(Notification).order_by(Notification.id)))


def told_in_digests() -> int:
    """How many promises the mails that are digests tell of."""
    digests_of_mail = [
        row for row in rows() if row.topic == NoticeTopic.PROMISES_DIGEST and row.transport is Transport.MAIL
    ]
    return sum(row.params["late"] for row in digests_of_mail)


def test_after_downtime_each_person_gets_one_letter_and_one_line(
    app: Flask, hand: Hand, three: list[Recipient]
) -> None:
    flood(three, hand())
    box = Postbox()
    while deliver_due(hand(), limit=20, transport=box):
        pass
    assert sorted(str(one.mail["To"]) for one in box.letters) == [
        f"{name}@desk.example" for name in ("ana", "lea", "max")
    ]
    assert {str(one.mail["Subject"]) for one in box.letters} == {"1,000 late: promises that need you"}
    assert all(one.mail.get_content().count("/tickets/") == digests.SHOWN for one in box.letters)
    assert all("And 980 more" in one.mail.get_content() for one in box.letters)
    assert sorted(line.user_id for line in lines()) == sorted(one.user_id for one in three if one.user_id)
    assert {(line.topic, line.params["late"], len(line.params["entries"])) for line in lines()} == {
        ("promises_digest", 1000, 0)
    }
    assert (states(), told_in_digests()) == ({DeliveryState.SENT}, 3000)


def test_they_wait_while_what_came_due_is_still_being_worked_off(
    app: Flask, hand: Hand, three: list[Recipient]
) -> None:
    flood(three, hand(), count=30)
    put(mails(1), hand())
    box = Postbox()
    assert deliver_due(hand.advance(5), transport=box, is_catching_up=True) == 1
    assert [one.mail["To"] for one in box.letters] == ["rita1@alpina.example"], "what isn't the ladder's goes on"
    flood(three, hand(), first=31, count=30)
    assert deliver_due(hand.advance(5), transport=box, is_catching_up=True) == 0
    assert deliver_due(hand.advance(2), transport=box) == 6
    assert len(box.letters) == 4
    assert told_in_digests() == 60


def test_no_backlog_holds_them_for_ever(app: Flask, hand: Hand, three: list[Recipient]) -> None:
    flood(three, hand(), count=60)
    later = hand.advance(int(digests.LONGEST_HOLD.total_seconds()) - 1)
    assert deliver_due(later, transport=Postbox(), is_catching_up=True) == 0
    assert deliver_due(hand.advance(1), transport=Postbox(), is_catching_up=True) == 6


def test_killed_while_gathering_nothing_is_lost_or_told_twice(
    app: Flask, hand: Hand, three: list[Recipient], monkeypatch: pytest.MonkeyPatch
) -> None:
    flood(three, hand(), count=60)
    box = Postbox()
    with monkeypatch.context() as killed:
        killed.setattr(digests, "_digest", _killed)
        with pytest.raises(KeyboardInterrupt):
            deliver_due(hand(), transport=box)
    db.session.remove()
    assert states() == {DeliveryState.PENDING}, "it was rolled back whole"
    with monkeypatch.context() as killed:
        killed.setattr(outbox, "claim", _killed)
        with pytest.raises(KeyboardInterrupt):
            deliver_due(hand(), transport=box)
    db.session.remove()
    with monkeypatch.context() as killed:
        killed.setattr(outbox, "mark_sent", _killed)
        with pytest.raises(KeyboardInterrupt):
            deliver_due(hand(), transport=box)
    db.session.remove()
    hand.advance(outbox.LEASE.seconds)
    while deliver_due(hand(), transport=box):
        pass
    first, again, *others = box.message_ids()
    assert first == again, "sent twice it is the same mail"
    assert len({first, *others}) == 3
    assert len(lines()) == 3
    assert (states(), told_in_digests()) == ({DeliveryState.SENT}, 60)


def _killed(*_arguments: object) -> None:
    raise KeyboardInterrupt


def test_several_deliverers_gather_once(app: Flask, hand: Hand, three: list[Recipient]) -> None:
    flood(three, hand(), count=300)
    boxes, start, errors = [Postbox() for _ in range(4)], threading.Barrier(4), []

    def work(box: Postbox) -> None:
        try:
            with app.app_context():
                start.wait()
                while deliver_due(hand(), limit=2, transport=box):
                    pass
                db.session.remove()
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(box,)) for box in boxes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert errors == []
    assert sum(len(box.letters) for box in boxes) == len(lines()) == 3
    assert (states(), told_in_digests()) == ({DeliveryState.SENT}, 300)


def test_a_letter_that_may_have_left_is_not_told_again_in_a_digest(app: Flask, hand: Hand) -> None:
    put(mails_about(1), hand())
    with unit_of_work():
        assert len(outbox.claim(hand(), 10)) == 1  # by a deliverer who sends it and is killed
    put(mails_about(5, first=2), hand())
    box = Postbox()
    assert deliver_due(hand.advance(outbox.LEASE.seconds), transport=box) == 2
    assert sorted(str(one.mail["Subject"]) for one in box.letters) == [
        "2 late, 3 due soon: promises that need you",
        "[#None] Late: resolution · Outlook 1",
    ]


def test_a_broken_promise_does_not_spoil_the_letter_of_the_others(app: Flask, hand: Hand) -> None:
    put(mails_about(5), hand())
    with unit_of_work() as session:
        session.execute(
            sa.update(OutboxMessage).where(OutboxMessage.id == rows()[2].id).values(params={"due_at": "soon"})
        )
    box = Postbox()
    assert deliver_due(hand(), transport=box) == 1
    assert [one.mail["Subject"] for one in box.letters] == ["2 late, 2 due soon: promises that need you"]
    assert [row.attempts for row in rows() if row.delivery_state is DeliveryState.PENDING] == [1]


def test_a_refused_digest_is_put_off_whole(app: Flask, hand: Hand) -> None:
    put(mails_about(4), hand())
    box = Postbox(TransportError("450 busy", permanent=False), Unreachable("away"))
    assert deliver_due(hand(), transport=box) == 0
    (waiting,) = [row for row in rows() if row.delivery_state is DeliveryState.PENDING]
    assert (waiting.attempts, waiting.next_attempt_at) == (1, hand() + timedelta(minutes=1))
    assert deliver_due(hand.advance(60), transport=box) == 0
    assert deliver_due(hand.advance(60), transport=box) == 1
    assert len(box.letters) == 1
