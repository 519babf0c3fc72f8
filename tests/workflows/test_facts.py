"""Each guard and each particular: what it complains of, where, and what would mend it."""

from dataclasses import replace

import pytest

from tests.workflows.ready import DIAGNOSED, filled, ready, whole
from workflows.facts import AGENT, CONTACT, ONLOOKER, SCHEDULER, Actor, Diagnosis, Facts, MergeTarget, Reason
from workflows.machine import Refused, workflow_for
from workflows.vocabulary import ChannelKind, Kind, Mend, Particular, ResolutionCode, State, Trigger


def complaints(state: State, trigger: Trigger, facts: Facts) -> list[str]:
    with pytest.raises(Refused) as refused:
        workflow_for(facts.kind).take(state, trigger, facts)
    return [reason.code for reason in refused.value.reasons]


def asked(state: State, trigger: Trigger, facts: Facts) -> list[Particular]:
    moves = workflow_for(facts.kind).allowed(state, facts)
    return [ask.field for move in moves if move.trigger is trigger for ask in move.asks]


def test_a_fresh_ticket_hears_everything_that_is_missing_at_once() -> None:
    fresh = Facts(kind=Kind.BILLING, actor=AGENT)
    assert complaints(State.INTAKE, Trigger.START_DIAGNOSIS, fresh) == [
        "customer_unconfirmed",
        "service_missing",
        "impact_missing",
        "urgency_missing",
        "topic_missing",
        "assignee_missing",
    ]


def test_an_empty_diagnosis_names_its_four_gaps() -> None:
    facts = ready(Kind.TECHNICAL, diagnosis=Diagnosis())
    assert complaints(State.DIAGNOSIS, Trigger.START_RESOLUTION, facts) == [
        "health_unchecked",
        "findings_missing",
        "tried_missing",
        "boundary_undecided",
    ]


def test_blanks_are_no_findings() -> None:
    facts = ready(Kind.TECHNICAL, diagnosis=replace(DIAGNOSED, findings=" \n"))
    assert complaints(State.DIAGNOSIS, Trigger.START_RESOLUTION, facts) == ["findings_missing"]


def test_reasons_say_what_would_mend_them() -> None:
    fresh = Facts(kind=Kind.BILLING, actor=AGENT)
    with pytest.raises(Refused) as refused:
        workflow_for(Kind.BILLING).take(State.INTAKE, Trigger.START_DIAGNOSIS, fresh)
    assert {reason.mend for reason in refused.value.reasons} == {Mend.CUSTOMER, Mend.CLASSIFY, Mend.ASSIGN}


def test_a_closed_channel_passes_its_reasons_on() -> None:
    shut = (Reason("a", "A."), Reason("b", "B."))
    facts = ready(Kind.TECHNICAL, channels={ChannelKind.PREMIER: shut})
    assert complaints(State.DIAGNOSIS, Trigger.ESCALATE_TO_PREMIER, facts) == ["a", "b"]


def test_a_channel_nobody_speaks_of_is_closed() -> None:
    facts = ready(Kind.TECHNICAL, channels={ChannelKind.PREMIER: ()})
    assert complaints(State.DIAGNOSIS, Trigger.ESCALATE_TO_ADVANCED, facts) == ["channel_not_set_up"]


def test_an_incomplete_pack_waits_for_its_own_channel_only() -> None:
    facts = ready(Kind.TECHNICAL, packs={ChannelKind.PREMIER: 99})
    assert complaints(State.DIAGNOSIS, Trigger.ESCALATE_TO_PREMIER, facts) == ["pack_incomplete"]
    workflow_for(Kind.TECHNICAL).take(State.DIAGNOSIS, Trigger.ESCALATE_TO_SIGNATURE, facts)


def test_a_leads_kept_reason_passes_an_incomplete_pack() -> None:
    facts = ready(Kind.TECHNICAL, packs={ChannelKind.PREMIER: 60}, pack_override="Production is down.")
    workflow_for(Kind.TECHNICAL).take(State.DIAGNOSIS, Trigger.ESCALATE_TO_PREMIER, facts)


def test_open_children_hold_back_the_resolution() -> None:
    facts = whole(Kind.BILLING, Trigger.RESOLVE, open_children=2)
    with pytest.raises(Refused, match=r"Child tickets still open: 2\."):
        workflow_for(Kind.BILLING).take(State.DIAGNOSIS, Trigger.RESOLVE, facts)


def test_resolving_asks_for_a_code_and_a_note() -> None:
    facts = ready(Kind.BILLING)
    assert asked(State.DIAGNOSIS, Trigger.RESOLVE, facts) == [Particular.RESOLUTION_CODE, Particular.NOTE]
    assert complaints(State.DIAGNOSIS, Trigger.RESOLVE, facts) == ["particular_missing", "particular_missing"]


def test_an_open_vendor_case_is_left_open_only_with_a_reason() -> None:
    facts = whole(Kind.BILLING, Trigger.RESOLVE, open_vendor_cases=1)
    assert Particular.LEFT_OPEN_REASON in asked(State.DIAGNOSIS, Trigger.RESOLVE, facts)
    assert complaints(State.DIAGNOSIS, Trigger.RESOLVE, facts) == ["particular_missing"]
    explained = filled(Trigger.RESOLVE, left_open_reason="They still check the other tenants.")
    workflow_for(Kind.BILLING).take(State.DIAGNOSIS, Trigger.RESOLVE, replace(facts, particulars=explained))


@pytest.mark.parametrize(
    ("state", "trigger", "wrong"),
    [
        (State.INTAKE, Trigger.TURN_AWAY, {"reason": "because"}),
        (State.INTAKE, Trigger.WITHDRAW, {"reason": "spam"}),
        (State.ESCALATED_COMMERCIAL, Trigger.RETURN_TO_PARTNER, {"reason": "spam"}),
        (State.DIAGNOSIS, Trigger.RESOLVE, {"resolution_code": "magic"}),
        (State.DIAGNOSIS, Trigger.RESOLVE, {"resolution_code": " fixed"}),
    ],
)
def test_a_word_outside_the_choices_is_refused(state: State, trigger: Trigger, wrong: dict[str, str]) -> None:
    facts = whole(Kind.BILLING, trigger, particulars=filled(trigger, **wrong))
    assert complaints(state, trigger, facts) == ["particular_unknown"]


@pytest.mark.parametrize("code", ResolutionCode)
def test_every_resolution_code_will_do(code: ResolutionCode) -> None:
    particulars = filled(Trigger.RESOLVE, resolution_code=code.value)
    facts = whole(Kind.BILLING, Trigger.RESOLVE, particulars=particulars)
    assert workflow_for(Kind.BILLING).take(State.DIAGNOSIS, Trigger.RESOLVE, facts).target is State.RESOLVED


@pytest.mark.parametrize(
    ("target", "codes"),
    [
        (None, ["target_unknown"]),
        (MergeTarget(True, True, is_this_ticket=True), ["target_is_this"]),
        (MergeTarget(False, True), ["target_not_open"]),
        (MergeTarget(True, False), ["target_of_another_customer"]),
        (MergeTarget(True, True, refused_kind=Kind.TECHNICAL), ["target_of_refused_kind"]),
        (MergeTarget(False, True, is_merged_into_this=True), ["target_not_open", "target_merged_here"]),
    ],
)
def test_merging_needs_a_fitting_ticket(target: MergeTarget | None, codes: list[str]) -> None:
    facts = whole(Kind.BILLING, Trigger.MERGE, particulars=filled(Trigger.MERGE, target=target))
    assert complaints(State.INTAKE, Trigger.MERGE, facts) == codes


def test_the_desk_says_why_it_reopens_and_the_contact_need_not() -> None:
    by_agent, by_contact = ready(Kind.BILLING, AGENT), ready(Kind.BILLING, CONTACT)
    assert asked(State.RESOLVED, Trigger.REOPEN, by_agent) == [Particular.REASON]
    assert complaints(State.RESOLVED, Trigger.REOPEN, by_agent) == ["particular_missing"]
    assert asked(State.RESOLVED, Trigger.REOPEN, by_contact) == []
    assert workflow_for(Kind.BILLING).take(State.RESOLVED, Trigger.REOPEN, by_contact).target is State.DIAGNOSIS


@pytest.mark.parametrize("state", [State.CLOSED, State.TURNED_AWAY])
def test_reopening_has_its_time(state: State) -> None:
    late = ready(Kind.BILLING, is_reopen_window_open=False)
    assert complaints(state, Trigger.REOPEN, late) == ["reopen_window_over"]


def test_a_contact_reopens_nothing_that_is_closed() -> None:
    assert complaints(State.CLOSED, Trigger.REOPEN, ready(Kind.BILLING, CONTACT)) == ["not_for_contacts"]


@pytest.mark.parametrize("is_quiet_over", [True, False])
def test_a_contact_closes_at_any_time(is_quiet_over: bool) -> None:
    facts = ready(Kind.BILLING, CONTACT, is_quiet_over=is_quiet_over)
    assert workflow_for(Kind.BILLING).take(State.RESOLVED, Trigger.CLOSE, facts).target is State.CLOSED


def test_the_scheduler_closes_after_the_quiet_period_only() -> None:
    early = ready(Kind.BILLING, SCHEDULER, is_quiet_over=False)
    assert complaints(State.RESOLVED, Trigger.CLOSE, early) == ["quiet_period_running"]
    workflow_for(Kind.BILLING).take(State.RESOLVED, Trigger.CLOSE, replace(early, is_quiet_over=True))


def test_no_agent_closes() -> None:
    assert complaints(State.RESOLVED, Trigger.CLOSE, ready(Kind.BILLING)) == ["not_for_staff"]


OPEN = ("intake", "diagnosis", "partner_resolution", "escalated_commercial")


@pytest.mark.parametrize(
    ("actor", "may"),
    [
        (
            CONTACT,
            {*((state, "withdraw") for state in OPEN), ("resolved", "close"), ("resolved", "reopen")},
        ),
        (
            SCHEDULER,
            {
                ("resolved", "close"),
                ("diagnosis", "escalate_to_commercial"),
                ("partner_resolution", "escalate_to_commercial"),
            },
        ),
        (ONLOOKER, set()),
    ],
)
def test_who_may_ask(actor: Actor, may: set[tuple[str, str]]) -> None:
    workflow = workflow_for(Kind.BILLING)
    for state in workflow.states:
        for move in workflow.allowed(state, ready(Kind.BILLING, actor)):
            assert move.is_open == ((state, move.trigger) in may), (state, move.trigger)


def test_a_reason_reads_as_a_sentence() -> None:
    assert str(Reason("x", "%(percent)s %% complete.", {"percent": 40})) == "40 % complete."
    assert str(Reason("x", "100% sure.")) == "100% sure."
