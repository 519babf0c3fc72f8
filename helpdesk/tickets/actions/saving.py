"""Filters of the queue that people keep under names of their own."""

from __future__ import annotations

import sqlalchemy as sa
from flask_babel import gettext as _

from helpdesk.database import db
from helpdesk.errors import Invalid, NotFound
from helpdesk.tickets.models import SavedView

MOST_VIEWS = 12
LONGEST_NAME = 40
LONGEST_QUERY = 500


def save_view(user_id: int, name: str, query: str) -> SavedView:
    """Keep ``query`` (of the queue's address) for a person under ``name``; a name used again means the new query.

    Raises Invalid for a name of no or more than LONGEST_NAME characters, and for more than MOST_VIEWS of them.
    """
    name = " ".join(name.split())
    if not name:
        raise Invalid(_("Give the view a name."), "name")
    if len(name) > LONGEST_NAME or len(query) > LONGEST_QUERY:
        raise Invalid(_("Use at most %(most)s characters.", most=LONGEST_NAME), "name")
    own = db.session.scalars(sa.select(SavedView).where(SavedView.user_id == user_id)).all()
    view = next((view for view in own if view.name == name), None)
    if view is None:
        if len(own) >= MOST_VIEWS:
            raise Invalid(_("You keep %(most)s views already: remove one first.", most=MOST_VIEWS), "name")
        position = max((view.position for view in own), default=0) + 1
        view = SavedView(user_id=user_id, name=name, query=query, position=position)
        db.session.add(view)
    view.query = query
    return view


def forget_view(user_id: int, view_id: int) -> None:
    """Remove a view of one's own. Raises NotFound for anybody else's."""
    view = db.session.get(SavedView, view_id)
    if view is None or view.user_id != user_id:
        raise NotFound(_("There is no such view."))
    db.session.delete(view)
