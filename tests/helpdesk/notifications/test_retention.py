"""What was told long ago is forgotten; what waits, failed or was never read stays."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from helpdesk.clock import Hand
from helpdesk.database import db, unit_of_work
from helpdesk.jobs import jobs
from helpdesk.notifications import retention
from helpdesk.notifications.delivery import deliver_due
from helpdesk.notifications.models import DeliveryState, Notification, OutboxMessage
from tests.helpdesk.notifications.postbox import Postbox
from tests.helpdesk.notifications.test_delivery import mails, put, rows
from tests.helpdesk.notifications.test_views import ring, unread
from tests.people import add_person
from workflows.vocabulary import Role

DAY = 24 * 3600


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(retention, "BATCH", 2)
    return


def test_what_was_sent_long_ago_goes_and_nothing_else(app: Flask, hand: Hand) -> None:
    put(mails(5), hand())
    assert deliver_due(hand(), transport=Postbox()) == 5
    put(mails(3, first=6), hand())
    with unit_of_work() as session:
        session.execute(
            sa.update(OutboxMessage)
            .where(OutboxMessage.recipient.startswith("rita6"))
            .values(delivery_state=DeliveryState.FAILED)
        )
    hand.advance(90 * DAY)
    list(jobs.forget_told())
    assert len(rows()) == 8, "ninety days to the second"
    hand.advance(1)
    assert list(jobs.forget_told()) == [True, True, True, False, False], "a few at a time"
    assert {row.delivery_state for row in rows()} == {DeliveryState.PENDING, DeliveryState.FAILED}
    assert len(rows()) == 3


def test_lines_go_long_after_they_were_read_and_never_before(app: Flask, hand: Hand) -> None:
    ana = add_person("Ana Kovács", Role.AGENT)
    ring(ana.id, hand, 4)
    first, *others = unread(ana)
    with unit_of_work() as session:
        session.execute(sa.update(Notification).where(Notification.id == first).values(read_at=hand()))
    hand.advance(180 * DAY + 1)
    list(jobs.forget_told())
    db.session.rollback()
    assert list(db.session.scalars(sa.select(Notification.id).order_by(Notification.id))) == others


def test_how_long_is_a_setting(app: Flask, hand: Hand) -> None:
    app.config["KEEP_SENT"] = 7 * DAY
    put(mails(1), hand())
    deliver_due(hand(), transport=Postbox())
    hand.advance(int(timedelta(days=7, seconds=1).total_seconds()))
    list(jobs.forget_told())
    assert rows() == []


@pytest.mark.parametrize(
    ("column", "index"),
    [(OutboxMessage.sent_at, "ix_outbox_message_sent"), (Notification.read_at, "ix_notification_read")],
)
def test_what_is_old_is_found_by_an_index(app: Flask, hand: Hand, column: sa.Column[object], index: str) -> None:
    table = column.class_.__table__  # type: ignore[attr-defined]
    old = retention.sent_before(hand()) if table.name == "outbox_message" else retention.read_before(hand())
    text = str(old.compile(db.engine, compile_kwargs={"literal_binds": True}))
    with db.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}").all()
        else:
            connection.exec_driver_sql("SET enable_seqscan = off")
            plan = connection.exec_driver_sql(f"EXPLAIN {text}").all()
    assert index in str(plan)
