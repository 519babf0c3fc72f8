"""The page of a ticket's escalation pack: what is there, what is missing, and how it goes out."""

from __future__ import annotations

import json
import tempfile
import zipfile
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Response, make_response, render_template, request, send_file
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import selectinload

from helpdesk.accounts.permissions import Permission
from helpdesk.accounts.session import actor
from helpdesk.clock import now
from helpdesk.database import db, unit_of_work
from helpdesk.errors import Conflict, Invalid, NotFound
from helpdesk.escalations.models import SupportChannel
from helpdesk.tickets import enclosures, facts
from helpdesk.tickets.actions import packing
from helpdesk.tickets.facts import Study
from helpdesk.tickets.files import path_of
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.pack_forms import PackForm, PassForm, shown_answers
from helpdesk.tickets.packs import TRANSLATED, WRITTEN, Pack
from helpdesk.tickets.redaction import LARGEST, may_search
from helpdesk.tickets.uploads import size_text
from helpdesk.tickets.views import checklist
from helpdesk.tickets.views.guard import sees_tickets
from helpdesk.tickets.views.ticket import find, meanwhile
from helpdesk.tickets.views.work import sent_version
from helpdesk.web.forms import Form, see_other
from helpdesk.web.labels import label
from workflows.channels import KIND_OF
from workflows.escalation import SEVERITY_OF
from workflows.vocabulary import CHANNEL_OF_STATE, ChannelKind, PersonalData, Severity

HERE = "/tickets/<int:number>/pack"


def register(blueprint: Blueprint) -> None:
    for rule, name, view, methods in (
        (HERE, "pack", pack, ["GET", "POST"]),
        (f"{HERE}/override", "pack_override", override, ["POST"]),
        (f"{HERE}.txt", "pack_text", as_text, ["GET"]),
        (f"{HERE}.json", "pack_json", as_json, ["GET"]),
        (f"{HERE}.zip", "pack_zip", as_zip, ["GET"]),
    ):
        blueprint.add_url_rule(rule, name, view, methods=methods)


# the page ---------------------------------------------------------------------------------------------


@sees_tickets
def pack(number: int) -> ResponseReturnValue:
    found = find(number)
    form = PackForm()
    if request.method == "GET":
        return _page(found)
    return _carry_out(
        found,
        form,
        lambda: packing.record_answers(number, actor(), form.answers(), now(), sent_version()),
        form=form,
    )


@sees_tickets
def override(number: int) -> ResponseReturnValue:
    """A lead passes the pack as it is, or takes that back by an empty reason."""
    found, form = find(number), PassForm()
    return _carry_out(
        found,
        form,
        lambda: packing.pass_incomplete(number, actor(), form.override_reason.data, now(), sent_version()),
        pass_form=form,
    )


def _carry_out(found: Ticket, sent: Form, act: Callable[[], None], **forms: Any) -> ResponseReturnValue:
    number, status, changed = found.id, 422, []
    if sent.is_accepted():
        try:
            with unit_of_work():
                act()
            return see_other(address_of(number))
        except Invalid as error:
            sent.fail(error)
        except Conflict as error:
            status = 409
            changed = meanwhile(error)
    return _page(find(number), status, changed=changed, **forms)


def address_of(number: int, part: str = "") -> str:
    """The page of the channel that a form was sent from; a word that is no channel leads to the usual one."""
    channel = request.form.get("channel", "")
    return f"/tickets/{number}/pack{f'?channel={channel}' if channel in set(ChannelKind) else ''}{part}"


def _page(
    found: Ticket,
    status: int = 200,
    *,
    form: PackForm | None = None,
    pass_form: PassForm | None = None,
    changed: list[Any] | None = None,
) -> Response:
    known = _study(found)
    own, channel = _pack(known), _channel(found, known)
    files = enclosures.enclosures_of(found.id)
    form = form or PackForm(formdata=None, data=shown_answers(own.answers))
    form.keep({item for each in _channels(found) for item in own.needed(each)} | TRANSLATED)
    severity = SEVERITY_OF[found.priority]
    page = render_template(
        "tickets/pack.html",
        ticket=found,
        form=form,
        pass_form=pass_form or PassForm(formdata=None, override_reason=own.override_reason),
        changed=changed or [],
        channel=channel,
        names=_names(),
        channels=[(each, own.completeness(each).percent) for each in _channels(found)],
        whole=own.completeness(channel),
        lines=checklist.lines(own, channel),
        named=[(item.value if item in WRITTEN else "", label(item)) for item in own.naming_contact(channel)],
        files=[_file(each) for each in files],
        text=enclosures.as_text(own, channel, severity, enclosures.sent_files(files)),
        override_reason=own.override_reason,
        may_edit=actor().may(Permission.EDIT_TICKETS, found.kind),
        may_override=actor().may(Permission.OVERRIDE, found.kind),
    )
    response = make_response(page)
    response.status_code = status
    return response


def _study(found: Ticket) -> Study:
    """Raises NotFound for a ticket that is not on its way to the vendor: it has no pack."""
    known = facts.study(found, actor(), now())
    if known.pack is None:
        raise NotFound(_("A ticket has an escalation pack from its diagnosis until it is resolved."))
    return known


def _pack(known: Study) -> Pack:
    assert known.pack is not None
    return known.pack


def _channels(found: Ticket) -> list[ChannelKind]:
    """The channels of this kind of ticket."""
    return [channel for channel in ChannelKind if KIND_OF[channel] is found.kind]


def _channel(found: Ticket, known: Study) -> ChannelKind:
    """The channel asked for, else the one it is with, else the recommended one, else the one that lacks least."""
    fitting = _channels(found)
    asked = request.values.get("channel", "")
    if asked in fitting:
        return ChannelKind(asked)
    if found.state in CHANNEL_OF_STATE:
        return CHANNEL_OF_STATE[found.state]
    mine = [verdict for verdict in known.verdicts if verdict.kind in fitting]
    best = min(mine, key=lambda verdict: (not verdict.is_recommended, len(verdict.reasons), verdict.cost_rank))
    return best.kind


def _names() -> dict[ChannelKind, str]:
    """What the channels are called today."""
    rows = db.session.scalars(sa.select(SupportChannel).options(selectinload(SupportChannel.names)))
    today = facts.desk_day(now())
    return {kind: label(kind) for kind in ChannelKind} | {row.kind: row.name_on(today) for row in rows}


def _file(each: enclosures.Enclosure) -> dict[str, Any]:
    """An attachment as the page shows it: what was found, what goes out, what may be done."""
    found = each.check.found if each.check is not None else {}
    is_large = each.original.size_bytes > LARGEST
    named = [(label(kind), found[kind.value]) for kind in PersonalData if kind.value in found]
    return {
        "id": each.original.id,
        "name": each.original.file_name,
        "size_text": size_text(each.original.size_bytes),
        "url": f"/tickets/{each.original.ticket_id}/files/{each.original.key}",
        "is_decided": each.is_decided,
        "verdict": label(each.check.verdict) if each.check is not None else "",
        "seen": each.check.verdict.value if each.check is not None else "",
        "found": [(name, what["count"], ", ".join(what["such_as"])) for name, what in named],
        "is_searched": may_search(each.original.file_name) and not is_large,
        "is_large": is_large,
        "copy_url": f"/tickets/{each.original.ticket_id}/files/{each.copy.key}" if each.copy is not None else "",
    }


# going out --------------------------------------------------------------------------------------------


@sees_tickets
def as_text(number: int) -> ResponseReturnValue:
    return _download(_snapshot(number)[0]["text"], "text/plain", f"pack-{number}.txt")


@sees_tickets
def as_json(number: int) -> ResponseReturnValue:
    return _download(_as_json(_snapshot(number)[0]), "application/json", f"pack-{number}.json")


@sees_tickets
def as_zip(number: int) -> ResponseReturnValue:
    """Text, JSON and the attachments that may go: redacted copies in place of their originals."""
    shot, files = _snapshot(number)
    sent = enclosures.sent_files(files)
    for file in sent:  # a pack without a file that its text names would mislead
        if not path_of(file.key).is_file():
            raise NotFound(_("The file %(name)s is gone: leave it out of the pack.", name=file.file_name))
    whole = tempfile.SpooledTemporaryFile(max_size=8 * 1024 * 1024)  # noqa: SIM115 - the response closes it
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("pack.txt", shot["text"])
        archive.writestr("pack.json", _as_json(shot))
        for place, file in enumerate(sent, start=1):
            archive.write(path_of(file.key), f"attachments/{place:02}-{enclosures.sent_name(file)}")
    whole.seek(0)
    response = send_file(
        whole, mimetype="application/zip", as_attachment=True, download_name=f"pack-{number}.zip", max_age=0
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _snapshot(number: int) -> tuple[dict[str, Any], list[enclosures.Enclosure]]:
    """The pack for the channel and severity in the query, as a vendor case would keep it."""
    found = find(number)
    known = _study(found)
    asked = {severity.value: severity for severity in Severity}.get(request.args.get("severity", ""))
    severity = asked or SEVERITY_OF[found.priority]
    files = enclosures.enclosures_of(number)
    return enclosures.snapshot(_pack(known), _channel(found, known), severity, files), files


def _as_json(shot: dict[str, Any]) -> str:
    return json.dumps(shot, ensure_ascii=False, indent=2)


def _download(content: str, mimetype: str, name: str) -> Response:
    response = make_response(content)
    response.mimetype = mimetype
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
