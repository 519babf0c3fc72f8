"""Checking a ticket's attachments for personal data before they may go to the vendor."""

from __future__ import annotations

from io import BytesIO

from flask import Blueprint, flash, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from helpdesk.accounts.actor import Actor
from helpdesk.accounts.permissions import Permission
from helpdesk.accounts.session import actor
from helpdesk.clock import now
from helpdesk.database import unit_of_work
from helpdesk.errors import Forbidden, Invalid, NotFound
from helpdesk.tickets import redaction
from helpdesk.tickets.actions import packing
from helpdesk.tickets.enclosures import Enclosure, enclosures_of
from helpdesk.tickets.files import path_of, store
from helpdesk.tickets.models import Attachment
from helpdesk.tickets.views.guard import sees_tickets
from helpdesk.tickets.views.pack import address_of
from helpdesk.tickets.views.ticket import find
from helpdesk.web.forms import see_other
from workflows.vocabulary import AttachmentVerdict

_BY_HAND = {verdict.value: verdict for verdict in (AttachmentVerdict.LOOKED_THROUGH, AttachmentVerdict.LEFT_OUT)}


def register(blueprint: Blueprint) -> None:
    here = "/tickets/<int:number>/pack/files"
    blueprint.add_url_rule(here, "pack_files", search_all, methods=["POST"])
    blueprint.add_url_rule(f"{here}/<int:attachment_id>", "pack_file", decide, methods=["POST"])


@sees_tickets
def search_all(number: int) -> ResponseReturnValue:
    """Search the text, log and HAR files that nobody has decided about; the others are for a person."""
    person = _editor(number)
    waiting = [each.original for each in enclosures_of(number) if each.check is None]
    waiting = [
        original
        for original in waiting
        if redaction.may_search(original.file_name) and original.size_bytes <= redaction.LARGEST
    ]
    searched, room = 0, SEARCHED_AT_ONCE
    for original in waiting:
        if searched and original.size_bytes > room:
            flash(_("Some files are still to be searched: press again."))
            break
        if _search(original, person):
            searched, room = searched + 1, room - original.size_bytes
    if waiting:
        flash(ngettext("%(num)s file was searched.", "%(num)s files were searched.", searched), "done")
    return _back(number)


SEARCHED_AT_ONCE = redaction.LARGEST
"""Bytes that one request searches, so that it is answered in seconds; the first file is searched in any case."""


@sees_tickets
def decide(number: int, attachment_id: int) -> ResponseReturnValue:
    """Send a redacted copy, send it as it is after looking through it, or leave it out. Raises NotFound."""
    person = _editor(number)
    original = _enclosure(number, attachment_id).original
    act, seen = request.form.get("act", ""), request.form.get("seen")
    if act == AttachmentVerdict.REDACTED.value:
        _redact(original, person, seen)
    elif act in _BY_HAND:
        with unit_of_work():
            packing.record_check(number, attachment_id, person, _BY_HAND[act], now(), seen=seen)
    else:
        raise Invalid(_("Choose one of the list."), "act")
    return _back(number)


def _editor(number: int) -> Actor:
    person = actor()
    if not person.may(Permission.EDIT_TICKETS, find(number).kind):
        raise Forbidden(_("Your role doesn’t include this."))
    return person


def _enclosure(number: int, attachment_id: int) -> Enclosure:
    for each in enclosures_of(number):
        if each.original.id == attachment_id:
            return each
    raise NotFound(_("There is no such file."))


def _back(number: int) -> ResponseReturnValue:
    return see_other(address_of(number, "#files"))


def _search(original: Attachment, person: Actor) -> bool:
    """Search one file outside any transaction and write down what was found; False when a person must look."""
    try:
        finds, _copy = redaction.search(original.file_name, _content(original))
    except redaction.Unreadable:
        flash(_("%(name)s can’t be searched; look through it yourself.", name=original.file_name))
        return False
    verdict = AttachmentVerdict.FOUND if finds.counts else AttachmentVerdict.CLEAN
    with unit_of_work():
        packing.record_check(original.ticket_id, original.id, person, verdict, now(), finds.as_json())
    return True


def _redact(original: Attachment, person: Actor, seen: str | None) -> None:
    """Store a copy without what was found; the original stays with the ticket and never goes out."""
    try:
        finds, cleaned = redaction.search(original.file_name, _content(original))
    except redaction.Unreadable:
        raise Invalid(_("%(name)s can’t be searched; look through it yourself.", name=original.file_name)) from None
    copy = store(BytesIO(cleaned), _copy_name(original.file_name), original.content_type, len(cleaned))
    with unit_of_work():
        verdict = AttachmentVerdict.REDACTED
        packing.record_check(original.ticket_id, original.id, person, verdict, now(), finds.as_json(), copy, seen)


def _content(original: Attachment) -> bytes:
    """The file's bytes, at most one more than are searched. Raises NotFound when the file is gone."""
    try:
        with path_of(original.key).open("rb") as file:
            return file.read(redaction.LARGEST + 1)
    except FileNotFoundError:
        raise NotFound(_("There is no such file.")) from None


def _copy_name(file_name: str) -> str:
    name, _dot, ending = file_name.rpartition(".")
    return f"{name[:180]}.redacted.{ending}"
