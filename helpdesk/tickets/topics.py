"""Topics: what tickets of a kind are about. A topic in use is switched off rather than removed."""

from __future__ import annotations

import sqlalchemy as sa
from flask_babel import gettext as _

from helpdesk.database import db
from helpdesk.errors import Invalid, NotFound
from helpdesk.tickets.models import Topic
from workflows.vocabulary import Kind


def topics() -> list[Topic]:
    return list(db.session.scalars(sa.select(Topic).order_by(Topic.kind, Topic.is_enabled.desc(), Topic.name)))


def topic(topic_id: int) -> Topic:
    """Raises NotFound."""
    found = db.session.get(Topic, topic_id)
    if found is None:
        raise NotFound(_("There is no such topic."))
    return found


def add_topic(kind: Kind, name: str) -> Topic:
    """Raises Invalid naming the field ``name``."""
    topic = Topic(kind=kind, name=_free_name(kind, name, None), is_enabled=True)
    db.session.add(topic)
    db.session.flush()
    return topic


def edit_topic(topic: Topic, name: str, *, is_enabled: bool) -> None:
    """Rename a topic or offer it no more; its kind stays, as tickets have it. Raises Invalid."""
    topic.name, topic.is_enabled = _free_name(topic.kind, name, topic.id), is_enabled


def _free_name(kind: Kind, text: str, own_id: int | None) -> str:
    name = text.strip()
    if not name:
        raise Invalid(_("Give it a name."), "name")
    holder = db.session.scalar(sa.select(Topic.id).where(Topic.kind == kind, Topic.name == name))
    if holder is not None and holder != own_id:
        raise Invalid(_("This name is taken."), "name")
    return name
