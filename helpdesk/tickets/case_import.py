"""Bringing vendor cases up to date from a file of them: read, compared with ours, then applied line by line.

For a desk without a connection: Partner Center and the admin centres export their lists as CSV, each with
headings of its own. Whoever reads it in sees first what would change.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum

import sqlalchemy as sa
from flask_babel import gettext as _

from helpdesk.accounts.actor import Actor
from helpdesk.database import db
from helpdesk.errors import Invalid
from helpdesk.escalations.models import VendorCase, VendorNote
from helpdesk.escalations.partner_center.matching import plain
from helpdesk.escalations.partner_center.reading import read_moment
from helpdesk.tickets.actions import escalating
from workflows.vocabulary import VendorCaseState

MOST_LINES = 2000
MOST_BYTES = 1_000_000

_HEADINGS = {
    "number": (
        "number", "id", "requestid", "requestnumber", "servicerequestid", "servicerequestnumber",
        "supportrequestid", "ticketid", "ticketnumber", "caseid", "casenumber", "trackingid", "sr",
    ),
    "status": ("status", "state", "requeststatus", "casestatus"),
    "updated": ("lastupdated", "lastmodified", "lastmodifieddate", "updated", "updatedon", "modified", "lastupdate"),
    "title": ("title", "subject", "summary", "problemsummary"),
    "note": ("note", "lastnote", "latestnote", "lastmessage"),
}  # fmt: skip
_STATES = {
    VendorCaseState.OPEN: ("open", "new", "active", "inprogress", "assigned", "working", "reopened", "submitted"),
    VendorCaseState.ATTENTION_NEEDED: (
        "attentionneeded", "actionrequired", "needsattention", "awaitingpartner", "awaitingcustomer",
        "waitingforcustomer", "waitingonyou", "pendingcustomer", "moreinformationneeded",
    ),
    VendorCaseState.CLOSED: ("closed", "resolved", "completed", "solved", "cancelled", "canceled"),
}  # fmt: skip


class Outcome(StrEnum):
    """What reading a line in would do."""

    CHANGES = "changes"
    SAME = "same"
    OLDER = "older"  # than the last word that the desk has
    UNKNOWN_NUMBER = "unknown_number"
    UNKNOWN_STATUS = "unknown_status"
    FINISHED = "finished"  # closed on the desk, or not open yet


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the file. ``state`` is None where ``status`` means nothing to us."""

    place: int
    number: str
    status: str
    state: VendorCaseState | None
    updated_at: datetime | None
    title: str
    note: str


@dataclass(frozen=True, slots=True)
class Planned:
    """A line beside the case it speaks of. ``becomes`` and ``adds_note`` say what applying it does."""

    line: Line
    outcome: Outcome
    ticket_id: int | None = None
    case_id: int | None = None
    was: VendorCaseState | None = None
    becomes: VendorCaseState | None = None
    adds_note: bool = False


# reading ----------------------------------------------------------------------------------------------------


def decode(content: bytes) -> str:
    """The file's text: UTF-8 with or without a mark, UTF-16 as Excel writes it, else Windows' western one.

    Raises Invalid naming the field ``file``.
    """
    if len(content) > MOST_BYTES:
        raise Invalid(_("The file is too large; leave old cases out."), "file")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def read(text: str) -> list[Line]:
    """The lines of a CSV file by comma, semicolon or tab; a number that comes twice counts by its last line.

    Raises Invalid naming the field ``file``.
    """
    text = text.replace("\0", "")  # PostgreSQL refuses it
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text)))
    except csv.Error:  # a cell of more than 128 KiB: mostly a quotation mark that nothing closes
        raise Invalid(_("The file can’t be read: a quotation mark in it is not closed."), "file") from None
    columns = _columns(rows[0]) if rows else {}
    if "number" not in columns or "status" not in columns:
        raise Invalid(_("The first line must name the columns, among them Number and Status."), "file")
    if len(rows) > MOST_LINES + 1:
        raise Invalid(_("The file has more than %(most)s lines; leave old cases out.", most=MOST_LINES), "file")
    lines = [_line(place, row, columns) for place, row in enumerate(rows[1:], start=2)]
    return list({line.number: line for line in lines if line.number}.values())


def _delimiter(text: str) -> str:
    heading = text.partition("\n")[0]
    return max(",;\t", key=heading.count)


def _columns(heading: Sequence[str]) -> dict[str, int]:
    """Where each of our columns stands, by the headings we know; the first of several wins."""
    found: dict[str, int] = {}
    for place, name in enumerate(heading):
        letters = _letters(name)
        for column, names in _HEADINGS.items():
            if letters in names:
                found.setdefault(column, place)
    return found


def _line(place: int, row: Sequence[str], columns: Mapping[str, int]) -> Line:
    cells = {column: row[at].strip() if at < len(row) else "" for column, at in columns.items()}
    status, letters = cells["status"], _letters(cells["status"])
    return Line(
        place=place,
        number=cells["number"].strip("'=\""),  # as spreadsheets keep long numbers from being rounded
        status=status,
        state=next((state for state, names in _STATES.items() if letters in names), None),
        updated_at=read_moment(cells.get("updated", "")),
        title=cells.get("title", ""),
        note=cells.get("note", ""),
    )


def _letters(text: str) -> str:
    return re.sub(r"[^a-z]", "", text.lower())


# comparing --------------------------------------------------------------------------------------------------


def plan(lines: Sequence[Line]) -> list[Planned]:
    """What each line would do, in the file's order; a number that two tickets share stands there twice."""
    numbers = [line.number for line in lines]
    rows = db.session.scalars(sa.select(VendorCase).where(VendorCase.number.in_(numbers)).order_by(VendorCase.id))
    cases: dict[str, list[VendorCase]] = {}
    for case in rows:
        cases.setdefault(case.number or "", []).append(case)
    return [planned for line in lines for planned in _compare(line, cases.get(line.number, []))]


def _compare(line: Line, cases: Sequence[VendorCase]) -> list[Planned]:
    return [_planned(line, case) for case in cases] or [Planned(line, Outcome.UNKNOWN_NUMBER)]


def _planned(line: Line, case: VendorCase) -> Planned:
    becomes = line.state if line.state and escalating.may_become(case, line.state) else None
    is_open = case.state in (VendorCaseState.OPEN, VendorCaseState.ATTENTION_NEEDED)
    adds_note = is_open and bool(line.note) and not _is_known(case.id, line.note)
    if is_open and _is_older(line, case):
        return Planned(line, Outcome.OLDER, case.ticket_id, case.id, case.state)
    if line.state is None and not adds_note:
        outcome = Outcome.UNKNOWN_STATUS
    elif (is_open and becomes) or adds_note:
        outcome = Outcome.CHANGES
    elif line.state is case.state:
        outcome = Outcome.SAME
    else:
        outcome = Outcome.FINISHED
    return Planned(line, outcome, case.ticket_id, case.id, case.state, becomes if is_open else None, adds_note)


def _is_older(line: Line, case: VendorCase) -> bool:
    """Whether the file was written before the case's last word; a date alone stands for the whole day."""
    if line.updated_at is None:
        return False
    is_day = line.updated_at.time() == time.min
    return line.updated_at + (timedelta(days=1) if is_day else timedelta()) < case.last_word_at


def _is_known(case_id: int, note: str) -> bool:
    bodies = db.session.scalars(sa.select(VendorNote.body).where(VendorNote.vendor_case_id == case_id))
    return any(plain(body) == plain(note) for body in bodies)


# applying ---------------------------------------------------------------------------------------------------


def apply(planned: Planned, actor: Actor, now: datetime) -> None:
    """Do what one line says, by the agents' own actions. Runs in the caller's unit of work.

    Raises Invalid when the case has moved on since it was compared.
    """
    if planned.ticket_id is None or planned.case_id is None:
        return
    if planned.adds_note and not _is_known(planned.case_id, planned.line.note):
        escalating.note_vendor(planned.ticket_id, planned.case_id, actor, planned.line.note, now, is_ours=False)
    if planned.becomes is not None:
        escalating.change_vendor_case(planned.ticket_id, planned.case_id, actor, planned.becomes, now)
