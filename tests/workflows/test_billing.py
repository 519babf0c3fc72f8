"""Every cell of the billing table, written out a second time."""

import pytest

from tests.workflows.ready import whole
from workflows.machine import Refused, workflow_for
from workflows.vocabulary import Kind, State, Trigger

WAY = {
    "intake": {
        "start_diagnosis": "diagnosis",
        "turn_away": "turned_away",
        "withdraw": "closed",
        "merge": "merged",
    },
    "diagnosis": {
        "start_resolution": "partner_resolution",
        "escalate_to_commercial": "escalated_commercial",
        "resolve": "resolved",
        "withdraw": "closed",
        "merge": "merged",
    },
    "partner_resolution": {
        "escalate_to_commercial": "escalated_commercial",
        "resolve": "resolved",
        "withdraw": "closed",
        "merge": "merged",
    },
    "escalated_commercial": {
        "return_to_partner": "partner_resolution",
        "resolve": "resolved",
        "withdraw": "closed",
        "merge": "merged",
    },
    "resolved": {"close": "closed", "reopen": "diagnosis"},
    "closed": {"reopen": "diagnosis"},
    "turned_away": {"reopen": "intake"},
    "merged": {},
    # not on a billing ticket's way
    "escalated_premier": {},
    "escalated_advanced": {},
    "escalated_signature": {},
}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("trigger", Trigger)
def test_cell(state: State, trigger: Trigger) -> None:
    workflow, facts = workflow_for(Kind.BILLING), whole(Kind.BILLING, trigger)
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
