"""The outbox is carried out: once for bells, at least once for mails, whatever crashes."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from structlog.testing import capture_logs

from helpdesk.accounts.models import User
from helpdesk.clock import Hand
from helpdesk.database import db, unit_of_work
from helpdesk.errors import TransportError
from helpdesk.jobs.readiness import examine
from helpdesk.notifications import outbox, queries
from helpdesk.notifications.actions import queue_many
from helpdesk.notifications.delivery import deliver_due
from helpdesk.notifications.letters import Letter
from helpdesk.notifications.models import DeliveryState, Notification, OutboxMessage, Transport
from helpdesk.notifications.notices import Notice, tell
from helpdesk.notifications.recipients import Recipient
from helpdesk.notifications.topics import NoticeTopic
from helpdesk.notifications.transports import Smtp, Unreachable
from tests.helpdesk.notifications.mailserver import MailServer
from tests.helpdesk.notifications.postbox import Postbox


def mails(count: int, first: int = 1) -> list[Notice]:
    return [
        notice
        for number in range(first, first + count)
        for notice in tell(
            NoticeTopic.TICKET_CLOSED,
            [Recipient(f"rita{number}@alpina.example", "en", "Europe/Budapest")],
            cause=f"event:{number}:9",
            params={"subject": "Outlook", "secret_path": f"/track/token-{number}"},
        )
    ]


def put(notices: Sequence[Notice], now: datetime) -> None:
    with unit_of_work():
        queue_many(notices, now)


def rows() -> list[OutboxMessage]:
    db.session.rollback()
    found = list(db.session.scalars(sa.select(OutboxMessage).order_by(OutboxMessage.id)))
    for row in found:
        db.session.expunge(row)  # else each would be read once more, by itself
    db.session.rollback()
    return found


def person(now: datetime) -> int:
    with unit_of_work() as session:
        user = User(email="ana@desk.example", name="Ana Kovács", password_hash="-", created_at=now)
        session.add(user)
        session.flush()
        return user.id


def test_a_mail_leaves_and_its_secret_is_forgotten(app: Flask, hand: Hand) -> None:
    put(mails(1), hand())
    box = Postbox()
    assert deliver_due(hand.advance(2), transport=box) == 1
    (letter,) = box.letters
    assert letter.mail["To"] == "rita1@alpina.example"
    assert "http://localhost/track/token-1" in letter.mail.get_content()
    (row,) = rows()
    assert (row.delivery_state, row.sent_at, row.attempts) == (DeliveryState.SENT, hand(), 1)
    assert row.params == {"subject": "Outlook", "timezone": "Europe/Budapest"}
    assert deliver_due(hand.advance(9999), transport=box) == 0
    assert len(box.letters) == 1


def test_oldest_first_and_no_more_than_asked(app: Flask, hand: Hand) -> None:
    put(mails(2, first=3), hand())
    put(mails(2, first=1), hand() - timedelta(hours=1))
    box = Postbox()
    assert deliver_due(hand(), limit=3, transport=box) == 3
    assert [row.delivery_state for row in rows()] == [
        DeliveryState.SENT,
        DeliveryState.PENDING,
        *[DeliveryState.SENT] * 2,
    ]


def test_what_is_not_due_waits(app: Flask, hand: Hand) -> None:
    put(mails(1), hand() + timedelta(seconds=1))
    assert deliver_due(hand(), transport=Postbox()) == 0


def test_killed_between_sending_and_noting_it(app: Flask, hand: Hand, monkeypatch: pytest.MonkeyPatch) -> None:
    put(mails(2), hand())
    box = Postbox()
    with monkeypatch.context() as killed:
        killed.setattr(outbox, "mark_sent", _killed)
        with pytest.raises(KeyboardInterrupt):
            deliver_due(hand(), transport=box)
    db.session.remove()
    assert deliver_due(hand.advance(outbox.LEASE.seconds - 1), transport=box) == 0, "the lease still stands"
    assert deliver_due(hand.advance(1), transport=box) == 2
    first, again, second = box.message_ids()
    assert first == again != second
    assert {row.delivery_state for row in rows()} == {DeliveryState.SENT}


def _killed(*_arguments: object) -> None:
    raise KeyboardInterrupt


def test_killed_before_sending_loses_nothing(app: Flask, hand: Hand) -> None:
    put(mails(1), hand())
    with pytest.raises(KeyboardInterrupt):
        deliver_due(hand(), transport=Postbox(KeyboardInterrupt()))
    box = Postbox()
    assert deliver_due(hand.advance(outbox.LEASE.seconds), transport=box) == 1
    assert len(box.letters) == 1


def test_a_temporary_refusal_is_tried_again_ever_later(app: Flask, hand: Hand) -> None:
    put(mails(2), hand())
    box = Postbox(TransportError("The mail server answered 450 busy", permanent=False))
    assert deliver_due(hand(), transport=box) == 1, "the other one isn't held up"
    row = rows()[0]
    assert (row.delivery_state, row.attempts, row.last_error) == (
        DeliveryState.PENDING,
        1,
        "The mail server answered 450 busy",
    )
    assert row.next_attempt_at == hand() + timedelta(minutes=1)
    assert row.params["secret_path"], "it is still needed"
    assert deliver_due(hand.advance(60), transport=box) == 1
    assert rows()[0].last_error == ""


def test_the_waits_double_up_to_a_limit() -> None:
    minutes = [outbox.wait_after(attempts).total_seconds() / 60 for attempts in (1, 2, 3, 8, 9, 15)]
    assert minutes == [1, 2, 4, 128, 240, 240]


def test_a_letter_refused_too_often_is_given_up(app: Flask, hand: Hand) -> None:
    put(mails(1), hand())
    with unit_of_work() as session:
        session.execute(sa.update(OutboxMessage).values(attempts=outbox.MOST_ATTEMPTS - 1))
    assert deliver_due(hand(), transport=Postbox(TransportError("450 busy", permanent=False))) == 1
    assert rows()[0].delivery_state is DeliveryState.FAILED


def test_a_final_refusal_is_not_tried_again_and_its_secret_is_forgotten(app: Flask, hand: Hand) -> None:
    put(mails(1), hand())
    assert deliver_due(hand(), transport=Postbox(TransportError("550 unknown", permanent=True))) == 1
    (row,) = rows()
    assert (row.delivery_state, row.last_error) == (DeliveryState.FAILED, "550 unknown")
    assert "secret_path" not in row.params
    assert deliver_due(hand.advance(99999), transport=Postbox()) == 0


def test_a_broken_letter_and_a_wrong_address_hold_nobody_up(app: Flask, hand: Hand) -> None:
    put(mails(3), hand())
    with unit_of_work() as session:
        session.execute(sa.update(OutboxMessage).where(OutboxMessage.id == rows()[0].id).values(topic="from_tomorrow"))
        session.execute(
            sa.update(OutboxMessage).where(OutboxMessage.recipient.startswith("rita2")).values(recipient="rita")
        )
    box = Postbox()
    with capture_logs() as lines:
        assert deliver_due(hand(), transport=box) == 2
    assert [letter.mail["To"] for letter in box.letters] == ["rita3@alpina.example"]
    assert [row.delivery_state for row in rows()] == [DeliveryState.PENDING, DeliveryState.FAILED, DeliveryState.SENT]
    assert "token" not in repr(lines)


def test_a_server_that_is_away_costs_no_attempt(app: Flask, hand: Hand) -> None:
    ana = person(hand())
    put(mails(3), hand())
    bell = Notice("bell:1", Transport.IN_APP, str(ana), NoticeTopic.ASSIGNED, "en", {"subject": "Outlook"})
    put([bell], hand())
    box = Postbox(Unreachable("The mail server can’t be reached"))
    assert deliver_due(hand(), transport=box) == 1, "bells ring all the same"
    waiting = [row for row in rows() if row.transport is Transport.MAIL]
    assert box.letters == [], "after one knock nobody else knocks"
    assert {row.attempts for row in waiting} == {0}
    assert {row.next_attempt_at for row in waiting} == {hand() + timedelta(minutes=1)}
    assert deliver_due(hand.advance(60), transport=box) == 3


def test_a_late_deliverer_cannot_overwrite_what_another_did(app: Flask, hand: Hand) -> None:
    put(mails(1), hand())
    with unit_of_work():
        (slow,) = outbox.claim(hand(), 1)
    assert (
        deliver_due(hand.advance(outbox.LEASE.seconds), transport=Postbox(TransportError("450", permanent=False))) == 0
    )
    before = rows()[0]
    with unit_of_work():
        outbox.fail(slow, "too late")
        outbox.put_off(slow, hand(), "too late")
    after = rows()[0]
    assert (after.delivery_state, after.next_attempt_at, after.last_error) == (
        before.delivery_state,
        before.next_attempt_at,
        "450",
    )


def test_no_letter_is_begun_that_might_outlast_its_lease(app: Flask, hand: Hand) -> None:
    put(mails(3), hand())
    box = Postbox()
    send = box.send

    def slowly(letter: Letter) -> None:
        hand.advance(150)
        send(letter)

    box.send = slowly  # type: ignore[method-assign]
    assert deliver_due(hand(), transport=box) == 2
    box.send = send  # type: ignore[method-assign]
    assert deliver_due(hand.advance(outbox.LEASE.seconds), transport=box) == 1


def test_a_bell_rings_exactly_once_even_when_the_row_comes_again(app: Flask, hand: Hand) -> None:
    ana = person(hand())
    params: dict[str, Any] = {"subject": "Outlook", "timezone": "Europe/Budapest"}
    put([Notice(f"bell:{n}", Transport.IN_APP, str(ana), NoticeTopic.ASSIGNED, "en", params) for n in (1, 2)], hand())
    assert deliver_due(hand()) == 2
    with unit_of_work() as session:
        session.execute(sa.update(OutboxMessage).values(delivery_state=DeliveryState.PENDING, next_attempt_at=hand()))
    assert deliver_due(hand()) == 2
    db.session.rollback()
    found = list(db.session.scalars(sa.select(Notification)))
    assert [(one.user_id, one.topic, one.read_at, one.created_at) for one in found] == [
        (ana, "ticket_assigned", None, hand())
    ] * 2
    assert {row.delivery_state for row in rows()} == {DeliveryState.SENT}


def test_a_bell_of_nobody_spoils_no_others(app: Flask, hand: Hand) -> None:
    ana = person(hand())
    recipients = ["999", "ana", str(ana)]
    put(
        [
            Notice(f"bell:{who}", Transport.IN_APP, who, NoticeTopic.ASSIGNED, "en", {"subject": "s"})
            for who in recipients
        ],
        hand(),
    )
    assert deliver_due(hand()) == 3
    assert [row.delivery_state for row in rows()] == [DeliveryState.FAILED, DeliveryState.FAILED, DeliveryState.SENT]


def test_several_deliverers_at_once_send_each_letter_once(app: Flask, hand: Hand) -> None:
    put(mails(60), hand())
    boxes, start, errors = [Postbox() for _ in range(4)], threading.Barrier(4), []

    def work(box: Postbox) -> None:
        try:
            with app.app_context():
                start.wait()
                while deliver_due(hand(), limit=5, transport=box):
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
    sent = [one for box in boxes for one in box.message_ids()]
    assert len(sent) == len(set(sent)) == 60
    assert {row.delivery_state for row in rows()} == {DeliveryState.SENT}
    assert {row.attempts for row in rows()} == {1}


def test_through_a_real_server_with_good_and_bad_days(app: Flask, hand: Hand) -> None:
    put(mails(3), hand())

    def judge(line: str) -> str | None:
        return {"rita1": "450 busy", "rita2": "550 unknown"}.get(line.partition("<")[2].partition("@")[0])

    with MailServer(rcpt=judge) as server:
        assert deliver_due(hand(), transport=Smtp(server.url)) == 2
        states = [row.delivery_state for row in rows()]
        assert states == [DeliveryState.PENDING, DeliveryState.FAILED, DeliveryState.SENT]
        server.answers.clear()
        assert deliver_due(hand.advance(60), transport=Smtp(server.url)) == 1
    assert sorted(str(mail["To"]) for mail in server.mails) == ["rita1@alpina.example", "rita3@alpina.example"]
    assert len(set(server.message_ids())) == 2


def test_without_a_server_mails_are_printed_and_no_secret_with_them(app: Flask, hand: Hand) -> None:
    put(mails(1), hand())
    with capture_logs() as lines:
        assert deliver_due(hand()) == 1
    assert lines[0]["event"] == "mail_printed"
    assert "token-1" not in repr(lines)


def test_whoever_looks_after_the_desk_learns_of_waiting_and_lost_mail(app: Flask, hand: Hand) -> None:
    put(mails(3), hand())
    week = timedelta(days=7)
    assert queries.post(hand() - week) == queries.Post(None, "", 0, ""), "what was not tried yet is no trouble"
    busy = TransportError("450 busy", permanent=False)
    unknown = TransportError("550 unknown", permanent=True)
    assert deliver_due(hand(), transport=Postbox(busy, unknown, unknown)) == 2
    db.session.rollback()
    assert queries.post(hand() - week) == queries.Post(hand(), "450 busy", 2, "550 unknown")
    (found,) = [one for one in examine(app) if one.name == "mail"]
    assert not found.is_well
    assert "2 given up" in found.sentence
    hand.advance(16 * 60)
    (found,) = [one for one in examine(app) if one.name == "mail"]
    assert found.sentence == "mail waits since 2026-11-24 13:12 UTC: 450 busy"
    assert queries.post(hand() + week).given_up == 0


def test_the_claim_reads_only_what_is_due(app: Flask, hand: Hand) -> None:
    due = str(outbox.due_now(hand(), 50).compile(db.engine, compile_kwargs={"literal_binds": True}))
    with db.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {due}").all()
        else:
            connection.exec_driver_sql("SET enable_seqscan = off")  # a handful of rows would be read and sorted
            connection.exec_driver_sql("SET enable_bitmapscan = off")
            plan = connection.exec_driver_sql(f"EXPLAIN {due}").all()
    assert "ix_outbox_message_due" in str(plan)
    assert "sort" not in str(plan).lower().replace("_sort", "")
    assert "TEMP B-TREE" not in str(plan)
