"""Whatever happens to a ticket, its clocks keep these promises."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from workflows import sla
from workflows.business_time import BusinessCalendar
from workflows.vocabulary import ClockChange, ClockKind, ClockState

from .sla_cases import ALWAYS, HOUR, OFFICE, WEEKDAYS, on

NIGHTS = BusinessCalendar(
    timezone="America/New_York",
    week={day: [("22:00", "06:00"), ("12:00", "12:30")] for day in WEEKDAYS},
    holidays=["2024-06-12"],
    breaks=[{"date": "2024-06-11", "from": "23:00", "to": "23:20"}],
)
CAUSES = ("customer", "approval", "scheduled", "vendor")
OPEN = ("intake", "diagnosis", "partner_resolution", "escalated_premier", "escalated_advanced")
NEXT_STATES = {
    **dict.fromkeys(OPEN, (*OPEN, "resolved", "closed", "turned_away", "merged")),
    "resolved": ("closed", "diagnosis"),
    "closed": ("diagnosis",),
    "turned_away": ("intake",),
    "merged": ("merged",),
}
TIMED = {ClockChange.WARNED, ClockChange.BREACHED, ClockChange.LADDERED}
WARNING = {ClockChange.WARNED, ClockChange.SKIPPED}
ONCE = TIMED | WARNING

calendars = st.sampled_from([OFFICE, ALWAYS, NIGHTS])
gaps = st.sampled_from([0, 0, 1, 59, 600, 1800, 3600, 3601, 5 * HOUR, 26 * HOUR, 70 * HOUR])
seconds = st.one_of(st.sampled_from([1, 2, 600, HOUR, 2 * HOUR, 8 * HOUR]), st.integers(1, 40 * HOUR))
kinds = st.sampled_from(ClockKind)
targets = st.dictionaries(kinds, st.none() | seconds, max_size=6)
pause_on = st.dictionaries(kinds, st.lists(st.sampled_from(CAUSES)), max_size=4)
level = st.one_of(
    st.builds(lambda value: {"percent": value}, st.integers(1, 100)),
    st.builds(lambda value: {"minutes_before": value}, st.integers(1, 200)),
    st.builds(lambda value: {"minutes_after": value}, st.integers(1, 200)),
)
level_lists = st.lists(level, max_size=3).map(
    lambda found: [{"level": number, **each} for number, each in enumerate(found, start=1)]
)
levels = st.dictionaries(kinds, level_lists, max_size=4)
policies = st.fixed_dictionaries(
    {
        "targets": st.fixed_dictionaries({kind: st.none() | seconds for kind in ClockKind}),
        "pause_on": pause_on,
        "levels": st.fixed_dictionaries(dict.fromkeys(ClockKind, level_lists)),
    }
)


@st.composite
def histories(draw: st.DrawFn) -> list[dict[str, Any]]:
    """A ticket's legal life, with a vendor case in it."""
    at = on(10, "08:00") + timedelta(seconds=draw(gaps))
    state, has_case = "intake", False
    events: list[dict[str, Any]] = [{"at": at, "type": "create", "by": draw(st.sampled_from(["contact", "agent"]))}]
    for _ in range(draw(st.integers(0, 14))):
        at += timedelta(seconds=draw(gaps))
        happening = draw(happenings(state, has_case))
        state = happening["state"] if happening["type"] == "state" else state
        has_case = has_case or happening["type"] == "vendor_case_opened"
        events.append({"at": at, **happening})
    return events


def happenings(state: str, has_case: bool) -> st.SearchStrategy[dict[str, Any]]:
    plain = ["contact_message", "public_reply", "internal_note", "release"]
    choices = [
        st.fixed_dictionaries({"type": st.sampled_from(plain)}),
        st.fixed_dictionaries({"type": st.just("state"), "state": st.sampled_from(NEXT_STATES[state])}),
        st.fixed_dictionaries({"type": st.just("assigned"), "to": st.sampled_from([None, "ana"])}),
        st.fixed_dictionaries({"type": st.just("hold"), "cause": st.sampled_from(CAUSES[:3])}),
        st.fixed_dictionaries(
            {"type": st.just("targets"), "targets": targets}, optional={"pause_on": pause_on, "levels": levels}
        ),
        st.fixed_dictionaries(
            {"type": st.just("calendar"), "calendar": calendars}, optional={"kinds": st.lists(kinds, max_size=3)}
        ),
    ]
    if has_case:
        cases = st.sampled_from(["open", "attention_needed", "closed"])
        choices.append(st.fixed_dictionaries({"type": st.just("vendor_case"), "state": cases}))
        parties = st.sampled_from(["vendor", "desk"])
        choices.append(st.fixed_dictionaries({"type": st.just("vendor_note"), "by": parties}))
    else:
        choices.append(st.just({"type": "vendor_case_opened"}))
    return st.one_of(choices)


def flat(replayed: dict[ClockKind, tuple[sla.Cycle, ...]]) -> dict[tuple[ClockKind, int], sla.Cycle]:
    return {(kind, cycle.number): cycle for kind, found in replayed.items() for cycle in found}


def assert_grown(before: dict[ClockKind, tuple[sla.Cycle, ...]], after: dict[ClockKind, tuple[sla.Cycle, ...]]) -> None:
    later = flat(after)
    for key, cycle in flat(before).items():
        assert later[key].changes[: len(cycle.changes)] == cycle.changes
        assert later[key].started_at == cycle.started_at


def end_of(events: Sequence[dict[str, Any]]) -> datetime:
    return events[-1]["at"]


@settings(max_examples=80, deadline=None)
@given(policies, calendars, histories(), gaps, gaps)
def test_the_log_only_grows_as_time_passes(
    policy: dict[str, Any], calendar: BusinessCalendar, events: list[dict[str, Any]], early: int, late: int
) -> None:
    first = events[0]["at"] + timedelta(seconds=early)
    moments = sorted({first, first + timedelta(seconds=late), end_of(events), end_of(events) + timedelta(seconds=late)})
    replays = [sla.replay(policy, calendar, events, moment) for moment in moments]
    for before, after in pairwise(replays):
        assert_grown(before, after)


@settings(max_examples=80, deadline=None)
@given(policies, calendars, histories())
def test_the_log_only_grows_as_events_are_appended(
    policy: dict[str, Any], calendar: BusinessCalendar, events: list[dict[str, Any]]
) -> None:
    """As actions do it: settle up to the moment of the next event, then append it, be it the same second."""
    for count in range(1, len(events)):
        moment = events[count]["at"]
        before = sla.replay(policy, calendar, events[:count], moment)
        assert_grown(before, sla.replay(policy, calendar, events[: count + 1], moment))


@settings(max_examples=80, deadline=None)
@given(policies, calendars, histories(), gaps)
def test_every_cycle_is_sound(
    policy: dict[str, Any], calendar: BusinessCalendar, events: list[dict[str, Any]], after: int
) -> None:
    at = end_of(events) + timedelta(seconds=after)
    replayed = sla.replay(policy, calendar, events, at)
    views = sla.evaluate(policy, calendar, events, at)
    for kind, found in replayed.items():
        assert [cycle.number for cycle in found] == list(range(1, len(found) + 1))
        assert all(cycle.ended_at for cycle in found[:-1])
        if views[kind].state is not ClockState.NONE:
            assert found[-1].view == views[kind]
        for cycle in found:
            assert_sound(cycle)


def assert_sound(cycle: sla.Cycle) -> None:
    instants = [change.at for change in cycle.changes]
    assert instants == sorted(instants)
    assert cycle.changes[0].what is ClockChange.STARTED
    # other terms may give a warning's number to a level after the breach: that is another level
    happened = Counter((change.what in WARNING, change.level) for change in cycle.changes if change.what in ONCE)
    assert sum(change.what is ClockChange.BREACHED for change in cycle.changes) <= 1
    assert all(count == 1 for (_, number), count in happened.items() if number)
    if cycle.state is ClockState.NONE:
        assert cycle.view == ("none", None, None, None, False)
        return
    assert cycle.target_seconds is not None
    assert cycle.elapsed_seconds is not None
    assert cycle.elapsed_seconds >= 0
    assert cycle.remaining_seconds == cycle.target_seconds - cycle.elapsed_seconds
    assert cycle.breached == (cycle.elapsed_seconds > cycle.target_seconds)
    assert not cycle.breached or any(change.what is ClockChange.BREACHED for change in cycle.changes)
    assert_explained(cycle)
    assert_dated(cycle)


def assert_explained(cycle: sla.Cycle) -> None:
    spans = sla.explain(cycle)
    end = cycle.ended_at or cycle.as_of
    if end == cycle.started_at:
        assert spans == []
        return
    edges = [cycle.started_at, *(span.end for span in spans)]
    assert [span.start.timestamp() for span in spans] == [edge.timestamp() for edge in edges[:-1]]
    assert edges[-1].timestamp() == end.timestamp()
    assert sum(span.seconds for span in spans if span.counted) == cycle.elapsed_seconds


def assert_dated(cycle: sla.Cycle) -> None:
    """The deadline is the earliest instant at which the target has elapsed, counting the pauses so far."""
    is_waiting = cycle.state is ClockState.PAUSED and not cycle.breached
    assert (cycle.deadline is None) == is_waiting
    if cycle.deadline is None:
        return
    assert cycle.calendar is not None
    assert cycle.target_seconds is not None
    pauses = [pause for pause in cycle.pauses if pause.until]
    for moment, elapsed in ((cycle.deadline, 0), (cycle.deadline - timedelta(seconds=1), -1)):
        counted = cycle.calendar.between(cycle.started_at, moment, pauses)
        assert counted == cycle.target_seconds + elapsed
    if cycle.late_from is not None:
        late = cycle.calendar.between(cycle.started_at, cycle.late_from, pauses)
        assert late == cycle.target_seconds + 1


@settings(max_examples=60, deadline=None)
@given(policies, calendars, histories())
def test_the_next_moment_is_told_exactly(
    policy: dict[str, Any], calendar: BusinessCalendar, events: list[dict[str, Any]]
) -> None:
    at = end_of(events)
    for key, cycle in flat(sla.replay(policy, calendar, events, at)).items():
        if cycle.next_fire_at is None:
            later = flat(sla.replay(policy, calendar, events, at + timedelta(days=400)))[key]
            assert later.changes == cycle.changes
            continue
        assert cycle.next_fire_at > at
        just_before = cycle.next_fire_at - timedelta(seconds=1)
        assert flat(sla.replay(policy, calendar, events, just_before))[key].changes == cycle.changes
        then = flat(sla.replay(policy, calendar, events, cycle.next_fire_at))[key]
        (what, *_) = then.changes[len(cycle.changes) :]
        assert (what.at, what.what in TIMED) == (cycle.next_fire_at, True)


@settings(max_examples=60, deadline=None)
@given(policies, calendars, histories(), gaps)
def test_between_events_time_only_runs_forward(
    policy: dict[str, Any], calendar: BusinessCalendar, events: list[dict[str, Any]], later: int
) -> None:
    at = end_of(events)
    before = flat(sla.replay(policy, calendar, events, at))
    after = flat(sla.replay(policy, calendar, events, at + timedelta(seconds=later)))
    for key, cycle in before.items():
        assert after[key].state is cycle.state
        if cycle.elapsed_seconds is None:
            continue
        passed = after[key].elapsed_seconds - cycle.elapsed_seconds
        assert cycle.calendar is not None
        until = at + timedelta(seconds=later)
        runs = cycle.state is ClockState.RUNNING
        assert passed == (cycle.calendar.between(at, until) if runs else 0)


@settings(max_examples=60, deadline=None)
@given(policies, calendars, histories())
def test_an_ended_clock_stays_as_it_is_unless_its_ticket_is_reopened(
    policy: dict[str, Any], calendar: BusinessCalendar, events: list[dict[str, Any]]
) -> None:
    ended: dict[tuple[ClockKind, int], sla.Cycle] = {}
    for each in events:
        found = flat(sla.replay(policy, calendar, events, each["at"]))
        for key, cycle in ended.items():
            if found[key].ended_at is None:
                assert key[0] in (ClockKind.RESOLUTION, ClockKind.FIRST_RESPONSE)
            elif found[key].ended_at == cycle.ended_at:
                assert (found[key].view, found[key].pauses) == (cycle.view, cycle.pauses)
        ended = {key: cycle for key, cycle in found.items() if cycle.ended_at and cycle.view.state != "none"}


@settings(max_examples=60, deadline=None)
@given(calendars, histories(), gaps)
def test_the_ledger_covers_every_second_once(
    calendar: BusinessCalendar, events: list[dict[str, Any]], after: int
) -> None:
    ledger = sla.ledger(events, calendar, end_of(events) + timedelta(seconds=after))
    assert sum(ledger.totals.values()) == ledger.elapsed_seconds
    edges = [ledger.start, *(span.end for span in ledger.spans)]
    assert [span.start for span in ledger.spans] == edges[:-1]
    assert edges[-1] == ledger.end
    by_span: Counter[str] = Counter()
    for span in ledger.spans:
        by_span[span.owner] += int((span.end - span.start).total_seconds())
    assert by_span == ledger.totals
