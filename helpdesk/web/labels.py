"""The words people read for every word of the vocabulary, in their language."""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache

from flask_babel import get_locale
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from workflows import vocabulary as v

LABELS: tuple[tuple[StrEnum, LazyString], ...] = (
    (v.Kind.BILLING, _l("Billing")),
    (v.Kind.TECHNICAL, _l("Technical")),
    (v.Service.AZURE, _l("Azure")),
    (v.Service.MICROSOFT365, _l("Microsoft 365")),
    (v.Service.DYNAMICS365, _l("Dynamics 365")),
    (v.Service.OTHER, _l("Something else")),
    (v.BillingQuestion.CHARGE, _l("A charge I don’t understand")),
    (v.BillingQuestion.INVOICE, _l("An invoice")),
    (v.BillingQuestion.PURCHASE, _l("Buying or adding licences")),
    (v.BillingQuestion.CANCELLATION, _l("Cancelling or giving licences back")),
    (v.BillingQuestion.REFUND, _l("A refund or credit")),
    (v.Level.HIGH, _l("High")),
    (v.Level.MEDIUM, _l("Medium")),
    (v.Level.LOW, _l("Low")),
    (v.Priority.P1, _l("P1")),
    (v.Priority.P2, _l("P2")),
    (v.Priority.P3, _l("P3")),
    (v.Priority.P4, _l("P4")),
    (v.State.INTAKE, _l("Intake")),
    (v.State.DIAGNOSIS, _l("Diagnosis")),
    (v.State.PARTNER_RESOLUTION, _l("Partner resolution")),
    (v.State.ESCALATED_COMMERCIAL, _l("With Microsoft: Commercial")),
    (v.State.ESCALATED_PREMIER, _l("With Microsoft: Premier")),
    (v.State.ESCALATED_ADVANCED, _l("With Microsoft: Advanced")),
    (v.State.ESCALATED_SIGNATURE, _l("With Microsoft: Signature")),
    (v.State.RESOLVED, _l("Resolved")),
    (v.State.CLOSED, _l("Closed")),
    (v.State.TURNED_AWAY, _l("Turned away")),
    (v.State.MERGED, _l("Merged")),
    (v.Trigger.START_DIAGNOSIS, _l("Start diagnosis")),
    (v.Trigger.TURN_AWAY, _l("Turn away")),
    (v.Trigger.START_RESOLUTION, _l("Start resolution")),
    (v.Trigger.ESCALATE_TO_COMMERCIAL, _l("Escalate to Commercial")),
    (v.Trigger.ESCALATE_TO_PREMIER, _l("Escalate to Premier")),
    (v.Trigger.ESCALATE_TO_ADVANCED, _l("Escalate to Advanced")),
    (v.Trigger.ESCALATE_TO_SIGNATURE, _l("Escalate to Signature")),
    (v.Trigger.RETURN_TO_PARTNER, _l("Take it back from Microsoft")),
    (v.Trigger.RESOLVE, _l("Resolve")),
    (v.Trigger.CLOSE, _l("Close")),
    (v.Trigger.REOPEN, _l("Reopen")),
    (v.Trigger.WITHDRAW, _l("Withdraw")),
    (v.Trigger.MERGE, _l("Merge")),
    (v.HoldCause.CUSTOMER, _l("Waiting for the customer")),
    (v.HoldCause.APPROVAL, _l("Waiting for an approval")),
    (v.HoldCause.SCHEDULED, _l("Scheduled")),
    (v.PauseCause.CUSTOMER, _l("Waiting for the customer")),
    (v.PauseCause.APPROVAL, _l("Waiting for an approval")),
    (v.PauseCause.SCHEDULED, _l("Scheduled")),
    (v.PauseCause.VENDOR, _l("With Microsoft")),
    (v.SpanReason.OPEN, _l("open hours")),
    (v.SpanReason.CLOSED, _l("outside our hours")),
    (v.SpanReason.HOLIDAY, _l("holiday")),
    (v.SpanReason.BREAK, _l("break")),
    (v.SpanReason.PAUSE, _l("paused")),
    (v.SpanReason.RESOLVED, _l("resolved or closed")),
    (v.ClockKind.FIRST_RESPONSE, _l("First response")),
    (v.ClockKind.NEXT_RESPONSE, _l("Next response")),
    (v.ClockKind.PERIODIC_UPDATE, _l("Periodic update")),
    (v.ClockKind.PICKUP, _l("Pickup")),
    (v.ClockKind.INTAKE, _l("Intake")),
    (v.ClockKind.DIAGNOSIS, _l("Diagnosis")),
    (v.ClockKind.PARTNER_RESOLUTION, _l("Partner resolution")),
    (v.ClockKind.RESOLUTION, _l("Resolution")),
    (v.ClockKind.VENDOR_RESPONSE, _l("Microsoft's response")),
    (v.ClockKind.VENDOR_UPDATE, _l("Microsoft's update")),
    (v.ClockState.NONE, _l("none")),
    (v.ClockState.RUNNING, _l("running")),
    (v.ClockState.PAUSED, _l("paused")),
    (v.ClockState.MET, _l("met")),
    (v.ClockState.CANCELLED, _l("cancelled")),
    (v.ChannelKind.COMMERCIAL, _l("Commercial")),
    (v.ChannelKind.PREMIER, _l("Premier")),
    (v.ChannelKind.ADVANCED, _l("Advanced")),
    (v.ChannelKind.SIGNATURE, _l("Signature")),
    (v.VendorCaseState.TO_OPEN, _l("To open")),
    (v.VendorCaseState.OPEN, _l("Microsoft’s turn")),
    (v.VendorCaseState.ATTENTION_NEEDED, _l("Our turn")),
    (v.VendorCaseState.CLOSED, _l("Closed")),
    (v.Severity.A, _l("A, critical")),
    (v.Severity.B, _l("B, moderate")),
    (v.Severity.C, _l("C, minimal")),
    (v.Boundary.OURS, _l("Ours to solve")),
    (v.Boundary.VENDORS, _l("Microsoft’s to solve")),
    (v.BoundaryReason.UNAVAILABLE, _l("The service is unavailable")),
    (v.BoundaryReason.UNDOCUMENTED, _l("A fault the documentation doesn’t know")),
    (v.BoundaryReason.BUG, _l("A bug in the product")),
    (v.BoundaryReason.LARGE_OUTAGE, _l("A large outage")),
    (v.BoundaryReason.REGIONAL, _l("A regional or multi-tenant problem")),
    (v.BoundaryReason.COMMERCIAL, _l("A price, invoice or purchase only Microsoft can settle")),
    (v.HealthResult.HEALTHY, _l("Healthy")),
    (v.HealthResult.ADVISORY, _l("An advisory is posted")),
    (v.HealthResult.INCIDENT, _l("An incident is posted")),
    (v.HealthResult.NOT_APPLICABLE, _l("Doesn’t apply")),
    (v.TurnAwayReason.NOT_OUR_CUSTOMER, _l("Not bought through us")),
    (v.TurnAwayReason.SPAM, _l("Spam")),
    (v.TurnAwayReason.NOT_A_REQUEST, _l("Not a support request")),
    (v.ReturnReason.VENDOR_ANSWERED, _l("Microsoft answered")),
    (v.ReturnReason.VENDOR_REFUSED, _l("Microsoft refused")),
    (v.ReturnReason.VENDOR_NEEDS_FINDINGS, _l("Microsoft needs what we must find")),
    (v.ResolutionCode.FIXED, _l("Fixed")),
    (v.ResolutionCode.ANSWERED, _l("Answered")),
    (v.ResolutionCode.WORKAROUND, _l("A workaround")),
    (v.ResolutionCode.VENDOR_FIXED, _l("Microsoft fixed it")),
    (v.ResolutionCode.CREDITED, _l("Credited or refunded")),
    (v.ResolutionCode.CANNOT_REPRODUCE, _l("Could not be reproduced")),
    (v.ResolutionCode.WILL_NOT_FIX, _l("Will not be changed")),
    (v.WithdrawReason.NO_LONGER_NEEDED, _l("No longer needed")),
    (v.WithdrawReason.SOLVED_BY_CONTACT, _l("The contact solved it")),
    (v.LinkKind.PARENT, _l("Part of")),
    (v.LinkKind.FOLLOW_UP, _l("Follow-up of")),
    (v.LinkKind.RELATED, _l("Related to")),
    (v.Turn.OURS, _l("Our turn")),
    (v.Turn.CUSTOMER, _l("Their turn")),
    (v.Turn.VENDOR, _l("Microsoft’s turn")),
    (v.Source.WEB, _l("by the form")),
    (v.Source.MAIL, _l("by mail")),
    (v.Source.PHONE, _l("by phone")),
    (v.Source.API, _l("by the API")),
    (v.Source.SYSTEM, _l("by the desk itself")),
    (v.Role.AGENT, _l("Helpdesk agent")),
    (v.Role.LEAD, _l("Lead")),
    (v.Role.MANAGER, _l("Manager")),
    (v.Role.BILLING_ADMIN, _l("Billing admin")),
    (v.Role.SALES_AGENT, _l("Sales agent")),
    (v.Role.USER_ADMIN, _l("User management admin")),
    (v.Role.ADMIN, _l("Global admin")),
    (v.BreachCause.CAPACITY, _l("Too much work for the people there")),
    (v.BreachCause.HANDOVER, _l("Lost in a handover")),
    (v.BreachCause.MISROUTED, _l("Filed or routed wrongly")),
    (v.BreachCause.VENDOR, _l("Microsoft was late")),
    (v.BreachCause.CUSTOMER, _l("The customer was late")),
    (v.BreachCause.OUTAGE, _l("An outage")),
    (v.BreachCause.TARGET_UNREALISTIC, _l("The target can’t be kept")),
    (v.BreachCause.OTHER, _l("Something else")),
)

# Keyed by class and value: members of two enums with the same value are equal, so State.INTAKE and
# ClockKind.INTAKE would share an entry.
_BY_WORD = {(type(word), word.value): text for word, text in LABELS}


def label(word: StrEnum | None) -> str:
    """The text for ``word`` in the reader's language; empty for None. Raises KeyError for a word without one."""
    if word is None:
        return ""
    locale = get_locale()
    return _in_language(locale.language if locale is not None else "", type(word), word.value)


@lru_cache(maxsize=4 * len(LABELS))
def _in_language(_language: str, of: type[StrEnum], value: str) -> str:
    """Kept for good, since a page of the queue asks three hundred times; the language is the reader's own."""
    return str(_BY_WORD[of, value])
