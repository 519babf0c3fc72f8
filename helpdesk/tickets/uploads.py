"""Taking in uploads: what is allowed is stored, what is not is named with its reason, the rest is kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import IO, Final, Protocol

from flask import current_app
from flask_babel import get_locale
from flask_babel import gettext as _

from helpdesk.tickets.files import StoredFile, TooLarge, clean_name, remove, store

MIB = 1024 * 1024

TYPES: Final[Mapping[str, str]] = MappingProxyType(
    {
        # pictures and recordings of a screen
        "png": "image/png",
        "jpg": "image/jpeg",
        "jpeg": "image/jpeg",
        "gif": "image/gif",
        "webp": "image/webp",
        "bmp": "image/bmp",
        "heic": "image/heic",
        "mp4": "video/mp4",
        # documents
        "pdf": "application/pdf",
        "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "doc": "application/msword",
        "xls": "application/vnd.ms-excel",
        "odt": "application/vnd.oasis.opendocument.text",
        "ods": "application/vnd.oasis.opendocument.spreadsheet",
        # mail, logs, exports
        "eml": "message/rfc822",
        "msg": "application/vnd.ms-outlook",
        "txt": "text/plain",
        "log": "text/plain",
        "csv": "text/csv",
        "json": "application/json",
        "xml": "application/xml",
        "har": "application/json",
        "evtx": "application/octet-stream",
        "etl": "application/octet-stream",
        "zip": "application/zip",
        "7z": "application/x-7z-compressed",
    }
)
"""Allowed endings and the type each is served with: never the type that the sender claims."""


class Upload(Protocol):
    """What a request brings for a file field (Werkzeug's FileStorage)."""

    filename: str | None
    stream: IO[bytes]


@dataclass(slots=True)
class Uploads:
    """``files`` lie on disk without a row yet; ``errors`` are sentences for the field."""

    files: list[StoredFile] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def take_uploads(sent: Iterable[Upload], room: int) -> Uploads:
    """Store at most ``room`` files of those sent; call it before the transaction.

    Every stream is read to its end, also of a file that is too large, so that the browser gets its answer.
    """
    taken = Uploads()
    for upload in sent:
        if not upload.filename:  # a file control that was left empty
            continue
        name = clean_name(upload.filename)
        if len(taken.files) >= room:
            taken.errors.append(_("%(name)s was left out: %(most)s files at most.", name=name, most=_most()))
            continue
        _take(taken, upload, name)
    return taken


def _take(taken: Uploads, upload: Upload, name: str) -> None:
    content_type = TYPES.get(name.rpartition(".")[2].lower()) if "." in name else None
    if content_type is None:
        taken.errors.append(_("%(name)s is a kind of file we don’t take. Put it into a .zip file.", name=name))
        return
    try:
        stored = store(upload.stream, name, content_type, _limit())
    except TooLarge:
        limit = size_text(_limit())
        taken.errors.append(_("%(name)s is too large: %(limit)s a file at most.", name=name, limit=limit))
        return
    if stored.size_bytes == 0:
        remove(stored.key)
        taken.errors.append(_("%(name)s is empty.", name=name))
        return
    taken.files.append(stored)


def limits_text() -> str:
    """What may be attached, in a sentence for under the field."""
    return _(
        "Up to %(most)s files of %(limit)s each: pictures, PDF, Office documents, mails, text, logs, zip.",
        most=_most(),
        limit=size_text(_limit()),
    )


def size_text(size_bytes: int) -> str:
    """Say a size as ``static/js/files.js`` does: "142 KB", "1.3 MB"."""
    if size_bytes < MIB:
        return f"{max(1, round(size_bytes / 1024))} KB"
    megabytes = f"{size_bytes / MIB:.1f}".removesuffix(".0")
    locale = get_locale()
    is_hungarian = locale is not None and locale.language == "hu"
    return f"{megabytes.replace('.', ',') if is_hungarian else megabytes} MB"


def _limit() -> int:
    limit: int = current_app.config["UPLOAD_FILE_BYTES"]
    return limit


def _most() -> int:
    most: int = current_app.config["UPLOAD_FILES"]
    return most
