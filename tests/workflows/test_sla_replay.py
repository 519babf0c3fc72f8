"""The history of a clock: what is logged, when it truly happened, and what comes next (R2, R3, R5, R7)."""

from typing import Any

from workflows import sla
from workflows.business_time import BusinessCalendar

from .sla_cases import ALWAYS, HOUR, OFFICE, cycles, event, log, on, policy, state

CREATE = event(10, "10:00", "create")
WARNING = [{"level": 1, "percent": 75}]


def first(terms: dict[str, Any], events: list[dict[str, Any]], day: int, clock: str) -> sla.Cycle:
    return cycles(terms, events, on(day, clock), "first_response")[0]


def respond(levels: Any = None, pause_on: Any = (), target: int = 2 * HOUR) -> dict[str, Any]:
    """The terms of a single clock, the first response."""
    return policy({"first_response": list(pause_on)}, {"first_response": levels or []}, first_response=target)


# true instants --------------------------------------------------------------------------------------


def test_a_warning_and_a_breach_carry_their_own_instants_not_that_of_the_noticing() -> None:
    cycle = first(respond(WARNING), [CREATE], 14, "12:00")
    assert log(cycle) == [("10 10:00:00", "started"), ("10 11:30:01", "warned 1"), ("10 12:00:01", "breached")]
    assert cycle.changes[-1].late_from == on(10, "12:00:01")
    assert cycle.changes[-1].deadline_at == on(10, "12:00")


def test_next_fire_is_the_next_warning_then_the_first_late_second_then_nothing() -> None:
    terms = respond(WARNING)
    for clock, expected in (
        ("11:30:00", on(10, "11:30:01")),
        ("11:30:01", on(10, "12:00:01")),
        ("12:00:00", on(10, "12:00:01")),
        ("12:00:01", None),
    ):
        assert first(terms, [CREATE], 10, clock).next_fire_at == expected, clock


def test_a_deadline_at_closing_is_first_late_one_second_after_the_next_opening() -> None:
    cycle = first(respond(), [event(7, "15:00", "create")], 8, "12:00")
    assert (cycle.deadline, cycle.late_from) == (on(7, "17:00"), on(10, "09:00:01"))
    assert cycle.next_fire_at == on(10, "09:00:01")
    assert cycle.breached is False


def test_nothing_is_to_come_for_a_paused_or_ended_clock() -> None:
    hold = event(10, "10:30", "hold", cause="customer")
    paused = first(respond(WARNING, ["customer"]), [CREATE, hold], 10, "12:00")
    assert (paused.state, paused.next_fire_at, paused.late_from, paused.deadline) == ("paused", None, None, None)
    met = first(respond(WARNING), [CREATE, event(10, "10:30", "public_reply")], 10, "12:00")
    assert (met.next_fire_at, met.late_from, met.ended_at) == (None, None, on(10, "10:30"))


def test_a_late_clock_that_is_met_keeps_when_it_was_late_from() -> None:
    cycle = first(respond(), [CREATE, event(10, "13:00", "public_reply")], 10, "14:00")
    assert log(cycle) == [("10 10:00:00", "started"), ("10 12:00:01", "breached"), ("10 13:00:00", "met")]
    assert cycle.late_from == on(10, "12:00:01")


def test_a_calendar_that_never_opens_again_leaves_the_deadline_but_no_late_second() -> None:
    once = BusinessCalendar(timezone="UTC", shifts={"2024-06-10": [("08:00", "10:00")]})
    (cycle,) = cycles(respond(), [CREATE], on(10, "11:00"), "first_response", once)
    assert (cycle.deadline, cycle.late_from, cycle.next_fire_at) == (on(10, "12:00"), None, None)


# levels ---------------------------------------------------------------------------------------------


def test_per_cent_rounds_up_to_whole_seconds() -> None:
    cycle = first(respond([{"level": 1, "percent": 50}], target=7201), [CREATE], 10, "10:10")
    assert cycle.next_fire_at == on(10, "11:00:02")  # 3600.5 -> 3601 elapsed is not yet more


def test_minutes_before_are_business_minutes() -> None:
    late_monday = event(10, "16:00", "create")
    cycle = first(respond([{"level": 4, "minutes_before": 90}]), [late_monday], 10, "16:10")
    assert cycle.next_fire_at == on(10, "16:30:01")


def test_a_warning_already_past_at_the_start_is_skipped() -> None:
    cycle = first(respond([{"level": 1, "minutes_before": 180}]), [CREATE], 10, "10:00")
    assert log(cycle) == [("10 10:00:00", "started"), ("10 10:00:00", "skipped 1")]


def test_levels_move_with_the_deadline_and_happen_once() -> None:
    longer = event(10, "11:45", "targets", targets={"first_response": 4 * HOUR})
    cycle = first(respond(WARNING), [CREATE, longer], 10, "16:00")
    assert log(cycle) == [
        ("10 10:00:00", "started"),
        ("10 11:30:01", "warned 1"),
        ("10 11:45:00", "retargeted"),
        ("10 14:00:01", "breached"),
    ]
    early = event(10, "11:00", "targets", targets={"first_response": 4 * HOUR})
    assert ("10 13:00:01", "warned 1") in log(first(respond(WARNING), [CREATE, early], 10, "16:00"))


def test_a_warning_put_in_the_past_by_a_retarget_is_skipped() -> None:
    shorter = event(10, "11:00", "targets", targets={"first_response": HOUR + 60})
    cycle = first(respond(WARNING), [CREATE, shorter], 10, "11:00:30")
    assert log(cycle)[1:] == [("10 11:00:00", "retargeted"), ("10 11:00:00", "skipped 1")]
    assert cycle.next_fire_at == on(10, "11:01:01")


def test_no_warning_while_paused_and_its_moment_moves() -> None:
    events = [
        CREATE,
        event(10, "11:00", "hold", cause="customer"),
        event(10, "13:00", "release"),
    ]
    cycle = first(respond(WARNING, ["customer"]), events, 10, "13:45")
    assert log(cycle) == [
        ("10 10:00:00", "started"),
        ("10 11:00:00", "paused customer"),
        ("10 13:00:00", "resumed"),
        ("10 13:30:01", "warned 1"),
    ]


def test_each_level_goes_by_its_own_moment_and_a_new_one_may_come_with_the_terms() -> None:
    levels = [{"level": 1, "percent": 50}, {"level": 2, "minutes_before": 30}]
    more = event(10, "10:30", "targets", targets={}, levels={"first_response": [*levels, {"level": 3, "percent": 100}]})
    cycle = first(respond(levels), [CREATE, more], 10, "12:30")
    assert [line for _, line in log(cycle)] == [
        "started", "retargeted", "warned 1", "warned 2", "warned 3", "breached",
    ]  # fmt: skip


def test_a_step_of_the_ladder_comes_after_the_deadline() -> None:
    ladder = [{"level": 11, "minutes_after": 60, "whom": ["team_lead"]}]
    cycle = first(respond(ladder), [CREATE], 10, "12:30")
    assert cycle.next_fire_at == on(10, "13:00:01")
    assert log(first(respond(ladder), [CREATE], 10, "14:00"))[-1] == ("10 13:00:01", "laddered 11")


# retargets ------------------------------------------------------------------------------------------


def test_a_deadline_put_in_the_past_is_a_breach_on_retarget() -> None:
    events = [CREATE, event(10, "11:30", "targets", targets={"first_response": HOUR})]
    cycle = first(respond(WARNING), events, 10, "11:30")
    assert log(cycle)[1:] == [
        ("10 11:30:00", "retargeted"),
        ("10 11:30:00", "skipped 1"),
        ("10 11:30:00", "breached on retarget"),
    ]
    assert cycle.changes[-1].late_from == on(10, "11:00:01")


def test_a_breach_happens_once_in_a_cycle_whatever_the_terms_become() -> None:
    events = [
        CREATE,
        event(10, "13:00", "targets", targets={"first_response": 4 * HOUR}),
        event(10, "14:30", "targets", targets={"first_response": HOUR}),
    ]
    calm = first(respond(), events, 10, "13:30")
    assert (calm.breached, calm.next_fire_at) == (False, None)
    late = first(respond(), events, 10, "16:00")
    assert late.breached
    assert [line for _, line in log(late)].count("breached") == 1


def test_a_breach_due_at_the_second_of_the_change_is_written_before_it() -> None:
    events = [CREATE, event(10, "12:00:01", "targets", targets={"first_response": 4 * HOUR})]
    assert [line for _, line in log(first(respond(), events, 10, "12:30"))] == ["started", "breached", "retargeted"]


def test_a_paused_clock_is_retargeted_at_once() -> None:
    events = [
        CREATE,
        event(10, "11:30", "hold", cause="customer"),
        event(10, "14:00", "targets", targets={"first_response": HOUR}),
    ]
    cycle = first(respond(pause_on=["customer"]), events, 10, "15:00")
    assert log(cycle)[2:] == [("10 14:00:00", "retargeted"), ("10 14:00:00", "breached on retarget")]
    assert (cycle.state, cycle.deadline, cycle.late_from) == ("paused", on(10, "11:00"), on(10, "11:00:01"))


def test_of_several_causes_the_earliest_that_lasts_names_the_pause() -> None:
    events = [
        CREATE,
        state(10, "10:30", "escalated_premier"),
        event(10, "11:00", "hold", cause="customer"),
        event(10, "11:30", "release"),
    ]
    terms = respond(pause_on=["customer", "vendor"])
    assert [first(terms, events, 10, clock).paused_by for clock in ("11:15", "12:00")] == ["vendor", "vendor"]
    assert first(terms, events, 10, "10:15").paused_by is None


def test_moments_between_two_seconds_are_exact_and_elapsed_time_is_floored() -> None:
    create = {"at": "2024-06-10T10:00:00.600+02:00", "type": "create"}
    (cycle,) = cycles(respond(), [create], on(10, "10:00:02"), "first_response")
    assert cycle.elapsed_seconds == 1
    assert cycle.deadline is not None
    assert cycle.deadline.isoformat() == "2024-06-10T10:00:00.600000+00:00"


def test_pause_causes_that_change_stop_and_release_the_clock() -> None:
    events = [
        CREATE,
        event(10, "10:30", "hold", cause="approval"),
        event(10, "11:00", "targets", targets={}, pause_on={"first_response": ["approval"]}),
        event(10, "11:30", "targets", targets={}, pause_on={"first_response": []}),
    ]
    cycle = first(respond(), events, 10, "11:45")
    assert [line for _, line in log(cycle)] == [
        "started", "retargeted", "paused approval", "retargeted", "resumed",
    ]  # fmt: skip
    assert first(respond(), events, 10, "11:15").elapsed_seconds == HOUR / 2


def test_a_target_taken_away_and_given_back() -> None:
    events = [
        CREATE,
        event(10, "11:00", "targets", targets={"first_response": None}),
        event(10, "14:00", "targets", targets={"first_response": 2 * HOUR}),
    ]
    gone = first(respond(), events, 10, "13:00")
    assert (gone.state, gone.target_seconds, gone.deadline, gone.next_fire_at) == ("none", None, None, None)
    assert log(first(respond(), events, 10, "15:00"))[1:] == [
        ("10 11:00:00", "ended_without_sla"),
        ("10 14:00:00", "retargeted"),
        ("10 14:00:00", "breached on retarget"),
    ]


def test_the_same_terms_told_again_change_nothing() -> None:
    events = [
        CREATE,
        event(10, "11:00", "targets", targets={"first_response": 2 * HOUR}),
        event(10, "11:30", "calendar", calendar=OFFICE.definition),
    ]
    assert log(first(respond(), events, 10, "11:45")) == [("10 10:00:00", "started")]


def test_a_cycle_without_any_promise_is_left_out_and_takes_no_number() -> None:
    events = [
        CREATE,
        state(10, "11:00", "diagnosis"),
        event(10, "12:00", "targets", targets={"intake": HOUR}),
        state(10, "13:00", "intake"),
    ]
    found = cycles(policy(resolution=HOUR), events, on(10, "13:10"), "intake")
    assert [(cycle.number, cycle.started_at) for cycle in found] == [(1, on(10, "13:00"))]


# reopening ------------------------------------------------------------------------------------------


def test_reopening_goes_on_in_the_same_cycle_and_keeps_the_first_achievement() -> None:
    terms = policy(resolution=4 * HOUR)
    events = [
        CREATE,
        event(10, "11:00", "hold", cause="customer"),
        state(10, "12:00", "resolved"),
        state(11, "10:00", "escalated_premier"),
    ]
    (cycle,) = cycles(terms, events, on(11, "11:00"), "resolution")
    assert log(cycle) == [
        ("10 10:00:00", "started"),
        ("10 11:00:00", "paused customer"),
        ("10 12:00:00", "met"),
        ("11 10:00:00", "resumed"),
    ]
    assert (cycle.elapsed_seconds, cycle.ended_at, cycle.ended_by) == (2 * HOUR, None, None)
    assert [str(pause.cause) for pause in cycle.pauses] == ["customer", "resolved"]


def test_reopening_into_a_pause_says_both() -> None:
    terms = policy({"resolution": ["vendor"]}, resolution=4 * HOUR)
    events = [CREATE, state(10, "12:00", "resolved"), state(10, "13:00", "escalated_premier")]
    (cycle,) = cycles(terms, events, on(10, "14:00"), "resolution")
    assert [line for _, line in log(cycle)] == ["started", "met", "resumed", "paused vendor"]


def test_other_terms_at_the_reopening_are_a_retarget() -> None:
    events = [
        CREATE,
        state(10, "12:00", "resolved"),
        event(10, "12:30", "targets", targets={"resolution": HOUR}),
        state(10, "13:00", "diagnosis"),
    ]
    (cycle,) = cycles(policy(resolution=4 * HOUR), events, on(10, "13:00"), "resolution")
    assert [line for _, line in log(cycle)] == ["started", "met", "resumed", "retargeted", "breached on retarget"]


# explaining -----------------------------------------------------------------------------------------


def test_an_explanation_names_every_span_and_sums_to_the_second() -> None:
    events = [
        CREATE,
        event(10, "11:00", "hold", cause="customer"),
        event(10, "12:00", "release"),
        state(10, "15:00", "resolved"),
        state(11, "10:00", "diagnosis"),
    ]
    at = on(11, "11:00")
    (cycle,) = cycles(policy(resolution=8 * HOUR), events, at, "resolution")
    spans = sla.explain(cycle)
    assert [(span.reason, span.seconds) for span in spans] == [
        ("open", HOUR),
        ("customer", HOUR),
        ("open", 3 * HOUR),
        ("resolved", 2 * HOUR),
        ("closed", 16 * HOUR),
        ("resolved", HOUR),
        ("open", HOUR),
    ]
    assert sum(span.seconds for span in spans if span.counted) == cycle.elapsed_seconds
    assert spans == sla.explain_clock(policy(resolution=8 * HOUR), OFFICE, events, cycle.kind, at)


def test_the_explanation_of_an_ended_clock_ends_with_it() -> None:
    events = [CREATE, event(10, "10:30", "hold", cause="customer"), event(10, "11:00", "public_reply")]
    cycle = first(respond(pause_on=["customer"]), events, 12, "12:00")
    assert [(span.reason, span.seconds) for span in sla.explain(cycle)] == [("open", HOUR / 2), ("customer", HOUR / 2)]


def test_nothing_promised_nothing_to_explain() -> None:
    events = [CREATE, event(10, "11:00", "targets", targets={"first_response": None})]
    assert sla.explain(first(respond(), events, 10, "12:00")) == []
    assert sla.explain_clock(respond(), ALWAYS, [CREATE], "next_response", on(10, "12:00")) == []
