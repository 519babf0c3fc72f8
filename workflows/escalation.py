"""Which support channels are open to a ticket, and why the others are not.

Everything a channel demands is judged before anyone presses anything, and every unmet demand is named.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import Final

from workflows.channels import KIND_OF, Channel, Entitlement, Right, Standing
from workflows.facts import N_, Facts, Reason, Reasons
from workflows.guards import those
from workflows.vocabulary import Boundary, ChannelKind, Mend, Priority, Service, Severity

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
    entitlement: Entitlement | None = None
    incidents_left: int | None = None
    runs_out_on: date | None = None


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


def _verdict(facts: Facts, channel: Channel, held: list[Entitlement], on: date, standing: Standing) -> ChannelVerdict:
    entitlement = _best(held, on) if channel.needs_entitlement else None
    reasons = (
        *_kind_reasons(facts, channel),
        *(_entitlement_reasons(entitlement, on) if channel.needs_entitlement else ()),
        *_product_reasons(facts, channel),
        *_relationship_reasons(facts, standing),
        *(_right_reasons(facts, on, standing) if channel.needs_right_to_act else ()),
        *_boundary_reasons(facts),
    )
    verdict = ChannelVerdict(channel.kind, not reasons, reasons, cost=channel.cost, entitlement=entitlement)
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


def _best(held: list[Entitlement], on: date) -> Entitlement | None:
    """The one with the least against it; of several good ones the uncounted, then the soonest to end."""

    def against(own: Entitlement) -> tuple[int, bool, date]:
        return len(_entitlement_reasons(own, on)), own.incidents_left is not None, own.ends_on

    return min(held, key=against, default=None)


def _kind_reasons(facts: Facts, channel: Channel) -> Reasons:
    message_id = N_("This channel takes %(kind)s tickets only.")
    wrong = Reason("channel_of_other_kind", message_id, {"kind": KIND_OF[channel.kind]})
    return those((facts.kind is not KIND_OF[channel.kind], wrong))


def _entitlement_reasons(entitlement: Entitlement | None, on: date) -> Reasons:
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
    return those((on < begins, early), (on > ends, ended), (entitlement.incidents_left == 0, used_up))


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


def _right_reasons(facts: Facts, on: date, standing: Standing) -> Reasons:
    if not standing.tracks_rights:
        return ()
    admin = _right(
        standing.delegated_admin,
        on,
        Reason("delegated_admin_missing", N_("The customer has granted no delegated admin role.")),
        Reason("delegated_admin_ended", N_("The delegated admin role ended on %(date)s.")),
    )
    if facts.service is not Service.AZURE:
        return admin
    return admin + _right(
        standing.support_request,
        on,
        Reason("support_request_role_missing", N_("The support request role on Azure is missing.")),
        Reason("support_request_role_ended", N_("The support request role on Azure ended on %(date)s.")),
    )


def _right(right: Right | None, on: date, missing: Reason, ended: Reason) -> Reasons:
    if right is None:
        return (replace(missing, mend=Mend.RIGHTS),)
    if right.ends_on is not None and right.ends_on < on:
        return (replace(ended, params={"date": right.ends_on}, mend=Mend.RIGHTS),)
    return ()


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
