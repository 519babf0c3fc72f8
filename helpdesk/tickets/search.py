"""The words of a ticket under each engine's own full-text index, folded so that accents don't matter."""

from __future__ import annotations

import re

import sqlalchemy as sa

from helpdesk.customers.names import fold
from helpdesk.database import db, is_sqlite
from helpdesk.tickets.models import Ticket


def index_ticket(ticket: Ticket, *names: str) -> None:
    """Write the ticket's words: its number, subject and the ``names`` to find it by; in the caller's transaction."""
    words = fold(" ".join((str(ticket.id), ticket.subject, *filter(None, names))))
    parameters = {"id": ticket.id, "words": words}
    if is_sqlite():
        db.session.execute(sa.text("DELETE FROM ticket_search WHERE rowid = :id"), {"id": ticket.id})
        db.session.execute(sa.text("INSERT INTO ticket_search (rowid, words) VALUES (:id, :words)"), parameters)
    else:
        db.session.execute(
            sa.text(
                "INSERT INTO ticket_search (ticket_id, words) VALUES (:id, to_tsvector('simple', :words)) "
                "ON CONFLICT (ticket_id) DO UPDATE SET words = excluded.words"
            ),
            parameters,
        )


def found_ids(query: str, limit: int) -> list[int]:
    """Numbers of at most ``limit`` tickets with every word of ``query`` (each may be a beginning), newest first."""
    terms = re.findall(r"\w+", fold(query))[:8]
    if not terms:
        return []
    if is_sqlite():
        match = " ".join(f'"{term}"*' for term in terms)
        rows = sa.text(
            "SELECT rowid FROM ticket_search WHERE ticket_search MATCH :match ORDER BY rowid DESC LIMIT :limit"
        )
    else:
        match = " & ".join(f"{term}:*" for term in terms)
        rows = sa.text(
            "SELECT ticket_id FROM ticket_search WHERE words @@ to_tsquery('simple', :match) "
            "ORDER BY ticket_id DESC LIMIT :limit"
        )
    return list(db.session.scalars(rows, {"match": match, "limit": limit}))
