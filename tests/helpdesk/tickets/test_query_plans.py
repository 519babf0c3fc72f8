"""The queue's statements use their indexes, whatever is asked: read from the plans of both databases.

The table holds enough tickets, most of them closed, that walking it would show.
"""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask

from helpdesk.clock import Hand, now
from helpdesk.database import db, is_sqlite
from helpdesk.escalations.models import SupportChannel, VendorCase
from helpdesk.tickets import lifecycle, queries, stretches
from helpdesk.tickets.filters import Position, QueueFilter, View
from helpdesk.tickets.models import Attachment, Message, Ticket, TicketTag
from tests.doubling import double
from tests.worlds import remembered
from workflows.vocabulary import Kind, Priority, Severity, State, Turn, VendorCaseState

from .conftest import Desk, open_one, staffed

TICKETS = 6000


@pytest.fixture
def desk(app: Flask, hand: Hand) -> Desk:
    """In place of the usual one: its table of tickets is large."""
    return remembered(_many)


@pytest.fixture
def many(desk: Desk) -> None:
    """The planner knows how large; SQLite must choose well without that: nobody gathers statistics there."""
    if not is_sqlite():
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE")


def _many() -> Desk:
    """One ticket by the door, thousands by copying its row: every twentieth open, one in forty unassigned."""
    desk = staffed()
    open_one()
    names = [column.name for column in Ticket.__table__.columns if column.name not in ("id", "draft_id")]
    with db.engine.begin() as connection:
        row = connection.execute(sa.select(*(Ticket.__table__.c[name] for name in names))).mappings().one()
        copies = [dict(row) | _varied(number, desk) for number in range(TICKETS)]
        connection.execute(Ticket.__table__.insert(), copies)
    return desk


def _varied(number: int, desk: Desk) -> dict:
    is_open = number % 20 == 0
    return {
        "state": list(State)[number // 20 % 3] if is_open else State.CLOSED,
        "kind": list(Kind)[number % 2],
        "priority": list(Priority)[number % 4],
        "turn": list(Turn)[number % 3],
        "customer_id": desk.customer_id,
        "assignee_id": None if number % 40 == 0 else desk.lea.id,
        "is_paused": number % 5 == 0,
        "next_due_at": now().replace(minute=number % 60),
    }


def plan(statement: sa.Select) -> str:
    compiled = statement.compile(db.engine, compile_kwargs={"literal_binds": True})
    explain = "EXPLAIN QUERY PLAN " if is_sqlite() else "EXPLAIN "
    db.session.rollback()
    rows = db.session.execute(sa.text(explain + str(compiled).replace(":", r"\:")))
    return "\n".join(str(row[-1]) for row in rows)


def scans(text: str, table: str) -> bool:
    """Whether a plan walks through a whole table, or sorts what it found."""
    if is_sqlite():
        return any(
            (line.startswith(f"SCAN {table}") and "USING" not in line) or "TEMP B-TREE FOR ORDER" in line
            for line in text.splitlines()
        )
    return f"Seq Scan on {table}" in text


ASKED = {
    "all": QueueFilter(),
    "mine": QueueFilter(view=View.MINE),
    "unassigned": QueueFilter(view=View.UNASSIGNED),
    "our turn": QueueFilter(view=View.OUR_TURN),
    "late": QueueFilter(view=View.LATE),
    "paused": QueueFilter(view=View.PAUSED),
    "kind": QueueFilter(kind=Kind.BILLING),
    "state": QueueFilter(state=State.DIAGNOSIS),
    "priority": QueueFilter(priority=Priority.P1),
    "team": QueueFilter(team=1),
    "assignee": QueueFilter(assignee=1),
    "customer": QueueFilter(customer=1),
    "kind and priority": QueueFilter(kind=Kind.BILLING, priority=Priority.P2),
}


def test_the_queue_walks_an_index_in_its_order(app: Flask, desk, many):
    for name, asked in ASKED.items():
        for after in (None, Position(False, now(), 1500)):
            statement = queries.queue_statement(asked.but(after=after), desk.ana.id, now())
            text = plan(statement)
            assert not scans(text, "ticket"), f"{name}, after {after}:\n{text}"
            assert "ix_ticket" in text, f"{name}:\n{text}"


def test_what_the_ladder_marked_is_read_by_its_own_index(app: Flask, desk, many):
    for statement in (
        queries.queue_statement(QueueFilter(view=View.ESCALATION_DUE), desk.ana.id, now()),
        sa.select(
            queries._bounded(queries._view(View.ESCALATION_DUE, desk.ana.id, now(), queries.COUNT_TO), queries.COUNT_TO)
        ),
    ):
        text = plan(statement)
        assert "ix_ticket_escalation_due" in text, text
        assert not is_sqlite() or "SCAN ticket USING INDEX ix_ticket_queue" not in text, text


def test_what_the_vendor_asks_is_read_by_the_index_over_those_cases(app: Flask, desk, many):
    _give_cases()
    for statement in (
        queries.queue_statement(QueueFilter(view=View.VENDOR_ASKS), desk.ana.id, now()),
        sa.select(
            queries._bounded(queries._view(View.VENDOR_ASKS, desk.ana.id, now(), queries.COUNT_TO), queries.COUNT_TO)
        ),
    ):
        text = plan(statement)
        assert "ix_vendor_case_asks" in text, text
        assert not is_sqlite() or "SCAN ticket USING INDEX ix_ticket_queue" not in text, text
    whole = plan(queries.queue_statement(QueueFilter(), desk.ana.id, now()))
    assert not scans(whole, "vendor_case"), whole  # each line asks after its own


def _give_cases() -> None:
    """A case to every third ticket, one in a hundred of them waits for us."""
    with db.engine.begin() as connection:
        numbers = connection.scalars(sa.select(Ticket.id)).all()
        channel_id = connection.scalars(sa.select(SupportChannel.id).limit(1)).one()
        usual = {"channel_id": channel_id, "severity": Severity.B, "pack": {}, "created_at": now()}
        states = {True: VendorCaseState.ATTENTION_NEEDED, False: VendorCaseState.OPEN}
        cases = [
            {"ticket_id": number, "state": states[number % 300 == 0], "last_word_at": now()} | usual
            for number in numbers
            if number % 3 == 0
        ]
        connection.execute(sa.insert(VendorCase), cases)
    if not is_sqlite():
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE vendor_case")


def test_counts_and_pages_of_a_ticket_use_theirs(app: Flask, desk, many):
    for view in View:
        some = sa.select(queries._bounded(queries._view(view, desk.ana.id, now(), queries.COUNT_TO), queries.COUNT_TO))
        text = plan(some)
        assert not scans(text, "ticket"), f"{view}:\n{text}"
    newest = sa.select(Message.id).where(Message.ticket_id == 1001).order_by(Message.id.desc()).limit(50)
    files = sa.select(Attachment.id).where(Attachment.message_id.in_([1, 2, 3]))
    for statement, table in ((newest, "message"), (files, "attachment")):
        text = plan(statement)
        # PostgreSQL reads a table of one page as a whole, whatever its indexes
        assert not is_sqlite() or not scans(text, table), text


def test_a_tag_is_looked_up_in_its_index(app: Flask, desk, many):
    with db.engine.begin() as connection:
        numbers = connection.scalars(sa.select(Ticket.id)).all()
        tags = [{"ticket_id": number, "name": f"tag {(number + n) % 200}"} for number in numbers for n in range(5)]
        connection.execute(TicketTag.__table__.insert(), tags)
    if not is_sqlite():
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE ticket_tag")
    asked = QueueFilter(tag="tag 7")
    for statement in (
        queries.queue_statement(asked, desk.ana.id, now()),
        sa.select(queries._bounded(queries._conditions(asked, desk.ana.id, now()), queries.COUNT_TO)),
    ):
        text = plan(statement)
        assert not scans(text, "ticket_tag"), text
        assert not is_sqlite() or not scans(text, "ticket"), text
        assert "ticket_tag" in text, text


def test_a_change_of_promises_walks_the_open_tickets_by_number(app: Flask, desk, many):
    text = plan(stretches.FACTS.params(after=1500, limit=100))
    assert not scans(text, "ticket"), text
    assert is_sqlite() or "ix_ticket_open" in text, text
    assert "TEMP B-TREE" not in text
    assert "Sort" not in text


def test_a_page_of_thousands_is_fifty_rows_in_order(app: Flask, desk, many):
    asked, seen = QueueFilter(), []
    while True:
        page = queries.queue_page(asked, desk.ana.id, now())
        seen += [(row.is_paused, row.next_due_at, row.id) for row in page.rows]
        if not page.has_more:
            break
        asked = asked.but(after=Position(*seen[-1]))
    assert seen == sorted(seen)
    assert len(seen) == len(set(seen)) == TICKETS // 20 + 1


def test_counts_of_thousands_stop(app: Flask, desk, many, monkeypatch):
    monkeypatch.setattr(queries, "COUNT_TO", 100)
    counts, *_others = queries.queue_counts(QueueFilter(), desk.ana.id, now())
    assert counts[View.ALL] == 101


def test_the_same_plans_at_a_hundred_thousand_tickets(app: Flask, desk, many):
    double((Ticket,), times=4)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Ticket)) > 96_000
    test_the_queue_walks_an_index_in_its_order(app, desk, many)
    test_counts_and_pages_of_a_ticket_use_theirs(app, desk, many)


def test_whom_to_remind_is_read_off_its_index(many: None) -> None:
    assert "ix_ticket_reminds" in plan(lifecycle.remind_statement(now(), 100))
