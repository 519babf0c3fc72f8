"""The pack as it goes out: its attachments, its text for pasting, its JSON, and the snapshot a vendor case keeps."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from flask_babel import force_locale
from sqlalchemy.orm import aliased

from helpdesk.database import db
from helpdesk.tickets.files import clean_name
from helpdesk.tickets.models import Attachment, AttachmentCheck
from helpdesk.tickets.packs import Pack, service_text, severity_text
from helpdesk.tickets.redaction_text import Finds, clean_text
from helpdesk.web.labels import label
from workflows.vocabulary import AttachmentVerdict, ChannelKind, PackItem, Severity

GOES: Final = frozenset({AttachmentVerdict.CLEAN, AttachmentVerdict.LOOKED_THROUGH})
"""Verdicts under which the file itself goes; redacted, its copy goes; else nothing does."""


@dataclass(frozen=True, slots=True)
class Enclosure:
    """An attachment as sent, with what its check found, and the file that goes out in its place, if any."""

    original: Attachment
    check: AttachmentCheck | None
    copy: Attachment | None

    @property
    def sent(self) -> Attachment | None:
        """The file that goes to the vendor: never an original that was redacted."""
        if self.check is None:
            return None
        if self.check.verdict is AttachmentVerdict.REDACTED:
            return self.copy
        return self.original if self.check.verdict in GOES else None

    @property
    def is_decided(self) -> bool:
        return self.check is not None and self.check.verdict is not AttachmentVerdict.FOUND


def enclosures_of(*ticket_ids: int) -> list[Enclosure]:
    """Every attachment of the tickets, the oldest first: one statement."""
    copy = aliased(Attachment)
    rows = (
        sa.select(Attachment, AttachmentCheck, copy)
        .outerjoin(AttachmentCheck, AttachmentCheck.attachment_id == Attachment.id)
        .outerjoin(copy, copy.id == AttachmentCheck.copy_id)
        .where(Attachment.ticket_id.in_(ticket_ids), Attachment.original_id.is_(None))
    )
    return [Enclosure(*row) for row in db.session.execute(rows.order_by(Attachment.id))]


def sent_files(enclosures: Iterable[Enclosure]) -> list[Attachment]:
    return [enclosure.sent for enclosure in enclosures if enclosure.sent is not None]


def sent_name(file: Attachment) -> str:
    """Its name as the vendor reads it: without mail addresses and what some systems can't unpack."""
    stem, dot, ending = file.file_name.rpartition(".")
    cleaned = clean_text(stem or ending, Finds()).replace("[removed: ", "[")
    return _UNFIT.sub("_", clean_name(f"{cleaned}{dot}{ending if stem else ''}")).strip(". ") or "file"


_UNFIT: Final = re.compile(r'[<>:"/\\|?*]')


def as_text(pack: Pack, channel: ChannelKind, severity: Severity, files: Iterable[Attachment] = ()) -> str:
    """The pack for pasting: English headings, one item under the other."""
    parts = [f"{name}\n{text}" for name, text in _lines(pack, channel, severity)]
    names = "\n".join(sent_name(file) for file in files)
    return "\n\n".join([*parts, *([f"Attachments\n{names}"] if names else [])]) + "\n"


def snapshot(
    pack: Pack, channel: ChannelKind, severity: Severity, enclosures: list[Enclosure] | None = None
) -> dict[str, Any]:
    """The whole pack as it stands, as plain JSON values."""
    whole = pack.completeness(channel)
    files = sent_files(enclosures if enclosures is not None else enclosures_of(pack.ticket.id))
    items = {item: _text(pack, item, channel, severity) for item in PackItem}
    return {
        "number": pack.ticket.id,
        "channel": channel.value,
        "severity": severity.value,
        "service": pack.ticket.service.value,
        "percent": whole.percent,
        "missing": [item.value for item in whole.missing],
        "override_reason": pack.override_reason,
        "items": {item.value: text for item, text in items.items() if text},
        "attachments": [{"name": sent_name(file), "size": file.size_bytes, "sha256": file.sha256} for file in files],
        "text": as_text(pack, channel, severity, files),
    }


def _lines(pack: Pack, channel: ChannelKind, severity: Severity) -> list[tuple[str, str]]:
    with force_locale("en"):  # the vendor reads it, whatever language we work in
        named = [(label(item), _text(pack, item, channel, severity)) for item in _ORDER]
    return [
        ("Our reference", f"#{pack.ticket.id}"),
        ("Service", service_text(pack.ticket.service)),
        *((name, text) for name, text in named if text),
    ]


_ORDER: Final = (
    PackItem.TITLE, PackItem.SEVERITY, PackItem.BUSINESS_IMPACT, PackItem.DESCRIPTION, PackItem.FIRST_SEEN,
    PackItem.SCOPE, PackItem.REPRO_STEPS, PackItem.ERROR_TEXT, PackItem.CORRELATION_IDS, PackItem.SERVICE_HEALTH,
    PackItem.TRIED, PackItem.TENANT, PackItem.DOMAIN, PackItem.SUBSCRIPTION, PackItem.PLAN, PackItem.DESK_CONTACT,
    PackItem.DESK_LANGUAGE, PackItem.DESK_TIME_ZONE, PackItem.DIAGNOSTICS_CONSENT,
)  # fmt: skip
"""As a support engineer reads it; that attachments were checked is our own affair."""


def _text(pack: Pack, item: PackItem, channel: ChannelKind, severity: Severity) -> str:
    """An item as it goes out; the severity is the one chosen for this case."""
    return severity_text(severity) if item is PackItem.SEVERITY else pack.text(item, channel)
