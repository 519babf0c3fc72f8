"""Recurring work, in one table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from helpdesk.jobs import jobs


@dataclass(frozen=True, slots=True)
class Job:
    """``run`` every so many seconds, give or take ``jitter``: schedulers should not march in step."""

    run: Callable[[], jobs.Steps]
    every: int
    jitter: int

    @property
    def name(self) -> str:
        return self.run.__name__


SCHEDULE = (
    #   function                every    jitter (both in seconds)
    Job(jobs.sweep_clocks,          1,        0),
    Job(jobs.sweep_money,           5,        1),
    Job(jobs.tell_outages,          2,        1),
    Job(jobs.sweep_claims,         60,       10),
    Job(jobs.wake_holds,            5,        1),
    Job(jobs.remind_customers,     60,       10),
    Job(jobs.close_resolved,       60,       10),
    Job(jobs.deliver_outbox,        2,        1),
    Job(jobs.send_vendor_notes,     2,        1),
    Job(jobs.poll_vendor_cases,    15,        5),
    Job(jobs.apply_revisions,       2,        1),
    Job(jobs.renew_promises,        2,        1),
    Job(jobs.fold_tally,           30,        5),
    Job(jobs.expire_entitlements, 3600,     300),
    Job(jobs.sweep_staged_files,  600,       60),
    Job(jobs.forget_told,        3600,      300),
)  # fmt: skip
