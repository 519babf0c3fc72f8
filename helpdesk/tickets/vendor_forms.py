"""Forms for what is written to and from the vendor on one of its cases, and for what is asked of it there."""

from __future__ import annotations

import re
import secrets
from enum import StrEnum

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, Field, HiddenField, RadioField
from wtforms.fields.choices import SelectChoice

from helpdesk.tickets.forms import LONGEST_NOTE
from helpdesk.web.forms import Form, one_word, paragraph
from workflows.vocabulary import Severity, SlaParty

LONGEST = 5000
SEND = "send"
"""Who wrote a note: we, and it is to leave now."""


# notes ------------------------------------------------------------------------------------------------------


def own_id() -> Field:
    """By it the second of two identical posts is known: the page's own, a fresh one for whoever sends none."""
    return HiddenField(filters=[_read_id])


def _read_id(sent: str | None) -> str:
    return sent if sent and re.fullmatch(r"[A-Za-z0-9_-]{16,43}", sent) else secrets.token_urlsafe(16)


class VendorNoteForm(Form):
    """``by`` offers to send it only where the vendor's API is connected; whoever draws the form sees to that."""

    by = RadioField(
        _l("Who wrote it?"),
        choices=lambda: [
            SelectChoice(SlaParty.VENDOR.value, _("Microsoft")),
            SelectChoice(SlaParty.DESK.value, _("We")),
            SelectChoice(SEND, _("We: send it to Microsoft now")),
        ],
        default=SlaParty.VENDOR.value,
        validate_choice=False,
    )
    body = paragraph(_l("Text"), longest=LONGEST_NOTE, required=True)
    needs_us = BooleanField(_l("They wait for us now"))
    form_id = own_id()

    @property
    def is_to_send(self) -> bool:
        return bool(self.by.data == SEND)

    @property
    def is_ours(self) -> bool:
        return self.is_to_send or self.by.data == SlaParty.DESK.value


class VendorChaseForm(Form):
    """A reminder. The button that sends it says whether it leaves now."""

    body = paragraph(_l("Text for Microsoft"), longest=LONGEST_NOTE, required=True)
    form_id = own_id()


# requests ---------------------------------------------------------------------------------------------------


class Means(StrEnum):
    """How the vendor comes to know."""

    SEND = "send"
    KNOWN = "known"


class VendorRequestForm(Form):
    """``by`` is asked only where the vendor's API takes what is written."""

    by = RadioField(
        _l("How"),
        choices=lambda: [
            SelectChoice(Means.SEND.value, _("Ask Microsoft now, through Partner Center")),
            SelectChoice(Means.KNOWN.value, _("Only write it down here: it has happened at Microsoft already")),
        ],
        default=Means.SEND.value,
    )

    @property
    def is_to_send(self) -> bool:
        return "by" in self and self.by.data == Means.SEND.value


class ClosingForm(VendorRequestForm):
    body = paragraph(_l("Text for Microsoft"), _l("In English; it stands on the case."), longest=LONGEST)


class SeverityForm(VendorRequestForm):
    severity = one_word(_l("Severity"), lambda: Severity, _l("A critical, B moderate, C minimal."))
    body = paragraph(_l("Why, for Microsoft"), _l("In English; it stands on the case."), longest=LONGEST)
