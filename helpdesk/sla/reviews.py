"""Reviewing breaches: what a manager found is a row of its own; the breach itself never changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext as _

from helpdesk.database import db
from helpdesk.errors import Invalid, NotFound
from helpdesk.sla.models import Breach, BreachReview, BreachToReview
from workflows.vocabulary import BreachCause

LONGEST_COMMENT = 4000


@dataclass(frozen=True, slots=True)
class Finding:
    """Why a promise was missed, what changes because of it, and whether that settles the matter."""

    cause: BreachCause
    comment: str
    action: str = ""
    is_acknowledged: bool = True


def breach(breach_id: int) -> Breach:
    """Raises NotFound."""
    found = db.session.get(Breach, breach_id)
    if found is None:
        raise NotFound(_("There is no such breach."))
    return found


def add_review(breach: Breach, reviewer_id: int, finding: Finding, now: datetime) -> BreachReview:
    """Keep ``finding`` about ``breach``; an acknowledging one takes it off the pile, whoever did so before.

    Runs in the caller's transaction; ``now`` is aware UTC. Raises Invalid at ``comment`` when nothing is said.
    """
    if not finding.comment.strip():
        raise Invalid(_("Say in a sentence what happened."), "comment")
    review = BreachReview(
        breach_id=breach.id,
        late_from_at=breach.late_from_at,
        at=now,
        reviewer_id=reviewer_id,
        cause=finding.cause,
        comment=finding.comment.strip(),
        action=finding.action.strip(),
        is_acknowledged=finding.is_acknowledged,
    )
    db.session.add(review)
    if finding.is_acknowledged:
        db.session.execute(sa.delete(BreachToReview).where(BreachToReview.breach_id == breach.id))
    db.session.flush()
    return review
