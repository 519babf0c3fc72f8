"""What a policy and events may say, and what is refused."""

from collections.abc import Callable
from typing import Any

import pytest

from workflows import sla
from workflows.business_time import BusinessTimeError

from .sla_cases import HOUR, OFFICE, event, on, policy

CREATE = event(10, "10:00", "create")
OPENED = event(10, "10:00", "vendor_case_opened")
TERMS = policy(first_response=HOUR)
AT = on(10, "12:00")


def refused(call: Callable[[], object]) -> str:
    with pytest.raises(ValueError) as caught:
        call()
    assert isinstance(caught.value, sla.InvalidSla | BusinessTimeError)
    assert str(caught.value).endswith(".")
    return caught.value.code


@pytest.mark.parametrize(
    ("events", "code"),
    [
        ([{**CREATE, "type": "created"}], "unknown_event"),
        ([{"at": on(10, "10:00")}], "unknown_event"),
        ([["create"]], "invalid_event"),
        ("create", "invalid_event"),
        (CREATE, "invalid_event"),
        (None, "invalid_event"),
        ([event(10, "10:00", "public_reply")], "no_beginning"),
        ([CREATE, CREATE], "repeated_event"),
        ([OPENED, CREATE], "repeated_event"),
        ([OPENED, OPENED], "repeated_event"),
        ([CREATE, event(10, "11:00", "vendor_note", by="vendor")], "no_beginning"),
        ([CREATE, event(10, "09:59", "internal_note")], "unsorted_events"),
        ([CREATE, event(13, "11:00", "internal_note"), event(13, "10:00", "internal_note")], "unsorted_events"),
        ([CREATE, event(14, "10:00", "nonsense")], "unknown_event"),
        ([{**CREATE, "by": "vendor"}], "unknown_party"),
        ([{**CREATE, "by": "nobody"}], "unknown_party"),
        ([OPENED, event(10, "11:00", "vendor_note", by="agent")], "unknown_party"),
        ([OPENED, event(10, "11:00", "vendor_note")], "unknown_party"),
        ([OPENED, event(10, "11:00", "vendor_case", state="to_open")], "unknown_state"),
        ([OPENED, event(10, "11:00", "vendor_case", state="lost")], "unknown_state"),
        ([CREATE, event(10, "11:00", "hold", cause="vendor")], "unknown_cause"),
        ([CREATE, event(10, "11:00", "hold")], "unknown_cause"),
        ([CREATE, event(10, "11:00", "state", state="open")], "unknown_state"),
        ([CREATE, event(10, "11:00", "state", state=["intake"])], "unknown_state"),
        ([CREATE, event(10, "11:00", "state")], "unknown_state"),
        ([CREATE, event(10, "11:00", "assigned")], "invalid_event"),
        ([CREATE, event(10, "11:00", "targets", targets={"first_reply": HOUR})], "unknown_clock_kind"),
        ([CREATE, event(10, "11:00", "targets", targets={"resolution": 0})], "invalid_target"),
        ([CREATE, event(10, "11:00", "targets", targets=[])], "invalid_policy"),
        ([CREATE, event(10, "11:00", "targets", targets={}, pause_on={"pickup": ["lunch"]})], "unknown_cause"),
        ([CREATE, event(10, "11:00", "calendar")], "invalid_calendar"),
        ([CREATE, event(10, "11:00", "calendar", calendar={"timezone": "Europe/Atlantis"})], "unknown_zone"),
        ([CREATE, event(10, "11:00", "calendar", calendar={"zone": "UTC"})], "invalid_definition"),
        ([CREATE, event(10, "11:00", "calendar", calendar=OFFICE, kinds=["reply"])], "unknown_clock_kind"),
        ([CREATE, event(10, "11:00", "calendar", calendar=OFFICE, kinds="pickup")], "invalid_event"),
        ([{"at": "2024-06-10T10:00:00", "type": "create"}], "naive_moment"),
        ([{"at": AT.replace(tzinfo=None), "type": "create"}], "naive_moment"),
        ([{"at": "on Monday", "type": "create"}], "invalid_moment"),
        ([{"at": 1718006400, "type": "create"}], "invalid_moment"),
        ([{"type": "create"}], "invalid_moment"),
    ],
)
def test_events_refused(events: Any, code: str) -> None:
    assert refused(lambda: sla.evaluate(TERMS, OFFICE, events, AT)) == code
    assert refused(lambda: sla.replay(TERMS, OFFICE, events, AT)) == code


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        (None, "invalid_policy"),
        ({"targets": ["resolution"]}, "invalid_policy"),
        ({"targets": {"solution": HOUR}}, "unknown_clock_kind"),
        ({"targets": {"resolution": 0}}, "invalid_target"),
        ({"targets": {"resolution": -1}}, "invalid_target"),
        ({"targets": {"resolution": True}}, "invalid_target"),
        ({"targets": {"resolution": 3600.0}}, "invalid_target"),
        ({"targets": {"resolution": "3600"}}, "invalid_target"),
        ({"targets": {}, "pause_on": {"solution": []}}, "unknown_clock_kind"),
        ({"targets": {}, "pause_on": {"resolution": ["lunch"]}}, "unknown_cause"),
        ({"targets": {}, "pause_on": {"resolution": "customer"}}, "invalid_policy"),
        ({"targets": {}, "pause_on": {"resolution": None}}, "invalid_policy"),
    ],
)
def test_policies_refused(terms: Any, code: str) -> None:
    assert refused(lambda: sla.evaluate(terms, OFFICE, [CREATE], AT)) == code


@pytest.mark.parametrize(
    "level",
    [
        {"percent": 75},
        {"level": 1},
        {"level": -1, "percent": 75},
        {"level": 1, "percent": 75, "minutes_before": 30},
        {"level": 1, "percent": 0},
        {"level": 1, "percent": 101},
        {"level": 1, "percent": 7.5},
        {"level": True, "percent": 75},
        {"level": 1, "minutes_before": 0},
        {"level": 1, "minutes_after": -5},
        75,
    ],
)
def test_levels_refused(level: Any) -> None:
    terms = policy(levels={"first_response": [level]}, first_response=HOUR)
    assert refused(lambda: sla.evaluate(terms, OFFICE, [CREATE], AT)) == "invalid_level"


def test_two_levels_of_one_number_are_refused_and_so_is_a_single_mapping() -> None:
    level = {"level": 1, "percent": 75}
    for levels in ([level, {"level": 1, "percent": 90}], level):
        terms = policy(levels={"first_response": levels}, first_response=HOUR)
        assert refused(lambda terms=terms: sla.evaluate(terms, OFFICE, [CREATE], AT)) == "invalid_level"


def test_calendars_refused() -> None:
    for calendar, code in (
        (None, "invalid_calendar"),
        ({"reply": OFFICE}, "unknown_clock_kind"),
        ({"first_response": "office"}, "invalid_calendar"),
        ({"resolution": OFFICE}, "no_calendar"),
    ):
        assert refused(lambda calendar=calendar: sla.evaluate(TERMS, calendar, [CREATE], AT)) == code
    needs_one = [CREATE, event(10, "11:00", "targets", targets={"resolution": HOUR})]
    assert refused(lambda: sla.evaluate(TERMS, {"first_response": OFFICE}, needs_one, AT)) == "no_calendar"


def test_a_naive_moment_to_ask_about_is_refused() -> None:
    assert refused(lambda: sla.evaluate(TERMS, OFFICE, [CREATE], "2024-06-10T12:00:00")) == "naive_moment"


def test_moments_may_be_strings_with_any_offset() -> None:
    strings = [
        {"at": "2024-06-10T08:00:00Z", "type": "create"},
        {"at": "2024-06-10T04:30:00-04:00", "type": "public_reply"},
    ]
    moments = [CREATE, event(10, "10:30", "public_reply")]
    views = sla.evaluate(TERMS, OFFICE, strings, "2024-06-10T12:00:00+02:00")
    assert views == sla.evaluate(TERMS, OFFICE, moments, AT)


def test_events_after_the_moment_are_ignored_and_before_the_creation_there_is_nothing() -> None:
    events = [CREATE, event(10, "13:00", "targets", targets={"resolution": HOUR})]
    none = sla.ClockView("none", None, None, None, False)
    assert sla.evaluate(TERMS, OFFICE, events, on(10, "09:00")) == {"first_response": none}
    assert sla.evaluate(TERMS, OFFICE, [], AT) == {"first_response": none}
    assert sla.replay(TERMS, OFFICE, [], AT) == {"first_response": ()}
    assert set(sla.evaluate(TERMS, OFFICE, events, on(10, "13:00"))) == {"first_response", "resolution"}


def test_what_was_parsed_once_is_taken_as_it_is() -> None:
    events = sla.read_events([CREATE, event(10, "10:30", "public_reply")])
    assert sla.read_events(events) == list(events)
    parsed = sla.evaluate(sla.Policy.of(TERMS, OFFICE), OFFICE, events, AT)
    assert parsed == sla.evaluate(TERMS, OFFICE.definition, [CREATE, event(10, "10:30", "public_reply")], AT)
