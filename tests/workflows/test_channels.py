"""An entitlement around its dates: which contract speaks, what is forecast of it, what an incident costs."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workflows.ready import ready
from tests.workflows.test_escalation import HELD, TODAY, YEAR, codes, judge
from workflows.channels import Channel, Entitlement
from workflows.vocabulary import ChannelKind, Kind, Service

PREMIER = ChannelKind.PREMIER
ENDED_LONG_AGO = replace(YEAR, number=2, starts_on=date(2023, 1, 1), ends_on=date(2023, 12, 31))
ENDED_YESTERDAY = replace(YEAR, number=3, ends_on=date(2026, 11, 23))
BEGINS_TOMORROW = replace(YEAR, number=4, starts_on=date(2026, 11, 25), ends_on=date(2027, 11, 24))
BEGINS_LATER = replace(YEAR, number=5, starts_on=date(2027, 5, 1), ends_on=date(2028, 4, 30))
USED_UP = replace(YEAR, number=6, incidents_included=5, incidents_used=5)
OF_ANOTHER_SERVICE = replace(YEAR, number=7, services=frozenset({Service.DYNAMICS365}))


@pytest.mark.parametrize(
    ("held", "speaks", "expected"),
    [
        ((ENDED_LONG_AGO, ENDED_YESTERDAY), ENDED_YESTERDAY, ["entitlement_ended"]),
        ((ENDED_YESTERDAY, BEGINS_LATER, BEGINS_TOMORROW), BEGINS_TOMORROW, ["entitlement_early"]),
        ((ENDED_LONG_AGO, USED_UP), USED_UP, ["incidents_used_up"]),
        ((OF_ANOTHER_SERVICE, ENDED_YESTERDAY), ENDED_YESTERDAY, ["entitlement_ended"]),
        ((replace(ENDED_YESTERDAY, ends_on=TODAY), BEGINS_TOMORROW), replace(ENDED_YESTERDAY, ends_on=TODAY), []),
    ],
    ids=["the last of the ended", "the next to begin", "used up today", "of this service", "ends today"],
)
def test_the_contract_that_tells_most_gives_the_reason(
    held: tuple[Entitlement, ...], speaks: Entitlement, expected: list[str]
) -> None:
    for order in (held, held[::-1]):
        verdict = judge(ready(Kind.TECHNICAL), held=order)[PREMIER]
        assert (verdict.entitlement, codes(verdict)) == (speaks, expected)


def test_a_contract_replaced_within_the_year_leaves_no_gap_and_no_overlap() -> None:
    old = replace(YEAR, number=1, ends_on=TODAY, incidents_included=3, incidents_used=1)
    new = replace(YEAR, number=2, starts_on=TODAY + timedelta(days=1))
    assert judge(held=(new, old))[PREMIER].entitlement == old
    spent = replace(old, incidents_used=3)
    assert codes(judge(held=(new, spent))[PREMIER]) == ["incidents_used_up"]
    early = replace(new, starts_on=TODAY)
    assert judge(held=(early, spent))[PREMIER].entitlement == early


@pytest.mark.parametrize(
    "changes",
    [
        {"incidents_used": 2},  # too few
        {"incidents_used": 12},  # none left to run out
        {"incidents_used": 3, "starts_on": TODAY - timedelta(days=12)},  # too soon
        {"ends_on": TODAY - timedelta(days=1)},
        {"starts_on": TODAY + timedelta(days=1)},
        {"incidents_included": None},
        {"incidents_included": 100_000, "incidents_used": 3},  # by the year 11000
    ],
)
def test_no_forecast_where_nothing_can_be_told(changes: dict[str, object]) -> None:
    own = replace(YEAR, incidents_included=12, incidents_used=11)
    assert own.runs_out_on(TODAY) is not None
    assert replace(own, **changes).runs_out_on(TODAY) is None  # type: ignore[arg-type]


@given(
    st.integers(0, 3000), st.integers(0, 3000), st.none() | st.integers(0, 100_000), st.integers(0, 100_000),
    st.integers(-4000, 4000),
)  # fmt: skip
def test_a_forecast_lies_between_today_and_the_last_day(
    before: int, after: int, included: int | None, used: int, shift: int
) -> None:
    on = TODAY + timedelta(days=shift)
    own = Entitlement(1, PREMIER, TODAY - timedelta(days=before), TODAY + timedelta(days=after), included, used)
    last = own.runs_out_on(on)
    assert last is None or on < last <= own.ends_on


def test_what_ends_within_thirty_days_is_said() -> None:
    days = [TODAY - timedelta(days=1), TODAY, TODAY + timedelta(days=30), TODAY + timedelta(days=31)]
    assert [replace(YEAR, ends_on=day).ends_soon(TODAY) for day in days] == [False, True, True, False]


@pytest.mark.parametrize(
    ("fee", "included", "cost"),
    [(16_500, 10, 1650), (1000, 3, 333), (16_500, None, None), (None, 10, None), (5, 0, None)],
)
def test_an_incident_costs_its_share_of_the_fee(fee: int | None, included: int | None, cost: int | None) -> None:
    assert replace(YEAR, fee=fee, incidents_included=included).incident_cost == cost


def test_a_verdict_says_whether_its_channel_needs_an_entitlement() -> None:
    free = Channel(PREMIER, frozenset(Service), needs_entitlement=False)
    assert not judge(channels=(free,))[PREMIER].needs_entitlement
    assert judge(held=HELD)[PREMIER].needs_entitlement
