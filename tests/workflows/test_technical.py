"""Every cell of the technical table, written out a second time."""

import pytest

from tests.workflows.ready import ready, whole
from workflows.facts import SCHEDULER
from workflows.machine import Refused, workflow_for
from workflows.vocabulary import Kind, Particular, State, Trigger

WAY = {
    "intake": {
        "start_diagnosis": "diagnosis",
        "turn_away": "turned_away",
        "withdraw": "closed",
        "merge": "merged",
    },
    "diagnosis": {
        "start_resolution": "partner_resolution",
        "escalate_to_premier": "escalated_premier",
        "escalate_to_advanced": "escalated_advanced",
        "escalate_to_signature": "escalated_signature",
        "resolve": "resolved",
        "withdraw": "closed",
        "merge": "merged",
    },
    "partner_resolution": {
        "escalate_to_premier": "escalated_premier",
        "escalate_to_advanced": "escalated_advanced",
        "escalate_to_signature": "escalated_signature",
        "resolve": "resolved",
        "withdraw": "closed",
        "merge": "merged",
    },
    "escalated_premier": {
        "escalate_to_advanced": "escalated_advanced",
        "escalate_to_signature": "escalated_signature",
        "return_to_partner": "partner_resolution",
        "resolve": "resolved",
        "withdraw": "closed",
        "merge": "merged",
    },
    "escalated_advanced": {
        "escalate_to_premier": "escalated_premier",
        "escalate_to_signature": "escalated_signature",
        "return_to_partner": "partner_resolution",
        "resolve": "resolved",
        "withdraw": "closed",
        "merge": "merged",
    },
    "escalated_signature": {
        "escalate_to_premier": "escalated_premier",
        "escalate_to_advanced": "escalated_advanced",
        "return_to_partner": "partner_resolution",
        "resolve": "resolved",
        "withdraw": "closed",
        "merge": "merged",
    },
    "resolved": {"close": "closed", "reopen": "diagnosis"},
    "closed": {"reopen": "diagnosis"},
    "turned_away": {"reopen": "intake"},
    "merged": {},
    "escalated_commercial": {},  # not on a technical ticket's way
}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("trigger", Trigger)
def test_cell(state: State, trigger: Trigger) -> None:
    workflow, facts = workflow_for(Kind.TECHNICAL), whole(Kind.TECHNICAL, trigger)
    target = WAY[state].get(trigger)
    if target is not None:
        assert workflow.take(state, trigger, facts).target == target
        return
    with pytest.raises(Refused) as refused:
        workflow.take(state, trigger, facts)
    expected = "wrong_state" if trigger in workflow.triggers else "no_such_move"
    assert [reason.code for reason in refused.value.reasons] == [expected]


def test_the_test_knows_every_state() -> None:
    assert set(WAY) == {state.value for state in State}


def test_changing_the_tier_asks_why_but_a_first_escalation_does_not() -> None:
    workflow, facts = workflow_for(Kind.TECHNICAL), ready(Kind.TECHNICAL)
    workflow.take(State.DIAGNOSIS, Trigger.ESCALATE_TO_PREMIER, facts)
    with pytest.raises(Refused) as refused:
        workflow.take(State.ESCALATED_SIGNATURE, Trigger.ESCALATE_TO_PREMIER, facts)
    assert [reason.field for reason in refused.value.reasons] == [Particular.REASON]


def test_the_ladder_escalates_but_leaves_the_tier_to_people() -> None:
    workflow = workflow_for(Kind.TECHNICAL)
    facts = whole(Kind.TECHNICAL, Trigger.ESCALATE_TO_PREMIER, SCHEDULER)
    workflow.take(State.PARTNER_RESOLUTION, Trigger.ESCALATE_TO_PREMIER, facts)
    with pytest.raises(Refused) as refused:
        workflow.take(State.ESCALATED_SIGNATURE, Trigger.ESCALATE_TO_PREMIER, facts)
    assert [reason.code for reason in refused.value.reasons] == ["not_for_the_scheduler"]
