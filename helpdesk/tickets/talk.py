"""The conversation on a ticket's page: the newest messages, older ones by the page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import ngettext
from markupsafe import Markup

from helpdesk.accounts.models import User
from helpdesk.customers.models import Contact
from helpdesk.database import db
from helpdesk.tickets.bodies import to_html
from helpdesk.tickets.models import Attachment, Message, Ticket
from helpdesk.tickets.rows import Person, person_named
from helpdesk.tickets.uploads import size_text
from helpdesk.web.labels import label
from workflows.vocabulary import Source, Turn

PAGE = 50
SHOWN = 8
"""Of those loaded, so many stand unfolded."""


class TalkView(StrEnum):
    ALL = "all"
    PUBLIC = "public"
    NOTES = "notes"


class ShownFile(NamedTuple):
    name: str
    size_text: str
    url: str


@dataclass(frozen=True, slots=True)
class ShownMessage:
    id: int
    at: datetime
    author: Person
    is_desk: bool
    is_note: bool
    about: str
    is_our_turn: bool
    body_html: Markup
    files: list[ShownFile]


@dataclass(frozen=True, slots=True)
class Talk:
    """``messages`` stand open, ``earlier`` are folded; ``older_url`` loads what lies before both."""

    messages: list[ShownMessage]
    earlier: list[ShownMessage]
    earlier_text: str
    older_url: str | None
    views: list[dict[str, Any]]


_MESSAGE = (
    sa.select(
        Message.id,
        Message.at,
        Message.is_public,
        Message.user_id,
        Message.source,
        Message.body,
        User.name.label("user_name"),
        Contact.name.label("contact_name"),
    )
    .select_from(Message)
    .outerjoin(User, User.id == Message.user_id)
    .outerjoin(Contact, Contact.id == Message.contact_id)
)


def talk_of(ticket: Ticket, view: TalkView = TalkView.ALL, before: int | None = None) -> Talk:
    """At most three statements whatever the length: one page of messages, their files, and counts of a long talk."""
    found = _page(ticket.id, view, before)
    has_older = len(found) > PAGE
    is_whole = view is TalkView.ALL and before is None and not has_older
    counts = _tally(row.is_public for row in found) if is_whole else _counts(ticket.id)
    found = found[:PAGE][::-1]
    files = _files([row.id for row in found])
    last_id = found[-1].id if found and before is None else None
    shown = [_shown(row, ticket, files.get(row.id, []), is_last=row.id == last_id) for row in found]
    fold = max(0, len(shown) - SHOWN) if before is None else 0
    hidden = fold + max(0, counts[view] - len(shown)) if before is None else 0
    older_url = _url(ticket.id, view, found[0].id) if has_older else None
    return Talk(shown[fold:], shown[:fold], _earlier_text(hidden), older_url, _views(ticket.id, view, counts))


def _page(ticket_id: int, view: TalkView, before: int | None) -> Sequence[Any]:
    rows = _MESSAGE.where(Message.ticket_id == ticket_id)
    if view is not TalkView.ALL:
        rows = rows.where(Message.is_public == (view is TalkView.PUBLIC))
    if before is not None:
        rows = rows.where(Message.id < before)
    return db.session.execute(rows.order_by(Message.id.desc()).limit(PAGE + 1)).all()


def _counts(ticket_id: int) -> dict[TalkView, int]:
    rows = sa.select(Message.is_public, sa.func.count()).where(Message.ticket_id == ticket_id)
    by_kind: dict[bool, int] = dict(db.session.execute(rows.group_by(Message.is_public)).all())
    return _by_view(by_kind.get(True, 0), by_kind.get(False, 0))


def _tally(are_public: Iterable[bool]) -> dict[TalkView, int]:
    public = list(are_public)
    return _by_view(sum(public), len(public) - sum(public))


def _by_view(public: int, notes: int) -> dict[TalkView, int]:
    return {TalkView.ALL: public + notes, TalkView.PUBLIC: public, TalkView.NOTES: notes}


def _files(message_ids: Sequence[int]) -> dict[int, list[ShownFile]]:
    rows = sa.select(
        Attachment.message_id, Attachment.ticket_id, Attachment.key, Attachment.file_name, Attachment.size_bytes
    ).where(Attachment.message_id.in_(message_ids), Attachment.original_id.is_(None))
    by_message: dict[int, list[ShownFile]] = {}
    for message_id, ticket_id, key, name, size in db.session.execute(rows.order_by(Attachment.id)):
        file = ShownFile(name, size_text(size), f"/tickets/{ticket_id}/files/{key}")
        by_message.setdefault(message_id, []).append(file)
    return by_message


def _shown(row: Any, ticket: Ticket, files: list[ShownFile], *, is_last: bool) -> ShownMessage:
    is_desk = row.contact_name is None
    return ShownMessage(
        id=row.id,
        at=row.at,
        author=person_named(row.contact_name or row.user_name or _("The desk"), row.user_id),
        is_desk=is_desk,
        is_note=not row.is_public,
        about=_about(row, ticket, is_desk=is_desk),
        is_our_turn=is_last and not is_desk and ticket.is_open and ticket.turn is Turn.OURS,
        body_html=to_html(row.body),
        files=files,
    )


def _about(row: Any, ticket: Ticket, *, is_desk: bool) -> str:
    if is_desk:
        return _("to %(name)s", name=ticket.contact.name)
    where = [ticket.customer.name] if ticket.customer is not None and ticket.is_customer_confirmed else []
    return ", ".join([*where, label(row.source)] if row.source is not Source.WEB else where)


def _earlier_text(count: int) -> str:
    return ngettext("%(num)s earlier message", "%(num)s earlier messages", count) if count else ""


def _views(number: int, current: TalkView, counts: dict[TalkView, int]) -> list[dict[str, Any]]:
    names = {TalkView.ALL: _("All"), TalkView.PUBLIC: _("Public"), TalkView.NOTES: _("Notes")}
    return [
        {"text": text, "count": counts[view], "url": _url(number, view), "is_current": view is current}
        for view, text in names.items()
    ]


def _url(number: int, view: TalkView, before: int | None = None) -> str:
    query = [f"talk={view}"] if view is not TalkView.ALL else []
    query += [f"before={before}"] if before is not None else []
    return f"/tickets/{number}{'?' if query else ''}{'&'.join(query)}#conversation"
