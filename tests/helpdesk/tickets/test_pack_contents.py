"""What the pack holds and how it goes out: one text everywhere, nothing lost, no contact of the customer's."""

from __future__ import annotations

import html
import json
import re
import zipfile
from datetime import date
from io import BytesIO
from typing import Any

import pytest
import sqlalchemy as sa

from helpdesk.clock import now
from helpdesk.customers.models import Contact, Customer, Subscription
from helpdesk.database import db, unit_of_work
from helpdesk.escalations.models import ChannelName, Entitlement, EntitlementUse, SupportChannel, VendorCase
from helpdesk.tickets import facts, timeline
from helpdesk.tickets.actions import diagnosing, escalating, moving
from helpdesk.tickets.enclosures import sent_name
from helpdesk.tickets.files import path_of
from helpdesk.tickets.models import Attachment, Ticket, TicketEvent, TicketPack
from helpdesk.tickets.packs import Pack
from tests.packs import ANSWERS, ask_for_packs, fill_pack
from tests.people import add_person, signed_in
from workflows.machine import Refused
from workflows.vocabulary import (
    AttachmentVerdict,
    Boundary,
    ChannelKind,
    EntitlementChange,
    EventKind,
    HealthResult,
    PackItem,
    Role,
    Service,
    State,
    Trigger,
    VendorCaseState,
)

from .conftest import browser_of
from .test_pack import attach

PREMIER = ChannelKind.PREMIER


@pytest.fixture
def asked(worked: int) -> int:
    ask_for_packs()
    return worked


def pack_of(number: int, desk: Any) -> Pack:
    db.session.expire_all()
    own = facts.study(db.session.get_one(Ticket, number), desk.ana, now()).pack
    assert own is not None
    return own


def preview(page: str) -> str:
    found = re.search(r'id="pack-text"[^>]*>(.*?)</textarea>', page, re.DOTALL)
    assert found is not None
    return html.unescape(found[1])


def test_what_is_shown_copied_and_downloaded_is_one_text(ana, asked, desk):
    fill_pack(asked, desk.ana)
    written = {"repro_steps": "One\r\nTwo <b>&amp;\r\n", "scope": "Győr „A” site"}
    assert ana.post(f"/tickets/{asked}/pack", data=written).status_code == 303
    shown = preview(ana.get(f"/tickets/{asked}/pack?channel=premier").text)
    assert "One\nTwo <b>&amp;\n" in shown
    assert "\r" not in shown
    assert ana.get(f"/tickets/{asked}/pack.txt?channel=premier").text == shown
    assert ana.get(f"/tickets/{asked}/pack.json?channel=premier").get_json()["text"] == shown
    answer = ana.get(f"/tickets/{asked}/pack.zip?channel=premier")
    archive = zipfile.ZipFile(BytesIO(answer.data))
    answer.close()
    assert archive.read("pack.txt").decode() == shown
    assert json.loads(archive.read("pack.json"))["text"] == shown
    with unit_of_work():
        moving.move(asked, desk.ana, Trigger.ESCALATE_TO_PREMIER, now())
    assert db.session.scalars(sa.select(VendorCase)).one().pack["text"] == shown


def test_saving_a_page_that_shows_fewer_fields_keeps_the_others(ana, asked, desk):
    fill_pack(asked, desk.ana)
    assert ana.post(f"/tickets/{asked}/pack", data={"scope": "Two sites"}).status_code == 303
    kept = db.session.get_one(TicketPack, asked, populate_existing=True).answers
    assert kept == {item.value: text for item, text in ANSWERS.items()} | {"scope": "Two sites"}


def test_a_fault_is_not_first_seen_tomorrow(ana, asked):
    answer = ana.post(f"/tickets/{asked}/pack", data={"first_seen": "2026-11-24T14:13"})
    assert answer.status_code == 422
    assert "still to come" in answer.text
    assert ana.post(f"/tickets/{asked}/pack", data={"first_seen": "2026-11-24T14:12"}).status_code == 303


def test_what_the_ticket_says_in_another_language_is_written_anew_for_the_vendor(ana, asked, desk):
    assert pack_of(asked, desk).text(PackItem.TITLE, PREMIER) == "Outlook keeps asking for the password"
    ana.post(f"/tickets/{asked}/pack", data={"title": "Token refused", "tried": "A new profile"})
    own = pack_of(asked, desk)
    assert own.text(PackItem.TITLE, PREMIER) == "Token refused"
    assert own.text(PackItem.TRIED, PREMIER) == "A new profile"
    assert own.text(PackItem.DESCRIPTION, PREMIER) == "Token refused"  # the findings
    assert db.session.get_one(Ticket, asked).subject == "Outlook keeps asking for the password"


# who fills what ---------------------------------------------------------------------------------------


def test_each_missing_item_leads_to_who_fills_it(app, ana, asked, desk):
    page = ana.get(f"/tickets/{asked}/pack").text
    assert f'href="/tickets/{asked}/facts"' in page
    assert "Sales or an administrator writes it down at the customer." in page  # the tenant, which Ana can't write
    assert "An administrator writes down the contract or access id." in page
    seller = signed_in(app, add_person("Sal", Role.AGENT, Role.SALES_AGENT))
    assert f'href="/customers/{desk.customer_id}/edit"' in seller.get(f"/tickets/{asked}/pack").text
    adam = signed_in(app, add_person("Adam", Role.ADMIN))
    assert 'href="/admin/channels"' in adam.get(f"/tickets/{asked}/pack").text


def test_a_subscription_without_its_id_leads_to_the_subscription(app, ana, asked, desk):
    with unit_of_work() as session:
        own = Subscription(customer_id=desk.customer_id, name="Azure plan", service=Service.AZURE)
        session.add(own)
        session.flush()
        session.get_one(Ticket, asked).subscription_id = own.id
    address = f'href="/customers/{desk.customer_id}/subscriptions/{own.id}"'
    seller = signed_in(app, add_person("Sal", Role.SALES_AGENT))
    assert address in seller.get(f"/tickets/{asked}/pack").text
    page = ana.get(f"/tickets/{asked}/pack").text
    assert address not in page
    assert f'href="/tickets/{asked}/facts"' not in page


def test_a_channel_that_needs_no_contract_has_its_plan(asked, desk):
    assert PackItem.PLAN in pack_of(asked, desk).completeness(PREMIER).missing
    with unit_of_work() as session:
        channel = session.scalars(sa.select(SupportChannel).where(SupportChannel.kind == PREMIER)).one()
        channel.needs_entitlement = False
    assert pack_of(asked, desk).text(PackItem.PLAN, PREMIER) == "Cloud Solution Provider"


def test_the_pack_begins_with_the_channel_that_lacks_least_and_stays_with_the_one_it_went_by(ana, asked, desk):
    with unit_of_work() as session:
        channel = session.scalars(sa.select(SupportChannel).where(SupportChannel.kind == ChannelKind.ADVANCED)).one()
        channel.names.append(ChannelName(name="Unified Basic", starts_on=date(2026, 11, 24)))
        own = Entitlement(channel_id=channel.id, starts_on=date(2026, 1, 1), ends_on=date(2026, 12, 31))
        own.created_at, own.contract_number = now(), "C-ADV"
        session.add(own)
    page = ana.get(f"/tickets/{asked}/pack").text
    assert '<h2 id="whole-title">Unified Basic</h2>' in page  # cheaper than Premier, and named as it is today
    fill_pack(asked, desk.ana)
    with unit_of_work():
        moving.move(asked, desk.ana, Trigger.ESCALATE_TO_PREMIER, now())
    assert '<h2 id="whole-title">Premier Support for Partners</h2>' in ana.get(f"/tickets/{asked}/pack").text


# the customer's contact -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "is_named"),
    [
        ("Ask rita.feher@ALPINA.example", True),
        ("call 06 (20) 555-0123 after ten", True),
        ("Rita  Fehér sees it too", True),
        ("Rita sees it; so do 40 others, id 5f0c1d2e-0205-5501-2300-000000000001", False),
        ("user jan.kos@alpina.example gets AADSTS50020", False),
    ],
)
def test_a_text_that_names_the_customers_contact_is_pointed_out(ana, asked, desk, text, is_named):
    with unit_of_work() as session:
        session.scalars(sa.select(Contact)).one().phone = "+36 20 555 0123"
    ana.post(f"/tickets/{asked}/pack", data={"scope": text})
    page = ana.get(f"/tickets/{asked}/pack").text
    assert ("This names the customer’s contact" in page) is is_named
    assert (pack_of(asked, desk).naming_contact(PREMIER) == [PackItem.SCOPE]) is is_named
    assert ('<a href="#scope">Scope' in page) is is_named


# attachments ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("trace.har", "trace.har"),
        ("rita.feher@alpina.example.har", "[email].har"),
        ("..\\..\\evil?.log", "evil_.log"),
        ("a/b:c.txt", "b_c.txt"),
        ("C:.txt", "C_.txt"),
        ("...", "file"),
        ("token=abcdef.log", "token=[token].log"),
        ("noending", "noending"),
    ],
)
def test_names_go_out_harmless(name, sent):
    assert sent_name(Attachment(file_name=name)) == sent


def test_a_file_that_is_gone_is_not_left_out_in_silence(ana, asked):
    log = attach(ana, asked, "app.log", b"all well")
    ana.post(f"/tickets/{asked}/pack/files")
    path_of(log.key).unlink()
    answer = ana.get(f"/tickets/{asked}/pack.zip")
    assert answer.status_code == 404
    assert "app.log is gone" in answer.text


def test_one_request_searches_so_much_and_says_that_more_waits(ana, asked, monkeypatch):
    monkeypatch.setattr("helpdesk.tickets.views.enclosing.SEARCHED_AT_ONCE", 20)
    attach(ana, asked, "broken.har", b'{"log": ')  # for a person: it must not hold up the others
    for number in range(3):
        attach(ana, asked, f"log{number}.txt", b"nothing personal")
    answer = ana.post(f"/tickets/{asked}/pack/files", follow_redirects=True)
    assert "1 file was searched." in answer.text
    assert "press again" in answer.text
    for _time in range(2):
        answer = ana.post(f"/tickets/{asked}/pack/files", follow_redirects=True)
    assert "press again" not in answer.text
    verdicts = [each.verdict for each in db.session.scalars(sa.select(facts.AttachmentCheck))]
    assert verdicts == [AttachmentVerdict.CLEAN] * 3


def test_a_file_too_large_to_search_is_for_a_person(ana, asked, monkeypatch):
    monkeypatch.setattr("helpdesk.tickets.redaction.LARGEST", 10)
    monkeypatch.setattr("helpdesk.tickets.views.pack.LARGEST", 10)
    attach(ana, asked, "app.log", b"nothing personal")
    page = ana.get(f"/tickets/{asked}/pack").text
    assert "it is too large to be searched" in page
    assert "Search for personal data" not in page
    assert ana.post(f"/tickets/{asked}/pack/files").status_code == 303
    assert db.session.scalars(sa.select(facts.AttachmentCheck)).all() == []


# what was handed over ---------------------------------------------------------------------------------


def test_what_was_handed_over_stays_as_it_stood(app, client, ana, asked, desk, opened):
    fill_pack(asked, desk.ana)
    with unit_of_work():
        moving.move(asked, desk.ana, Trigger.ESCALATE_TO_PREMIER, now(), {"severity": "critical"})
    case_id = db.session.scalars(sa.select(VendorCase.id)).one()
    address = f"/tickets/{asked}/vendor-cases/{case_id}/pack"
    assert f'href="{address}"' in ana.get(f"/tickets/{asked}").text
    before = preview(ana.get(address).text)
    assert "A (critical)" in before
    ana.post(f"/tickets/{asked}/pack", data={"scope": "Everybody now"})
    assert preview(ana.get(address).text) == before
    other = opened().ticket.id
    assert ana.get(f"/tickets/{other}/vendor-cases/{case_id}/pack").status_code == 404
    assert signed_in(app, add_person("Ursula", Role.USER_ADMIN)).get(address).status_code == 404
    assert client.get(address).status_code == 302  # sign in first


def test_an_incident_comes_back_when_its_case_ends_unopened(asked, desk):
    fill_pack(asked, desk.ana)
    with unit_of_work():
        moving.move(asked, desk.ana, Trigger.ESCALATE_TO_PREMIER, now())
    case = db.session.scalars(sa.select(VendorCase)).one()
    with unit_of_work():
        escalating.change_vendor_case(asked, case.id, desk.ana, VendorCaseState.CLOSED, now())
    rows = db.session.scalars(sa.select(EntitlementUse).order_by(EntitlementUse.id)).all()
    assert [(row.change, row.left_after) for row in rows] == [
        (EntitlementChange.USED, 5), (EntitlementChange.REFUNDED, 6),
    ]  # fmt: skip
    assert rows[1].reason == "It was never opened at Microsoft."


def test_a_case_that_was_opened_keeps_its_incident(asked, desk):
    fill_pack(asked, desk.ana)
    with unit_of_work():
        moving.move(asked, desk.ana, Trigger.ESCALATE_TO_PREMIER, now())
    case = db.session.scalars(sa.select(VendorCase)).one()
    with unit_of_work():
        escalating.record_vendor_number(asked, case.id, desk.ana, "2611240050001234", now())
    with unit_of_work():
        escalating.change_vendor_case(asked, case.id, desk.ana, VendorCaseState.CLOSED, now())
    assert len(db.session.scalars(sa.select(EntitlementUse)).all()) == 1


# overrides and rights ---------------------------------------------------------------------------------


def test_taking_an_override_back_is_told_as_what_it_is(app, asked, desk):
    lea = browser_of(app, desk.lea)
    for reason in ("The board insists.", ""):
        assert lea.post(f"/tickets/{asked}/pack/override", data={"override_reason": reason}).status_code == 303
    shown = sa.select(TicketEvent).where(TicketEvent.what == EventKind.GUARD_OVERRIDDEN).order_by(TicketEvent.seq)
    told = [line.what for line in timeline.tell([timeline.happened(event) for event in db.session.scalars(shown)])]
    assert told == [
        "lets the escalation pack go incomplete: The board insists.",
        "no longer lets the escalation pack go incomplete",
    ]


def test_what_a_lead_passed_stays_passed_while_others_write(asked, desk):
    def record(actor: Any, boundary: Boundary, override: str = "") -> None:
        found = diagnosing.Findings(HealthResult.HEALTHY, "Seen", "Tried", boundary, None, override)
        with unit_of_work():
            diagnosing.record_diagnosis(asked, actor, found, now())

    fill_pack(asked, desk.ana)
    record(desk.lea, Boundary.OURS, "A key customer")
    record(desk.ana, Boundary.OURS)
    record(desk.lea, Boundary.OURS, "A key customer")
    kept = sa.select(sa.func.count()).where(TicketEvent.what == EventKind.GUARD_OVERRIDDEN)
    assert db.session.scalar(kept) == 1
    with unit_of_work():
        moving.move(asked, desk.ana, Trigger.ESCALATE_TO_PREMIER, now())
    assert db.session.get_one(Ticket, asked).state is State.ESCALATED_PREMIER


def test_a_boundary_that_is_decided_anew_asks_the_lead_again(asked, desk):
    fill_pack(asked, desk.ana)
    for actor, boundary, override in ((desk.lea, None, "Urgent"), (desk.ana, Boundary.OURS, "")):
        found = diagnosing.Findings(HealthResult.HEALTHY, "Seen", "Tried", boundary, None, override)
        with unit_of_work():
            diagnosing.record_diagnosis(asked, actor, found, now())
    with pytest.raises(Refused), unit_of_work():
        moving.move(asked, desk.ana, Trigger.ESCALATE_TO_PREMIER, now())


@pytest.mark.parametrize("role", [Role.BILLING_ADMIN, Role.SALES_AGENT, Role.MANAGER, Role.ADMIN])
def test_who_works_on_no_technical_ticket_changes_no_pack(app, ana, asked, role):
    trace = attach(ana, asked, "app.log", b"all well")
    browser = signed_in(app, add_person("Somebody", role))
    page = browser.get(f"/tickets/{asked}/pack")
    assert page.status_code == 200
    assert "Let it go incomplete" not in page.text
    here = f"/tickets/{asked}/pack"
    for path, sent in (
        (here, {"scope": "Made up"}),
        (f"{here}/override", {"override_reason": "Made up"}),
        (f"{here}/files", {}),
        (f"{here}/files/{trace.id}", {"act": "looked_through"}),
    ):
        assert browser.post(path, data=sent).status_code == 403
    assert db.session.get(TicketPack, asked) is None


@pytest.mark.parametrize("path", ["pack", "pack/files"])
def test_a_made_up_channel_leads_back_to_the_usual_one(ana, asked, path):
    answer = ana.post(f"/tickets/{asked}/{path}", data={"scope": "x", "channel": "a\r\nSet-Cookie: b=c"})
    assert answer.status_code == 303
    assert answer.headers["Location"].partition("#")[0] == f"/tickets/{asked}/pack"
    answer = ana.post(f"/tickets/{asked}/{path}", data={"scope": "y", "channel": "premier"})
    assert answer.headers["Location"].partition("#")[0] == f"/tickets/{asked}/pack?channel=premier"


def test_a_subscription_of_another_customer_is_no_choice(ana, asked, desk):
    with unit_of_work() as session:
        other = Customer(name="Hotel Zsófia", search_name="hotel zsofia", created_at=now())
        session.add(other)
        session.flush()
        theirs = Subscription(customer_id=other.id, name="Azure plan", service=Service.AZURE, vendor_id="sub-9")
        session.add(theirs)
        session.flush()
        number = theirs.id
    sent = {"subject": "Outlook", "subscription": str(number)}
    assert ana.post(f"/tickets/{asked}/facts", data=sent).status_code == 422
    assert "sub-9" not in ana.get(f"/tickets/{asked}/pack.txt").text
