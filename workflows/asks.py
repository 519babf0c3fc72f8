"""What a move's own form collects. A missing particular never greys the button; it is asked for."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from workflows.facts import N_, Facts, Reason, Reasons
from workflows.guards import NOT_OF_KIND, those
from workflows.vocabulary import (
    ActorKind,
    Particular,
    ResolutionCode,
    ReturnReason,
    TurnAwayReason,
    WithdrawReason,
)


@dataclass(frozen=True, slots=True)
class Ask:
    """One field of a move's form.

    ``sentence`` says what is asked (English, marked). ``choices`` is the enum of allowed values, or None
    for free text. ``unmet`` complains at the field; ``is_needed`` says whether this ticket needs it at all.
    """

    field: Particular
    sentence: str
    choices: type[StrEnum] | None
    unmet: Callable[[Facts], Reasons]
    is_needed: Callable[[Facts], bool]


def _always(_facts: Facts) -> bool:
    return True


def _text(field: Particular, sentence: str, missing: str, is_needed: Callable[[Facts], bool] = _always) -> Ask:
    def unmet(facts: Facts) -> Reasons:
        is_blank = not str(getattr(facts.particulars, field)).strip()
        return those((is_blank, Reason("particular_missing", missing, field=field)))

    return Ask(field, sentence, None, unmet, is_needed)


def _choice(field: Particular, sentence: str, missing: str, choices: type[StrEnum]) -> Ask:
    allowed = frozenset(member.value for member in choices)
    unknown = Reason("particular_unknown", N_("This is not one of the choices."), field=field)

    def unmet(facts: Facts) -> Reasons:
        given = str(getattr(facts.particulars, field))
        is_blank = not given.strip()
        return those(
            (is_blank, Reason("particular_missing", missing, field=field)),
            (not is_blank and given not in allowed, unknown),
        )

    return Ask(field, sentence, choices, unmet, _always)


def _target(facts: Facts) -> Reasons:
    def wrong(code: str, message_id: str) -> Reason:
        return Reason(code, message_id, field=Particular.TARGET)

    target = facts.particulars.target
    if target is None:
        return (wrong("target_unknown", N_("Give the number of a ticket that exists.")),)
    if target.is_this_ticket:
        return (wrong("target_is_this", N_("A ticket can't be merged into itself.")),)
    circular = wrong("target_merged_here", N_("That ticket was merged into this one."))
    elsewhere = wrong("target_of_another_customer", N_("That ticket belongs to another customer."))
    kind = {"kind": target.refused_kind}
    no_right = Reason("target_of_refused_kind", NOT_OF_KIND, kind, field=Particular.TARGET)
    return those(
        (target.refused_kind is not None, no_right),
        (not target.is_open, wrong("target_not_open", N_("That ticket is not open."))),
        (not target.is_same_customer, elsewhere),
        (target.is_merged_into_this, circular),
    )


turn_away_reason: Final = _choice(
    Particular.REASON, N_("why it is turned away"), N_("Choose why it is turned away."), TurnAwayReason
)
tier_reason: Final = _text(Particular.REASON, N_("why the channel changes"), N_("Say why the channel changes."))
return_reason: Final = _choice(
    Particular.REASON, N_("why it comes back"), N_("Choose why it comes back."), ReturnReason
)
resolution_code: Final = _choice(
    Particular.RESOLUTION_CODE,
    N_("how it was resolved"),
    N_("Choose how it was resolved."),
    ResolutionCode,
)
resolution_note: Final = _text(
    Particular.NOTE, N_("a note the contact can read"), N_("Write to the contact what solved it.")
)
left_open_reason: Final = _text(
    Particular.LEFT_OPEN_REASON,
    N_("why Microsoft's case stays open, if it does"),
    N_("Microsoft's case is still open: close it, or say why it stays open."),
    is_needed=lambda facts: facts.open_vendor_cases > 0,
)
reopen_reason: Final = _text(
    Particular.REASON,
    N_("from the desk: why it is reopened"),
    N_("Say why it is reopened."),
    is_needed=lambda facts: facts.actor.kind is ActorKind.STAFF,
)
withdraw_reason: Final = _choice(
    Particular.REASON, N_("why it is withdrawn"), N_("Choose why it is withdrawn."), WithdrawReason
)
merge_target: Final = Ask(
    Particular.TARGET,
    N_("an open ticket of the same customer, not merged into this one"),
    None,
    _target,
    _always,
)
