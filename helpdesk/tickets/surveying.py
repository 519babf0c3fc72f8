"""The vendor's list of open cases, read as a whole: which cases have news, and the numbers of those just opened.

A list costs one call for two hundred cases where asking after each costs two hundred. It holds no notes, so it only
brings a case's turn forward. It also shows what somebody has opened in the vendor's portal: a case that names one of
our tickets, as the pack's text does, gives that ticket's case its number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog
from flask import current_app

from helpdesk import clock
from helpdesk.accounts.actor import SCHEDULER
from helpdesk.database import db, unit_of_work
from helpdesk.escalations.models import VendorCase
from helpdesk.escalations.partner_center import connection, matching, polls, vault
from helpdesk.escalations.partner_center.errors import Refused, VendorError
from helpdesk.escalations.partner_center.reading import ServiceRequest
from helpdesk.escalations.partner_center.vendor_desk import VendorDesk
from helpdesk.tickets import deadlines
from helpdesk.tickets.actions import escalating
from helpdesk.tickets.mirroring import usual_pace
from workflows.vocabulary import VendorCaseState

MOST_LISTED = 20_000
MOST_STRANGERS = 20
"""Cases at the vendor that none of ours has the number of: so many of the newest are looked into at a time."""

MOST_COMPARED = 500

OPENED_BEFORE = timedelta(days=1)
"""Some people open the case at the vendor first and escalate the ticket after it."""

PATIENCE = timedelta(days=7)
"""For so long we look for the number of a case; then somebody writes it down."""

log = structlog.get_logger()


@dataclass
class Survey:
    """What the vendor lists as open. ``is_whole``: nothing that we may see is missing."""

    cases: dict[str, ServiceRequest] = field(default_factory=dict)
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class Waiting:
    """A case of ours whose number nobody knows yet."""

    case_id: int
    ticket_id: int
    created_at: datetime


def survey_due(at: datetime, desk: VendorDesk | None = None) -> bool:
    """Read the list if it is time and there is something to look for; whether it was read.

    Any number may run at once. ``desk`` is whom to ask (the configuration's when missing).
    """
    if not vault.survey_is_due(at) or not connection.may_ask(current_app.config, at):
        return False
    waiting = waiting_cases(at)
    if not waiting and not polls.is_any():
        return False
    with unit_of_work():
        if not vault.claim_survey(at, at + usual_pace()):
            return False
    with closing(desk or connection.open_desk(current_app.config)) as line:
        try:
            _look(line, at, waiting)
        except VendorError as error:
            _not_listed(error)
            return False
    return True


def _look(line: VendorDesk, at: datetime, waiting: Mapping[int, Waiting]) -> None:
    found = read_list(line)
    with unit_of_work():
        connection.answered(clock.now())
        polls.compare({number: one.changed_at for number, one in found.cases.items()}, at, is_whole=found.is_whole)
    if waiting:
        _give_numbers(line, found.cases.values(), dict(waiting))


def _not_listed(error: VendorError) -> None:
    """The cases are asked after one by one all the same, unless the vendor is away."""
    if connection.concerns_all(error):
        with unit_of_work():
            connection.failed(error, clock.now())
    log.warning("vendor_list_unread", reason=error.sentence)


def read_list(line: VendorDesk) -> Survey:
    """All that is open at the vendor, by number. Raises VendorError."""
    survey = Survey()
    for state in (VendorCaseState.OPEN, VendorCaseState.ATTENTION_NEEDED):
        try:
            for one in line.cases(state):
                if len(survey.cases) >= MOST_LISTED:
                    return Survey(survey.cases, is_whole=False)
                survey.cases[one.number] = one
        except Refused:  # the vendor does not document under which word it searches for this state
            if state is VendorCaseState.OPEN:
                raise
            survey.is_whole = False
    return survey


# numbers ----------------------------------------------------------------------------------------------------


def waiting_cases(at: datetime) -> dict[int, Waiting]:
    """By ticket, the one case that waits for its number; a ticket with two of them is left to people."""
    found: dict[int, list[Waiting]] = {}
    for row in db.session.execute(waiting_query(at)):
        found.setdefault(row.ticket_id, []).append(Waiting(*row))
    return {ticket_id: cases[0] for ticket_id, cases in found.items() if len(cases) == 1}


def waiting_query(at: datetime) -> sa.Select[int, int, datetime]:
    """The cases behind ``waiting_cases``, by the index of numbers: few have none."""
    return sa.select(VendorCase.id, VendorCase.ticket_id, VendorCase.created_at).where(
        VendorCase.number.is_(None),
        VendorCase.state == VendorCaseState.TO_OPEN,
        VendorCase.created_at >= at - PATIENCE,
    )


def _give_numbers(line: VendorDesk, listed: Iterable[ServiceRequest], waiting: dict[int, Waiting]) -> None:
    since = min(one.created_at for one in waiting.values()) - OPENED_BEFORE
    fresh = [one for one in listed if one.created_at is None or one.created_at >= since]
    for short in _strangers(fresh):
        whole = short if matching.ticket_in(short.title, "") else line.case(short.number)
        ticket_id = matching.ticket_in(whole.title, whole.description)
        if ticket_id in waiting:
            _give_number(waiting.pop(ticket_id), whole.number)
        if not waiting:
            return


def _strangers(listed: list[ServiceRequest]) -> list[ServiceRequest]:
    """Those whose number none of our cases has, the newest first."""
    newest = sorted(listed, key=lambda one: one.created_at or clock.NEVER, reverse=True)[:MOST_COMPARED]
    rows = sa.select(VendorCase.number).where(VendorCase.number.in_([one.number for one in newest]))
    known = set(db.session.scalars(rows))
    return [one for one in newest if one.number not in known][:MOST_STRANGERS]


def _give_number(waiting: Waiting, number: str) -> None:
    with unit_of_work():
        deadlines.lock(waiting.ticket_id)  # somebody may be writing it down at this moment
        case = db.session.get(VendorCase, waiting.case_id, populate_existing=True)
        if case is None or case.number or case.state is not VendorCaseState.TO_OPEN:
            return
        escalating.record_vendor_number(waiting.ticket_id, case.id, SCHEDULER, number, clock.now())
    log.info("vendor_number_found", ticket=waiting.ticket_id, case=waiting.case_id)
