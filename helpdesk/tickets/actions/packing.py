"""The escalation pack: what people write into it, its attachments' checks, a lead's passing of an incomplete one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from helpdesk.accounts.actor import Actor
from helpdesk.accounts.permissions import Permission
from helpdesk.database import db
from helpdesk.errors import Conflict, Forbidden, Invalid, NotFound
from helpdesk.tickets.actions.allowed import demand
from helpdesk.tickets.change import changing
from helpdesk.tickets.files import StoredFile
from helpdesk.tickets.models import Attachment, AttachmentCheck, TicketPack
from helpdesk.tickets.packs import WRITTEN
from workflows.vocabulary import AttachmentVerdict, EventKind, PackItem


def record_answers(
    ticket_id: int, actor: Actor, answers: Mapping[PackItem, str], now: datetime, version: int | None = None
) -> None:
    """Keep what was written for some items; an empty text takes an answer back. Other items stay as they were."""
    with changing(ticket_id, actor, now, version) as change:
        demand(actor, Permission.EDIT_TICKETS, change.ticket)
        pack = _pack(ticket_id, change.now)
        given = {item: text.strip() for item, text in answers.items() if item in WRITTEN}
        changed = [item.value for item, text in given.items() if pack.answers.get(item.value, "") != text]
        if not changed:
            return
        kept = pack.answers | {item.value: text for item, text in given.items()}
        pack.answers = {item: text for item, text in kept.items() if text}
        pack.updated_at = change.now
        change.record(EventKind.PACK_RECORDED, items=changed)
        change.edited()


def pass_incomplete(ticket_id: int, actor: Actor, reason: str, now: datetime, version: int | None = None) -> None:
    """A lead lets the next escalation go with an incomplete pack; an empty reason takes that back.

    The reason is kept in the history, and so is that it was taken back. Raises Forbidden to others, Invalid naming
    the field ``override_reason``.
    """
    with changing(ticket_id, actor, now, version) as change:
        if not actor.may(Permission.OVERRIDE, change.ticket.kind):
            raise Forbidden(_("Only a lead may pass an incomplete pack."))
        pack = _pack(ticket_id, change.now)
        if not reason.strip() and not pack.override_reason:
            raise Invalid(_("Say why; the reason is kept."), "override_reason")
        pack.override_reason, pack.updated_at = reason.strip(), change.now
        pack.override_by_id = actor.user_id if pack.override_reason else None
        change.record(EventKind.GUARD_OVERRIDDEN, guard="pack", reason=pack.override_reason)
        change.edited()


def end_override(ticket_id: int) -> None:
    """A lead's passing serves one escalation."""
    done = sa.update(TicketPack).where(TicketPack.ticket_id == ticket_id, TicketPack.override_reason != "")
    db.session.execute(done.values(override_reason="", override_by_id=None))


def record_check(
    ticket_id: int,
    attachment_id: int,
    actor: Actor,
    verdict: AttachmentVerdict,
    now: datetime,
    found: Mapping[str, Any] | None = None,
    copy: StoredFile | None = None,
    seen: str | None = None,
) -> None:
    """Write down what became of an attachment's check; ``copy`` is the redacted file, on disk already.

    A file in which something personal was found may go as it is only when a person has looked through it.
    ``seen`` is the verdict that the person decided on ("" for none), None where nobody looked.
    Raises NotFound for another ticket's attachment, Invalid for a redaction without its copy, Conflict when
    somebody decided otherwise meanwhile.
    """
    with changing(ticket_id, actor, now) as change:
        demand(actor, Permission.EDIT_TICKETS, change.ticket)
        original = db.session.get(Attachment, attachment_id)
        if original is None or original.ticket_id != ticket_id or original.original_id is not None:
            raise NotFound(_("There is no such file."))
        if (verdict is AttachmentVerdict.REDACTED) != (copy is not None):
            raise Invalid(_("There is no redacted copy."))
        check = db.session.get(AttachmentCheck, attachment_id, populate_existing=True)
        if seen is not None and seen != (check.verdict.value if check is not None else ""):
            raise Conflict(_("Somebody decided about this file meanwhile."))
        if check is None:
            check = AttachmentCheck(attachment_id=attachment_id, found={})
            db.session.add(check)
        check.verdict, check.at, check.user_id = verdict, change.now, actor.user_id
        check.found = dict(found) if found is not None else check.found
        check.copy_id = _keep_copy(original, copy, change.now).id if copy is not None else None
        counts = {kind: each["count"] for kind, each in check.found.items()}
        change.record(EventKind.ATTACHMENT_CHECKED, attachment=attachment_id, verdict=verdict.value, found=counts)


def _keep_copy(original: Attachment, copy: StoredFile, now: datetime) -> Attachment:
    row = Attachment(
        key=copy.key,
        ticket_id=original.ticket_id,
        message_id=original.message_id,
        file_name=copy.file_name,
        content_type=copy.content_type,
        size_bytes=copy.size_bytes,
        sha256=copy.sha256,
        created_at=now,
        original_id=original.id,
    )
    db.session.add(row)
    db.session.flush()
    return row


def _pack(ticket_id: int, now: datetime) -> TicketPack:
    found = db.session.get(TicketPack, ticket_id, populate_existing=True)
    if found is None:
        found = TicketPack(ticket_id=ticket_id, answers={}, override_reason="", updated_at=now)
        db.session.add(found)
    return found
