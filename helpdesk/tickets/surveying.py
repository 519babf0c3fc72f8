"""The vendor's list of open cases, read as a whole: which cases have news, and the numbers of those just opened.

A list costs one call for two hundred cases where asking after each costs two hundred. It holds no notes, so it only
brings a case's turn forward. It also shows what somebody has opened in the vendor's portal: a case that names one of
our tickets, as the pack's text does, gives that ticket's case its number.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
import structlog
from flask import current_app

from helpdesk import clock
from helpdesk.accounts.actor import SCHEDULER
from helpdesk.database import db, unit_of_work
from helpdesk.escalations.models import VendorCase
from helpdesk.escalations.partner_center import connection, matching, polls, vault
from helpdesk.escalations.partner_center.errors import Endless, Refused, VendorError
from helpdesk.escalations.partner_center.reading import ServiceRequest
from helpdesk.escalations.partner_center.vendor_desk import VendorDesk
from helpdesk.tickets import deadlines
from helpdesk.tickets.actions import escalating
from helpdesk.tickets.mirroring import usual_pace
from workflows.vocabulary import VendorCaseState

MOST_LISTED = 20_000
MOST_STRANGERS = 20
"""Cases at the vendor that none of ours has the number of: so many are looked into at a time."""

MOST_COMPARED = 500
LONGEST_NUMBER = 40
"""Numbers in one query, and characters in a number, which PostgreSQL takes no more of."""

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


@dataclass(frozen=True, slots=True)
class Look:
    """When a stranger was looked into, and the ticket of ours that its text names.

    Where ``is_read`` is false it could not be read: its turn comes again after all others'.
    """

    at: datetime
    ticket_id: int | None = None
    is_read: bool = True


NEVER_LOOKED = Look(datetime.min.replace(tzinfo=UTC), is_read=False)


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
        except Endless as error:
            log.warning("vendor_list_unread", reason=error.sentence)
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
    """First by what costs no call: titles, and what was read at an earlier time."""
    since = min(one.created_at for one in waiting.values()) - OPENED_BEFORE
    strangers = _strangers([one for one in listed if one.created_at is None or one.created_at >= since])
    looks = _looks({one.number for one in strangers})
    unread = []
    for one in strangers:
        look = looks.get(one.number, NEVER_LOOKED)
        named = matching.ticket_in(one.title, "") or look.ticket_id
        _offer(one.number, named, waiting)
        if named is None and not look.is_read:
            unread.append(one.number)
    unread.sort(key=lambda number: looks.get(number, NEVER_LOOKED).at)  # stable: the newest first among equals
    for number in unread[:MOST_STRANGERS]:
        if not waiting:
            return
        looks[number] = _look_into(line, number)
        _offer(number, looks[number].ticket_id, waiting)


def _strangers(listed: list[ServiceRequest]) -> list[ServiceRequest]:
    """Those whose number none of our cases has, the newest first."""
    known: set[str | None] = set()
    for start in range(0, len(listed), MOST_COMPARED):
        numbers = [one.number for one in listed[start : start + MOST_COMPARED]]
        known.update(db.session.scalars(sa.select(VendorCase.number).where(VendorCase.number.in_(numbers))))
    newest = sorted(listed, key=lambda one: one.created_at or clock.NEVER, reverse=True)
    return [one for one in newest if one.number not in known]


def _looks(numbers: Container[str]) -> dict[str, Look]:
    """What this process has found out about ``numbers``; of all others it forgets it.

    Kept in memory alone: a process that begins anew looks once more.
    """
    kept: dict[str, Look] = current_app.extensions.setdefault("vendor_strangers", {})
    for number in [number for number in kept if number not in numbers]:
        del kept[number]
    return kept


def _look_into(line: VendorDesk, number: str) -> Look:
    """Read a stranger's text, which says whose it is. Raises VendorError only where the next would fare no better."""
    try:
        whole = line.case(number)
    except VendorError as error:
        if connection.concerns_all(error):
            raise
        log.warning("vendor_case_put_off", number=number, reason=error.sentence)
    except Exception:  # a fault of ours in one case must not stop the others
        log.exception("vendor_case_broken", number=number)
    else:
        return Look(clock.now(), matching.ticket_in(whole.title, whole.description))
    return Look(clock.now(), is_read=False)


def _offer(number: str, ticket_id: int | None, waiting: dict[int, Waiting]) -> None:
    """Give ``number`` to the ticket's case, if that waits for one; a case that can't take it stops no other."""
    if ticket_id is None or ticket_id not in waiting:
        return
    try:
        is_settled = _give_number(waiting[ticket_id], number)
    except Exception:  # it is tried again with the next list
        log.exception("vendor_case_broken", case=waiting[ticket_id].case_id)
        return
    if is_settled:
        del waiting[ticket_id]


def _give_number(waiting: Waiting, number: str) -> bool:
    """Whether the case waits no more."""
    if len(number) > LONGEST_NUMBER:
        log.warning("vendor_case_put_off", case=waiting.case_id, reason="The number at the vendor is too long.")
        return False
    with unit_of_work():
        deadlines.lock(waiting.ticket_id)  # somebody may be writing it down at this moment
        case = db.session.get(VendorCase, waiting.case_id, populate_existing=True)
        if case is None or case.number or case.state is not VendorCaseState.TO_OPEN:
            return True
        escalating.record_vendor_number(waiting.ticket_id, case.id, SCHEDULER, number, clock.now())
    log.info("vendor_number_found", ticket=waiting.ticket_id, case=waiting.case_id)
    return True
