"""How often tickets came back from Microsoft: counted by channel and topic, each count with its tickets."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.clock import Hand, now
from helpdesk.database import db, unit_of_work
from helpdesk.escalations.models import SupportChannel
from helpdesk.management import stays
from helpdesk.management.days import local_day, midnight
from helpdesk.management.filters import Position
from helpdesk.management.stay_filters import Ending, Period, StayFilter
from helpdesk.tickets.actions import assigning, diagnosing, moving, triaging
from helpdesk.tickets.models import Ticket, TicketEvent, Topic
from tests.helpdesk.tickets.conftest import Desk
from tests.helpdesk.tickets.test_query_plans import plan
from tests.people import add_person, signed_in
from workflows.vocabulary import (
    Boundary,
    BoundaryReason,
    ChannelKind,
    EventKind,
    HealthResult,
    Kind,
    Level,
    ReturnReason,
    Role,
    Service,
    State,
    Trigger,
)

REPORT, LIST = "/reports/returns", "/reports/returns/tickets"


@pytest.fixture
def escalated(desk: Desk, opened: Callable[..., Any], topic_id: int) -> Callable[..., int]:
    """Bring a new ticket to Premier; every other channel is open too."""
    with unit_of_work() as session:
        session.execute(sa.update(SupportChannel).values(needs_entitlement=False))

    def escalate(topic: int | None = topic_id, subject: str = "Outlook asks for the password") -> int:
        number: int = opened(subject=subject).ticket.id
        found = diagnosing.Findings(HealthResult.HEALTHY, "Refused.", "Twice.", Boundary.VENDORS, BoundaryReason.BUG)
        with unit_of_work():
            assigning.assign(number, desk.ana, desk.ana.id, now())
            triaging.confirm_customer(number, desk.ana, desk.customer_id, now())
            chosen = triaging.Classification(Kind.TECHNICAL, Service.AZURE, Level.HIGH, Level.HIGH, topic_id)
            triaging.classify(number, desk.ana, chosen, now())
            moving.move(number, desk.ana, Trigger.START_DIAGNOSIS, now())
            diagnosing.record_diagnosis(number, desk.ana, found, now())
            moving.move(number, desk.ana, Trigger.ESCALATE_TO_PREMIER, now())
        if topic != topic_id:
            with unit_of_work() as session:
                session.execute(sa.update(Ticket).where(Ticket.id == number).values(topic_id=topic))
        return number

    return escalate


def move(number: int, desk: Desk, trigger: Trigger, **asked: str) -> None:
    with unit_of_work():
        moving.move(number, desk.ana, trigger, now(), asked)


def come_back(number: int, desk: Desk, reason: ReturnReason = ReturnReason.VENDOR_REFUSED) -> None:
    move(number, desk, Trigger.RETURN_TO_PARTNER, reason=reason.value)


def table(client: FlaskClient, name: str, query: str = "") -> dict[str, list[str]]:
    """{name of the line: its counts} of one of the two tables."""
    html = client.get(f"{REPORT}{query}").text
    part = re.search(rf'<section class="returns-part">\s*<h2>{name}</h2>.*?</section>', html, re.DOTALL)
    assert part
    lines = re.findall(r'<tr><th scope="row">(.*?)</th>(.*?)</tr>', part[0], re.DOTALL)
    return {name: re.findall(r">([\d,]+ ?%?|–)<", cells) for name, cells in lines}


def listed(client: FlaskClient, query: str) -> list[int]:
    return [int(number) for number in re.findall(r'href="/tickets/(\d+)"', client.get(f"{LIST}{query}").text)]


class TestTheReport:
    def test_a_desk_that_escalated_nothing_is_told_what_comes_here(self, max_browses: FlaskClient) -> None:
        page = max_browses.get(REPORT).text
        assert "Nothing went to Microsoft in that time" in page
        assert f'href="{REPORT}?days=365"' in page

    def test_each_stay_counts_once_under_how_it_ended(
        self, desk: Desk, escalated: Callable[..., int], max_browses: FlaskClient
    ) -> None:
        for reason in (ReturnReason.VENDOR_REFUSED, ReturnReason.VENDOR_REFUSED, ReturnReason.VENDOR_ANSWERED):
            come_back(escalated(), desk, reason)
        moved = escalated()
        move(moved, desk, Trigger.ESCALATE_TO_ADVANCED, reason="vendor_refused")  # a reason is no way back
        gone = escalated()
        move(gone, desk, Trigger.WITHDRAW, reason="no_longer_needed")
        escalated()

        found = table(max_browses, "By channel")

        #                        all  back of ended ans. ref. find tier unanswered solved withdrawn there
        assert found["Premier"] == ["6", "3", "60 %", "1", "2", "0", "1", "60 %", "0", "1", "1"]
        assert found["Advanced"] == ["1", "0", "–", "0", "0", "0", "0", "–", "0", "0", "1"]
        assert found["All channels"] == ["7", "3", "60 %", "1", "2", "0", "1", "60 %", "0", "1", "2"]
        assert "Signature" not in found

    def test_a_ticket_that_goes_there_twice_is_two_stays(
        self, desk: Desk, escalated: Callable[..., int], max_browses: FlaskClient
    ) -> None:
        number = escalated()
        come_back(number, desk, ReturnReason.VENDOR_NEEDS_FINDINGS)
        move(number, desk, Trigger.ESCALATE_TO_PREMIER)
        resolved = {"resolution_code": "vendor_fixed", "note": "They mended it.", "left_open_reason": "They watch it."}
        move(number, desk, Trigger.RESOLVE, **resolved)

        found = table(max_browses, "By channel")["Premier"]
        assert found == ["2", "1", "50 %", "0", "0", "1", "0", "50 %", "1", "0", "0"]
        assert listed(max_browses, "") == [number, number]

    def test_topics_with_most_returns_come_first(
        self, desk: Desk, escalated: Callable[..., int], max_browses: FlaskClient
    ) -> None:
        other = db.session.scalars(sa.select(Topic).where(Topic.kind == Kind.TECHNICAL).order_by(Topic.id.desc()))
        other_id, name = (found := other.first()) and (found.id, found.name)  # type: ignore[misc]
        db.session.rollback()
        escalated()
        come_back(escalated(), desk, ReturnReason.VENDOR_ANSWERED)
        come_back(escalated(other_id), desk)
        escalated(None)

        found = table(max_browses, "By topic")

        assert next(iter(found)) == name
        assert found[name][:3] == ["1", "1", "100 %"]
        assert found["no topic"][:3] == ["1", "0", "–"]
        assert len(found) == 3

    def test_a_period_holds_what_began_in_it(
        self, desk: Desk, escalated: Callable[..., int], max_browses: FlaskClient, hand: Hand
    ) -> None:
        number = escalated()  # on 24 November
        hand.at += timedelta(days=40)
        come_back(number, desk)
        assert "Nothing went" in max_browses.get(f"{REPORT}?days=30").text
        assert table(max_browses, "By channel")["Premier"][:2] == ["1", "1"]
        own = f"{REPORT}?from=2026-11-24&to=2026-11-24"
        assert "All channels" in max_browses.get(own).text
        assert "Nothing went" in max_browses.get(f"{REPORT}?from=2026-11-25").text
        assert "Nothing went" in max_browses.get(f"{REPORT}?to=2026-11-23").text

    def test_a_day_ends_at_the_readers_midnight(
        self, desk: Desk, escalated: Callable[..., int], max_browses: FlaskClient, hand: Hand
    ) -> None:
        hand.at = hand.at.replace(hour=22, minute=59, second=59)  # 23:59:59 in Budapest
        escalated()
        assert "All channels" in max_browses.get(f"{REPORT}?from=2026-11-24&to=2026-11-24").text
        hand.at += timedelta(seconds=1)
        escalated()
        assert table(max_browses, "By channel", "?from=2026-11-25&to=2026-11-25")["Premier"][0] == "1"

    def test_only_so_many_are_counted_and_it_says_so(
        self, escalated: Callable[..., int], max_browses: FlaskClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from helpdesk.management import returns

        for _number in range(3):
            escalated()
        assert "Only the newest" not in max_browses.get(REPORT).text
        monkeypatch.setattr(stays, "MOST", 2)
        monkeypatch.setattr(returns, "MOST", 2)
        assert table(max_browses, "By channel")["Premier"][0] == "2"
        assert "Only the newest 2 are counted" in max_browses.get(REPORT).text


class TestTheList:
    def test_every_count_leads_to_as_many_tickets(
        self, desk: Desk, escalated: Callable[..., int], max_browses: FlaskClient
    ) -> None:
        for reason in ReturnReason:
            come_back(escalated(), desk, reason)
        move(escalated(), desk, Trigger.ESCALATE_TO_ADVANCED, reason="They know more.")
        come_back(escalated(None), desk)
        html = max_browses.get(REPORT).text
        links = re.findall(r'<a href="(/reports/returns/tickets[^"]*)">([\d,]+)</a>', html)
        assert len(links) > 15
        for url, count in links:
            page = max_browses.get(url.replace("&amp;", "&")).text
            assert len(re.findall(r'href="/tickets/\d+"', page)) == int(count), url

    def test_a_line_says_when_how_long_and_why(
        self, desk: Desk, escalated: Callable[..., int], max_browses: FlaskClient, hand: Hand
    ) -> None:
        number = escalated(subject="Blobs are gone")
        hand.at += timedelta(hours=5)
        come_back(number, desk)
        page = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", max_browses.get(f"{LIST}?ending=back").text))
        assert f"#{number} Blobs are gone Alpina Logistics Kft. Premier" in page
        assert "5 h Came back Microsoft refused" in page

    def test_pages_follow_each_other(
        self, escalated: Callable[..., int], max_browses: FlaskClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(stays.stay_page, "__defaults__", (2,))
        made = [escalated() for _number in range(5)]
        seen: list[int] = []
        url = LIST
        while url:
            page = max_browses.get(url).text
            seen += [int(number) for number in re.findall(r'href="/tickets/(\d+)"', page)]
            link = re.search(r'href="([^"]+)" rel="next"', page)
            url = link.group(1).replace("&amp;", "&") if link else ""
        assert seen == made[::-1]

    @pytest.mark.parametrize("query", ["?after=x&days=7&channel=none&ending=&topic=-1", "?after=1.2&from=2026-02-30"])
    def test_an_address_that_means_nothing_narrows_nothing(self, max_browses: FlaskClient, query: str) -> None:
        assert max_browses.get(f"{LIST}{query}").status_code == 200
        assert max_browses.get(f"{REPORT}{query}").status_code == 200


class TestWhoMaySee:
    def test_strangers_sign_in_first(self, client: FlaskClient, desk: Desk) -> None:
        assert "/login" in client.get(REPORT).headers["Location"]
        assert "/login" in client.get(LIST).headers["Location"]

    def test_people_without_the_right_are_told(self, app: Flask, desk: Desk) -> None:
        sam = signed_in(app, add_person("Sam", Role.SALES_AGENT))
        assert sam.get(REPORT).status_code == 403
        assert sam.get(LIST).status_code == 403

    def test_managers_find_it_beside_the_breaches(self, max_browses: FlaskClient) -> None:
        assert f'href="{REPORT}"' in max_browses.get("/breaches").text


EVENTS = 60_000


@pytest.fixture
def many(desk: Desk, opened: Callable[..., Any]) -> None:
    """A long history of one ticket's events, one in forty to the vendor or back."""
    number = opened().ticket.id
    ways = ((State.DIAGNOSIS, State.ESCALATED_PREMIER), (State.ESCALATED_PREMIER, State.PARTNER_RESOLUTION))
    rows = []
    for seq in range(100, EVENTS):
        is_move = seq % 40 < 2
        source, target = ways[seq % 40] if is_move else (None, None)
        what = (EventKind.ESCALATED, EventKind.RETURNED_TO_PARTNER)[seq % 40] if is_move else EventKind.NOTED
        at = now() - timedelta(minutes=(EVENTS - seq) * 10)
        rows.append({"ticket_id": number, "seq": seq, "at": at, "actor": "staff:1", "what": what, "hash": "-",
                     "from_state": source, "to_state": target, "particulars": "{}"})  # fmt: skip
    with db.engine.begin() as connection:
        connection.execute(sa.insert(TicketEvent), rows)
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if connection.dialect.name != "sqlite":  # SQLite must choose well without statistics
            connection.exec_driver_sql("ANALYZE")


def test_only_moves_to_the_vendor_and_back_are_read(app: Flask, desk: Desk, many: None) -> None:
    today = local_day(now())
    asked = StayFilter(period=Period.MONTH)
    narrow = StayFilter(
        from_on=date(2026, 1, 1), channel=ChannelKind.PREMIER, ending=Ending.BACK, after=Position(now(), 5)
    )
    for statement in (
        stays.tally_statement(asked, today),
        stays.page_statement(asked, today),
        stays.page_statement(narrow, today),
    ):
        text = plan(statement)
        assert "ix_ticket_event_went" in text, text
        assert "ix_ticket_event_left" in text, text
        assert not re.search(r"Seq Scan on ticket_event|SCAN ticket_event(?! USING)", text), text
    since_midnight = now() - midnight(today - timedelta(days=29))
    assert stays.count(asked, today) == since_midnight // timedelta(minutes=400)
