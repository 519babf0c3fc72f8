"""Every word the desk uses for a state, a move, a clock or a cause, spelled once.

Each enum is stored by its value. Texts people read are made from these values in
``helpdesk/web/labels.py``, never from the member's name.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Kind(StrEnum):
    """What a ticket is about; decides its workflow and the way to the vendor."""

    BILLING = "billing"
    TECHNICAL = "technical"


class Service(StrEnum):
    AZURE = "azure"
    MICROSOFT365 = "microsoft365"
    DYNAMICS365 = "dynamics365"
    OTHER = "other"


class BillingQuestion(StrEnum):
    """What a customer asks for in a billing ticket, as the form offers it."""

    CHARGE = "charge"
    INVOICE = "invoice"
    PURCHASE = "purchase"
    CANCELLATION = "cancellation"
    REFUND = "refund"


class Level(StrEnum):
    """A degree of impact or of urgency."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Priority(StrEnum):
    P1 = "p1"
    P2 = "p2"
    P3 = "p3"
    P4 = "p4"


class State(StrEnum):
    INTAKE = "intake"
    DIAGNOSIS = "diagnosis"
    PARTNER_RESOLUTION = "partner_resolution"
    ESCALATED_COMMERCIAL = "escalated_commercial"
    ESCALATED_PREMIER = "escalated_premier"
    ESCALATED_ADVANCED = "escalated_advanced"
    ESCALATED_SIGNATURE = "escalated_signature"
    RESOLVED = "resolved"
    CLOSED = "closed"
    TURNED_AWAY = "turned_away"
    MERGED = "merged"


ESCALATED_STATES = frozenset(
    {
        State.ESCALATED_COMMERCIAL,
        State.ESCALATED_PREMIER,
        State.ESCALATED_ADVANCED,
        State.ESCALATED_SIGNATURE,
    }
)
OPEN_STATES = frozenset({State.INTAKE, State.DIAGNOSIS, State.PARTNER_RESOLUTION}) | ESCALATED_STATES
ENDED_STATES = frozenset({State.CLOSED, State.TURNED_AWAY, State.MERGED})


class Trigger(StrEnum):
    """A move somebody asks for (imperative)."""

    START_DIAGNOSIS = "start_diagnosis"
    TURN_AWAY = "turn_away"
    START_RESOLUTION = "start_resolution"
    ESCALATE_TO_COMMERCIAL = "escalate_to_commercial"
    ESCALATE_TO_PREMIER = "escalate_to_premier"
    ESCALATE_TO_ADVANCED = "escalate_to_advanced"
    ESCALATE_TO_SIGNATURE = "escalate_to_signature"
    RETURN_TO_PARTNER = "return_to_partner"
    RESOLVE = "resolve"
    CLOSE = "close"
    REOPEN = "reopen"
    WITHDRAW = "withdraw"
    MERGE = "merge"


class ActorKind(StrEnum):
    """Who asks for a move; what staff may do besides comes from their roles."""

    STAFF = "staff"
    CONTACT = "contact"
    SCHEDULER = "scheduler"


class Particular(StrEnum):
    """What a move's own form asks for: the name of the form field."""

    REASON = "reason"
    RESOLUTION_CODE = "resolution_code"
    NOTE = "note"
    LEFT_OPEN_REASON = "left_open_reason"
    TARGET = "target"


class Mend(StrEnum):
    """What would open a closed move, so that a page can lead there."""

    ASSIGN = "assign"
    BOUNDARY = "boundary"
    CHANNELS = "channels"
    CHILDREN = "children"
    CLASSIFY = "classify"
    CUSTOMER = "customer"
    DIAGNOSIS = "diagnosis"
    ENTITLEMENTS = "entitlements"
    FOLLOW_UP = "follow_up"
    PACK = "pack"
    RIGHTS = "rights"
    VENDOR_CASE = "vendor_case"


class EventKind(StrEnum):
    """What happened to a ticket (past): the word in its append-only history."""

    CREATED = "created"
    # moves, one for each trigger
    DIAGNOSIS_STARTED = "diagnosis_started"
    TURNED_AWAY = "turned_away"
    RESOLUTION_STARTED = "resolution_started"
    ESCALATED = "escalated"
    RETURNED_TO_PARTNER = "returned_to_partner"
    RESOLVED = "resolved"
    CLOSED = "closed"
    REOPENED = "reopened"
    WITHDRAWN = "withdrawn"
    MERGED = "merged"
    # what was said
    CONTACT_WROTE = "contact_wrote"
    REPLIED = "replied"
    NOTED = "noted"
    # what was changed
    ASSIGNED = "assigned"
    UNASSIGNED = "unassigned"
    HELD = "held"
    RELEASED = "released"
    CUSTOMER_CONFIRMED = "customer_confirmed"
    CLASSIFIED = "classified"
    KIND_CHANGED = "kind_changed"
    DIAGNOSIS_RECORDED = "diagnosis_recorded"
    PRIORITY_OVERRIDDEN = "priority_overridden"
    PRIORITY_OVERRIDE_CLEARED = "priority_override_cleared"
    FACTS_CHANGED = "facts_changed"
    TERMS_CHANGED = "terms_changed"
    LINKED = "linked"
    TAGS_CHANGED = "tags_changed"
    REMINDED = "reminded"
    TRACKER_ISSUED = "tracker_issued"
    TRACKER_REVOKED = "tracker_revoked"
    GUARD_OVERRIDDEN = "guard_overridden"
    PACK_RECORDED = "pack_recorded"
    ATTACHMENT_CHECKED = "attachment_checked"
    # the vendor's case
    VENDOR_CASE_OPENED = "vendor_case_opened"
    VENDOR_NUMBER_RECORDED = "vendor_number_recorded"
    VENDOR_NOTED = "vendor_noted"
    VENDOR_CHASED = "vendor_chased"
    VENDOR_CASE_CHANGED = "vendor_case_changed"
    # windows that money hangs on, and outages
    MONEY_SET = "money_set"
    MONEY_ENDED = "money_ended"
    MONEY_WARNED = "money_warned"
    MONEY_MISSED = "money_missed"
    MONEY_CORRECTED = "money_corrected"
    MONEY_MOVED = "money_moved"
    MONEY_RESUMED = "money_resumed"
    INCIDENT_LINKED = "incident_linked"
    INCIDENT_UNLINKED = "incident_unlinked"
    # what the clocks did, so that the timeline tells it
    CLOCK_WARNED = "clock_warned"
    CLOCK_BREACHED = "clock_breached"
    CLOCK_LADDERED = "clock_laddered"
    ESCALATION_DUE = "escalation_due"
    BREACH_REVIEWED = "breach_reviewed"


class HoldCause(StrEnum):
    """Why a ticket waits while it stays in its state."""

    CUSTOMER = "customer"
    APPROVAL = "approval"
    SCHEDULED = "scheduled"


class PauseCause(StrEnum):
    """What may pause a clock: the hold causes, and the vendor's turn."""

    CUSTOMER = "customer"
    APPROVAL = "approval"
    SCHEDULED = "scheduled"
    VENDOR = "vendor"


class SpanReason(StrEnum):
    """Why a span of time counted or not (a pause's own cause takes the place of PAUSE)."""

    OPEN = "open"
    CLOSED = "closed"
    HOLIDAY = "holiday"
    BREAK = "break"
    PAUSE = "pause"
    RESOLVED = "resolved"  # a clock stood still while its ticket was resolved, closed or turned away


class ClockKind(StrEnum):
    FIRST_RESPONSE = "first_response"
    NEXT_RESPONSE = "next_response"
    PERIODIC_UPDATE = "periodic_update"
    PICKUP = "pickup"
    INTAKE = "intake"
    DIAGNOSIS = "diagnosis"
    PARTNER_RESOLUTION = "partner_resolution"
    RESOLUTION = "resolution"
    VENDOR_RESPONSE = "vendor_response"
    VENDOR_UPDATE = "vendor_update"


class ClockState(StrEnum):
    NONE = "none"
    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    CANCELLED = "cancelled"


class ClockChange(StrEnum):
    """What happened to a clock (past): the word in its append-only history."""

    STARTED = "started"
    PAUSED = "paused"
    RESUMED = "resumed"
    RETARGETED = "retargeted"
    WARNED = "warned"
    SKIPPED = "skipped"
    BREACHED = "breached"
    LADDERED = "laddered"
    MET = "met"
    CANCELLED = "cancelled"
    ENDED_WITHOUT_SLA = "ended_without_sla"


class LadderRole(StrEnum):
    """Whom a level of the ladder tells."""

    ASSIGNEE = "assignee"
    LEAD = "lead"  # of the ticket's team
    MANAGER = "manager"  # every manager
    ON_CALL = "on_call"  # whoever has the turn in the rota of the ticket's team


class LadderAct(StrEnum):
    """What a level of the ladder does besides telling."""

    ASSIGN_TO_LEAD = "assign_to_lead"
    RAISE_PRIORITY = "raise_priority"  # by one, up to p1
    ESCALATE = "escalate"  # by itself where it may, else the ticket is marked "escalation due"


class RevisionState(StrEnum):
    """How far a change of policies or calendars has come."""

    COUNTING = "counting"  # what it would do to the open tickets
    COUNTED = "counted"  # somebody may confirm it
    APPLYING = "applying"
    APPLIED = "applied"
    DROPPED = "dropped"


class RevisionEffect(StrEnum):
    """What a change of policies or calendars does to a promise, or to a ticket; of several the first counts."""

    BREACHES = "breaches"  # late at once, by the new terms
    EARLIER = "earlier"
    LATER = "later"
    PROMISED = "promised"  # what was not
    UNPROMISED = "unpromised"
    SAME = "same"  # the deadlines stay; warnings, the ladder or pauses to come change


OPEN_REVISIONS = frozenset({RevisionState.COUNTING, RevisionState.APPLYING})


class SlaEvent(StrEnum):
    """Types of the events that ``sla.evaluate`` reads."""

    CREATE = "create"
    CONTACT_MESSAGE = "contact_message"
    PUBLIC_REPLY = "public_reply"
    INTERNAL_NOTE = "internal_note"
    HOLD = "hold"
    RELEASE = "release"
    STATE = "state"
    ASSIGNED = "assigned"
    TARGETS = "targets"
    CALENDAR = "calendar"
    VENDOR_CASE_OPENED = "vendor_case_opened"
    VENDOR_NOTE = "vendor_note"
    VENDOR_CASE = "vendor_case"


class SlaParty(StrEnum):
    """Who opened a ticket or wrote a vendor note, as far as a clock cares."""

    CONTACT = "contact"
    AGENT = "agent"
    VENDOR = "vendor"
    DESK = "desk"


class LedgerOwner(StrEnum):
    """Whom or what a minute of a ticket belongs to."""

    INTAKE = "intake"
    DIAGNOSIS = "diagnosis"
    PARTNER_RESOLUTION = "partner_resolution"
    VENDOR_COMMERCIAL = "vendor_commercial"
    VENDOR_PREMIER = "vendor_premier"
    VENDOR_ADVANCED = "vendor_advanced"
    VENDOR_SIGNATURE = "vendor_signature"
    CUSTOMER = "customer"
    APPROVAL = "approval"
    SCHEDULED = "scheduled"
    RESOLVED = "resolved"  # also closed or turned away before a reopening
    CLOSED_HOURS = "closed_hours"


class ChannelKind(StrEnum):
    """A vehicle to the vendor. Kinds are code, names and terms are rows."""

    COMMERCIAL = "commercial"
    PREMIER = "premier"
    ADVANCED = "advanced"
    SIGNATURE = "signature"


CHANNEL_OF_STATE: Final[Mapping[State, ChannelKind]] = MappingProxyType(
    {
        State.ESCALATED_COMMERCIAL: ChannelKind.COMMERCIAL,
        State.ESCALATED_PREMIER: ChannelKind.PREMIER,
        State.ESCALATED_ADVANCED: ChannelKind.ADVANCED,
        State.ESCALATED_SIGNATURE: ChannelKind.SIGNATURE,
    }
)
CHANNEL_OF_TRIGGER: Final[Mapping[Trigger, ChannelKind]] = MappingProxyType(
    {
        Trigger.ESCALATE_TO_COMMERCIAL: ChannelKind.COMMERCIAL,
        Trigger.ESCALATE_TO_PREMIER: ChannelKind.PREMIER,
        Trigger.ESCALATE_TO_ADVANCED: ChannelKind.ADVANCED,
        Trigger.ESCALATE_TO_SIGNATURE: ChannelKind.SIGNATURE,
    }
)


class VendorCaseState(StrEnum):
    TO_OPEN = "to_open"
    OPEN = "open"
    ATTENTION_NEEDED = "attention_needed"
    CLOSED = "closed"


class Severity(StrEnum):
    """The vendor's severities: A critical, B moderate, C minimal."""

    A = "critical"
    B = "moderate"
    C = "minimal"


class Boundary(StrEnum):
    """Whose fault it is, by the baseline support boundaries."""

    OURS = "ours"
    VENDORS = "vendors"


class BoundaryReason(StrEnum):
    """Why a fault is the vendor's."""

    UNAVAILABLE = "unavailable"
    UNDOCUMENTED = "undocumented"
    BUG = "bug"
    LARGE_OUTAGE = "large_outage"
    REGIONAL = "regional"
    COMMERCIAL = "commercial"  # a price, invoice, purchase or refund only the vendor can settle


class PackItem(StrEnum):
    """What the vendor may ask for when a case is opened."""

    TENANT = "tenant"
    SUBSCRIPTION = "subscription"
    DOMAIN = "domain"
    TITLE = "title"
    DESCRIPTION = "description"
    BUSINESS_IMPACT = "business_impact"
    SEVERITY = "severity"
    FIRST_SEEN = "first_seen"
    SCOPE = "scope"
    REPRO_STEPS = "repro_steps"
    ERROR_TEXT = "error_text"
    CORRELATION_IDS = "correlation_ids"
    SERVICE_HEALTH = "service_health"
    TRIED = "tried"
    DESK_CONTACT = "desk_contact"
    DESK_LANGUAGE = "desk_language"
    DESK_TIME_ZONE = "desk_time_zone"
    PLAN = "plan"
    DIAGNOSTICS_CONSENT = "diagnostics_consent"
    ATTACHMENTS_CHECKED = "attachments_checked"


class PersonalData(StrEnum):
    """What a file may hold that the vendor must not get."""

    COOKIE = "cookie"
    AUTHORIZATION = "authorization"  # a header that signs somebody in
    TOKEN = "token"  # noqa: S105 - a kind of find, no secret
    EMAIL = "email"
    PHONE = "phone"
    PAYMENT = "payment"  # a card's or an account's number
    ENCODED = "encoded"  # a part in base64 that is no text, so that nobody can search it


class AttachmentVerdict(StrEnum):
    """What became of an attachment's check for personal data."""

    CLEAN = "clean"  # searched by the desk: nothing found
    FOUND = "found"  # something found, nobody has decided yet
    REDACTED = "redacted"  # a copy without it goes into the pack
    LOOKED_THROUGH = "looked_through"  # by a person, who lets it go as it is
    LEFT_OUT = "left_out"


class PartnerKind(StrEnum):
    """How the desk stands in the vendor's programme."""

    DIRECT_BILL = "direct_bill"
    INDIRECT_PROVIDER = "indirect_provider"
    INDIRECT_RESELLER = "indirect_reseller"


class RightKind(StrEnum):
    """What a customer grants the desk, so that it may act for them."""

    DELEGATED_ADMIN = "delegated_admin"
    SUPPORT_REQUEST = "support_request"  # on Azure subscriptions
    RESELLER_RELATIONSHIP = "reseller_relationship"


class BoughtHere(StrEnum):
    """Whether the product was bought through the desk, as the customer says."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class EntitlementChange(StrEnum):
    """A row of an entitlement's ledger."""

    USED = "used"
    REFUNDED = "refunded"
    CORRECTED = "corrected"
    EXPIRED = "expired"


class RefundReason(StrEnum):
    """Why the vendor gave an incident back."""

    DUPLICATE = "duplicate"
    BUG = "bug"
    OTHER = "other"


class ChannelFigure(StrEnum):
    """What of a channel has a source of its own, so that it can be checked again."""

    NAME = "name"
    COVERS = "covers"
    FEE = "fee"
    RESPONSE = "response"
    INCIDENTS = "incidents"


class MoneyPurpose(StrEnum):
    """What must be asked of the vendor before a window ends."""

    CANCELLATION = "cancellation"
    REFUND = "refund"
    CREDIT_CLAIM = "credit_claim"


class MoneyUnit(StrEnum):
    """What a window's length is counted in."""

    HOURS = "hours"
    DAYS = "days"
    MONTHS = "months"


class MoneyStart(StrEnum):
    """What a window counts from."""

    MOMENT = "moment"
    BILLING_MONTH_END = "billing_month_end"


class MoneyState(StrEnum):
    """How a money deadline stands; ``LAPSED``: its ticket ended before it."""

    OPEN = "open"
    MET = "met"
    MISSED = "missed"
    WAIVED = "waived"
    LAPSED = "lapsed"


class CreditState(StrEnum):
    """What became of a service credit: it belongs to the customer, so a granted one must be passed on."""

    TO_REQUEST = "to_request"  # the desk will ask, by a ticket
    REQUESTED = "requested"
    GRANTED = "granted"
    REFUSED = "refused"
    PASSED_ON = "passed_on"
    NOT_CLAIMED = "not_claimed"  # the desk won't ask, for a reason


class HealthResult(StrEnum):
    """What the vendor's service health page said."""

    HEALTHY = "healthy"
    ADVISORY = "advisory"
    INCIDENT = "incident"
    NOT_APPLICABLE = "not_applicable"


class TurnAwayReason(StrEnum):
    NOT_OUR_CUSTOMER = "not_our_customer"
    SPAM = "spam"
    NOT_A_REQUEST = "not_a_request"


class ReturnReason(StrEnum):
    VENDOR_ANSWERED = "vendor_answered"
    VENDOR_REFUSED = "vendor_refused"
    VENDOR_NEEDS_FINDINGS = "vendor_needs_findings"


class ResolutionCode(StrEnum):
    FIXED = "fixed"
    ANSWERED = "answered"
    WORKAROUND = "workaround"
    VENDOR_FIXED = "vendor_fixed"
    CREDITED = "credited"
    CANNOT_REPRODUCE = "cannot_reproduce"
    WILL_NOT_FIX = "will_not_fix"


class WithdrawReason(StrEnum):
    NO_LONGER_NEEDED = "no_longer_needed"
    SOLVED_BY_CONTACT = "solved_by_contact"
    NO_ANSWER = "no_answer"  # what we asked stayed unanswered, reminders and all


class LinkKind(StrEnum):
    PARENT = "parent"  # the ticket waits for its child
    FOLLOW_UP = "follow_up"  # a reply to a closed ticket
    RELATED = "related"


class Turn(StrEnum):
    """Whose turn it is to act."""

    OURS = "ours"
    CUSTOMER = "customer"
    VENDOR = "vendor"


class Source(StrEnum):
    """The door a ticket or message came through."""

    WEB = "web"
    MAIL = "mail"
    PHONE = "phone"
    API = "api"
    SYSTEM = "system"


class Role(StrEnum):
    AGENT = "agent"
    LEAD = "lead"
    MANAGER = "manager"
    BILLING_ADMIN = "billing_admin"
    SALES_AGENT = "sales_agent"
    USER_ADMIN = "user_admin"
    ADMIN = "admin"


class BreachCause(StrEnum):
    """Cause codes a manager gives a breach in review."""

    CAPACITY = "capacity"
    HANDOVER = "handover"
    MISROUTED = "misrouted"
    VENDOR = "vendor"
    CUSTOMER = "customer"
    OUTAGE = "outage"
    TARGET_UNREALISTIC = "target_unrealistic"
    OTHER = "other"
