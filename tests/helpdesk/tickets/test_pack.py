"""The escalation pack: what fills it, what it keeps closed, what of the attachments goes out."""

from __future__ import annotations

import json
import zipfile
from datetime import date
from io import BytesIO
from typing import Any

import pytest
import sqlalchemy as sa

from helpdesk.clock import now
from helpdesk.database import db, unit_of_work
from helpdesk.escalations.models import Entitlement, EntitlementUse, SupportChannel, VendorCase
from helpdesk.tickets import facts
from helpdesk.tickets.actions import moving, packing
from helpdesk.tickets.models import Attachment, AttachmentCheck, Ticket, TicketEvent
from helpdesk.tickets.packs import in_utc
from tests.packs import ANSWERS, ask_for_packs, fill_pack
from tests.people import add_person, signed_in
from workflows.machine import Refused
from workflows.vocabulary import AttachmentVerdict, ChannelKind, EventKind, PackItem, Role, State, Trigger

from .conftest import browser_of

HAR = json.dumps({"log": {"entries": [{"request": {"headers": [{"name": "Cookie", "value": "sid=secret-1"}]}}]}})


@pytest.fixture
def asked(worked: int) -> int:
    """The worked ticket on a desk that asks for packs."""
    ask_for_packs()
    return worked


def percent(number: int, desk: Any) -> int:
    db.session.expire_all()
    ticket = db.session.get_one(Ticket, number)
    known = facts.study(ticket, desk.ana, now())
    return known.pack.completeness(ChannelKind.PREMIER).percent


def attach(browser: Any, number: int, name: str, content: bytes) -> Attachment:
    data = {"body": "See the file.", "attachments": (BytesIO(content), name)}
    assert browser.post(f"/tickets/{number}/notes", data=data, content_type="multipart/form-data").status_code == 303
    return db.session.scalars(sa.select(Attachment).order_by(Attachment.id.desc()).limit(1)).one()


def test_an_incomplete_pack_closes_the_real_move_and_a_whole_one_opens_it(asked, desk):
    with pytest.raises(Refused) as refused, unit_of_work():
        moving.move(asked, desk.ana, Trigger.ESCALATE_TO_PREMIER, now())
    assert [reason.code for reason in refused.value.reasons] == ["pack_incomplete"]
    assert percent(asked, desk) < 100
    fill_pack(asked, desk.ana)
    assert percent(asked, desk) == 100
    with unit_of_work():
        moving.move(asked, desk.ana, Trigger.ESCALATE_TO_PREMIER, now())
    assert db.session.get_one(Ticket, asked).state is State.ESCALATED_PREMIER
    case = db.session.scalars(sa.select(VendorCase)).one()
    assert case.pack["percent"] == 100
    assert case.pack["items"]["plan"] == "Contract id C-2026-1"
    assert "Forty people" in case.pack["text"]


@pytest.mark.parametrize("item", ANSWERS)
def test_each_answer_counts_by_itself(asked, desk, item):
    fill_pack(asked, desk.ana)
    with unit_of_work():
        packing.record_answers(asked, desk.ana, {item: " "}, now())
    assert percent(asked, desk) < 100


def test_the_page_takes_the_answers_and_says_what_is_missing(ana, asked):
    page = ana.get(f"/tickets/{asked}/pack?channel=premier").text
    assert "Fill it in" in page
    assert 'href="#repro_steps"' in page
    version = db.session.get_one(Ticket, asked).version
    form = {"business_impact": "Forty people wait.", "first_seen": "2026-11-24T09:00", "scope": "Győr",
            "repro_steps": "Sign in.", "error_text": "AADSTS50076", "correlation_ids": "abc 2026-11-24T14:02+01:00",
            "diagnostics_consent": "Given", "version": version, "channel": "premier"}  # fmt: skip
    answer = ana.post(f"/tickets/{asked}/pack", data=form)
    assert (answer.status_code, answer.location) == (303, f"/tickets/{asked}/pack?channel=premier")
    text = ana.get(f"/tickets/{asked}/pack.txt?channel=premier").text
    assert "2026-11-24T08:00:00Z" in text  # nine in Budapest
    assert "abc 2026-11-24T13:02:00Z" in text
    assert 'value="2026-11-24T09:00"' in ana.get(f"/tickets/{asked}/pack").text


def test_a_stale_or_senseless_pack_comes_back_with_what_was_typed(ana, asked):
    stale = ana.post(f"/tickets/{asked}/pack", data={"scope": "Győr site", "version": 1})
    assert stale.status_code == 409
    assert "Győr site" in stale.text
    wrong = ana.post(f"/tickets/{asked}/pack", data={"scope": "Győr site", "first_seen": "yesterday"})
    assert wrong.status_code == 422
    assert "Write a date and a time." in wrong.text
    assert "Győr site" in wrong.text


def test_only_a_lead_passes_an_incomplete_pack_and_once(app, ana, asked, desk):
    path = f"/tickets/{asked}/pack/override"
    assert ana.post(path, data={"override_reason": "The board insists."}).status_code == 403
    lea = browser_of(app, desk.lea)
    assert lea.post(path, data={"override_reason": ""}).status_code == 422
    assert lea.post(path, data={"override_reason": "The board insists."}).status_code == 303
    kept = sa.select(TicketEvent.particulars).where(TicketEvent.what == EventKind.GUARD_OVERRIDDEN)
    assert json.loads(db.session.scalars(kept).one()) == {"guard": "pack", "reason": "The board insists."}
    with unit_of_work():
        moving.move(asked, desk.ana, Trigger.ESCALATE_TO_PREMIER, now())
    case = db.session.scalars(sa.select(VendorCase)).one()
    assert case.pack["override_reason"] == "The board insists."
    assert "repro_steps" in case.pack["missing"]
    with unit_of_work():
        moving.move(asked, desk.ana, Trigger.RETURN_TO_PARTNER, now(), {"reason": "vendor_refused"})
    with pytest.raises(Refused), unit_of_work():
        moving.move(asked, desk.ana, Trigger.ESCALATE_TO_PREMIER, now())


def test_an_attachment_keeps_the_pack_open_until_somebody_decides(ana, asked, desk):
    fill_pack(asked, desk.ana)
    picture = attach(ana, asked, "screen.png", b"\x89PNG\0")
    assert percent(asked, desk) < 100
    assert ana.post(f"/tickets/{asked}/pack/files").status_code == 303
    assert percent(asked, desk) < 100  # no picture is searched
    ana.post(f"/tickets/{asked}/pack/files/{picture.id}", data={"act": "looked_through"})
    assert percent(asked, desk) == 100
    attach(ana, asked, "app.log", b"nothing personal")
    assert percent(asked, desk) < 100
    ana.post(f"/tickets/{asked}/pack/files")
    assert percent(asked, desk) == 100


def test_a_redacted_copy_goes_out_and_its_original_never(ana, asked, desk):
    trace = attach(ana, asked, "trace.har", HAR.encode())
    log = attach(ana, asked, "clean.log", b"all well")
    left = attach(ana, asked, "private.png", b"\x89PNG\0")
    ana.post(f"/tickets/{asked}/pack/files")
    page = ana.get(f"/tickets/{asked}/pack").text
    assert "Cookies" in page
    assert "secret-1" not in page
    ana.post(f"/tickets/{asked}/pack/files/{trace.id}", data={"act": "redacted"})
    ana.post(f"/tickets/{asked}/pack/files/{left.id}", data={"act": "left_out"})
    copy = db.session.scalars(sa.select(Attachment).where(Attachment.original_id == trace.id)).one()
    assert db.session.get_one(AttachmentCheck, trace.id).verdict is AttachmentVerdict.REDACTED
    answer = ana.get(f"/tickets/{asked}/pack.zip?channel=premier")
    archive = zipfile.ZipFile(BytesIO(answer.data))
    answer.close()
    assert archive.namelist() == [
        "pack.txt", "pack.json", "attachments/01-trace.redacted.har", f"attachments/02-{log.file_name}",
    ]  # fmt: skip
    everything = b"".join(archive.read(name) for name in archive.namelist())
    assert b"secret-1" not in everything
    assert b"[removed: cookie]" in everything
    assert ana.get(f"/tickets/{asked}").text.count("trace.redacted.har") == 0  # no part of what was said
    answer = ana.get(f"/tickets/{asked}/files/{copy.key}")
    assert b"[removed: cookie]" in answer.data
    answer.close()


def test_the_second_of_two_who_decide_about_a_file_is_told(ana, asked, desk):
    picture = attach(ana, asked, "screen.png", b"\x89PNG\0")
    path = f"/tickets/{asked}/pack/files/{picture.id}"
    assert 'name="seen" value=""' in ana.get(f"/tickets/{asked}/pack").text
    assert ana.post(path, data={"act": "left_out", "seen": ""}).status_code == 303
    assert ana.post(path, data={"act": "looked_through", "seen": ""}).status_code == 409
    db.session.expire_all()
    assert db.session.get_one(AttachmentCheck, picture.id).verdict is AttachmentVerdict.LEFT_OUT
    assert 'name="seen" value="left_out"' in ana.get(f"/tickets/{asked}/pack").text
    assert ana.post(path, data={"act": "looked_through", "seen": "left_out"}).status_code == 303


def test_a_lost_decision_lets_nothing_out(ana, asked, opened):
    trace = attach(ana, asked, "trace.har", HAR.encode())
    assert ana.post(f"/tickets/{asked}/pack/files/{trace.id}", data={"act": "clean"}).status_code == 422
    other = opened().ticket.id
    assert ana.post(f"/tickets/{other}/pack/files/{trace.id}", data={"act": "looked_through"}).status_code == 404
    answer = ana.get(f"/tickets/{asked}/pack.zip")
    assert zipfile.ZipFile(BytesIO(answer.data)).namelist() == ["pack.txt", "pack.json"]
    answer.close()


def test_the_contact_is_ours_and_never_the_customers(ana, asked, desk):
    fill_pack(asked, desk.ana)
    shot = ana.get(f"/tickets/{asked}/pack.json?channel=premier&severity=minimal").json
    assert shot["items"]["desk_contact"].startswith("Ana Kovács, ")
    assert shot["items"]["severity"] == "C (minimal)"
    assert "rita" not in shot["text"].lower()


def test_strangers_find_no_pack(app, client, asked, number):
    for part in ("", ".txt", ".json", ".zip"):
        assert client.get(f"/tickets/{asked}/pack{part}").status_code == 302
        ursula = signed_in(app, add_person(f"Ursula{len(part)}{part[1:]} Wolf", Role.USER_ADMIN))
        assert ursula.get(f"/tickets/{asked}/pack{part}").status_code == 404


def test_a_ticket_in_intake_has_no_pack(ana, opened):
    assert ana.get(f"/tickets/{opened().ticket.id}/pack").status_code == 404


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("id 2026-11-24 14:02+01:00 x", "id 2026-11-24T13:02:00Z x"),
        ("2026-11-24T14:02:05.123 +0100", "2026-11-24T13:02:05Z"),
        ("2026-11-24T13:02:00Z", "2026-11-24T13:02:00Z"),
        ("2026-11-24 14:02", "2026-11-24 14:02"),
        ("2026-13-99 14:02+01:00", "2026-13-99 14:02+01:00"),
    ],
)
def test_moments_with_an_offset_go_out_in_utc(text, expected):
    assert in_utc(text) == expected


def test_the_answers_of_items_that_the_desk_knows_are_not_taken(asked, desk):
    with unit_of_work():
        packing.record_answers(asked, desk.ana, {PackItem.TENANT: "made up"}, now())
    known = facts.study(db.session.get_one(Ticket, asked), desk.ana, now())
    assert known.pack.text(PackItem.TENANT, ChannelKind.PREMIER) == ""


# the chooser ------------------------------------------------------------------------------------------


def test_a_channel_that_lacks_only_its_pack_stands_within_reach(ana, asked, desk):
    page = ana.get(f"/tickets/{asked}/escalate").text
    assert f"/tickets/{asked}/pack?channel=premier" in page
    assert 'value="escalate_to_premier"' not in page
    assert "6 incidents left, 5 after this one" in page
    assert "also known as PSfP, Unified for Partners" in page
    fill_pack(asked, desk.ana)
    assert 'value="escalate_to_premier"' in ana.get(f"/tickets/{asked}/escalate").text


def test_the_pages_of_escalating_take_few_statements_whatever_they_show(ana, asked, desk, statements):
    for number in range(3):
        attach(ana, asked, f"log{number}.txt", b"x")
    taken = {}
    for path in ("escalate", "pack", "pack.txt"):
        ana.get(f"/tickets/{asked}/{path}")
        with statements() as ran:
            assert ana.get(f"/tickets/{asked}/{path}").status_code == 200
        taken[path] = len([each for each in ran if each.startswith("SELECT")])
    assert taken["escalate"] <= 12, ran
    assert taken["pack"] <= 11
    assert taken["pack.txt"] <= 11


def test_a_dearer_channel_is_remembered_when_a_cheaper_one_was_open(app, ana, worked, desk):
    with unit_of_work() as session:
        signature = session.scalars(sa.select(SupportChannel).where(SupportChannel.kind == ChannelKind.SIGNATURE)).one()
        own = Entitlement(channel_id=signature.id, starts_on=date(2026, 1, 1), ends_on=date(2026, 12, 31))
        own.created_at = now()
        session.add(own)
        held = session.scalars(sa.select(Entitlement).where(Entitlement.incidents_included == 6)).one()
        held.fee = 42_000
    with unit_of_work():
        moving.move(worked, desk.ana, Trigger.ESCALATE_TO_PREMIER, now())
    assert db.session.scalars(sa.select(VendorCase)).one().cheaper == ["signature"]
    browser = browser_of(app, desk.max)
    page = browser.get("/admin/channels/spending").text
    assert "37,742\N{NO-BREAK SPACE}EUR" in page  # 328 of the term's 365 days are behind
    assert f'href="/tickets/{worked}#cases"' in page
    assert "open then: Partner Cloud Support" in " ".join(page.split()), "as the table calls it"


def test_escalating_writes_the_ledger_with_who_did_it(worked, desk):
    with unit_of_work():
        moving.move(worked, desk.ana, Trigger.ESCALATE_TO_PREMIER, now())
    row = db.session.scalars(sa.select(EntitlementUse)).one()
    assert (row.incidents, row.left_after, row.reason, row.user_id) == (1, 5, f"#{worked}", desk.ana.user_id)
