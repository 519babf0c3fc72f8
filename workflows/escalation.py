"""Which support channels are open to a ticket, and why the others are not.

Everything a channel demands is judged before anyone presses anything, and every unmet demand is named.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import Final

from workflows.channels import KIND_OF, Channel, Entitlement, Standing
from workflows.facts import N_, Facts, Reason, Reasons
from workflows.guards import those
from workflows.rights import right_reasons
from workflows.vocabulary import Boundary, ChannelKind, Kind, Mend, Priority, Service, Severity

SEVERITY_OF: Final[Mapping[Priority, Severity]] = MappingProxyType(
    {
        Priority.P1: Severity.A,
        Priority.P2: Severity.B,
        Priority.P3: Severity.C,
        Priority.P4: Severity.C,
    }
)


@dataclass(frozen=True, slots=True)
class ChannelVerdict:
    """What the product says of one channel for one ticket on one day."""

    kind: ChannelKind
    is_open: bool
    reasons: Reasons
    is_recommended: bool = False
    recommendation: Reason | None = None
    cost: str = ""
    cost_rank: int = 0
    needs_entitlement: bool = True
    entitlement: Entitlement | None = None
    incidents_left: int | None = None
    runs_out_on: date | None = None

    @property
    def incidents_after(self) -> int | None:
        """How many incidents are left after this ticket has taken one; None when they are not counted."""
        return None if self.incidents_left is None else max(0, self.incidents_left - 1)


def verdicts(
    facts: Facts,
    channels: Iterable[Channel],
    entitlements: Iterable[Entitlement],
    on: date,
    standing: Standing,
) -> tuple[ChannelVerdict, ...]:
    """One verdict for each channel there is, in the vocabulary's order.

    ``on`` is the day in the desk's own time zone. Of ``facts`` only kind, service and diagnosis are read.
    Exactly one open channel is recommended, if any is open: the cheapest, since every open one suffices.
    """
    by_kind = {channel.kind: channel for channel in channels}
    held = tuple(entitlements)
    found = []
    for kind in ChannelKind:
        channel = by_kind.get(kind)
        if channel is None or not channel.is_enabled:
            found.append(ChannelVerdict(kind, False, (_not_set_up(kind),)))
            continue
        found.append(_verdict(facts, channel, [own for own in held if own.channel is kind], on, standing))
    return _recommend(tuple(found), by_kind)


def closed_because(found: Iterable[ChannelVerdict]) -> dict[ChannelKind, Reasons]:
    """The verdicts in the shape that ``Facts.channels`` wants."""
    return {verdict.kind: verdict.reasons for verdict in found}


def cheaper_open(found: Iterable[ChannelVerdict], chosen: ChannelKind) -> tuple[ChannelKind, ...]:
    """The channels that are open too and would have cost less than ``chosen``, the cheapest first."""
    open_ones = sorted((verdict for verdict in found if verdict.is_open), key=lambda verdict: verdict.cost_rank)
    rank = next((verdict.cost_rank for verdict in open_ones if verdict.kind is chosen), None)
    return tuple(verdict.kind for verdict in open_ones if rank is not None and verdict.cost_rank < rank)


def _verdict(facts: Facts, channel: Channel, held: list[Entitlement], on: date, standing: Standing) -> ChannelVerdict:
    entitlement = _best(held, on, facts.service) if channel.needs_entitlement else None
    reasons = (
        *_kind_reasons(facts, channel),
        *_offered_reasons(channel, on),
        *(_entitlement_reasons(entitlement, on, facts.service) if channel.needs_entitlement else ()),
        *_product_reasons(facts, channel),
        *_relationship_reasons(facts, standing),
        *(right_reasons(facts.service, on, standing) if channel.needs_right_to_act else ()),
        *_boundary_reasons(facts),
    )
    verdict = ChannelVerdict(
        channel.kind,
        not reasons,
        reasons,
        cost=channel.cost,
        cost_rank=channel.cost_rank,
        needs_entitlement=channel.needs_entitlement,
        entitlement=entitlement,
    )
    if entitlement is None:
        return verdict
    return replace(verdict, incidents_left=entitlement.incidents_left, runs_out_on=entitlement.runs_out_on(on))


def _recommend(
    found: tuple[ChannelVerdict, ...], channels: Mapping[ChannelKind, Channel]
) -> tuple[ChannelVerdict, ...]:
    open_ones = [verdict for verdict in found if verdict.is_open]
    if not open_ones:
        return found
    best = min(open_ones, key=lambda verdict: channels[verdict.kind].cost_rank)
    only = Reason("only_open", N_("The only channel that is open to this ticket."))
    cheapest = Reason("cheapest_open", N_("The cheapest channel that is open to this ticket."))
    recommended = replace(best, is_recommended=True, recommendation=only if len(open_ones) == 1 else cheapest)
    return tuple(recommended if verdict is best else verdict for verdict in found)


def _not_set_up(kind: ChannelKind) -> Reason:
    message_id = N_("The channel %(channel)s is not set up.")
    return Reason("channel_not_set_up", message_id, {"channel": kind}, mend=Mend.CHANNELS)


def _best(held: list[Entitlement], on: date, service: Service | None) -> Entitlement | None:
    """Of several good ones the uncounted, then the soonest to end; of none the one that tells most.

    That is one of this service, then of this day, then the next to begin, then the last to have ended.
    """

    def against(own: Entitlement) -> tuple[bool, bool, bool, bool, bool, int]:
        is_other = own.services is not None and service is not None and service not in own.services
        days = own.starts_on - on if own.starts_on > on else own.ends_on - on
        return (
            bool(_entitlement_reasons(own, on, service)),
            is_other,
            not own.holds_on(on),
            own.ends_on < on,
            own.incidents_left is not None,
            abs(days.days),
        )

    return min(held, key=against, default=None)


def _kind_reasons(facts: Facts, channel: Channel) -> Reasons:
    takes = KIND_OF[channel.kind]
    billing, technical = N_("It takes billing questions only."), N_("It takes technical problems only.")
    wrong = Reason("channel_of_other_kind", billing if takes is Kind.BILLING else technical)
    return those((facts.kind is not takes, wrong))


def _offered_reasons(channel: Channel, on: date) -> Reasons:
    starts, ends = channel.starts_on, channel.ends_on
    early = Reason("channel_early", N_("Microsoft offers it from %(date)s."), {"date": starts}, mend=Mend.CHANNELS)
    ended = Reason("channel_ended", N_("Microsoft offered it until %(date)s."), {"date": ends}, mend=Mend.CHANNELS)
    return those((starts is not None and on < starts, early), (ends is not None and on > ends, ended))


def _entitlement_reasons(entitlement: Entitlement | None, on: date, service: Service | None) -> Reasons:
    def because(code: str, message_id: str, **params: object) -> Reason:
        return Reason(code, message_id, params, mend=Mend.ENTITLEMENTS)

    if entitlement is None:
        return (because("entitlement_missing", N_("The desk holds no entitlement to this channel.")),)
    begins, ends = entitlement.starts_on, entitlement.ends_on
    early = because("entitlement_early", N_("The entitlement begins on %(date)s."), date=begins)
    ended = because("entitlement_ended", N_("The entitlement ended on %(date)s."), date=ends)
    used_up = because(
        "incidents_used_up",
        N_("All included incidents are used: %(count)s."),
        count=entitlement.incidents_included,
    )
    other = because("entitlement_of_other_service", N_("The contract doesn't cover %(service)s."), service=service)
    covered = entitlement.services
    is_other = covered is not None and service is not None and service not in covered
    return those(
        (on < begins, early), (on > ends, ended), (entitlement.incidents_left == 0, used_up), (is_other, other)
    )


def _product_reasons(facts: Facts, channel: Channel) -> Reasons:
    if facts.service is None:
        return (Reason("service_missing", N_("The service is not chosen yet."), mend=Mend.CLASSIFY),)
    message_id = N_("This channel doesn't cover %(service)s.")
    uncovered = Reason("service_not_covered", message_id, {"service": facts.service})
    return those((facts.service not in channel.services, uncovered))


def _relationship_reasons(facts: Facts, standing: Standing) -> Reasons:
    message_id = N_("An indirect reseller can't open Azure requests; go through your indirect provider.")
    is_barred = standing.is_indirect_reseller and facts.service is Service.AZURE
    return those((is_barred, Reason("indirect_reseller", message_id)))


def _boundary_reasons(facts: Facts) -> Reasons:
    record = facts.diagnosis
    if record.boundary_override.strip():
        return ()

    def because(code: str, message_id: str, mend: Mend) -> Reason:
        return Reason(code, message_id, mend=mend, is_overridable=True)

    undecided = because("boundary_undecided", N_("Ours or Microsoft's: not decided yet."), Mend.DIAGNOSIS)
    ours = because("boundary_ours", N_("The diagnosis says that it is ours to solve."), Mend.BOUNDARY)
    unexplained = because(
        "boundary_unexplained", N_("The diagnosis doesn't say why it is Microsoft's."), Mend.DIAGNOSIS
    )
    is_theirs = record.boundary is Boundary.VENDORS
    return those(
        (record.boundary is None, undecided),
        (record.boundary is Boundary.OURS, ours),
        (is_theirs and record.boundary_reason is None, unexplained),
    )
