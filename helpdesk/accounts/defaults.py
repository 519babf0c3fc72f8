"""The team a fresh installation starts with."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from helpdesk.accounts.models import Team
from helpdesk.database import db

TEAM = "Service desk"


def install(now: datetime) -> None:
    """Write the default team unless the desk has a team already. Runs in the caller's unit of work."""
    if db.session.scalar(sa.select(Team.id).limit(1)) is None:
        db.session.add(Team(name=TEAM, is_default=True, created_at=now))
        db.session.flush()
