"""The cards of the vendor's cases on a ticket's page: what each shows, and the forms at hand on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from wtforms import Field

from helpdesk.database import db
from helpdesk.escalations.models import VendorCase
from helpdesk.tickets import promises, sheet
from helpdesk.tickets.forms import VendorNumberForm
from helpdesk.tickets.sheet import ShownCase
from helpdesk.tickets.vendor_forms import VendorChaseForm, VendorNoteForm
from helpdesk.web.forms import Form
from workflows.vocabulary import VendorCaseState

MOST_CASES = 20


@dataclass(frozen=True, slots=True)
class Card:
    """A case, what the vendor promised on it and how that stands, and its forms as far as they make sense now."""

    shown: ShownCase
    promises: list[Any]
    ended: list[Any]
    number_form: Form | None
    note_form: Form | None
    chase_form: Form | None


def cards_of(number: int, course: promises.Course, ids: promises.Ids, sent: Mapping[int, Form]) -> list[Card]:
    """A ticket's cases, the newest first; ``sent`` is by case the form that came back."""
    rows = sa.select(VendorCase).where(VendorCase.ticket_id == number).order_by(VendorCase.id.desc())
    cases = db.session.scalars(rows.limit(MOST_CASES)).all()
    noted = sheet.noted_of([case.id for case in cases])
    return [_card(case, sheet.shown_case(case, course.at, noted[case.id]), course, ids, sent) for case in cases]


def _card(
    case: VendorCase, shown: ShownCase, course: promises.Course, ids: promises.Ids, sent: Mapping[int, Form]
) -> Card:
    back = sent.get(case.id)
    number, is_timed = case.ticket_id, case.id in course.cases
    return Card(
        shown=shown,
        promises=promises.unmet_promises(course, number, ids, case.id) if is_timed else [],
        ended=promises.ended_promises(course, number, ids, case.id) if is_timed else [],
        number_form=_number_form(case, back),
        note_form=_note_form(case, back),
        chase_form=_chase_form(case, shown.chase_text, back),
    )


def _number_form(case: VendorCase, back: Form | None) -> Form | None:
    if case.state is VendorCaseState.CLOSED:
        return None
    form = back if isinstance(back, VendorNumberForm) else VendorNumberForm(formdata=None, number=case.number)
    return _named(form, case.id, "new")


def _note_form(case: VendorCase, back: Form | None) -> Form | None:
    if not case.number:
        return None
    return _named(back if isinstance(back, VendorNoteForm) else VendorNoteForm(formdata=None), case.id, "note")


def _chase_form(case: VendorCase, text: str, back: Form | None) -> Form | None:
    """Words that remind the vendor: when it is silent, and as long as they come back from a refusal."""
    if isinstance(back, VendorChaseForm):
        return _named(back, case.id, "chase")
    return _named(VendorChaseForm(formdata=None, body=text), case.id, "chase") if text else None


def _named(form: Form, case_id: int, part: str) -> Form:
    """A page has several cases and forms with fields of one name: their ids must differ."""
    own: Field
    for name, own in form._fields.items():
        own.id = own.label.field_id = f"case-{case_id}-{part}-{name}"
    return form
