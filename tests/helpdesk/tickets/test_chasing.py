"""A silent case, and only a silent one, offers the words that remind the vendor; whose turn it is follows the cases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from runpy import run_path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.clock import Hand, now
from helpdesk.database import db, unit_of_work
from helpdesk.escalations.models import SupportChannel, VendorCase, VendorNote, VendorTerm
from helpdesk.escalations.partner_center.models import VendorPost
from helpdesk.schema import MIGRATIONS
from helpdesk.tickets import chasing
from helpdesk.tickets.actions import escalating, moving
from helpdesk.tickets.models import Ticket
from tests.packs import fill_pack
from workflows.vocabulary import ClockKind, Severity, Trigger, Turn, VendorCaseState

from .conftest import Desk

HOUR = timedelta(hours=1)


@pytest.fixture
def escalated(worked: int, desk: Desk) -> Iterator[int]:
    """A ticket of severity A at Premier, where Microsoft answers within 1 h and writes every 4 h, day and night."""
    fill_pack(worked, desk.ana)
    with unit_of_work():
        moving.move(worked, desk.ana, Trigger.ESCALATE_TO_PREMIER, now())
    return worked


@pytest.fixture
def case_id(escalated: int, desk: Desk) -> int:
    case_id = newest().id
    with unit_of_work():
        escalating.record_vendor_number(escalated, case_id, desk.ana, "2611240001", now())
    return case_id


def newest() -> VendorCase:
    db.session.expire_all()
    return db.session.scalars(sa.select(VendorCase).order_by(VendorCase.id.desc())).first()  # type: ignore[return-value]


def note(number: int, case_id: int, desk: Desk, **how: Any) -> None:
    with unit_of_work():
        escalating.note_vendor(number, case_id, desk.ana, "Word.", now(), **how)


def turn(number: int) -> Turn:
    db.session.expire_all()
    return db.session.get_one(Ticket, number).turn


def waits_until(hand: Hand) -> timedelta | None:
    due = newest().word_due_at
    return due - hand.at if due is not None else None


class TestWhenAWordIsDue:
    def test_nobody_waits_for_a_case_that_is_not_open_there(self, escalated: int) -> None:
        assert newest().word_due_at is None

    def test_first_the_answer_then_the_update(self, escalated: int, case_id: int, desk: Desk, hand: Hand) -> None:
        assert waits_until(hand) == HOUR
        note(escalated, case_id, desk, is_ours=False)  # within the same second
        assert waits_until(hand) == 4 * HOUR
        hand.at += HOUR
        note(escalated, case_id, desk, is_ours=True)
        assert waits_until(hand) == 3 * HOUR  # our own words move nothing of theirs

    def test_while_they_wait_for_us_they_owe_nothing(
        self, escalated: int, case_id: int, desk: Desk, hand: Hand
    ) -> None:
        note(escalated, case_id, desk, is_ours=False, needs_us=True)
        assert newest().word_due_at is None
        hand.at += 30 * HOUR
        note(escalated, case_id, desk, is_ours=True)
        assert waits_until(hand) == 4 * HOUR

    def test_another_severity_is_another_rhythm(self, escalated: int, case_id: int, desk: Desk, hand: Hand) -> None:
        note(escalated, case_id, desk, is_ours=False)
        with unit_of_work():
            escalating.change_severity(escalated, case_id, desk.ana, Severity.B, now())
        assert waits_until(hand) == 24 * HOUR  # ten of the vendor's open hours

    def test_what_nothing_was_promised_of_is_silent_after_the_hours_of_the_setting(
        self, app: Flask, escalated: int, desk: Desk, hand: Hand
    ) -> None:
        app.config["VENDOR_SILENCE"] = 7 * 3600
        with unit_of_work() as session:
            session.execute(sa.delete(VendorTerm))
        with unit_of_work():
            escalating.record_vendor_number(escalated, newest().id, desk.ana, "2611240001", now())
        assert waits_until(hand) == 7 * HOUR

    def test_where_no_answer_is_promised_the_update_counts_from_the_opening(
        self, escalated: int, desk: Desk, hand: Hand
    ) -> None:
        with unit_of_work() as session:
            session.execute(sa.delete(VendorTerm).where(VendorTerm.clock == ClockKind.VENDOR_RESPONSE))
        with unit_of_work():
            escalating.record_vendor_number(escalated, newest().id, desk.ana, "2611240001", now())
        assert waits_until(hand) == 4 * HOUR

    def test_a_case_that_was_closed_is_waited_for_no_more(self, escalated: int, case_id: int, desk: Desk) -> None:
        with unit_of_work():
            escalating.change_vendor_case(escalated, case_id, desk.ana, VendorCaseState.CLOSED, now())
        assert newest().word_due_at is None


def test_the_migration_expects_words_of_the_cases_it_finds(
    escalated: int, case_id: int, desk: Desk, hand: Hand
) -> None:
    """By the running clock; where none runs, a day after the last word; nothing of a case that waits for us."""
    clocked = newest().word_due_at
    with unit_of_work() as session:
        session.add_all(_another(case_id, state) for state in (VendorCaseState.OPEN, VendorCaseState.ATTENTION_NEEDED))
        session.flush()
        session.execute(sa.update(VendorCase).values(word_due_at=None))
    migration = run_path(next((MIGRATIONS / "versions").glob("*_vendor_words.py")))
    with db.engine.begin() as connection, Operations.context(MigrationContext.configure(connection)):
        migration["_expect_words"]()
    found = db.session.scalars(sa.select(VendorCase.word_due_at).order_by(VendorCase.id)).all()
    assert found == [clocked, hand.at + 24 * HOUR, None]


def _another(case_id: int, state: VendorCaseState) -> VendorCase:
    one = db.session.get_one(VendorCase, case_id)
    return VendorCase(
        ticket_id=one.ticket_id, channel_id=one.channel_id, state=state, severity=one.severity, pack={},
        created_at=now(), last_word_at=now(),
    )  # fmt: skip


class TestReminding:
    TEXT = "Service request 2611240001, severity A: we have had no word from you since 2026-11-24T13:12:00Z."

    def test_only_a_silent_case_offers_the_words(
        self, ana: FlaskClient, escalated: int, case_id: int, hand: Hand
    ) -> None:
        hand.at += HOUR
        assert self.TEXT not in ana.get(f"/tickets/{escalated}").text
        hand.at += timedelta(seconds=1)
        page = ana.get(f"/tickets/{escalated}").text
        assert self.TEXT in page
        assert "Keep it as our note" in page
        assert f'data-copies="case-{case_id}-chase-body"' in page

    def test_the_words_are_kept_and_counted_as_a_reminder(
        self, ana: FlaskClient, escalated: int, case_id: int, hand: Hand
    ) -> None:
        hand.at += 2 * HOUR
        due = newest().word_due_at
        sent = ana.post(f"/tickets/{escalated}/vendor-cases/{case_id}/chase", data={"by": "desk", "body": self.TEXT})
        assert sent.status_code == 303
        case = newest()
        assert [(one.is_ours, one.body) for one in case.notes] == [(True, self.TEXT)]
        assert case.chased_at == now()
        assert case.word_due_at == due  # reminding them is no word of theirs
        assert db.session.scalars(sa.select(VendorPost)).all() == []

    def test_where_partner_center_is_connected_they_leave(
        self, app: Flask, ana: FlaskClient, escalated: int, case_id: int, hand: Hand
    ) -> None:
        app.config["VENDOR_DESK"] = "console"
        hand.at += 2 * HOUR
        assert "Send it to Microsoft" in ana.get(f"/tickets/{escalated}").text
        ana.post(f"/tickets/{escalated}/vendor-cases/{case_id}/chase", data={"by": "send", "body": self.TEXT})
        written = db.session.scalars(sa.select(VendorNote)).one()
        assert db.session.scalars(sa.select(VendorPost.note_id)).all() == [written.id]

    def test_an_emptied_reminder_is_refused(self, ana: FlaskClient, escalated: int, case_id: int, hand: Hand) -> None:
        sent = ana.post(f"/tickets/{escalated}/vendor-cases/{case_id}/chase", data={"by": "desk", "body": " "})
        assert sent.status_code == 422
        assert newest().chased_at is None

    def test_the_impact_of_the_pack_stands_in_it(self, escalated: int, case_id: int) -> None:
        case = newest()
        text = chasing.chase_text(case.number, case.severity, case.last_word_at, case.pack)
        assert f"Business impact: {case.pack['items']['business_impact']}" in text
        assert chasing.chase_text(None, case.severity, case.last_word_at, case.pack) == ""


class TestWhoseTurnItIs:
    def test_opening_it_there_is_ours(self, escalated: int, desk: Desk) -> None:
        assert turn(escalated) is Turn.OURS
        with unit_of_work():
            escalating.record_vendor_number(escalated, newest().id, desk.ana, "2611240001", now())
        assert turn(escalated) is Turn.VENDOR

    def test_their_question_gives_it_to_us_and_our_answer_back(self, escalated: int, case_id: int, desk: Desk) -> None:
        note(escalated, case_id, desk, is_ours=False, needs_us=True)
        assert turn(escalated) is Turn.OURS
        note(escalated, case_id, desk, is_ours=True)
        assert turn(escalated) is Turn.VENDOR

    def test_an_older_case_that_closes_takes_nothing_from_the_newer(
        self, escalated: int, case_id: int, desk: Desk
    ) -> None:
        second = self._second_tier(escalated, desk)
        assert turn(escalated) is Turn.VENDOR
        with unit_of_work():
            escalating.change_vendor_case(escalated, case_id, desk.ana, VendorCaseState.CLOSED, now())
        assert turn(escalated) is Turn.VENDOR
        with unit_of_work():
            escalating.change_vendor_case(escalated, second, desk.ana, VendorCaseState.CLOSED, now())
        assert turn(escalated) is Turn.OURS

    def test_of_two_cases_one_that_waits_for_us_is_enough(self, escalated: int, case_id: int, desk: Desk) -> None:
        second = self._second_tier(escalated, desk)
        note(escalated, case_id, desk, is_ours=False, needs_us=True)
        note(escalated, second, desk, is_ours=False)
        assert turn(escalated) is Turn.OURS

    def _second_tier(self, number: int, desk: Desk) -> int:
        with unit_of_work() as session:
            session.execute(sa.update(SupportChannel).values(needs_entitlement=False))
        with unit_of_work():
            moving.move(number, desk.ana, Trigger.ESCALATE_TO_ADVANCED, now(), {"reason": "They know the product."})
        second = newest().id
        assert turn(number) is Turn.OURS
        with unit_of_work():
            escalating.record_vendor_number(number, second, desk.ana, "2611240002", now())
        return second
