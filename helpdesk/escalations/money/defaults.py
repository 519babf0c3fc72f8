"""The vendor's windows as published; each with its source, so that it can be checked again."""

from __future__ import annotations

import sqlalchemy as sa

from helpdesk.database import db
from helpdesk.escalations.money.models import MoneyWindow
from workflows.vocabulary import MoneyPurpose, MoneyStart, MoneyUnit, Service

_CANCELLATION = "Partner Center, New commerce cancellation policy: within 7 days of purchase or renewal"
_CREDITS = "Partner Center, Request a credit"
_OTHERS = (Service.MICROSOFT365, Service.DYNAMICS365, Service.OTHER)

_MOMENT, _MONTH = MoneyStart.MOMENT, MoneyStart.BILLING_MONTH_END
_CANCEL, _REFUND, _CLAIM = MoneyPurpose.CANCELLATION, MoneyPurpose.REFUND, MoneyPurpose.CREDIT_CLAIM
_HOURS, _DAYS, _MONTHS = MoneyUnit.HOURS, MoneyUnit.DAYS, MoneyUnit.MONTHS

# fmt: off
WINDOWS = (
    ("New-commerce seats: cancel or reduce",   _CANCEL, (),               7,   _DAYS,   _MOMENT, _CANCELLATION),
    ("Marketplace, monthly term: cancel",      _CANCEL, (),               24,  _HOURS,  _MOMENT, _CREDITS),
    ("Marketplace, yearly term: cancel",       _CANCEL, (),               14,  _DAYS,   _MOMENT, _CREDITS),
    ("Perpetual software: return",             _REFUND, (),               30,  _DAYS,   _MOMENT, _CREDITS),
    ("Duplicate order: refund",                _REFUND, (),               120, _DAYS,   _MOMENT, _CREDITS),
    ("SLA credit, Azure: claim",               _CLAIM,  (Service.AZURE,), 2,   _MONTHS, _MONTH,  _CREDITS),
    ("SLA credit, other services: claim",      _CLAIM,  _OTHERS,          1,   _MONTHS, _MONTH,  _CREDITS),
)
# fmt: on


def install() -> None:
    """Write the windows unless the desk has any already, in the caller's unit of work."""
    if db.session.scalar(sa.select(MoneyWindow.id).limit(1)) is None:
        db.session.add_all(
            MoneyWindow(
                name=name,
                purpose=purpose,
                services=[str(service) for service in services],
                length=length,
                unit=unit,
                counts_from=counts_from,
                source=source,
            )
            for name, purpose, services, length, unit, counts_from, source in WINDOWS
        )
