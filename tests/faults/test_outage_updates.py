"""One update to many tickets, told by schedulers that are killed at work: on each ticket once, and by one mail."""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from multiprocessing.process import BaseProcess

import pytest
import sqlalchemy as sa
from flask import Flask

from helpdesk.clock import Hand, now
from helpdesk.database import db, unit_of_work
from helpdesk.escalations.outages.editing import IncidentDraft
from helpdesk.escalations.outages.models import IncidentTelling, IncidentTicket, IncidentUpdate
from helpdesk.notifications.models import OutboxMessage
from helpdesk.notifications.topics import NoticeTopic
from helpdesk.tickets import history, outage_queries
from helpdesk.tickets.actions import crediting, outages
from helpdesk.tickets.actions.opening import Opened
from helpdesk.tickets.models import Message, Ticket, TicketEvent
from tests.faults import world
from tests.faults.processes import Fork
from tests.faults.runner import Halt
from tests.helpdesk.tickets.conftest import Desk
from workflows.vocabulary import EventKind, Service, State

pytestmark = pytest.mark.faults

TICKETS = 150
PATIENCE = 60
POINTS = ("between noting and commit", "after noting", "before telling", "between telling and commit", "after telling")


def test_an_update_is_told_once_on_every_ticket(
    app: Flask, desk: Desk, opened: Callable[..., Opened], hand: Hand, today: datetime, fork: Fork
) -> None:
    hand.at = today - timedelta(minutes=5)
    world.copy(app, [opened(language=language).ticket.id for language in ("en", "hu")], TICKETS)
    ended = _link_all_and_tell(desk)

    for point in POINTS:
        process = fork("scheduler", halt=Halt(point, 1 if "noting" in point else 4, signal.SIGKILL))
        _dies(process, point)
        assert _is_waiting(), f"nothing was left to do after {point}"
    for _scheduler in range(3):
        fork("scheduler")
    _until(lambda: not _is_waiting())

    told = Counter(number for number in world.numbers_of_all() if number not in ended)
    said = sa.select(Message.ticket_id).where(Message.user_id == desk.ana.id)
    assert Counter(db.session.scalars(said)) == told
    replied = sa.select(TicketEvent.ticket_id).where(TicketEvent.what == EventKind.REPLIED)
    assert Counter(db.session.scalars(replied)) == told
    mails = sa.select(OutboxMessage.ticket_id).where(OutboxMessage.topic == NoticeTopic.PUBLIC_REPLY)
    assert Counter(db.session.scalars(mails)) == told
    assert set(_words_by_language()) == {("en", "It works again."), ("hu", "Újra működik.")}
    assert [broken for _number, broken in history.verify() if broken] == []


def _link_all_and_tell(desk: Desk) -> set[int]:
    """Link every ticket, end some of them, and write the update; the numbers of those that ended."""
    numbers = world.numbers_of_all()
    assert len(numbers) == TICKETS
    with unit_of_work():
        draft = IncidentDraft("EX25194", Service.MICROSOFT365, "Mail is late", now() - timedelta(hours=1))
        incident_id = crediting.save_incident(None, draft, desk.ana, now()).id
    with unit_of_work() as session:
        row = {"incident_id": incident_id, "linked_at": now(), "linked_by_id": desk.ana.id}
        session.execute(sa.insert(IncidentTicket), [{**row, "ticket_id": number} for number in numbers])
        ended = set(numbers[::10])
        over = sa.update(Ticket).where(Ticket.id.in_(ended)).values(state=State.CLOSED, ended_at=now())
        session.execute(over)
        outages.tell_all(incident_id, desk.ana, "It works again.", "Újra működik.", "form", now())
    return ended


def _is_waiting() -> bool:
    db.session.rollback()
    untold = sa.select(sa.func.count()).select_from(IncidentTelling).where(IncidentTelling.told_at.is_(None))
    noted = db.session.scalar(sa.select(IncidentUpdate.spread_at))
    return outage_queries.is_to_spread() or noted is None or bool(db.session.scalar(untold))


def _words_by_language() -> list[tuple[str, str]]:
    rows = sa.select(Ticket.language, Message.body).join(Message, Message.ticket_id == Ticket.id)
    return [(language, body) for language, body in db.session.execute(rows.where(Message.user_id.is_not(None)))]


def _dies(process: BaseProcess, point: str) -> None:
    process.join(timeout=PATIENCE)
    assert process.exitcode == -signal.SIGKILL, f"{point}: {process.exitcode}"


def _until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < end, "nothing came of it"
        time.sleep(0.1)
