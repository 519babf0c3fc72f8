"""What becomes of service credits, step by step. The caller writes in its unit of work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from flask_babel import gettext as _

from helpdesk.database import db
from helpdesk.errors import Invalid
from helpdesk.escalations.outages.models import IncidentCredit, IncidentCreditStep, VendorIncident
from workflows.vocabulary import CreditState

_TO_REQUEST, _REQUESTED, _GRANTED = CreditState.TO_REQUEST, CreditState.REQUESTED, CreditState.GRANTED
_REFUSED, _PASSED_ON, _NOT_CLAIMED = CreditState.REFUSED, CreditState.PASSED_ON, CreditState.NOT_CLAIMED

NEXT = {
    None: {_TO_REQUEST, _REQUESTED, _NOT_CLAIMED},
    _TO_REQUEST: {_REQUESTED, _NOT_CLAIMED},
    _REQUESTED: {_GRANTED, _REFUSED},
    _REFUSED: {_REQUESTED},
    _GRANTED: {_PASSED_ON},
    _PASSED_ON: set[CreditState](),
    _NOT_CLAIMED: {_TO_REQUEST},
}
"""What may become of a credit."""

BEFORE = {
    _REQUESTED: _TO_REQUEST,
    _NOT_CLAIMED: _TO_REQUEST,
    _GRANTED: _REQUESTED,
    _REFUSED: _REQUESTED,
    _PASSED_ON: _GRANTED,
}
"""Where a credit stands when its last step was a mistake."""

PENDING = (None, _TO_REQUEST)
"""The vendor has still to be asked, or somebody to say that nobody will ask."""


@dataclass(frozen=True, slots=True)
class CreditStep:
    """What is written of a credit, on the day ``on``. ``amount_cents`` is in hundredths of ``currency``."""

    state: CreditState
    on: date
    amount_cents: int | None = None
    currency: str = "EUR"
    reason: str = ""
    invoice_reference: str = ""


def track_credit(
    incident_id: int, customer_id: int, step: CreditStep, user_id: int | None, now: datetime
) -> IncidentCredit:
    """Write down what became of one customer's credit.

    Raises Invalid at ``amount`` for a granted one without it, at ``reason`` for one refused or not claimed without
    it, at ``invoice`` for one passed on without saying on which invoice, and for a state that does not follow.
    """
    row = claimed(incident_id, customer_id)
    if step.state not in NEXT[row.state if row else None]:
        raise Invalid(_("The credit has gone another way meanwhile."))
    _demand_what_it_needs(step)
    if row is None:
        row = IncidentCredit(incident_id=incident_id, customer_id=customer_id)
        db.session.add(row)
    _take(row, step)
    _keep(row, user_id, now)
    return row


def take_back(row: IncidentCredit, reason: str, user_id: int | None, now: datetime) -> None:
    """The last step was a mistake: the credit stands as before it; both stay written, with the reason.

    Raises Invalid at ``reason`` without one, and where there is nothing to take back.
    """
    if row.state not in BEFORE:
        raise Invalid(_("There is no step to take back."))
    if not reason.strip():
        raise Invalid(_("Say why; the reason is kept."), "reason")
    match row.state:
        case CreditState.PASSED_ON:
            row.passed_on_on, row.invoice_reference = None, ""
        case CreditState.GRANTED | CreditState.REFUSED:
            row.decided_on, row.amount_cents = None, None
        case _:
            row.requested_on = None
    row.state, row.reason = BEFORE[row.state], ""
    _keep(row, user_id, now, taken_back=reason.strip())


def claimed(incident_id: int, customer_id: int) -> IncidentCredit | None:
    """The customer's credit for the incident, and for this transaction nobody else's to write."""
    # the incident's row: a credit that is not there yet can't be locked
    db.session.execute(sa.select(VendorIncident.id).where(VendorIncident.id == incident_id).with_for_update())
    rows = sa.select(IncidentCredit).where(
        IncidentCredit.incident_id == incident_id, IncidentCredit.customer_id == customer_id
    )
    return db.session.scalars(rows.execution_options(populate_existing=True)).one_or_none()


def settle_claims(ticket_id: int, begins_at: datetime, step: CreditStep, user_id: int | None, now: datetime) -> None:
    """What a ticket's claim deadline came to, for the credits that are to be claimed by it.

    Only of incidents whose claims can be made from ``begins_at`` (aware UTC): a ticket may claim for several months.
    """
    rows = sa.select(IncidentCredit.incident_id, IncidentCredit.customer_id).join(VendorIncident)
    rows = rows.where(IncidentCredit.ticket_id == ticket_id, IncidentCredit.state == CreditState.TO_REQUEST)
    rows = rows.where(VendorIncident.claim_begins_at == begins_at).order_by(IncidentCredit.id)
    for incident_id, customer_id in db.session.execute(rows).all():
        track_credit(incident_id, customer_id, step, user_id, now)


def _demand_what_it_needs(step: CreditStep) -> None:
    if step.state is _GRANTED and not step.amount_cents:
        raise Invalid(_("Write the amount that was granted."), "amount")
    if step.state in (_REFUSED, _NOT_CLAIMED) and not step.reason.strip():
        raise Invalid(_("Say why; the reason is kept."), "reason")
    if step.state is _PASSED_ON and not step.invoice_reference.strip():
        raise Invalid(_("Write the invoice or credit note on which the customer gets it."), "invoice")


def _take(row: IncidentCredit, step: CreditStep) -> None:
    row.state, row.reason = step.state, step.reason.strip()[:300]
    match step.state:
        case CreditState.TO_REQUEST:
            row.requested_on = None
        case CreditState.REQUESTED:
            row.requested_on, row.decided_on = step.on, None
        case CreditState.GRANTED:
            row.decided_on, row.amount_cents, row.currency = step.on, step.amount_cents, step.currency
        case CreditState.REFUSED:
            row.decided_on = step.on
        case CreditState.PASSED_ON:
            row.passed_on_on, row.invoice_reference = step.on, step.invoice_reference.strip()[:80]


def _keep(row: IncidentCredit, user_id: int | None, now: datetime, taken_back: str = "") -> None:
    row.updated_at, row.updated_by_id = now, user_id
    db.session.flush()
    db.session.add(
        IncidentCreditStep(
            credit_id=row.id,
            at=now,
            user_id=user_id,
            state=row.state,
            amount_cents=row.amount_cents,
            currency=row.currency,
            reason=taken_back or row.reason,
            invoice_reference=row.invoice_reference,
            is_taken_back=bool(taken_back),
        )
    )
    db.session.flush()
