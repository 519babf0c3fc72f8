"""The conditions of the moves: each is a name, a sentence for people, and why it is not met.

A guard answers every part that is missing, so that nobody has to try again to learn the next.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from workflows.facts import N_, Facts, Reason, Reasons
from workflows.vocabulary import ActorKind, ChannelKind, Kind, Mend


@dataclass(frozen=True, slots=True)
class Guard:
    """``sentence`` says what must hold (English, marked); ``unmet`` answers what of it does not."""

    sentence: str
    unmet: Callable[[Facts], Reasons]


def guard(sentence: str) -> Callable[[Callable[[Facts], Reasons]], Guard]:
    """Turn a function into a guard that carries its sentence."""
    return lambda unmet: Guard(sentence, unmet)


def those(*found: tuple[bool, Reason]) -> Reasons:
    """The reasons whose condition is true, in the order given."""
    return tuple(reason for is_unmet, reason in found if is_unmet)


@guard(N_("the customer is confirmed"))
def customer_is_confirmed(facts: Facts) -> Reasons:
    unconfirmed = Reason("customer_unconfirmed", N_("Nobody has confirmed the customer yet."), mend=Mend.CUSTOMER)
    return those((not facts.is_customer_confirmed, unconfirmed))


@guard(N_("kind, service, impact, urgency and topic are chosen"))
def ticket_is_classified(facts: Facts) -> Reasons:
    def missing(code: str, message_id: str) -> Reason:
        return Reason(code, message_id, mend=Mend.CLASSIFY)

    return those(
        (facts.service is None, missing("service_missing", N_("The service is not chosen yet."))),
        (facts.impact is None, missing("impact_missing", N_("The impact is not chosen yet."))),
        (facts.urgency is None, missing("urgency_missing", N_("The urgency is not chosen yet."))),
        (not facts.has_topic, missing("topic_missing", N_("The topic is not chosen yet."))),
    )


@guard(N_("somebody has the ticket"))
def somebody_has_it(facts: Facts) -> Reasons:
    nobody = Reason("assignee_missing", N_("Nobody has the ticket yet."), mend=Mend.ASSIGN)
    return those((not facts.has_assignee, nobody))


@guard(N_("the diagnosis is complete: service health, findings, what was tried, boundary"))
def diagnosis_is_complete(facts: Facts) -> Reasons:
    def missing(code: str, message_id: str) -> Reason:
        return Reason(code, message_id, mend=Mend.DIAGNOSIS)

    record = facts.diagnosis
    return those(
        (record.health is None, missing("health_unchecked", N_("Service health has not been checked."))),
        (not record.findings.strip(), missing("findings_missing", N_("The diagnosis has no findings."))),
        (not record.tried.strip(), missing("tried_missing", N_("The diagnosis doesn't say what was tried."))),
        (record.boundary is None, missing("boundary_undecided", N_("Ours or Microsoft's: not decided yet."))),
    )


def _channel_is_open(channel: ChannelKind, sentence: str) -> Guard:
    not_set_up = Reason(
        "channel_not_set_up",
        N_("The channel %(channel)s is not set up."),
        {"channel": channel},
        mend=Mend.CHANNELS,
    )

    def unmet(facts: Facts) -> Reasons:
        return tuple(facts.channels.get(channel, (not_set_up,)))

    return Guard(sentence, unmet)


commercial_is_open = _channel_is_open(ChannelKind.COMMERCIAL, N_("the commercial channel is open to this ticket"))
premier_is_open = _channel_is_open(ChannelKind.PREMIER, N_("the Premier channel is open to this ticket"))
advanced_is_open = _channel_is_open(ChannelKind.ADVANCED, N_("the Advanced channel is open to this ticket"))
signature_is_open = _channel_is_open(ChannelKind.SIGNATURE, N_("the Signature channel is open to this ticket"))


def _pack_is_complete(channel: ChannelKind) -> Guard:
    def unmet(facts: Facts) -> Reasons:
        percent = facts.packs.get(channel, 100)
        incomplete = Reason(
            "pack_incomplete",
            N_("The escalation pack is %(percent)s %% complete; all of it is needed."),
            {"percent": percent},
            mend=Mend.PACK,
            is_overridable=True,
        )
        return those((percent < 100 and not facts.pack_override.strip(), incomplete))

    return Guard(N_("the escalation pack is complete, or a lead passed it with a reason"), unmet)


commercial_pack_is_complete = _pack_is_complete(ChannelKind.COMMERCIAL)
premier_pack_is_complete = _pack_is_complete(ChannelKind.PREMIER)
advanced_pack_is_complete = _pack_is_complete(ChannelKind.ADVANCED)
signature_pack_is_complete = _pack_is_complete(ChannelKind.SIGNATURE)


@guard(N_("no child ticket is open"))
def no_child_is_open(facts: Facts) -> Reasons:
    waiting = Reason(
        "children_open",
        N_("Child tickets still open: %(count)s."),
        {"count": facts.open_children},
        mend=Mend.CHILDREN,
    )
    return those((facts.open_children > 0, waiting))


@guard(N_("the time for reopening is not over"))
def reopening_is_in_time(facts: Facts) -> Reasons:
    late = Reason(
        "reopen_window_over",
        N_("The time for reopening is over; open a follow-up instead."),
        mend=Mend.FOLLOW_UP,
    )
    return those((not facts.is_reopen_window_open, late))


@guard(N_("the contact confirms, or the quiet period is over"))
def confirmed_or_quiet(facts: Facts) -> Reasons:
    early = Reason("quiet_period_running", N_("The quiet period is not over yet."))
    is_early = facts.actor.kind is ActorKind.SCHEDULER and not facts.is_quiet_over
    return those((is_early, early))


@guard(N_("a person asks; or our reminders stayed unanswered, and no case with Microsoft is open"))
def asked_or_waited(facts: Facts) -> Reasons:
    early = Reason("wait_running", N_("The customer still has time to answer."))
    waiting = Reason("vendor_case_open", N_("Microsoft's case is still open: a person decides what becomes of it."))
    is_by_time = facts.actor.kind is ActorKind.SCHEDULER
    return those((is_by_time and not facts.is_wait_over, early), (is_by_time and facts.open_vendor_cases > 0, waiting))


NOT_FOR = {
    ActorKind.STAFF: Reason(
        "not_for_staff",
        N_("This happens when the contact confirms, or by itself when the quiet period is over."),
    ),
    ActorKind.CONTACT: Reason("not_for_contacts", N_("Only the desk can do this.")),
    ActorKind.SCHEDULER: Reason("not_for_the_scheduler", N_("Only a person can do this.")),
}


NOT_OF_KIND: Final = N_("Your role doesn't move %(kind)s tickets.")


def may_ask(who: frozenset[ActorKind], facts: Facts) -> Reasons:
    """Whether this kind of person may ask for the move, and staff by their roles.

    A billing_admin, say, is told so on a technical ticket.
    """
    actor = facts.actor
    if actor.kind not in who:
        return (NOT_FOR[actor.kind],)
    no_right = Reason("role_may_not_move", NOT_OF_KIND, {"kind": Kind(facts.kind)})
    return those((actor.kind is ActorKind.STAFF and not actor.may_move, no_right))
