"""The vendor's case on the ticket: begun with the escalation, then mirrored by hand or by the connector."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from flask_babel import gettext as _

from helpdesk.accounts.actor import Actor
from helpdesk.accounts.permissions import Permission
from helpdesk.database import db
from helpdesk.errors import Invalid, NotFound
from helpdesk.escalations import actions as cases
from helpdesk.escalations.models import VendorCase, VendorNote
from helpdesk.escalations.partner_center.matching import KeptFiles
from helpdesk.escalations.queries import vendor_terms
from helpdesk.sla.terms import freeze_vendor, load_terms, promise_the_same
from helpdesk.tickets import chasing, facts, history
from helpdesk.tickets.actions.allowed import demand
from helpdesk.tickets.actions.packing import end_override
from helpdesk.tickets.change import Change, changing
from helpdesk.tickets.enclosures import snapshot
from helpdesk.tickets.models import Ticket
from workflows.escalation import SEVERITY_OF, cheaper_open
from workflows.vocabulary import ESCALATED_STATES, ChannelKind, EventKind, Severity, Turn, VendorCaseState


def begin_vendor_case(change: Change, kind: ChannelKind, asked: Mapping[str, Any]) -> VendorCase:
    """Open our mirror of the vendor's case with a snapshot of what is handed over."""
    ticket = change.ticket
    known = facts.study(ticket, change.actor, change.now)
    verdict = next((found for found in known.verdicts if found.kind is kind), None)
    entitlement_id = verdict.entitlement.number if verdict and verdict.entitlement else None
    severity = Severity(str(asked["severity"])) if asked.get("severity") else SEVERITY_OF[ticket.priority]
    handed_over = snapshot(known.pack, kind, severity) if known.pack is not None else {}
    case = cases.open_case(ticket.id, kind, entitlement_id, severity, handed_over, change.now, change.actor.user_id)
    case.cheaper = [channel.value for channel in cheaper_open(known.verdicts, kind)]
    change.record(EventKind.VENDOR_CASE_OPENED, case=case.id, channel=kind.value, severity=severity.value)
    end_override(ticket.id)
    turn_by_cases(ticket)  # to open it at the vendor is ours to do
    return case


def record_vendor_number(ticket_id: int, case_id: int, actor: Actor, number: str, now: datetime) -> None:
    """Write down the number the vendor gave, or mend it; the case counts as open there from the first one on.

    Raises Invalid for a number that a case of another ticket has, and on a case that is closed.
    """
    with _on_case(ticket_id, case_id, actor, now) as (change, case):
        record_number(change, case, number.strip())


def record_number(change: Change, case: VendorCase, number: str) -> None:
    """The number itself, for whoever opens the case at the vendor. With the first one the vendor's clocks start."""
    if number == case.number:
        return
    _demand_free(case, number)
    opens, was = case.state is VendorCaseState.TO_OPEN, case.number
    cases.record_number(case, number, change.now)
    particulars: dict[str, Any] = {"case": case.id, "number": case.number}
    if was:
        particulars["was"] = was
    if opens:
        case.terms_id = particulars["terms"] = _vendor_terms(case, change.now)
    change.record(EventKind.VENDOR_NUMBER_RECORDED, **particulars)
    turn_by_cases(change.ticket)


def _demand_free(case: VendorCase, number: str) -> None:
    """One number on two tickets would bring one customer's correspondence to the other."""
    if case.state is VendorCaseState.CLOSED:
        raise Invalid(_("The case is closed: its number stays."), "number")
    other = cases.ticket_with(number, besides=case.ticket_id)
    if other is not None:
        raise Invalid(_("#%(ticket)s has this number.", ticket=other), "number")


def change_severity(ticket_id: int, case_id: int, actor: Actor, severity: Severity, now: datetime) -> None:
    """Follow the vendor in another severity: what they promise on it counts from the case's opening (R5)."""
    with _on_case(ticket_id, case_id, actor, now) as (change, case):
        if severity is case.severity or case.state is VendorCaseState.CLOSED:
            return
        was, case.severity = case.severity, severity
        particulars: dict[str, Any] = {"case": case.id, "was_severity": was.value, "severity": severity.value}
        if case.state is not VendorCaseState.TO_OPEN:
            case.terms_id = particulars["terms"] = _vendor_terms(case, change.now)
        change.record(EventKind.VENDOR_CASE_CHANGED, **particulars)


def renew_vendor_terms(change: Change, case: VendorCase) -> None:
    """Time an open case by what the vendor promises now, if that is something else: counted from its opening (R5)."""
    terms_id = _vendor_terms(case, change.now)
    if case.terms_id is None or _promises_as_before(case.terms_id, terms_id):
        return
    case.terms_id = terms_id
    change.record(EventKind.VENDOR_CASE_CHANGED, case=case.id, terms=terms_id)
    case.word_due_at = chasing.word_due_at(case)


def _promises_as_before(was_id: int, terms_id: int | None) -> bool:
    return terms_id is not None and promise_the_same(load_terms(was_id), load_terms(terms_id))


def _vendor_terms(case: VendorCase, now: datetime) -> int | None:
    """Freeze what the vendor promises today on this channel and severity; None where that is nothing."""
    name = f"{case.channel.name}, {case.severity.value}"
    terms = freeze_vendor(name, vendor_terms(case.channel_id, case.severity), now)
    return terms.id if terms is not None else None


def note_vendor(
    ticket_id: int,
    case_id: int,
    actor: Actor,
    body: str,
    now: datetime,
    *,
    is_ours: bool,
    needs_us: bool = False,
    is_to_send: bool = False,
    seen: cases.Seen | None = None,
    form_id: str | None = None,
) -> None:
    """Write down what the vendor wrote, or what we wrote to them; ``needs_us``: the ball is ours after it.

    ``is_to_send``: it leaves by the vendor's API after the commit. ``seen``: the connector read it there.
    ``form_id``: what was sent twice is written down once.
    Raises Invalid when it is to be sent on a case without a number, and for pasting what was mirrored before.
    """
    with _on_case(ticket_id, case_id, actor, now) as (change, case):
        if form_id and cases.is_noted(case, form_id):
            return
        if seen is None and not is_to_send and cases.is_mirrored(case, body):
            raise Invalid(_("This note is here already: it came from Partner Center."), "body")
        # of our own words at the vendor the connector knows no more than the case's state there, which may be older
        waits_for_us = needs_us and (seen is None or not is_ours)
        answers = is_ours and not waits_for_us
        note = cases.note(
            case,
            body.strip(),
            is_ours=is_ours,
            user_id=actor.user_id,
            now=change.now,
            answers=answers,
            seen=seen,
            form_id=form_id,
        )
        if is_to_send:
            _send(note, case, change.now)
        if waits_for_us and case.state is VendorCaseState.OPEN:
            cases.change_state(case, VendorCaseState.ATTENTION_NEEDED, change.now)
        more = {"is_mirrored": True} if seen is not None else {}
        _record_note(change, case, body, is_ours=is_ours, **more)
        turn_by_cases(change.ticket)


def ask_vendor(
    ticket_id: int,
    case_id: int,
    actor: Actor,
    body: str,
    now: datetime,
    *,
    becomes: VendorCaseState | None = None,
    severity: Severity | None = None,
) -> None:
    """Ask the vendor by its API for another state or severity of the case; ``body`` says why, as a note of ours.

    Our mirror follows what the vendor does. Raises Invalid on a case without a number, on no such way, for what the
    case has already, and while the same was asked for and has not arrived.
    """
    with _on_case(ticket_id, case_id, actor, now) as (change, case):
        _demand_sense(case, becomes, severity)
        note = cases.note(case, body.strip(), is_ours=True, user_id=actor.user_id, now=change.now)
        _send(note, case, change.now, becomes, severity)
        asks = {"asks_state": becomes.value} if becomes is not None else {}
        asks |= {"asks_severity": severity.value} if severity is not None else {}
        _record_note(change, case, body, is_ours=True, **asks)
        turn_by_cases(change.ticket)


def _demand_sense(case: VendorCase, becomes: VendorCaseState | None, severity: Severity | None) -> None:
    if (becomes is not None and becomes not in _WAYS[case.state]) or case.state is VendorCaseState.CLOSED:
        raise Invalid(_("The vendor’s case can’t go from this state to that one."), "state")
    if severity is case.severity:
        raise Invalid(_("The case has this severity already."), "severity")
    if cases.is_asked(case, becomes, severity):
        raise Invalid(_("Microsoft was asked for this already; it is on its way."), "body")


def _send(
    note: VendorNote,
    case: VendorCase,
    now: datetime,
    becomes: VendorCaseState | None = None,
    severity: Severity | None = None,
) -> None:
    if not case.number:
        raise Invalid(_("Write down the case’s number first."), "number")
    cases.send(note, now, becomes, severity)


def _record_note(change: Change, case: VendorCase, body: str, **more: Any) -> None:
    digest = history.body_hash(body.strip())
    change.record(EventKind.VENDOR_NOTED, case=case.id, state=case.state.value, body=digest, **more)


def send_again(ticket_id: int, case_id: int, actor: Actor, note_id: int, now: datetime) -> None:
    """Let a note leave once more that the vendor's API has not taken. Raises NotFound when none was given up.

    No new word of ours: its clocks heard of the note when it was written.
    """
    with _on_case(ticket_id, case_id, actor, now) as (change, case):
        if not cases.send_again(case, note_id, change.now):
            raise NotFound(_("There is no such note."))
        change.record(EventKind.VENDOR_CASE_CHANGED, case=case.id, resent=note_id)


def chase_vendor(
    ticket_id: int,
    case_id: int,
    actor: Actor,
    now: datetime,
    body: str = "",
    *,
    is_to_send: bool = False,
    form_id: str | None = None,
) -> None:
    """Note that somebody reminded the vendor; the vendor's silence goes on until they answer.

    ``body``: the words, kept as a note of ours; ``is_to_send``: they leave by the vendor's API after the commit.
    ``form_id``: what was sent twice counts once.
    Raises Invalid when they are to be sent on a case without a number.
    """
    with _on_case(ticket_id, case_id, actor, now) as (change, case):
        if form_id and cases.is_noted(case, form_id):
            return
        if body.strip():
            note = cases.note(case, body.strip(), is_ours=True, user_id=actor.user_id, now=change.now, form_id=form_id)
            if is_to_send:
                _send(note, case, change.now)
            _record_note(change, case, body, is_ours=True)
        cases.chase(case, change.now)
        change.record(EventKind.VENDOR_CHASED, case=case.id)


def list_files(ticket_id: int, case_id: int, actor: Actor, kept: KeptFiles, now: datetime) -> None:
    """Show the files at the vendor, of which some are new.

    Nobody's word: the vendor doesn't say who put a file there, so no clock hears of it and the turn stays.
    """
    with _on_case(ticket_id, case_id, actor, now) as (change, case):
        case.files = kept.files
        change.record(EventKind.VENDOR_CASE_CHANGED, case=case.id, files=kept.fresh)


def change_vendor_case(ticket_id: int, case_id: int, actor: Actor, state: VendorCaseState, now: datetime) -> None:
    """Say whose turn it is at the vendor, or that the case is closed there. Raises Invalid on no such way."""
    with _on_case(ticket_id, case_id, actor, now) as (change, case):
        if state not in _WAYS[case.state]:
            raise Invalid(_("The vendor’s case can’t go from this state to that one."), "state")
        was = case.state
        cases.change_state(case, state, change.now)
        change.record(EventKind.VENDOR_CASE_CHANGED, case=case.id, was=was.value, state=state.value)
        turn_by_cases(change.ticket)


def may_become(case: VendorCase, state: VendorCaseState) -> bool:
    """Whether ``change_vendor_case`` would take the case there."""
    return state in _WAYS[case.state]


_WAYS = {
    VendorCaseState.TO_OPEN: {VendorCaseState.CLOSED},
    VendorCaseState.OPEN: {VendorCaseState.ATTENTION_NEEDED, VendorCaseState.CLOSED},
    VendorCaseState.ATTENTION_NEEDED: {VendorCaseState.OPEN, VendorCaseState.CLOSED},
    VendorCaseState.CLOSED: set[VendorCaseState](),
}


@contextmanager
def _on_case(ticket_id: int, case_id: int, actor: Actor, now: datetime) -> Iterator[tuple[Change, VendorCase]]:
    """Change a ticket together with one of its vendor cases."""
    with changing(ticket_id, actor, now) as change:
        demand(actor, Permission.CHASE_VENDOR, change.ticket)
        case = db.session.get(VendorCase, case_id, populate_existing=True)
        if case is None or case.ticket_id != ticket_id:
            raise NotFound(_("There is no such case."))
        yield change, case
        case.word_due_at = chasing.word_due_at(case)


def turn_by_cases(ticket: Ticket) -> None:
    """While the ticket is with the vendor, its cases say whose turn it is.

    It is ours as soon as one of them waits for us: to be opened there, or to be answered; and once all are closed.
    """
    if ticket.state in ESCALATED_STATES:
        states = {case.state for case in facts.open_cases(ticket)}
        ticket.turn = Turn.VENDOR if states == {VendorCaseState.OPEN} else Turn.OURS
