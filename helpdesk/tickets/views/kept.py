"""Files of a reply or a note that came back are staged: putting the text right costs nobody their files."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from typing import NamedTuple

from flask import current_app, request
from flask_babel import gettext as _

from helpdesk.accounts.session import person
from helpdesk.clock import now
from helpdesk.database import unit_of_work
from helpdesk.errors import Invalid
from helpdesk.tickets.actions import staging
from helpdesk.tickets.files import StoredFile
from helpdesk.tickets.uploads import size_text, take_uploads
from helpdesk.web.forms import Form


class KeptFile(NamedTuple):
    """A file of an earlier try, as its chip shows it; ``id`` comes back in the form unless it is unticked."""

    id: str
    name: str
    size_text: str


class Draft:
    """The files of one person's reply or note (``box``) to one ticket, those of this try and of earlier ones."""

    def __init__(self, number: int, box: str) -> None:
        self._id = _token(f"draft:{box}:{number}:{person().id}")
        most: int = current_app.config["UPLOAD_FILES"]
        keys = request.form.getlist("kept")[:most]
        self.earlier = staging.staged_files(self._id, keys, now()) if keys else []
        self._room = max(0, most - len(self.earlier))
        self.new: list[StoredFile] = []

    @property
    def files(self) -> list[StoredFile]:
        return [*self.earlier, *self.new]

    def take(self, form: Form) -> None:
        """Put what this try brought on disk, before any transaction; what is not taken in fails at its field."""
        taken = take_uploads(request.files.getlist("attachments"), self._room)
        self.new = taken.files
        for sentence in taken.errors:
            form.fail(Invalid(sentence, "attachments"))

    def keep(self, form: Form) -> list[KeptFile]:
        """Stage the files of a form that comes back; one that there is no room for is named at its field."""
        if not self.files:
            return []
        with unit_of_work():
            staging.forget_others(self._id, self.earlier)
            staged = staging.stage(self._id, _token(f"person:{person().id}", hexadecimal=True), self.new, now())
        for file in self.new[len(staged) :]:
            sentence = _("%(name)s could not be kept: please add it again.", name=file.file_name)
            form.fail(Invalid(sentence, "attachments"))
        return [KeptFile(file.key, file.file_name, size_text(file.size_bytes)) for file in (*self.earlier, *staged)]


def _token(text: str, *, hexadecimal: bool = False) -> str:
    """Stands for a draft, or for a person where staged files are counted; nobody else can guess it."""
    digest = hmac.new(str(current_app.config["SECRET_KEY"]).encode(), text.encode(), hashlib.sha256)
    return digest.hexdigest() if hexadecimal else urlsafe_b64encode(digest.digest()).decode().rstrip("=")
