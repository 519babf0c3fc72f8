"""When work next goes on: by a person's own calendar, else by the desk's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from helpdesk.clock import Hand, now
from helpdesk.database import db, unit_of_work
from helpdesk.sla.editing import create_calendar, edit_calendar, renew_stamp
from helpdesk.sla.models import Calendar, SlaPolicy
from helpdesk.sla.working_hours import WorkingHours
from tests.worlds import starting_set

TONIGHT = datetime(2026, 11, 24, 21, 30, tzinfo=UTC)
TOMORROW_AT_EIGHT = datetime(2026, 11, 25, 7, 0, tzinfo=UTC)
WEEK = {"timezone": "Europe/Budapest", "week": {"mon": [("09:00", "12:00")]}}


@pytest.fixture(autouse=True)
def _desk(app: Flask, hand: Hand) -> None:
    starting_set()


def mondays() -> Calendar:
    with unit_of_work():
        return create_calendar("Mondays", WEEK, None, now())


def test_the_desks_hours_are_those_of_the_first_response(hand: Hand) -> None:
    assert WorkingHours(hand()).opening(None) == hand(), "a Tuesday afternoon"
    assert WorkingHours(TONIGHT).opening(None) == TOMORROW_AT_EIGHT
    closing = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
    assert WorkingHours(closing).opening(None) == TOMORROW_AT_EIGHT, "half-open"
    assert WorkingHours(closing - timedelta(seconds=1)).opening(None) == closing - timedelta(seconds=1)


def test_ones_own_calendar_goes_before_the_desks(hand: Hand) -> None:
    calendar = mondays()
    assert WorkingHours(hand()).opening(calendar.id) == datetime(2026, 11, 30, 8, 0, tzinfo=UTC)


def test_an_edited_calendar_counts_at_once(hand: Hand) -> None:
    calendar = mondays()
    WorkingHours(hand()).opening(calendar.id)
    with unit_of_work():
        edit_calendar(calendar, "Mondays", {**WEEK, "week": {"tue": [("08:00", "18:00")]}}, None, now())
    assert WorkingHours(hand()).opening(calendar.id) == hand()


def test_without_a_default_policy_the_desk_is_always_open() -> None:
    with unit_of_work() as session:
        session.execute(sa.update(SlaPolicy).values(is_enabled=False))
        renew_stamp()
    assert WorkingHours(TONIGHT).opening(None) == TONIGHT


def test_a_calendar_that_never_opens_again_keeps_nobody_waiting(hand: Hand) -> None:
    with unit_of_work():
        over = create_calendar("Over", {"timezone": "UTC", "shifts": {"2026-11-20": [("09:00", "10:00")]}}, None, now())
    assert WorkingHours(hand()).opening(over.id) == hand()


def test_the_book_of_promises_is_read_once_and_calendars_are_kept(hand: Hand) -> None:
    calendar = mondays()
    WorkingHours(hand()).opening(calendar.id)
    statements: list[str] = []
    sa.event.listen(db.engine, "before_cursor_execute", lambda *event: statements.append(event[2]))
    hours = WorkingHours(hand())
    for _time in range(3):
        hours.opening(calendar.id)
        hours.opening(None)
    assert len([text for text in statements if text.startswith("SELECT")]) <= 2
