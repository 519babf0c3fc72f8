"""Forms for what is asked of the vendor on one of its cases: to close it, or another severity."""

from __future__ import annotations

from enum import StrEnum

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import RadioField
from wtforms.fields.choices import SelectChoice

from helpdesk.web.forms import Form, one_word, paragraph
from workflows.vocabulary import Severity

LONGEST = 5000


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
