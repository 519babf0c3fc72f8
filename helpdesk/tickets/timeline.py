"""What happened to a ticket: its events, newest last, each told in a sentence."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from helpdesk.accounts.models import User
from helpdesk.customers.models import Contact, Customer
from helpdesk.database import db
from helpdesk.tickets.models import TicketEvent
from helpdesk.tickets.sentence_words import Happened, Names
from helpdesk.tickets.sentences import sentence
from workflows.vocabulary import ActorKind, EventKind

PAGE = 50
LATEST = 5


class Told(NamedTuple):
    """One line of the timeline."""

    at: datetime
    who: str
    what: str


def events_of(ticket_id: int, limit: int = LATEST, before: int | None = None) -> list[Happened]:
    """The ``limit`` latest events of a ticket, those before the seq ``before`` when given, oldest first."""
    columns = (TicketEvent.seq, TicketEvent.at, TicketEvent.actor, TicketEvent.what, TicketEvent.particulars)
    rows = sa.select(*columns).where(TicketEvent.ticket_id == ticket_id)
    if before is not None:
        rows = rows.where(TicketEvent.seq < before)
    found = db.session.execute(rows.order_by(TicketEvent.seq.desc()).limit(limit)).all()
    return [Happened(seq, at, actor, what, json.loads(text)) for seq, at, actor, what, text in reversed(found)]


def happened(event: TicketEvent) -> Happened:
    return Happened(event.seq, event.at, event.actor, event.what, json.loads(event.particulars))


def tell(events: Sequence[Happened], known: Names | None = None) -> list[Told]:
    """The lines of ``events``: one statement looks up every name they speak of that is not ``known`` yet."""
    names = names_in(events, known or Names({}, {}, {}))
    return [Told(event.at, names.actor(event.actor), sentence(event, names)) for event in events]


def names_in(events: Iterable[Happened], known: Names) -> Names:
    users, contacts, customers = set[int](), set[int](), set[int]()
    by_actor = {ActorKind.STAFF.value: users, ActorKind.CONTACT.value: contacts}
    for event in events:
        kind, _colon, number = event.actor.partition(":")
        if kind in by_actor and number.isdigit():
            by_actor[kind].add(int(number))
        if event.what in (EventKind.ASSIGNED, EventKind.UNASSIGNED):
            users |= {event.particulars[key] for key in ("to", "was") if event.particulars.get(key) is not None}
        if event.particulars.get("customer") is not None:
            customers.add(event.particulars["customer"])
    sought = {User: users - set(known.users), Contact: contacts - set(known.contacts)}
    return known.with_others(_looked_up(sought | {Customer: customers - set(known.customers)}))


def _looked_up(wanted: Mapping[Any, set[int]]) -> Names:
    """The names of users, contacts and customers in one statement."""
    found: list[dict[int, str]] = [{} for _model in wanted]
    parts = [
        sa.select(sa.literal(place).label("place"), model.id, model.name).where(model.id.in_(ids))
        for place, (model, ids) in enumerate(wanted.items())
        if ids
    ]
    for place, key, name in db.session.execute(sa.union_all(*parts)) if parts else ():
        found[place][key] = name
    return Names(*found)
