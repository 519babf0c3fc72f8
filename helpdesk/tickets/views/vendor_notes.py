"""All that was written to and from the vendor on one case, a page at a time."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from helpdesk.database import db
from helpdesk.errors import NotFound
from helpdesk.escalations.models import VendorCase
from helpdesk.tickets import sheet
from helpdesk.tickets.views.guard import sees_tickets
from helpdesk.tickets.views.ticket import find
from helpdesk.web.incoming import row_number


def register(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/tickets/<int:number>/vendor-cases/<int:case_id>", "vendor_notes", vendor_notes)


@sees_tickets
def vendor_notes(number: int, case_id: int) -> ResponseReturnValue:
    """The notes of a case of this ticket, the latest page first, each page in the order in which they came."""
    found, case = find(number), db.session.get(VendorCase, case_id)
    if case is None or case.ticket_id != number:
        raise NotFound(_("There is no such case."))
    before = request.args.get("before", type=row_number)
    page = sheet.notes_page(case_id, before)
    here = f"/tickets/{number}/vendor-cases/{case_id}"
    return render_template(
        "tickets/vendor_notes.html",
        ticket=found,
        title=sheet.case_title(case),
        case_number=case.number or "",
        notes=page.notes,
        count=page.count,
        earlier_url=f"{here}?before={page.notes[0].id}" if page.has_earlier else None,
        latest_url=here if before else None,
    )
