"""The topics a fresh installation offers for each kind of ticket."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from helpdesk.database import db
from helpdesk.tickets.models import Topic
from workflows.vocabulary import Kind

TOPICS = {
    Kind.BILLING: (
        "A charge we don’t recognise",
        "Invoice",
        "Purchase",
        "Cancellation",
        "Refund or credit",
        "Seats and renewal",
    ),
    Kind.TECHNICAL: (
        "Sign-in and identity",
        "Mail and calendar",
        "Meetings and chat",
        "Files and sharing",
        "Virtual machines",
        "Network",
        "Database and storage",
        "Business application",
        "Security alert",
        "Performance",
    ),
}


def install(now: datetime) -> None:  # noqa: ARG001 - every room's defaults are called alike
    """Write the topics unless the desk has any already. Runs in the caller's unit of work."""
    if db.session.scalar(sa.select(Topic.id).limit(1)) is None:
        db.session.add_all(Topic(kind=kind, name=name) for kind, names in TOPICS.items() for name in names)
        db.session.flush()
