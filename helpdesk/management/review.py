"""One breach as a manager looks at it: what was promised, what happened, who had it when, what was said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from helpdesk.accounts.models import Team, User
from helpdesk.database import db
from helpdesk.errors import NotFound
from helpdesk.management.having import Stretch, stretches
from helpdesk.sla.models import Breach, BreachReview, SlaClock
from helpdesk.sla.terms import load_terms
from helpdesk.tickets.ledger import Attribution, attribution, ledger_of
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.promises import Course, course_of
from helpdesk.web import moments
from helpdesk.web.labels import label
from workflows import sla
from workflows.vocabulary import ClockState

SHOWN_REVIEWS = 20


@dataclass(frozen=True, slots=True)
class Said:
    """An earlier review. ``is_settled``: it took the breach off the list."""

    who: str
    at: datetime
    cause_text: str
    comment: str
    action: str
    is_settled: bool


@dataclass(frozen=True, slots=True)
class Review:
    """``deadline_share``: per cent of the open time in ``spans`` at which the promise ran out.

    ``attribution`` is computed from the minute ledger: whose the time was until the first late second.
    """

    id: int
    number: int
    subject: str
    clock_text: str
    late_text: str
    facts: list[tuple[str, str]]
    spans: list[Stretch]
    deadline_share: float
    attribution: Attribution
    reviews: list[Said]


def review_of(breach_id: int, now: datetime) -> tuple[Breach, Review]:
    """Everything about a breach at ``now`` (aware UTC). Raises NotFound."""
    breach = db.session.get(Breach, breach_id)
    if breach is None:
        raise NotFound(_("There is no such breach."))
    ticket = db.session.get_one(Ticket, breach.ticket_id)
    course = course_of(ticket, now)
    clock = db.session.get_one(SlaClock, breach.clock_id)
    cycle = course.cycle(breach.kind, clock.case_id, breach.cycle)
    assert cycle is not None  # a breach is of a cycle that the history gives again (R9)
    spans = stretches(ticket.id, course, cycle)
    late = moments.open_time(_late_seconds(breach, cycle, course.at))
    return breach, Review(
        id=breach.id,
        number=ticket.id,
        subject=ticket.subject,
        clock_text=label(breach.kind),
        late_text=_("%(time)s late", time=late) if _is_over(cycle) else _("%(time)s late and still open", time=late),
        facts=_facts(breach, clock, cycle, late),
        spans=spans,
        deadline_share=_deadline_share(breach, cycle, course),
        attribution=attribution(ledger_of(course), cycle.started_at, breach.late_from_at),
        reviews=said_about(breach.id),
    )


def _is_over(cycle: sla.Cycle) -> bool:
    return cycle.state in (ClockState.MET, ClockState.CANCELLED, ClockState.NONE)


def _late_seconds(breach: Breach, cycle: sla.Cycle, at: datetime) -> int:
    """Open, unpaused seconds beyond the deadline that was missed."""
    until = cycle.ended_at or at
    if cycle.calendar is None:
        return max(int((until - breach.deadline_at).total_seconds()), 0)
    return cycle.calendar.between(breach.deadline_at, until, _pauses(cycle, until))


def _pauses(cycle: sla.Cycle, until: datetime) -> list[tuple[datetime, datetime]]:
    return [(pause.start, pause.until or until) for pause in cycle.pauses]


def _deadline_share(breach: Breach, cycle: sla.Cycle, course: Course) -> float:
    until = cycle.ended_at or course.at
    if cycle.calendar is None:
        return 100.0
    whole = cycle.calendar.between(cycle.started_at, until)
    return round(cycle.calendar.between(cycle.started_at, breach.deadline_at) / whole * 100, 2) if whole else 100.0


def _facts(breach: Breach, clock: SlaClock, cycle: sla.Cycle, late: str) -> list[tuple[str, str]]:
    facts = [
        (_("Promised"), _promised(breach, clock)),
        (_("Running since"), moments.exact(cycle.started_at)),
        (_("Due"), moments.exact(breach.deadline_at)),
        (_ending(cycle), moments.exact(cycle.ended_at) if cycle.ended_at else _("not yet")),
        (_("Late"), _("%(time)s of open hours", time=late)),
        (_("Owner then"), _owner(breach)),
        (_("State then"), label(breach.state)),
        (_("Noticed"), _noticed(breach)),
    ]
    if breach.is_on_retarget:
        facts.append((_("By other terms"), _("A change of terms put this deadline into the past.")))
    return facts


def _promised(breach: Breach, clock: SlaClock) -> str:
    return _(
        "%(clock)s within %(time)s of open hours (%(policy)s, %(priority)s)",
        clock=label(breach.kind),
        time=moments.open_time(breach.target_seconds),
        policy=load_terms(clock.terms_id).policy_name,
        priority=label(breach.priority),
    )


def _ending(cycle: sla.Cycle) -> str:
    return _("Cancelled") if cycle.state is ClockState.CANCELLED else _("Done")


def _owner(breach: Breach) -> str:
    owner = db.session.get(User, breach.assignee_id) if breach.assignee_id is not None else None
    team = db.session.get(Team, breach.team_id) if breach.team_id is not None else None
    name = owner.name if owner is not None else _("nobody")
    return f"{name}, {team.name}" if team is not None else name


def _noticed(breach: Breach) -> str:
    seconds = int((breach.noticed_at - breach.late_from_at).total_seconds())
    if seconds < 1 or breach.is_on_retarget:
        return moments.exact(breach.noticed_at)
    return _("%(time)s after the first late second", time=moments.duration(seconds))


def said_about(breach_id: int) -> list[Said]:
    """The reviews of a breach, the newest first."""
    rows: Sequence[Any] = db.session.execute(
        sa.select(BreachReview, User.name)
        .join(User, User.id == BreachReview.reviewer_id)
        .where(BreachReview.breach_id == breach_id)
        .order_by(BreachReview.id.desc())
        .limit(SHOWN_REVIEWS)
    ).all()
    return [
        Said(name, review.at, label(review.cause), review.comment, review.action, review.is_acknowledged)
        for review, name in rows
    ]
