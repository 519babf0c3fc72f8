"""The outbox is written once per cause, in the caller's transaction, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from helpdesk.clock import Hand
from helpdesk.database import db, unit_of_work
from helpdesk.notifications.actions import queue, queue_many
from helpdesk.notifications.models import OutboxMessage, Transport
from helpdesk.notifications.notices import Notice, tell
from helpdesk.notifications.recipients import Recipient
from helpdesk.notifications.topics import NoticeTopic

RITA = Recipient("rita@alpina.example", "hu", "Europe/Budapest")
ANA = Recipient("ana@desk.example", "en", "Europe/Budapest", user_id=1)


def reply(cause: str, **particulars: Any) -> list[Notice]:
    params = {"subject": "Outlook", "author": "Ana", "body": "Try again.", **particulars}
    return tell(NoticeTopic.PUBLIC_REPLY, [RITA], cause=cause, params=params)


def rows() -> list[OutboxMessage]:
    found = list(db.session.scalars(sa.select(OutboxMessage).order_by(OutboxMessage.id)))
    db.session.rollback()
    return found


def test_queued_with_the_change_and_gone_with_its_rollback(app: Flask, hand: Hand) -> None:
    with pytest.raises(ZeroDivisionError), unit_of_work():
        queue_many(reply("event:1042:3"), hand()) / 0
    assert rows() == []
    with unit_of_work():
        assert queue_many(reply("event:1042:3"), hand()) == 1
    (row,) = rows()
    assert (row.transport, row.recipient, row.language) == (Transport.MAIL, RITA.email, "hu")
    assert row.params["timezone"] == "Europe/Budapest"
    assert row.next_attempt_at == hand()


def test_the_same_cause_twice_writes_nothing_and_harms_nothing(app: Flask, hand: Hand) -> None:
    with unit_of_work():
        assert queue_many(reply("event:1042:3"), hand()) == 1
    with unit_of_work() as session:
        assert queue_many([*reply("event:1042:3"), *reply("event:1042:4")], hand()) == 1
        assert queue_many(reply("event:1042:4"), hand()) == 0
        assert session.scalar(sa.select(sa.func.count()).select_from(OutboxMessage)) == 2, "the transaction still works"
    assert [row.stable_id.split(":public")[0] for row in rows()] == ["event:1042:3", "event:1042:4"]


def test_one_statement_however_many(app: Flask, hand: Hand) -> None:
    statements: list[str] = []
    sa.event.listen(db.engine, "before_cursor_execute", lambda *event: statements.append(event[2]))
    notices = [notice for number in range(20) for notice in reply(f"event:{number}:1")]
    with unit_of_work():
        assert queue_many(notices, hand()) == 20
        assert queue_many([], hand()) == 0
    assert len([text for text in statements if text.startswith("INSERT")]) == 1


def test_queue_takes_plain_values(app: Flask, hand: Hand) -> None:
    params = {"secret_path": "/invitation/abc", "expires_at": hand()}
    for is_new in (True, False):
        with unit_of_work():
            assert (
                queue(
                    "invite:1",
                    Transport.MAIL,
                    "eszter@desk.example",
                    NoticeTopic.INVITATION,
                    "hu",
                    params,
                    None,
                    hand(),
                )
                is is_new
            )
    assert rows()[0].params["expires_at"] == "2026-11-24T13:12:00Z"


def test_staff_have_a_bell_and_mail_contacts_mail_only() -> None:
    params = {"subject": "Outlook", "author": "Rita", "body": "And now?"}
    notices = tell(NoticeTopic.CONTACT_WROTE, [ANA], cause="event:1042:5", params=params, ticket_id=1042)
    assert [(one.transport, one.recipient) for one in notices] == [
        (Transport.IN_APP, "1"),
        (Transport.MAIL, ANA.email),
    ]
    assert len({one.stable_id for one in notices}) == 2
    assert [one.transport for one in reply("event:1042:6")] == [Transport.MAIL]


def test_a_long_address_still_fits_the_stable_id() -> None:
    far = Recipient("a" * 200 + "@very.example", "en", "UTC")
    (notice,) = tell(
        NoticeTopic.PUBLIC_REPLY, [far], cause="c" * 60, params={"subject": "s", "author": "a", "body": "b"}
    )
    assert len(notice.stable_id) <= 120


@pytest.mark.parametrize(
    ("particulars", "complaint"),
    [
        ({"body": None}, "missing \\['body'\\]"),
        ({"colour": "red"}, "unknown \\['colour'\\]"),
        ({"secret_path": datetime(2026, 1, 1)}, "aware"),
    ],
)
def test_a_forgotten_or_wrong_param_is_refused_at_once(particulars: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        reply("event:1042:3", **particulars)


def test_a_cause_must_be_named() -> None:
    with pytest.raises(ValueError, match="stable id"):
        Notice("", Transport.MAIL, "x", NoticeTopic.PUBLIC_REPLY)
    with pytest.raises(ValueError, match="stable id"):
        reply("c" * 120)


def test_moments_are_kept_in_utc() -> None:
    at = datetime.fromisoformat("2026-11-25T10:30:00+01:00")
    (notice,) = tell(
        NoticeTopic.TICKET_CLOSED, [RITA], cause="event:1:2", params={"subject": "s", "reopen_until_at": at}
    )
    assert notice.params["reopen_until_at"] == "2026-11-25T09:30:00Z"
    assert at == datetime(2026, 11, 25, 9, 30, tzinfo=UTC)
