"""What may happen to a team. There is always exactly one default: new tickets go there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext as _

from helpdesk.accounts.models import Team
from helpdesk.database import db
from helpdesk.errors import Invalid


@dataclass(frozen=True, slots=True)
class TeamDraft:
    name: str
    lead_id: int | None = None
    is_default: bool = False


def add_team(draft: TeamDraft, now: datetime) -> Team:
    """Raises Invalid naming the field ``name``."""
    team = Team(created_at=now, is_default=False)
    _fill(team, draft)
    return team


def edit_team(team: Team, draft: TeamDraft) -> None:
    """Raises Invalid naming the field ``name`` or ``is_default``."""
    if team.is_default and not draft.is_default:
        raise Invalid(_("New tickets need a team: make another one the default instead."), "is_default")
    _fill(team, draft)


def _fill(team: Team, draft: TeamDraft) -> None:
    name = draft.name.strip()
    if not name:
        raise Invalid(_("Give it a name."), "name")
    holder = db.session.scalar(sa.select(Team.id).where(Team.name == name))
    if holder is not None and holder != team.id:
        raise Invalid(_("This name is taken."), "name")
    team.name, team.lead_id = name, draft.lead_id
    db.session.add(team)
    db.session.flush()
    if draft.is_default and not team.is_default:
        # the old one first: a unique index lets no two be the default for a moment
        db.session.execute(sa.update(Team).where(Team.is_default).values(is_default=False))
        team.is_default = True
        db.session.flush()
