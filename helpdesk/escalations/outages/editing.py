"""Writing incidents and the credits they bring. The caller writes in its unit of work."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from flask_babel import gettext as _

from helpdesk.database import db
from helpdesk.errors import Invalid
from helpdesk.escalations.outages.models import IncidentCredit, VendorIncident
from workflows.vocabulary import CreditState, Service


def save_incident(
    row: VendorIncident | None,
    number: str,
    service: Service,
    title: str,
    started_at: datetime | None,
    ended_at: datetime | None,
    user_id: int | None,
    now: datetime,
) -> VendorIncident:
    """Write an incident, a new one where ``row`` is None. Raises Invalid at the field that is wrong."""
    if started_at is None:
        raise Invalid(_("Write a date and a time."), "started")
    if ended_at is not None and ended_at < started_at:
        raise Invalid(_("It can’t end before it began."), "ended")
    with db.session.no_autoflush:
        taken = db.session.scalar(sa.select(VendorIncident.id).where(VendorIncident.number == number.upper()))
    if taken is not None and (row is None or taken != row.id):
        raise Invalid(_("This incident is known already."), "number")
    if row is None:
        row = VendorIncident(created_at=now, created_by_id=user_id)
        db.session.add(row)
    row.number, row.service, row.title = number.upper(), service, title
    row.started_at, row.ended_at = started_at, ended_at
    db.session.flush()
    return row


NEXT = {
    None: {CreditState.REQUESTED},
    CreditState.REQUESTED: {CreditState.GRANTED, CreditState.REFUSED},
    CreditState.GRANTED: {CreditState.PASSED_ON},
    CreditState.REFUSED: {CreditState.REQUESTED},
    CreditState.PASSED_ON: set[CreditState](),
}
"""What may become of a credit."""


def track_credit(
    incident_id: int,
    customer_id: int,
    state: CreditState,
    amount_cents: int | None,
    currency: str,
    user_id: int | None,
    on: date,
    now: datetime,
) -> IncidentCredit:
    """Write down what became of one customer's credit on the day ``on``; a granted one needs its amount.

    Raises Invalid at ``amount``, and for a state that does not follow.
    """
    rows = sa.select(IncidentCredit).where(
        IncidentCredit.incident_id == incident_id, IncidentCredit.customer_id == customer_id
    )
    row = db.session.scalars(rows.with_for_update()).one_or_none()
    if state not in NEXT[row.state if row else None]:
        raise Invalid(_("The credit has gone another way meanwhile."))
    if state is CreditState.GRANTED and not amount_cents:
        raise Invalid(_("Write the amount that was granted."), "amount")
    if row is None:
        row = IncidentCredit(incident_id=incident_id, customer_id=customer_id, requested_on=on)
        db.session.add(row)
    row.state, row.updated_at, row.updated_by_id = state, now, user_id
    if state is CreditState.GRANTED:
        row.amount_cents, row.currency = amount_cents, currency
    if state in (CreditState.GRANTED, CreditState.REFUSED):
        row.decided_on = on
    if state is CreditState.PASSED_ON:
        row.passed_on_on = on
    return row
