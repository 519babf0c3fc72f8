"""Changing what an escalation pack must hold. Items are code; who must give them is the admin's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from flask_babel import gettext as _

from helpdesk.database import db
from helpdesk.errors import Invalid, NotFound
from helpdesk.escalations.models import PackRequirement
from workflows.pack import Required
from workflows.vocabulary import ChannelKind, Kind, PackItem, Service


@dataclass(frozen=True, slots=True)
class Demand:
    """These items are needed on these channels, for these kinds and services; each names at least one."""

    items: Sequence[PackItem]
    channels: Sequence[ChannelKind]
    kinds: Sequence[Kind]
    services: Sequence[Service]
    source: str
    is_enabled: bool


def add(demand: Demand) -> PackRequirement:
    """Raises Invalid naming the field that names nothing."""
    row = PackRequirement()
    edit(row, demand)
    db.session.add(row)
    db.session.flush()
    return row


def edit(row: PackRequirement, demand: Demand) -> None:
    """Raises Invalid naming the field that names nothing."""
    for name in ("items", "channels", "kinds", "services"):
        if not getattr(demand, name):
            raise Invalid(_("Tick at least one; switch the row off to ask for nothing."), name)
    row.items = [str(item) for item in PackItem if item in demand.items]
    row.channels = [str(channel) for channel in ChannelKind if channel in demand.channels]
    row.kinds = [str(kind) for kind in Kind if kind in demand.kinds]
    row.services = [str(service) for service in Service if service in demand.services]
    row.source, row.is_enabled = demand.source.strip(), demand.is_enabled


def rows() -> list[PackRequirement]:
    return list(db.session.scalars(sa.select(PackRequirement).order_by(PackRequirement.id)))


def row(row_id: int) -> PackRequirement:
    """Raises NotFound."""
    found = db.session.get(PackRequirement, row_id)
    if found is None:
        raise NotFound(_("There is no such row."))
    return found


def read(row: PackRequirement) -> Required:
    """The row as the rules read it."""
    return Required(
        items=tuple(PackItem(item) for item in row.items),
        channels=frozenset(ChannelKind(channel) for channel in row.channels),
        kinds=frozenset(Kind(kind) for kind in row.kinds),
        services=frozenset(Service(service) for service in row.services),
    )
