"""Facts of a ticket for which every door is open, to close one at a time."""

from dataclasses import replace
from typing import Any

from workflows.facts import AGENT, CONTACT, SCHEDULER, Actor, Diagnosis, Facts, MergeTarget, Particulars
from workflows.vocabulary import (
    Boundary,
    BoundaryReason,
    ChannelKind,
    HealthResult,
    Kind,
    Level,
    ResolutionCode,
    ReturnReason,
    Service,
    Trigger,
    TurnAwayReason,
    WithdrawReason,
)

DIAGNOSED = Diagnosis(
    health=HealthResult.HEALTHY,
    findings="The gateway drops every tenth packet.",
    tried="Restarted it; moved it to another zone.",
    boundary=Boundary.VENDORS,
    boundary_reason=BoundaryReason.BUG,
)
REASON_FOR = {
    Trigger.TURN_AWAY: TurnAwayReason.SPAM,
    Trigger.RETURN_TO_PARTNER: ReturnReason.VENDOR_ANSWERED,
    Trigger.WITHDRAW: WithdrawReason.NO_LONGER_NEEDED,
}


def ready(kind: Kind, actor: Actor = AGENT, **changes: Any) -> Facts:
    """Every guard is met, nothing is typed into any form."""
    facts = Facts(
        kind=kind,
        actor=actor,
        service=Service.AZURE,
        impact=Level.HIGH,
        urgency=Level.LOW,
        has_topic=True,
        is_customer_confirmed=True,
        has_assignee=True,
        diagnosis=DIAGNOSED,
        is_reopen_window_open=True,
        is_quiet_over=True,
        channels=dict.fromkeys(ChannelKind, ()),
        packs=dict.fromkeys(ChannelKind, 100),
    )
    return replace(facts, **changes)


def filled(trigger: Trigger, **changes: Any) -> Particulars:
    """The move's form as a careful person fills it."""
    form = Particulars(
        reason=REASON_FOR.get(trigger, "It came back after the update."),
        resolution_code=ResolutionCode.FIXED,
        note="We replaced the gateway; please try again.",
        target=MergeTarget(is_open=True, is_same_customer=True),
    )
    return replace(form, **changes)


def whole(kind: Kind, trigger: Trigger, actor: Actor | None = None, **changes: Any) -> Facts:
    """Guards met and form filled, asked by somebody who may."""
    by = actor or (CONTACT if trigger is Trigger.CLOSE else AGENT)
    return ready(kind, by, **{"particulars": filled(trigger), **changes})


__all__ = ["AGENT", "CONTACT", "DIAGNOSED", "SCHEDULER", "filled", "ready", "whole"]
