"""Reading how the scheduler is doing."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from helpdesk.database import db
from helpdesk.jobs.models import JobHeartbeat


def heartbeats() -> Sequence[JobHeartbeat]:
    return db.session.scalars(sa.select(JobHeartbeat).order_by(JobHeartbeat.job)).all()
