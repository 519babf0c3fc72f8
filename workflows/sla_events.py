"""The events that clocks react to, read from what callers write and checked.

Parse once with ``read_events`` and pass the result to many calls: parsed events are taken as they are.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from workflows.business_errors import InvalidMoment, NaiveMoment
from workflows.business_time import BusinessCalendar
from workflows.sla_terms import (
    InvalidSla,
    Policy,
    TermsChange,
    read_calendar,
    read_change,
    read_kind,
    read_word,
)
from workflows.vocabulary import ClockKind, HoldCause, SlaEvent, SlaParty, State, VendorCaseState

Moment = datetime | str


class Event(NamedTuple):
    """One thing that happened to a ticket or to a vendor case. Only what its type needs is set."""

    at: datetime  # aware, UTC
    type: SlaEvent
    by: SlaParty | None = None
    cause: HoldCause | None = None
    state: State | None = None
    case: VendorCaseState | None = None
    is_assigned: bool = False
    change: TermsChange | None = None
    calendar: BusinessCalendar | None = None
    kinds: tuple[ClockKind, ...] | None = None
    policy: Policy | None = None  # of a ``targets`` event that puts whole new terms in force at once


Events = Iterable[Event | Mapping[str, Any]]


def read_moment(value: object) -> datetime:
    """Return an aware datetime, or an ISO 8601 string with an offset, as aware UTC.

    Raises NaiveMoment without an offset, InvalidMoment for anything else that is no moment.
    """
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise InvalidMoment(f"{value!r} is no ISO 8601 moment.") from None
    if not isinstance(value, datetime):
        raise InvalidMoment(f"A moment is a datetime or an ISO 8601 string, not {value!r}.")
    if value.tzinfo is UTC:
        return value
    if value.utcoffset() is None:
        raise NaiveMoment(f"The moment {value.isoformat()} has no offset from UTC.")
    return value.astimezone(UTC)


def read_events(events: Events) -> Sequence[Event]:
    """Return the events parsed, in the order given.

    Raises InvalidSla if one can't be read, if they are not in time order, or if the first is neither
    the only ``create`` nor the only ``vendor_case_opened``.
    """
    if not isinstance(events, Iterable) or isinstance(events, str | Mapping):
        raise InvalidSla("invalid_event", f"Events come as a list, not {events!r}.")
    parsed = [event if type(event) is Event else _read(event) for event in events]
    _check_order(parsed)
    return parsed


def _check_order(events: Sequence[Event]) -> None:
    if not events:
        return
    if events[0].type not in (SlaEvent.CREATE, SlaEvent.VENDOR_CASE_OPENED):
        raise InvalidSla("no_beginning", f"The first event is create or vendor_case_opened, not {events[0].type}.")
    has_case = False
    for index, event in enumerate(events):
        if index and event.at < events[index - 1].at:
            raise InvalidSla("unsorted_events", f"The event {event.type} comes before the one it follows.")
        if event.type is SlaEvent.CREATE and index:
            raise InvalidSla("repeated_event", "A ticket is created once, before anything else.")
        if event.type is SlaEvent.VENDOR_CASE_OPENED:
            if has_case:
                raise InvalidSla("repeated_event", "Clocks of the vendor go by case: a case is opened once.")
            has_case = True
        elif event.type in (SlaEvent.VENDOR_NOTE, SlaEvent.VENDOR_CASE) and not has_case:
            raise InvalidSla("no_beginning", f"The event {event.type} comes before vendor_case_opened.")


def _read(event: object) -> Event:
    if not isinstance(event, Mapping):
        raise InvalidSla("invalid_event", f"An event is a mapping, not {event!r}.")
    kind = read_word(SlaEvent, event.get("type"), "event", "event")
    at = read_moment(event.get("at"))
    reader = _READERS.get(kind)
    return Event(at, kind) if reader is None else reader(at, event)


def _create(at: datetime, event: Mapping[str, Any]) -> Event:
    by = _party(event.get("by", SlaParty.CONTACT), (SlaParty.CONTACT, SlaParty.AGENT))
    return Event(at, SlaEvent.CREATE, by=by)


def _vendor_note(at: datetime, event: Mapping[str, Any]) -> Event:
    by = _party(event.get("by"), (SlaParty.VENDOR, SlaParty.DESK))
    return Event(at, SlaEvent.VENDOR_NOTE, by=by)


def _party(value: object, allowed: tuple[SlaParty, SlaParty]) -> SlaParty:
    party = read_word(SlaParty, value, "party", "party")
    if party not in allowed:
        raise InvalidSla("unknown_party", f"This is done by {' or '.join(allowed)}, not by {party}.")
    return party


def _hold(at: datetime, event: Mapping[str, Any]) -> Event:
    return Event(at, SlaEvent.HOLD, cause=read_word(HoldCause, event.get("cause"), "cause", "hold cause"))


def _state(at: datetime, event: Mapping[str, Any]) -> Event:
    return Event(at, SlaEvent.STATE, state=read_word(State, event.get("state"), "state", "state"))


def _assigned(at: datetime, event: Mapping[str, Any]) -> Event:
    if "to" not in event:
        raise InvalidSla("invalid_event", "An assignment says to whom, or None.")
    return Event(at, SlaEvent.ASSIGNED, is_assigned=event["to"] is not None)


def _targets(at: datetime, event: Mapping[str, Any]) -> Event:
    return Event(at, SlaEvent.TARGETS, change=read_change(event))


def _calendar(at: datetime, event: Mapping[str, Any]) -> Event:
    kinds = event.get("kinds")
    if kinds is not None:
        if isinstance(kinds, str) or not isinstance(kinds, Iterable):
            raise InvalidSla("invalid_event", f"The kinds of a calendar come as a list, not {kinds!r}.")
        kinds = tuple(read_kind(kind) for kind in kinds)
    return Event(at, SlaEvent.CALENDAR, calendar=read_calendar(event.get("calendar")), kinds=kinds)


def _vendor_case(at: datetime, event: Mapping[str, Any]) -> Event:
    case = read_word(VendorCaseState, event.get("state"), "state", "vendor case state")
    if case is VendorCaseState.TO_OPEN:
        raise InvalidSla("unknown_state", "A vendor case that was opened is never again to be opened.")
    return Event(at, SlaEvent.VENDOR_CASE, case=case)


_READERS: dict[SlaEvent, Callable[[datetime, Mapping[str, Any]], Event]] = {
    SlaEvent.CREATE: _create,
    SlaEvent.HOLD: _hold,
    SlaEvent.STATE: _state,
    SlaEvent.ASSIGNED: _assigned,
    SlaEvent.TARGETS: _targets,
    SlaEvent.CALENDAR: _calendar,
    SlaEvent.VENDOR_NOTE: _vendor_note,
    SlaEvent.VENDOR_CASE: _vendor_case,
}
