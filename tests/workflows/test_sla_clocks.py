"""Which clock starts, pauses and ends at what: one test a sentence of the Clocks table."""

from workflows import sla
from workflows.vocabulary import ClockKind

from .sla_cases import ALWAYS, HOUR, OFFICE, cycles, event, on, policy, state, states, view

CREATE = event(10, "10:00", "create")
REPLY = event(10, "10:30", "public_reply")
RESPONSES = policy(first_response=2 * HOUR, next_response=4 * HOUR)


# responses ------------------------------------------------------------------------------------------


def test_resolving_without_a_reply_meets_the_first_response_and_says_by_what() -> None:
    events = [CREATE, state(10, "11:00", "resolved")]
    (first,) = cycles(RESPONSES, events, on(10, "12:00"), "first_response")
    assert (first.state, first.ended_by, first.elapsed_seconds) == ("met", "state", HOUR)


def test_a_message_before_the_first_response_starts_no_next_response() -> None:
    events = [CREATE, event(10, "10:10", "contact_message"), REPLY]
    assert view(RESPONSES, events, on(10, "12:00"), "next_response") == sla.ClockView("none", None, None, None, False)


def test_messages_on_a_closed_turned_away_or_merged_ticket_do_nothing() -> None:
    for rest in ("closed", "turned_away", "merged"):
        events = [
            CREATE,
            state(10, "11:00", rest),
            event(10, "12:00", "public_reply"),
            event(10, "12:30", "contact_message"),
        ]
        seen = sla.evaluate(RESPONSES, OFFICE, events, on(10, "13:00"))
        assert [str(seen[kind].state) for kind in seen] == ["cancelled", "none"], rest


def test_after_withdrawal_and_reopening_the_next_response_waits_for_its_next_start() -> None:
    events = [
        CREATE,
        REPLY,
        event(10, "11:00", "contact_message"),
        state(10, "12:00", "closed"),
        state(10, "13:00", "diagnosis"),
    ]
    assert view(RESPONSES, events, on(10, "14:00"), "next_response").state == "cancelled"
    events.append(event(10, "15:00", "contact_message"))
    found = cycles(RESPONSES, events, on(10, "16:00"), "next_response")
    assert states(found) == ["cancelled", "running"]
    assert found[-1].started_at == on(10, "15:00")


def test_a_message_after_resolving_starts_a_response_that_closing_cancels() -> None:
    events = [CREATE, state(10, "11:00", "resolved"), event(10, "12:00", "contact_message")]
    assert view(RESPONSES, events, on(10, "13:00"), "next_response").state == "running"
    events.append(state(10, "14:00", "closed"))
    seen = sla.evaluate(RESPONSES, OFFICE, events, on(10, "15:00"))
    assert [str(seen[kind].state) for kind in seen] == ["met", "cancelled"]


# periodic update ------------------------------------------------------------------------------------


def test_each_public_reply_of_an_open_ticket_starts_a_periodic_update() -> None:
    terms = policy(periodic_update=4 * HOUR)
    events = [CREATE, REPLY, event(10, "13:00", "public_reply"), state(10, "15:00", "resolved")]
    found = cycles(terms, events, on(10, "16:00"), "periodic_update")
    assert states(found) == ["met", "met"]
    assert [cycle.elapsed_seconds for cycle in found] == [2.5 * HOUR, 2 * HOUR]
    late_reply = [*events, event(10, "15:30", "public_reply")]
    assert len(cycles(terms, late_reply, on(10, "16:00"), "periodic_update")) == 2


def test_a_message_sent_with_the_creation_starts_a_periodic_update() -> None:
    terms = policy(periodic_update=4 * HOUR)
    events = [event(10, "10:00", "create", by="agent")]
    assert view(terms, events, on(10, "11:00"), "periodic_update").elapsed_seconds == HOUR


def test_a_periodic_update_waits_for_the_customer_unless_the_policy_says_otherwise() -> None:
    events = [CREATE, REPLY, event(10, "11:00", "hold", cause="customer")]
    assert view(policy(periodic_update=HOUR), events, on(10, "12:00"), "periodic_update").state == "paused"
    strict = policy({"periodic_update": []}, periodic_update=HOUR)
    assert view(strict, events, on(10, "12:00"), "periodic_update").breached


# pickup ---------------------------------------------------------------------------------------------


def test_pickup_is_met_by_an_assignee_and_starts_anew_when_they_leave() -> None:
    terms = policy(pickup=HOUR)
    events = [
        CREATE,
        event(10, "10:20", "assigned", to="ana"),
        event(10, "11:00", "assigned", to="lea"),
        event(10, "12:00", "assigned", to=None),
        event(10, "12:30", "assigned", to=None),
    ]
    found = cycles(terms, events, on(10, "12:40"), "pickup")
    assert states(found) == ["met", "running"]
    assert [cycle.elapsed_seconds for cycle in found] == [20 * 60, 40 * 60]


def test_resolving_cancels_pickup_and_reopening_with_nobody_assigned_starts_it() -> None:
    terms = policy(pickup=HOUR)
    events = [CREATE, state(10, "10:30", "resolved"), state(10, "12:00", "diagnosis")]
    assert states(cycles(terms, events, on(10, "12:10"), "pickup")) == ["cancelled", "running"]


def test_reopening_an_assigned_ticket_starts_no_pickup() -> None:
    terms = policy(pickup=HOUR)
    events = [
        CREATE,
        event(10, "10:20", "assigned", to="ana"),
        state(10, "10:30", "resolved"),
        state(10, "12:00", "diagnosis"),
    ]
    assert states(cycles(terms, events, on(10, "12:10"), "pickup")) == ["met"]


def test_unassigning_a_resolved_ticket_starts_pickup_only_at_the_reopening() -> None:
    terms = policy(pickup=HOUR)
    events = [
        CREATE,
        event(10, "10:20", "assigned", to="ana"),
        state(10, "10:30", "resolved"),
        event(10, "11:00", "assigned", to=None),
    ]
    assert states(cycles(terms, events, on(10, "11:30"), "pickup")) == ["met"]
    events.append(state(10, "12:00", "diagnosis"))
    assert cycles(terms, events, on(10, "12:10"), "pickup")[-1].started_at == on(10, "12:00")


# states ---------------------------------------------------------------------------------------------


def test_reentering_a_state_opens_a_new_cycle_with_the_full_target() -> None:
    terms = policy(intake=HOUR, diagnosis=8 * HOUR)
    events = [
        CREATE,
        state(10, "11:00", "diagnosis"),
        state(10, "13:00", "partner_resolution"),
        state(10, "14:00", "diagnosis"),
    ]
    at = on(10, "15:00")
    assert states(cycles(terms, events, at, "intake")) == ["met"]
    found = cycles(terms, events, at, "diagnosis")
    assert [(str(cycle.state), cycle.elapsed_seconds) for cycle in found] == [("met", 2 * HOUR), ("running", HOUR)]
    assert [cycle.number for cycle in found] == [1, 2]


def test_the_state_left_by_turning_away_withdrawing_or_merging_is_cancelled() -> None:
    terms = policy(intake=8 * HOUR)
    for rest in ("turned_away", "closed", "merged"):
        seen = view(terms, [CREATE, state(10, "11:00", rest)], on(10, "16:00"), "intake")
        assert (seen.state, seen.elapsed_seconds) == ("cancelled", HOUR), rest


def test_reopening_a_turned_away_ticket_starts_a_new_cycle_of_intake() -> None:
    events = [CREATE, state(10, "11:00", "turned_away"), state(10, "12:00", "intake")]
    assert states(cycles(policy(intake=HOUR), events, on(10, "13:00"), "intake")) == ["cancelled", "running"]


def test_holds_of_the_customer_pause_the_clocks_of_work_by_default_and_nothing_else_does() -> None:
    terms = policy(intake=HOUR, resolution=HOUR, first_response=HOUR, pickup=HOUR)
    paused = sla.evaluate(terms, OFFICE, [CREATE, event(10, "10:10", "hold", cause="customer")], on(10, "10:30"))
    assert {kind for kind in paused if paused[kind].state == "paused"} == {"intake", "resolution"}
    waiting = sla.evaluate(terms, OFFICE, [CREATE, event(10, "10:10", "hold", cause="approval")], on(10, "10:30"))
    assert {str(seen.state) for seen in waiting.values()} == {"running"}


def test_a_new_hold_replaces_the_old() -> None:
    terms = policy({"resolution": ["customer", "approval"]}, resolution=8 * HOUR)
    events = [
        CREATE,
        event(10, "11:00", "hold", cause="customer"),
        event(10, "12:00", "hold", cause="scheduled"),
        event(10, "13:00", "hold", cause="approval"),
        event(10, "14:00", "release"),
    ]
    (found,) = cycles(terms, events, on(10, "15:00"), "resolution")
    assert found.elapsed_seconds == 3 * HOUR
    assert found.pauses == (
        (on(10, "11:00"), on(10, "12:00"), "customer"),
        (on(10, "13:00"), on(10, "14:00"), "approval"),
    )


def test_overlapping_causes_are_one_pause() -> None:
    terms = policy({"resolution": ["customer", "vendor"]}, resolution=8 * HOUR)
    events = [
        CREATE,
        event(10, "11:00", "hold", cause="customer"),
        state(10, "12:00", "escalated_premier"),
        state(10, "12:30", "escalated_signature"),
        event(10, "13:00", "release"),
        state(10, "14:00", "partner_resolution"),
    ]
    (found,) = cycles(terms, events, on(10, "15:00"), "resolution")
    assert found.elapsed_seconds == 2 * HOUR
    assert [str(change.what) for change in found.changes] == ["started", "paused", "resumed"]


def test_a_hold_outside_the_open_states_is_none() -> None:
    events = [
        CREATE,
        state(10, "11:00", "resolved"),
        event(10, "12:00", "hold", cause="customer"),
        state(10, "13:00", "diagnosis"),
    ]
    assert view(policy(resolution=8 * HOUR), events, on(10, "14:00"), "resolution").elapsed_seconds == 2 * HOUR


def test_the_state_already_held_changes_nothing() -> None:
    events = [CREATE, state(10, "11:00", "diagnosis"), state(10, "12:00", "diagnosis")]
    assert view(policy(diagnosis=HOUR), events, on(10, "13:00"), "diagnosis").elapsed_seconds == 2 * HOUR


# terms ----------------------------------------------------------------------------------------------


def test_a_target_set_after_none_counts_from_the_original_start() -> None:
    events = [CREATE, event(10, "12:00", "targets", targets={"resolution": 8 * HOUR})]
    assert ClockKind.RESOLUTION not in sla.evaluate(RESPONSES, OFFICE, events, on(10, "11:00"))
    assert view(RESPONSES, events, on(10, "13:00"), "resolution").elapsed_seconds == 3 * HOUR


def test_a_reopened_resolution_runs_again_under_todays_terms() -> None:
    events = [
        CREATE,
        state(10, "12:00", "resolved"),
        event(10, "13:00", "targets", targets={"resolution": HOUR}),
    ]
    terms = policy(resolution=8 * HOUR)
    assert view(terms, events, on(10, "14:00"), "resolution").remaining_seconds == 6 * HOUR
    events.append(state(10, "15:00", "diagnosis"))
    seen = view(terms, events, on(10, "16:00"), "resolution")
    assert (seen.elapsed_seconds, seen.remaining_seconds, seen.breached) == (3 * HOUR, -2 * HOUR, True)


def test_a_clock_that_ended_without_a_target_stays_none_whatever_comes_later() -> None:
    events = [CREATE, REPLY, event(10, "12:00", "targets", targets={"first_response": HOUR})]
    assert view(policy(first_response=None), events, on(10, "13:00"), "first_response").state == "none"


def test_whole_terms_take_the_place_of_all_before() -> None:
    whole = sla.Policy.of(policy(resolution=HOUR), ALWAYS)
    events = [*sla.read_events([CREATE]), sla.Event(on(10, "20:00"), "targets", policy=whole)]
    seen = sla.evaluate(RESPONSES, OFFICE, events, on(10, "20:30"))
    assert seen[ClockKind.FIRST_RESPONSE].state == "none"
    assert seen[ClockKind.RESOLUTION].elapsed_seconds == 10.5 * HOUR


def test_calendars_go_by_kind_and_an_event_may_change_some() -> None:
    calendars = {"first_response": OFFICE, "resolution": ALWAYS}
    terms = policy(first_response=8 * HOUR, resolution=48 * HOUR)
    events = [CREATE, event(11, "09:00", "calendar", calendar=ALWAYS.definition, kinds=["first_response"])]
    before = sla.evaluate(terms, calendars, events, on(10, "20:00"))
    assert [seen.elapsed_seconds for seen in before.values()] == [7 * HOUR, 10 * HOUR]
    after = sla.evaluate(terms, calendars, events, on(11, "10:00"))
    assert [seen.elapsed_seconds for seen in after.values()] == [24 * HOUR, 24 * HOUR]


# the vendor -----------------------------------------------------------------------------------------

VENDOR = policy(vendor_response=2 * HOUR, vendor_update=4 * HOUR)
OPENED = event(10, "10:00", "vendor_case_opened")
ANSWER = event(10, "11:00", "vendor_note", by="vendor")


def vendor(events: list[dict[str, object]], clock: str) -> dict[str, list[str]]:
    found = sla.replay(VENDOR, OFFICE, events, on(10, clock))
    return {str(kind): states(found[kind]) for kind in found}


def test_the_first_note_of_the_vendor_is_the_response_and_each_note_starts_an_update() -> None:
    assert vendor([OPENED], "10:30") == {"vendor_response": ["running"], "vendor_update": []}
    events = [OPENED, ANSWER, event(10, "12:00", "vendor_note", by="vendor")]
    assert vendor(events, "13:00") == {"vendor_response": ["met"], "vendor_update": ["met", "running"]}


def test_chasing_the_vendor_changes_none_of_their_clocks() -> None:
    events = [OPENED, event(10, "10:30", "vendor_note", by="desk")]
    assert vendor(events, "11:00") == {"vendor_response": ["running"], "vendor_update": []}


def test_attention_needed_cancels_the_update_and_our_note_starts_a_new_one() -> None:
    events = [OPENED, ANSWER, event(10, "12:00", "vendor_case", state="attention_needed")]
    assert vendor(events, "12:30") == {"vendor_response": ["met"], "vendor_update": ["cancelled"]}
    theirs = [*events, event(10, "12:40", "vendor_note", by="vendor")]
    assert vendor(theirs, "12:50")["vendor_update"] == ["cancelled"]
    events.append(event(10, "13:00", "vendor_note", by="desk"))
    assert vendor(events, "13:30")["vendor_update"] == ["cancelled", "running"]
    events.append(event(10, "13:00", "vendor_case", state="open"))
    assert vendor(events, "13:30")["vendor_update"] == ["cancelled", "running"]


def test_a_case_told_to_be_open_again_starts_the_update_once() -> None:
    events = [
        OPENED,
        ANSWER,
        event(10, "12:00", "vendor_case", state="attention_needed"),
        event(10, "13:00", "vendor_case", state="open"),
        event(10, "13:00", "vendor_note", by="desk"),
    ]
    assert vendor(events, "13:30")["vendor_update"] == ["cancelled", "running"]


def test_closing_the_case_cancels_what_runs_and_is_final() -> None:
    closed = event(10, "10:30", "vendor_case", state="closed")
    assert vendor([OPENED, closed], "11:00")["vendor_response"] == ["cancelled"]
    events = [OPENED, closed, ANSWER, event(10, "12:00", "vendor_case", state="open")]
    assert vendor(events, "13:00") == {"vendor_response": ["cancelled"], "vendor_update": []}


def test_a_vendor_case_ends_with_its_ticket_but_not_with_the_resolution() -> None:
    for rest, expected in (("resolved", "running"), ("closed", "cancelled"), ("merged", "cancelled")):
        assert vendor([OPENED, state(10, "10:30", rest)], "11:00")["vendor_response"] == [expected], rest


def test_the_vendors_clocks_start_no_clock_of_the_ticket() -> None:
    terms = policy(vendor_response=HOUR, pickup=HOUR, diagnosis=HOUR, next_response=HOUR)
    events = [
        OPENED,
        state(10, "10:10", "diagnosis"),
        event(10, "10:20", "public_reply"),
        event(10, "10:30", "contact_message"),
    ]
    seen = sla.evaluate(terms, OFFICE, events, on(10, "11:00"))
    assert [kind for kind in seen if seen[kind].state != "none"] == ["vendor_response"]
