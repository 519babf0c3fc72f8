"""What becomes of money deadlines: merged, closed, withdrawn, turned away, reopened, corrected. None is lost."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from helpdesk.clock import Hand, now
from helpdesk.database import db, unit_of_work
from helpdesk.errors import Conflict, Invalid
from helpdesk.escalations.money.models import MoneyDeadline
from helpdesk.notifications.topics import NoticeTopic
from helpdesk.tickets import history
from helpdesk.tickets.actions import money, moving
from helpdesk.tickets.actions.opening import Opened
from helpdesk.tickets.models import TicketEvent
from workflows.vocabulary import EventKind, Kind, MoneyState, Trigger

from .conftest import Desk
from .test_money import DAY, HOURS, WEEK, billing, count, deadline, put, sweep, ticket, told, window

__all__ = ["billing"]

ENDS = {
    Trigger.WITHDRAW: {"reason": "no_longer_needed"},
    Trigger.TURN_AWAY: {"reason": "not_our_customer"},
}


def take(number: int, desk: Desk, trigger: Trigger, **asked: Any) -> None:
    with unit_of_work():
        moving.move(number, desk.ana, trigger, now(), asked)


def written(number: int, what: EventKind) -> list[dict[str, Any]]:
    rows = sa.select(TicketEvent).where(TicketEvent.ticket_id == number, TicketEvent.what == what)
    return [json.loads(event.particulars) for event in db.session.scalars(rows.order_by(TicketEvent.seq))]


# the end of the ticket, and its return ------------------------------------------------------------------------


@pytest.mark.parametrize("trigger", ENDS)
def test_it_ends_with_its_ticket_at_once_and_nobody_is_told_more(
    billing: int, desk: Desk, hand: Hand, trigger: Trigger
) -> None:
    deadline_id = put(billing, desk)
    take(billing, desk, trigger, **ENDS[trigger])
    row, found = deadline(deadline_id), ticket(billing)
    assert (row.state, row.ended_at, row.next_fire_at) == (MoneyState.LAPSED, now(), None)
    assert (found.money_due_at, found.money_purpose, found.money_warns_at) == (None, None, None)
    hand.advance(8 * DAY)
    sweep()
    assert told(NoticeTopic.MONEY_WARNED) == told(NoticeTopic.MONEY_MISSED) == []
    with pytest.raises(Invalid, match="has ended"):
        put(billing, desk)


def test_reopened_in_time_it_runs_on_as_if_nothing_had_been(billing: int, desk: Desk, hand: Hand) -> None:
    deadline_id = put(billing, desk)
    due_at = deadline(deadline_id).due_at
    hand.advance(DAY)
    take(billing, desk, Trigger.TURN_AWAY, **ENDS[Trigger.TURN_AWAY])
    hand.advance(4 * DAY)  # beyond the first warning
    sweep()
    take(billing, desk, Trigger.REOPEN, reason="They did buy it here")
    row, found = deadline(deadline_id), ticket(billing)
    assert (row.state, row.ended_at, row.due_at, found.money_due_at) == (MoneyState.OPEN, None, due_at, due_at)
    assert written(billing, EventKind.MONEY_RESUMED)[0]["deadline"] == deadline_id
    hand.advance(int(1.5 * DAY))
    sweep()
    assert count(billing, EventKind.MONEY_WARNED) == 1  # the last call; the first fell into the time it was away
    hand.at = due_at
    sweep()
    assert (count(billing, EventKind.MONEY_MISSED), ticket(billing).money_missed_at) == (1, due_at)


def test_reopened_too_late_it_stays_what_it_was(billing: int, desk: Desk, hand: Hand) -> None:
    deadline_id = put(billing, desk)
    take(billing, desk, Trigger.TURN_AWAY, **ENDS[Trigger.TURN_AWAY])
    hand.advance(7 * DAY)
    take(billing, desk, Trigger.REOPEN, reason="They did buy it here")
    assert deadline(deadline_id).state is MoneyState.LAPSED
    assert ticket(billing).money_due_at is None


def test_what_was_kept_or_waived_does_not_come_back(billing: int, desk: Desk) -> None:
    first, second = put(billing, desk), put(billing, desk, HOURS)
    with unit_of_work():
        money.keep(billing, first, desk.ana, now())
        money.waive(billing, second, desk.ana, "They keep it", now())
    take(billing, desk, Trigger.TURN_AWAY, **ENDS[Trigger.TURN_AWAY])
    take(billing, desk, Trigger.REOPEN, reason="They did buy it here")
    assert (deadline(first).state, deadline(second).state) == (MoneyState.MET, MoneyState.WAIVED)
    assert count(billing, EventKind.MONEY_RESUMED) == 0


def test_what_was_missed_stays_to_be_seen_behind_what_runs(
    ana: FlaskClient, billing: int, desk: Desk, hand: Hand
) -> None:
    put(billing, desk, HOURS)
    hand.advance(DAY)
    sweep()
    page = ana.get(f"/tickets/{billing}").text
    promises = page[page.index('id="promises"') :]
    assert f"{HOURS}, ended today 14:12" in promises
    assert promises.index("promise-boxed") < promises.index(HOURS)
    assert "missed" in ana.get(f"/tickets/{billing}/money").text
    put(billing, desk)
    assert ticket(billing).money_missed_at is not None


# merging ------------------------------------------------------------------------------------------------------


@pytest.fixture
def other(opened: Callable[..., Opened], billing: int) -> int:
    """Another ticket of the same person."""
    return opened(kind=Kind.BILLING, subject="Seats again").ticket.id


def test_it_goes_on_with_the_ticket_that_its_own_was_merged_into(
    billing: int, other: int, desk: Desk, hand: Hand
) -> None:
    deadline_id = put(billing, desk)
    due_at = deadline(deadline_id).due_at
    take(billing, desk, Trigger.MERGE, target=str(other))
    row = deadline(deadline_id)
    assert (row.ticket_id, row.state, row.due_at) == (other, MoneyState.OPEN, due_at)
    assert (ticket(billing).money_due_at, ticket(other).money_due_at) == (None, due_at)
    assert written(billing, EventKind.MONEY_MOVED)[0]["to"] == other
    assert written(other, EventKind.MONEY_MOVED)[0]["was"] == billing
    hand.at = due_at
    sweep()
    assert (count(billing, EventKind.MONEY_MISSED), count(other, EventKind.MONEY_MISSED)) == (0, 1)
    assert [broken for _number, broken in history.verify() if broken] == []


def test_it_leads_the_target_where_it_is_next(billing: int, other: int, desk: Desk) -> None:
    deadline_id = put(billing, desk, HOURS, ago=timedelta(hours=23, minutes=30))
    take(billing, desk, Trigger.MERGE, target=str(other))
    found = ticket(other)
    assert (found.next_due_at, found.next_due_clock) == (deadline(deadline_id).due_at, None)


def test_what_the_target_has_already_runs_once(billing: int, other: int, desk: Desk) -> None:
    mine, theirs = put(billing, desk), put(other, desk)
    take(billing, desk, Trigger.MERGE, target=str(other))
    assert (deadline(mine).state, deadline(theirs).state) == (MoneyState.LAPSED, MoneyState.OPEN)
    assert count(other, EventKind.MONEY_MOVED) == 0


def test_what_is_over_stays_where_it_happened(billing: int, other: int, desk: Desk, hand: Hand) -> None:
    missed, waived = put(billing, desk, HOURS), put(billing, desk)
    with unit_of_work():
        money.waive(billing, waived, desk.ana, "They keep it", now())
    hand.advance(2 * DAY)
    sweep()
    take(billing, desk, Trigger.MERGE, target=str(other))
    assert (deadline(missed).ticket_id, deadline(waived).ticket_id) == (billing, billing)
    assert ticket(other).money_missed_at is None


# correcting ---------------------------------------------------------------------------------------------------


def test_a_wrong_one_is_corrected_and_the_history_keeps_what_stood_and_why(
    billing: int, desk: Desk, hand: Hand
) -> None:
    deadline_id = put(billing, desk, ago=timedelta(days=3))
    was = deadline(deadline_id).due_at
    with unit_of_work():
        money.correct(billing, deadline_id, desk.ana, window(WEEK), now() - timedelta(days=1), "Renewed later", now())
    row = deadline(deadline_id)
    assert row.due_at == ticket(billing).money_due_at == was + timedelta(days=2)
    (said,) = written(billing, EventKind.MONEY_CORRECTED)
    assert (said["was_due"], said["due"], said["reason"]) == (was.isoformat(), row.due_at.isoformat(), "Renewed later")
    hand.at = was
    sweep()
    assert count(billing, EventKind.MONEY_MISSED) == 0
    hand.at = row.due_at
    sweep()
    assert count(billing, EventKind.MONEY_MISSED) == 1


def test_it_can_become_another_window(billing: int, desk: Desk) -> None:
    deadline_id = put(billing, desk)
    with unit_of_work():
        money.correct(billing, deadline_id, desk.ana, window(HOURS), now(), "A monthly term", now())
    row = deadline(deadline_id)
    assert (row.name, row.due_at) == (HOURS, now() + timedelta(hours=24))
    assert written(billing, EventKind.MONEY_CORRECTED)[0]["was"] == WEEK


def test_a_correction_that_makes_no_sense_is_refused(billing: int, desk: Desk, hand: Hand) -> None:
    first, second = put(billing, desk), put(billing, desk, HOURS)

    def correct(deadline_id: int, name: str, days_ago: int = 0, reason: str = "Typed wrongly") -> None:
        with unit_of_work():
            start = now() - timedelta(days=days_ago)
            money.correct(billing, deadline_id, desk.ana, window(name), start, reason, now())

    with pytest.raises(Invalid, match="Say why"):
        correct(first, WEEK, 1, reason=" ")
    with pytest.raises(Invalid, match="lies ahead"):
        correct(first, WEEK, -1)
    with pytest.raises(Invalid, match="This window ended"):
        correct(first, WEEK, 8)
    with pytest.raises(Conflict):
        correct(second, WEEK)  # would run twice
    hand.advance(2 * DAY)
    sweep()
    with pytest.raises(Invalid, match="window is over"):
        correct(second, HOURS)
    assert count(billing, EventKind.MONEY_CORRECTED) == 0


def test_the_page_says_by_its_date_when_a_window_began(ana: FlaskClient, billing: int, desk: Desk, hand: Hand) -> None:
    """A weekday alone reads as the one to come."""
    put(billing, desk)
    hand.advance(6 * DAY)
    text = " ".join(re.sub("<[^>]+>", "", ana.get(f"/tickets/{billing}/money").text).split())
    assert "Runs day and night from Tue 24 Nov, 14:12, ends tomorrow 14:12" in text


def test_the_page_corrects_one_and_keeps_what_was_typed(ana: FlaskClient, billing: int, desk: Desk) -> None:
    deadline_id = put(billing, desk)
    here = f"/tickets/{billing}/money"
    assert f'action="{here}/{deadline_id}/correction"' in ana.get(here).text
    start = (now() - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    form = {"window": str(window(WEEK)), "start": start, "reason": ""}
    refused = ana.post(f"{here}/{deadline_id}/correction", data=form)
    assert refused.status_code == 422
    assert "Say why; the reason is kept." in refused.text
    assert f'value="{start}"' in refused.text
    done = ana.post(f"{here}/{deadline_id}/correction", data=form | {"reason": "Renewed a day earlier"})
    assert done.status_code == 303
    assert "Renewed a day earlier" in ana.get(f"/tickets/{billing}").text
    assert db.session.scalars(sa.select(MoneyDeadline.due_at)).one() < now() + timedelta(days=6, hours=1)
