"""Today and Breaches read by their indexes, whatever is asked: from the plans of both databases.

The tables hold enough rows, most of them history, that walking one would show.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from helpdesk.accounts.models import Team
from helpdesk.clock import Hand, now
from helpdesk.database import db, is_sqlite, unit_of_work
from helpdesk.escalations.models import SupportChannel, VendorCase
from helpdesk.management import pile, queries
from helpdesk.management.days import Days
from helpdesk.management.filters import BreachFilter, Pile, Position
from helpdesk.sla import tally
from helpdesk.sla.models import Breach, BreachReview, BreachToReview, PromiseTally, SlaClock
from helpdesk.tickets import deadlines
from helpdesk.tickets.models import Ticket
from tests.doubling import double, gather_statistics
from tests.helpdesk.tickets.conftest import Desk, open_one, staffed
from tests.worlds import remembered
from workflows.vocabulary import BreachCause, ClockKind, ClockState, Severity, State, VendorCaseState

TICKETS = 6000
OPEN_EVERY = 20
FIRST = 2001
BIG = ("ticket", "sla_clock", "breach", "breach_review", "vendor_case", "promise_tally", "customer")


@pytest.fixture
def desk(app: Flask, hand: Hand) -> Desk:
    """In place of the usual one: its tables are large."""
    return remembered(_many)


@pytest.fixture
def many(desk: Desk) -> None:
    """The planner knows how large."""
    gather_statistics()


def _many() -> Desk:
    """One ticket by the door, thousands by copying its row: each with a clock, a breach and its review."""
    desk = staffed()
    open_one()
    team_id = _small_team()
    ticket, clock = _row(Ticket), _row(SlaClock, SlaClock.kind == ClockKind.PICKUP)
    channel_id = db.session.scalars(sa.select(SupportChannel.id).limit(1)).one()
    db.session.rollback()
    with db.engine.begin() as connection:
        fill = [
            (Ticket, [ticket | _ticket(number, desk) for number in range(TICKETS)]),
            (SlaClock, [clock | _clock(number) for number in range(TICKETS)]),
            (Breach, [_breach(number, desk, team_id) for number in range(TICKETS)]),
            (BreachReview, [_review(number, desk) for number in range(TICKETS) if number % OPEN_EVERY]),
            (BreachToReview, [_to_review(number) for number in range(0, TICKETS, OPEN_EVERY)]),
            (VendorCase, [_case(number, channel_id) for number in range(TICKETS)]),
            (PromiseTally, [_tallied(hour, team_id) for hour in range(TICKETS)]),
        ]
        for model, rows in fill:
            connection.execute(sa.insert(model), rows)
    return desk


def _small_team() -> int:
    with unit_of_work() as session:
        team = Team(name="Night desk", created_at=now())
        session.add(team)
        session.flush()
        return team.id


def _row(model: Any, *where: Any) -> dict[str, Any]:
    columns = [column for column in model.__table__.columns if column.name not in ("id", "draft_id")]
    return dict(db.session.execute(sa.select(*columns).where(*where).limit(1)).mappings().one())


def _ticket(number: int, desk: Desk) -> dict[str, Any]:
    is_open = number % OPEN_EVERY == 0
    return {
        "id": FIRST + number,
        "state": State.DIAGNOSIS if is_open else State.CLOSED,
        "customer_id": desk.customer_id,
        "assignee_id": None if number % 80 == 0 else desk.lea.id,
        "is_paused": number % 100 == 0,
        "next_due_at": now() + timedelta(minutes=number % 600 - 300),
        "next_warns_at": now() + timedelta(minutes=number % 600 - 400),
    }


def _clock(number: int) -> dict[str, Any]:
    is_open = number % OPEN_EVERY == 0
    at = now() + timedelta(minutes=number % 600 if is_open else -number)
    state = ClockState.RUNNING if is_open else ClockState.MET
    return {"ticket_id": FIRST + number, "state": state, "due_at": at, "id": FIRST + number, "next_fire_at": None}


def _breach(number: int, desk: Desk, team_id: int) -> dict[str, Any]:
    at = _late_from(number)
    return {
        "id": FIRST + number,
        "clock_id": FIRST + number,
        "cycle": 1,
        "ticket_id": FIRST + number,
        "kind": list(ClockKind)[number % 7],
        "priority": "p1",
        "state": State.DIAGNOSIS,
        "target_seconds": 3600,
        "deadline_at": at,
        "late_from_at": at,
        "noticed_at": at,
        "is_on_retarget": False,
        "assignee_id": desk.lea.id if number % 50 else desk.ana.id,
        "team_id": team_id if number % 50 == 0 else None,
        "customer_id": desk.customer_id if number % 60 == 0 else None,
    }


def _late_from(number: int) -> Any:
    return now() - timedelta(hours=TICKETS - number)


def _review(number: int, desk: Desk) -> dict[str, Any]:
    return {
        "breach_id": FIRST + number,
        "late_from_at": _late_from(number),
        "at": now(),
        "reviewer_id": desk.max.id,
        "cause": BreachCause.OTHER,
        "comment": "Seen.",
        "action": "",
        "is_acknowledged": True,
    }


def _to_review(number: int) -> dict[str, Any]:
    return {"breach_id": FIRST + number, "late_from_at": _late_from(number)}


def _case(number: int, channel_id: int) -> dict[str, Any]:
    is_open, asks = number % OPEN_EVERY == 0, number % (10 * OPEN_EVERY) == 0
    waits = VendorCaseState.ATTENTION_NEEDED if asks else VendorCaseState.OPEN
    return {
        "ticket_id": FIRST + number,
        "channel_id": channel_id,
        "state": waits if is_open else VendorCaseState.CLOSED,
        "severity": Severity.B,
        "pack": {},
        "created_at": now(),
        "last_word_at": now() - timedelta(hours=number % 100),
        "word_due_at": now() - timedelta(hours=number % 100 - 90) if is_open and not asks else None,
    }


def _tallied(hour: int, team_id: int) -> dict[str, Any]:
    at = now().replace(minute=0, second=0) - timedelta(hours=hour)
    return {"due_hour_at": at, "team_id": team_id, "met": 9, "late": 1}


def plan(statement: Any) -> str:
    """The plan as text, the values of today bound in place."""
    compiled = statement.compile(db.engine, compile_kwargs={"literal_binds": True})
    explain = "EXPLAIN QUERY PLAN " if is_sqlite() else "EXPLAIN "
    db.session.rollback()
    rows = db.session.execute(sa.text(explain + str(compiled).replace(":", r"\:")))
    return "\n".join(str(row[-1]) for row in rows)


def walked(text: str) -> list[str]:
    """The big tables that a plan reads from one end to the other, and sorts of more than the page."""
    if is_sqlite():
        names = re.findall(r"^SCAN (\w+)(?! USING)(?:$|\n)", text, re.MULTILINE)
        return [name for name in names if name in BIG]
    return [name for name in re.findall(r"Seq Scan on (\w+)", text) if name in BIG and name != "customer"]


def test_todays_lists_and_counts(app: Flask, desk: Desk, many: None) -> None:
    team_id = db.session.scalars(sa.select(Team.id).where(Team.is_default)).one()
    for team in (None, team_id):
        of_team = team is not None
        statements = {
            "late": (queries.late_tickets(of_team), "ix_ticket_queue"),
            "near": (queries.near_tickets(of_team), "ix_ticket_queue"),
            "nobody": (queries.unassigned_tickets(of_team), "ix_ticket_unassigned"),
            "silent": (queries.silent_cases(of_team), "ix_vendor_case_word_due"),
            "asking": (queries.asking_cases(of_team), "ix_vendor_case_asks"),
            "counts": (queries.counts_statement(of_team), "ix_ticket_queue"),
        }
        for name, (statement, index) in statements.items():
            text = plan(statement.params(queries.given(now(), team)))
            assert walked(text) == [], f"{name} of team {team}:\n{text}"
            assert index in text, f"{name} of team {team}:\n{text}"


def test_the_strip_reads_a_range_an_hour(app: Flask, desk: Desk, many: None) -> None:
    days = Days.around(now())
    hours = {f"h{hour}": days.today + timedelta(hours=hour) for hour in range(queries.HOURS_OF_A_DAY + 1)}

    text = plan(queries.undecided_statement(False).bindparams(now=now(), **hours))

    assert walked(text) == [], text
    assert text.count("ix_sla_clock_undecided") >= queries.HOURS_OF_A_DAY


def test_a_fortnight_of_tallies_is_a_range(app: Flask, desk: Desk, many: None, monkeypatch: pytest.MonkeyPatch) -> None:
    days, seen = Days.around(now()), []
    execute = db.session.execute

    def hear(statement: Any, *args: Any, **kwargs: Any) -> Any:
        seen.append(statement.params(*args))
        return execute(statement, *args, **kwargs)

    monkeypatch.setattr(db.session, "execute", hear)
    kept = tally.kept_by_hour(days.last_week, days.tomorrow)
    monkeypatch.undo()

    text = plan(seen[0])
    assert walked(text) == [], text
    assert len(kept) == 1 + (now().replace(minute=0) - days.last_week) // timedelta(hours=1)


LISTS = {
    "to review": (BreachFilter(), "ix_breach_to_review_late_from"),
    "reviewed": (BreachFilter(pile=Pile.REVIEWED), "ix_breach_review_late_from"),
    "all": (BreachFilter(pile=Pile.ALL), "ix_breach_late_from"),
    "all of a kind": (BreachFilter(pile=Pile.ALL, kind=ClockKind.PICKUP), "ix_breach_kind"),
    "all of an assignee": (BreachFilter(pile=Pile.ALL, assignee=1), "ix_breach_assignee"),
    "all of a customer": (BreachFilter(pile=Pile.ALL, customer=1), "ix_breach_customer"),
    "all of a team": (BreachFilter(pile=Pile.ALL, team=2), "ix_breach_team"),
}


def test_the_lists_of_breaches_walk_an_index_in_their_order(app: Flask, desk: Desk, many: None) -> None:
    for name, (asked, index) in LISTS.items():
        for after in (None, Position(now() - timedelta(days=30), 3000)):
            text = plan(pile.page_statement(asked.but(after=after), 50))
            assert walked(text) == [], f"{name} after {after}:\n{text}"
            assert index in text or (after is not None and "breach_late_from" in text), f"{name}:\n{text}"
            assert "TEMP B-TREE FOR ORDER" not in text, f"{name}:\n{text}"


def test_counts_of_breaches_stop(app: Flask, desk: Desk, many: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pile, "COUNT_TO", 100)

    assert pile.pile_counts(BreachFilter()) == {Pile.TO_REVIEW: 101, Pile.REVIEWED: 101, Pile.ALL: 101}


def test_the_same_plans_at_a_hundred_thousand_tickets(app: Flask, desk: Desk, many: None) -> None:
    double((Ticket, SlaClock, Breach, BreachReview, BreachToReview, VendorCase), times=4)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Breach)) > 95_000
    test_todays_lists_and_counts(app, desk, many)
    test_the_strip_reads_a_range_an_hour(app, desk, many)
    test_the_lists_of_breaches_walk_an_index_in_their_order(app, desk, many)
    test_the_sweep_walks_the_index_of_what_is_due(app, desk, many)


def test_the_sweep_walks_the_index_of_what_is_due(app: Flask, desk: Desk, many: None) -> None:
    text = plan(deadlines.due_statement(now(), 200))
    assert walked(text) == [], text
    assert "ix_sla_clock_due" in text, text
