"""The diagnosis record that must stand before the desk resolves or escalates (R21, R22)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext as _

from helpdesk.accounts.actor import Actor
from helpdesk.accounts.permissions import Permission
from helpdesk.database import db
from helpdesk.errors import Forbidden, Invalid
from helpdesk.tickets import history
from helpdesk.tickets.actions.allowed import demand
from helpdesk.tickets.change import changing
from helpdesk.tickets.models import Diagnosis
from workflows.vocabulary import Boundary, BoundaryReason, EventKind, HealthResult


@dataclass(frozen=True, slots=True)
class Findings:
    """What an agent writes down. It may be incomplete: the moves say what is still missing."""

    health: HealthResult | None
    findings: str
    tried: str
    boundary: Boundary | None
    boundary_reason: BoundaryReason | None
    boundary_override: str = ""


def record_diagnosis(ticket_id: int, actor: Actor, found: Findings, now: datetime, version: int | None = None) -> None:
    """Keep a new version of the record; older ones stay. Only a lead may override the boundary.

    What a lead has passed stays passed when somebody else writes more, until the boundary itself is decided anew.
    """
    with changing(ticket_id, actor, now, version) as change:
        demand(actor, Permission.EDIT_TICKETS, change.ticket)
        if actor.user_id is None:
            raise Forbidden(_("Only a person can do this."))
        if found.boundary_override and not actor.may(Permission.OVERRIDE, change.ticket.kind):
            raise Invalid(_("Only a lead may override the boundary."), "boundary_override")
        before = _newest(ticket_id)
        record = Diagnosis(
            ticket_id=ticket_id,
            at=change.now,
            user_id=actor.user_id,
            health=found.health,
            findings=found.findings.strip(),
            tried=found.tried.strip(),
            boundary=found.boundary,
            boundary_reason=found.boundary_reason if found.boundary is Boundary.VENDORS else None,
            boundary_override=_override(found, before, may_override=actor.may(Permission.OVERRIDE, change.ticket.kind)),
        )
        db.session.add(record)
        change.record(
            EventKind.DIAGNOSIS_RECORDED,
            health=found.health.value if found.health else None,
            boundary=found.boundary.value if found.boundary else None,
            findings=history.body_hash(record.findings),
            tried=history.body_hash(record.tried),
        )
        if record.boundary_override and (before is None or before.boundary_override != record.boundary_override):
            change.record(EventKind.GUARD_OVERRIDDEN, guard="boundary", reason=record.boundary_override)
        change.edited()


def _newest(ticket_id: int) -> Diagnosis | None:
    own = sa.select(Diagnosis).where(Diagnosis.ticket_id == ticket_id)
    return db.session.scalars(own.order_by(Diagnosis.id.desc()).limit(1)).one_or_none()


def _override(found: Findings, before: Diagnosis | None, *, may_override: bool) -> str:
    if may_override or before is None or before.boundary is not found.boundary:
        return found.boundary_override.strip()
    return before.boundary_override
