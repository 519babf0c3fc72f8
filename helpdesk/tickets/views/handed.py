"""What was handed over to the vendor with a case, as it stood then: to copy while the case is opened, to read after."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from helpdesk.database import db
from helpdesk.errors import NotFound
from helpdesk.escalations.models import VendorCase
from helpdesk.tickets import sheet
from helpdesk.tickets.uploads import size_text
from helpdesk.tickets.views.guard import sees_tickets
from helpdesk.tickets.views.ticket import find
from helpdesk.web.labels import label
from workflows.vocabulary import PackItem


def register(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/tickets/<int:number>/vendor-cases/<int:case_id>/pack", "handed_over", handed_over)


@sees_tickets
def handed_over(number: int, case_id: int) -> ResponseReturnValue:
    """The pack of a case of this ticket. Raises NotFound for another's, or where none was handed over."""
    found, case = find(number), db.session.get(VendorCase, case_id)
    if case is None or case.ticket_id != number or not case.pack.get("text"):
        raise NotFound(_("There is no such pack."))
    missing = set(case.pack.get("missing", ()))
    return render_template(
        "tickets/handed_over.html",
        ticket=found,
        title=sheet.case_title(case),
        at=case.created_at,
        text=case.pack["text"],
        missing=[label(item) for item in PackItem if item in missing],
        override_reason=case.pack.get("override_reason", ""),
        files=[(file["name"], size_text(file["size"])) for file in case.pack.get("attachments", ())],
    )
