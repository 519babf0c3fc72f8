"""The machine: moves offered, moves taken, refusals, and what holds on every walk."""

from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workflows.ready import DIAGNOSED, filled, ready, whole
from workflows.asks import Ask
from workflows.facts import AGENT, CONTACT, LEAD, ONLOOKER, SCHEDULER, Diagnosis, Facts, Reason
from workflows.machine import EVENT_OF, KEEPS_HOLD, Refused, Step, may_change_kind, workflow_for
from workflows.vocabulary import (
    ESCALATED_STATES,
    OPEN_STATES,
    ChannelKind,
    Kind,
    Particular,
    ResolutionCode,
    Service,
    State,
    Trigger,
)

KINDS = st.sampled_from(Kind)
SHUT = (Reason("shut", "Shut."),)


@st.composite
def any_facts(draw: st.DrawFn, kind: Kind) -> Facts:
    """A ticket in any condition, asked for a move by anybody, with any form."""
    maybe = st.booleans()
    return ready(
        kind,
        draw(st.sampled_from([AGENT, LEAD, ONLOOKER, CONTACT, SCHEDULER])),
        service=draw(st.sampled_from([None, *Service])),
        has_topic=draw(maybe),
        is_customer_confirmed=draw(maybe),
        has_assignee=draw(maybe),
        diagnosis=draw(st.sampled_from([Diagnosis(), replace(DIAGNOSED, tried=""), DIAGNOSED])),
        open_children=draw(st.integers(0, 2)),
        open_vendor_cases=draw(st.integers(0, 2)),
        is_reopen_window_open=draw(maybe),
        is_quiet_over=draw(maybe),
        channels={channel: draw(st.sampled_from([(), SHUT])) for channel in ChannelKind},
        packs=draw(st.dictionaries(st.sampled_from(ChannelKind), st.integers(0, 100))),
        particulars=filled(
            draw(st.sampled_from(Trigger)),
            resolution_code=draw(st.sampled_from(["", "magic", *ResolutionCode])),
            note=draw(st.sampled_from(["", "Solved."])),
        ),
    )


@given(st.data())
def test_allowed_agrees_with_take(data: st.DataObject) -> None:
    kind, state = data.draw(KINDS), data.draw(st.sampled_from(State))
    facts, workflow = data.draw(any_facts(kind)), workflow_for(kind)
    offered = {move.trigger: move for move in workflow.allowed(state, facts)}
    for trigger in Trigger:
        move, answer = offered.get(trigger), attempt(kind, state, trigger, facts)
        if isinstance(answer, Step):
            assert move is not None
            assert move.is_open
            assert answer.target is move.target
            continue
        about_fields = {reason.field for reason in answer.reasons} - {None}
        about_guards = tuple(reason for reason in answer.reasons if reason.field is None)
        assert answer.reasons
        assert about_guards == (move.reasons if move else answer.reasons)
        assert about_fields <= {ask.field for ask in (move.asks if move else ())}


def attempt(kind: Kind, state: State, trigger: Trigger, facts: Facts) -> Step | Refused:
    try:
        return workflow_for(kind).take(state, trigger, facts)
    except Refused as refused:
        return refused


@given(st.data())
def test_every_move_that_leaves_a_state_is_listed_whatever_the_facts(data: st.DataObject) -> None:
    kind, state = data.draw(KINDS), data.draw(st.sampled_from(State))
    workflow = workflow_for(kind)
    listed = [move.trigger for move in workflow.allowed(state, data.draw(any_facts(kind)))]
    assert listed == [row.trigger for row in workflow.table if state in row.sources]
    assert len(listed) == len(set(listed))


@given(KINDS, st.sampled_from(State))
def test_closed_is_within_reach_of_every_state_but_merged(kind: Kind, start: State) -> None:
    if start in workflow_for(kind).states:
        assert (State.CLOSED in reachable(kind, start)) == (start is not State.MERGED)


def reachable(kind: Kind, start: State) -> set[State]:
    """Where people can get from ``start`` when nothing stands in the way."""
    seen, waiting = {start}, deque([start])
    while waiting:
        state = waiting.popleft()
        new = {step.target for step in attempts(kind, state, Trigger)} - seen
        seen |= new
        waiting.extend(new)
    return seen


def attempts(kind: Kind, state: State, triggers: Iterable[Trigger]) -> list[Step]:
    answers = [attempt(kind, state, trigger, whole(kind, trigger)) for trigger in triggers]
    return [answer for answer in answers if isinstance(answer, Step)]


@given(st.data())
def test_a_walk_never_leaves_the_rules(data: st.DataObject) -> None:
    kind = data.draw(KINDS)
    workflow, state = workflow_for(kind), State.INTAKE
    for trigger in data.draw(st.lists(st.sampled_from(Trigger), max_size=30)):
        facts = data.draw(st.one_of(any_facts(kind), st.just(whole(kind, trigger))))
        step = attempt(kind, state, trigger, facts)
        if isinstance(step, Refused):
            assert (step.state, step.trigger) == (state, trigger)
            continue
        assert state is not State.MERGED
        assert step.source is state
        assert step.target is not state
        assert step.target in workflow.states
        assert step.event is EVENT_OF[trigger]
        if step.target in ESCALATED_STATES:
            assert state in OPEN_STATES - {State.INTAKE}
        if step.target is State.RESOLVED:
            assert facts.open_children == 0
        if not step.ends_hold:
            assert state in OPEN_STATES
            assert step.target in OPEN_STATES
        state = step.target


@pytest.mark.parametrize("trigger", Trigger)
def test_only_moves_between_us_and_the_vendor_keep_a_hold(trigger: Trigger) -> None:
    kept = trigger in {
        Trigger.ESCALATE_TO_COMMERCIAL,
        Trigger.ESCALATE_TO_PREMIER,
        Trigger.ESCALATE_TO_ADVANCED,
        Trigger.ESCALATE_TO_SIGNATURE,
        Trigger.RETURN_TO_PARTNER,
    }
    assert (trigger in KEEPS_HOLD) == kept
    steps = [step for kind in Kind for state in State for step in attempts(kind, state, [trigger])]
    assert steps
    assert {step.ends_hold for step in steps} == {not kept}


def test_a_refusal_lists_guards_and_particulars_together() -> None:
    facts = ready(Kind.BILLING, ONLOOKER, open_children=1, open_vendor_cases=1)
    with pytest.raises(Refused) as refused:
        workflow_for(Kind.BILLING).take(State.PARTNER_RESOLUTION, Trigger.RESOLVE, facts)
    assert [reason.code for reason in refused.value.reasons] == [
        "role_may_not_move",
        "children_open",
        *["particular_missing"] * 3,
    ]
    assert [reason.field for reason in refused.value.reasons[2:]] == [
        Particular.RESOLUTION_CODE,
        Particular.NOTE,
        Particular.LEFT_OPEN_REASON,
    ]


def test_missing_particulars_close_no_button() -> None:
    moves = workflow_for(Kind.BILLING).allowed(State.DIAGNOSIS, ready(Kind.BILLING))
    assert all(move.is_open for move in moves)
    asks = {move.trigger: move.asks for move in moves}
    assert all(isinstance(ask, Ask) for ask in asks[Trigger.RESOLVE])
    assert asks[Trigger.START_RESOLUTION] == ()


@pytest.mark.parametrize("word", ["to_closed", "may_merge", "state", "", "INTAKE", "trigger"])
def test_nothing_but_the_tables_triggers_moves_a_ticket(word: str) -> None:
    with pytest.raises(Refused, match="no move of that name"):
        workflow_for(Kind.TECHNICAL).take(State.INTAKE, word, ready(Kind.TECHNICAL))


def test_a_plain_word_moves_as_well_as_the_enum() -> None:
    step = workflow_for(Kind.BILLING).take(State.INTAKE, "start_diagnosis", ready(Kind.BILLING))
    assert step.trigger is Trigger.START_DIAGNOSIS


def test_a_step_speaks_the_vocabulary() -> None:
    step = workflow_for(Kind.BILLING).take(State.INTAKE, Trigger.START_DIAGNOSIS, ready(Kind.BILLING))
    assert all(isinstance(state, State) for state in (step.source, step.target))


def test_there_is_one_workflow_per_kind() -> None:
    assert workflow_for(Kind.BILLING) is workflow_for(Kind.BILLING)
    assert {workflow_for(kind).kind for kind in Kind} == set(Kind)


def test_the_machine_keeps_nobody() -> None:
    workflow = workflow_for(Kind.BILLING)
    workflow.take(State.INTAKE, Trigger.START_DIAGNOSIS, ready(Kind.BILLING))
    assert workflow._machine.models == []


@pytest.mark.parametrize("state", State)
def test_the_kind_changes_early_only(state: State) -> None:
    assert may_change_kind(state) == (state in {State.INTAKE, State.DIAGNOSIS})
    if may_change_kind(state):
        assert all(state in workflow_for(kind).states for kind in Kind)


@pytest.mark.parametrize("kind", Kind)
def test_time_withdraws_only_what_was_left_waiting_and_no_vendor_works_on(kind: Kind) -> None:
    workflow = workflow_for(kind)

    def refusals(**known: Any) -> list[str]:
        facts = whole(kind, Trigger.WITHDRAW, SCHEDULER, **known)
        with pytest.raises(Refused) as refused:
            workflow.take(State.DIAGNOSIS, Trigger.WITHDRAW, facts)
        return [reason.code for reason in refused.value.reasons]

    assert refusals(is_wait_over=False) == ["wait_running"]
    assert refusals(is_wait_over=True, open_vendor_cases=1) == ["vendor_case_open"]
    over = whole(kind, Trigger.WITHDRAW, SCHEDULER, is_wait_over=True)
    assert workflow.take(State.DIAGNOSIS, Trigger.WITHDRAW, over).target is State.CLOSED
