"""What is done from a ticket's page: it succeeds, or comes back saying why with everything typed."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest
import sqlalchemy as sa

from helpdesk.clock import now
from helpdesk.database import db, unit_of_work
from helpdesk.escalations.models import VendorCase
from helpdesk.tickets.actions import assigning, conversation
from helpdesk.tickets.models import Attachment, Message, Ticket, TicketLink, Tracker
from tests.people import add_person, signed_in
from workflows.vocabulary import HoldCause, Kind, LinkKind, Role, State, VendorCaseState

from .conftest import browser_of


def ticket(ticket_id: int) -> Ticket:
    db.session.rollback()
    found = db.session.get(Ticket, ticket_id, populate_existing=True)
    assert found is not None
    return found


def sent(browser: Any, path: str, **form: Any) -> Any:
    return browser.post(path, data=form)


# moves ------------------------------------------------------------------------------------------------


def test_a_move_leads_back_to_the_ticket(ana, worked):
    answer = sent(ana, f"/tickets/{worked}/transitions", trigger="start_resolution", version=ticket(worked).version)
    assert (answer.status_code, answer.location) == (303, f"/tickets/{worked}")
    assert ticket(worked).state is State.PARTNER_RESOLUTION


def test_a_missing_particular_is_told_at_its_field_and_nothing_typed_is_lost(ana, worked):
    answer = sent(ana, f"/tickets/{worked}/transitions", trigger="resolve", note="Rule order mended.")
    assert answer.status_code == 422
    assert "Choose how it was resolved." in answer.text
    assert "Rule order mended." in answer.text
    assert ticket(worked).state is State.DIAGNOSIS


def test_a_closed_move_answers_409_with_its_reasons(ana, number):
    answer = sent(ana, f"/tickets/{number}/transitions", trigger="start_diagnosis")
    assert answer.status_code == 409
    assert "Nobody has confirmed the customer yet." in answer.text
    assert sent(ana, f"/tickets/{number}/transitions", trigger="nonsense").status_code == 409


def test_a_page_out_of_date_answers_409_with_what_changed_and_what_was_typed(ana, desk, worked):
    page = ticket(worked).version
    with unit_of_work():
        assigning.assign(worked, desk.lea, desk.lea.id, now())
    answer = sent(
        ana, f"/tickets/{worked}/transitions",
        trigger="resolve", version=page, resolution_code="fixed", note="Rule order mended.",
    )  # fmt: skip
    assert answer.status_code == 409
    assert "Lea Horváth gave it to Lea Horváth" in answer.text
    assert "Rule order mended." in answer.text
    assert ticket(worked).state is State.DIAGNOSIS


@pytest.mark.parametrize("page", ["", "/diagnosis", "/pack", "/escalate"])
def test_a_conflict_lists_what_happened_since_the_page_was_made_with_its_time(ana, desk, worked, hand, page):
    """The version stands still while replies go on: one from before the page is no news."""
    with unit_of_work():
        conversation.reply(worked, desk.lea, "Which build?", now())
    hand.advance(60)
    shown = ana.get(f"/tickets/{worked}{page}").text
    made_on = {name: re.search(rf'name="{name}" value="(\d+)"', shown)[1] for name in ("version", "seen_events")}
    with unit_of_work():
        assigning.assign(worked, desk.lea, desk.lea.id, now())
    moves = {"": "start_resolution", "/escalate": "escalate_to_premier"}
    target = "/transitions" if page in moves else page
    answer = sent(ana, f"/tickets/{worked}{target}", trigger=moves.get(page), severity="critical", **made_on)
    assert answer.status_code == 409
    listed = answer.text[answer.text.index("It changed while you were at it") :].partition("</ul>")[0]
    lines = [" ".join(re.sub("<[^>]+>", "", line).split()) for line in re.findall(r"<li>.*?</li>", listed, re.DOTALL)]
    assert len(lines) == 1
    assert lines[0].startswith("today 14:13 Lea Horváth gave it to Lea Horváth")


def test_escalating_opens_a_case_that_is_worked_to_its_end(ana, worked):
    here = f"/tickets/{worked}"
    answer = sent(ana, f"{here}/transitions", trigger="escalate_to_premier", severity="critical")
    assert answer.status_code == 303
    case = db.session.scalars(sa.select(VendorCase)).one()
    base = f"{here}/vendor-cases/{case.id}"
    assert sent(ana, f"{base}/number", number="").status_code == 422
    assert sent(ana, f"{base}/number", number="2611230040017766").status_code == 303
    assert sent(ana, f"{base}/notes", body="Send logs.", by="vendor", needs_us="1").status_code == 303
    page = ana.get(here).text
    assert "2611230040017766" in page
    assert "Our turn" in page
    assert sent(ana, f"{base}/state", state="open").status_code == 303
    assert sent(ana, f"{base}/chase").status_code == 303
    assert sent(ana, f"{base}/state", state="nonsense").status_code == 422
    assert sent(ana, f"{base}/state", state="closed").status_code == 303
    db.session.expire_all()
    assert db.session.get(VendorCase, case.id).state is VendorCaseState.CLOSED
    assert ana.get("/search?q=2611230040017766").text.count("data-row>") == 1


def test_escalating_with_a_wrong_severity_comes_back(ana, worked):
    answer = sent(ana, f"/tickets/{worked}/transitions", trigger="escalate_to_premier", severity="terrible")
    assert answer.status_code == 422
    assert "Escalate" in answer.text
    assert ticket(worked).state is State.DIAGNOSIS


def test_a_channel_that_is_closed_is_refused_with_its_reasons(ana, worked):
    answer = sent(ana, f"/tickets/{worked}/transitions", trigger="escalate_to_advanced", severity="critical")
    assert answer.status_code == 409
    assert "The desk holds no entitlement to this channel." in answer.text


# talking ----------------------------------------------------------------------------------------------


def test_a_reply_and_a_note(ana, number):
    assert sent(ana, f"/tickets/{number}/replies", body="We are looking into it.").status_code == 303
    assert sent(ana, f"/tickets/{number}/notes", body="Looks like the rule order.").status_code == 303
    said = db.session.scalars(sa.select(Message).order_by(Message.id)).all()
    assert [(message.body, message.is_public) for message in said[1:]] == [
        ("We are looking into it.", True),
        ("Looks like the rule order.", False),
    ]


def test_a_reply_may_begin_a_hold(ana, number):
    sent(ana, f"/tickets/{number}/replies", body="Which version?", hold="customer")
    assert ticket(number).hold_cause is HoldCause.CUSTOMER


def test_an_empty_reply_is_told_at_its_field(ana, number):
    answer = sent(ana, f"/tickets/{number}/replies", body="  ")
    assert answer.status_code == 422
    assert 'id="reply-error"' in answer.text


def test_attachments_are_downloads_of_their_own_ticket_only(ana, app, number, opened):
    data = {"body": "With a file.", "attachments": (BytesIO(b"<script>1</script>"), "page.txt", "text/html")}
    assert ana.post(f"/tickets/{number}/replies", data=data, content_type="multipart/form-data").status_code == 303
    file = db.session.scalars(sa.select(Attachment)).one()
    answer = ana.get(f"/tickets/{number}/files/{file.key}")
    assert answer.data == b"<script>1</script>"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["Content-Security-Policy"] == "sandbox"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.mimetype == "application/octet-stream"
    answer.close()
    other = opened().ticket.id
    assert ana.get(f"/tickets/{other}/files/{file.key}").status_code == 404
    assert ana.get(f"/tickets/{number}/files/nothing").status_code == 404


def test_a_file_over_the_limit_is_told_and_the_text_stays(ana, app, number):
    app.config["UPLOAD_FILE_BYTES"] = 10
    data = {"body": "With a large file.", "attachments": (BytesIO(b"x" * 11), "big.log")}
    answer = ana.post(f"/tickets/{number}/replies", data=data, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert "big.log is too large" in answer.text
    assert "With a large file." in answer.text
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Message)) == 1


# waiting, and who has it ------------------------------------------------------------------------------


def test_a_hold_until_a_moment_in_the_readers_zone_and_its_end(ana, number):
    hold = f"/tickets/{number}/hold"
    assert sent(ana, hold, cause="scheduled", until="2026-11-26T09:00").status_code == 303
    assert ticket(number).hold_until == datetime(2026, 11, 26, 8, 0, tzinfo=UTC)
    assert sent(ana, hold, release="1").status_code == 303
    assert ticket(number).hold_cause is None


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"cause": "scheduled", "until": "2026-11-20T09:00"}, "Give a moment to come."),
        ({"cause": "scheduled", "until": "soon"}, "Write a date and a time."),
        ({"cause": "nonsense"}, "Choose one of the list."),
    ],
)
def test_a_hold_that_makes_no_sense_is_told_at_its_field(ana, number, form, said):
    answer = sent(ana, f"/tickets/{number}/hold", **form)
    assert answer.status_code == 422
    assert said in answer.text
    assert ticket(number).hold_cause is None


def test_a_ticket_is_taken_given_and_left(ana, desk, number):
    path = f"/tickets/{number}/assignment"
    assert sent(ana, path, take="1").status_code == 303
    assert ticket(number).assignee_id == desk.ana.id
    assert sent(ana, path, assignee=str(desk.lea.id)).status_code == 303
    assert ticket(number).assignee_id == desk.lea.id
    assert sent(ana, path, assignee="").status_code == 303
    assert ticket(number).assignee_id is None
    assert sent(ana, path, assignee=str(desk.max.id)).status_code == 422  # a manager works on no tickets


# triage -----------------------------------------------------------------------------------------------


def test_triage_opens_the_way_to_diagnosis(ana, desk, number, topic_id):
    here = f"/tickets/{number}"
    sent(ana, f"{here}/assignment", take="1")
    assert sent(ana, f"{here}/customer", customer="").status_code == 422
    assert sent(ana, f"{here}/customer", customer=str(desk.customer_id)).status_code == 303
    form = {"kind": "technical", "service": "azure", "impact": "high", "urgency": "low", "topic": str(topic_id)}
    assert sent(ana, f"{here}/classification", **form | {"topic": ""}).status_code == 422
    assert sent(ana, f"{here}/classification", **form | {"kind": "billing"}).status_code == 422
    assert sent(ana, f"{here}/classification", **form).status_code == 303
    assert sent(ana, f"{here}/transitions", trigger="start_diagnosis").status_code == 303
    assert ticket(number).state is State.DIAGNOSIS


def test_a_stale_form_keeps_what_was_typed(ana, desk, worked):
    page = ticket(worked).version
    with unit_of_work():
        assigning.assign(worked, desk.lea, desk.lea.id, now())
    answer = sent(ana, f"/tickets/{worked}/diagnosis", version=page, findings="Rule order.", tried="Nothing yet.")
    assert answer.status_code == 409
    assert "Rule order." in answer.text
    assert "gave it to Lea Horváth" in answer.text


def test_the_subject_is_put_in_better_words_and_found_by_them(ana, number):
    assert sent(ana, f"/tickets/{number}/facts", subject="Sign-in loop after the policy sync").status_code == 303
    assert ana.get("/search?q=loop").text.count("data-row>") == 1


def test_only_a_lead_sets_the_priority(ana, app, desk, number):
    path = f"/tickets/{number}/priority"
    assert sent(ana, path, priority="p3", reason="Nobody works today.").status_code == 403
    g_forget()
    lea = browser_of(app, desk.lea)
    assert sent(lea, path, priority="p3").status_code == 422
    assert sent(lea, path, priority="p3", reason="Nobody works today.").status_code == 303
    assert ticket(number).priority.value == "p3"
    assert sent(lea, path, priority="").status_code == 303
    assert ticket(number).priority.value == "p1"


def g_forget() -> None:
    """Requests of a test share its application context, which remembers who was signed in."""
    from flask import g

    g.pop("_login_user", None)


def test_a_child_keeps_its_parent_from_being_resolved(ana, worked, opened):
    child = opened().ticket.id
    assert sent(ana, f"/tickets/{child}/links", number=f"#{worked}", kind="parent").status_code == 303
    assert db.session.scalars(sa.select(TicketLink)).one().kind is LinkKind.PARENT
    assert sent(ana, f"/tickets/{worked}/links", number=str(child), kind="parent").status_code == 422
    assert sent(ana, f"/tickets/{child}/links", number=str(child), kind="related").status_code == 422
    html = ana.get(f"/tickets/{worked}").text
    assert "Child tickets still open: 1." in html
    assert f'href="/tickets/{child}"' in html


# tracker links, rights, opening -----------------------------------------------------------------------


def test_a_new_tracker_link_is_shown_once_and_the_old_ones_end(ana, number):
    answer = sent(ana, f"/tickets/{number}/tracker")
    assert "/track/" in answer.text
    assert "/track/" not in ana.get(f"/tickets/{number}").text
    links = db.session.scalars(sa.select(Tracker).order_by(Tracker.id)).all()
    assert [link.revoked_at is None for link in links] == [False, True]
    sent(ana, f"/tickets/{number}/tracker", revoke="1")
    db.session.expire_all()
    assert all(link.revoked_at for link in db.session.scalars(sa.select(Tracker)))


@pytest.mark.parametrize("role", [Role.MANAGER, Role.SALES_AGENT, Role.ADMIN, Role.BILLING_ADMIN])
def test_who_may_not_edit_a_ticket_gets_no_link_that_speaks_as_its_contact(app, number, role):
    who = signed_in(app, add_person("Xena", role))
    for form in ({}, {"revoke": "1"}):
        answer = sent(who, f"/tickets/{number}/tracker", **form)
        assert (answer.status_code, "/track/" in answer.text) == (403, False)
    assert [link.revoked_at for link in db.session.scalars(sa.select(Tracker))] == [None]


def test_a_billing_admin_merges_into_no_technical_ticket(app, number, opened):
    bill = signed_in(app, add_person("Bill Varga", Role.BILLING_ADMIN))
    invoice = opened(kind=Kind.BILLING).ticket.id
    version = ticket(number).version
    answer = sent(bill, f"/tickets/{invoice}/transitions", trigger="merge", target=str(number))
    assert answer.status_code == 422
    assert "Your role doesn&#39;t move Technical tickets." in answer.text
    assert (ticket(invoice).state, ticket(number).version) == (State.INTAKE, version)


def test_a_billing_admin_works_on_billing_tickets_only(app, number, opened):
    bill = signed_in(app, add_person("Bill Varga", Role.BILLING_ADMIN))
    invoice = opened(kind=Kind.BILLING).ticket.id
    assert sent(bill, f"/tickets/{number}/replies", body="Hello").status_code == 403
    assert sent(bill, f"/tickets/{number}/hold", cause="customer").status_code == 403
    assert bill.get(f"/tickets/{number}/classification").status_code == 403
    assert sent(bill, f"/tickets/{invoice}/replies", body="Hello").status_code == 303
    html = bill.get(f"/tickets/{number}").text
    assert 'id="reply-body"' not in html
    assert 'name="trigger"' not in html


def test_nobody_posts_to_a_ticket_that_is_not_there(ana):
    for part in ("transitions", "replies", "notes", "hold", "assignment", "tracker", "diagnosis"):
        assert sent(ana, f"/tickets/4711/{part}", body="x", trigger="resolve", take="1").status_code == 404


OPENING = {
    "customer_name": "Alpina", "contact_email": "zoltan@alpina.example", "contact_name": "Varga Zoltán",
    "kind": "technical", "service": "azure", "impact": "high", "urgency": "low", "language": "hu",
    "subject": "VPN is down", "description": "He phoned at nine.", "draft_id": "draft-1", "take": "y",
}  # fmt: skip


def test_a_ticket_for_somebody_who_phoned(ana, desk):
    answer = ana.post("/tickets/new", data=OPENING | {"reply": "We are on it."})
    assert answer.status_code == 303
    found = ticket(int(answer.location.rsplit("/", 1)[1]))
    assert (found.customer_id, found.assignee_id, found.language) == (desk.customer_id, desk.ana.id, "hu")
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Message)) == 2
    again = ana.post("/tickets/new", data=OPENING)
    assert again.location == answer.location


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"contact_email": "nobody"}, "Write a mail address"),
        ({"contact_name": ""}, "Say who called."),
        ({"subject": ""}, "This is needed."),
        ({"impact": "enormous"}, "Choose one of the list."),
    ],
)
def test_what_is_wrong_with_a_new_ticket_stands_at_its_field(ana, change, said):
    answer = ana.post("/tickets/new", data=OPENING | change)
    assert answer.status_code == 422
    assert said in answer.text
    assert "He phoned at nine." in answer.text


def test_customers_are_looked_up_with_and_without_a_script(ana):
    fragment = ana.get("/tickets/new/customers?customer_name=alp").text
    assert "Alpina Logistics Kft." in fragment
    assert "<html" not in fragment
    page = ana.post("/tickets/new", data=OPENING | {"find": "1"})
    assert page.status_code == 200
    assert 'type="radio" name="customer"' in page.text
    unknown = ana.get("/tickets/new/customers?customer_name=zzz").text
    assert "keeps it as a claim" in unknown


def test_a_follow_up_takes_over_who_and_what(ana, worked):
    page = ana.get(f"/tickets/new?follows={worked}").text
    assert "Outlook keeps asking for the password" in page
    answer = ana.post("/tickets/new", data=OPENING | {"follows": str(worked), "draft_id": "draft-2"})
    assert f"#{worked}" in ana.get(answer.location).text


def test_a_script_is_told_by_a_notice_so_that_its_form_stays(ana, number):
    answer = ana.post(f"/tickets/{number}/replies", data={"body": " "}, headers={"HX-Request": "true"})
    assert answer.status_code == 422
    assert answer.headers["HX-Retarget"] == "#notices"
    assert "This is needed." in answer.text
