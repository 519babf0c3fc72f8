"""What the desk knows of a ticket: the facts at the left of its page, the diagnosis, the vendor's cases."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

import sqlalchemy as sa
from flask import current_app
from flask_babel import gettext as _
from markupsafe import Markup

from helpdesk.database import db
from helpdesk.escalations.models import VendorCase, VendorNote
from helpdesk.escalations.partner_center import connection, polls, posts
from helpdesk.escalations.partner_center.models import VendorPost
from helpdesk.phrases import said
from helpdesk.tickets import chasing
from helpdesk.tickets.bodies import to_html
from helpdesk.tickets.models import Ticket, TicketLink
from helpdesk.tickets.talk import ShownFile
from helpdesk.tickets.uploads import size_text
from helpdesk.web import moments
from helpdesk.web.labels import label
from workflows import facts as rules
from workflows.vocabulary import BillingQuestion, BoughtHere, LinkKind, VendorCaseState


class Fact(NamedTuple):
    name: str
    text: str
    url: str | None = None
    second: str = ""


LATEST = 5
"""So many notes of a case stand on the ticket's page."""

NOTES_A_PAGE = 100


class ShownNote(NamedTuple):
    """What the vendor wrote, or we. ``unsent``: its post has not arrived, or not done all it should."""

    id: int
    at: datetime
    who: str
    body_html: Markup
    unsent: VendorPost | None


@dataclass(frozen=True, slots=True)
class Noted:
    """The notes of a case that its card shows, oldest first, and how many it has."""

    notes: list[ShownNote]
    count: int


@dataclass(frozen=True, slots=True)
class NotesPage:
    """``count``: of all the notes that the case has."""

    notes: list[ShownNote]
    count: int
    has_earlier: bool


@dataclass(frozen=True, slots=True)
class ShownCase:
    """One vendor case; what may still be done with it stands in ``may_*`` and ``next_states``."""

    id: int
    title: str
    state: VendorCaseState
    state_text: str
    number: str
    severity_text: str
    story: str
    notes: list[ShownNote]  # the latest, and what has not arrived
    note_count: int  # of all there are
    files: list[ShownFile]  # on the case at the vendor; .url is empty where it gives none
    is_open: bool
    has_pack: bool  # something was handed over with it
    can_send: bool  # notes may leave by the vendor's API
    chase_text: str  # what reminds the vendor of a silent case, in English; else empty
    is_silent: bool  # the vendor's word is overdue
    trouble: str  # why the vendor's API doesn't let us read it
    is_closing: bool  # the vendor was asked to close it, and has not answered yet


def facts_of(ticket: Ticket) -> list[Fact]:
    """The rows of the facts, in the order people ask for them."""
    return [
        _customer(ticket),
        Fact(_("Contact"), ticket.contact.name, second=_contact(ticket)),
        *_subscription(ticket),
        Fact(_("Kind"), label(ticket.kind)),
        Fact(_("Service"), label(ticket.service)),
        Fact(_("Topic"), ticket.topic.name) if ticket.topic else _no_topic(ticket),
        Fact(_("Impact"), label(ticket.impact)),
        Fact(_("Urgency"), label(ticket.urgency)),
        *_override(ticket),
        Fact(_("Team"), ticket.team.name),
        Fact(_("Opened"), f"{moments.moment(ticket.created_at)}, {label(ticket.source)}"),
        *_answers(ticket),
        *_links(ticket),
    ]


def _no_topic(ticket: Ticket) -> Fact:
    return Fact(_("Topic"), _("not chosen"), f"/tickets/{ticket.id}/classification")


def _customer(ticket: Ticket) -> Fact:
    if ticket.customer is not None and ticket.is_customer_confirmed:
        return Fact(_("Customer"), ticket.customer.name, f"/customers/{ticket.customer.id}")
    claim = _("says: %(company)s", company=ticket.claimed_company) if ticket.claimed_company else ""
    return Fact(_("Customer"), _("not confirmed"), f"/tickets/{ticket.id}/customer", claim)


def _contact(ticket: Ticket) -> str:
    return ", ".join(filter(None, (ticket.contact.email, ticket.contact.phone)))


def _subscription(ticket: Ticket) -> list[Fact]:
    own = ticket.subscription
    if own is None:
        return []
    seats = [_("%(count)s seats", count=own.seats)] if own.seats else []
    until = [_("to %(day)s", day=moments.calendar_date(own.ends_on))] if own.ends_on else []
    return [Fact(_("Subscription"), own.name, second=", ".join(seats + until))]


def _override(ticket: Ticket) -> list[Fact]:
    if ticket.priority_override is None:
        return []
    return [Fact(_("Priority"), label(ticket.priority), second=_("set by a lead"))]


def _answers(ticket: Ticket) -> list[Fact]:
    """The kind's own questions, as the customer answered them; their names are the portal's field names."""
    questions = {
        "bought_through_us": _("Bought through us"),
        "asked": _("Asks for"),
        "reference": _("Invoice or subscription"),
        "since": _("Since"),
        "affected": _("Affected"),
        "error_text": _("Error text"),
    }
    return [
        Fact(text, _answer(name, ticket.intake[name])) for name, text in questions.items() if ticket.intake.get(name)
    ]


def _answer(name: str, value: Any) -> str:
    """What was chosen among our own choices by its label, the customer's own words as they are."""
    words: Iterable[StrEnum] = {"asked": BillingQuestion, "bought_through_us": BoughtHere}.get(name, ())
    chosen = next((word for word in words if word == value), None)
    return label(chosen) if chosen else str(value)


def _links(ticket: Ticket) -> list[Fact]:
    linked = sa.select(TicketLink.kind, TicketLink.from_id, TicketLink.to_id)
    rows = db.session.execute(
        linked.where(sa.or_(TicketLink.from_id == ticket.id, TicketLink.to_id == ticket.id)).limit(20)
    )
    found = [_link(kind, from_id, to_id, ticket.id) for kind, from_id, to_id in rows]
    if ticket.merged_into_id is not None:
        found.append(Fact(_("Merged into"), f"#{ticket.merged_into_id}", f"/tickets/{ticket.merged_into_id}"))
    return found


def _link(kind: LinkKind, from_id: int, to_id: int, own_id: int) -> Fact:
    other = from_id if to_id == own_id else to_id
    names = {
        (LinkKind.PARENT, True): _("Part of"),
        (LinkKind.PARENT, False): _("Waits for"),
        (LinkKind.FOLLOW_UP, True): _("Follow-up of"),
        (LinkKind.FOLLOW_UP, False): _("Followed by"),
    }
    return Fact(names.get((kind, to_id == own_id), _("Related to")), f"#{other}", f"/tickets/{other}")


def diagnosis_facts(record: rules.Diagnosis) -> list[Fact]:
    """The diagnosis record in short; empty while there is none."""
    if record == rules.Diagnosis():
        return []
    return [
        Fact(_("Service health"), label(record.health)),
        Fact(_("Findings"), record.findings),
        Fact(_("Tried"), record.tried),
        Fact(_("Boundary"), label(record.boundary), second=label(record.boundary_reason)),
        *([Fact(_("Override by a lead"), record.boundary_override)] if record.boundary_override else []),
    ]


# the vendor's cases -----------------------------------------------------------------------------------


def case_title(case: VendorCase) -> str:
    return _("Microsoft, %(channel)s", channel=label(case.channel.kind))


def shown_case(case: VendorCase, now: datetime, noted: Noted) -> ShownCase:
    """A case as the ticket's page shows it at ``now`` (aware UTC); only a silent one comes with a reminder."""
    is_silent = chasing.is_silent(case, now)
    is_asked = case.state is not VendorCaseState.CLOSED and connection.is_connected(current_app.config)
    is_connected = bool(case.number) and is_asked
    left = [note.unsent for note in noted.notes if note.unsent is not None]
    return ShownCase(
        id=case.id,
        title=case_title(case),
        state=case.state,
        state_text=label(case.state),
        number=case.number or "",
        severity_text=_("Severity %(severity)s", severity=case.severity.name),
        story=_story(case, finds_numbers=is_asked and connection.lists_cases(current_app.config)),
        notes=noted.notes,
        note_count=noted.count,
        files=[_shown_file(file) for file in case.files],
        is_open=case.state is not VendorCaseState.CLOSED,
        has_pack=bool(case.pack.get("text")),
        can_send=is_connected,
        chase_text=chasing.chase_text(case.number, case.severity, case.last_word_at, case.pack) if is_silent else "",
        is_silent=is_silent,
        trouble=said(polls.trouble_of(case.id)) if is_connected else "",
        is_closing=any(post.asks_for(VendorCaseState.CLOSED) for post in left),
    )


def _shown_file(file: Mapping[str, Any]) -> ShownFile:
    size = file["size_bytes"]
    return ShownFile(file["name"], size_text(size) if size is not None else "", file["url"])


def noted_of(case_ids: Sequence[int]) -> dict[int, Noted]:
    """By case its latest notes, and whatever earlier one has not arrived, or not brought about all it asked for.

    One statement for all of them, which reads no other note's text.
    """
    found: dict[int, list[ShownNote]] = {case_id: [] for case_id in case_ids}
    counts = dict.fromkeys(case_ids, 0)
    for note, post, is_left, count in db.session.execute(_LATEST, {"cases": list(case_ids)}) if case_ids else ():
        found[note.vendor_case_id].append(_shown_note(note, post if is_left else None))
        counts[note.vendor_case_id] = count
    return {case_id: Noted(found[case_id], counts[case_id]) for case_id in case_ids}


def _latest_notes() -> sa.Select[Any]:
    """The statement of ``noted_of``."""
    case_id = VendorNote.vendor_case_id
    place = sa.func.row_number().over(partition_by=case_id, order_by=VendorNote.id.desc()).label("place")
    count = sa.func.count().over(partition_by=case_id).label("count")
    asked = case_id.in_(sa.bindparam("cases", expanding=True))
    placed = sa.select(VendorNote.id, place, count).where(asked).subquery()
    rows = sa.select(VendorNote, VendorPost, posts.IS_LEFT.label("is_left"), placed.c.count)
    rows = rows.join(placed, placed.c.id == VendorNote.id).outerjoin(VendorPost, VendorPost.note_id == VendorNote.id)
    return rows.where(sa.or_(placed.c.place <= LATEST, posts.IS_LEFT)).order_by(VendorNote.id)


_LATEST = _latest_notes()


def notes_page(case_id: int, before: int | None = None) -> NotesPage:
    """A page of a case's notes, oldest first: the latest ones, or those before a note's id."""
    of_case = VendorNote.vendor_case_id == case_id
    rows = sa.select(VendorNote).where(of_case).order_by(VendorNote.id.desc()).limit(NOTES_A_PAGE + 1)
    found = db.session.scalars(rows if before is None else rows.where(VendorNote.id < before)).all()
    count = db.session.scalar(sa.select(sa.func.count()).select_from(VendorNote).where(of_case)) or 0
    notes = [_shown_note(note) for note in reversed(found[:NOTES_A_PAGE])]
    return NotesPage(notes, count, len(found) > NOTES_A_PAGE)


def _shown_note(note: VendorNote, unsent: VendorPost | None = None) -> ShownNote:
    who = _("We") if note.is_ours else _("Microsoft")
    return ShownNote(note.id, note.written_at or note.at, who, to_html(note.body), unsent)


def _story(case: VendorCase, *, finds_numbers: bool) -> str:
    """Where the case stands, in a sentence or two; ``finds_numbers``: the vendor's list tells them."""
    sentences = []
    match case.state:
        case VendorCaseState.TO_OPEN:
            sentences.append(_("Open it at Microsoft, then write its number here."))
            if finds_numbers:
                sentences.append(_("With the pack pasted there, the number comes by itself."))
        case VendorCaseState.OPEN:
            sentences.append(_("With them since %(moment)s.", moment=moments.moment(case.last_word_at)))
        case VendorCaseState.ATTENTION_NEEDED:
            sentences.append(_("They asked %(moment)s.", moment=moments.moment(case.last_word_at)))
        case VendorCaseState.CLOSED:
            sentences.append(_("Closed %(moment)s.", moment=moments.moment(case.closed_at or case.last_word_at)))
    if case.chased_at is not None and case.state is not VendorCaseState.CLOSED:
        sentences.append(_("Reminded %(moment)s.", moment=moments.moment(case.chased_at)))
    if case.left_open_reason:
        sentences.append(_("Left open: %(reason)s", reason=case.left_open_reason))
    return " ".join(sentences)
