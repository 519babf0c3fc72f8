"""A form's files, from the request to the page that shows them again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import current_app, request
from flask_babel import gettext as _

from helpdesk.clock import now
from helpdesk.database import unit_of_work
from helpdesk.portal.drafts import sender_hash
from helpdesk.tickets.actions import staging
from helpdesk.tickets.files import StoredFile
from helpdesk.tickets.uploads import TYPES, Uploads, limits_text, size_text, take_uploads


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file of an earlier try, as its chip shows it; ``id`` comes back in the form unless it is unticked."""

    id: str
    name: str
    size_text: str


Kept = Sequence[KeptFile]


@dataclass(frozen=True, slots=True)
class Limits:
    """What the page says of attachments: the sentence, bytes of one file, the endings for the file dialog."""

    sentence: str
    file_bytes: int
    accept: str


def limits() -> Limits:
    endings = ",".join(f".{ending}" for ending in TYPES)
    return Limits(limits_text(), current_app.config["UPLOAD_FILE_BYTES"], endings)


def take() -> Uploads:
    """Store what this request brought, as far as there is room beside the files kept from before."""
    room: int = current_app.config["UPLOAD_FILES"] - len(_kept_keys())
    return take_uploads(request.files.getlist("attachments"), max(0, room))


def staged(draft_id: str) -> list[StoredFile]:
    """The files of earlier tries that the form still holds on to."""
    keys = _kept_keys()
    return staging.staged_files(draft_id, keys, now()) if keys else []


def keep(draft_id: str, uploads: Uploads) -> list[KeptFile]:
    """Stage what a form that comes back has brought, give back what was taken out; returns what is kept.

    A file that the sender's quota has no room for is named among ``uploads.errors``.
    """
    if not (uploads.files or _kept_keys()):
        return []
    with unit_of_work():
        before = staged(draft_id)
        staging.forget_others(draft_id, before)
        new = staging.stage(draft_id, sender_hash(), uploads.files, now())
    for file in uploads.files[len(new) :]:
        uploads.errors.append(_("%(name)s could not be kept: please add it again.", name=file.file_name))
    return [KeptFile(file.key, file.file_name, size_text(file.size_bytes)) for file in (*before, *new)]


def _kept_keys() -> list[str]:
    most: int = current_app.config["UPLOAD_FILES"]
    return request.form.getlist("kept")[:most]
