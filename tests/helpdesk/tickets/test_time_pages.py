"""Where a ticket's time went: all clocks, explanations that add up, the minute ledger, the attribution of breaches."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.accounts.models import User
from helpdesk.clock import Hand, now
from helpdesk.database import db, unit_of_work
from helpdesk.sla.models import SlaClock
from helpdesk.tickets import explaining, ledger, promises
from helpdesk.tickets.actions import conversation, escalating, holding, moving
from helpdesk.tickets.models import Ticket
from workflows import sla
from workflows.business_time import BusinessCalendar
from workflows.vocabulary import ClockKind, HoldCause, LedgerOwner, Trigger

from .conftest import Desk

HOUR = 3600
WEEK = {day: [("09:00", "17:00")] for day in ("mon", "tue", "wed", "thu", "fri")}
HOLIDAYS = {"2026-12-25": "Christmas Day", "2026-12-28": "Day after"}


def courses(number: int) -> promises.Course:
    db.session.rollback()
    return promises.course_of(db.session.get_one(Ticket, number), now())


@pytest.fixture
def lived(desk: Desk, worked: int, hand: Hand) -> int:
    """A ticket in diagnosis that waited for the customer over a night, and goes on."""
    hand.advance(HOUR)
    with unit_of_work():
        holding.hold(worked, desk.ana, HoldCause.CUSTOMER, now())
    hand.advance(20 * HOUR)
    with unit_of_work():
        holding.release(worked, desk.ana, now())
    hand.advance(2 * HOUR)
    return worked


class TestLedger:
    def test_it_sums_to_the_elapsed_time_and_shows_the_sum(self, ana: FlaskClient, lived: int) -> None:
        html = ana.get(f"/tickets/{lived}/ledger").text

        elapsed = ledger.ledger_of(courses(lived)).elapsed_seconds
        seconds = [int(figure) for figure in re.findall(r'<td class="num">(\d+)</td>', html)]
        total = int(re.search(r'<td class="num strong">(\d+)</td>', html).group(1))
        assert sum(seconds) == total == elapsed
        assert f"{elapsed} s of real time." in html
        for owner in ("Diagnosis", "Waiting for the customer", "Outside our hours"):
            assert owner in html

    def test_every_stretch_of_an_owner_is_listed_and_sums_to_what_it_had(self, lived: int) -> None:
        shown = ledger.show(ledger.ledger_of(courses(lived)))
        for share in shown.shares:
            assert sum(span.seconds for span in share.spans) == share.seconds
        assert sum(share.per_mille for share in shown.shares) == 1000
        assert sum(piece.width for piece in shown.bar) == pytest.approx(100, abs=0.1)

    def test_the_ledgers_of_many_are_those_of_each(self, desk: Desk, lived: int, opened: Callable[..., Any]) -> None:
        other = opened().ticket.id
        with unit_of_work():
            moving.move(other, desk.ana, Trigger.TURN_AWAY, now(), {"reason": "spam"})
        found = ledger.ledgers_of([lived, other], now())
        for number in (lived, other):
            own = ledger.ledger_of(courses(number))
            assert (found[number].totals, found[number].spans) == (own.totals, own.spans)

    def test_shares_round_to_a_thousand(self) -> None:
        assert ledger.per_mille([1, 1, 1]) == [334, 333, 333]
        assert ledger.per_mille([]) == []
        assert ledger.per_mille([7]) == [1000]

    def test_strangers_find_nothing(self, client: FlaskClient, lived: int) -> None:
        for page in ("ledger", "clocks"):
            assert client.get(f"/tickets/{lived}/{page}").status_code == 302


def test_who_had_most_of_the_time_until_it_was_late(desk: Desk, lived: int, hand: Hand) -> None:
    drawn = ledger.ledger_of(courses(lived))
    whose = ledger.attribution(drawn, drawn.start, drawn.end)
    assert sum(share.seconds for share in whose.shares) + whose.closed_seconds == whose.seconds == drawn.elapsed_seconds
    assert LedgerOwner.CLOSED_HOURS not in {share.owner for share in whose.shares}
    most = max(whose.shares, key=lambda share: share.seconds)
    assert whose.main.startswith(most.text)
    assert ledger.attribution(drawn, drawn.start, drawn.start).main == ""


class TestClocks:
    def test_the_page_has_every_cycle_of_every_clock(self, ana: FlaskClient, desk: Desk, worked: int) -> None:
        contact = db.session.get_one(Ticket, worked).contact
        with unit_of_work():
            for _again in range(2):
                conversation.reply(worked, desk.ana, "Soon.", now())
                conversation.contact_writes(worked, contact, "Any news?", now())
        html = ana.get(f"/tickets/{worked}/clocks").text
        stored = db.session.scalars(sa.select(SlaClock).where(SlaClock.ticket_id == worked)).all()
        assert len(stored) == html.count("/explanation") == html.count('<th scope="row">')
        assert "Next response, time 2" in html

    def test_a_pause_says_its_cause(self, ana: FlaskClient, desk: Desk, worked: int) -> None:
        with unit_of_work():
            holding.hold(worked, desk.ana, HoldCause.CUSTOMER, now())
        for page in ("", "/clocks"):
            assert "Waiting for the customer" in ana.get(f"/tickets/{worked}{page}").text
        assert "paused: Waiting for the customer" in ana.get(f"/tickets/{worked}/clocks").text

    def test_what_the_vendor_promised_stands_apart_and_prompts_a_chase(
        self, ana: FlaskClient, desk: Desk, escalated: int, hand: Hand
    ) -> None:
        html = ana.get(f"/tickets/{escalated}/clocks").text
        assert "The vendor’s promises: Microsoft, Premier" in html
        clock = db.session.scalars(sa.select(SlaClock).where(SlaClock.case_id != 0)).first()
        assert "Microsoft&#39;s response" in ana.get(f"/tickets/{escalated}").text
        assert ana.get(f"/tickets/{escalated}/clocks/{clock.id}/explanation").status_code == 200
        hand.advance(14 * 24 * HOUR)
        assert "Microsoft owes us a word" in ana.get(f"/tickets/{escalated}").text


@pytest.fixture
def escalated(desk: Desk, worked: int) -> int:
    """With Microsoft, whose number is recorded: from there on its clocks run."""
    with unit_of_work():
        case = escalating_case(worked, desk)
    with unit_of_work():
        escalating.record_vendor_number(worked, case, desk.ana, "2611240040017766", now())
    return worked


def escalating_case(number: int, desk: Desk) -> int:
    from helpdesk.tickets.actions.escalating import begin_vendor_case
    from helpdesk.tickets.change import changing
    from workflows.vocabulary import ChannelKind

    with changing(number, desk.ana, now()) as change:
        return begin_vendor_case(change, ChannelKind.PREMIER, {}).id


# explaining -----------------------------------------------------------------------------------------------


@pytest.fixture
def in_budapest(app: Flask, desk: Desk) -> Iterator[None]:
    """Ana reads, in Budapest: words and moments need a reader."""
    with app.test_request_context():
        yield


def cycle(until: datetime, zone: str = "Europe/Budapest", holidays: Any = HOLIDAYS, **parts: Any) -> sla.Cycle:
    calendar = BusinessCalendar(timezone=zone, week=WEEK, holidays=holidays)
    policy = {"targets": {"resolution": 400 * HOUR}, "levels": {"resolution": parts.get("levels", [])}}
    created = {"type": "create", "at": datetime(2026, 12, 14, 9, tzinfo=UTC)}
    events = [created, *parts.get("events", [])]
    return sla.replay(policy, calendar, events, until)[ClockKind.RESOLUTION][0]


def hold(day: int, hour: int) -> dict[str, Any]:
    return {"type": "hold", "cause": "customer", "at": datetime(2026, 12, day, hour, tzinfo=UTC)}


@pytest.mark.usefixtures("in_budapest")
class TestExplaining:
    def test_counted_and_not_counted_sum_to_the_real_time(self) -> None:
        for hours in (0, 1, 30, 24 * 7, 24 * 20, 24 * 90):
            found = cycle(datetime(2026, 12, 14, 9, tzinfo=UTC) + timedelta(hours=hours))
            told = explaining.explain(found)
            assert told.counted == found.elapsed_seconds
            assert told.counted + told.not_counted == told.seconds == hours * HOUR
            for line in told.lines:
                assert not line.parts or sum(part.seconds for part in line.parts) == line.seconds

    def test_lines_leave_no_gap(self) -> None:
        told = explaining.explain(cycle(datetime(2027, 1, 20, 12, tzinfo=UTC), events=[hold(16, 10)]))
        for one, other in zip(told.lines, told.lines[1:], strict=False):
            assert one.end.astimezone(UTC) == other.start.astimezone(UTC)
        assert [line.text.partition(",")[0] for line in told.lines[:2]] != ["", ""]

    def test_nights_fold_and_holidays_are_named(self) -> None:
        told = explaining.explain(cycle(datetime(2026, 12, 30, 12, tzinfo=UTC)))
        (line,) = told.lines
        assert line.text == "open hours, 16 nights closed, holiday: Christmas Day, Day after"
        texts = [part.text for part in line.parts]
        assert "holiday: Christmas Day" in texts
        assert texts.count("open hours") == 11  # three weeks less two weekends, two holidays and what is to come

    def test_few_nights_stand_by_themselves(self) -> None:
        told = explaining.explain(cycle(datetime(2026, 12, 16, 12, tzinfo=UTC)))
        assert [line.text for line in told.lines] == [
            "open hours", "outside our hours", "open hours", "outside our hours", "open hours"
        ]  # fmt: skip

    def test_another_zone_is_named(self) -> None:
        told = explaining.explain(cycle(datetime(2026, 12, 15, 20, tzinfo=UTC), zone="America/New_York"))
        assert "America/New_York" in told.zone_text
        assert "outside the hours in New York" in {line.text for line in told.lines}
        assert explaining.explain(cycle(datetime(2026, 12, 15, 20, tzinfo=UTC))).zone_text == ""

    def test_a_pause_is_told_by_its_cause(self) -> None:
        told = explaining.explain(cycle(datetime(2026, 12, 16, 12, tzinfo=UTC), events=[hold(15, 10)]))
        assert "Waiting for the customer" in {line.text for line in told.lines}
        assert "It paused: Waiting for the customer." in {step.text for step in told.happened}

    def test_levels_that_came_and_that_will(self) -> None:
        levels = [{"level": 1, "percent": 2}, {"level": 2, "minutes_before": 60}, {"level": 3, "minutes_after": 30}]
        found = cycle(datetime(2026, 12, 16, 12, tzinfo=UTC), levels=levels, holidays=())
        told = explaining.explain(found, levels)
        assert [step.second for step in told.happened if step.text == "It warned."] == [
            "after 2 % of the target: Whoever has the ticket"
        ]
        second, breach, third = told.to_come
        assert (breach.text, breach.at) == ("Late", found.late_from)
        assert second.at == found.calendar.add(found.started_at, 399 * HOUR + 1)
        assert third.at == found.calendar.add(found.started_at, 400 * HOUR + 30 * 60 + 1)

    def test_a_retarget_is_told(self) -> None:
        targets = {"type": "targets", "targets": {"resolution": 8 * HOUR}, "at": datetime(2026, 12, 16, 9, tzinfo=UTC)}
        told = explaining.explain(cycle(datetime(2026, 12, 16, 12, tzinfo=UTC), events=[targets]))
        texts = [step.text for step in told.happened]
        assert "Other terms came into force." in texts
        assert "The other terms put its deadline into the past." in texts


def test_the_explanation_page_folds_what_is_long(ana: FlaskClient, number: int, hand: Hand) -> None:
    hand.advance(21 * 24 * HOUR)
    clock = db.session.scalars(sa.select(SlaClock).where(SlaClock.kind == ClockKind.RESOLUTION)).one()
    html = ana.get(f"/tickets/{number}/clocks/{clock.id}/explanation").text
    assert "nights closed" in html
    assert html.count('<details class="fold"') == 1
    assert "What happened to it" in html
    assert "What will come" not in html  # it is late, and this policy has no level after that


def test_open_time_is_said_in_hours_on_every_page(ana: FlaskClient, number: int, hand: Hand) -> None:
    hand.advance(21 * 24 * HOUR)
    clock = db.session.scalars(sa.select(SlaClock).where(SlaClock.kind == ClockKind.RESOLUTION)).one()
    cycle = courses(number).cycle(clock.kind, clock.case_id, clock.cycle)
    assert cycle is not None
    assert cycle.elapsed_seconds is not None
    assert cycle.elapsed_seconds > 100 * HOUR
    ticket = ana.get(f"/tickets/{number}").text
    late = f"late by {-cycle.remaining_seconds // HOUR} h"
    assert late in re.sub(r" \d\d min", "", ticket[ticket.index('id="promises"') :])
    assert re.search(r"late by \d{3} h<", ana.get("/queue").text)  # of the first response, which fell due before
    assert f"{cycle.elapsed_seconds // HOUR} h" in ana.get(f"/tickets/{number}/clocks").text
    explained = ana.get(f"/tickets/{number}/clocks/{clock.id}/explanation").text
    assert f"within {cycle.target_seconds // HOUR} h" in explained
    assert re.search(rf"Elapsed: {cycle.elapsed_seconds // HOUR} h [^d]*\.", explained)
    for page in (f"/tickets/{number}", "/queue", f"/tickets/{number}/clocks"):
        assert not re.search(r"late by \d+ days?|\d days? left|of \d+ days?", ana.get(page).text)


def test_a_promise_that_no_policy_makes_any_more_says_so(
    ana: FlaskClient, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = db.session.scalars(sa.select(SlaClock).where(SlaClock.kind == ClockKind.RESOLUTION)).one()
    none = {"type": "targets", "targets": {"resolution": None}, "at": datetime(2026, 12, 16, 9, tzinfo=UTC)}
    found = cycle(datetime(2026, 12, 16, 12, tzinfo=UTC), events=[none])
    assert found.target_seconds is None
    monkeypatch.setattr(promises.Course, "cycle", lambda *_which: found)
    html = ana.get(f"/tickets/{number}/clocks/{clock.id}/explanation").text
    assert "<p>No policy promises it any more." in html
    assert "<h1>Resolution</h1>" in html
    for wrong in ("promises this within", "Elapsed:", "0 s of 0 s"):
        assert wrong not in html


# what the ladder has marked -------------------------------------------------------------------------------


@pytest.fixture
def marked(lived: int) -> int:
    with unit_of_work() as session:
        session.execute(sa.update(Ticket).where(Ticket.id == lived).values(escalation_due_at=now()))
    return lived


def test_what_is_due_for_escalation_says_what_it_needs(ana: FlaskClient, marked: int) -> None:
    html = ana.get(f"/tickets/{marked}").text
    assert "Escalation is due since" in html
    assert "It may go to Microsoft now:" in html or "still needs:" in html


def test_the_queue_lists_it_and_only_then_has_the_chip(ana: FlaskClient, lived: int) -> None:
    assert "Escalation due" not in ana.get("/queue").text
    with unit_of_work() as session:
        session.execute(sa.update(Ticket).where(Ticket.id == lived).values(escalation_due_at=now()))
    assert "Escalation due" in ana.get("/queue").text
    assert f'id="row-{lived}"' in ana.get("/queue?view=escalation_due").text


def test_today_has_a_line_of_it(app: Flask, desk: Desk, marked: int) -> None:
    from tests.people import signed_in

    html = signed_in(app, db.session.get_one(User, desk.max.id)).get("/today").text
    assert "One ticket should be with Microsoft" in html
    assert 'href="/queue?view=escalation_due"' in html
