"""Every second of a ticket has one owner."""

from typing import Any

import pytest

from workflows import sla
from workflows.vocabulary import LedgerOwner

from .sla_cases import ALWAYS, HOUR, OFFICE, event, on, policy, state

CREATE = event(10, "10:00", "create")


def totals(events: list[dict[str, Any]], day: int, clock: str, calendar: Any = OFFICE) -> dict[str, int]:
    ledger = sla.ledger(events, calendar, on(day, clock))
    assert sum(ledger.totals.values()) == ledger.elapsed_seconds
    return {str(owner): seconds for owner, seconds in ledger.totals.items()}


def test_states_and_holds_and_hours_share_the_time() -> None:
    events = [
        CREATE,
        state(10, "11:00", "diagnosis"),
        event(10, "12:00", "hold", cause="customer"),
        event(10, "13:00", "hold", cause="approval"),
        event(10, "13:30", "release"),
        state(10, "14:00", "partner_resolution"),
        state(10, "15:00", "escalated_premier"),
        event(10, "16:00", "hold", cause="scheduled"),
        state(11, "10:00", "resolved"),
        state(11, "11:00", "closed"),
    ]
    assert totals(events, 14, "12:00") == {
        "intake": HOUR,
        "diagnosis": 1.5 * HOUR,
        "customer": HOUR,
        "approval": 0.5 * HOUR,
        "partner_resolution": HOUR,
        "vendor_premier": HOUR,
        "scheduled": 2 * HOUR,
        "closed_hours": 16 * HOUR,
        "resolved": HOUR,
    }


def test_time_closed_or_turned_away_before_a_reopening_is_resolved() -> None:
    events = [CREATE, state(10, "11:00", "turned_away"), state(10, "12:00", "intake")]
    assert totals(events, 10, "13:00") == {"intake": 2 * HOUR, "resolved": HOUR}


def test_a_ticket_at_its_end_has_a_ledger_that_ends() -> None:
    for rest in ("closed", "turned_away", "merged"):
        ledger = sla.ledger([CREATE, state(10, "11:00", rest)], OFFICE, on(14, "12:00"))
        assert (ledger.start, ledger.end) == (on(10, "10:00"), on(10, "11:00")), rest
        again = [CREATE, state(10, "11:00", rest), state(10, "12:00", rest), event(10, "12:30", "release")]
        assert sla.ledger(again, OFFICE, on(14, "12:00")).totals == {LedgerOwner.INTAKE: HOUR}, rest
    resolved = sla.ledger([CREATE, state(10, "11:00", "resolved")], OFFICE, on(10, "12:00"))
    assert resolved.end == on(10, "12:00")


def test_spans_leave_no_gap_and_join_neighbours_of_one_owner() -> None:
    events = [CREATE, event(10, "11:00", "hold", cause="customer"), event(10, "12:00", "hold", cause="customer")]
    assert sla.ledger(events, OFFICE, on(11, "10:00")).spans == (
        (on(10, "10:00"), on(10, "11:00"), LedgerOwner.INTAKE),
        (on(10, "11:00"), on(10, "17:00"), LedgerOwner.CUSTOMER),
        (on(10, "17:00"), on(11, "09:00"), LedgerOwner.CLOSED_HOURS),
        (on(11, "09:00"), on(11, "10:00"), LedgerOwner.CUSTOMER),
    )


def test_the_calendar_is_that_of_the_resolution_as_the_events_leave_it() -> None:
    changed = event(10, "12:00", "calendar", calendar=ALWAYS)
    assert totals([CREATE, changed], 11, "10:00") == {"intake": 24 * HOUR}
    other = event(10, "12:00", "calendar", calendar=ALWAYS, kinds=["pickup"])
    assert totals([CREATE, other], 11, "10:00") == {"intake": 8 * HOUR, "closed_hours": 16 * HOUR}
    for terms, hours in ((policy(resolution=HOUR), 24), (policy(pickup=HOUR), 8)):
        whole = sla.Event(on(10, "12:00"), "targets", policy=sla.Policy.of(terms, ALWAYS))
        ledger = sla.ledger([*sla.read_events([CREATE]), whole], OFFICE, on(11, "10:00"))
        assert ledger.totals[LedgerOwner.INTAKE] == hours * HOUR


def test_a_share_tells_who_had_the_time_before_a_breach() -> None:
    events = [CREATE, state(10, "11:00", "diagnosis"), event(10, "13:00", "hold", cause="customer")]
    ledger = sla.ledger(events, OFFICE, on(10, "16:00"))
    assert ledger.share(on(10, "10:30"), on(10, "14:00")) == {
        LedgerOwner.INTAKE: HOUR / 2,
        LedgerOwner.DIAGNOSIS: 2 * HOUR,
        LedgerOwner.CUSTOMER: HOUR,
    }


def test_no_ledger_before_the_creation() -> None:
    for events in ([], [event(11, "10:00", "create")], [event(10, "10:00", "vendor_case_opened")]):
        with pytest.raises(sla.InvalidSla, match="begins with the creation"):
            sla.ledger(events, OFFICE, on(10, "12:00"))
