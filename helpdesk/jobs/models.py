"""How the scheduler is doing."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.database import Base


class JobHeartbeat(Base):
    """One row a job: when it last ran, how it went. Read by /readyz, `helpdesk check` and the admin page."""

    __tablename__ = "job_heartbeat"

    job: Mapped[str] = mapped_column(sa.String(60), primary_key=True)
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    runs: Mapped[int] = mapped_column(default=0)
    failures: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str] = mapped_column(sa.String(300), default="")
    process: Mapped[str] = mapped_column(sa.String(80), default="")
