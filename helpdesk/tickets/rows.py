"""How a ticket reads in a list: every text of a row made ready, so that the template only places it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from flask_babel import gettext as _

from helpdesk.accounts.actor import Actor
from helpdesk.accounts.permissions import Permission
from helpdesk.clock import NEVER
from helpdesk.sla.terms import load_terms
from helpdesk.web import moments
from helpdesk.web.labels import label
from helpdesk.web.names import initials
from workflows.vocabulary import OPEN_STATES, ClockKind, HoldCause, Kind, Priority, State, Turn


@dataclass(frozen=True, slots=True)
class Due:
    """A promise as ``macros/promise.html`` shows and counts it down.

    ``at`` is its deadline, None while paused or when nothing is due. ``closes_at`` ends the open span we are
    in, or ended the last one; ``warn_at`` begins the warning; since ``late_since`` as many seconds have passed
    as it is late in open time. Money deadlines run in calendar time, day and night. Moments are aware UTC.
    """

    text: str
    tone: str
    clock: str
    at: datetime | None = None
    closes_at: datetime | None = None
    warn_at: datetime | None = None
    late_since: datetime | None = None
    is_calendar_time: bool = False


class Person(NamedTuple):
    id: int | None
    name: str
    initials: str


def person_named(name: str, user_id: int | None = None) -> Person:
    return Person(user_id, name, initials(name))


@dataclass(frozen=True, slots=True)
class Row:
    number: int
    subject: str
    customer_name: str
    kind: Kind
    kind_text: str
    service_text: str
    state_text: str
    priority: Priority
    assignee: Person | None
    is_mine: bool
    due: Due
    hold: HoldCause | None
    hold_text: str
    turn_text: str
    is_our_turn: bool
    is_paused: bool
    last_message_at: datetime | None
    may_take: bool
    may_hold: bool


def rows_for(found: Sequence[Any], actor: Actor, now: datetime) -> list[Row]:
    """Make rows of what ``tickets.queries`` found, for the reader ``actor`` at ``now`` (aware UTC)."""
    rights = {kind: (actor.may(Permission.ASSIGN, kind), actor.may(Permission.MOVE_TICKETS, kind)) for kind in Kind}
    closings = Closings(now)
    return [_row(record, actor, rights[record.kind], closings, now) for record in found]


def _row(record: Any, actor: Actor, rights: tuple[bool, bool], closings: Closings, now: datetime) -> Row:
    is_open, is_mine = record.state in OPEN_STATES, record.assignee_id == actor.user_id
    may_assign, may_move = rights
    return Row(
        number=record.id,
        subject=record.subject,
        customer_name=record.customer_name or record.claimed_company or record.contact_name,
        kind=record.kind,
        kind_text=label(record.kind),
        service_text=label(record.service),
        state_text=label(record.state),
        priority=record.priority,
        assignee=person_named(record.assignee_name, record.assignee_id) if record.assignee_name else None,
        is_mine=is_mine,
        due=due_of(record, closings, now),
        hold=record.hold_cause,
        hold_text=hold_text(record.hold_cause, record.hold_until),
        turn_text=_turn_text(record) if is_open else "",
        is_our_turn=is_open and (record.turn is Turn.OURS or record.vendor_asks),
        is_paused=record.is_paused,
        last_message_at=record.last_message_at,
        may_take=may_assign and may_move and is_open and not is_mine,
        may_hold=may_move and is_open and record.hold_cause is None,
    )


def _turn_text(record: Any) -> str:
    """Whose turn it is; that the vendor waits for us says more than that it is ours."""
    return _("Microsoft waits") if record.vendor_asks else label(record.turn)


def hold_text(cause: HoldCause | None, until: datetime | None) -> str:
    """What a ticket waits for, in a word or two."""
    match cause:
        case None:
            return ""
        case HoldCause.CUSTOMER:
            return _("Customer")
        case HoldCause.APPROVAL:
            return _("Approval")
        case HoldCause.SCHEDULED:
            return _("until %(moment)s", moment=moments.moment(until)) if until else label(cause)


def due_of(record: Any, closings: Closings, now: datetime) -> Due:
    """The promise due next on a ticket, from the projection the queue sorts by."""
    clock = label(record.next_due_clock) or label(record.money_purpose)  # no clock of ours: money comes first
    if record.state in (State.RESOLVED, State.CLOSED, State.TURNED_AWAY, State.MERGED) or not clock:
        return Due("–", "plain", "")
    at = record.next_due_at if record.next_due_at != NEVER else None
    if record.is_paused:
        left = record.paused_seconds_left or 0
        text = moments.due_phrase(at, seconds_left=left)
        return Due(text, "late-paused" if left < 0 else "paused", clock)
    if at is None:
        return Due("–", "plain", clock)
    warn_at = record.next_warns_at if record.next_warns_at != NEVER else None
    if record.next_due_clock is None:
        tone = "late" if at < now else "warn" if record.next_warns_at <= now else "plain"
        text = moments.due_phrase(at, is_calendar_time=True)
        return Due(text, tone, clock, at, None, warn_at, is_calendar_time=True)
    late_for = _late_for(record, at, closings, now)
    return running(at, clock, late_for, closings.of(record.terms_id, record.next_due_clock), warn_at, now)


def running(
    at: datetime, clock: str, late_for: int | None, closes_at: datetime | None, warn_at: datetime | None, now: datetime
) -> Due:
    """How a promise that runs stands; ``late_for`` in open seconds, ``closes_at`` as ``Closings.of`` says."""
    if late_for is None and closes_at is not None and at < now:
        closes_at = at  # it was due at closing, and we have not opened since
    tone = "late" if late_for is not None else "warn" if warn_at is not None and warn_at <= now else "plain"
    text = moments.due_phrase(at, late_for=late_for, closes_at=closes_at)
    late_since = now - timedelta(seconds=late_for) if late_for is not None else None
    return Due(text, tone, clock, at, closes_at, warn_at, late_since)


def _late_for(record: Any, at: datetime, closings: Closings, now: datetime) -> int | None:
    """Open seconds a missed promise is late; None in time, and until the next opening at a deadline at closing (R2)."""
    if at >= now:
        return None
    passed = closings.since(record.terms_id, record.next_due_clock, at) - record.next_due_idle_seconds
    return passed if passed > 0 else None


class Closings:
    """When the open span of a clock's calendar ends, and open time since a moment; asked once per calendar."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self._kept: dict[tuple[int, ClockKind], datetime | None] = {}

    def of(self, terms_id: int | None, clock: ClockKind) -> datetime | None:
        """The end of the span we are in, ``now`` when the calendar is closed, None when it never closes."""
        if terms_id is None:
            return None
        key = terms_id, clock
        if key not in self._kept:
            self._kept[key] = self._closing(terms_id, clock)
        return self._kept[key]

    def _closing(self, terms_id: int, clock: ClockKind) -> datetime | None:
        calendar = load_terms(terms_id).calendars.get(clock)
        if calendar is None:
            return None
        return calendar.closes_at(self.now) if calendar.is_open(self.now) else self.now

    def since(self, terms_id: int | None, clock: ClockKind, at: datetime) -> int:
        """Open seconds from ``at`` to now."""
        calendar = load_terms(terms_id).calendars.get(clock) if terms_id is not None else None
        return int((self.now - at).total_seconds()) if calendar is None else calendar.between(at, self.now)
