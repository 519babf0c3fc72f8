"""The windows to choose from, and editing them. The caller writes in its unit of work."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

import sqlalchemy as sa
from flask_babel import gettext as _

from helpdesk.database import db
from helpdesk.errors import Invalid, NotFound
from helpdesk.escalations.money.models import MoneyWindow
from workflows.money import Span, span
from workflows.vocabulary import MoneyPurpose, MoneyStart, MoneyUnit, Service


@dataclass(frozen=True, slots=True)
class WindowDraft:
    """A window as its form says it; ``length`` is in ``unit``."""

    name: str
    purpose: MoneyPurpose
    services: Iterable[Service]
    length: int
    unit: MoneyUnit
    counts_from: MoneyStart
    source: str
    is_enabled: bool = True


def windows() -> Sequence[MoneyWindow]:
    """Every window, in the order in which they were written."""
    return db.session.scalars(sa.select(MoneyWindow).order_by(MoneyWindow.id)).all()


def windows_for(service: Service) -> list[MoneyWindow]:
    """Those in use that hold for ``service``."""
    return [row for row in windows() if row.is_enabled and (not row.services or service.value in row.services)]


def claim_window(service: Service) -> MoneyWindow | None:
    """The window of SLA credit claims for ``service``."""
    return next((row for row in windows_for(service) if row.purpose is MoneyPurpose.CREDIT_CLAIM), None)


def window(window_id: int) -> MoneyWindow:
    """One window. Raises NotFound."""
    found = db.session.get(MoneyWindow, window_id)
    if found is None:
        raise NotFound(_("There is no such window."))
    return found


def span_of(row: MoneyWindow, start: datetime, zone: tzinfo, until: datetime | None = None) -> Span:
    """When a window runs that counts from ``start`` (aware); ``until`` is the end that the vendor itself has named."""
    runs = span(start, row.counts_from, row.length, row.unit, zone)
    return Span(runs.begins_at, until) if until is not None and until > runs.begins_at else runs


def add(draft: WindowDraft) -> None:
    """Raises Invalid at ``name`` when there is a window of that name."""
    row = MoneyWindow()
    _write(row, draft)
    db.session.add(row)


def edit(row: MoneyWindow, draft: WindowDraft) -> None:
    """Deadlines that run keep the dates they have. Raises as ``add``."""
    _write(row, draft)


def _write(row: MoneyWindow, draft: WindowDraft) -> None:
    with db.session.no_autoflush:
        others = sa.select(MoneyWindow.id).where(MoneyWindow.name == draft.name)
        if any(found != row.id for found in db.session.scalars(others)):
            raise Invalid(_("There is a window of this name."), "name")
    row.name, row.purpose, row.source = draft.name, draft.purpose, draft.source
    row.services = [service.value for service in Service if service in set(draft.services)]
    row.length, row.unit, row.counts_from = draft.length, draft.unit, draft.counts_from
    row.is_enabled = draft.is_enabled
