"""The seven checks of each channel, the recommendation, and what a pack lacks."""

from dataclasses import replace
from datetime import date

import pytest

from tests.workflows.ready import DIAGNOSED, ready
from workflows.channels import USUAL_CHANNELS, Channel, Entitlement, Right, Standing
from workflows.escalation import SEVERITY_OF, ChannelVerdict, cheaper_open, closed_because, verdicts
from workflows.facts import Facts
from workflows.machine import workflow_for
from workflows.pack import USUAL_REQUIREMENTS, Completeness, completeness, required_items
from workflows.rights import ending_soon
from workflows.vocabulary import (
    Boundary,
    ChannelKind,
    Kind,
    Mend,
    PackItem,
    Priority,
    RightKind,
    Service,
    Severity,
    State,
    Trigger,
)

TODAY = date(2026, 11, 24)
YEAR = Entitlement(1, ChannelKind.PREMIER, date(2026, 1, 1), date(2026, 12, 31))
HELD = tuple(replace(YEAR, channel=kind) for kind in ChannelKind if kind is not ChannelKind.COMMERCIAL)
GRANTED = Standing(delegated_admin=Right(), support_request=Right(date(2026, 11, 24)), reseller_relationship=Right())


def judge(
    facts: Facts | None = None,
    *,
    channels: tuple[Channel, ...] = USUAL_CHANNELS,
    held: tuple[Entitlement, ...] = HELD,
    standing: Standing = GRANTED,
) -> dict[ChannelKind, ChannelVerdict]:
    found = verdicts(facts or ready(Kind.TECHNICAL), channels, held, TODAY, standing)
    return {verdict.kind: verdict for verdict in found}


def codes(verdict: ChannelVerdict) -> list[str]:
    return [reason.code for reason in verdict.reasons]


def test_every_channel_gets_a_verdict_even_one_that_is_not_set_up() -> None:
    found = judge(channels=())
    assert list(found) == list(ChannelKind)
    assert {tuple(codes(verdict)) for verdict in found.values()} == {("channel_not_set_up",)}


def test_a_channel_switched_off_is_not_set_up() -> None:
    off = tuple(replace(channel, is_enabled=False) for channel in USUAL_CHANNELS)
    assert codes(judge(channels=off)[ChannelKind.PREMIER]) == ["channel_not_set_up"]


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("channel", ChannelKind)
def test_1_the_kind_chooses_the_channel(kind: Kind, channel: ChannelKind) -> None:
    verdict = judge(ready(kind))[channel]
    fits = (kind is Kind.BILLING) == (channel is ChannelKind.COMMERCIAL)
    assert verdict.is_open == fits
    assert codes(verdict) == ([] if fits else ["channel_of_other_kind"])


def test_2_without_an_entitlement_only_commercial_is_open() -> None:
    assert judge(ready(Kind.BILLING), held=())[ChannelKind.COMMERCIAL].is_open
    assert codes(judge(held=())[ChannelKind.PREMIER]) == ["entitlement_missing"]


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "expected"),
    [
        (TODAY, TODAY, []),
        (date(2026, 11, 25), date(2027, 1, 1), ["entitlement_early"]),
        (date(2025, 1, 1), date(2026, 11, 23), ["entitlement_ended"]),
    ],
)
def test_2_an_entitlement_holds_on_both_its_dates(starts_on: date, ends_on: date, expected: list[str]) -> None:
    own = replace(YEAR, starts_on=starts_on, ends_on=ends_on)
    assert codes(judge(held=(own,))[ChannelKind.PREMIER]) == expected


USED_UP = ["incidents_used_up"]
COVERED = {
    "commercial": {"azure", "microsoft365", "dynamics365", "other"},
    "premier": {"azure", "microsoft365", "dynamics365", "other"},
    "advanced": {"azure", "microsoft365", "dynamics365"},
    "signature": {"azure", "dynamics365"},
}


@pytest.mark.parametrize("service", Service)
@pytest.mark.parametrize("channel", ChannelKind)
def test_3_the_usual_channels_cover(channel: ChannelKind, service: Service) -> None:
    kind = Kind.BILLING if channel is ChannelKind.COMMERCIAL else Kind.TECHNICAL
    verdict = judge(ready(kind, service=service))[channel]
    assert codes(verdict) == ([] if service in COVERED[channel] else ["service_not_covered"])


def test_3_a_contract_may_cover_less_than_its_channel() -> None:
    own = replace(YEAR, services=frozenset({Service.MICROSOFT365}))
    assert codes(judge(held=(own,))[ChannelKind.PREMIER]) == ["entitlement_of_other_service"]
    assert judge(held=(own, replace(YEAR, number=2)))[ChannelKind.PREMIER].entitlement == replace(YEAR, number=2)


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        ({"starts_on": TODAY, "ends_on": TODAY}, []),
        ({"starts_on": date(2026, 11, 25)}, ["channel_early"]),
        ({"ends_on": date(2026, 11, 23)}, ["channel_ended"]),
    ],
)
def test_2_the_vendor_offers_a_channel_on_both_its_dates(dates: dict[str, date], expected: list[str]) -> None:
    channels = tuple(replace(channel, **dates) for channel in USUAL_CHANNELS)
    assert codes(judge(channels=channels)[ChannelKind.PREMIER]) == expected


def test_3_an_unknown_service_is_asked_for() -> None:
    verdict = judge(ready(Kind.TECHNICAL, service=None))[ChannelKind.PREMIER]
    assert [(reason.code, reason.mend) for reason in verdict.reasons] == [("service_missing", Mend.CLASSIFY)]


@pytest.mark.parametrize(("used", "expected"), [(9, []), (10, ["incidents_used_up"]), (11, ["incidents_used_up"])])
def test_4_incidents_run_out_where_they_count(used: int, expected: list[str]) -> None:
    own = replace(YEAR, incidents_included=10, incidents_used=used)
    verdict = judge(held=(own,))[ChannelKind.PREMIER]
    assert codes(verdict) == expected
    assert verdict.incidents_left == max(0, 10 - used)


def test_4_where_nobody_counts_nothing_runs_out() -> None:
    own = replace(YEAR, incidents_used=1000)
    assert judge(held=(own,))[ChannelKind.PREMIER].incidents_left is None


def test_4_a_second_contract_stands_in_for_the_used_up_one() -> None:
    used_up = replace(YEAR, incidents_included=5, incidents_used=5)
    other = replace(YEAR, number=2, incidents_included=5)
    assert judge(held=(used_up, other))[ChannelKind.PREMIER].entitlement == other


def test_4_of_two_good_contracts_the_one_that_ends_sooner_is_used() -> None:
    late = replace(YEAR, incidents_included=5)
    soon = replace(late, number=2, ends_on=date(2026, 11, 30))
    assert judge(held=(late, soon))[ChannelKind.PREMIER].entitlement == soon


def test_4_the_forecast_keeps_the_pace_so_far() -> None:
    own = replace(YEAR, incidents_included=12, incidents_used=11)  # 328 days for 11: about 30 for the last
    assert own.runs_out_on(TODAY) == date(2026, 12, 24)
    assert replace(own, incidents_used=2).runs_out_on(TODAY) is None
    assert replace(own, incidents_used=0).runs_out_on(TODAY) is None


def test_5_an_indirect_reseller_opens_nothing_for_azure() -> None:
    indirect = replace(GRANTED, is_indirect_reseller=True)
    assert codes(judge(standing=indirect)[ChannelKind.PREMIER]) == ["indirect_reseller"]
    office = ready(Kind.TECHNICAL, service=Service.MICROSOFT365)
    assert judge(office, standing=indirect)[ChannelKind.PREMIER].is_open


@pytest.mark.parametrize(
    ("standing", "expected"),
    [
        (Standing(), ["delegated_admin_missing", "support_request_role_missing", "reseller_relationship_missing"]),
        (replace(GRANTED, support_request=None), ["support_request_role_missing"]),
        (replace(GRANTED, reseller_relationship=Right(date(2026, 1, 1))), ["reseller_relationship_ended"]),
        (replace(GRANTED, delegated_admin=Right(date(2026, 11, 23))), ["delegated_admin_ended"]),
        (replace(GRANTED, support_request=Right(date(2026, 11, 23))), ["support_request_role_ended"]),
        (Standing(tracks_rights=False), []),
    ],
)
def test_6_the_right_to_act_on_azure(standing: Standing, expected: list[str]) -> None:
    assert codes(judge(standing=standing)[ChannelKind.PREMIER]) == expected


def test_6_what_ends_within_thirty_days_is_told_before_it_ends() -> None:
    soon = replace(GRANTED, delegated_admin=Right(date(2026, 12, 24)), support_request=Right(date(2026, 12, 25)))
    assert ending_soon(Service.AZURE, TODAY, soon) == {RightKind.DELEGATED_ADMIN: date(2026, 12, 24)}
    assert ending_soon(Service.AZURE, date(2026, 12, 25), soon) == {RightKind.SUPPORT_REQUEST: date(2026, 12, 25)}
    assert ending_soon(Service.OTHER, TODAY, replace(soon, tracks_rights=False)) == {}


def test_6_other_services_need_no_azure_role() -> None:
    office = ready(Kind.TECHNICAL, service=Service.MICROSOFT365)
    assert judge(office, standing=Standing(delegated_admin=Right()))[ChannelKind.PREMIER].is_open


def test_6_a_channel_may_ask_for_no_rights() -> None:
    free = tuple(replace(channel, needs_right_to_act=False) for channel in USUAL_CHANNELS)
    assert judge(channels=free, standing=Standing())[ChannelKind.PREMIER].is_open


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"boundary": None}, ["boundary_undecided"]),
        ({"boundary": Boundary.OURS, "boundary_reason": None}, ["boundary_ours"]),
        ({"boundary_reason": None}, ["boundary_unexplained"]),
        ({"boundary": Boundary.OURS, "boundary_override": "The customer's board insists."}, []),
        ({"boundary": Boundary.OURS, "boundary_override": "  "}, ["boundary_ours"]),
    ],
)
def test_7_the_boundary_or_a_leads_kept_reason(changes: dict[str, object], expected: list[str]) -> None:
    facts = ready(Kind.TECHNICAL, diagnosis=replace(DIAGNOSED, **changes))
    verdict = judge(facts)[ChannelKind.PREMIER]
    assert codes(verdict) == expected
    assert all(reason.is_overridable for reason in verdict.reasons)


def test_all_reasons_are_told_together() -> None:
    facts = ready(Kind.BILLING, service=Service.OTHER, diagnosis=replace(DIAGNOSED, boundary=Boundary.OURS))
    ended = replace(
        YEAR,
        channel=ChannelKind.SIGNATURE,
        ends_on=date(2026, 6, 30),
        incidents_included=10,
        incidents_used=10,
    )
    assert codes(judge(facts, held=(ended,), standing=Standing())[ChannelKind.SIGNATURE]) == [
        "channel_of_other_kind",
        "entitlement_ended",
        "incidents_used_up",
        "service_not_covered",
        "delegated_admin_missing",
        "boundary_ours",
    ]


def test_the_cheapest_open_channel_is_recommended_and_only_it() -> None:
    found = judge()
    assert [kind for kind, verdict in found.items() if verdict.is_recommended] == [ChannelKind.SIGNATURE]
    advice = found[ChannelKind.SIGNATURE].recommendation
    assert advice is not None
    assert advice.code == "cheapest_open"


def test_a_closed_cheap_channel_gives_way_to_the_next() -> None:
    found = judge(ready(Kind.TECHNICAL, service=Service.MICROSOFT365))
    assert found[ChannelKind.ADVANCED].is_recommended


def test_the_only_open_channel_is_called_so() -> None:
    advice = judge(ready(Kind.BILLING))[ChannelKind.COMMERCIAL].recommendation
    assert advice is not None
    assert advice.code == "only_open"


def test_what_would_have_been_cheaper_is_known() -> None:
    found = judge().values()
    assert cheaper_open(found, ChannelKind.PREMIER) == (ChannelKind.SIGNATURE, ChannelKind.ADVANCED)
    assert cheaper_open(found, ChannelKind.SIGNATURE) == ()
    assert cheaper_open(found, ChannelKind.COMMERCIAL) == ()  # it is closed


def test_one_incident_less_after_this_one() -> None:
    own = replace(YEAR, incidents_included=10, incidents_used=9)
    assert judge(held=(own,))[ChannelKind.PREMIER].incidents_after == 0
    assert judge()[ChannelKind.PREMIER].incidents_after is None


def test_nothing_open_recommends_nothing() -> None:
    found = judge(held=())
    assert not any(verdict.is_recommended or verdict.recommendation for verdict in found.values())


def test_verdicts_feed_the_guards() -> None:
    facts = ready(Kind.TECHNICAL, service=Service.MICROSOFT365)
    found = verdicts(facts, USUAL_CHANNELS, HELD, TODAY, GRANTED)
    moves = workflow_for(Kind.TECHNICAL).allowed(State.DIAGNOSIS, replace(facts, channels=closed_because(found)))
    is_open = {move.trigger: move.is_open for move in moves}
    assert is_open[Trigger.ESCALATE_TO_ADVANCED]
    assert not is_open[Trigger.ESCALATE_TO_SIGNATURE]


@pytest.mark.parametrize(
    ("priority", "severity"),
    [("p1", Severity.A), ("p2", Severity.B), ("p3", Severity.C), ("p4", Severity.C)],
)
def test_severity_follows_priority(priority: str, severity: Severity) -> None:
    assert SEVERITY_OF[Priority(priority)] is severity


def test_an_azure_fault_needs_what_azure_asks() -> None:
    needed = required_items(USUAL_REQUIREMENTS, ChannelKind.PREMIER, Kind.TECHNICAL, Service.AZURE)
    assert set(PackItem) - set(needed) == {PackItem.DOMAIN}
    assert list(needed) == [item for item in PackItem if item in needed]


def test_a_billing_question_needs_less() -> None:
    needed = required_items(USUAL_REQUIREMENTS, ChannelKind.COMMERCIAL, Kind.BILLING, Service.MICROSOFT365)
    assert PackItem.SUBSCRIPTION in needed
    assert not {PackItem.PLAN, PackItem.REPRO_STEPS, PackItem.DOMAIN} & set(needed)


def test_a_question_about_no_subscription_names_none() -> None:
    for kind in Kind:
        assert PackItem.SUBSCRIPTION not in required_items(
            USUAL_REQUIREMENTS, ChannelKind.COMMERCIAL, kind, Service.OTHER
        )


@pytest.mark.parametrize(
    ("have", "percent", "missing"),
    [
        (set(), 0, (PackItem.TENANT, PackItem.TITLE, PackItem.SCOPE)),
        ({PackItem.TITLE}, 33, (PackItem.TENANT, PackItem.SCOPE)),
        ({PackItem.TITLE, PackItem.TENANT, PackItem.PLAN}, 66, (PackItem.SCOPE,)),
        (set(PackItem), 100, ()),
    ],
)
def test_completeness(have: set[PackItem], percent: int, missing: tuple[PackItem, ...]) -> None:
    items = (PackItem.TENANT, PackItem.TITLE, PackItem.SCOPE)
    assert completeness(items, have) == Completeness(percent, missing)


def test_a_hundred_per_cent_means_nothing_is_missing() -> None:
    assert completeness([*PackItem] * 20, set(PackItem) - {PackItem.PLAN}).percent < 100
    assert completeness((), ()) == Completeness(100, ())
