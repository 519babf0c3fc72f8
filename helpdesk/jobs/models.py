"""How the scheduler is doing."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.database import Base


class JobHeartbeat(Base):
    """One row a job, whichever process ran it last. Read by /readyz, `helpdesk check` and the admin page.

    ``seen_at`` moves every few seconds, also in the middle of a long run; ``runs`` and ``failures`` count
    over all processes since the first start.
    """

    __tablename__ = "job_heartbeat"

    job: Mapped[str] = mapped_column(sa.String(60), primary_key=True)
    process: Mapped[str] = mapped_column(sa.String(80))  # host:pid
    seen_at: Mapped[datetime]
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]  # None while it runs
    runs: Mapped[int] = mapped_column(default=0)
    failures: Mapped[int] = mapped_column(default=0)
    failed_at: Mapped[datetime | None]
    last_error: Mapped[str] = mapped_column(sa.String(300), default="")
