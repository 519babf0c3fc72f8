"""Admin, Channels: reading in a file of vendor cases, shown first and applied on confirmation."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace

import structlog
from flask import Blueprint, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_wtf.file import FileField
from wtforms import HiddenField

from helpdesk.accounts.permissions import Permission
from helpdesk.accounts.session import actor, requires
from helpdesk.clock import now
from helpdesk.database import unit_of_work
from helpdesk.errors import HelpdeskError, Invalid
from helpdesk.tickets import case_import
from helpdesk.tickets.case_import import Outcome, Planned
from helpdesk.web.forms import Form, page, see_other
from workflows.vocabulary import Role

log = structlog.get_logger()


class CaseFileForm(Form):
    file = FileField(
        _l("File"),
        description=_l("CSV whose first line names the columns: Number and Status; also Last updated, Title, Note."),
    )
    content = HiddenField()  # the file's text again, once it was shown


def register(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/admin/channels/import", view_func=case_file, methods=["GET", "POST"])


@requires(Permission.EDIT_CONFIGURATION)
def case_file() -> ResponseReturnValue:
    form = CaseFileForm()
    planned: list[Planned] = []
    text = ""
    if form.is_accepted():
        try:
            text = _text(form)
            planned = case_import.plan(case_import.read(text))
        except Invalid as error:
            form.fail(error)
    if planned and "confirm" in request.form:
        return _carry_out(planned)
    counts = {outcome: sum(one.outcome is outcome for one in planned) for outcome in Outcome}
    shown = page("admin/case_import.html", form, planned=planned, content=text, outcomes=counts, Outcome=Outcome)
    shown.status_code = 422 if form.errors else 200
    return shown


def _text(form: CaseFileForm) -> str:
    """The confirmed text, or that of the file just chosen."""
    if form.content.data:
        return str(form.content.data)
    if not form.file.data:
        raise Invalid(_("Choose a file."), "file")
    with closing(form.file.data) as upload:
        return case_import.decode(upload.read(case_import.MOST_BYTES + 1))


def _carry_out(planned: list[Planned]) -> ResponseReturnValue:
    """Each line in a transaction of its own: one that is refused holds up no other."""
    # who may change channels may read in what the vendor says on them, whatever else their role includes
    person = replace(actor(), roles=actor().roles | {Role.MANAGER})
    done = refused = 0
    for one in planned:
        if one.outcome is not Outcome.CHANGES:
            continue
        try:
            with unit_of_work():
                case_import.apply(one, person, now())
            done += 1
        except HelpdeskError as error:
            log.warning("case_line_refused", case=one.case_id, reason=error.sentence)
            refused += 1
    flash(ngettext("%(num)s case brought up to date.", "%(num)s cases brought up to date.", done), "done")
    if refused:
        flash(ngettext("%(num)s had moved on meanwhile.", "%(num)s had moved on meanwhile.", refused), "error")
    return see_other(url_for("tickets.case_file"))
