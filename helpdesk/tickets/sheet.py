"""What the desk knows of a ticket: the facts at the left of its page, the diagnosis, the vendor's cases."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

import sqlalchemy as sa
from flask import current_app
from flask_babel import gettext as _

from helpdesk.database import db
from helpdesk.escalations.models import VendorCase
from helpdesk.escalations.partner_center import connection, polls, posts
from helpdesk.escalations.partner_center.models import VendorPost
from helpdesk.tickets import chasing
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
    notes: list[dict[str, Any]]
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


def shown_case(case: VendorCase, now: datetime) -> ShownCase:
    """A case as the ticket's page shows it at ``now`` (aware UTC); only a silent one comes with a reminder."""
    is_silent = chasing.is_silent(case, now)
    is_asked = case.state is not VendorCaseState.CLOSED and connection.is_connected(current_app.config)
    is_connected = bool(case.number) and is_asked
    left = posts.unsent([case.id]) if any(note.is_ours for note in case.notes) else {}
    return ShownCase(
        id=case.id,
        title=case_title(case),
        state=case.state,
        state_text=label(case.state),
        number=case.number or "",
        severity_text=_("Severity %(severity)s", severity=case.severity.name),
        story=_story(case, finds_numbers=is_asked and connection.lists_cases(current_app.config)),
        notes=_shown_notes(case, left),
        files=[_shown_file(file) for file in case.files],
        is_open=case.state is not VendorCaseState.CLOSED,
        has_pack=bool(case.pack.get("text")),
        can_send=is_connected,
        chase_text=chasing.chase_text(case.number, case.severity, case.last_word_at, case.pack) if is_silent else "",
        is_silent=is_silent,
        trouble=polls.trouble_of(case.id) if is_connected else "",
        is_closing=any(post.asks_for(VendorCaseState.CLOSED) for post in left.values()),
    )


def _shown_file(file: Mapping[str, Any]) -> ShownFile:
    size = file["size_bytes"]
    return ShownFile(file["name"], size_text(size) if size is not None else "", file["url"])


def _shown_notes(case: VendorCase, left: Mapping[int, VendorPost]) -> list[dict[str, Any]]:
    """The latest notes, and whatever earlier one is ``left``: its post has not arrived, or not done all it should."""
    latest = [*(note for note in case.notes[:-5] if note.id in left), *case.notes[-5:]]
    return [
        {
            "id": note.id,
            "at": note.written_at or note.at,
            "who": _("We") if note.is_ours else _("Microsoft"),
            "body": note.body,
            "unsent": left.get(note.id),
        }
        for note in latest
    ]


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
