"""A silent case offers the words that remind the vendor."""

from __future__ import annotations

import sqlalchemy as sa
from flask.testing import FlaskClient

from helpdesk.clock import now
from helpdesk.database import db, unit_of_work
from helpdesk.escalations.models import VendorCase
from helpdesk.tickets.actions import escalating, moving
from helpdesk.tickets.sheet import chase_text
from tests.packs import fill_pack
from workflows.vocabulary import Trigger, VendorCaseState

from .conftest import Desk


def test_the_reminder_names_the_case_its_silence_and_the_impact(ana: FlaskClient, worked: int, desk: Desk) -> None:
    fill_pack(worked, desk.ana)
    with unit_of_work():
        moving.move(worked, desk.ana, Trigger.ESCALATE_TO_PREMIER, now())
    case = db.session.scalars(sa.select(VendorCase)).one()
    assert chase_text(case) == ""  # nobody has it there yet
    case_id = case.id
    with unit_of_work():
        escalating.record_vendor_number(worked, case_id, desk.ana, "2611240001", now())
    page = ana.get(f"/tickets/{worked}").get_data(as_text=True)
    assert "Service request 2611240001, severity A: we have had no word from you since 2026-11-24T13:12:00Z." in page
    base = f"/tickets/{worked}/vendor-cases/{case_id}"
    assert ana.post(f"{base}/notes", data={"by": "desk", "body": "Any news?"}).status_code == 303
    db.session.expire_all()
    assert [note.is_ours for note in db.session.get_one(VendorCase, case_id).notes] == [True]
    with unit_of_work():
        escalating.change_vendor_case(worked, case_id, desk.ana, VendorCaseState.ATTENTION_NEEDED, now())
    assert chase_text(db.session.get_one(VendorCase, case_id)) == ""
