"""A small demo world at the moment all pictures share, served in this process."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from flask import Flask
from werkzeug.serving import make_server

from helpdesk import create_app, schema
from helpdesk.accounts.actor import COMMAND_LINE
from helpdesk.clock import Hand, now
from helpdesk.database import db, unit_of_work
from helpdesk.demo import world
from helpdesk.sla.models import Breach, BreachToReview
from helpdesk.tickets import facts
from helpdesk.tickets.actions.trackers import another_tracker
from helpdesk.tickets.models import Message, Ticket
from workflows.vocabulary import ESCALATED_STATES, OPEN_STATES, ClockKind, Kind, State

MOMENT = datetime(2026, 11, 24, 13, 12, tzinfo=UTC)
"""Tue 24 Nov 2026, 14:12 in Budapest."""
TICKETS = 240
PASSWORD = world.DEFAULT_PASSWORD


@dataclass(frozen=True)
class Stage:
    """Where the server is, and whom and what the pictures show."""

    url: str
    ticket: int
    to_escalate: int
    breach: int
    track: str
    track_hu: str


@contextmanager
def stage(folder: Path) -> Iterator[Stage]:
    """Build the world in ``folder``, let time stand still at ``MOMENT`` and serve until the block ends."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    app = _application(folder)
    schema.upgrade(app)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    url = f"http://127.0.0.1:{server.server_port}"
    app.config["BASE_URL"] = "https://support.example.com"  # as links show it
    with Hand(MOMENT).at_work():
        with app.app_context():
            world.build(app, tickets=TICKETS, seed=1, progress=lambda _more: None)
            scene = _chosen(url)
            db.session.remove()
            db.engine.dispose()
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield scene
        server.shutdown()
        thread.join(timeout=10)
        server.server_close()


def _application(folder: Path) -> Flask:
    os.environ["HELPDESK_ENV"] = "testing"
    return create_app(
        {
            "HELPDESK_ENV": "testing",
            "SECRET_KEY": "pictures",
            "AUDIT_KEY": "pictures",
            "DATABASE_URL": f"sqlite:///{folder / 'pictures.db'}",
            "INSTANCE_DIR": folder,
            "RATE_LIMITS": False,
        }
    )


def _chosen(url: str) -> Stage:
    """Of all tickets those with the most to show: the longest conversation in the states a picture wants."""
    technical, english = Ticket.kind == Kind.TECHNICAL, Ticket.language == "en"
    working = Ticket.state.in_((State.PARTNER_RESOLUTION, State.DIAGNOSIS))
    with_vendor = Ticket.state.in_(ESCALATED_STATES)
    escalated = _longest(technical, with_vendor, english)
    return Stage(
        url=url,
        ticket=escalated,
        to_escalate=_offered_a_channel(),
        breach=_newest_breach(),
        track=_tracker(escalated),
        track_hu=_tracker(_longest(working | with_vendor, Ticket.language == "hu")),
    )


def _longest(*conditions: sa.ColumnElement[bool]) -> int:
    messages = sa.select(sa.func.count()).where(Message.ticket_id == Ticket.id).scalar_subquery()
    return db.session.scalars(sa.select(Ticket.id).where(*conditions).order_by(messages.desc(), Ticket.id)).all()[0]


def _offered_a_channel() -> int:
    """A ticket that could go to the vendor now, by a channel the desk recommends."""
    rows = sa.select(Ticket).where(Ticket.kind == Kind.TECHNICAL, Ticket.state.in_(OPEN_STATES))
    ours_first = Ticket.state.in_(ESCALATED_STATES), Ticket.language, Ticket.priority, Ticket.id
    for ticket in db.session.scalars(rows.order_by(*ours_first)):
        verdicts = facts.verdicts(ticket, facts.gather(ticket, COMMAND_LINE, now()), now())
        if any(verdict.is_recommended for verdict in verdicts):
            return ticket.id
    raise LookupError("No ticket of this world may be escalated: choose another seed.")


def _newest_breach() -> int:
    """Of a promised resolution, where who had it tells most."""
    rows = sa.select(Breach.id).join(BreachToReview).where(Breach.kind == ClockKind.RESOLUTION)
    return db.session.scalars(rows.order_by(Breach.late_from_at.desc()).limit(1)).one()


def _tracker(ticket_id: int) -> str:
    with unit_of_work():
        return another_tracker(ticket_id, COMMAND_LINE, now())
